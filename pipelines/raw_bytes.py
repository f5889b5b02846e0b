"""Raw files as chunks of whole lines: decompressed by content, not by name, in bounded memory.

Files are read one after another into blocks of memory, which are used again; small ones share a block, and so what is
done for a block is done once for hundreds of them.
"""

import bz2
import gzip
import lzma
import os
import stat
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from isal.igzip import IGzipFile
from isal.isal_zlib import IsalError

from pipelines.flow_tuples import FlowTuples, holds_flows
from pipelines.scanning.words import PADDING

# Bytes of a block: about 100,000 lines.
BLOCK = 24 << 20
# A file is not begun in less than this part of a block.
_LEAST_ROOM = 16
_KEPT = 8_192

_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)
# isal's own type information calls its exception an instance of one.
_DAMAGE: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, IsalError, lzma.LZMAError, pa.ArrowInvalid)  # type: ignore[assignment]
_PIECE = 1 << 16
_LARGE_PIECE = 1 << 20
# What is read of documents at a time where damage is near: what is before the damage in it is lost.
_CAREFUL_PIECE = 512
# Read of each end of a file that is looked at: a log's lines differ in their stamps, a packed file ends in a checksum.
SAMPLE = 1 << 14
# Where in a gzip header the time is that the packed file was modified, seconds since 1970.
_GZIP_TIME = slice(4, 8)


@dataclass
class Block:
    """Memory for lines: `buffer` has `words.PADDING` bytes more than may be used, and `used` of them are."""

    buffer: npt.NDArray[np.uint8]
    used: int = 0

    @property
    def room(self) -> int:
        """Return how many bytes may still be used."""
        return len(self.buffer) - PADDING - self.used


class Blocks:
    """Blocks of one size, that are filled one after another, and used again once they are given back."""

    def __init__(self, size: int = BLOCK) -> None:
        """Begin with one block of `size` bytes; memory is taken as it is filled."""
        self._size = size
        self._free: deque[Block] = deque()
        self.current = self._another()

    def renew(self) -> None:
        """Go on with an empty block."""
        self.current = self._free.popleft() if self._free else self._another()

    def give_back(self, block: Block) -> None:
        """Let a block be filled again; any thread may."""
        block.used = 0
        self._free.append(block)

    def is_short(self) -> bool:
        """Return whether too little is left of the current block to begin a file in it."""
        return self.current.room * _LEAST_ROOM < self._size

    def _another(self) -> Block:
        return Block(np.empty(self._size + PADDING, np.uint8))


@dataclass(frozen=True)
class Chunk:
    """Whole lines of a file: `block.buffer[start:end]`, with `words.PADDING` bytes of anything after them.

    `reached` is the place in the file after them; of decompressed bytes, where it is compressed.
    """

    block: Block
    start: int
    end: int
    reached: int

    def first(self, count: int) -> bytes:
        """Return the first bytes of it, or all where it has fewer."""
        return self.block.buffer[self.start : min(self.end, self.start + count)].tobytes()

    def last(self, count: int) -> bytes:
        """Return the last bytes of it, or all where it has fewer."""
        return self.block.buffer[max(self.start, self.end - count) : self.end].tobytes()


@dataclass(frozen=True)
class Broken:
    """A line that cannot be read as one: too long for memory, or cut by damage.

    Attributes:
        reason: why, in words.
        text: the first bytes of it.
        damaged: whether the file cannot be read past here.
    """

    reason: str
    text: bytes
    damaged: bool


@dataclass(frozen=True)
class Facts:
    """What a look at a file tells.

    Attributes:
        size: bytes.
        modified: modification time, nanoseconds since 1970.
        compression: gzip, zstd, bzip2, xz or none, by the first bytes.
        written: when the lines were last written, seconds since 1970: the time in a gzip header, where the packed
            file's own is kept, else the modification time.
        ends: the first bytes and the last ones, at most SAMPLE of each.
    """

    size: int
    modified: int
    compression: str
    written: float
    ends: tuple[bytes, bytes]


def look_at(path: Path) -> Facts:
    """Look at a file.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise OSError(0, "it is a folder that may not be listed" if stat.S_ISDIR(mode) else "it is no regular file")
    with path.open("rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        head = file.read(SAMPLE)
        file.seek(max(0, status.st_size - SAMPLE))
        tail = file.read(SAMPLE)
    is_gzip = head.startswith(b"\x1f\x8b") and len(head) >= _GZIP_TIME.stop
    packed = int.from_bytes(head[_GZIP_TIME], "little") if is_gzip else 0
    return Facts(
        size=status.st_size,
        modified=status.st_mtime_ns,
        compression=next((name for magic, name in _MAGIC if head.startswith(magic)), "none"),
        written=float(packed) if packed else status.st_mtime,
        ends=(head, tail),
    )


def read_chunks(
    path: Path, compression: str, blocks: Blocks, start: int = 0, end: int | None = None
) -> Iterator[Chunk | Broken]:
    """Yield the lines of a file in order, in chunks of at most a block.

    A last line without a newline is a line. A line longer than a block, and what is damaged, is yielded as `Broken`.

    Args:
        path: the file.
        compression: how it is compressed.
        blocks: what to fill; those filled are given back by the caller.
        start: byte to begin at, of a file that is not compressed.
        end: byte to end at, likewise; None to end where the file does.

    Raises:
        OSError: the file cannot be opened.
    """
    with path.open("rb") as file:
        file.seek(start)
        yield from _split(_Stream(file, compression, start, end), blocks)


class _Readable(Protocol):
    def read1(self, size: int, /) -> bytes:
        """Return at most so many bytes, and no bytes at the end."""


class _Stream:
    """The decompressed bytes of a file, up to its end or to what is damaged; of documents of flows, their lines."""

    def __init__(self, file: BufferedReader, compression: str, start: int, end: int | None) -> None:
        self._compression = compression
        self._packed = file
        self._file: _Readable = _decompressed(file, compression)
        self._piece = _LARGE_PIECE if compression == "none" else _PIECE
        self._end = end
        self._begins = not start
        self._are_documents = False
        self.position = start
        self.damage = ""

    def fill(self, buffer: memoryview) -> int:
        """Read into a buffer until it is full or the bytes end; return how many were read."""
        used = 0
        room = len(buffer) if self._end is None else min(len(buffer), self._end - self.position)
        while used < room and not self.damage:
            try:
                count = self._read(buffer[used : min(room, used + self._piece)])
            except _DAMAGE as error:
                self._approach(error)
                continue
            if not count:
                break
            used += count
            self.position += count
        return used

    def _read(self, buffer: memoryview) -> int:
        if self._compression == "none" and not self._begins and not self._are_documents:
            return self._packed.readinto(buffer)
        data = self._file.read1(len(buffer))  # `readinto` would read ahead, and lose that when damage comes after it
        if self._begins:
            self._begins = False
            self._are_documents = holds_flows(data)
            if self._are_documents:
                self._file = FlowTuples(_Begun(data, self._file))
                data = self._file.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _approach(self, error: Exception) -> None:
        """Note the damage, the second time; the first time go back, to come up to it byte by byte.

        What a call decompresses before it meets the damage is lost with the call: up to 64 KiB, some 500 lines.
        """
        if self._compression == "none" or self._piece == 1:
            self.damage = self._described(error)
            return
        self._piece = 1
        if self._begins:
            self._begins = False
            self._are_documents = holds_flows(self._salvaged_head())
        try:
            self._file = self._reopened()
            if self._are_documents:
                self._file = FlowTuples(self._file, _CAREFUL_PIECE)
            passed = 0
            while passed < self.position:
                passed += len(self._file.read1(min(_PIECE, self.position - passed)))
        except _DAMAGE as again:
            self.damage = self._described(again)

    def _reopened(self) -> _Readable:
        """Return the file from its begin; isal loses what it has unpacked of a block when damage comes after it."""
        self._packed.seek(0)
        if self._compression == "gzip":
            return gzip.GzipFile(fileobj=self._packed)
        return _decompressed(self._packed, self._compression)

    def _salvaged_head(self) -> bytes:
        """Return the first bytes of the file, up to the damage."""
        head = b""
        try:
            file = self._reopened()
            while len(head) < _CAREFUL_PIECE and (byte := file.read1(1)):
                head += byte
        except _DAMAGE:
            pass
        return head

    def _described(self, error: Exception) -> str:
        if isinstance(error, EOFError) or "runcated" in str(error):
            return f"the {self._compression} stream ends early: the file is cut here"
        what = "file" if self._compression == "none" else f"{self._compression} stream"
        return f"the {what} is damaged here and cannot be read further: {error}"


def _decompressed(file: BufferedReader, compression: str) -> _Readable:
    if compression == "gzip":
        return IGzipFile(fileobj=file)  # type: ignore[no-untyped-call]
    if compression == "bzip2":
        return _Bzip2(file)
    if compression == "xz":
        return lzma.LZMAFile(file)
    return pa.CompressedInputStream(_Sips(file), "zstd") if compression == "zstd" else file


class _Begun:
    """A stream whose first bytes have been read already."""

    def __init__(self, begin: bytes, file: _Readable) -> None:
        self._begin = begin
        self._file = file

    def read1(self, size: int) -> bytes:
        """Return at most so many bytes, and no bytes at the end."""
        if not self._begin:
            return self._file.read1(size)
        data, self._begin = self._begin[:size], self._begin[size:]
        return data


class _Bzip2:
    """The streams of a bzip2 file; `bz2.BZ2File` loses most of the last whole block, 900 KB, where the file is cut."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self._stream = bz2.BZ2Decompressor()

    def read1(self, size: int) -> bytes:
        """Return at most so many bytes; what follows the last stream and is none is passed over, as `bzip2` does."""
        packed = b""
        while True:
            if self._stream.eof:
                packed = self._stream.unused_data + self._file.read(_PIECE)
                if not packed.startswith(b"BZh"):
                    return b""
                self._stream = bz2.BZ2Decompressor()
            data = self._stream.decompress(packed, size)
            if data:
                return data
            packed = b"" if self._stream.eof else self._file.read(_PIECE)
            if not packed and not self._stream.eof:
                raise EOFError


class _Sips:
    """A file that gives few bytes at a time, and that Arrow, which closes what it is given, leaves open.

    What Arrow decompresses of one read is lost when damage stands in it: of its own 64 KiB, up to a megabyte.
    """

    closed = False

    def __init__(self, file: BufferedReader) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most 512 (as fast as more, measured)."""
        return self._file.read(min(size, 512))

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def close(self) -> None:
        """Do nothing: the file is closed where it was opened."""


def _split(stream: _Stream, blocks: Blocks) -> Iterator[Chunk | Broken]:
    if blocks.is_short():
        blocks.renew()
    carry = b""
    ended = False
    while not ended:
        block = blocks.current
        start, room = block.used, block.room
        data = block.buffer.data
        data[start : start + len(carry)] = carry
        used = start + len(carry) + stream.fill(data[start + len(carry) : start + room])
        ended = used < start + room
        cut = used if ended and not stream.damage else _after_last_line(block.buffer, start, used)
        carry = bytes(data[cut:used])
        block.used = cut
        if not ended:
            blocks.renew()
        if cut > start:
            yield Chunk(block, start, cut, stream.position - len(carry))
        elif not ended and not start:
            yield Broken(f"longer than {room} bytes", carry[:_KEPT], damaged=False)
            carry, ended = _pass_over(stream, min(room, _PIECE))
    if stream.damage:
        yield Broken(stream.damage, carry[:_KEPT], damaged=True)


def _after_last_line(buffer: npt.NDArray[np.uint8], start: int, end: int) -> int:
    """Return the position after the last newline of buffer[start:end], or `start`."""
    step = _PIECE
    while start < end:
        low = max(start, end - step)
        found = buffer[low:end].tobytes().rfind(b"\n")
        if found >= 0:
            return low + found + 1
        end, step = low, 2 * step
    return start


def _pass_over(stream: _Stream, size: int) -> tuple[bytes, bool]:
    """Read on to the end of a line that is too long to hold: (what was read after it, whether the line is the last)."""
    piece = bytearray(size)
    while count := stream.fill(memoryview(piece)):
        newline = piece.find(b"\n", 0, count)
        if newline >= 0:
            return bytes(piece[newline + 1 : count]), False
    return b"", True
