"""How the members of a `result.json` are read strictly, for the code that recomputes it.

Every figure becomes whole hundredths; whatever is not exactly in the published form is a problem, never a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

_FIGURE = re.compile(r"(?:0|[1-9][0-9]{0,8})\.[0-9]{2}")

Table: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not hold: where, what kind, what the document says and what it should say.

    Codes: `malformed`, `not_known`, `duplicate`, `not_sorted`, `incomplete`, `out_of_range`, `off_step`, `differs`.
    """

    where: str
    code: str
    stated: str = ""
    expected: str = ""


class ProblemFoundError(Exception):
    """The document, or this candidate of it, cannot be read on."""

    def __init__(self, where: str, code: str, stated: object = "", expected: object = "") -> None:
        super().__init__(where)
        self.problem = Problem(where, code, shown(stated), shown(expected))


def read_members(value: object, where: str, *names: str) -> Table:
    """The object, when it has exactly these members."""
    if not isinstance(value, dict) or set(value) != set(names):
        stated = ", ".join(sorted(map(str, value))) if isinstance(value, dict) else type(value).__name__
        raise ProblemFoundError(where, "malformed", stated, ", ".join(sorted(names)))
    return value


def read_list(value: object, where: str) -> list[Any]:
    """The list."""
    if not isinstance(value, list):
        raise ProblemFoundError(where, "malformed", type(value).__name__, "list")
    return value


def read_text(value: object, where: str) -> str:
    """The text."""
    if not isinstance(value, str):
        raise ProblemFoundError(where, "malformed", type(value).__name__, "text")
    return value


def read_text_or_none(value: object, where: str) -> str | None:
    """The text, or nothing."""
    return None if value is None else read_text(value, where)


def read_flag(value: object, where: str) -> bool:
    """The true or false of the document."""
    if not isinstance(value, bool):
        raise ProblemFoundError(where, "malformed", type(value).__name__, "true or false")
    return value


def read_count(value: object, where: str, *, least: int = 0) -> int:
    """The whole number, not below the least."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ProblemFoundError(where, "malformed", value, f"≥ {least}")
    return value


def read_hundredths(value: object, where: str, *, least: int = 0, most: int | None = None) -> int:
    """The figure with two decimals, in whole hundredths."""
    if not isinstance(value, str) or not _FIGURE.fullmatch(value):
        raise ProblemFoundError(where, "malformed", value, "0.00")
    number = int(value.replace(".", ""))
    if number < least or (most is not None and number > most):
        raise ProblemFoundError(where, "out_of_range", value, figure_text(most or least))
    return number


def figure_text(hundredths: int) -> str:
    """Whole hundredths as the figure stands in the document."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def round_half_up(value: int, divisor: int) -> int:
    """Half-up, of a quotient that is never negative."""
    return (2 * value + divisor) // (2 * divisor)


def require_same(where: str, stated: object, expected: object) -> None:
    """Stop where the document states something else."""
    if type(stated) is not type(expected) or stated != expected:
        raise ProblemFoundError(where, "differs", stated, expected)


def compare(problems: list[Problem], where: str, stated: object, expected: object) -> None:
    """Note where the document states something else, and go on."""
    if type(stated) is not type(expected) or stated != expected:
        problems.append(Problem(where, "differs", shown(stated), shown(expected)))


def shown(value: object) -> str:
    """How a stated value is quoted in a problem."""
    return "" if value is None else str(value)
