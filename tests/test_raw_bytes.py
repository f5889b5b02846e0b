"""Raw files as chunks of whole lines: every compression, every kind of damage, in bounded memory."""

import bz2
import gzip
import io
import lzma
import os
import random
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.raw_bytes import BLOCK, SAMPLE, Blocks, Broken, Chunk, _Stream, look_at, read_chunks
from pipelines.scanning.words import PADDING
from tests.raw_logs import packet, text

WRITTEN = 1_585_891_965  # 2020-04-03 05:32:45 UTC


def zstd(content: bytes) -> bytes:
    """Return content as one Zstandard frame."""
    packed: bytes = pa.compress(content, "zstd", asbytes=True)
    return packed


def unpacked_bzip2(packed: bytes) -> bytes:
    """Return what there is of a stream; the decompressor gives a block in parts, though it has no more input."""
    stream = bz2.BZ2Decompressor()
    parts = [stream.decompress(packed)]
    while parts[-1] and not stream.eof:
        parts.append(stream.decompress(b""))
    return b"".join(parts)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "none": bytes,
    "gzip": lambda content: gzip.compress(content, mtime=WRITTEN),
    "zstd": zstd,
    "bzip2": lambda content: bz2.compress(content, 1),
    "xz": lzma.compress,
}
# Decompressors that need no file and give what they can of a stream that ends early.
UNPACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda packed: zlib.decompressobj(31).decompress(packed),
    "bzip2": unpacked_bzip2,
    "xz": lambda packed: lzma.LZMADecompressor().decompress(packed),
}
PACKED = sorted(set(PACKERS) - {"none"})


def log(lines: int = 2000, seed: int = 1) -> bytes:
    """Return a log of about 170 bytes a line, as hard to compress as a real one."""
    choose = random.Random(seed)  # noqa: S311 - no secret
    return text(
        packet(f"Apr  3 04:12:{place % 60:02}", f"203.0.{choose.randrange(256)}.{choose.randrange(256)}",
               choose.randrange(65_536), number=choose.randrange(65_536))
        for place in range(lines)
    )  # fmt: skip


LOG = log()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a file that the tests of this module overwrite."""
    return tmp_path_factory.mktemp("raw") / "a.log"


def chunks(path: Path, size: int = BLOCK, used: int = 0) -> Iterator[bytes | Broken]:
    """Yield what is read of a file into blocks of a size, the first of which holds `used` bytes already."""
    blocks = Blocks(size)
    blocks.current.used = used
    for item in read_chunks(path, look_at(path).compression, blocks):
        if isinstance(item, Broken):
            yield item
            continue
        assert 0 <= item.start < item.end <= size
        assert len(item.block.buffer) == size + PADDING
        yield item.block.buffer[item.start : item.end].tobytes()
        if item.block is not blocks.current:
            blocks.give_back(item.block)


def read(path: Path, content: bytes, size: int = BLOCK) -> tuple[bytes, list[Broken]]:
    """Write a file and return what is read of it: the bytes of its chunks, and what is broken."""
    path.write_bytes(content)
    items = list(chunks(path, size))
    data = b"".join(item for item in items if isinstance(item, bytes))
    return data, [item for item in items if isinstance(item, Broken)]


def whole_lines(content: bytes) -> bytes:
    return content[: content.rfind(b"\n") + 1]


@pytest.mark.parametrize("compression", PACKERS)
@pytest.mark.parametrize("size", [1000, 65_536, BLOCK])
def test_a_file_is_read_whole(path: Path, compression: str, size: int) -> None:
    packed = PACKERS[compression](LOG)
    assert read(path, packed, size) == (LOG, [])
    assert look_at(path).compression == compression


@pytest.mark.parametrize("compression", PACKED)
def test_members_one_after_another_are_one_log(path: Path, compression: str) -> None:
    pack = PACKERS[compression]
    cut = LOG.index(b"\n", 100_000) + 50  # a member may end inside a line
    packed = pack(LOG[:cut]) + pack(b"") + pack(LOG[cut:])
    assert read(path, packed, 10_000) == (LOG, [])


@pytest.mark.parametrize("compression", PACKERS)
@pytest.mark.parametrize("name", ["a.log", "a.gz", "a.zst", "a.bz2", "a.xz", "a"])
def test_the_content_decides_and_not_the_name(tmp_path: Path, compression: str, name: str) -> None:
    assert read(tmp_path / name, PACKERS[compression](LOG[:5000])) == (LOG[:5000], [])


@pytest.mark.parametrize("compression", PACKERS)
def test_an_empty_file_has_no_lines(path: Path, compression: str) -> None:
    assert read(path, PACKERS[compression](b"")) == (b"", [])


@pytest.mark.parametrize("content", [b"\n", b"a", b"a\n", b"\n\n", b"a\r\nb\r\n", b"a\n\nb", b"\x1f", b"BZ", b"\n\0\n"])
def test_short_files_are_read_as_they_are(path: Path, content: bytes) -> None:
    assert read(path, content) == (content, [])


@pytest.mark.parametrize("compression", PACKERS)
def test_a_last_line_without_a_newline_is_a_line(path: Path, compression: str) -> None:
    assert read(path, PACKERS[compression](LOG[:-1]), 1000) == (LOG[:-1], [])


def cuts(length: int) -> list[int]:
    """Return where to damage so many bytes: at both ends, and here and there between them."""
    return sorted({*range(7, 40, 4), *range(40, length, length // 23), *range(length - 13, length)})


@pytest.mark.parametrize("compression", UNPACKERS)
def test_of_a_truncated_stream_all_before_the_cut_is_read(path: Path, compression: str) -> None:
    packed = PACKERS[compression](LOG)
    for cut in cuts(len(packed)):
        left = UNPACKERS[compression](packed[:cut])
        data, broken = read(path, packed[:cut], 50_000)
        assert data == whole_lines(left), cut
        reason = f"the {compression} stream ends early: the file is cut here"
        assert broken == [Broken(reason, left[len(data) :], damaged=True)], cut


@pytest.mark.parametrize("compression", UNPACKERS)
def test_of_a_corrupted_stream_all_before_the_damage_is_read(path: Path, compression: str) -> None:
    packed = PACKERS[compression](LOG)
    for place in cuts(len(packed)):
        damaged = bytearray(packed)
        damaged[place] ^= 0xFF
        data, broken = read(path, bytes(damaged), 50_000)
        if not broken:  # such as the stamp in a gzip header
            assert data == LOG, place
            continue
        assert len(broken) == 1, place
        assert (data + broken[0].text).startswith(UNPACKERS[compression](packed[:place])[:-1]), place
        assert broken[0].damaged
        assert broken[0].reason.startswith(f"the {compression} stream "), place


def test_the_frames_before_damage_are_read(path: Path) -> None:
    lines = LOG.splitlines(keepends=True)
    parts = [b"".join(lines[place : place + 200]) for place in range(0, len(lines), 200)]
    frames = [zstd(part) for part in parts]
    packed = b"".join(frames)
    for place in cuts(len(packed)):
        before = 0
        while sum(map(len, frames[: before + 1])) <= place:
            before += 1
        whole = b"".join(parts[:before])
        data, broken = read(path, packed[:place], 50_000)
        assert data.startswith(whole), place
        assert LOG.startswith(data), place
        if sum(map(len, frames[:before])) < place:
            assert [item.reason for item in broken] == ["the zstd stream ends early: the file is cut here"], place
        damaged = bytearray(packed)
        damaged[place] ^= 0xFF
        data, broken = read(path, bytes(damaged), 50_000)
        assert data.startswith(whole), place
        assert len(broken) <= 1, place


def test_a_frame_of_many_blocks_is_read_up_to_the_damaged_one(path: Path) -> None:
    content = log(12_000)
    packed = bytearray(zstd(content))
    packed[len(packed) * 3 // 4] ^= 0xFF
    data, _ = read(path, bytes(packed))
    blocks = len(content) * 3 // 4 // (128 << 10) - 1
    assert blocks > 5
    assert data.startswith(whole_lines(content[: blocks * (128 << 10)]))


@pytest.mark.parametrize("trail", [b"\0", b"\0" * 512, b"\0" * 100_000])
def test_zeros_after_a_gzip_member_are_padding(path: Path, trail: bytes) -> None:
    assert read(path, PACKERS["gzip"](LOG) + trail) == (LOG, [])


@pytest.mark.parametrize("compression", UNPACKERS)
def test_garbage_after_a_stream_loses_nothing_of_it(path: Path, compression: str) -> None:
    data, broken = read(path, PACKERS[compression](LOG) + b"garbage")
    assert data == LOG
    if compression == "gzip":
        assert len(broken) == 1
        assert broken[0].reason.startswith("the gzip stream is damaged here and cannot be read further: ")
        assert broken[0].text == b""
    else:  # what the bzip2 and xz commands do with it
        assert broken == []


@pytest.mark.parametrize("long", [1001, 5000, 65_536, 200_000])
@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_line_longer_than_a_chunk_is_one_broken_line(path: Path, long: int, place: int) -> None:
    lines = [b"line %d" % number for number in range(6)]
    content = b"\n".join([*lines[:place], b"x" * long, *lines[place:]]) + b"\n"
    data, broken = read(path, content, 1000)
    assert data == b"".join(line + b"\n" for line in lines)
    assert broken == [Broken("longer than 1000 bytes", b"x" * 1000, damaged=False)]


def test_only_the_start_of_a_long_line_is_kept(path: Path) -> None:
    data, broken = read(path, b"a\n" + b"x" * 100_000 + b"\nb", 20_000)
    assert data == b"a\nb"
    assert broken == [Broken("longer than 20000 bytes", b"x" * 8192, damaged=False)]


def test_damage_in_a_line_longer_than_a_chunk_ends_the_reading(path: Path) -> None:
    choose = random.Random(2)  # noqa: S311 - no secret
    content = b"a\n" + bytes(choose.randrange(97, 123) for _ in range(200_000)) + b"\nb\n"
    packed = PACKERS["gzip"](content)
    data, broken = read(path, packed[: len(packed) // 2], 20_000)
    assert data == b"a\n"
    assert [item.damaged for item in broken] == [False, True]


def expected(content: bytes, size: int) -> list[bytes]:
    """Return the lines of a content; one that does not fit a chunk with its newline is cut to a chunk."""
    lines = content.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [line if len(line) < size else (line + b"\n")[:size] for line in lines]


def read_lines(path: Path, size: int) -> Iterator[bytes]:
    """Yield each line of a file as it is read."""
    for item in chunks(path, size):
        if isinstance(item, Broken):
            yield item.text
        else:
            yield from item.removesuffix(b"\n").split(b"\n")


@settings(deadline=None, max_examples=300)
@example(content=b"xxxxxxxx\na\nb", size=5, compression="none")
@example(content=b"xxxxx", size=5, compression="none")
@example(content=b"xxxx\n\n", size=5, compression="none")
@given(
    content=st.lists(st.sampled_from([b"\n", b"a", b"bcd", b"\r\n", b"\0", b"efghijklmn"]), max_size=60).map(b"".join),
    size=st.integers(1, 40),
    compression=st.sampled_from(sorted(PACKERS)),
)
def test_lines_are_the_same_whatever_the_size_of_a_chunk(
    path: Path, content: bytes, size: int, compression: str
) -> None:
    path.write_bytes(PACKERS[compression](content))
    assert list(read_lines(path, size)) == expected(content, size)


@pytest.mark.parametrize("size", [200, 1000, 4096, 65_535, 65_537, 1 << 20])
def test_a_log_is_the_same_whatever_the_size_of_a_chunk(path: Path, size: int) -> None:
    path.write_bytes(LOG)
    assert list(read_lines(path, size)) == LOG.splitlines()


@pytest.mark.parametrize("fill", [b"\0", b"\n", b"x\n"])
def test_a_bomb_is_read_in_bounded_memory(tmp_path: Path, fill: bytes) -> None:
    size = 200 << 20
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb", compresslevel=1) as packed:
        for _ in range(size >> 20):
            packed.write(fill * ((1 << 20) // len(fill)))
    path = tmp_path / "bomb"
    path.write_bytes(bomb.getvalue())
    assert path.stat().st_size < size // 200
    tracemalloc.start()
    try:
        read_bytes = sum(len(item) for item in chunks(path) if isinstance(item, bytes))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert read_bytes == (0 if fill == b"\0" else size)
    assert peak < 5 * BLOCK  # two blocks, and what the test makes of them


def test_a_file_was_written_when_its_gzip_header_says(path: Path) -> None:
    path.write_bytes(PACKERS["gzip"](LOG))
    os.utime(path, (1.6e9, 1.6e9))
    assert look_at(path).written == WRITTEN


@pytest.mark.parametrize(
    "content",
    [LOG, b"", gzip.compress(LOG, mtime=0), gzip.compress(LOG, mtime=WRITTEN)[:7], zstd(LOG), lzma.compress(LOG)],
)
def test_else_it_was_written_when_it_was_modified(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    os.utime(path, (1.6e9, 1.6e9))
    assert look_at(path).written == 1.6e9


def test_a_file_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        look_at(tmp_path / "gone")
    with pytest.raises(OSError, match="it is a folder that may not be listed"):
        look_at(tmp_path)
    with pytest.raises(FileNotFoundError):
        list(read_chunks(tmp_path / "gone", "none", Blocks(1000)))
    with pytest.raises(IsADirectoryError):
        list(read_chunks(tmp_path, "none", Blocks(1000)))


def test_what_a_file_looks_like(path: Path) -> None:
    path.write_bytes(LOG)
    os.utime(path, ns=(1, 1_585_891_965_000_000_123))
    facts = look_at(path)
    assert (facts.size, facts.modified) == (len(LOG), 1_585_891_965_000_000_123)
    assert facts.ends == (LOG[:SAMPLE], LOG[-SAMPLE:])


def grown(data: bytes) -> bytes:
    return data + b", and then some\nsecond\n" + b"x" * 980 + b"\nlast"


def test_a_file_that_grows_while_it_is_read_loses_no_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"first")
    opened = _Stream.fill

    def growing(self: _Stream, buffer: memoryview) -> int:
        path.write_bytes(grown(b"first"))
        monkeypatch.setattr(_Stream, "fill", opened)
        return opened(self, buffer)

    monkeypatch.setattr(_Stream, "fill", growing)
    assert b"".join(item for item in chunks(path, 1000) if isinstance(item, bytes)) == grown(b"first")


def test_a_file_that_is_truncated_while_it_is_read_is_read_up_to_its_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(LOG)
    filled = _Stream.fill

    def truncating(self: _Stream, buffer: memoryview) -> int:
        count = filled(self, buffer)
        os.truncate(path, 10_050)
        return count

    monkeypatch.setattr(_Stream, "fill", truncating)
    data = [item for item in chunks(path, 8_000) if isinstance(item, bytes)]
    assert LOG[:10_050].startswith(b"".join(data)[: len(whole_lines(LOG[:10_050]))])
    assert len(b"".join(data)) == 10_050


# Several files in a block


def lines_of(blocks: Blocks, paths: list[Path]) -> list[bytes]:
    return [
        item.block.buffer[item.start : item.end].tobytes() if isinstance(item, Chunk) else item.text
        for path in paths
        for item in list(read_chunks(path, "none", blocks))
    ]


def test_small_files_share_a_block(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.log" for number in range(5)]
    for number, path in enumerate(paths):
        path.write_bytes(b"line %d\nlast" % number)
    blocks = Blocks(1000)
    items = [item for path in paths for item in read_chunks(path, "none", blocks)]
    assert {id(item.block) for item in items if isinstance(item, Chunk)} == {id(blocks.current)}
    assert [item.block.buffer[item.start : item.end].tobytes() for item in items if isinstance(item, Chunk)] == [
        b"line %d\nlast" % number for number in range(5)
    ]
    assert blocks.current.used == 5 * len(b"line 0\nlast")


@settings(deadline=None, max_examples=200)
@given(
    contents=st.lists(
        st.lists(st.sampled_from([b"\n", b"a", b"bcd", b"efghijklmn"]), max_size=20).map(b"".join), max_size=6
    ),
    size=st.integers(1, 60),
)
def test_lines_are_the_same_whatever_stands_before_in_a_block(path: Path, contents: list[bytes], size: int) -> None:
    blocks = Blocks(size)
    for content in contents:
        path.write_bytes(content)
        found: list[bytes] = []
        for item in read_chunks(path, "none", blocks):
            if isinstance(item, Broken):
                found.append(item.text)
            else:
                data = item.block.buffer[item.start : item.end].tobytes()
                found += data.removesuffix(b"\n").split(b"\n")
        assert found == expected(content, size)


def test_a_block_is_used_again() -> None:
    blocks = Blocks(100)
    first = blocks.current
    blocks.renew()
    assert blocks.current is not first
    first.used = 50
    blocks.give_back(first)
    blocks.renew()
    assert blocks.current is first
    assert first.room == 100


def test_a_file_is_not_begun_at_the_end_of_a_block(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"a\nb\n")
    blocks = Blocks(1600)
    first = blocks.current
    first.used = 1501
    [chunk] = read_chunks(path, "none", blocks)
    assert isinstance(chunk, Chunk)
    assert chunk.block is not first


def test_reading_begins_where_it_is_told_to(path: Path) -> None:
    path.write_bytes(LOG)
    start = LOG.index(b"\n", 50_000) + 1
    blocks = Blocks(BLOCK)
    [chunk] = read_chunks(path, "none", blocks, start)
    assert isinstance(chunk, Chunk)
    assert chunk.block.buffer[chunk.start : chunk.end].tobytes() == LOG[start:]
