"""Each fault at a size of seconds: the promises hold, and each fault really strikes. Full sizes: `make faults`.

Three of them take longest, and only `make soak` runs these.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench.installation import ROOT

Strike = Callable[[str], dict[str, str]]


@pytest.fixture
def strike(tmp_path: Path) -> Strike:
    """Runs a fault in a process of its own, as a person does; gives its figures."""

    def run(name: str) -> dict[str, str]:
        file = tmp_path / "told.json"
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults", name, "--size", "short", "--json", str(file)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (told,) = json.loads(file.read_text(encoding="utf-8"))
        if told["skipped"]:
            pytest.skip(told["skipped"])
        figures: dict[str, str] = told["figures"]
        return figures

    return run


def test_killed_workers_lose_nothing_that_was_acknowledged(strike: Strike) -> None:
    figures = strike("kill")
    assert int(figures["workers killed"]) >= 2
    assert int(figures["calls that failed"]) > 0


def test_power_cuts_lose_nothing_and_would_without_synced_commits(strike: Strike) -> None:
    figures = strike("power")
    assert int(figures["saves acknowledged"]) > 0
    assert int(figures["lost in the control run"]) > 0


def test_line_that_cuts_after_the_commit_stores_each_save_once(strike: Strike) -> None:
    assert float(strike("proxy")["after the commit %"]) > 15


def test_disk_without_space_acknowledges_nothing_it_cannot_keep(strike: Strike) -> None:
    assert int(strike("disk")["waited in journals at the end of it"]) > 0


@pytest.mark.postgres
def test_postgresql_stopped_in_the_middle_loses_nothing(strike: Strike) -> None:
    assert int(strike("postgresql")["connections killed"]) > 0


@pytest.mark.soak
def test_jumps_of_the_wall_clock_move_no_start_and_no_end(strike: Strike) -> None:
    assert int(strike("clock")["jumps of up to ±5 min"]) > 5


@pytest.mark.soak
def test_exam_day_reaches_nothing_outside(strike: Strike) -> None:
    assert int(strike("namespace")["saves"]) > 0


@pytest.mark.soak
@pytest.mark.browser
def test_browser_loses_no_character_offline_reloaded_and_killed(strike: Strike) -> None:
    assert strike("browser")["characters lost"] == "0"
