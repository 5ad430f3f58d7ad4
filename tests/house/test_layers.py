"""Who may import whom; the contracts themselves are in pyproject.toml."""

from __future__ import annotations

from contextlib import redirect_stdout
from io import StringIO

import pytest
from importlinter.cli import lint_imports

from tests.house.source import ROOT


def test_every_import_contract_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    said = StringIO()

    with redirect_stdout(said):
        result = lint_imports(no_cache=True)

    assert result == 0, said.getvalue()
