"""How firmly a ranking stands, given that two people never give quite the same mark: chances, intervals, ties.

For the council before it signs. The published ranking is the one of the scores and nothing here moves it: these figures
say how much of it another pair of equally good markers would have left as it is.

A candidate's total carries the error of its marks. That error is estimated from the marks themselves: from the
differences of two markers on one script and of the members of a panel on one defence. Given the totals and their
errors, the totals that endless marking would have found are drawn many times over, each drawing with an error variance
that fits what was seen; the share of drawings in which somebody comes first, or lands on a rank, is the chance of it.

The spread of true totals is learnt from all totals together (empirical Bayes), because a total far up is more often
there by luck as well than one in the middle; without it the intervals at both ends are too narrow.

Source: Goldstein & Spiegelhalter, JRSS A 159 (1996) 385-443 (intervals of ranks from marks with error); Laird & Louis,
J. Educ. Stat. 14 (1989) 29-46 (empirical Bayes ranking); Searle, Linear Models (1971) §7 (variance of the error).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from examsite.statistics.figures import NoFigure, Points, ScriptMark, by_script

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from examsite.statistics.intervals import Numbers

    Places: TypeAlias = NDArray[np.intp]

DRAWS: Final = 4_000
"""Drawings. Source: our choice, because a chance is then known within one percent."""
SEED: Final = 20_260_608
"""Fixed, so that a page shows the same chances twice. Source: our choice, because any number serves."""
NOMINAL: Final = 0.90
"""Share of true ranks that the intervals hold. Source: our choice, because more would say little of a short list."""
TIED_FROM: Final = 0.05
"""Chance of truly being first from which somebody counts as tied with the first; also how unsure a place among those
selected must be. Source: our choice, because one in twenty is the usual line."""
LEAST_FREEDOM: Final = 5
"""Differences from which the error of a mark is known well enough. Source: our choice, as for severities."""
LEAST_RANKED: Final = 2
"""People below whom there is no ranking to speak of."""


@dataclass(frozen=True, slots=True)
class MarkError:
    """The error of single marks of one part.

    Attributes:
        variance: of one mark, in points squared.
        freedom: differences that it rests on.
    """

    variance: float
    freedom: int


@dataclass(frozen=True, slots=True)
class RankedTotal:
    """One ranked candidate.

    Attributes:
        code: public code.
        rank: as published; ties share it.
        total: as published.
        shares: for each part the factor that turns the variance of one mark into that of the total, e.g. weight² / 2
            for the mean of two marks; parts without an error are left out.
    """

    code: str
    rank: int
    total: Points
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RankChance:
    """One candidate's place.

    Attributes:
        code: public code.
        rank: as published.
        first: chance of truly being first.
        among: chance of truly being among those with a vacancy.
        low: best rank of the interval.
        high: worst rank of it.
        held: chance that it holds the true rank; the nearest to `NOMINAL` that whole ranks allow.
    """

    code: str
    rank: int
    first: float
    among: float
    low: int
    high: int
    held: float


@dataclass(frozen=True, slots=True)
class RankStability:
    """The ranking of one post.

    Attributes:
        rows: in the order of the ranking.
        tied: everybody whom the marks do not tell apart from the first, the first included.
        unsure: everybody of whom the marks do not say whether they belong to those with a vacancy.
        error: standard deviation of the error of a total, in points; the mean over candidates.
        reason: why there are no figures.
    """

    rows: tuple[RankChance, ...]
    tied: tuple[str, ...]
    unsure: tuple[str, ...]
    error: float | None
    reason: NoFigure | None = None

    @property
    def first_chance(self) -> float | None:
        """Chance that whoever stands first is truly first; of several at the top, of the surest."""
        return max((row.first for row in self.rows if row.rank == 1), default=None)


def mark_error(marks: Iterable[ScriptMark]) -> MarkError | None:
    """The error of a single mark, from scripts that several people marked; None when there are too few.

    Where the same people marked every script, how strict each one is moves all scripts alike and is no error of a
    ranking; where they changed from script to script it is one, and stays in.
    """
    known = [given for given in by_script(marks).values() if len(given) > 1]
    if not known:
        return None
    same = len({frozenset(given) for given in known}) == 1
    squares, freedom = 0.0, 0
    if same:
        table = np.array([[given[marker] for marker in sorted(given)] for given in known])
        left = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + table.mean()
        squares = float((left**2).sum())
        freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    else:
        for given in known:
            values = np.array(list(given.values()))
            squares += float(((values - values.mean()) ** 2).sum())
            freedom += values.size - 1
    return MarkError(squares / freedom, freedom) if freedom >= LEAST_FREEDOM else None


def assess_ranking(
    totals: Sequence[RankedTotal], errors: Mapping[str, MarkError], *, vacancies: int, draws: int = DRAWS
) -> RankStability:
    """Chances, intervals and ties of one post's ranking.

    Args:
        totals: everybody ranked.
        errors: of single marks, by part.
        vacancies: how many are selected.
        draws: how many true rankings are drawn.
    """
    if len(totals) < LEAST_RANKED:
        return RankStability((), (), (), None, NoFigure.TOO_FEW_SCRIPTS)
    if any(part not in errors for row in totals for part in row.shares):
        return RankStability((), (), (), None, NoFigure.NO_PAIRS)
    seen = np.array([float(row.total) for row in totals])
    chance = np.random.default_rng(SEED)
    parts = sorted({part for row in totals for part in row.shares})
    share = np.array([[row.shares.get(part, 0.0) for part in parts] for row in totals])
    # How well the error itself is known: each drawing takes one that fits what was seen.
    variances = np.array(
        [errors[part].variance * errors[part].freedom / chance.chisquare(errors[part].freedom, draws) for part in parts]
    )
    error = np.sqrt(np.maximum(share @ variances, 1e-12)).T if parts else np.full((draws, seen.size), 1e-6)
    true = _true_totals(seen, error, chance)
    ranks = _ranks(true)
    rows = _rows(totals, ranks, vacancies=vacancies)
    order = sorted(rows, key=lambda row: (row.rank, row.code))
    return RankStability(
        rows=tuple(order),
        tied=tuple(row.code for row in order if row.rank == 1 or row.first >= TIED_FROM),
        unsure=tuple(row.code for row in order if TIED_FROM < row.among < 1 - TIED_FROM),
        error=float(np.sqrt((error**2).mean())),
    )


def _true_totals(seen: Numbers, error: Numbers, chance: np.random.Generator) -> Numbers:
    """Totals without error that fit what was seen; one row a drawing."""
    people = seen.size
    spread = max(float(seen.var(ddof=1)), 1e-12)
    within = (error**2).mean(axis=1)
    # The spread of what was seen is known no better than so many people allow.
    total = spread * (people - 1) / chance.chisquare(people - 1, error.shape[0])
    between = np.maximum(total - within, 0.05 * total)
    middle = seen.mean() + chance.standard_normal(error.shape[0]) * np.sqrt(total / people)
    pull = between[:, None] / (between[:, None] + error**2)
    centre = middle[:, None] + pull * (seen[None, :] - middle[:, None])
    drawn: Numbers = centre + chance.standard_normal(error.shape) * np.sqrt(pull) * error
    return drawn


def _ranks(true: Numbers) -> Places:
    order = np.argsort(-true, axis=1, kind="stable")
    ranks: Places = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, true.shape[1] + 1)[None, :], axis=1)
    return ranks


def _rows(totals: Sequence[RankedTotal], ranks: Places, *, vacancies: int) -> list[RankChance]:
    people = len(totals)
    rows = []
    for number, row in enumerate(totals):
        share = np.bincount(ranks[:, number], minlength=people + 1)[1:] / ranks.shape[0]
        low, high, held = _interval(share)
        rows.append(
            RankChance(
                code=row.code,
                rank=row.rank,
                first=float(share[0]),
                among=float(share[:vacancies].sum()),
                low=low,
                high=high,
                held=held,
            )
        )
    return rows


def _interval(share: Numbers) -> tuple[int, int, float]:
    """The shortest run of ranks around the likeliest one whose chance is nearest to `NOMINAL`."""
    low = high = int(np.argmax(share))
    held = float(share[low])
    best = (low, high, held)
    while held < NOMINAL and (low > 0 or high < share.size - 1):
        below = share[low - 1] if low > 0 else -1.0
        above = share[high + 1] if high < share.size - 1 else -1.0
        if below >= above:
            low, held = low - 1, held + float(below)
        else:
            high, held = high + 1, held + float(above)
        if abs(held - NOMINAL) < abs(best[2] - NOMINAL) or math.isclose(held, best[2]):
            best = (low, high, held)
    return best[0] + 1, best[1] + 1, best[2]
