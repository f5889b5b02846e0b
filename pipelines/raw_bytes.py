"""Raw files as chunks of whole lines: decompressed by content, not by name, in bounded memory."""

import bz2
import gzip
import lzma
import zlib
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

from pipelines.scanner import PADDING

CHUNK = 16 << 20
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
# Logs shrink to a tenth; what shrinks more only takes a second chunk.
_LARGEST_RATIO = 20


@dataclass(frozen=True)
class Chunk:
    """Whole lines: `buffer[:size]`, with `scanner.PADDING` bytes after them."""

    buffer: npt.NDArray[np.uint8]
    size: int


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


def compression_of(path: Path) -> str:
    """Return gzip, zstd, bzip2, xz or none, by the first bytes of the file.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(8)
    return next((name for magic, name in _MAGIC if head.startswith(magic)), "none")


def written_at(path: Path) -> float:
    """Return when the lines of a file were last written, seconds since 1970.

    That is the time in a gzip header, where the packed file's own is kept, else the file's modification time.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(8)
    packed = int.from_bytes(head[4:8], "little") if head.startswith(b"\x1f\x8b") and len(head) == 8 else 0  # noqa: PLR2004
    return float(packed) if packed else path.stat().st_mtime


def read_chunks(path: Path, size: int = CHUNK) -> Iterator[Chunk | Broken]:
    """Yield the lines of a file in order, in chunks of at most `size` bytes.

    A last line without a newline is a line. A line longer than a chunk, and what is damaged, is yielded as `Broken`.

    Raises:
        OSError: the file cannot be opened.
    """
    compression = compression_of(path)
    with path.open("rb") as file:
        expected = path.stat().st_size * (1 if compression == "none" else _LARGEST_RATIO)
        yield from _split(_Stream(file, compression), size, expected)


class _Stream:
    """The decompressed bytes of a file, up to its end or to what is damaged."""

    def __init__(self, file: BufferedReader, compression: str) -> None:
        self._compression = compression
        self._packed = file
        self._file = _decompressed(file, compression)
        self._piece = _PIECE
        self._position = 0
        self.damage = ""

    def fill(self, buffer: memoryview) -> int:
        """Read into a buffer until it is full or the bytes end; return how many were read."""
        used = 0
        while used < len(buffer) and not self.damage:
            try:
                count = self._read(buffer[used : used + self._piece])
            except _DAMAGE as error:
                self._approach(error)
                continue
            if not count:
                break
            used += count
            self._position += count
        return used

    def _read(self, buffer: memoryview) -> int:
        if self._compression == "none":
            return self._packed.readinto(buffer)
        data = self._file.read1(len(buffer))  # `readinto` would read ahead, and lose that when damage comes after it
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
        try:
            self._packed.seek(0)
            # isal loses what it has unpacked of a block when damage comes after it.
            self._file = (
                gzip.GzipFile(fileobj=self._packed)
                if self._compression == "gzip"
                else _decompressed(self._packed, self._compression)
            )
            passed = 0
            while passed < self._position:
                passed += len(self._file.read1(min(_PIECE, self._position - passed)))
        except _DAMAGE as again:
            self.damage = self._described(again)

    def _described(self, error: Exception) -> str:
        if isinstance(error, EOFError) or "runcated" in str(error):
            return f"the {self._compression} stream ends early: the file is cut here"
        what = "file" if self._compression == "none" else f"{self._compression} stream"
        return f"the {what} is damaged here and cannot be read further: {error}"


class _Readable(Protocol):
    def read1(self, size: int, /) -> bytes:
        """Return at most so many bytes, and no bytes at the end."""


def _decompressed(file: BufferedReader, compression: str) -> _Readable:
    if compression == "gzip":
        return IGzipFile(fileobj=file)  # type: ignore[no-untyped-call]
    if compression == "bzip2":
        return _Bzip2(file)
    if compression == "xz":
        return lzma.LZMAFile(file)
    return pa.CompressedInputStream(_Sips(file), "zstd") if compression == "zstd" else file


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


def _split(stream: _Stream, size: int, expected: int) -> Iterator[Chunk | Broken]:
    """Yield chunks of at most `size` bytes, the first one no larger than what is expected: memory has to be zeroed."""
    carry = b""
    ended = False
    room = min(size, expected + 1)
    while not ended:
        data = bytearray(room + PADDING)
        data[: len(carry)] = carry
        with memoryview(data) as view:
            used = len(carry) + stream.fill(view[len(carry) : room])
        ended = used < room
        cut = used if ended and not stream.damage else data.rfind(b"\n", 0, used) + 1
        carry = bytes(data[cut:used])
        if cut:
            data[cut : cut + PADDING] = bytes(PADDING)
            yield Chunk(np.frombuffer(data, np.uint8), cut)
        elif not ended and room == size:
            yield Broken(f"longer than {size} bytes", bytes(data[: min(used, _KEPT)]), damaged=False)
            carry, ended = _pass_over(stream, min(size, _PIECE))
        room = size
    if stream.damage:
        yield Broken(stream.damage, carry[:_KEPT], damaged=True)


def _pass_over(stream: _Stream, size: int) -> tuple[bytes, bool]:
    """Read on to the end of a line that is too long to hold: (what was read after it, whether the line is the last)."""
    piece = bytearray(size)
    while count := stream.fill(memoryview(piece)):
        newline = piece.find(b"\n", 0, count)
        if newline >= 0:
            return bytes(piece[newline + 1 : count]), False
    return b"", True
