"""Allied Telesis: a random connection, written as AlliedWare Plus writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import at, ipv4, names, ports, read_back, syslog_stamp, times


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    source, destination, other = (draw(ipv4) for _ in range(3))
    sport, dport, translated = (draw(ports) for _ in range(3))
    event: dict[str, Any] = {
        "observed_at": at(time := draw(times)).isoformat(),
        "host": draw(names),
        "message_id": "NEW",
        "action": "allow",
        "protocol": draw(st.sampled_from(["tcp", "udp"])),
        "source_ip": source,
        "source_port": sport,
        "destination_ip": destination,
        "destination_port": dport,
    }
    answered = source, sport
    if draw(st.booleans()) and (other, translated) != answered:
        event |= {"nat_source_ip": other, "nat_source_port": translated}
        answered = other, translated
    out_counts = in_counts = ""
    if draw(st.booleans()):
        numbers = [draw(st.integers(1, 10**9)) for _ in range(4)]
        event |= {"message_id": "END", "packets": numbers[0] + numbers[2], "packet_bytes": numbers[1] + numbers[3]}
        out_counts = f" orig_pkts={numbers[0]} orig_bytes={numbers[1]}"
        in_counts = f" reply_pkts={numbers[2]} reply_bytes={numbers[3]}"
    line = (
        f"{syslog_stamp(time)} {event['host']} ulogd[812]: {event['message_id']} proto={event['protocol']} "
        f"orig_src={source} orig_dst={destination} orig_sport={sport} orig_dport={dport}{out_counts} "
        f"reply_src={destination} reply_dst={answered[0]} reply_sport={dport} reply_dport={answered[1]}{in_counts}"
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_connections_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("allied_telesis", [line for line, _ in drawn]) == [event for _, event in drawn]
