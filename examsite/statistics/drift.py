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
from typing import Final, TypeAlias

from examsite.statistics.figures import Figure, NoFigure, Points

ALARM_LIMIT: Final = 4.0
"""Standard errors at which a marker is paused."""
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

_SWEEPS = 25  # The system is small and its diagonal heavy: this is far beyond two decimals.


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
        level: the marker's level against the agreed marks, in points, with its standard error; up to the alarm.
        strain: the largest difference between before and after, in standard errors; `ALARM_LIMIT` is the alarm.
        out_of_tolerance: whether the mean error of the last seeds lies beyond `TOLERANCE`.
        alarm: there when the marker is to be paused.
    """

    marker: str
    checks: int
    seeds: tuple[float, ...]
    level: Figure
    strain: float
    out_of_tolerance: bool
    alarm: Alarm | None


@dataclass(frozen=True, slots=True)
class _Level:
    points: float
    variance: float


@dataclass(frozen=True, slots=True)
class _Sight:
    """One thing known about one mark: how far it lies above the agreed or the other mark, and how sure that is."""

    number: int
    error: float
    variance: float


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
    known = list(checks)
    markers = sorted({marker for check in known for marker in _markers_of(check)})
    counted = known
    alarms: dict[str, Alarm] = {}
    strains: dict[str, float] = {}
    while True:
        levels = _levels(markers, counted, error**2)
        own = _by_marker(markers, counted)
        splits = {marker: _widest_split(_sights(marker, own[marker], levels, error**2)) for marker in markers}
        strains |= {marker: split.strain for marker, split in splits.items() if marker not in alarms}
        loud = [
            marker
            for marker, split in splits.items()
            if marker not in alarms and split.strain >= ALARM_LIMIT and abs(split.points) >= LEAST_MOVE
        ]
        if not loud:
            break
        # The loudest first: without their marks, those who only met them fall silent.
        worst = max(loud, key=lambda marker: splits[marker].strain)
        split = splits[worst]
        alarms[worst] = Alarm(Direction.LENIENT if split.points > 0 else Direction.STRICT, split.since, split.points)
        counted = [check for check in counted if _number_in(check, worst) < split.since]
    all_own = _by_marker(markers, known)
    return {
        marker: _watch(
            marker,
            all_own[marker],
            counted=len(own[marker]),
            level=levels[marker],
            strain=strains[marker],
            alarm=alarms.get(marker),
        )
        for marker in markers
    }


def is_out_of_tolerance(errors: Sequence[Points]) -> bool:
    """Whether the mean error of the last seeds lies beyond `TOLERANCE`; never with fewer than `TOLERANCE_SEEDS`."""
    last = [float(error) for error in errors[-TOLERANCE_SEEDS:]]
    return len(last) == TOLERANCE_SEEDS and abs(sum(last)) > TOLERANCE * TOLERANCE_SEEDS


def _markers_of(check: Check) -> tuple[str, ...]:
    return (check.marker,) if isinstance(check, SeedCheck) else (check.first_marker, check.second_marker)


def _by_marker(markers: Iterable[str], checks: Iterable[Check]) -> dict[str, list[Check]]:
    own: dict[str, list[Check]] = {marker: [] for marker in markers}
    for check in checks:
        for marker in _markers_of(check):
            own[marker].append(check)
    return own


def _number_in(check: Check, marker: str) -> int:
    """The number of the check among the marker's scripts; -1 when it is about others."""
    if isinstance(check, SeedCheck):
        return check.number if check.marker == marker else -1
    if check.first_marker == marker:
        return check.first_number
    return check.second_number if check.second_marker == marker else -1


def _levels(markers: Sequence[str], checks: Iterable[Check], noise: float) -> dict[str, _Level]:
    """The level of each marker from all seeds and common scripts together, drawn towards the agreed marks."""
    sums = dict.fromkeys(markers, 0.0)
    weights = dict.fromkeys(markers, 1 / LEVEL_SPREAD**2)
    met: dict[str, dict[str, float]] = {marker: {} for marker in markers}
    for check in checks:
        if isinstance(check, SeedCheck):
            sums[check.marker] += float(check.error) / noise
            weights[check.marker] += 1 / noise
            continue
        weight = 1 / (2 * noise)
        difference = (float(check.first) - float(check.second)) * weight
        for marker, other, sign in (
            (check.first_marker, check.second_marker, 1.0),
            (check.second_marker, check.first_marker, -1.0),
        ):
            sums[marker] += sign * difference
            weights[marker] += weight
            met[marker][other] = met[marker].get(other, 0.0) + weight
    points = dict.fromkeys(markers, 0.0)
    for _sweep in range(_SWEEPS):
        for marker in markers:
            lent = sum(weight * points[other] for other, weight in met[marker].items())
            points[marker] = (sums[marker] + lent) / weights[marker]
    return {marker: _Level(points[marker], 1 / weights[marker]) for marker in markers}


def _sights(marker: str, checks: Iterable[Check], levels: Mapping[str, _Level], noise: float) -> list[_Sight]:
    """What the marker's own checks tell about their marks, in the order in which they were made."""
    seen = []
    for check in checks:
        if isinstance(check, SeedCheck):
            seen.append(_Sight(check.number, float(check.error), noise))
        else:
            own_first = check.first_marker == marker
            other = levels[check.second_marker if own_first else check.first_marker]
            gap = float(check.first) - float(check.second)
            seen.append(
                _Sight(
                    check.first_number if own_first else check.second_number,
                    (gap if own_first else -gap) + other.points,
                    2 * noise + other.variance,
                )
            )
    return sorted(seen, key=lambda sight: (sight.number, sight.error))


def _widest_split(sights: Sequence[_Sight]) -> _Split:
    """Where the mean behind differs most from the mean before, in standard errors."""
    widest = _Split(0.0, 0.0, 0)
    weight_behind = sum(1 / sight.variance for sight in sights)
    sum_behind = sum(sight.error / sight.variance for sight in sights)
    # Before the first script stands what is known of every qualified marker: near the agreed marks.
    weight_before, sum_before = 1 / LEVEL_SPREAD**2, 0.0
    for number, sight in enumerate(sights):
        if number == 0 or sight.number > sights[number - 1].number:
            points = sum_behind / weight_behind - sum_before / weight_before
            strain = abs(points) / sqrt(1 / weight_behind + 1 / weight_before)
            if strain > widest.strain:
                widest = _Split(strain, points, sight.number)
        weight = 1 / sight.variance
        weight_behind, sum_behind = weight_behind - weight, sum_behind - weight * sight.error
        weight_before, sum_before = weight_before + weight, sum_before + weight * sight.error
    return widest


def _watch(
    marker: str, own: Sequence[Check], *, counted: int, level: _Level, strain: float, alarm: Alarm | None
) -> DriftWatch:
    seeds = sorted(
        (check for check in own if isinstance(check, SeedCheck)), key=lambda check: (check.number, float(check.error))
    )
    errors = tuple(float(check.error) for check in seeds)
    return DriftWatch(
        marker=marker,
        checks=len(own),
        seeds=errors,
        level=Figure.of(level.points, counted, standard_error=sqrt(level.variance))
        if counted
        else Figure.none(NoFigure.NO_SCRIPTS),
        strain=strain,
        out_of_tolerance=is_out_of_tolerance(errors),
        alarm=alarm,
    )
