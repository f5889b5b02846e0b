"""The scanner is compiled once for each kind of format, in a process of its own, and that is said."""

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pipelines.batches import Reader
from pipelines.format import all_formats
from pipelines.scanning import compilation
from pipelines.scanning.scanner import scan_spans
from pipelines.scanning.words import PADDING

SAID = "Compiling the scanner for this machine: once, a minute or two ...\n"


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run what is started in this process, which has compiled code already, for a machine that has none."""
    kinds: list[str] = []

    def run(command: Sequence[str], **_: object) -> None:
        assert command[1:-1] == ["-m", "pipelines.scanning.compilation"]
        kinds.append(command[-1])
        monkeypatch.setattr(sys, "argv", ["compilation", command[-1]])
        compilation.main()

    monkeypatch.setattr(compilation, "cache_folder", lambda: tmp_path / "none yet")
    monkeypatch.setattr(subprocess, "run", run)
    return kinds


def test_it_is_compiled_once_for_each_kind(started: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    forms = all_formats()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(compilation.ensure_compiled, [forms["netfilter"]] * 4))
    assert started == ["Tables"]
    assert capfd.readouterr().err == SAID
    compilation.ensure_compiled(forms["filterlog"])
    compilation.ensure_compiled(forms["cisco_asa"])
    assert started == ["Tables", "Plan"]
    assert capfd.readouterr().err == SAID


def test_a_process_that_fails_is_no_reason_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compilation, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(sys, "executable", "false")
    for _ in range(2):
        compilation.ensure_compiled(all_formats()["netfilter"])
        assert capfd.readouterr().err == SAID


def test_formats_of_a_kind_share_machine_code() -> None:
    line = np.zeros(2 + PADDING, np.uint8)
    line[:2] = list(b"x\n")
    forms = all_formats().values()
    for form in forms:
        Reader(form, 4).read(line, 2, 0, ZoneInfo("UTC"))
    assert len(scan_spans.signatures) == len({compilation._kind(form) for form in forms})  # type: ignore[attr-defined] # numba's
