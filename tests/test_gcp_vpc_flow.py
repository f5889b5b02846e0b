"""Google Cloud: random flows and firewall entries, with their keys in any order, are read back."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.protocols import BY_NUMBER
from tests.random_events import addresses, at, counts, names, ports, read_back, shuffled, times

VERDICTS = {"ALLOWED": "allow", "DENIED": "block"}


@st.composite
def connections(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw a connection as the entry has it, and as the event does."""
    number = draw(st.sampled_from([1, 6, 17, 47]))
    event: dict[str, Any] = {
        "source_ip": draw(addresses),
        "destination_ip": draw(addresses),
        "protocol": BY_NUMBER[number],
    }
    entry = {"src_ip": event["source_ip"], "dest_ip": event["destination_ip"], "protocol": number}
    if number in {6, 17}:
        event |= {"source_port": draw(ports), "destination_port": draw(ports)}
        entry |= {"src_port": event["source_port"], "dest_port": event["destination_port"]}
    return entry, event


@st.composite
def entries(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    connection, event = draw(connections())
    time, machine = draw(times), draw(names)
    event |= {"observed_at": at(time).isoformat(), "host": machine}
    payload: dict[str, Any] = {"connection": connection}
    if draw(st.booleans()):
        seconds, packets, reporter = (
            draw(st.integers(0, 600)),
            draw(st.integers(2, 10**9)),
            draw(st.sampled_from(["SRC", "DEST"])),
        )
        event |= {
            "message_id": "vpc_flows",
            "direction": "outbound" if reporter == "SRC" else "inbound",
            "duration_ms": seconds * 1_000,
            "packets": packets,
            "packet_bytes": draw(counts),
        }
        payload |= {
            "reporter": reporter,
            "start_time": f"{event['observed_at']}Z",
            "end_time": f"{at(time + seconds).isoformat()}Z",
            "packets_sent": str(packets),
            "bytes_sent": str(event["packet_bytes"]),
            f"{reporter.lower()}_instance": {"vm_name": machine, "zone": "z"},
        }
    else:
        verdict = draw(st.sampled_from(sorted(VERDICTS)))
        direction = draw(st.sampled_from(["INGRESS", "EGRESS"]))
        event |= {
            "message_id": "firewall",
            "vendor_action": verdict,
            "action": VERDICTS[verdict],
            "rule": f"network:default/firewall:{draw(names)}",
            "direction": "inbound" if direction == "INGRESS" else "outbound",
        }
        payload |= {
            "disposition": verdict,
            "instance": {"vm_name": machine},
            "rule_details": {"direction": direction, "reference": event["rule"], "priority": 1000},
        }
    entry = {
        "jsonPayload": shuffled(draw, payload),
        "logName": f"projects/x/logs/compute.googleapis.com%2F{event['message_id']}",
        "resource": {"type": "gce_subnetwork", "labels": {"project_id": "x"}},
        "timestamp": f"{event['observed_at']}Z",
    }
    return json.dumps(shuffled(draw, entry)), event


@settings(max_examples=50, deadline=None)
@given(st.lists(entries(), min_size=1, max_size=20))
def test_random_entries_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("gcp_vpc_flow", [line for line, _ in drawn]) == [event for _, event in drawn]
