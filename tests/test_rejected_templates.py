"""Kinds of rejected lines: lines that differ in their values only are one."""

from datetime import datetime
from pathlib import Path

import pytest

from pipelines.catalogue import publish
from tests.partitions import rejected_line, settings_for, write_partition
from tests.shells import ask_library, ask_shell


@pytest.mark.parametrize(
    ("line", "template"),
    [
        ("Apr  3 04:12:45 gate fw[99]: x", "<time> gate fw[<n>]: x"),
        ("2020-04-03T04:12:45Z a=1.2.3.4 b=2001:db8::1", "<time> a=<ip> b=<ip>"),
        ("MAC=02:00:5e:10:00:01:02:00:5e:10:00:fe:08:00 ID=0x1F", "MAC=<mac> ID=<n>"),
        ('msg="a 1 b" dst=::1', 'msg="*" dst=<ip>'),
        ("", ""),
        ("x" * 3_000, "x" * 200),
    ],
)
def test_what_differs_from_line_to_line_is_left_out(tmp_path: Path, line: str, template: str) -> None:
    catalogue = publish(settings_for(tmp_path)).path

    assert ask_library(catalogue, f"select line_template('{line}') as found") == [{"found": template}]


def test_a_new_firmware_is_one_row_with_its_count(tmp_path: Path) -> None:
    lines = [
        rejected_line(
            number,
            f"Apr  3 04:12:{number:02} gate fw: NEW SRC=192.0.2.{number} <b>",
            reason=f"destination_ip is no IP address: '{number}'",
            observed_at=datetime(2020, 4, 3, 4, 12, number),  # noqa: DTZ001 - UTC, as it is stored
        )
        for number in range(1, 31)
    ]
    write_partition(tmp_path, "rejected", "2020-04-03", [*lines, rejected_line(31, "other")])
    publish(settings_for(tmp_path))

    for ask in (ask_shell, ask_library):
        first, second = ask(tmp_path / "firewall.duckdb", "from rejected_templates")
        assert first == {
            "template": "<time> gate fw: NEW SRC=<ip> <b>",
            "reason": "destination_ip is no IP address",
            "lines": 30,
            "sensors": ["home"],
            "first_seen": "2020-04-03 04:12:01",
            "last_seen": "2020-04-03 04:12:30",
            "example": "Apr  3 04:12:01 gate fw: NEW SRC=192.0.2.1 <b>",
        }
        assert (second["template"], second["lines"]) == ("other", 1)
