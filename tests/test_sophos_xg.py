"""Sophos Firewall: a random session, written as SFOS writes it, is read back."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import at, counts, flows, macs, names, read_back, times

ACTIONS = {"Allowed": "allow", "Denied": "block"}


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    event = draw(flows())
    word = draw(st.sampled_from(sorted(ACTIONS)))
    sent, received, packets_out, packets_in = (draw(counts) for _ in range(4))
    seconds = draw(st.integers(0, 10**6))
    event |= {
        "observed_at": at(time := draw(times)).isoformat(),
        "message_id": "010102600002",
        "action": ACTIONS[word],
        "vendor_action": word,
        "reason": "Firewall Rule",
        "rule": str(draw(st.integers(0, 10**6))),
        "in_interface": draw(names),
        "source_mac": draw(macs),
        "in_zone": draw(names),
        "out_zone": draw(names),
        "packet_bytes": sent + received,
        "duration_ms": seconds * 1_000,
    }
    if (packets := packets_out + packets_in) > 1:
        event["packets"] = packets
    ports = "".join(
        f" {key}={event[name]}"
        for key, name in (("src_port", "source_port"), ("dst_port", "destination_port"))
        if name in event
    )
    line = (
        f'device="SFW" date={at(time):%Y-%m-%d} time={at(time):%H:%M:%S} timezone="UTC" device_name="XG210" '
        f'log_id=010102600002 log_type="Firewall" log_component="Firewall Rule" log_subtype="{word}" '
        f'duration={seconds} fw_rule_id={event["rule"]} in_interface="{event["in_interface"]}" out_interface="" '
        f"src_mac={event['source_mac']} src_ip={event['source_ip']} dst_ip={event['destination_ip']} "
        f'protocol="{event["protocol"].upper()}"{ports} sent_pkts={packets_out} recv_pkts={packets_in} '
        f"sent_bytes={sent} recv_bytes={received} tran_src_ip= tran_src_port=0 "
        f'srczone="{event["in_zone"]}" dstzone="{event["out_zone"]}"'
    )
    return line, event


@settings(max_examples=50, deadline=None)
@given(st.lists(records(), min_size=1, max_size=20))
def test_random_sessions_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("sophos_xg", [line for line, _ in drawn]) == [event for _, event in drawn]
