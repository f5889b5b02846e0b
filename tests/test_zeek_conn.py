"""Zeek: a random connection, written tab-separated with the columns in any order, and as JSON, is read back."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.formats.zeek_conn import CONNECTION_STATES
from tests.random_events import addresses, at, counts, ports, read_back, shuffled, times

COLUMNS = (
    "ts",
    "uid",
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "proto",
    "service",
    "duration",
    "conn_state",
    "local_orig",
    "local_resp",
    "history",
    "orig_pkts",
    "orig_ip_bytes",
    "resp_pkts",
    "resp_ip_bytes",
    "tunnel_parents",
)
DIRECTIONS = {(True, False): "outbound", (False, True): "inbound", (True, True): "internal", (False, False): None}


@st.composite
def connections(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw the values of a connection by column, and the event in them."""
    time, micros, milliseconds = draw(times), draw(st.integers(0, 999_999)), draw(st.integers(0, 10**9))
    here, there = draw(st.booleans()), draw(st.booleans())
    sent, received, packets = draw(counts), draw(counts), draw(st.integers(2, 10**9))
    event: dict[str, Any] = {
        "observed_at": at(time, micros).isoformat(),
        "source_ip": draw(addresses),
        "destination_ip": draw(addresses),
        "protocol": draw(st.sampled_from(["tcp", "udp", "icmp"])),
        "reason": draw(st.sampled_from(CONNECTION_STATES)),
        "duration_ms": milliseconds,
        "packets": packets + 1,
        "packet_bytes": sent + received,
    }
    is_icmp = event["protocol"] == "icmp"
    ends = [draw(st.integers(0, 255) if is_icmp else ports) for _ in range(2)]
    event |= dict(
        zip(("icmp_type", "icmp_code") if is_icmp else ("source_port", "destination_port"), ends, strict=True)
    )
    if direction := DIRECTIONS[here, there]:
        event["direction"] = direction
    values = {
        "ts": f"{time}.{micros:06}",
        "uid": "CMdzit1AMNsmfAIiQc",
        "id.orig_h": event["source_ip"],
        "id.orig_p": ends[0],
        "id.resp_h": event["destination_ip"],
        "id.resp_p": ends[1],
        "proto": event["protocol"],
        "duration": f"{milliseconds // 1_000}.{milliseconds % 1_000:03}000",
        "conn_state": event["reason"],
        "local_orig": here,
        "local_resp": there,
        "history": "ShADadFf",
        "orig_pkts": packets,
        "orig_ip_bytes": sent,
        "resp_pkts": 1,
        "resp_ip_bytes": received,
    }
    if service := draw(st.sampled_from([None, "dns", "ssl", "http,ntlm"])):
        values["service"] = event["application"] = service
    if is_icmp and ":" in event["source_ip"]:
        event["protocol"] = "icmpv6"
    return values, event


def cell(value: Any) -> str:  # noqa: ANN401 - any value of a column
    """Return a value as Zeek's tab-separated logs have it."""
    return {True: "T", False: "F"}[value] if isinstance(value, bool) else str(value)


@settings(max_examples=50, deadline=None)
@given(st.permutations(COLUMNS), st.lists(connections(), min_size=1, max_size=20))
def test_random_rows_are_read_back(columns: list[str], drawn: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    rows = ["\t".join(cell(values.get(name, "-")) for name in columns) for values, _ in drawn]
    found = read_back("zeek_conn", ["\t".join(["#fields", *columns]), *rows])
    assert found == [{"ignored": True}, *(event for _, event in drawn)]


@settings(max_examples=50, deadline=None)
@given(st.data(), st.lists(connections(), min_size=1, max_size=20))
def test_random_objects_are_read_back(data: st.DataObject, drawn: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    lines = []
    for values, _ in drawn:
        numbers = {"ts": float(values["ts"]), "duration": float(values["duration"])}
        lines.append(json.dumps(shuffled(data.draw, values | numbers)))
    assert read_back("zeek_conn_json", lines) == [event for _, event in drawn]
