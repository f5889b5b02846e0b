"""Suricata: random alerts and flows, with their keys in any order, are read back."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_events import addresses, at, counts, names, ports, read_back, shuffled, times

VERDICTS = {"allowed": "allow", "blocked": "block"}
FLAG_BITS = {"SYN": 2, "ACK": 16, "FIN": 1, "RST": 4, "PSH": 8, "URG": 32}
# Whatever a rule's author wrote; what the line cannot hold is escaped in it, and blanks around a value are not kept.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)


@st.composite
def events(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a line, and the event in it."""
    time, micros = draw(times), draw(st.integers(0, 999_999))
    event: dict[str, Any] = {
        "observed_at": at(time, micros).isoformat(),
        "in_interface": draw(names),
        "source_ip": draw(addresses),
        "source_port": draw(ports),
        "destination_ip": draw(addresses),
        "destination_port": draw(ports),
        "protocol": draw(st.sampled_from(["tcp", "udp"])),
    }
    stamp = f"{at(time, micros):%Y-%m-%dT%H:%M:%S.%f}+0000"
    entry: dict[str, Any] = {
        "timestamp": stamp,
        "in_iface": event["in_interface"],
        "src_ip": event["source_ip"],
        "src_port": event["source_port"],
        "dest_ip": event["destination_ip"],
        "dest_port": event["destination_port"],
        "proto": event["protocol"].upper(),
    }
    if draw(st.booleans()):
        verdict, number = draw(st.sampled_from(sorted(VERDICTS))), draw(st.integers(1, 3_000_000))
        event |= {
            "message_id": "alert",
            "vendor_action": verdict,
            "action": VERDICTS[verdict],
            "rule": str(number),
            "signature": draw(texts.map(lambda text: text.strip(" ")).filter(lambda text: text not in {"", "-"})),
        }
        entry |= {
            "event_type": "alert",
            "alert": {"action": verdict, "signature_id": number, "signature": event["signature"]},
        }
    else:
        sent, received, milliseconds = draw(counts), draw(counts), draw(st.integers(0, 10**9))
        flags = draw(st.lists(st.sampled_from(sorted(FLAG_BITS)), min_size=1, unique=True))
        event |= {
            "message_id": "flow",
            "packets": 2 + sent,
            "packet_bytes": sent + received,
            "duration_ms": milliseconds,
            "reason": draw(st.sampled_from(["timeout", "forced", "shutdown"])),
            "tcp_flags": " ".join(flag for flag in FLAG_BITS if flag in flags),
        }
        end = at(time + milliseconds // 1_000, 0)
        entry |= {
            "event_type": "flow",
            "flow": {
                "start": f"{at(time):%Y-%m-%dT%H:%M:%S}.000000+0000",
                "end": f"{end:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1_000:03}000+0000",
                "pkts_toserver": 2,
                "pkts_toclient": sent,
                "bytes_toserver": sent,
                "bytes_toclient": received,
                "reason": event["reason"],
            },
            "tcp": {"tcp_flags": f"{sum(FLAG_BITS[flag] for flag in flags):02x}"},
        }
    return json.dumps(shuffled(draw, entry), ensure_ascii=draw(st.booleans())), event


@settings(max_examples=50, deadline=None)
@given(st.lists(events(), min_size=1, max_size=20))
def test_random_events_are_read_back(drawn: list[tuple[str, dict[str, Any]]]) -> None:
    assert read_back("suricata", [line for line, _ in drawn]) == [event for _, event in drawn]
