"""What a score is: a decimal of hundredths, read, rounded and written in one way everywhere.

For every rule that adds, compares or shows points. It must never see a binary float: real selections were decided
by 0.10 point (86.79 against 86.69).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TypeAlias

from examsite.domain.errors import InvalidError

Score: TypeAlias = Decimal

# Source: TT 22/2025/TT-BNV art. 16, 18, 19-22: official scores carry two decimals.
QUANTUM = Decimal("0.01")
ZERO = Decimal("0.00")
# Source: TT 22/2025/TT-BNV and NĐ 170/2025/NĐ-CP use a scale of 100 everywhere; percentages and weights too.
HUNDRED = Decimal("100.00")

# Source: our choice, because scales stay far below a million, and the sum of any number of candidates stays exact.
_CONTEXT = Context(prec=50, rounding=ROUND_HALF_UP)
_EXACT = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,2})?")
_TYPED = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,2})?")


def score(value: str | int | Decimal) -> Score:
    """The score that a program wrote: at most two decimals, no exponent, no NaN, never a float.

    Raises:
        InvalidError: `score_not_readable`.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise InvalidError("score_not_readable", text=str(value))
    text = str(value)
    if not _EXACT.fullmatch(text):
        raise InvalidError("score_not_readable", text=text)
    # The sum with zero turns "-0" into "0": a score has one spelling.
    return Decimal(text).quantize(QUANTUM, context=_CONTEXT) + ZERO


def parse_score(text: str) -> Score:
    """The score that a person typed: a comma or a dot before the decimals.

    A mark of thousands is refused, not guessed: "1.234" has three decimals and "1.234,5" two separators.

    Raises:
        InvalidError: `score_not_readable`.
    """
    typed = text.strip()
    if not _TYPED.fullmatch(typed):
        raise InvalidError("score_not_readable", text=text)
    return score(typed.replace(",", "."))


def round_score(value: Decimal) -> Score:
    """The value at two decimals, half-up.

    Source: two decimals TT 22/2025/TT-BNV art. 16-22; half-up is our choice, because the circular names no mode
    and it is what people compute by hand.
    """
    return value.quantize(QUANTUM, context=_CONTEXT)


def score_text(value: Score) -> str:
    """How the score stands in a record or a bundle: "86.79", a dot and two decimals."""
    return str(score(value))


def sum_scores(values: Iterable[Score]) -> Score:
    """The exact sum, 0.00 of nothing."""
    return sum(values, ZERO)


def mean_score(values: Iterable[Score]) -> Score:
    """The mean, rounded once.

    Raises:
        InvalidError: `score_missing`, when there is nothing to take the mean of.
    """
    known = tuple(values)
    if not known:
        raise InvalidError("score_missing")
    return round_score(_CONTEXT.divide(sum_scores(known), Decimal(len(known))))


def part_of(value: Decimal, percent: Decimal) -> Decimal:
    """`percent` per cent of the value, exact and not yet rounded."""
    return _CONTEXT.divide(_CONTEXT.multiply(value, percent), HUNDRED)


def is_multiple(points: Score, step: Score) -> bool:
    """Whether the points stand on the grid of the step (a step of zero or less has no grid)."""
    return step > ZERO and points % step == ZERO
