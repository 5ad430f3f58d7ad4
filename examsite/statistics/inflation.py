"""Whether single marks, or the marks of one person, stand too far above those beside them: the Hà Giang test.

For the council and the supervisors, before a result is approved. A finding says where to look; it is no proof against
anybody and changes no score.

Two people marked each script without seeing each other. Once the steady severity of each person is taken out, what is
left of a difference is the error of single marks. Somebody who lifts a few scripts leaves differences that error does
not make. Two questions are asked of them: is one difference larger than the largest of a clean exam, and do the
differences of one person lie upwards more often and further than in a clean exam? How often a clean exam answers yes
is counted, not looked up: exams with the same scripts, markers and pairs are drawn with errors of a normal
distribution and read by the very same steps, so that whatever the steps do to the differences is in the answer.

Level and severities are estimated without the differences that stand out, or a few lifted marks would widen the error
that they are to be compared with and so hide.

Source: residuals of the two-way additive model (Searle, Linear Models (1971) §7); scale from the median of absolute
residuals (Hampel, JASA 69 (1974) 383-393); sums of log likelihood ratios of a mixture of steady and lifted marks, for
few and small lifts (Donoho & Jin, Ann. Statist. 32 (2004) 962-994); Monte Carlo tests (Barnard, JRSS B 25 (1963) 294).
Not found by construction: a lift of all marks of a script by the same amount, which no difference shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from examsite.statistics.figures import NoFigure, ScriptMark, by_script

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from examsite.statistics.intervals import Numbers

    Places: TypeAlias = NDArray[np.intp]

CLEAN_EXAMS: Final = 999
"""Clean exams drawn to compare with. Source: Barnard (1963); our choice of the number, because the smallest chance that
they can show, 1 in 1,000, is far below the limits of the report."""
CLEAN_SEED: Final = 20_180_717
"""Fixed, so that a report shows the same chances twice. Source: our choice, because any number serves."""
LEAST_SCRIPTS: Final = 12
"""Scripts with two marks below which nothing is asked. Source: our choice, because the error of a mark is known too
badly from fewer."""
LEAST_FREEDOM: Final = 6
"""Differences beyond what the severities use up. Source: our choice, as for `LEAST_SCRIPTS`."""
OUTSTANDING: Final = 2.5
"""Robust standard deviations beyond which a difference is left out of level and severities. Source: the usual cut of
one-step robust regression (Rousseeuw & Leroy, Robust Regression and Outlier Detection (1987) §3)."""
LIFTS: Final = (1.5, 2.5, 3.5, 5.0)
"""Lifts of the mixture, in standard deviations of a difference. Source: our choice, because 1.5 standard deviations of
scores are 1.8 to 4 of a difference for the errors that boards have."""
SHARES: Final = (0.01, 0.03, 0.10)
"""Shares of a person's scripts that are lifted, of the mixture. Source: our choice, as for `LIFTS`."""

_MOST: Final = 40.0  # Exponent beyond which a lift is certain anyway.
_SCALE: Final = 1.4826  # Standard deviation of a normal distribution, in medians of its absolute values.


@dataclass(frozen=True, slots=True)
class SingleGap:
    """One mark beside the others of its script.

    Attributes:
        script: code.
        marker: who gave it.
        gap: how far it lies above the mean of the others, with the severities taken out, in points.
        strength: the same, in standard deviations of such a difference.
        chance: share of clean exams whose largest difference is as large.
    """

    script: str
    marker: str
    gap: float
    strength: float
    chance: float


@dataclass(frozen=True, slots=True)
class LiftedMarker:
    """One person whose differences lie upwards.

    Attributes:
        marker: code.
        scripts: how many shared scripts.
        evidence: log likelihood ratio of the mixture.
        chance: share of clean exams in which any person has as much.
        suspects: scripts that carry it, the strongest first.
    """

    marker: str
    scripts: int
    evidence: float
    chance: float
    suspects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InflationReport:
    """What was asked and answered.

    Attributes:
        scripts: with marks of two people or more.
        error: standard deviation of the error of a single mark, in points; None where nothing was asked.
        singles: the largest difference of each script, the strongest first.
        markers: everybody, the most evident first.
        reason: why nothing was asked.
    """

    scripts: int
    error: float | None
    singles: tuple[SingleGap, ...]
    markers: tuple[LiftedMarker, ...]
    reason: NoFigure | None = None

    @property
    def single_chance(self) -> float:
        """Share of clean exams with a single difference as large as the largest here."""
        return self.singles[0].chance if self.singles else 1.0

    @property
    def marker_chance(self) -> float:
        """Share of clean exams with a person as evident as the most evident here."""
        return self.markers[0].chance if self.markers else 1.0


@dataclass(frozen=True, slots=True)
class _Board:
    """Who marked what, as the swept design of the additive model; one row a mark."""

    script: Places
    marker: Places
    design: Numbers
    #: Standard deviation of each row's residual for an error of one point.
    unit: Numbers
    #: Marks of the row's script.
    size: Places
    freedom: int


def find_inflation(marks: Iterable[ScriptMark], *, clean_exams: int = CLEAN_EXAMS) -> InflationReport:
    """The differences of a board beside those of clean exams; marks must be given without sight of each other.

    Raises:
        ValueError: when one marker has two marks on one script.
    """
    known = {script: given for script, given in by_script(marks).items() if len(given) > 1}
    if len(known) < LEAST_SCRIPTS:
        return InflationReport(len(known), None, (), (), NoFigure.TOO_FEW_SCRIPTS)
    scripts = sorted(known)
    markers = sorted({marker for given in known.values() for marker in given})
    board = _board(scripts, markers, known)
    if board.freedom < LEAST_FREEDOM:
        return InflationReport(len(known), None, (), (), NoFigure.TOO_FEW_SCRIPTS)
    points = np.array([known[script][marker] for script in scripts for marker in sorted(known[script])])
    strength, scale = _strengths(board, points[None, :])
    if not scale[0] > 0:
        return InflationReport(len(known), None, (), (), NoFigure.NO_SPREAD)
    drawn = np.random.default_rng(CLEAN_SEED).standard_normal((clean_exams, points.size))
    clean, _clean_scale = _strengths(board, drawn)
    largest = np.sort(np.abs(clean).max(axis=1))
    evidence = _evidence(board, strength, len(markers))[0]
    most = np.sort(_evidence(board, clean, len(markers)).max(axis=1))
    return InflationReport(
        scripts=len(known),
        error=float(scale[0]),
        singles=_singles(board, strength[0], scale=float(scale[0]), scripts=scripts, markers=markers, largest=largest),
        markers=tuple(
            sorted(
                (
                    _lifted(
                        board,
                        strength[0],
                        place,
                        marker=marker,
                        scripts=scripts,
                        evidence=float(evidence[place]),
                        most=most,
                    )
                    for place, (marker, found) in enumerate(zip(markers, evidence, strict=True))
                ),
                key=lambda row: (-row.evidence, row.marker),
            )
        ),
    )


def chance_in(clean: Numbers, value: float) -> float:
    """The share of clean exams with as much, the exam itself counted with them; never nought."""
    above = clean.size - int(np.searchsorted(clean, value, side="left"))
    return (above + 1) / (clean.size + 1)


def _board(scripts: Sequence[str], markers: Sequence[str], known: dict[str, dict[str, float]]) -> _Board:
    place = {marker: number for number, marker in enumerate(markers)}
    rows = [(number, place[marker]) for number, script in enumerate(scripts) for marker in sorted(known[script])]
    script = np.array([row[0] for row in rows], dtype=np.intp)
    marker = np.array([row[1] for row in rows], dtype=np.intp)
    size = np.bincount(script)[script]
    design = np.zeros((len(rows), len(markers)))
    design[np.arange(len(rows)), marker] = 1.0
    means = np.zeros((len(scripts), len(markers)))
    np.add.at(means, script, design)
    design = design - means[script] / size[:, None]
    inverse = np.linalg.pinv(design.T @ design, hermitian=True)
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    unit = np.sqrt(np.maximum(1.0 - 1.0 / size - leverage, 1e-9))
    freedom = len(rows) - len(scripts) - int(np.linalg.matrix_rank(design))
    return _Board(script, marker, design, unit, size, freedom)


def _strengths(board: _Board, exams: Numbers) -> tuple[Numbers, Numbers]:
    """For each exam (row): how far each mark stands off, in standard deviations; and the error of a mark."""
    means = np.zeros((exams.shape[0], int(board.script[-1]) + 1))
    np.add.at(means.T, board.script, exams.T)
    swept = exams - means[:, board.script] / board.size
    weight = np.ones_like(swept)
    left, scale = swept, np.ones(exams.shape[0])
    ridge = np.eye(board.design.shape[1]) * 1e-9
    # Once with all, once without what stood out: the second round is the robust one.
    for _round in range(2):
        normal = np.einsum("bi,ij,ik->bjk", weight, board.design, board.design, optimize=True) + ridge
        right = (weight * swept) @ board.design
        level = np.linalg.solve(normal, right[:, :, None])[:, :, 0]
        left = swept - level @ board.design.T
        scale = _SCALE * np.median(np.abs(left / board.unit), axis=1)
        safe = np.where(scale > 0, scale, 1.0)
        weight = (np.abs(left / board.unit) <= OUTSTANDING * safe[:, None]).astype(np.float64)
    safe = np.where(scale > 0, scale, 1.0)
    return left / (board.unit * safe[:, None]), scale


def _evidence(board: _Board, strength: Numbers, markers: int) -> Numbers:
    """For each exam and person: the largest log likelihood ratio over the lifts and shares of the mixture."""
    best = np.zeros((strength.shape[0], markers))
    owner = np.zeros((board.marker.size, markers))
    owner[np.arange(board.marker.size), board.marker] = 1.0
    for lift in LIFTS:
        ratio = np.exp(np.minimum(lift * strength - lift * lift / 2, _MOST))
        for share in SHARES:
            best = np.maximum(best, np.log1p(share * (ratio - 1.0)) @ owner)
    return best


def _singles(
    board: _Board,
    strength: Numbers,
    *,
    scale: float,
    scripts: Sequence[str],
    markers: Sequence[str],
    largest: Numbers,
) -> tuple[SingleGap, ...]:
    found: dict[int, int] = {}
    for row in np.argsort(-np.abs(strength), kind="stable").tolist():
        found.setdefault(int(board.script[row]), row)
    rows = []
    for script, strongest in found.items():
        row, size = strongest, int(board.size[strongest])
        # Of two marks the higher one is named first to be read again: lifting is what is looked for.
        if size == 2 and strength[row] < 0:
            row = next(int(other) for other in np.flatnonzero(board.script == script) if other != row)
        value = float(strength[row])
        gap = value * float(board.unit[row]) * scale * size / (size - 1)
        rows.append(
            SingleGap(scripts[script], markers[int(board.marker[row])], gap, value, chance_in(largest, abs(value)))
        )
    return tuple(rows)


def _lifted(
    board: _Board,
    strength: Numbers,
    place: int,
    *,
    marker: str,
    scripts: Sequence[str],
    evidence: float,
    most: Numbers,
) -> LiftedMarker:
    own = np.flatnonzero(board.marker == place)
    order = own[np.argsort(-strength[own], kind="stable")]
    suspects = tuple(scripts[int(board.script[row])] for row in order if strength[row] > OUTSTANDING)
    return LiftedMarker(marker, int(own.size), evidence, chance_in(most, evidence), suspects)
