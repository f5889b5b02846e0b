"""From scanned columns to the schema's: what nearly every format needs, on whole columns and on dictionaries."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.columns import constant, flag_column, mapped, number_column
from pipelines.format import Derived, Format, Scanned, Words
from pipelines.protocols import protocol_name
from pipelines.schema import PACKET

# In the order of `schema.PACKET`; AE (accurate ECN) is written by Linux from 6.15 on.
TCP_FLAGS = ("SYN", "ACK", "FIN", "RST", "PSH", "URG", "ECE", "CWR", "AE")
# Their bits in the TCP header's order, from the lowest.
_HEADER_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE")
_LETTERS = {
    "S": "SYN",
    "A": "ACK",
    ".": "ACK",
    "F": "FIN",
    "R": "RST",
    "P": "PSH",
    "U": "URG",
    "E": "ECE",
    "C": "CWR",
    "W": "CWR",
    "N": "AE",
    "e": "AE",
}
_WITH_PORTS = frozenset({"tcp", "udp", "dccp", "sctp", "udplite"})
_TYPES = {column.name: column.type for column in PACKET}


def derived(form: Format, scanned: Scanned) -> Derived:
    """Return the schema's columns of a format: what it derives, then its words, then its constants."""
    found = form.derive(scanned) if form.derive else Derived(plain(scanned), invalid=bad_protocols(scanned))
    columns = dict(found.columns)
    for name, (source, words) in form.words.items():
        if name not in columns or columns[name] is scanned.texts.get(name):  # not what the format derived itself
            columns[name] = words_of(scanned.texts[source], words)
    for name, value in form.constants.items():
        column = columns.get(name)
        everywhere = constant(value, scanned.rows)
        columns[name] = everywhere if column is None else first(column, everywhere)
    return Derived(columns, found.invalid, found.ignored)


def plain(scanned: Scanned) -> dict[str, pa.Array]:
    """Return the scanned columns that are columns of the schema, by their types; protocols by their names."""
    columns: dict[str, pa.Array] = {}
    for name, texts in scanned.texts.items():
        if _TYPES.get(name) == pa.string():
            columns[name] = words_of(texts, protocol_name) if name == "protocol" else texts
    for name, numbers in scanned.numbers.items():
        if name in _TYPES and pa.types.is_integer(_TYPES[name]):
            columns[name] = numbers.column(_TYPES[name])
    return columns


def bad_protocols(scanned: Scanned) -> dict[str, tuple[npt.NDArray[np.bool_], pa.Array]]:
    """Return which rows name no IP protocol, as `Derived.invalid` has it."""
    column = scanned.texts.get("protocol")
    if column is None:
        return {}
    return {"protocol": (rows_where(column, lambda value: protocol_name(value) is None), column)}


def words_of(column: pa.DictionaryArray, words: Words) -> pa.DictionaryArray:
    """Return a column whose values are replaced by a function, or by a dictionary whose keys are in lower case.

    A value that is no key becomes NULL.
    """
    replace = _lookup(words) if isinstance(words, Mapping) else words
    return mapped(column, [replace(value) for value in column.dictionary.to_pylist()])


def _lookup(words: Mapping[str, str]) -> Callable[[str], str | None]:
    lower = {key.lower(): value for key, value in words.items()}
    return lambda value: lower.get(value.lower())


def rows_where(column: pa.DictionaryArray, is_wanted: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
    """Return which rows hold a value for which a function is true; not those that are NULL."""
    wanted = [is_wanted(value) for value in column.dictionary.to_pylist()]
    if not any(wanted):
        return np.zeros(len(column), np.bool_)
    places = column.indices.fill_null(len(wanted))
    flags: npt.NDArray[np.bool_] = pc.take(pa.array([*wanted, False]), places).to_numpy(zero_copy_only=False)
    return flags


def first(one: pa.Array, other: pa.Array) -> pa.Array:
    """Return `one` where it has a value, else `other`; a column without any value, or without gaps, costs nothing."""
    if one.null_count == len(one):
        return other
    if not one.null_count:
        return one
    return _coded(pc.coalesce(_as_text(one), _as_text(other)))


def chosen_by(mask: npt.NDArray[np.bool_], one: pa.Array, other: pa.Array) -> pa.Array:
    """Return `one` in the rows of a mask, else `other`."""
    if mask.all():
        return one
    if not mask.any():
        return other
    return _coded(pc.if_else(pa.array(mask), _as_text(one), _as_text(other)))


def _as_text(column: pa.Array) -> pa.Array:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _coded(column: pa.Array) -> pa.Array:
    """Return texts as a dictionary, as all columns of texts are that functions take; any other column as it is."""
    return column.dictionary_encode() if pa.types.is_string(column.type) else column


def total(scanned: Scanned, *names: str) -> pa.Array:
    """Return the sum of columns of numbers, of those that a row has; NULL where it has none."""
    columns = [scanned.values(name) for name in names]
    known = np.logical_or.reduce([column >= 0 for column in columns])
    sums = np.sum([np.maximum(column, 0) for column in columns], axis=0)
    return number_column(np.where(known, sums, -1), pa.int64())


def elapsed(scanned: Scanned, start: str, end: str, unit: int = 1_000) -> pa.Array:
    """Return milliseconds between two columns of numbers, each of `unit` to the millisecond; NULL without both."""
    begun, ended = scanned.values(start), scanned.values(end)
    known = (begun >= 0) & (ended >= begun)
    return number_column(np.where(known, (ended - begun) // unit, -1), pa.int64())


def flag_letters(text: str) -> str | None:
    """Return the names of TCP flags that a log gives by letters: `SA` is `SYN ACK`; None for what is none."""
    names = [_LETTERS.get(letter) for letter in text]
    return None if None in names else _in_order([str(name) for name in names])


def flag_names(text: str) -> str | None:
    """Return the names of TCP flags that a log gives by name, parted by anything; None where there is none."""
    words = "".join(letter if letter.isalpha() else " " for letter in text.upper()).split()
    longer = {"SYNACK": ("SYN", "ACK"), "RESET": ("RST",), "PUSH": ("PSH",), "URGENT": ("URG",)}
    names = [name for word in words for name in longer.get(word, (word,)) if name in TCP_FLAGS]
    return _in_order(names) if names else None


def flag_bits(number: int) -> str:
    """Return the names of the TCP flags that the bits of a header's byte are."""
    return _in_order([name for bit, name in enumerate(_HEADER_FLAGS) if number >> bit & 1])


def _in_order(names: Sequence[str]) -> str:
    return " ".join(name for name in TCP_FLAGS if name in names)


def known_flags(column: npt.NDArray[np.int64]) -> pa.Array:
    """Return which rows have a number that is not 0; NULL where it is absent."""
    return flag_column(column > 0, column >= 0)


def icmp_by_address(protocols: pa.DictionaryArray, addresses: pa.DictionaryArray) -> pa.Array:
    """Return protocols, `icmp` between IPv6 addresses by its own name: many devices write ICMP for both."""
    is_icmp = rows_where(protocols, "icmp".__eq__)
    if not is_icmp.any():
        return protocols
    are_six = pc.take(pc.match_substring(addresses.dictionary, ":"), addresses.indices)
    is_six = pc.fill_null(are_six, False).to_numpy(zero_copy_only=False)  # noqa: FBT003
    return chosen_by(is_icmp & is_six, constant("icmpv6", len(protocols)), protocols)


def real_ports(scanned: Scanned, protocols: pa.DictionaryArray) -> dict[str, pa.Array]:
    """Return the ports of protocols that have some: flow records have port 0 for the others."""
    has_ports = rows_where(protocols, _WITH_PORTS.__contains__)
    return {
        name: number_column(np.where(has_ports, scanned.values(name), -1), pa.int32())
        for name in ("source_port", "destination_port")
    }


def packet_counts(scanned: Scanned, *names: str) -> pa.Array:
    """Return the sum of columns of packets; 1 where a row counts none, for the packet that it is about."""
    counts = np.sum([np.maximum(scanned.values(name), 0) for name in names], axis=0)
    return pa.array(np.maximum(counts, 1))


def until(scanned: Scanned, end: str) -> pa.Array:
    """Return milliseconds from the event's stamp to a column of stamps; NULL where that is absent or earlier."""
    ended = scanned.values(end)
    known = (ended >= 0) & (ended >= scanned.stamps)
    return number_column(np.where(known, (ended - scanned.stamps) // 1_000, -1), pa.int64())


def translation(scanned: Scanned) -> dict[str, pa.Array]:
    """Return the addresses and ports after translation, as far as they were captured; 0.0.0.0, :: and 0 say none."""
    columns: dict[str, pa.Array] = {}
    for name in ("nat_source", "nat_destination"):
        if f"{name}_ip" in scanned.texts:
            columns[f"{name}_ip"] = words_of(scanned.texts[f"{name}_ip"], _specified)
        if f"{name}_port" in scanned.numbers:
            ports = scanned.values(f"{name}_port")
            columns[f"{name}_port"] = number_column(np.where(ports > 0, ports, -1), pa.int32())
    return columns


def _specified(address: str) -> str | None:
    return None if address in {"0.0.0.0", "::"} else address  # noqa: S104 - read, not bound to
