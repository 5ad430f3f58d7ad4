"""Whether a marker has moved away from their own level: evidence from seeds and common scripts, with few false stops.

For the head of marking, who decides about a marker that is paused; an alarm pauses, it changes no mark. A marker is
compared with their own level before: one who is steadily lenient is no drifter (see `severity`), though far from the
agreed marks they are out of tolerance.

Two things are known about a live marker: the error on a seed (a script whose mark was agreed before), and the
difference to the other marker of a script once both marks are locked, which the script itself drops out of. A linear
model gives every marker a level (drawn towards the agreed marks); for each script of a marker it is asked how much
likelier all of it is if this marker moved from there on by `DESIGN_MOVE`. These likelihood ratios, summed over all the
scripts where the move may have begun, are the Shiryaev-Roberts statistic. A pair alone never says which of the two
moved: the ratio does, because it counts every partner and every seed. Where two people explain it about equally well,
the alarm names both and is for the head to judge.

Source: Shiryaev, Theory Probab. Appl. 8 (1963) 22-46, and Roberts, Technometrics 8 (1966) 411-430: sums of likelihood
ratios over all beginnings. Under no change the sum of n ratios has the mean n, so the mean time to a false alarm is at
least the limit (Pollak, Ann. Statist. 13 (1985) 206-227), and, by Ville's inequality, a queue of N scripts passes N / a
with a probability of at most a. Levels are unknown and taken out by least squares, as in self-starting charts (Hawkins,
Statistician 36 (1987) 299-315).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log, sqrt
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from examsite.statistics.figures import Figure, NoFigure, Points
from examsite.statistics.intervals import mean_figure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from examsite.statistics.intervals import Numbers

    Places: TypeAlias = NDArray[np.intp]

DESIGN_MOVE: Final = 3.0
"""Points of the move that is looked for. Source: our choice, because of simulation: of 2.5, 3 and 4 points it finds a
move of 4 points within 20 scripts most often at one and the same limit, for errors of a mark from 1.5 to 3 points."""
FALSE_STOPS: Final = 0.025
"""Share of steady markers that the limit allows to be paused in a whole queue, before both directions, the estimated
error and the least move are counted. Source: our choice, because with it the simulation (`drift_simulation`, published
in `services/presets/drift_simulation.json`) pauses just under 2 % of them."""
LEAST_QUEUE: Final = 20
"""Scripts that a queue counts at least, for the limit. Source: our choice, because fewer scripts know the error of a
mark too badly for so low a limit."""
RIVAL_WITHIN: Final = log(20)
"""Logarithm of the likelihood ratio below which it is not known which of two people moved. Source: Kass & Raftery,
JASA 90 (1995) 773-795: from 20 on, evidence is strong."""
LEAST_MOVE: Final = 2.0
"""Points of 100 below which a move is no alarm, however sure. Source: our choice, because it is less than half of the
5 points up to which two marks are averaged without a word (TT 22/2025/TT-BNV art. 16(2))."""
LEVEL_SPREAD: Final = 2.0
"""Standard deviation of the levels of qualified markers before anything is known, in points. Source: our choice,
because a marker further off has not passed the qualification."""
USUAL_ERROR: Final = 2.5
"""Standard deviation of the error of a single mark before anything is known, in points. Source: our choice, because
careful markers of essays on a scale of 100 lie between 1.5 and 3 points."""
USUAL_WEIGHT: Final = 10
"""How many checks that guess counts as. Source: our choice, because a dozen checks tell more than it does."""
LEAST_ERROR: Final = 1.0
"""Points below which that error is never put. Source: our choice, because few marks that happen to agree would turn
every quarter of a point into a move."""
TOLERANCE: Final = 5.0
"""Mean error of the last seeds, in points, beyond which a marker is out of tolerance. Source: TT 22/2025/TT-BNV
art. 16(2): above 5 points, two marks are no longer averaged without a discussion."""
TOLERANCE_SEEDS: Final = 3
"""How many seeds that mean takes. Source: our choice, because one bad seed happens to anyone."""

_FREE: Final = 1e-6  # Precision of what nothing is known about beforehand.
_MOST: Final = 700.0  # Exponent beyond which a float is infinite.


class Direction(StrEnum):
    """Which way a marker moved."""

    LENIENT = "lenient"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class SeedCheck:
    """A locked mark on a seed.

    Attributes:
        marker: code.
        number: which of the marker's scripts it was, from 1, seeds included; 0 for the qualification.
        error: mark given − mark agreed, in points.
    """

    marker: str
    number: int
    error: Points


@dataclass(frozen=True, slots=True)
class PairCheck:
    """Two locked marks on one live script, each with its number among its marker's scripts."""

    first_marker: str
    first_number: int
    first: Points
    second_marker: str
    second_number: int
    second: Points


Check: TypeAlias = SeedCheck | PairCheck


@dataclass(frozen=True, slots=True)
class Alarm:
    """A move that is more than chance.

    Attributes:
        direction: of the move.
        since: the first of their scripts that belongs to the move, as far as can be told; from here on to re-mark.
        points: how far they moved.
        rivals: who else explains it about as well; with any, it is not known who moved and nobody is to be paused.
    """

    direction: Direction
    since: int
    points: float
    rivals: tuple[str, ...] = ()

    @property
    def is_certain(self) -> bool:
        """Whether it is known who moved, so that the marker is to be paused."""
        return not self.rivals


@dataclass(frozen=True, slots=True)
class DriftWatch:
    """Where one marker stands.

    Attributes:
        marker: code.
        checks: how many seeds and common scripts.
        seeds: errors on seeds in the order they were made, without the qualification, in points.
        seed_error: their mean, in points, with its interval.
        level: the marker's level against the agreed marks, in points, with its standard error; before the move.
        strain: logarithm of the evidence for a move; from `limit` on it is an alarm.
        limit: from the length of the queue, see `alarm_limit`.
        out_of_tolerance: whether the mean error of the last seeds lies beyond `TOLERANCE`.
        alarm: there when the marker has moved, or may have.
    """

    marker: str
    checks: int
    seeds: tuple[float, ...]
    seed_error: Figure
    level: Figure
    strain: float
    limit: float
    out_of_tolerance: bool
    alarm: Alarm | None


@dataclass(frozen=True, slots=True)
class _Sights:
    """What is known about marks, one row a check.

    Attributes:
        first: place of the marker, or of the first of two.
        first_number: of the script among theirs.
        second: place of the second marker; -1 for a seed.
        second_number: of the script among theirs.
        gap: how far the first mark lies above the agreed or the second mark.
        weight: one over its variance, in variances of a single mark.
    """

    first: Places
    first_number: Places
    second: Places
    second_number: Places
    gap: Numbers
    weight: Numbers

    def shift(self, marker: int, since: int) -> Numbers:
        """What a move of one point from some script on adds to each gap."""
        up = (self.first == marker) & (self.first_number >= since)
        down = (self.second == marker) & (self.second_number >= since)
        moved: Numbers = up.astype(np.float64) - down.astype(np.float64)
        return moved


@dataclass(frozen=True, slots=True)
class _Fit:
    """Levels and known moves by weighted least squares; squares and variances in those of a single mark."""

    design: Numbers
    inverse: Numbers
    found: Numbers
    left: Numbers
    squares: float
    freedom: int


@dataclass(frozen=True, slots=True)
class _Evidence:
    """For a move of one marker: its logarithm summed over all beginnings, that of the best one, and that one."""

    summed: float = 0.0
    best: float = 0.0
    points: float = 0.0
    since: int = 0

    def is_loud(self, limit: float) -> bool:
        return self.summed >= limit and abs(self.points) >= LEAST_MOVE


@dataclass(frozen=True, slots=True)
class _Moves:
    """What was found, by the place of the marker; the fit has the moves in it."""

    fit: _Fit
    limits: Sequence[float]
    strains: Mapping[int, float]
    alarms: Mapping[int, Alarm]


def alarm_limit(queue: int) -> float:
    """The logarithm of the evidence at which a marker with so many scripts in the queue is paused."""
    return log(max(queue, LEAST_QUEUE) / FALSE_STOPS)


def watch_drift(checks: Iterable[Check], *, queues: Mapping[str, int] | None = None) -> Mapping[str, DriftWatch]:
    """Every marker of the checks, with the alarm of those who moved; to be asked anew after each locked mark.

    The order of the checks does not matter, only the numbers in them. A marker who goes on after a decision of the head
    starts anew: leave out the checks with their scripts before. The error of a single mark is estimated from the checks
    themselves, for each possible move with that move taken out, so that a drifter does not hide in it.

    Args:
        checks: all that is known by now.
        queues: how many scripts each marker is to mark in all; as many as known where it is missing.
    """
    markers, known = _read(checks)
    if not markers:
        return {}
    found = _find_moves(known, markers, queues or {})
    variance = _variance(found.fit.squares, found.fit.freedom)
    return {
        marker: _watch(
            marker,
            seeds=_seeds_of(known, place),
            checks=int(((known.first == place) | (known.second == place)).sum()),
            level=(float(found.fit.found[place]), float(found.fit.inverse[place, place]) * variance),
            strain=found.strains[place],
            limit=found.limits[place],
            alarm=found.alarms.get(place),
        )
        for place, marker in enumerate(markers)
    }


def find_alarms(checks: Iterable[Check], *, queues: Mapping[str, int] | None = None) -> Mapping[str, Alarm]:
    """The alarms of `watch_drift` alone, which is what a simulation of many boards has the time for."""
    markers, known = _read(checks)
    if not markers:
        return {}
    return {markers[place]: alarm for place, alarm in _find_moves(known, markers, queues or {}).alarms.items()}


def is_out_of_tolerance(errors: Sequence[Points]) -> bool:
    """Whether the mean error of the last seeds lies beyond `TOLERANCE`; never with fewer than `TOLERANCE_SEEDS`."""
    last = [float(error) for error in errors[-TOLERANCE_SEEDS:]]
    return len(last) == TOLERANCE_SEEDS and abs(sum(last)) > TOLERANCE * TOLERANCE_SEEDS


def _read(checks: Iterable[Check]) -> tuple[list[str], _Sights]:
    rows: list[tuple[str, int, str, int, float]] = []
    for check in checks:
        if isinstance(check, SeedCheck):
            rows.append((check.marker, check.number, "", 0, float(check.error)))
        else:
            gap = float(check.first) - float(check.second)
            rows.append((check.first_marker, check.first_number, check.second_marker, check.second_number, gap))
    rows.sort()
    markers = sorted({name for row in rows for name in (row[0], row[2]) if name})
    place = {marker: number for number, marker in enumerate(markers)}
    second = np.array([place.get(row[2], -1) for row in rows], dtype=np.intp)
    return markers, _Sights(
        first=np.array([place[row[0]] for row in rows], dtype=np.intp),
        first_number=np.array([row[1] for row in rows], dtype=np.intp),
        second=second,
        second_number=np.array([row[3] for row in rows], dtype=np.intp),
        gap=np.array([row[4] for row in rows], dtype=np.float64),
        weight=np.where(second >= 0, 0.5, 1.0),
    )


def _own_numbers(sights: _Sights, marker: int) -> Places:
    return np.concatenate([sights.first_number[sights.first == marker], sights.second_number[sights.second == marker]])


def _seeds_of(sights: _Sights, marker: int) -> list[float]:
    # The qualification says where a marker begins; whoever marks was let through with it.
    own = (sights.first == marker) & (sights.second < 0) & (sights.first_number > 0)
    found: list[float] = sights.gap[own].tolist()
    return found


def _variance(squares: Numbers | float, freedom: int) -> float:
    return max(LEAST_ERROR**2, (USUAL_WEIGHT * USUAL_ERROR**2 + float(squares)) / (USUAL_WEIGHT + freedom))


def _fit(sights: _Sights, markers: int, moves: Sequence[tuple[int, int]]) -> _Fit:
    """The levels of all markers from all checks together, beside the moves that are already known."""
    rows = np.arange(sights.gap.size)
    design = np.zeros((sights.gap.size, markers + len(moves)))
    design[rows, sights.first] = 1.0
    paired = sights.second >= 0
    design[rows[paired], sights.second[paired]] = -1.0
    for column, (marker, since) in enumerate(moves, start=markers):
        design[:, column] = sights.shift(marker, since)
    normal = (design * sights.weight[:, None]).T @ design
    right = design.T @ (sights.weight * sights.gap)
    variance = USUAL_ERROR**2
    # Twice: the error of a mark says how far levels are drawn towards the agreed marks, and is found beside them.
    for _round in range(2):
        prior = np.full(markers + len(moves), _FREE)
        prior[:markers] = variance / LEVEL_SPREAD**2
        inverse: Numbers = np.linalg.inv(normal + np.diag(prior)).astype(np.float64)
        found = inverse @ right
        left = sights.gap - design @ found
        squares = float(sights.weight @ left**2 + prior @ found**2)
        freedom = max(sights.gap.size - len(moves), 0)
        variance = _variance(squares, freedom)
    return _Fit(design, inverse, found, left, squares, freedom)


def _evidence_of(sights: _Sights, fit: _Fit, marker: int) -> _Evidence:
    """How much likelier the checks are if this marker moved, for every script where the move may have begun."""
    own = np.flatnonzero((sights.first == marker) | (sights.second == marker))
    is_first = sights.first[own] == marker
    numbers = np.where(is_first, sights.first_number[own], sights.second_number[own])
    order = np.argsort(numbers, kind="stable")
    own, numbers = own[order], numbers[order]
    weighted = sights.weight[own] * np.where(is_first[order], 1.0, -1.0)
    # Of a move from each script on: its score, and its information once the levels are taken out.
    score = np.cumsum((weighted * fit.left[own])[::-1])[::-1]
    met = np.cumsum((weighted[:, None] * fit.design[own])[::-1], axis=0)[::-1]
    information = np.cumsum(sights.weight[own][::-1])[::-1] - np.einsum("ij,jk,ik->i", met, fit.inverse, met)
    begins = (np.diff(numbers, prepend=numbers[:1]) > 0) & (information > _FREE)
    if not begins.any():
        return _Evidence()
    score, information, numbers = score[begins], information[begins], numbers[begins]
    variances = np.maximum(
        LEAST_ERROR**2,
        (USUAL_WEIGHT * USUAL_ERROR**2 + fit.squares - score**2 / information) / (USUAL_WEIGHT + fit.freedom),
    )
    ratios = (DESIGN_MOVE * np.abs(score) - DESIGN_MOVE**2 * information / 2) / variances
    best = int(np.argmax(ratios))
    highest = float(ratios[best])
    summed = highest + log(float(np.exp(np.maximum(ratios - highest, -_MOST)).sum()))
    return _Evidence(summed, highest, float(score[best] / information[best]), int(numbers[best]))


def _explains(
    sights: _Sights,
    markers: int,
    moves: Sequence[tuple[int, int]],
    *,
    rival: tuple[int, int],
    loud: tuple[int, float],
) -> bool:
    """Whether a move of somebody else would silence a marker."""
    marker, limit = loud
    return not _evidence_of(sights, _fit(sights, markers, [*moves, rival]), marker).is_loud(limit)


def _find_moves(known: _Sights, markers: Sequence[str], queues: Mapping[str, int]) -> _Moves:
    """Who moved: the likeliest first, and with that move known, who else."""
    everybody = range(len(markers))
    last = [int(_own_numbers(known, place).max(initial=0)) for place in everybody]
    limits = [alarm_limit(max(queues.get(marker, 0), last[place])) for place, marker in enumerate(markers)]
    fit = _fit(known, len(markers), [])
    evidence = {place: _evidence_of(known, fit, place) for place in everybody}
    strains = {place: found.summed for place, found in evidence.items()}
    moves: list[tuple[int, int]] = []
    alarms: dict[int, Alarm] = {}
    while loud := [place for place, found in evidence.items() if found.is_loud(limits[place])]:
        # With the likeliest move in the model, those who only met that marker fall silent.
        worst = max(loud, key=lambda place: evidence[place].best)
        best = evidence[worst].best
        rivals = [
            place
            for place, found in evidence.items()
            if place != worst
            and found.best > best - RIVAL_WITHIN
            and _explains(known, len(markers), moves, rival=(place, found.since), loud=(worst, limits[worst]))
        ]
        for place in (worst, *rivals):
            found = evidence[place]
            others = tuple(sorted(markers[other] for other in (worst, *rivals) if other != place))
            direction = Direction.LENIENT if found.points > 0 else Direction.STRICT
            alarms[place] = Alarm(direction, found.since, found.points, others)
        moves.append((worst, evidence[worst].since))
        fit = _fit(known, len(markers), moves)
        evidence = {place: _evidence_of(known, fit, place) for place in everybody if place not in alarms}
        strains |= {place: found.summed for place, found in evidence.items()}
    return _Moves(fit, limits, strains, alarms)


def _watch(
    marker: str,
    *,
    seeds: Sequence[float],
    checks: int,
    level: tuple[float, float],
    strain: float,
    limit: float,
    alarm: Alarm | None,
) -> DriftWatch:
    return DriftWatch(
        marker=marker,
        checks=checks,
        seeds=tuple(seeds),
        seed_error=mean_figure(seeds),
        level=Figure.of(level[0], checks, standard_error=sqrt(level[1]))
        if checks
        else Figure.none(NoFigure.NO_SCRIPTS),
        strain=strain,
        limit=limit,
        out_of_tolerance=is_out_of_tolerance(seeds),
        alarm=alarm,
    )
