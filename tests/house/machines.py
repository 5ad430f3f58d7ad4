"""Every workflow that the rules declare, found by looking, so that none can be forgotten."""

from __future__ import annotations

import importlib
from typing import Any

from examsite.domain.state_machine import StateMachine
from tests.house.source import ROOT, python_files


def declared_machines() -> dict[str, StateMachine[Any, Any]]:
    """The machines of the domain by name."""
    found: dict[str, StateMachine[Any, Any]] = {}
    for path in python_files("examsite/domain"):
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for value in vars(importlib.import_module(dotted)).values():
            if isinstance(value, StateMachine):
                assert found.setdefault(value.name, value) is value, f"two machines are called {value.name}"
    return found
