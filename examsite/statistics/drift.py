"""Whether a marker has moved away from their own level: every point of change is tried over seeds and common scripts.

For the head of marking, who decides about a marker that is paused; an alarm pauses, it changes no mark. A marker is
compared with their own level before: one who is steadily lenient is no drifter (see `severity`), though far from the
agreed marks they are out of tolerance.

Two things are known about a live marker: the error on a seed (a script whose mark was agreed before), and the
difference to the other marker of a script once both marks are locked, less that person's level. Put in the order in
which the marker marked, they are split after each script; where the mean behind differs most from the mean before,
measured in its standard error, that is the alarm. Marks of an alarmed marker from the change on count against nobody.

Source: changepoint model, Hawkins, Qiu & Kang, J. Quality Technology 35 (2003) 355-366.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from examsite.statistics.figures import Figure, NoFigure, Points
from examsite.statistics.intervals import mean_figure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from examsite.statistics.intervals import Numbers

    Places: TypeAlias = NDArray[np.intp]
    Truths: TypeAlias = NDArray[np.bool_]

ALARM_LIMIT: Final = 4.0
"""Standard errors at which a marker is paused.

Source: our choice, because of simulation (`python -m tests.statistics.boards 100`): six markers, 200 scripts marked
twice, marks in steps of 0.25, one marker who moves by 4 points after 40 scripts, watched every five scripts. Paused
within 20 scripts, by the standard deviation of the error of a single mark, with 5 % and with 10 % of seeds:

    error 1.5    98 %  99 %
    error 2.0    90 %  94 %
    error 2.5    60 %  65 %
    error 3.0    33 %  40 %

Of steady markers at most 0.5 % are paused in their whole run, and 1 % beside one who drifts. At a limit of 3.7 it is
95 % for an error of 2.0 and 10 % of seeds, but 1.8 % of the steady ones and 3.2 % of those beside a drifter. What a
marker does at random the watch cannot tell from drift: careful marking is what makes drift visible.
"""
LEAST_MOVE: Final = 2.0
"""Points of 100 below which a move is no alarm, however sure. Source: our choice, because it is less than half of the
5 points up to which two marks are averaged without a word (TT 22/2025/TT-BNV art. 16(2))."""
LEVEL_SPREAD: Final = 2.0
"""Standard deviation of the levels of qualified markers before anything is known, in points. Source: our choice,
because a marker further off has not passed the qualification."""
TOLERANCE: Final = 5.0
"""Mean error of the last seeds, in points, beyond which a marker is out of tolerance. Source: TT 22/2025/TT-BNV
art. 16(2): above 5 points, two marks are no longer averaged without a discussion."""
TOLERANCE_SEEDS: Final = 3
"""How many seeds that mean takes. Source: our choice, because one bad seed happens to anyone."""


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
    """A marker who is to be paused.

    Attributes:
        direction: of the move.
        since: the first of their scripts that belongs to the move, as far as can be told; from here on to re-mark.
        points: how far they moved.
    """

    direction: Direction
    since: int
    points: float


@dataclass(frozen=True, slots=True)
class DriftWatch:
    """Where one marker stands.

    Attributes:
        marker: code.
        checks: how many seeds and common scripts.
        seeds: errors on seeds in the order they were made, in points.
        seed_error: their mean, in points, with its interval.
        level: the marker's level against the agreed marks, in points, with its standard error; up to the alarm.
        strain: the largest difference between before and after, in standard errors; `ALARM_LIMIT` is the alarm.
        out_of_tolerance: whether the mean error of the last seeds lies beyond `TOLERANCE`.
        alarm: there when the marker is to be paused.
    """

    marker: str
    checks: int
    seeds: tuple[float, ...]
    seed_error: Figure
    level: Figure
    strain: float
    out_of_tolerance: bool
    alarm: Alarm | None


@dataclass(frozen=True, slots=True)
class _Sights:
    """What is known about marks: one row a seed, two rows a pair, by marker and in the order of their scripts.

    Attributes:
        marker: place of the marker.
        number: of the script.
        other: place of the other marker; -1 for a seed.
        other_number: of the script among those of the other marker.
        error: how far the mark lies above the agreed or the other mark.
    """

    marker: Places
    number: Places
    other: Places
    other_number: Places
    error: Numbers

    def only(self, which: Truths) -> _Sights:
        """Some of the rows."""
        return _Sights(
            self.marker[which], self.number[which], self.other[which], self.other_number[which], self.error[which]
        )

    def without(self, marker: int, since: int) -> _Sights:
        """All rows but those that rest on marks of the marker from some script on."""
        own = (self.marker == marker) & (self.number >= since)
        met = (self.other == marker) & (self.other_number >= since)
        return self.only(~(own | met))


@dataclass(frozen=True, slots=True)
class _Levels:
    points: Numbers
    variances: Numbers


@dataclass(frozen=True, slots=True)
class _Split:
    strain: float
    points: float
    since: int


def watch_drift(checks: Iterable[Check], *, error: float) -> Mapping[str, DriftWatch]:
    """Every marker of the checks, with the alarm of those to be paused; to be asked anew after each locked mark.

    The order of the checks does not matter, only the numbers in them. A marker who goes on after a decision of the head
    starts anew: leave out the checks with their scripts before.

    Args:
        checks: all that is known by now.
        error: standard deviation of the error of a single mark of a steady marker, in points: that of the severity
            model once there is one, else that of the qualification scripts.

    Raises:
        ValueError: when `error` is not above zero.
    """
    if not error > 0:
        raise ValueError("the error of a mark is above zero")
    markers, known = _read(checks)
    counted = known
    alarms: dict[int, Alarm] = {}
    strains: dict[int, float] = {}
    while True:
        levels = _levels(len(markers), counted, error**2)
        splits = {
            place: _widest_split(counted.only(counted.marker == place), levels, error**2)
            for place in range(len(markers))
            if place not in alarms
        }
        strains |= {place: split.strain for place, split in splits.items()}
        loud = [
            place for place, split in splits.items() if split.strain >= ALARM_LIMIT and abs(split.points) >= LEAST_MOVE
        ]
        if not loud:
            break
        # The loudest first: without their marks, those who only met them fall silent.
        worst = max(loud, key=lambda place: splits[place].strain)
        split = splits[worst]
        alarms[worst] = Alarm(Direction.LENIENT if split.points > 0 else Direction.STRICT, split.since, split.points)
        counted = counted.without(worst, split.since)
    return {
        marker: _watch(
            marker,
            seeds=known.error[(known.marker == place) & (known.other < 0)].tolist(),
            checks=int((known.marker == place).sum()),
            counted=int((counted.marker == place).sum()),
            level=(float(levels.points[place]), float(levels.variances[place])),
            strain=strains[place],
            alarm=alarms.get(place),
        )
        for place, marker in enumerate(markers)
    }


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
            rows.append((check.second_marker, check.second_number, check.first_marker, check.first_number, -gap))
    rows.sort()
    markers = sorted({row[0] for row in rows})
    place = {marker: number for number, marker in enumerate(markers)}
    return markers, _Sights(
        np.array([place[row[0]] for row in rows], dtype=np.intp),
        np.array([row[1] for row in rows], dtype=np.intp),
        np.array([place.get(row[2], -1) for row in rows], dtype=np.intp),
        np.array([row[3] for row in rows], dtype=np.intp),
        np.array([row[4] for row in rows], dtype=np.float64),
    )


def _levels(markers: int, sights: _Sights, noise: float) -> _Levels:
    """The level of each marker from all seeds and common scripts together, drawn towards the agreed marks."""
    paired = sights.other >= 0
    weights = np.where(paired, 1 / (2 * noise), 1 / noise)
    normal = np.diag(np.bincount(sights.marker, weights, markers) + 1 / LEVEL_SPREAD**2)
    np.subtract.at(normal, (sights.marker[paired], sights.other[paired]), weights[paired])
    inverse = np.linalg.inv(normal)
    return _Levels(inverse @ np.bincount(sights.marker, weights * sights.error, markers), np.diag(inverse))


def _widest_split(own: _Sights, levels: _Levels, noise: float) -> _Split:
    """Where the mean of one marker's errors behind differs most from the mean before, in standard errors."""
    if own.error.size == 0:
        return _Split(0.0, 0.0, 0)
    paired = own.other >= 0
    errors = own.error + np.where(paired, levels.points[own.other], 0.0)
    weights = 1 / np.where(paired, 2 * noise + levels.variances[own.other], noise)
    # Before the first script stands what is known of every qualified marker: near the agreed marks.
    before = 1 / LEVEL_SPREAD**2 + np.cumsum(weights) - weights
    behind = np.cumsum(weights[::-1])[::-1]
    products = weights * errors
    points = np.cumsum(products[::-1])[::-1] / behind - (np.cumsum(products) - products) / before
    strains = np.abs(points) / np.sqrt(1 / before + 1 / behind)
    begins = np.diff(own.number, prepend=own.number[0] - 1) > 0
    widest = int(np.argmax(np.where(begins, strains, 0.0)))
    return _Split(float(strains[widest]), float(points[widest]), int(own.number[widest]))


def _watch(
    marker: str,
    *,
    seeds: Sequence[float],
    checks: int,
    counted: int,
    level: tuple[float, float],
    strain: float,
    alarm: Alarm | None,
) -> DriftWatch:
    return DriftWatch(
        marker=marker,
        checks=checks,
        seeds=tuple(seeds),
        seed_error=mean_figure(seeds),
        level=Figure.of(level[0], counted, standard_error=sqrt(level[1]))
        if counted
        else Figure.none(NoFigure.NO_SCRIPTS),
        strain=strain,
        out_of_tolerance=is_out_of_tolerance(seeds),
        alarm=alarm,
    )
