"""Whatever logrotate, gzip and people do to the files of a source, each packet is loaded once.

Random sequences of operations on a source, a load after each, and an independent model beside it, which knows every
line that was ever written and which file holds it now. `FIREWALL_TEST_SEQUENCES` sets how many sequences are tried
(300 took 10 minutes), `FIREWALL_TEST_SEED` which ones.
"""

import bz2
import gzip
import lzma
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines import raw_bytes, reading, segments
from pipelines.load import load_days
from tests.raw_logs import Site, packet, text

SEED = int(os.environ.get("FIREWALL_TEST_SEED", "4"))
SEQUENCES = int(os.environ.get("FIREWALL_TEST_SEQUENCES", "6"))
OPERATIONS = 14
START = datetime(2019, 12, 30, 20)  # noqa: DTZ001 - UTC; New Year lies in every sequence
SENSOR = "gate"

# What a line is compared by: its stamp, source address, port and IP identification.
Packet = tuple[datetime, str, int, int]
# Written as netfilter logs, with a year or without one, in UTC.
STAMPS: tuple[Callable[[datetime], str], ...] = (
    lambda moment: f"{moment:%b} {moment.day:2} {moment:%H:%M:%S}",
    lambda moment: f"{moment.isoformat()}Z",
)
COMPRESSIONS: Mapping[str, Callable[[bytes], bytes]] = {
    ".gz": lambda content: gzip.compress(content, 1, mtime=0),
    ".bz2": bz2.compress,
    ".xz": lambda content: lzma.compress(content, preset=0),
    ".zst": lambda content: pa.compress(content, codec="zstd", asbytes=True),
}


@dataclass(frozen=True)
class Line:
    """A line that was logged, and the packet that it is of; None for a line that is no record."""

    written: str
    logged: datetime
    packet: Packet | None


@dataclass
class Held:
    """A file of the source as the model knows it."""

    lines: list[Line] = field(default_factory=list)
    compression: str = ""


class Model:
    """A source whose every line is known: what a load must find is worked out from that alone."""

    def __init__(self, site: Site, seed: int) -> None:
        self.choose = random.Random(seed)  # noqa: S311 - repeatable, for a test
        self.site = site
        self.now = START
        self.files: dict[str, Held] = {"kern.log": Held()}
        self.deleted: list[tuple[str, Held]] = []
        self._stamp = self.choose.choice(STAMPS)
        self._numbers = 0
        self.done: list[str] = []
        self._write("kern.log")

    def step(self) -> None:
        """Do one thing to the source, as far as it can be done."""
        self.now += timedelta(minutes=self.choose.randrange(1, 500))
        operations: Sequence[Callable[[], None]] = (
            self.append, self.append, self.append, self.rotate, self.rotate, self.compress, self.unpack, self.copy,
            self.copy_and_truncate, self.split, self.merge, self.shuffle, self.delete, self.restore, self.rename,
        )  # fmt: skip
        operation = self.choose.choice(operations)
        self.done.append(operation.__name__)
        operation()

    def expected(self, day: date) -> Counter[Packet]:
        """Return how often each packet of a day must be counted: as often as in the one file that has most of it."""
        counted: Counter[Packet] = Counter()
        for held in self.files.values():
            counted |= Counter(line.packet for line in held.lines if line.packet and line.packet[0].date() == day)
        return counted

    def events(self, day: date) -> dict[str, int]:
        """Return how many events of a day each file must be said to hold."""
        counts = {
            f"{SENSOR}/{name}": sum(line.packet is not None and line.logged.date() == day for line in held.lines)
            for name, held in self.files.items()
        }
        return {name: count for name, count in counts.items() if count}

    def days(self) -> list[date]:
        last = (self.now + timedelta(days=1)).date()
        return [START.date() + timedelta(days=number) for number in range((last - START.date()).days + 1)]

    def append(self) -> None:
        """Log on: packets, some in the same second as the one before and equal to it, and lines that are none."""
        held = self.files.setdefault("kern.log", Held())
        if held.compression:
            return
        moment = max((line.logged for line in held.lines), default=self.now - timedelta(hours=6))
        span = max(1, int((self.now - moment).total_seconds()))
        for second in sorted(self.choose.choices(range(span), k=self.choose.randrange(1, 120))):
            held.lines += self._logged(moment.replace(microsecond=0) + timedelta(seconds=second))
        self._write("kern.log")

    def rotate(self) -> None:
        """Do what logrotate does: each older file one number up, and a new one begun or not."""
        rotated = [name for name in self.files if name.startswith("kern.log")]
        for name in sorted(rotated, key=_age, reverse=True):
            held = self.files[name]
            self._move(name, f"kern.log.{_age(name) + 1}{held.compression}")
        if self.choose.random() < 0.5:
            self.files["kern.log"] = Held()
            self._write("kern.log")

    def compress(self) -> None:
        name = self._any(lambda held: not held.compression)
        if name:
            ending = self.choose.choice(sorted(COMPRESSIONS))
            held = self.files[name]
            self._remove(name)
            self.files[name + ending] = Held(held.lines, ending)
            self._write(name + ending)

    def unpack(self) -> None:
        name = self._any(lambda held: bool(held.compression))
        if name:
            held = self.files[name]
            self._remove(name)
            plain = self._new_name(name.removesuffix(held.compression))
            self.files[plain] = Held(held.lines)
            self._write(plain)

    def copy(self) -> None:
        name = self._any()
        if name:
            self._put(f"copy of {name}", self.files[name].lines, self.files[name].compression)

    def copy_and_truncate(self) -> None:
        """Do what logrotate's copytruncate does; what is logged in between may be in neither, or stay in both."""
        name = self._any(lambda held: not held.compression)
        if name:
            lines = self.files[name].lines
            self._put(f"{name}.copy", lines)
            self.files[name] = Held(self.choose.choice([[], lines[-3:], lines[len(lines) // 2 :]]))
            self._write(name)

    def split(self) -> None:
        name = self._any(lambda held: len(held.lines) > 1)
        if name:
            held = self.files[name]
            place = self.choose.randrange(1, len(held.lines))
            overlap = self.choose.choice([0, 0, 5])
            self._put(f"{name}.head", held.lines[:place], held.compression)
            self._put(f"{name}.tail", held.lines[max(0, place - overlap) :], held.compression)
            if self.choose.random() < 0.7:
                self._remove(name)

    def merge(self) -> None:
        one, other = self._any(), self._any()
        if one and other and one != other:
            self._put("merged", [*self.files[one].lines, *self.files[other].lines])
            for name in (one, other) if self.choose.random() < 0.5 else ():
                self._remove(name)

    def shuffle(self) -> None:
        name = self._any()
        if name:
            held = self.files[name]
            lines = held.lines.copy()
            self.choose.shuffle(lines)
            self.files[name] = Held(lines, held.compression)
            self._write(name)

    def delete(self) -> None:
        name = self._any()
        if name:
            self.deleted.append((name, self.files[name]))
            self._remove(name)

    def restore(self) -> None:
        if self.deleted:
            name, held = self.deleted.pop(self.choose.randrange(len(self.deleted)))
            self._put(name, held.lines, held.compression)

    def rename(self) -> None:
        name = self._any()
        if name:
            self._move(name, self._new_name(f"old/{len(self.done)}.log"))

    def _logged(self, moment: datetime) -> list[Line]:
        kind = self.choose.random()
        stamp = self._stamp(moment)
        if kind < 0.05:
            return [Line(f"{stamp} gate sshd[9]: Accepted publickey", moment, None)]
        source, port = f"203.0.113.{self.choose.randrange(9)}", self.choose.choice((23, 445, 5060))
        self._numbers += 1
        known = (moment, source, port, self._numbers % 65_536)
        line = Line(packet(stamp, source, port, number=known[3]), moment, known)
        return [line] * (2 if kind > 0.9 else 1)

    def _any(self, suits: Callable[[Held], bool] | None = None) -> str | None:
        names = sorted(name for name, held in self.files.items() if suits is None or suits(held))
        return self.choose.choice(names) if names else None

    def _new_name(self, name: str) -> str:
        while name in self.files:
            name += "~"
        return name

    def _put(self, name: str, lines: Sequence[Line], compression: str = "") -> None:
        name = self._new_name(name)
        self.files[name] = Held(list(lines), compression)
        self._write(name)

    def _move(self, name: str, to: str) -> None:
        """Rename a file, which keeps the time it was last written."""
        self.files[to] = self.files.pop(name)
        target = self._path(to)
        target.parent.mkdir(parents=True, exist_ok=True)
        self._path(name).rename(target)

    def _remove(self, name: str) -> None:
        del self.files[name]
        self._path(name).unlink()

    def _write(self, name: str) -> None:
        held = self.files[name]
        content = text(line.written for line in held.lines)
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(COMPRESSIONS[held.compression](content) if held.compression else content)
        moment = self.now.replace(tzinfo=UTC).timestamp()
        os.utime(path, (moment, moment))

    def _path(self, name: str) -> Path:
        return self.site.warehouse.raw / SENSOR / name


def _age(name: str) -> int:
    """Return the number that logrotate gave a file; 0 for the one that is written to."""
    numbers = [part for part in name.split(".") if part.isdigit()]
    return int(numbers[0]) if numbers else 0


def loaded(site: Site, day: date) -> Counter[Packet]:
    """Return how often each packet of a day is stored."""
    return Counter(
        (row["observed_at"], row["source_ip"], row["destination_port"], row["ip_id"])
        for row in site.rows("events", day)
    )


def assert_loaded(model: Model, days: Sequence[date], digests: dict[str, int]) -> None:
    """Compare what is stored of some days with what the model knows.

    Args:
        model: the model.
        days: the days.
        digests: by what was expected of a day, its digest; added to.
    """
    for day in days:
        said = f"{day} after {', '.join(model.done)}"
        assert loaded(model.site, day) == model.expected(day), said
        rows = model.site.rows("loads", day)
        assert {row["file"]: row["events"] for row in rows if row["events"]} == model.events(day), said
        assert sum(row["events"] - row["duplicates"] for row in rows) == model.expected(day).total(), said
        for digest in {row["digest"] for row in rows}:
            assert digests.setdefault(str(sorted(model.expected(day).items())), digest) == digest, said


@pytest.mark.parametrize("number", range(SEQUENCES))
def test_each_packet_is_loaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    choose = random.Random(1_000 * SEED + number)  # noqa: S311 - repeatable, for a test
    if choose.random() < 0.5:  # files of more than a block are read in segments, which are remembered
        monkeypatch.setattr(reading, "BLOCK", 1 << 14)
        for module in (raw_bytes, reading, segments):
            monkeypatch.setattr(module, "SAMPLE", 1 << 12)
    site = Site(tmp_path / "warehouse")
    model = Model(site, choose.randrange(1 << 30))
    digests: dict[str, int] = {}
    for _ in range(OPERATIONS):
        model.step()
        days = model.days()
        asked = days if choose.random() < 0.5 else choose.sample(days, choose.randrange(1, len(days) + 1))
        site.load(*asked)
        assert_loaded(model, asked, digests)
    load_days(site.settings(), model.days())
    assert_loaded(model, model.days(), digests)
    assert len({*digests.values()}) == len(digests)
    shutil.rmtree(site.folder)
