"""Azure's documents are taken apart, however they are cut into pieces, and whatever is wrong with them."""

import gzip
import json
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.detection import detect
from pipelines.flow_tuples import FlowTuples, holds_flows, unfolded
from pipelines.raw_bytes import Blocks, Broken, Chunk, look_at, read_chunks
from tests.random_events import addresses, at, names, ports, read_back, times
from tests.raw_logs import Site

SHORT = "1585887165,203.0.113.94,198.51.100.4,35370,23,T,I,D"
LONG = "1585887171,203.0.113.94,198.51.100.4,35370,3389,U,I,A,E,52,29952,47,27072"
VIRTUAL = "1585887174606,198.51.100.6,203.0.113.180,23956,443,6,O,E,NX,3,767,2,1580"


def group_record(*tuples: str, mac: str = "000D3AF87856", rule: str = "UserRule_deny") -> dict[str, Any]:
    """Return a record of a network security group."""
    return {
        "time": "2020-04-03T04:13:00.0000000Z",
        "systemId": "x",
        "category": "NetworkSecurityGroupFlowEvent",
        "operationName": "NetworkSecurityGroupFlowEvents",
        "properties": {"Version": 2, "flows": [{"rule": rule, "flows": [{"mac": mac, "flowTuples": [*tuples]}]}]},
    }


def network_record(*tuples: str) -> dict[str, Any]:
    """Return a record of a virtual network."""
    return {
        "time": "2020-04-03T04:13:00.0000000Z",
        "flowLogVersion": 4,
        "macAddress": "00224871C205",
        "category": "FlowLogFlowEvent",
        "flowRecords": {"flows": [{"aclID": "x", "flowGroups": [{"rule": "DefaultRule", "flowTuples": [*tuples]}]}]},
    }


def document(*records: dict[str, Any], indent: int | None = None) -> bytes:
    """Return records as Azure writes them."""
    return json.dumps({"records": records}, indent=indent).encode()


class Sips:
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, count: int) -> None:
        """Give at most `count` bytes of the data at a time."""
        self._file, self._count = BytesIO(data), count

    def read1(self, size: int, /) -> bytes:
        """Return the next bytes."""
        return self._file.read(min(size, self._count))


GROUP_LINES = (
    b"azure_flow,1585887165,203.0.113.94,198.51.100.4,35370,23,tcp,I,D,,,,,,,00:0d:3a:f8:78:56,UserRule_deny\n"
    b"azure_flow,1585887171,203.0.113.94,198.51.100.4,35370,3389,udp,I,A,E,52,29952,47,27072,,00:0d:3a:f8:78:56,"
    b"UserRule_deny\n"
)
NETWORK_LINE = (
    b"azure_flow,1585887174606,198.51.100.6,203.0.113.180,23956,443,6,O,,E,3,767,2,1580,NX,00:22:48:71:c2:05,"
    b"DefaultRule\n"
)


@pytest.mark.parametrize("indent", [None, 2])
def test_each_tuple_is_a_line(indent: int | None) -> None:
    data = document(group_record(SHORT, LONG), network_record(VIRTUAL), indent=indent)
    assert unfolded(data) == GROUP_LINES + NETWORK_LINE


def test_documents_may_follow_each_other() -> None:
    one, other = document(group_record(SHORT, LONG)), document(network_record(VIRTUAL))
    assert unfolded(one + other) == unfolded(one + b"\r\n" + other + b"\n") == GROUP_LINES + NETWORK_LINE


def test_records_may_stand_by_themselves() -> None:
    data = json.dumps(group_record(SHORT, LONG)).encode() + b"\n" + json.dumps(network_record(VIRTUAL)).encode()
    assert unfolded(data) == GROUP_LINES + NETWORK_LINE


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_pieces_make_no_difference(count: int) -> None:
    data = document(group_record(SHORT, LONG), {"time": "x", "n": "größer \u20ac"}, network_record(VIRTUAL))
    stream = FlowTuples(Sips(data, count))
    assert b"".join(iter(lambda: stream.read1(5), b"")) == unfolded(data)


def test_a_cut_document_gives_its_whole_records() -> None:
    data = document(group_record(SHORT, LONG), network_record(VIRTUAL))
    lines = unfolded(data[:-40])
    assert lines.startswith(GROUP_LINES)
    assert lines.removeprefix(GROUP_LINES).startswith(b'azure_flow,{"time"')
    assert lines.count(b"\n") == 3


def test_what_is_no_json_is_one_line_and_the_rest_is_read() -> None:
    data = document(group_record(SHORT), network_record(VIRTUAL)).replace(b'"systemId":', b'"systemId"', 1)
    first, *others = unfolded(data).splitlines(keepends=True)
    assert first.startswith(b'azure_flow,{"time"')
    assert others == [NETWORK_LINE]


def test_other_records_stay_as_they_are() -> None:
    other = {"time": "2020-04-03T04:12:59Z", "category": "NetworkSecurityGroupRuleCounter", "properties": {"n": 3}}
    assert json.loads(unfolded(document(other))) == other
    assert unfolded(b"[1, 2]\n") == unfolded(b"[1,\n2]")


@pytest.mark.parametrize(
    "record",
    [
        group_record("1585887165,203.0.113.94\n2020"),
        group_record(SHORT, rule="a,b"),
        group_record(SHORT, mac="a\nb"),
        group_record(SHORT + ",x"),
        {"time": "x", "category": "FlowLogFlowEvent", "flowRecords": {"flows": [1]}},
        {
            "time": "x",
            "category": "FlowLogFlowEvent",
            "flowRecords": {"flows": [{"flowGroups": [{"flowTuples": [1]}]}]},
        },
        {"time": "x", "category": "FlowLogFlowEvent", "flowRecords": []},
    ],
)
def test_what_is_written_otherwise_is_one_line(record: dict[str, Any]) -> None:
    assert unfolded(document(record)).count(b"\n") == 1


def test_documents_are_known_by_their_first_bytes() -> None:
    assert holds_flows(document(group_record(SHORT)))
    assert holds_flows(document(network_record(VIRTUAL), indent=2))
    assert holds_flows(json.dumps(group_record(SHORT)).encode())
    assert not holds_flows(b'{"timestamp":"2020-04-03T04:12:45.533101+0000","event_type":"alert"}')
    assert not holds_flows(b'Apr  3 04:12:00 gate x: {"records":[{"time":"", "category":"FlowLogFlowEvent"}]}')


def chunks_of(path: Path) -> list[Chunk | Broken]:
    """Return what a file is read as."""
    return list(read_chunks(path, look_at(path).compression, Blocks(1 << 16)))


def text_of(chunks: list[Chunk | Broken]) -> bytes:
    """Return the lines that were read."""
    return b"".join(
        chunk.block.buffer[chunk.start : chunk.end].tobytes() for chunk in chunks if isinstance(chunk, Chunk)
    )


@pytest.mark.parametrize("name", ["PT1H.json", "PT1H.json.gz"])
def test_a_document_is_read_as_lines_however_long_it_is(tmp_path: Path, name: str) -> None:
    data = document(group_record(SHORT, LONG), *[network_record(VIRTUAL)] * 2_000)
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    assert text_of(chunks_of(path)) == GROUP_LINES + NETWORK_LINE * 2_000


def test_of_a_damaged_document_the_records_before_the_damage_are_read(tmp_path: Path) -> None:
    path = tmp_path / "PT1H.json.gz"
    path.write_bytes(gzip.compress(document(group_record(SHORT, LONG), *[network_record(VIRTUAL)] * 2_000))[:-20])
    chunks = chunks_of(path)
    assert text_of(chunks).startswith(GROUP_LINES + NETWORK_LINE)
    assert isinstance(chunks[-1], Broken)


def test_a_document_is_detected() -> None:
    for data in (document(group_record(SHORT)), document(network_record(VIRTUAL)), GROUP_LINES):
        assert detect(data).form.name == "azure_nsg_flow"


def test_documents_are_loaded_like_logs(tmp_path: Path) -> None:
    site = Site(tmp_path / "warehouse")
    site.drop("azure/PT1H.json", document(group_record(SHORT, LONG), network_record(VIRTUAL)))
    site.drop("azure/earlier/PT1H.json.gz", gzip.compress(document(group_record(SHORT.replace("203", "192"))))[:-3])
    site.parse(day := date(2020, 4, 3))
    assert sorted(str(row["source_ip"]) for row in site.rows("parsed", day)) == [
        "192.0.113.94",
        "198.51.100.6",
        "203.0.113.94",
        "203.0.113.94",
    ]
    assert {row["file"]: (row["lines"], row["events"], row["rejected"]) for row in site.rows("accounts", day)} == {
        "azure/PT1H.json": (3, 3, 0),
        "azure/earlier/PT1H.json.gz": (2, 1, 1),
    }


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.integers(20, 400))
def test_damage_loses_no_record_after_it(damage: bytes, place: int) -> None:
    data = document(group_record(SHORT), network_record(VIRTUAL))
    place = min(place, len(document(group_record(SHORT))) - 10)
    lines = unfolded(data[:place] + damage + data[place:])
    assert NETWORK_LINE in lines or damage.count(b'"') + damage.count(b"\\") > 0


@st.composite
def flows(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a tuple of version 2, and the event in it."""
    decision, way, protocol = (draw(st.sampled_from(pair)) for pair in ("AD", "IO", "TU"))
    numbers = [draw(st.integers(1, 10**9)) for _ in range(4)]
    event = {
        "observed_at": at(time := draw(times)).isoformat(),
        "source_ip": draw(addresses),
        "source_port": draw(ports),
        "destination_ip": draw(addresses),
        "destination_port": draw(ports),
        "protocol": {"T": "tcp", "U": "udp"}[protocol],
        "direction": {"I": "inbound", "O": "outbound"}[way],
        "vendor_action": decision,
        "action": {"A": "allow", "D": "block"}[decision],
        "message_id": draw(st.sampled_from("BCE")),
        "packets": numbers[0] + numbers[2],
        "packet_bytes": numbers[1] + numbers[3],
        "destination_mac" if way == "I" else "source_mac": "00:0d:3a:f8:78:56",
    }
    columns = (
        time, event["source_ip"], event["destination_ip"], event["source_port"], event["destination_port"],
        protocol, way, decision, event["message_id"], *numbers,
    )  # fmt: skip
    return ",".join(map(str, columns)), event


@settings(max_examples=50, deadline=None)
@given(names, st.lists(flows(), min_size=1, max_size=20))
def test_random_flows_are_read_back(rule: str, drawn: list[tuple[str, dict[str, Any]]]) -> None:
    data = document(group_record(*(flow for flow, _ in drawn), rule=rule))
    assert read_back("azure_nsg_flow", unfolded(data).decode().splitlines()) == [
        event | {"rule": rule} for _, event in drawn
    ]
