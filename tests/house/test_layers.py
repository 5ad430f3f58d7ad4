"""Who may import whom, and what only when it is needed; the contracts themselves are in pyproject.toml."""

from __future__ import annotations

import ast
from contextlib import redirect_stdout
from io import StringIO

import pytest
from importlinter.cli import lint_imports

from tests.house.source import ROOT, name_of, python_files, tree_of

HEAVY = {
    "numpy",
    "scipy",
    *(f"examsite.statistics.{name}" for name in ("agreement", "drift", "intraclass", "severity")),
}


def test_every_import_contract_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    said = StringIO()

    with redirect_stdout(said):
        result = lint_imports(no_cache=True)

    assert result == 0, said.getvalue()


def test_server_starts_without_the_libraries_for_numbers() -> None:
    outside = [path for path in python_files("examsite") if "examsite/statistics/" not in name_of(path)]
    early = [
        f"{name_of(path)}:{node.lineno}"
        for path in outside
        for node in tree_of(path).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in _imported(node)
        if name in HEAVY or name.split(".")[0] in HEAVY
    ]

    assert early == []


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
