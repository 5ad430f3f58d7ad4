"""How well two people agree: shares, gaps, quadratic-weighted kappa and Krippendorff's alpha.

For the head of marking: per pair of markers, per marker, per question, over all scripts. The intraclass correlations
stand in `intraclass`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from examsite.statistics.figures import Figure, IntervalKind, NoFigure, Points, ScriptMark, by_script
from examsite.statistics.intervals import bootstrap_ends, wilson_ends

if TYPE_CHECKING:
    from examsite.statistics.intervals import Numbers, Statistic

LEAST_KAPPA: Final = 0.70
"""Quadratic-weighted kappa below which the head is alarmed. Source: Williamson, Xi & Breyer, Educ. Meas.: Issues and
Practice 31 (2012) 2-13: at least .70, where half of the variance of the marks is common."""
LEAST_ALPHA: Final = 0.667
"""Krippendorff's alpha below which the head is alarmed. Source: Krippendorff, Content Analysis (2004) §11.4: .667 is
the lowest limit for tentative conclusions."""
ADJACENT_WITHIN: Final = 5.0
"""Gap up to which two totals on 100 count as adjacent. Source: TT 22/2025/TT-BNV art. 16(2): up to 5, the mean."""

_DECIMALS = 6  # Points have two decimals; what lies further behind comes from binary floats.


@dataclass(frozen=True, slots=True)
class MarkPair:
    """Two marks on one script, markers in the order of their codes."""

    script: str
    first_marker: str
    second_marker: str
    first: float
    second: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a number of pairs agree.

    Attributes:
        pairs: how many.
        exact: share of equal marks.
        adjacent: share of marks at most `adjacent_within` points apart, the equal ones included.
        mean_gap: mean of the absolute differences, in points.
        mean_difference: mean of first − second, in points: above zero, the first gives more.
        kappa: quadratic-weighted kappa.
    """

    pairs: int
    exact: Figure
    adjacent: Figure
    mean_gap: Figure
    mean_difference: Figure
    kappa: Figure


def pairs_of(marks: Iterable[ScriptMark]) -> tuple[MarkPair, ...]:
    """Every two marks on one script."""
    return tuple(
        MarkPair(script, one, other, given[one], given[other])
        for script, given in by_script(marks).items()
        for one, other in combinations(given, 2)
    )


def agree(pairs: Sequence[tuple[Points, Points]], *, adjacent_within: Points = ADJACENT_WITHIN) -> Agreement:
    """How well the first and the second mark of each pair agree.

    Args:
        pairs: two marks each.
        adjacent_within: points up to which two marks count as adjacent.
    """
    cases = len(pairs)
    if cases == 0:
        none = Figure.none(NoFigure.NO_PAIRS)
        return Agreement(0, none, none, none, none, none)
    first, second = _columns(pairs)
    differences = np.round(first - second, _DECIMALS)
    gaps = np.abs(differences)
    return Agreement(
        pairs=cases,
        exact=_share(int((gaps == 0).sum()), cases),
        adjacent=_share(int((gaps <= float(adjacent_within)).sum()), cases),
        mean_gap=_mean(gaps),
        mean_difference=_mean(differences),
        kappa=weighted_kappa(pairs),
    )


def agree_by_pair(
    marks: Iterable[ScriptMark], *, adjacent_within: Points = ADJACENT_WITHIN
) -> Mapping[tuple[str, str], Agreement]:
    """How well each two markers agree who share a script; keys are codes in order."""
    found: dict[tuple[str, str], list[tuple[Points, Points]]] = {}
    for pair in pairs_of(marks):
        found.setdefault((pair.first_marker, pair.second_marker), []).append((pair.first, pair.second))
    return {who: agree(found[who], adjacent_within=adjacent_within) for who in sorted(found)}


def agree_by_marker(
    marks: Iterable[ScriptMark], *, adjacent_within: Points = ADJACENT_WITHIN
) -> Mapping[str, Agreement]:
    """How well each marker agrees with whoever else marked the same scripts; `first` is the marker's own mark."""
    known = list(marks)
    found: dict[str, list[tuple[Points, Points]]] = {mark.marker: [] for mark in known}
    for pair in pairs_of(known):
        found[pair.first_marker].append((pair.first, pair.second))
        found[pair.second_marker].append((pair.second, pair.first))
    return {marker: agree(found[marker], adjacent_within=adjacent_within) for marker in sorted(found)}


def weighted_kappa(pairs: Sequence[tuple[Points, Points]]) -> Figure:
    """Cohen's kappa with quadratic weights, with a bootstrap interval over pairs.

    The weight is the squared difference in points, so that no list of possible marks is needed: marks that nobody gave
    change nothing, and neither does the step of the scale.

    Source: Cohen, Psychol. Bull. 70 (1968) 213-220; Fleiss & Cohen, Educ. Psychol. Meas. 33 (1973) 613-619.
    """
    cases = len(pairs)
    if cases == 0:
        return Figure.none(NoFigure.NO_PAIRS)
    first, second = _columns(pairs)
    if np.ptp(np.concatenate([first, second])) == 0:
        return Figure.none(NoFigure.NO_SPREAD, cases)
    centre = float(np.concatenate([first, second]).mean())
    x, y = first - centre, second - centre

    def kappa(drawn: Numbers) -> Numbers:
        size = drawn.sum(axis=1)
        observed = (drawn @ (x - y) ** 2) / size
        chance = (drawn @ (x**2 + y**2)) / size - 2 * (drawn @ x) * (drawn @ y) / size**2
        return _one_minus(observed, chance)

    return _with_bootstrap(cases, kappa)


def krippendorff_alpha(marks: Iterable[ScriptMark]) -> Figure:
    """Krippendorff's alpha for points, over the scripts with two marks or more; missing marks are no obstacle.

    The interval is a bootstrap over scripts.

    Source: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), interval data.
    """
    known = by_script(marks)
    if not known:
        return Figure.none(NoFigure.NO_SCRIPTS)
    if len({marker for given in known.values() for marker in given}) == 1:
        return Figure.none(NoFigure.ONE_MARKER)
    paired = [list(given.values()) for given in known.values() if len(given) > 1]
    if not paired:
        return Figure.none(NoFigure.NO_PAIRS)
    values = np.concatenate([np.array(given) for given in paired])
    if np.ptp(values) == 0:
        return Figure.none(NoFigure.NO_SPREAD, len(paired))
    centre = float(values.mean())
    counts = np.array([float(len(given)) for given in paired])
    sums = np.array([sum(value - centre for value in given) for given in paired])
    squares = np.array([sum((value - centre) ** 2 for value in given) for given in paired])
    apart = 2 * (counts * squares - sums**2) / (counts - 1)

    def alpha(drawn: Numbers) -> Numbers:
        size = drawn @ counts
        return _one_minus((size - 1) * (drawn @ apart), 2 * (size * (drawn @ squares) - (drawn @ sums) ** 2))

    return _with_bootstrap(len(paired), alpha)


def _columns(pairs: Sequence[tuple[Points, Points]]) -> tuple[Numbers, Numbers]:
    table = np.array([(float(first), float(second)) for first, second in pairs])
    return table[:, 0], table[:, 1]


def _one_minus(observed: Numbers, chance: Numbers) -> Numbers:
    """What is left of disagreement by chance; NaN in a sample where all marks are equal."""
    real = chance > 1e-9
    return np.where(real, 1 - observed / np.where(real, chance, 1.0), np.nan)


def _share(hits: int, cases: int) -> Figure:
    return Figure.of(hits / cases, cases, ends=wilson_ends(hits, cases), interval=IntervalKind.WILSON)


def _mean(values: Numbers) -> Figure:
    cases = int(values.size)
    ends = bootstrap_ends(cases, lambda drawn: (drawn @ values) / cases)
    return Figure.of(float(values.mean()), cases, ends=ends, interval=None if ends is None else IntervalKind.BOOTSTRAP)


def _with_bootstrap(cases: int, statistic: Statistic) -> Figure:
    value = float(statistic(np.ones((1, cases)))[0])
    ends = bootstrap_ends(cases, statistic)
    return Figure.of(value, cases, ends=ends, interval=None if ends is None else IntervalKind.BOOTSTRAP)
