"""WatchGuard: a random packet, written as Fireware writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.formats.watchguard import policy_of, value_of
from tests.random_events import at, flows, names, read_back, syslog_stamp, times

ACTIONS = {"Allow": "allow", "Deny": "block"}
FLAGS = {"S": "SYN", "A": "ACK", "F": "FIN", "R": "RST", "P": "PSH"}


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    event = draw(flows())
    word = draw(st.sampled_from(sorted(ACTIONS)))
    event |= {
        "observed_at": at(time := draw(times)).isoformat(),
        "host": draw(names),
        "message_id": "3000-0148",
        "action": ACTIONS[word],
        "vendor_action": word,
        "rule": f"{draw(names)} {draw(names)}-00",
        "in_interface": draw(names),
        "out_interface": draw(names),
        "packet_bytes": draw(st.integers(1, 65_535)),
        "ttl": draw(st.integers(0, 255)),
    }
    detail = ""
    if "source_port" in event:
        detail = f" {event['source_port']} {event['destination_port']}"
    if event["protocol"] == "tcp":
        letters = draw(st.lists(st.sampled_from(sorted(FLAGS)), min_size=1, unique=True))
        event |= {
            "tcp_flags": " ".join(name for letter, name in FLAGS.items() if letter in letters),
            "tcp_sequence": draw(st.integers(0, 2**32 - 1)),
            "tcp_window": draw(st.integers(0, 65_535)),
        }
        detail += f" offset 5 {''.join(letters)} {event['tcp_sequence']} win {event['tcp_window']}"
    line = (
        f'{syslog_stamp(time)} {event["host"]} 80BE00000000 firewall: msg_id="3000-0148" {word} '
        f"{event['in_interface']} {event['out_interface']} {event['packet_bytes']} {event['protocol']} 20 "
        f'{event["ttl"]} {event["source_ip"]} {event["destination_ip"]}{detail} geo_src="USA" ({event["rule"]})'
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_packets_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("watchguard", [line for line, _ in drawn]) == [event for _, event in drawn]


def test_policy_stands_in_the_last_brackets() -> None:
    assert policy_of('msg="x (evil)" (Unhandled External Packet-00)') == "Unhandled External Packet-00"
    assert policy_of("offset 5") is None


def test_value_of_a_key_is_what_its_quotes_hold() -> None:
    assert value_of("msg")('rc="100" msg="a b" (Out-00)') == "a b"
    assert value_of("sg")('msg="a b"') is None
