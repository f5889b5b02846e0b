"""Keys of sights, compiled: making them, finding sorted ones in one another, and counting what they were seen for.

A key is a positive int64 that stands for a group and an item of it. Its lowest 33 bits are the item (an IPv4 address,
a port, or `NO_ITEM`), the 29 above them the group: sorted keys have the items of a group together. An IPv6 address does
not fit: the key of one is `HASHED` and a 62-bit hash of group and address, which among 100 million makes two equal
by chance in two of a thousand warehouses; its group is kept beside it.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.compiled import kernel
from pipelines.scanning.words import mix, trailing_zeros

Keys = npt.NDArray[np.int64]
Counts = npt.NDArray[Any]

ITEM_BITS = 33
HASHED = 1 << 62
# Beside 32 bits of addresses and 16 of ports.
NO_ITEM = 1 << 32
# A day that was never; days are numbers since 1970-01-01, and no log is older.
NEVER = 0
# A stamp that an event does not have.
NO_STAMP = -(1 << 63)

_HASH_MASK = np.uint64(HASHED - 1)


@kernel
def address_items(version: Counts, high: Counts, low: Counts, items: Keys) -> None:
    """Write the items that addresses are; that of an IPv6 address has the bit `HASHED`."""
    for index in range(len(items)):
        if version[index] == 4:
            items[index] = np.int64(low[index])
        elif version[index] == 6:
            items[index] = np.int64((mix(high[index], low[index]) & _HASH_MASK) | np.uint64(HASHED))
        else:
            items[index] = np.int64(NO_ITEM)


@kernel
def make_keys(groups: Keys, items: Keys, keys: Keys) -> int:
    """Write the key of each row; return how many are hashed."""
    hashed = 0
    for row in range(len(keys)):
        item = items[row]
        if item >= HASHED:
            word = mix(np.uint64(item), np.uint64(groups[row]) + np.uint64(1))
            keys[row] = np.int64((word & _HASH_MASK) | np.uint64(HASHED))
            hashed += 1
        else:
            keys[row] = groups[row] << np.int64(ITEM_BITS) | item
    return hashed


@kernel
def count_equal(keys: Keys, counts: Counts) -> int:
    """Keep one of each of the sorted keys, in place, beside how many there were; return how many are kept."""
    kept = 0
    for row in range(len(keys)):
        if kept > 0 and keys[kept - 1] == keys[row]:
            counts[kept - 1] += 1
        else:
            keys[kept] = keys[row]
            counts[kept] = 1
            kept += 1
    return kept


@kernel
def bound_stamps(groups: Keys, stamps: Keys, first: Keys, last: Keys) -> None:
    """Lower `first` and raise `last`, both by group, to the stamps of the rows that have one."""
    for row in range(len(groups)):
        if stamps[row] == np.int64(NO_STAMP):
            continue
        group = groups[row]
        first[group] = min(first[group], stamps[row])
        last[group] = max(last[group], stamps[row])


@kernel
def _gallop(keys: Keys, start: int, key: int) -> int:
    """Return the first place from `start` on whose key is `key` or more: its distance costs as its logarithm."""
    step = 1
    low = start
    high = start
    while high < len(keys) and keys[high] < key:
        low = high + 1
        high += step
        step *= 2
    high = min(high, len(keys))
    while low < high:
        middle = (low + high) >> 1
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def find_days(keys: Keys, days: Counts, run_keys: Keys, run_days: Counts) -> None:
    """Write the days of an older run's keys beside the same keys where no day is known yet. Both are sorted."""
    place = 0
    run_place = 0
    while place < len(keys) and run_place < len(run_keys):
        key = keys[place]
        if run_keys[run_place] < key:
            run_place = _gallop(run_keys, run_place, key)
        elif key < run_keys[run_place]:
            place = _gallop(keys, place, run_keys[run_place])
        else:
            if days[place] == NEVER:
                days[place] = run_days[run_place]
            place += 1
            run_place += 1


@kernel
def add_events(keys: Keys, day_keys: Keys, day_counts: Counts, events: Counts, touched: Counts) -> int:
    """Add a day's counts to the events of their keys, all of which are among the sorted `keys`.

    Args:
        keys: sorted, different keys.
        day_keys: sorted, different keys of a day.
        day_counts: how many events each has.
        events: by place in `keys`; added to.
        touched: uint64 words; the bit of each place that got events is set.

    Returns:
        How many places got their first events.
    """
    new = 0
    place = 0
    for row in range(len(day_keys)):
        place = _gallop(keys, place, day_keys[row])
        new += events[place] == 0
        events[place] += day_counts[row]
        touched[place >> 6] |= np.uint64(1) << np.uint64(place & 63)
    return new


@kernel
def count_sights(
    keys: Keys,
    groups: Counts,
    last: Counts,
    events: Counts,
    touched: Counts,
    first_day: int,
    tally: Counts,
    order: Counts,
    out: Counts,
) -> int:
    """Count the touched keys by group and by the day they were last seen on; return the number of rows.

    Args:
        keys: sorted keys, of which those of a group stand together but for hashed ones.
        groups: the group of each.
        last: the day each was last seen on before, or `NEVER`.
        events: the events of each.
        touched: bits of the places to count.
        first_day: the earliest day that `last` may have.
        tally: int64[days from `first_day` on, and one, 2], zero; is left so.
        order: int64[as many], any.
        out: int64[touched places, 4], filled with group, last day, different items, events.
    """
    rows = 0
    group = np.int64(-1)
    met = 0
    for word in range(len(touched)):
        bits = touched[word]
        while bits != 0:
            place = (word << 6) + trailing_zeros(bits)
            bits &= bits - np.uint64(1)
            if groups[place] != group:
                rows = _write_rows(group, met, order, tally, first_day, out, rows)
                group = np.int64(groups[place])
                met = 0
            missing = keys[place] < HASHED and (keys[place] & ((1 << ITEM_BITS) - 1)) == NO_ITEM
            seen = 0 if last[place] == NEVER or missing else last[place] - first_day + 1
            if tally[seen, 1] == 0:
                order[met] = seen
                met += 1
            tally[seen, 0] += 0 if missing else 1
            tally[seen, 1] += events[place]
    return _write_rows(group, met, order, tally, first_day, out, rows)


@kernel
def _write_rows(group: int, met: int, order: Counts, tally: Counts, first_day: int, out: Counts, rows: int) -> int:
    for index in range(met):
        seen = order[index]
        out[rows, 0] = group
        out[rows, 1] = NEVER if seen == 0 else seen + first_day - 1
        out[rows, 2] = tally[seen, 0]
        out[rows, 3] = tally[seen, 1]
        tally[seen, 0] = 0
        tally[seen, 1] = 0
        rows += 1
    return rows


@kernel
def end_day(day: int, last: Counts, events: Counts, touched: Counts, month_events: Keys) -> None:
    """Mark the touched keys as last seen on `day`, move their events to those of the month, and touch none."""
    for word in range(len(touched)):
        bits = touched[word]
        touched[word] = np.uint64(0)
        while bits != 0:
            place = (word << 6) + trailing_zeros(bits)
            bits &= bits - np.uint64(1)
            last[place] = day
            month_events[place] += events[place]
            events[place] = 0
