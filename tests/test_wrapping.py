"""Log lines in JSON objects: of the journal, of containers, and of what is neither."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.detection import detect, is_wrapped, unwrapped_lines

LINE = "Apr  3 04:12:45 gate kernel: IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2"
TIME = "2020-04-03T04:12:45.123456789Z"


def docker(line: str) -> str:
    return json.dumps({"log": f"{line}\n", "stream": "stdout", "time": TIME}, separators=(",", ":"))


def journal(message: object, **more: object) -> str:
    return json.dumps({"__REALTIME_TIMESTAMP": "1585887165123456", "_HOSTNAME": "gate", **more, "MESSAGE": message})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (docker(LINE), LINE),
        (docker("<4>1 2020-04-03T04:12:45Z gate kernel - - - x"), "<4>1 2020-04-03T04:12:45Z gate kernel - - - x"),
        (docker('{"timestamp":"x"}'), '{"timestamp":"x"}'),
        (docker("starting up"), f"{TIME} starting up"),
        (docker('a "quoted" \\ \t \u20ac \U0001f600'), f'{TIME} a "quoted" \\ \t \u20ac \U0001f600'),
        (journal("IN=eth0", SYSLOG_IDENTIFIER="kernel"), "1585887165123456 gate kernel: IN=eth0"),
        (journal("IN=eth0", PRIORITY=4, X=None, Y=[{"a": "}"}]), "1585887165123456 gate IN=eth0"),
        (journal(list(b"IN=\xff"), SYSLOG_IDENTIFIER="kernel"), "1585887165123456 gate kernel: IN=\\xff"),
        (journal("two\nlines", SYSLOG_IDENTIFIER="x"), "1585887165123456 gate x: two lines"),
        (journal(None, SYSLOG_IDENTIFIER="x"), journal(None, SYSLOG_IDENTIFIER="x")),
        ('{"time":"x","msg":"log"}', '{"time":"x","msg":"log"}'),
        ('{"log":"x","time":"y"', '{"log":"x","time":"y"'),
        ("{", "{"),
        (LINE, LINE),
        ("", ""),
    ],
)
def test_a_line(line: str, expected: str) -> None:
    found = unwrapped_lines(f"{line}\nnext\n".encode())
    assert len(found) == len(line.encode()) + len(b"\nnext\n")
    first, rest = found.split(b"\n", 1)
    assert first.rstrip(b" ").decode("utf-8", "backslashreplace") == expected
    assert rest == b"next\n"


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", min_codepoint=32, exclude_characters="\x7f"), max_size=40)))
def test_containers_lines_come_out_as_they_went_in(lines: list[str]) -> None:
    marked = [f"Apr  3 04:12:45 {line}" for line in lines]
    data = "".join(f"{docker(line)}\n" for line in marked).encode()
    found = unwrapped_lines(data).decode().split("\n")[:-1]
    assert [line.rstrip(" ") for line in found] == [line.rstrip(" ") for line in marked]


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_whatever_is_unwrapped_keeps_its_lines(data: bytes) -> None:
    whole = b'{"log":"' + data + b'","time":"x"}\n{"MESSAGE":"' + data
    found = unwrapped_lines(whole)
    assert len(found) == len(whole)
    assert found.count(b"\n") == whole.count(b"\n")


def test_what_is_wrapped_is_found_out() -> None:
    assert is_wrapped(f"{docker(LINE)}\n{docker(LINE)}\n".encode())
    assert is_wrapped(journal("x").encode())
    assert not is_wrapped(b'{"timestamp":"x","event_type":"alert"}\n')
    assert not is_wrapped(LINE.encode())
    found = detect(f"{docker(LINE)}\n{docker('starting')}\n".encode())
    assert (found.form.name, found.wrapped, found.confidence) == ("netfilter", True, 1.0)
