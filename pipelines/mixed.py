"""Files that mix formats: lines that are no records of their file's format are read as those of the formats they are.

A syslog server's one big file holds what all its senders write. A file of one format pays nothing: only what its
format leaves is looked at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.batches import IGNORED, Batch, Part, Reader, Rejects, Span, Unread
from pipelines.detection import possible_formats
from pipelines.dictionaries import joined_batches
from pipelines.format import Format
from pipelines.scanning.words import PADDING

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Outcome:
    """What another format made of some unread lines.

    Attributes:
        taken: rows of the unread lines that are its own.
        events, stamps: its events, and their rows of the unread lines in `event_rows`.
        ignored: rows of those it ignores by a rule of its own, with their stamps and the rules' names.
        rejects: its rejects, with their rows in `reject_rows`.
    """

    events: pa.RecordBatch
    stamps: Places
    event_rows: Places
    ignored_rows: Places
    ignored_stamps: Places
    ignored_names: Sequence[str]
    rejects: Rejects
    reject_rows: Places


def with_other_formats(
    batch: Batch,
    buffer: npt.NDArray[np.uint8],
    spans: Sequence[Span],
    form: Format,
    reader_of: Callable[[Format], Reader],
) -> Batch:
    """Return a batch with the lines of other formats read as what they are.

    Args:
        batch: of a format.
        buffer: the bytes that it was read from.
        spans: by part of the batch, the span that it is of.
        form: the format.
        reader_of: gives a reader of another format.
    """
    unread = batch.unread
    if unread is None or not len(unread.starts):
        return batch
    found = possible_formats(buffer, unread.starts, unread.lengths, form)
    outcomes = [
        outcome
        for other, rows in found.items()
        for outcome in _outcomes(buffer, unread, np.array(rows, np.int64), spans, reader_of(other))
    ]
    return _merged(batch, unread, outcomes) if outcomes else replace(batch, unread=None)


def _outcomes(
    buffer: npt.NDArray[np.uint8], unread: Unread, rows: Places, spans: Sequence[Span], reader: Reader
) -> list[_Outcome]:
    """Read lines as those of another format, part by part."""
    lines = [
        buffer[start : start + length].tobytes() + b"\n"
        for start, length in zip(unread.starts[rows].tolist(), unread.lengths[rows].tolist(), strict=True)
    ]
    ends = np.cumsum([len(line) for line in lines])
    starts = ends - [len(line) for line in lines]
    firsts = np.flatnonzero(np.diff(unread.parts[rows], prepend=-1))
    lasts = np.append(firsts[1:], len(rows)) - 1
    own = [
        Span(int(starts[first]), int(ends[last]), int(unread.nears[rows[first]]), spans[unread.parts[rows[first]]].zone)
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)
    ]
    data = np.frombuffer(b"".join(lines) + bytes(PADDING), np.uint8).copy()
    found, begun = [], 0
    for batch in reader.read_spans(data, own):
        count = batch.lines
        found.append(_outcome(batch, rows[begun : begun + count]))
        begun += count
    return found


def _outcome(batch: Batch, rows: Places) -> _Outcome:
    firsts = np.cumsum([0, *(part.lines for part in batch.parts)])[:-1]
    event_rows = batch.events.column("line_number").to_numpy() + np.repeat(firsts, _sizes(batch.parts, "events"))
    reject_rows = batch.rejects.lines + np.repeat(firsts, _sizes(batch.parts, "rejects"))
    is_ignored = np.ones(len(rows), np.bool_)
    is_ignored[event_rows] = is_ignored[reject_rows] = False
    by_own_rule = batch.ignored_rules >= len(IGNORED)
    return _Outcome(
        events=batch.events,
        stamps=batch.stamps,
        event_rows=rows[event_rows],
        ignored_rows=rows[np.flatnonzero(is_ignored)[by_own_rule]],
        ignored_stamps=batch.ignored_stamps[by_own_rule],
        ignored_names=[batch.rules[rule] for rule in batch.ignored_rules[by_own_rule]],
        rejects=batch.rejects,
        reject_rows=rows[reject_rows],
    )


def _sizes(parts: Sequence[Part], name: str) -> list[int]:
    return [getattr(part, name).stop - getattr(part, name).start for part in parts]


def _owners(parts: Sequence[Part], name: str) -> Places:
    """Return for each event, ignored line or reject of a batch the place of its part."""
    return np.repeat(np.arange(len(parts)), _sizes(parts, name))


def _merged(batch: Batch, unread: Unread, outcomes: Sequence[_Outcome]) -> Batch:
    """Return a batch in which the outcomes stand in place of what it said of the same lines."""
    taken = np.concatenate(
        [rows for item in outcomes for rows in (item.event_rows, item.ignored_rows, item.reject_rows)]
    ).astype(np.int64)
    parts = batch.parts
    event_owners = np.concatenate([_owners(parts, "events"), *(unread.parts[item.event_rows] for item in outcomes)])
    numbers = np.concatenate(
        [
            batch.events.column("line_number").to_numpy(),
            *(unread.lines[item.event_rows] for item in outcomes),
        ]
    )
    order = np.lexsort([numbers, event_owners])
    events = joined_batches([_encoded(item) for item in (batch.events, *(item.events for item in outcomes))])
    place = events.schema.get_field_index("line_number")
    events = events.set_column(place, "line_number", pa.array(numbers)).take(pa.array(order))
    ignored, ignored_owners = _ignored(batch, unread, outcomes, taken)
    rejects, reject_owners = _rejects(batch, unread, outcomes, taken)
    return replace(
        batch,
        parts=_parts(parts, event_owners, ignored_owners, reject_owners),
        events=events,
        stamps=np.concatenate([batch.stamps, *(item.stamps for item in outcomes)])[order],
        ignored_stamps=ignored[0],
        ignored_rules=ignored[1],
        rules=ignored[2],
        rejects=rejects,
        unread=None,
    )


def _encoded(events: pa.RecordBatch) -> pa.RecordBatch:
    """Return events whose texts are all dictionaries: formats differ in what they leave as plain text."""
    columns = [column.dictionary_encode() if pa.types.is_string(column.type) else column for column in events.columns]
    return pa.record_batch(columns, names=events.schema.names)


def _ignored(
    batch: Batch, unread: Unread, outcomes: Sequence[_Outcome], taken: Places
) -> tuple[tuple[Places, npt.NDArray[np.int16], Sequence[str]], Places]:
    """Return stamps, rules and names of the ignored lines that are left, and the parts that they are of."""
    places = unread.ignored[taken]
    keep = np.ones(len(batch.ignored_stamps), np.bool_)
    keep[places[places >= 0]] = False
    names = [name for item in outcomes for name in item.ignored_names]
    rules = (*batch.rules, *dict.fromkeys(names))
    codes = {name: place for place, name in reversed(list(enumerate(rules)))}
    owners = np.concatenate(
        [
            _owners(batch.parts, "ignored")[keep],
            *(unread.parts[item.ignored_rows] for item in outcomes),
        ]
    )
    order = np.argsort(owners, kind="stable")
    stamps = np.concatenate([batch.ignored_stamps[keep], *(item.ignored_stamps for item in outcomes)])
    numbers = np.concatenate([batch.ignored_rules[keep], np.array([codes[name] for name in names], np.int16)])
    return (stamps[order], numbers[order].astype(np.int16), rules), owners[order]


def _rejects(batch: Batch, unread: Unread, outcomes: Sequence[_Outcome], taken: Places) -> tuple[Rejects, Places]:
    """Return the rejects that are left, in order, and the parts that they are of."""
    places = unread.rejects[taken]
    keep = np.ones(len(batch.rejects.lines), np.bool_)
    keep[places[places >= 0]] = False
    kept = batch.rejects.only(np.flatnonzero(keep))
    owners = np.concatenate(
        [
            _owners(batch.parts, "rejects")[keep],
            *(unread.parts[item.reject_rows] for item in outcomes),
        ]
    )
    found = Rejects(
        lines=np.concatenate([kept.lines, *(unread.lines[item.reject_rows] for item in outcomes)]),
        stamps=np.concatenate([kept.stamps, *(item.rejects.stamps for item in outcomes)]),
        reasons=[*kept.reasons, *(reason for item in outcomes for reason in item.rejects.reasons)],
        texts=[*kept.texts, *(text for item in outcomes for text in item.rejects.texts)],
    )
    order = np.lexsort([found.lines, owners])
    return found.only(order), owners[order]


def _parts(parts: Sequence[Part], events: Places, ignored: Places, rejects: Places) -> list[Part]:
    """Return parts with what is now theirs, given by the places of the parts that the rows are of."""
    ends = [np.cumsum(np.bincount(owners, minlength=len(parts))).tolist() for owners in (events, ignored, rejects)]
    slices = [[slice(start, end) for start, end in zip([0, *end], end, strict=False)] for end in ends]
    return [
        replace(part, events=own[0], ignored=own[1], rejects=own[2])
        for part, own in zip(parts, zip(*slices, strict=True), strict=True)
    ]
