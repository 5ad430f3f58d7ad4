"""The bench itself runs through with three candidates: figures for every phase, no error, nothing lost."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.installation import ROOT
from tests.bench.locks import Bench


@pytest.mark.soak
def test_three_candidates_come_in_write_and_hand_in(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    small = ["--users", "3", "--limit-users", "3", "--seconds", "1", "--every", "0.3", "--spread", "0.2"]
    small += ["--at-once", "3", "--seconds-at-once", "0.5", "--databases", "sqlite"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", *small, "--json", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    room, limits = json.loads(figures.read_text(encoding="utf-8"))
    assert (room["lost"], limits["lost"]) == (0, 0)
    assert [item["name"].split(",")[0].split(" (")[0] for item in room["figures"]] == [
        "log-in",
        "waiting page asks",
        "start",
        "autosave",
        "autosave while others log in",
        "log-in while others save",
        "hand-in within the last 0.2 s",
    ]
    assert [item["name"].split(",")[0].split(" (")[0] for item in limits["figures"]] == [
        "start",
        "autosave",
        "hand-in",
        "floor: bare insert",
        "floor: bare insert",
    ]
    assert [item["name"] for item in room["figures"] + limits["figures"] if item["errors"]] == []


@pytest.mark.soak
def test_three_markers_mark_everything(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    small = ["--scripts", "3", "--markers", "3", "--pace", "0.02", "--alone", "2", "--databases", "sqlite"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.marking", *small, "--json", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = json.loads(figures.read_text(encoding="utf-8"))
    assert (run["due"], run["locked"]) == (6, 6)
    assert [item["name"] for item in run["figures"] if item["errors"]] == []


def test_a_short_log_is_measured() -> None:
    small = ["--records", "300", "--rounds", "0", "--databases", "sqlite"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.records", *small],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert "the log does not verify" not in done.stdout, done.stdout
    assert "the proof does not hold" not in done.stdout, done.stdout
    assert "targets missed" in done.stdout, done.stdout + done.stderr


@pytest.mark.soak
def test_a_sealed_paper_reaches_everybody() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.opening", "--users", "3", "--databases", "sqlite"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert "the last of 3 after" in done.stdout, done.stdout + done.stderr
    assert " 0 errors" in done.stdout, done.stdout + done.stderr
    # In the memory of every process of the server and in its files: nowhere before, and seen afterwards.
    assert re.search(r"before the opening: 0 places in [2-9] processes and .*: met\), afterwards [1-9]", done.stdout), (
        done.stdout
    )


def test_every_act_of_a_competition_is_measured_for_its_lock(tmp_path: Path) -> None:
    bench = Bench(tmp_path, None, 12, 3)
    bench.run()
    shortest = {figure.name: figure.held for figure in bench.figures}
    assert shortest["build the bundle"] == shortest["back up"] == 0, "they only read"
    assert all(held > 0 for name, held in shortest.items() if name not in {"build the bundle", "back up"})
    assert "erase" in shortest
