"""The bench itself runs through with three candidates: figures for every phase, no error, nothing lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.bench.installation import ROOT


def test_three_candidates_come_in_write_and_hand_in(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    small = ["--users", "3", "--seconds", "1", "--every", "0.3", "--spread", "0.2", "--at-once", "3"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", *small, "--seconds-at-once", "0.5", "--json", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(figures.read_text(encoding="utf-8"))["sqlite"]
    assert told["lost"] == 0
    assert [item["name"].split(",")[0].split(":")[0] for item in told["figures"]] == [
        "log-in",
        "waiting page",
        "test page + open",
        "until one can write",
        "autosave",
        "autosave",
        "hand-in",
        "floor",
        "floor",
    ]
    assert [item["name"] for item in told["figures"] if item["errors"] or not item["count"]] == []
