"""The shapes of records: each with what makes it hard, in formats made for the test."""

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pipelines.batches import Batch, Reader, Span
from pipelines.format import Format
from pipelines.meaning import flag_letters
from pipelines.scanning.words import PADDING
from pipelines.shapes import Columns, Delimited, Headed, Ignored, Json, KeyValues, Only, Shape, Template

NEVER = re.compile(rb"(?!)")
NEAR = 1_577_750_400_000_000  # 2019-12-31
HEAD = "Apr  3 04:12:45 gate "
AT = datetime(2020, 4, 3, 4, 12, 45)  # noqa: DTZ001 - UTC, as stored
NOT_COMPARED = ["line_hash"]


def form(shape: Shape, **more: Any) -> Format:  # noqa: ANN401 - attributes of a format
    return Format(shape=shape, signature=NEVER, **more)


def batches(format_: Format, data: bytes, spans: Sequence[Span] = (), rows: int = 1_000) -> list[Batch]:
    buffer = np.frombuffer(data + bytes(PADDING), np.uint8)
    return list(Reader(format_, rows).read_spans(buffer, spans or [Span(0, len(data), NEAR, ZoneInfo("UTC"))]))


def read(format_: Format, *lines: str) -> list[dict[str, Any] | str]:
    """Return the columns that each line becomes, or why it is none."""
    (batch,) = batches(format_, "".join(f"{line}\n" for line in lines).encode())
    found: dict[int, Any] = {}
    for row in batch.events.drop_columns(NOT_COMPARED).to_pylist():
        columns = {name: value for name, value in row.items() if value is not None}
        found[columns.pop("line_number")] = columns
        if columns["packets"] == 1:
            del columns["packets"]
    found |= dict(zip(batch.rejects.lines.tolist(), batch.rejects.reasons, strict=True))
    names = iter([batch.rules[rule] for rule in batch.ignored_rules.tolist()])
    return [found[place] if place in found else f"ignored: {next(names)}" for place in range(batch.lines)]


# Delimited

_TCP = Columns("source_port destination_port tcp_flags")
_PF = form(
    Delimited(
        Columns(
            "rule vendor_action version",
            by="version",
            cases={
                "4": Columns("protocol source_ip destination_ip ttl?", by="protocol", cases={"tcp": _TCP}),
                "6": Columns("- source_ip"),
            },
            otherwise=Ignored("other version"),
        ),
        minimum=3,
    ),
    programs=("filterlog",),
    words={"action": ("vendor_action", {"pass": "allow", "block": "block"}), "tcp_flags": ("tcp_flags", flag_letters)},
)


def test_values_decide_the_columns_that_follow() -> None:
    shared = {"observed_at": AT, "host": "gate"}
    assert read(
        _PF,
        f"{HEAD}filterlog[12]: 5,block,4,tcp,203.0.113.9,198.51.100.7,64,51234,445,SA",
        f"{HEAD}filterlog[12]: 5,pass,4,udp,203.0.113.9,198.51.100.7,bad,51234,445",
        f"{HEAD}filterlog: ,other,6,x,2001:DB8::1,rest",
        f"{HEAD}filterlog[12]: 5,block,9,tcp,203.0.113.9",
        f"{HEAD}filterlog[12]: 5,block",
        f"{HEAD}filterlog[12]: 5,block,4,tcp,203.0.113.256",
        f"{HEAD}filterlog[12]: 5,block,4,tcp,203.0.113.9,198.51.100.7,64,65536",
        f"{HEAD}filterlog[12]: 5,block,6,x,",
        f"{HEAD}sshd[12]: 5,block,4,tcp,203.0.113.9",
        "5,block,4,tcp,203.0.113.9",
    ) == [
        {
            **shared,
            "rule": "5",
            "vendor_action": "block",
            "action": "block",
            "protocol": "tcp",
            "source_ip": "203.0.113.9",
            "destination_ip": "198.51.100.7",
            "ttl": 64,
            "source_port": 51234,
            "destination_port": 445,
            "tcp_flags": "SYN ACK",
        },
        {
            **shared,
            "rule": "5",
            "vendor_action": "pass",
            "action": "allow",
            "protocol": "udp",
            "source_ip": "203.0.113.9",
            "destination_ip": "198.51.100.7",
        },
        {**shared, "vendor_action": "other", "source_ip": "2001:db8::1"},
        "ignored: other version",
        "record is cut",
        "source_ip is no IP address: '203.0.113.256'",
        "source_port is no number from 0 to 65535: '65536'",
        "record without an address or a protocol",
        "ignored: line of another program",
        "no time stamp at the start of the line",
    ]


def test_a_column_may_be_taken_apart_by_a_pattern() -> None:
    table = form(Delimited(Columns("{source_ip}:{source_port}[[/{}]] rule")))
    event = {"observed_at": AT, "host": "gate", "source_ip": "192.0.2.1", "source_port": 53, "rule": "r"}
    assert read(table, f"{HEAD}192.0.2.1:53/x,r", f"{HEAD}192.0.2.1:53,r", f"{HEAD}192.0.2.1,r") == [
        event,
        event,
        "no known form of the record",
    ]


def test_quotes_stand_around_separators() -> None:
    csv = form(Delimited(Columns("rule source_ip reason"), quote='"'))
    assert read(csv, f'{HEAD}"a,b ""c""",192.0.2.1,"",x', f'{HEAD}a"b,192.0.2.1,"open, still') == [
        {"observed_at": AT, "host": "gate", "rule": 'a,b "c"', "source_ip": "192.0.2.1"},
        {"observed_at": AT, "host": "gate", "rule": 'a"b', "source_ip": "192.0.2.1", "reason": "open, still"},
    ]


def test_several_blanks_are_one_separator_and_several_tabs_are_not() -> None:
    for separator, line in ((" ", "a   192.0.2.1  r"), ("\t", "a\t192.0.2.1\t\tr")):
        table = form(Delimited(Columns("rule source_ip reason application"), separator=separator))
        (found,) = read(table, HEAD + line)
        assert isinstance(found, dict)
        assert found["source_ip"] == "192.0.2.1"
        assert found.get("reason") == ("r" if separator == " " else None)


# Columns that a header names

_COLUMNS = {
    "date": "observed_date",
    "time": "observed_time",
    "action": "vendor_action",
    "src": "source_ip",
    "dst": "destination_ip",
    "port": "destination_port",
}
_HEADED = form(Headed("#Fields:", _COLUMNS, default="date time action src dst"), syslog=False)


def test_a_header_names_the_columns() -> None:
    first = {"observed_at": AT, "vendor_action": "DROP", "source_ip": "203.0.113.9", "destination_ip": "198.51.100.7"}
    assert read(
        _HEADED,
        "\ufeff#Version: 1",
        "2020-04-03 04:12:45 DROP 203.0.113.9 198.51.100.7 445",
        "#Fields: date time junk  dst src port",
        "2020-04-03 04:12:45.5 x 198.51.100.7 203.0.113.9 445 more",
        "2020-04-31 04:12:45 x 198.51.100.7 - -",
        "2020-4-3 04:12:45 x 198.51.100.7",
        "2020-04-03 04:12:45 x - -",
    ) == [
        "ignored: header",
        first,
        "ignored: header",
        {
            "observed_at": AT.replace(microsecond=500_000),
            "destination_ip": "198.51.100.7",
            "source_ip": "203.0.113.9",
            "destination_port": 445,
        },
        "impossible time stamp",
        "observed_date is no date: '2020-4-3'",
        "record without an address or a protocol",
    ]


def test_a_header_of_known_names_and_a_lead() -> None:
    table = form(
        Headed("", {"at": "observed_at", "src": "source_ip", "x": "-"}, default="at src", lead="[[{}Z ]]"), syslog=False
    )
    event = {"observed_at": AT, "source_ip": "192.0.2.1"}
    assert read(
        table, "1585887165 192.0.2.1", "src x at", "2020Z 192.0.2.1 src 1585887165", "192.0.2.1 - 1585887165"
    ) == [
        event,
        "ignored: header",
        event,
        event,
    ]


def test_a_header_holds_for_the_spans_of_its_file_only() -> None:
    one, two = b"#Fields: src date time\n", b"192.0.2.1 2020-04-03 04:12:45\n"
    other = b"2020-04-03 04:12:45 DROP 192.0.2.2 192.0.2.3\n"
    data = one + two + other + two
    ends = np.cumsum([0, len(one), len(two), len(other), len(two)]).tolist()
    places = list(pairwise(ends))
    utc = ZoneInfo("UTC")
    spans = [
        Span(*places[0], NEAR, utc),
        Span(*places[1], NEAR, utc, follows=True),
        Span(*places[2], NEAR, utc),
        Span(*places[3], NEAR, utc, header=one.rstrip()),
    ]
    found = batches(_HEADED, data, spans)
    sources = [source for batch in found for source in batch.events.column("source_ip").to_pylist()]
    assert sources == ["192.0.2.1", "192.0.2.2", "192.0.2.1"]
    assert [part.size for batch in found for part in batch.parts] == [end - start for start, end in places]


# Pairs

_PAIRS = form(
    KeyValues(
        {
            "date": "observed_date",
            "time": "observed_time",
            "tz": "observed_zone",
            "srcip": "source_ip",
            "src": "{source_ip}:{source_port}[[:{in_interface}]]",
            "msg": "reason",
            "a_very_long_key": "rule",
            "type": "type",
            "sent": "packet_bytes",
        }
    ),
    anchors=("date=",),
    only=(Only("type", ("traffic", "event"), "other type", absent=True),),
    nulls=("N/A",),
)


def test_pairs_of_key_and_value() -> None:
    assert read(
        _PAIRS,
        '<134>date=2020-04-03 time=06:12:45 tz="+0200" srcip=192.0.2.1 msg="a \\"b\\" c=d" a_very_long_key=r sent=9',
        f"{HEAD}date=2020-04-03 time=04:12:45 src=192.0.2.1:53:X1 msg= unknown=1 word type=event",
        "date=2020-04-03 time=04:12:45 srcip=192.0.2.1 type=dns",
        "date=2020-04-03 time=04:12:45 srcip=N/A msg=x",
        "date=2020-04-03 time=04:12:45 srcip=192.0.2.1 sent=-5",
        "date=2020-04-03 time=04:12:45 src=192.0.2.1",
        "date=2020-04-03 time=25:12:45 srcip=192.0.2.1",
        "date=2020-04-03 time=04:12:45 tz=CET srcip=192.0.2.1",
        f'{HEAD}some words date=2020-04-03 time=04:12:45 srcip=192.0.2.1 msg="open',
        f"{HEAD}no record",
    ) == [
        {"observed_at": AT, "source_ip": "192.0.2.1", "reason": 'a "b" c=d', "rule": "r", "packet_bytes": 9},
        {"observed_at": AT, "host": "gate", "source_ip": "192.0.2.1", "source_port": 53, "in_interface": "X1"},
        "ignored: other type",
        "record without an address or a protocol",
        f"packet_bytes is no number from 0 to {10**18 - 1}: '-5'",
        "no known form of the record",
        "impossible time stamp",
        "observed_zone is no time zone: 'CET'",
        {"observed_at": AT, "host": "gate", "source_ip": "192.0.2.1", "reason": "open"},
        "ignored: no record",
    ]


def test_values_may_hold_blanks() -> None:
    cef = form(
        KeyValues(
            {"src": "source_ip", "msg": "reason", "request": "application", "act": "vendor_action"},
            lead="CEF:{}|{vendor}|{}|{signature}|",
            values_with_blanks=True,
        ),
        anchors=("CEF:",),
    )
    assert read(
        cef,
        f"{HEAD}CEF:0|Acme|x|A name|src=192.0.2.1 msg=two words \\= one request=http://h/?a=b&c=d act=block now ",
        f"{HEAD}CEF:0|Acme|x",
    ) == [
        {
            "observed_at": AT,
            "host": "gate",
            "signature": "A name",
            "source_ip": "192.0.2.1",
            "reason": "two words = one",
            "application": "http://h/?a=b&c=d",
            "vendor_action": "block now",
        },
        "no known form of the record",
    ]


def test_other_separators() -> None:
    check = form(
        KeyValues({"action": "vendor_action", "src": "source_ip"}, separator=";", assign=":", lead="\\["),
        programs=("CP",),
    )
    assert read(check, f'{HEAD}CP[1]: [action:"Drop it"; flags:"1"; src:"192.0.2.1"]') == [
        {"observed_at": AT, "host": "gate", "vendor_action": "Drop it", "source_ip": "192.0.2.1"}
    ]


# Sentences

_ASA = form(
    Template(
        lead="%{}-{}-{message_id}: ",
        by="message_id",
        cases={"106023": ('Deny {protocol} src {in_interface}:{source_ip}[[/{source_port}]] by "{rule}"',)},
        otherwise=Ignored("other message"),
        ignored={"never reached": ("x",)},
    ),
    anchors=("%ASA-",),
    own_stamp=True,
    words={"action": ("message_id", {"106023": "block"})},
    constants={"direction": "inbound"},
)


def test_a_value_chooses_the_sentences() -> None:
    event = {
        "observed_at": AT,
        "direction": "inbound",
        "action": "block",
        "message_id": "106023",
        "protocol": "tcp",
        "in_interface": "outside",
        "source_ip": "203.0.113.9",
        "rule": "acl",
    }
    deny = '%ASA-4-106023: Deny tcp src outside:203.0.113.9/51234 by "acl" [0x0]'
    assert read(
        _ASA,
        f"<166>Apr 03 2020 04:12:45 fw : {deny}",
        f"Apr  3 23:00:00 10.0.0.1 Apr 03 2020 04:12:45: {deny.replace('/51234', '')}",
        f"<166>{deny}",
        f"{HEAD}%ASA-6-302013: Built",
        f"{HEAD}%ASA-4-106023: Deny x",
        f"{HEAD}sshd[1]: Invalid user {deny}",
        f"{HEAD}a b c d e f g h i {deny}",
    ) == [
        {**event, "host": "fw", "source_port": 51234},
        {**event, "host": "10.0.0.1"},
        "no time stamp at the start of the line",
        "ignored: other message",
        "no known form of the record",
        "ignored: line of another program",
        "ignored: no record",
    ]


def test_sentences_of_lines_that_are_no_records() -> None:
    router = form(
        Template(
            patterns=("{vendor_action} from {source_ip}",),
            ignored={"login": ("user {} logged in",)},
            otherwise=Ignored("other message"),
        )
    )
    assert read(router, f"{HEAD}drop from 192.0.2.1", f"{HEAD}user x logged in", f"{HEAD}something else") == [
        {"observed_at": AT, "host": "gate", "vendor_action": "drop", "source_ip": "192.0.2.1"},
        "ignored: login",
        "ignored: other message",
    ]


def test_a_record_that_begins_before_its_anchor() -> None:
    router = form(
        Template(patterns=("[[{rule} ]]((input|forward)): in:{in_interface} {source_ip}",)),
        anchors=("input:", "in:"),
        anchor_words=3,
        from_header=True,
    )
    event = {"observed_at": AT, "host": "gate", "in_interface": "eth0", "source_ip": "192.0.2.1"}
    assert read(
        router,
        f"{HEAD}my drop input: in:eth0 192.0.2.1",
        f"{HEAD}input: in:eth0 192.0.2.1",
        f"{HEAD}a b c d e input: x",
    ) == [{**event, "rule": "my drop"}, event, "ignored: no record"]


def test_repeats() -> None:
    record = '%ASA-4-106023: Deny tcp src outside:203.0.113.9 by "acl"'
    found = read(
        _ASA,
        f"{HEAD}message repeated 3 times: [ {record}]",
        f"{HEAD}message repeated 0 times: [ {record}]",
        f"{HEAD}last message repeated 2 times",
        f"{HEAD}same message repeated 2 times",
    )
    assert isinstance(found[0], dict)
    assert (found[0]["packets"], found[0]["rule"]) == (3, "acl")
    assert found[2:] == ["ignored: repeat of the line before"] * 2


# JSON

_JSON = form(
    Json(
        {
            "time": "observed_at",
            "src": "source_ip",
            "a.src": "destination_ip",
            "list.1": "rule",
            "id.port": "source_port",
            "name": "signature",
            "flag": "reason",
            "what": "what",
        }
    ),
    anchors=("{",),
    programs=("suricata",),
    only=(Only("what", ("alert",), "other event", absent=True),),
)
_TIME = '"time":"2020-04-03T04:12:45Z"'


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{%s,"src":"192.0.2.1"}', {"source_ip": "192.0.2.1"}),
        ('{"src":"192.0.2.1", "x" : {"src":"192.0.2.9","y":[{},[],{"src":1}]} ,%s}', {"source_ip": "192.0.2.1"}),
        ('{%s,"a":{"b":1,"src":"192.0.2.2"},"id":{"port":"53"}}', {"destination_ip": "192.0.2.2", "source_port": 53}),
        ('{%s,"a.src":"192.0.2.2","id.port":53}', {"destination_ip": "192.0.2.2", "source_port": 53}),
        (
            '{%s,"src":"::1","list":[[1,"z"],"x y",3],"flag":true}',
            {"source_ip": "::1", "rule": "x y", "reason": "true"},
        ),
        ('{%s,"src":"::1","name":"q\\"\\u0041\\\\","flag":null}', {"source_ip": "::1", "signature": 'q"A\\'}),
        ('{%s,"src":"::1","name":"\\ud800x"}', {"source_ip": "::1", "signature": "\\ud800x"}),
        ('{%s,"src":"::1","what":"alert"}', {"source_ip": "::1"}),
        ('{%s,"src":"::1","what":"dns"}', "ignored: other event"),
        ('{%s,"src":"::1"', "broken JSON"),
        ('{%s,"src":"::1",}', "broken JSON"),
        ('{%s,"src":"::1}', "broken JSON"),
        ('{%s "src":"::1"}', "broken JSON"),
        ('{%s,"src":"::1"}}', "broken JSON"),
        ('{%s,"src":::1}', "broken JSON"),
        ('{%s,"x":[1}]', "broken JSON"),
        ('{%s,"src":"::1"} x', "broken JSON"),
        ('{%s,"x":' + "[" * 40 + "]" * 40 + "}", "JSON nested deeper than 32"),
        ('{%s,"x":1}', "record without an address or a protocol"),
        ('{%s,"id":{"port":99999}}', "source_port is no number from 0 to 65535: '99999'"),
        ('{"src":"::1"}', "no time stamp at the start of the line"),
        ('{"time":"yesterday","src":"::1"}', "observed_at is no time stamp: 'yesterday'"),
    ],
)
def test_documents(line: str, expected: dict[str, Any] | str) -> None:
    line = line.replace("%s", _TIME)
    whole = {"observed_at": AT, **expected} if isinstance(expected, dict) else expected
    assert read(_JSON, line) == [whole]
    if isinstance(expected, dict):
        assert read(_JSON, f"Apr  9 00:00:00 gate suricata[1]: {line}") == [{"host": "gate", **whole}]  # type: ignore[dict-item]


# What cannot be


@pytest.mark.parametrize(
    ("shape", "more"),
    [
        (Delimited(Columns("source_ip:colour")), {}),
        (Delimited(Columns("source_ip rule:number rule:text")), {}),
        (Json({"a": "source_ip"}), {"anchors": ("more than sixteen bytes",)}),
        (Json({"a": "source_ip"}), {"programs": ("a name of a program",)}),
    ],
)
def test_a_format_that_cannot_be_read(shape: Shape, more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"column|anchor|program"):
        batches(form(shape, **more), b"x\n")
