"""Words for people: every enum member and every error code, one file per noun.

A file may define `LABELS` ({enum class: {member: text}}) and `ERRORS` ({code: text with %(param)s}). A house test
fails when a member or a code has no words.
"""

from __future__ import annotations

import importlib
import pkgutil
from enum import StrEnum
from typing import Any

from flask_babel import LazyString

LABELS: dict[type[StrEnum], dict[Any, LazyString]] = {}
ERRORS: dict[str, LazyString] = {}

for _module in sorted(pkgutil.iter_modules(__path__), key=lambda item: item.name):
    _loaded = importlib.import_module(f"{__name__}.{_module.name}")
    LABELS.update(getattr(_loaded, "LABELS", {}))
    ERRORS.update(getattr(_loaded, "ERRORS", {}))


def label(member: StrEnum) -> str:
    """The member in the reader's language."""
    return str(LABELS[type(member)][member])


def error_text(code: str, params: dict[str, Any]) -> str:
    """The sentence for an error code; enum members among the params are put into words."""
    words = {
        name: label(value) if isinstance(value, StrEnum) and type(value) in LABELS else value
        for name, value in params.items()
    }
    return str(ERRORS[code]) % words
