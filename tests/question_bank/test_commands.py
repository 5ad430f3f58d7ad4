"""The commands for those who keep a bank."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from question_bank.__main__ import main
from tests.question_bank.conftest import Plant


def test_check_of_a_sound_bank_succeeds(bank_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--path", str(bank_root)]) == 0
    assert capsys.readouterr().out == (
        "6 questions (1 essay, 1 multiple, 1 numeric, 1 ordering, 1 single, 1 true_false); 0 findings\n"
    )


def test_check_names_file_and_key_and_fails(bank_root: Path, plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    file = plant("S-01", "correct = true\n", "")
    assert main(["check", "--path", str(bank_root)]) == 1
    assert f"error: {file}: options: single has exactly one correct option, here 0" in capsys.readouterr().out


def test_list_prints_one_line_per_question(bank_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--path", str(bank_root)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["ID", "E-01", "N-01", "O-01", "M-01", "S-01", "T-01"]
    assert "management" in lines[2]
    assert "controlling" in lines[2]


def test_list_of_a_broken_bank_shows_the_rest_and_fails(
    bank_root: Path, plant: Plant, capsys: pytest.CaptureFixture[str]
) -> None:
    file = plant("S-01", "difficulty = 1", "difficulty = 7")
    assert main(["list", "--path", str(bank_root)]) == 1
    printed = capsys.readouterr()
    assert "N-01" in printed.out
    assert f"error: {file}: difficulty:" in printed.err


def test_show_marks_the_right_option(bank_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "S-01", "--path", str(bank_root)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("*")] == ["* b  Hà Nội"]


@pytest.mark.parametrize("question_id", ["M-01", "T-01", "N-01", "O-01", "E-01"])
def test_show_prints_every_kind(bank_root: Path, capsys: pytest.CaptureFixture[str], question_id: str) -> None:
    assert main(["show", question_id, "--path", str(bank_root)]) == 0
    assert capsys.readouterr().out.startswith(question_id)


def test_show_of_an_unknown_id_fails(bank_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "X-99", "--path", str(bank_root)]) == 1
    assert "X-99: no such question" in capsys.readouterr().err


def test_module_runs_as_a_command(bank_root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "question_bank", "check", "--path", str(bank_root)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
