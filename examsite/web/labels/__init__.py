"""Words for people: every enum member and every error code, one file per noun.

A file may define `LABELS` ({enum class: {member: text}}), `ERRORS` ({code: text with %(param)s}) and `MISSING` (the
same for what keeps a gate shut). A house test fails when a member or a code has no words.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from flask_babel import LazyString

from examsite.web.formatting import format_datetime, format_points

#: Essays and parts of the defence bear a letter in records and rubrics alone; people read the number after it.
_INTERNAL = re.compile(r"\b[DE](?=[0-9]+\b)")

LABELS: dict[type[StrEnum], dict[Any, LazyString]] = {}
ERRORS: dict[str, LazyString] = {}
MISSING: dict[str, LazyString] = {}

for _module in sorted(pkgutil.iter_modules(__path__), key=lambda item: item.name):
    _loaded = importlib.import_module(f"{__name__}.{_module.name}")
    LABELS.update(getattr(_loaded, "LABELS", {}))
    ERRORS.update(getattr(_loaded, "ERRORS", {}))
    MISSING.update(getattr(_loaded, "MISSING", {}))


def label(member: StrEnum) -> str:
    """The member in the reader's language."""
    return str(LABELS[type(member)][member])


def error_text(code: str, params: dict[str, Any]) -> str:
    """The sentence for an error code; enum members, scores and instants among the params are put into words."""
    return str(ERRORS[code]) % in_words(params)


def missing_text(code: str, params: dict[str, Any]) -> str:
    """The words for one thing that keeps a gate shut."""
    return str(MISSING[code]) % in_words(params)


def in_words(params: dict[str, Any]) -> dict[str, Any]:
    """The params of a sentence with enum members, scores and instants put into words, criteria as pages number them."""
    return {name: shown_number(value) if name == "criterion" else _word(value) for name, value in params.items()}


def shown_number(names: Any) -> str:
    """How pages number criteria and questions that rules name by letter and number, e.g. 2.b for E2.b and 1 for D1."""
    return _INTERNAL.sub("", str(names))


def _word(value: Any) -> Any:
    if isinstance(value, StrEnum) and type(value) in LABELS:
        return label(value)
    if isinstance(value, Decimal):
        return format_points(value)
    if isinstance(value, datetime):
        return format_datetime(value)
    return value
