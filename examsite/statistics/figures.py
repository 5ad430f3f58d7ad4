"""What a statistic looks like to those who show it: a number with its interval, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self, TypeAlias

Points: TypeAlias = Decimal | float
"""Points of a mark as they come, `Score` or number. They become binary floats here, and never a score again."""

CONFIDENCE: Final = 0.95
"""Share of samples whose interval holds the true value. Source: our choice, because it is the usual one."""


class NoFigure(StrEnum):
    """Why there is no number."""

    NO_SCRIPTS = "no_scripts"
    TOO_FEW_SCRIPTS = "too_few_scripts"
    NO_PAIRS = "no_pairs"
    """No script carries the marks of two people."""
    ONE_MARKER = "one_marker"
    NO_SPREAD = "no_spread"
    """All values are equal, so that agreement and chance look the same."""
    NOT_CONNECTED = "not_connected"
    """Markers fall into groups without a script in common; nothing tells a strict group from weak scripts."""
    ONE_ITEM = "one_item"
    INCOMPLETE = "incomplete"
    """No script has a result for every item."""
    GRADED = "graded"
    """Some results are neither nothing nor everything, which a coefficient for right and wrong cannot take."""


class IntervalKind(StrEnum):
    """How an interval was found."""

    F = "f"
    T = "t"
    FISHER = "fisher"
    WILSON = "wilson"
    BOOTSTRAP = "bootstrap"


@dataclass(frozen=True, slots=True)
class Figure:
    """A statistic: either a finite `value`, or the `reason` for none.

    Attributes:
        value: in the unit of the statistic; shares and coefficients are plain numbers, 1 is all.
        cases: how many scripts, pairs or checks it rests on.
        low: lower end of the 95 % interval; missing together with `high` where no interval can be given.
        high: upper end.
        interval: how the interval was found.
        standard_error: of the value, where the model gives one.
        reason: why there is no value.
    """

    value: float | None
    cases: int
    low: float | None = None
    high: float | None = None
    interval: IntervalKind | None = None
    standard_error: float | None = None
    reason: NoFigure | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            raise ValueError("a figure has either a value or a reason")
        for number in (self.value, self.low, self.high, self.standard_error):
            if number is not None and not math.isfinite(number):
                raise ValueError("a figure is finite")
        if (self.low is None) != (self.high is None) or (self.low is None) != (self.interval is None):
            raise ValueError("an interval has two ends and a kind")

    @classmethod
    def of(
        cls,
        value: float,
        cases: int,
        *,
        ends: tuple[float, float] | None = None,
        interval: IntervalKind | None = None,
        standard_error: float | None = None,
    ) -> Self:
        """A number, with its interval unless an end of it is not finite."""
        low, high = (float(end) for end in ends) if ends is not None else (math.nan, math.nan)
        if interval is None or not (math.isfinite(low) and math.isfinite(high)):
            return cls(float(value), cases, standard_error=standard_error)
        return cls(float(value), cases, low, high, interval, standard_error)

    @classmethod
    def none(cls, reason: NoFigure, cases: int = 0) -> Self:
        """No number, and why."""
        return cls(None, cases, reason=reason)

    @property
    def known(self) -> bool:
        """Whether there is a number."""
        return self.value is not None


@dataclass(frozen=True, slots=True)
class ScriptMark:
    """What one marker gave one script (or one question of it), in points. Codes only, no person."""

    script: str
    marker: str
    points: Points


def by_script(marks: Iterable[ScriptMark]) -> dict[str, dict[str, float]]:
    """The marks of each script by marker, both in the order of their codes, so that no figure depends on row order.

    Raises:
        ValueError: when one marker has two marks on one script.
    """
    table: dict[str, dict[str, float]] = {}
    for mark in sorted(marks, key=lambda mark: (mark.script, mark.marker)):
        given = table.setdefault(mark.script, {})
        if mark.marker in given:
            raise ValueError("one marker, one script, one mark")
        given[mark.marker] = float(mark.points)
    return table


def is_low(figure: Figure, limit: float) -> bool:
    """Whether a figure is known and below the limit: somebody should look."""
    return figure.value is not None and figure.value < limit
