"""What lies where, how long it may grow, and what it may be called."""

from __future__ import annotations

import ast
import subprocess

from tests.house.source import ROOT, name_of, nodes_of, python_files

ALLOWED_AT_THE_TOP = {
    ".ci",
    ".gitignore",
    "LICENSE",
    "Makefile",
    "README.md",
    "docs",
    "examsite",
    "instance",
    "pyproject.toml",
    "question_bank",
    "requirements-dev.lock",
    "requirements.lock",
    "tests",
    "wsgi.py",
}
NAMES_THAT_SAY_NOTHING = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"}
ENDINGS_THAT_SAY_NOTHING = ("Manager", "Helper", "Processor", "Utils")
LONGEST_FILE = 500
ONE_FILE_BY_CONTRACT = {"examsite/bundle/verify.py"}  # strangers get it alone; its own test says how long it may be


def _tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def test_top_level_holds_only_what_a_newcomer_is_told_about() -> None:
    assert {path.split("/", 1)[0].strip('"') for path in _tracked()} <= ALLOWED_AT_THE_TOP


def test_nothing_made_at_run_time_is_in_git() -> None:
    assert [path for path in _tracked() if path.startswith("instance/")] == ["instance/README.md"]
    assert [path for path in _tracked() if path.endswith((".mo", ".pyc", ".db", ".key"))] == []


def test_files_stay_short_enough_to_read() -> None:
    written = [path for path in python_files() if "migrations/versions" not in name_of(path)]
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in written}

    too_long = {name: length for name, length in lengths.items() if length > LONGEST_FILE}
    assert {name: length for name, length in too_long.items() if name not in ONE_FILE_BY_CONTRACT} == {}


def test_modules_are_named_after_what_they_hold() -> None:
    paths = [path.relative_to(ROOT) for path in python_files()]

    assert [str(path) for path in paths if NAMES_THAT_SAY_NOTHING & {*path.parts, path.stem}] == []


def test_classes_are_named_after_what_they_are() -> None:
    vague = [
        f"{place} {node.name}"
        for path in python_files()
        for node, place in nodes_of(path)
        if isinstance(node, ast.ClassDef) and node.name.endswith(ENDINGS_THAT_SAY_NOTHING)
    ]

    assert vague == []
