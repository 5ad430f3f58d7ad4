"""How much of the difference between marks lies in the scripts: intraclass correlations, for whole or patchy tables.

ICC(1) asks nothing about who marked. ICC(2,1) is the reliability of one marker's mark when markers differ in severity,
ICC(2,k) that of the mean of k markers. Where everyone marked every script they equal the analysis of variance; where
each script has its own two markers, the variances are found by Henderson's third method, which is the same thing on a
whole table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from examsite.statistics.figures import CONFIDENCE, Figure, IntervalKind, NoFigure, ScriptMark, by_script
from examsite.statistics.intervals import bootstrap_ends, f_quantile

if TYPE_CHECKING:
    from examsite.statistics.intervals import Numbers

MARKS_AVERAGED: Final = 2
"""Marks whose mean is the score. Source: TT 22/2025/TT-BNV art. 16(2): two people mark each script."""
LEAST_ICC: Final = 0.75
"""ICC(2,k) below which the head is alarmed. Source: Koo & Li, J. Chiropr. Med. 15 (2016) 155-163: good from .75."""

_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Intraclass:
    """The three correlations over the scripts with at least two marks."""

    icc1: Figure
    icc2: Figure
    icc2k: Figure
    averaged: int
    scripts: int
    markers: int


@dataclass(frozen=True, slots=True)
class _Estimates:
    """The point estimates, one per sample; NaN where there is none."""

    icc1: Numbers
    icc2: Numbers


class _Table:
    """The sums of each script, from which every sample is put together by multiplying with how often it was drawn."""

    def __init__(self, table: dict[str, dict[str, float]]) -> None:
        markers = sorted({marker for given in table.values() for marker in given})
        place = {marker: number for number, marker in enumerate(markers)}
        self.scripts, self.markers = len(table), len(markers)
        met = np.zeros((self.scripts, self.markers))
        points = np.zeros_like(met)
        for row, given in enumerate(table.values()):
            for marker, value in given.items():
                met[row, place[marker]] = 1.0
                points[row, place[marker]] = value
        # Around the mean, so that squares of scores near 100 do not swallow the small differences.
        self.points = np.where(met > 0, points - points.sum() / met.sum(), 0.0)
        self.met = met
        self.counts = met.sum(axis=1)
        self.means = self.points.sum(axis=1) / self.counts
        self.squares = (self.points**2).sum(axis=1)
        self.within = self.squares - self.counts * self.means**2
        self.whole = bool((met > 0).all())
        self.spread = bool(np.ptp(points[met > 0]) > 0)

    def estimate(self, drawn: Numbers) -> _Estimates:
        """ICC(1) and ICC(2,1) of each sample."""
        scripts = drawn.sum(axis=1)
        marks = drawn @ self.counts
        per_marker = drawn @ self.met
        per_marker_points = drawn @ self.points
        within = drawn @ self.within
        total = drawn @ (self.counts * self.means)
        with np.errstate(all="ignore"):
            between = (drawn @ (self.counts * self.means**2) - total**2 / marks) / (scripts - 1)
            inside = within / (marks - scripts)
            size = (marks - (drawn @ self.counts**2) / marks) / (scripts - 1)
            icc1 = (between - inside) / _positive(between + (size - 1) * inside)

            of_markers, rank = self._sum_of_squares_of_markers(drawn)
            present = (per_marker > 0).sum(axis=1)
            error = (within - of_markers) / _positive(marks - scripts - rank)
            by_marker = (of_markers - rank * error) / (marks - scripts)
            about_markers = drawn @ self.squares - np.where(per_marker > 0, per_marker_points**2 / per_marker, 0.0).sum(
                axis=1
            )
            of_scripts = about_markers - (within - of_markers)
            by_script_ = (of_scripts - (scripts + rank - present) * error) / _positive(marks - present)
            icc2 = np.where(rank > 0, by_script_ / _positive(by_script_ + by_marker + error), np.nan)
        return _Estimates(icc1, icc2)

    def _sum_of_squares_of_markers(self, drawn: Numbers) -> tuple[Numbers, Numbers]:
        """What the markers explain beyond the scripts, and how many contrasts between markers there are."""
        shared = -self.met[:, :, None] * self.met[:, None, :] / self.counts[:, None, None]
        diagonal = np.arange(self.markers)
        shared[:, diagonal, diagonal] += self.met
        normal = np.tensordot(drawn, shared, axes=1)
        right = drawn @ (self.points - self.met * self.means[:, None])
        values, vectors = np.linalg.eigh(normal)
        real = values > 1e-9 * np.maximum(values.max(axis=1, keepdims=True), 1.0)
        along = np.einsum("bij,bi->bj", vectors, right)
        squares = np.where(real, along**2 / np.where(real, values, 1.0), 0.0).sum(axis=1)
        return squares, real.sum(axis=1).astype(np.float64)


def intraclass(marks: Iterable[ScriptMark], *, averaged: int = MARKS_AVERAGED) -> Intraclass:
    """ICC(1), ICC(2,1) and ICC(2,k) with 95 % intervals, over the scripts that at least two people marked.

    A whole table (every marker, every script) has the intervals of the F distribution; a patchy one has bootstrap
    intervals over scripts, which take the markers as they are. Estimates below zero are told as they come out.

    Args:
        marks: locked marks of the same thing: script totals, or one question.
        averaged: k, how many marks make the score.

    Source: Shrout & Fleiss, Psychol. Bull. 86 (1979) 420-428; intervals: McGraw & Wong, Psychol. Methods 1 (1996)
    30-46; patchy tables: Henderson, Biometrics 9 (1953) 226-252; ICC(2,k) by Spearman-Brown.
    """
    known = by_script(marks)
    paired = {script: given for script, given in known.items() if len(given) > 1}
    reason = _reason_against(known, paired)
    if reason is not None:
        return _all_absent(reason, averaged, len(paired))
    table = _Table(paired)
    if not table.spread:
        return _all_absent(NoFigure.NO_SPREAD, averaged, table.scripts, table.markers)
    point = table.estimate(np.ones((1, table.scripts)))
    icc1, icc2 = float(point.icc1[0]), float(point.icc2[0])
    kind1 = IntervalKind.F if np.ptp(table.counts) == 0 else IntervalKind.BOOTSTRAP
    kind2 = IntervalKind.F if table.whole else IntervalKind.BOOTSTRAP
    if kind1 is IntervalKind.F:
        ends1: tuple[float, float] | None = _f_ends_one_way(table)
    else:
        ends1 = bootstrap_ends(table.scripts, lambda drawn: table.estimate(drawn).icc1)
    if kind2 is IntervalKind.F:
        ends2 = _f_ends_two_way(table, icc2)
    else:
        ends2 = bootstrap_ends(table.scripts, lambda drawn: table.estimate(drawn).icc2)
    ends2k = None if ends2 is None else (_mean_of(ends2[0], averaged), _mean_of(ends2[1], averaged))
    return Intraclass(
        icc1=_figure(icc1, table.scripts, ends1, kind1),
        icc2=_figure(icc2, table.scripts, ends2, kind2),
        icc2k=_figure(_mean_of(icc2, averaged), table.scripts, ends2k, kind2),
        averaged=averaged,
        scripts=table.scripts,
        markers=table.markers,
    )


def _reason_against(known: dict[str, dict[str, float]], paired: dict[str, dict[str, float]]) -> NoFigure | None:
    if not known:
        return NoFigure.NO_SCRIPTS
    if len({marker for given in known.values() for marker in given}) == 1:
        return NoFigure.ONE_MARKER
    if not paired:
        return NoFigure.NO_PAIRS
    return NoFigure.TOO_FEW_SCRIPTS if len(paired) == 1 else None


def _all_absent(reason: NoFigure, averaged: int, scripts: int, markers: int = 0) -> Intraclass:
    none = Figure.none(reason, scripts)
    return Intraclass(none, none, none, averaged, scripts, markers)


def _figure(value: float, scripts: int, ends: tuple[float, float] | None, kind: IntervalKind) -> Figure:
    if not np.isfinite(value):
        return Figure.none(NoFigure.TOO_FEW_SCRIPTS, scripts)
    return Figure.of(value, scripts, ends=ends, interval=None if ends is None else kind)


def _positive(divisor: Numbers) -> Numbers:
    """The divisor where it can divide, else NaN: a sample without a value is left out."""
    return np.where(divisor > _TINY, divisor, np.nan)


def _mean_of(single: float, averaged: int) -> float:
    """The reliability of the mean of several marks, from that of one (Spearman-Brown)."""
    whole = 1 + (averaged - 1) * single
    return averaged * single / whole if whole > _TINY else float("nan")


def _f_ends_one_way(table: _Table) -> tuple[float, float]:
    """The interval of ICC(1) where every script has the same number of marks."""
    n, k = table.scripts, int(table.counts[0])
    between = k * float(((table.means - table.means.mean()) ** 2).sum()) / (n - 1)
    inside = float(table.within.sum()) / (n * (k - 1))
    if inside <= _TINY:
        return 1.0, 1.0
    upper = (1 + CONFIDENCE) / 2
    low = between / inside / f_quantile(upper, n - 1, n * (k - 1))
    high = between / inside * f_quantile(upper, n * (k - 1), n - 1)
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _f_ends_two_way(table: _Table, icc2: float) -> tuple[float, float] | None:
    """The interval of ICC(2,1) of a whole table; none where neither scripts nor errors differ."""
    n, k = table.scripts, table.markers
    scripts = k * float((table.means**2).sum()) / (n - 1)
    columns = table.points.mean(axis=0)
    markers = n * float((columns**2).sum()) / (k - 1)
    rest = table.points - table.means[:, None] - columns[None, :]
    error = float((rest**2).sum()) / ((n - 1) * (k - 1))
    if markers <= _TINY and error <= _TINY:
        return 1.0, 1.0
    # McGraw & Wong's degrees of freedom, multiplied out so that an error of zero does not divide.
    share = n * (1 + (k - 1) * icc2) - k * icc2
    parts = (n - 1) * (k * icc2 * markers) ** 2 + (share * error) ** 2
    if parts <= _TINY:
        return None
    freedom = (n - 1) * (k - 1) * (k * icc2 * markers + share * error) ** 2 / parts
    upper = (1 + CONFIDENCE) / 2
    both = k * markers + (k * n - k - n) * error
    above, below = f_quantile(upper, n - 1, freedom), f_quantile(upper, freedom, n - 1)
    low = n * (scripts - above * error) / (above * both + n * scripts)
    high = n * (below * scripts - error) / (both + n * below * scripts)
    return low, high
