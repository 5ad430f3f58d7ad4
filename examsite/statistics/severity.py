"""How strict or lenient each marker is, apart from the scripts that came their way.

An additive model: a mark is the level of the script, plus the severity of the marker, plus an error; the severities
sum to zero. For the head of marking, beside the raw marks: it chooses who is looked at and changes no score.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from examsite.statistics.figures import CONFIDENCE, Figure, IntervalKind, NoFigure, ScriptMark, by_script
from examsite.statistics.intervals import t_quantile

LEAST_SHARED: Final = 5
"""Scripts that a marker must share with others for a figure. Source: our choice, because the interval of fewer is wider
than any severity worth talking about."""
LEAST_FREEDOM: Final = 5
"""Marks beyond what the model uses up, for an error that can be trusted. Source: our choice, because t with fewer
degrees of freedom makes every interval useless."""


@dataclass(frozen=True, slots=True)
class MarkerSeverity:
    """One marker beside the others.

    Attributes:
        marker: code.
        scripts: marked by this marker.
        shared: of these, marked by somebody else too.
        severity: points above (lenient) or below zero (strict), zero being the mean of all markers.
        spread: standard deviation of this marker's marks, in points; one who gives everyone the middle has little.
    """

    marker: str
    scripts: int
    shared: int
    severity: Figure
    spread: Figure


@dataclass(frozen=True, slots=True)
class SeverityModel:
    """All markers, by code.

    Attributes:
        markers: each with a figure or its reason.
        error: standard deviation of the error of a single mark, in points.
        reason: why no severity can be estimated at all.
        groups: markers who are linked by common scripts; more than one group cannot be compared.
    """

    markers: tuple[MarkerSeverity, ...]
    error: Figure
    reason: NoFigure | None
    groups: tuple[tuple[str, ...], ...]


def estimate_severity(marks: Iterable[ScriptMark]) -> SeverityModel:
    """The severity of each marker by least squares, with standard errors and 95 % intervals of Student's t.

    Scripts that only one person marked tell nothing about severity and are left out. A single number for markers who
    fall into groups without a common script would be an invention, so there is none.

    Source: two-way additive model without interaction, Searle, Linear Models (1971) §7.
    """
    known = by_script(marks)
    markers = sorted({marker for given in known.values() for marker in given})
    paired = [given for given in known.values() if len(given) > 1]
    groups = linked_groups(markers, [list(given) for given in paired])
    own = {marker: [given[marker] for given in known.values() if marker in given] for marker in markers}
    shared = {marker: sum(marker in given for given in paired) for marker in markers}
    freedom = sum(len(given) for given in paired) - len(paired) - len(markers) + 1
    reason = _reason_against(markers, paired, groups, freedom=freedom)
    if reason is not None:
        none = Figure.none(reason, len(paired))
        figures: Mapping[str, Figure] = dict.fromkeys(markers, none)
        error = none
    else:
        figures, error = _fit(markers, paired, shared=shared, freedom=freedom)
    return SeverityModel(
        markers=tuple(
            MarkerSeverity(marker, len(own[marker]), shared[marker], figures[marker], _spread(own[marker]))
            for marker in markers
        ),
        error=error,
        reason=reason,
        groups=groups,
    )


def linked_groups(markers: Sequence[str], teams: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """The markers in groups that are linked by common scripts, largest first.

    Args:
        markers: codes.
        teams: who marked each script.
    """
    group = {marker: {marker} for marker in markers}
    for team in teams:
        joined = set().union(*(group[marker] for marker in team))
        for marker in joined:
            group[marker] = joined
    return tuple(
        sorted({tuple(sorted(members)) for members in group.values()}, key=lambda members: (-len(members), members))
    )


def _reason_against(
    markers: Sequence[str],
    paired: Sequence[Mapping[str, float]],
    groups: Sequence[Sequence[str]],
    *,
    freedom: int,
) -> NoFigure | None:
    if not markers:
        return NoFigure.NO_SCRIPTS
    if len(markers) == 1:
        return NoFigure.ONE_MARKER
    if not paired:
        return NoFigure.NO_PAIRS
    if len(groups) > 1:
        return NoFigure.NOT_CONNECTED
    return NoFigure.TOO_FEW_SCRIPTS if freedom < LEAST_FREEDOM else None


def _fit(
    markers: Sequence[str], paired: Sequence[Mapping[str, float]], *, shared: Mapping[str, int], freedom: int
) -> tuple[dict[str, Figure], Figure]:
    """Least squares with the scripts swept out: one small system of equations, however many scripts there are."""
    place = {marker: number for number, marker in enumerate(markers)}
    normal = np.zeros((len(markers), len(markers)))
    right = np.zeros(len(markers))
    within = 0.0
    for given in paired:
        where = [place[marker] for marker in given]
        values = np.array(list(given.values()))
        away = values - values.mean()
        right[where] += away
        within += float((away**2).sum())
        normal[where, where] += 1.0
        normal[np.ix_(where, where)] -= 1 / len(where)
    # Of all solutions the pseudo-inverse gives the one whose severities sum to zero.
    inverse = np.linalg.pinv(normal, hermitian=True)
    severity = inverse @ right
    variance = max(0.0, within - float(right @ severity)) / freedom
    errors = np.sqrt(np.maximum(np.diag(inverse), 0.0) * variance)
    reach = t_quantile((1 + CONFIDENCE) / 2, freedom)
    figures = {}
    for marker, number in place.items():
        value, error = float(severity[number]), float(errors[number])
        figures[marker] = (
            Figure.none(NoFigure.TOO_FEW_SCRIPTS, shared[marker])
            if shared[marker] < LEAST_SHARED
            else Figure.of(
                value,
                shared[marker],
                ends=(value - reach * error, value + reach * error),
                interval=IntervalKind.T,
                standard_error=error,
            )
        )
    return figures, Figure.of(math.sqrt(variance), freedom)


def _spread(values: Sequence[float]) -> Figure:
    if len(values) < 2:
        return Figure.none(NoFigure.TOO_FEW_SCRIPTS, len(values))
    return Figure.of(float(np.std(values, ddof=1)), len(values))
