"""CEF: a random connection, written as the standard says, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.formats.cef import action_in
from tests.random_events import at, flows, names, read_back, shuffled, syslog_stamp, times

ACTIONS = {"Accept": "allow", "blocked": "block", "Deny": "block", "reset": "reject"}
KEYS = {
    "src": "source_ip",
    "dst": "destination_ip",
    "spt": "source_port",
    "dpt": "destination_port",
    "proto": "protocol",
    "act": "vendor_action",
    "deviceInboundInterface": "in_interface",
    "cs1": "rule",
    "in": "packet_bytes",
    "cnt": "packets",
}


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    event = draw(flows())
    word = draw(st.sampled_from(sorted(ACTIONS)))
    event |= {
        "observed_at": at(time := draw(times)).isoformat(),
        "host": draw(names),
        "message_id": draw(names),
        "signature": f"{draw(names)} seen",
        "action": ACTIONS[word],
        "vendor_action": word,
        "in_interface": f"{draw(names)} 1",
        "rule": f"{draw(names)} = {draw(names)}",
        "packet_bytes": draw(st.integers(0, 10**12)),
        "packets": draw(st.integers(2, 10**12)),
    }
    values = {key: str(event[name]).replace("=", r"\=") for key, name in KEYS.items() if name in event}
    values |= {"rt": f"{time}000", "cs1Label": "Rule Name"}
    extension = " ".join(f"{key}={value}" for key, value in shuffled(draw, values).items())
    line = (
        f"{syslog_stamp(time)} {event['host']} CEF:0|Example|Firewall|1.0|{event['message_id']}|{event['signature']}|5|"
        f"{extension}"
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_connections_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("cef", [line for line, _ in drawn]) == [event for _, event in drawn]


def test_a_name_may_end_with_what_was_done() -> None:
    assert action_in("Threat Detected and Blocked") == "block"
    assert action_in("Disk full") is None
    assert action_in("") is None
