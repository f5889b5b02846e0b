"""Numbers that stand for the values of fields in the keys of sights, the same in every month.

What is common has a number by rule: port 23/tcp is 23, 23/udp 65,559, and a country is its two letters. What is not is
numbered in the order in which it is met, and the numbers are kept beside the counts.
"""

from collections.abc import Hashable, Mapping, Sequence
from threading import Lock
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.count_kinds import COUNTRY, PORT, SERVICE, Field

Codes = npt.NDArray[np.int64]

_PORTS = 1 << 16
_RULED_PROTOCOLS = ("tcp", "udp")
_RULED_PAIRS = len(_RULED_PROTOCOLS) * _PORTS
_LETTERS = 26
_RULED_COUNTRIES = _LETTERS * _LETTERS
_COUNTRY_LETTERS = 2


class CountCodes:
    """The numbers of the fields' values; safe to use from several threads."""

    def __init__(self, met: Mapping[str, Sequence[Any]]) -> None:
        """Go on from the values met before, by field, in the order of their numbers (see `met`)."""
        self._pairs = _Numbers(_RULED_PAIRS, PORT, [(port, protocol) for port, protocol in met.get("pairs", ())])
        self._countries = _Numbers(_RULED_COUNTRIES, COUNTRY, met.get("countries", ()))
        self._services = _Numbers(0, SERVICE, met.get("services", ()))

    @classmethod
    def none_met(cls) -> Self:
        """Return numbers of a warehouse without counts."""
        return cls({})

    def met(self) -> dict[str, list[Any]]:
        """Return the values that were numbered as they were met, fit for JSON."""
        return {
            "pairs": [list(pair) for pair in self._pairs.values],
            "countries": list(self._countries.values),
            "services": list(self._services.values),
        }

    def encode(self, columns: Mapping[str, pa.Array]) -> dict[Field, Codes]:
        """Return the codes of all fields for each row of a batch whose texts are dictionaries.

        Raises:
            OverflowError: there are more values than numbers.
        """
        return {
            PORT: self._encode_pairs(columns["destination_port"], columns["protocol"]),
            COUNTRY: self._encode_countries(columns["source_country"]),
            SERVICE: self._encode_services(columns["service"]),
        }

    def decode(self, field: Field, codes: Codes) -> list[pa.Array]:
        """Return the columns of a field, one value for each code."""
        if field is PORT:
            return self._decode_pairs(codes)
        return [self._decode_countries(codes) if field is COUNTRY else self._decode_services(codes)]

    def _encode_pairs(self, ports: pa.Array, protocols: pa.DictionaryArray) -> Codes:
        names = protocols.dictionary.to_pylist()
        ruled = [_RULED_PROTOCOLS.index(name) if name in _RULED_PROTOCOLS else -1 for name in names]
        places = _places(protocols)
        bases = np.array([*(code * _PORTS if code >= 0 else -1 for code in ruled), -1], np.int64)[places]
        numbers = ports.fill_null(-1).to_numpy(zero_copy_only=False)
        codes: Codes = bases + numbers
        others = np.flatnonzero((bases < 0) | (numbers < 0) | (numbers >= _PORTS))
        if len(others):
            pairs = np.stack([numbers[others], places[others]], axis=1)
            unique, inverse = np.unique(pairs, axis=0, return_inverse=True)
            values = [(None if port < 0 else int(port), [*names, None][place]) for port, place in unique]
            codes[others] = np.array([self._pairs.number(value) for value in values], np.int64)[inverse.reshape(-1)]
        return codes

    def _encode_countries(self, countries: pa.DictionaryArray) -> Codes:
        values = [*countries.dictionary.to_pylist(), None]
        ruled = [_two_letters(value) for value in values]
        codes = [
            self._countries.number(value) if code is None else code for value, code in zip(values, ruled, strict=True)
        ]
        return np.array(codes, np.int64)[_places(countries)]

    def _encode_services(self, services: pa.DictionaryArray) -> Codes:
        codes = [self._services.number(value) for value in [*services.dictionary.to_pylist(), None]]
        return np.array(codes, np.int64)[_places(services)]

    def _decode_pairs(self, codes: Codes) -> list[pa.Array]:
        met = self._pairs.values
        ports = np.array([-1 if port is None else port for port, _ in met], np.int64)
        names = [*_RULED_PROTOCOLS, *dict.fromkeys(name for _, name in met if name is not None)]
        places = np.array([-1 if name is None else names.index(name) for _, name in met], np.int64)
        ruled = codes < _RULED_PAIRS
        port, place = codes % _PORTS, codes // _PORTS
        port[~ruled], place[~ruled] = ports[codes[~ruled] - _RULED_PAIRS], places[codes[~ruled] - _RULED_PAIRS]
        return [pa.array(port.astype(np.int32), mask=port < 0), _texts(place, names)]

    def _decode_countries(self, codes: Codes) -> pa.Array:
        letters = [chr(65 + code // _LETTERS) + chr(65 + code % _LETTERS) for code in range(_RULED_COUNTRIES)]
        names = [*letters, *self._countries.values]
        return _texts_or_null(codes, names)

    def _decode_services(self, codes: Codes) -> pa.Array:
        return _texts_or_null(codes, self._services.values)


class _Numbers:
    """Values of a field that no rule numbers."""

    def __init__(self, first: int, field: Field, values: Sequence[Hashable]) -> None:
        self._first, self._field = first, field
        self._numbers = {value: first + place for place, value in enumerate(values)}
        self._lock = Lock()

    @property
    def values(self) -> list[Any]:
        """Return the values in the order of their numbers."""
        return list(self._numbers)

    def number(self, value: Hashable) -> int:
        with self._lock:
            number = self._numbers.setdefault(value, self._first + len(self._numbers))
        if number >> self._field.bits:
            raise OverflowError(
                f"{' and '.join(self._field.columns)} are {value!r}: there must not be more than "
                f"{(1 << self._field.bits) - self._first:,} different values that are unusual"
            )
        return number


def _two_letters(value: str | None) -> int | None:
    """Return the number that the rule gives a country code; None for any other text."""
    if value is None or len(value) != _COUNTRY_LETTERS or not all("A" <= letter <= "Z" for letter in value):
        return None
    return (ord(value[0]) - 65) * _LETTERS + ord(value[1]) - 65


def _places(column: pa.DictionaryArray) -> Codes:
    """Return each row's place in the column's dictionary; the place after its last one for NULL."""
    places: Codes = column.indices.fill_null(len(column.dictionary)).to_numpy(zero_copy_only=False)
    return places


def _texts_or_null(codes: Codes, names: Sequence[str | None]) -> pa.DictionaryArray:
    """Return texts by their place among the names; NULL where the name is None."""
    missing = [place for place, name in enumerate(names) if name is None]
    return _texts(np.where(np.isin(codes, missing), -1, codes), [name or "" for name in names])


def _texts(places: Codes, names: Sequence[str]) -> pa.DictionaryArray:
    """Return texts by their place among the names; NULL for a negative one."""
    used = np.flatnonzero(np.bincount(places + 1, minlength=1)[1:])
    codes = np.zeros(len(names) + 1, np.int32)
    codes[used] = np.arange(len(used))
    texts = pa.array([names[place] for place in used.tolist()], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(codes[places], mask=places < 0), texts)
