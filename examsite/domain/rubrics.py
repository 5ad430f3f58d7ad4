"""What a mark is made of: the criteria of a part, and whether the points given for them may stand.

For setters, markers and panels. A mark has no default: every criterion of the person is filled in, or it is no mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from examsite.domain.errors import InvalidError
from examsite.domain.questions import Level, Text
from examsite.domain.scores import ZERO, Score, is_multiple, score, score_text, sum_scores

Points: TypeAlias = Mapping[str, Score]


@dataclass(frozen=True, slots=True)
class RubricCriterion:
    """One thing that earns points, in whole steps up to its maximum; `system` when the system gives the points."""

    criterion: str
    maximum: Score
    step: Score
    system: bool
    text: Text
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True)
class Rubric:
    """The criteria of one part for one post and, in a written part, one version of the paper."""

    part: str
    post: str
    paper: str | None
    criteria: tuple[RubricCriterion, ...]

    @property
    def maximum(self) -> Score:
        """The sum of the maxima."""
        return sum_scores(criterion.maximum for criterion in self.criteria)

    @property
    def human(self) -> tuple[RubricCriterion, ...]:
        """The criteria that people mark."""
        return tuple(criterion for criterion in self.criteria if not criterion.system)

    @property
    def system(self) -> tuple[RubricCriterion, ...]:
        """The criteria that the system marks."""
        return tuple(criterion for criterion in self.criteria if criterion.system)


def check_rubric(rubric: Rubric, maximum: Score) -> None:
    """Refuse a rubric that does not give exactly the maximum of its part.

    Raises:
        InvalidError: `criteria_missing`, `criterion_twice`, `criterion_maximum_not_positive`, `step_not_positive`,
            `maximum_off_step`, a code of `check_levels`, `rubric_sum_wrong`; all but the first and last name
            `criterion`.

    Source: TT 22/2025/TT-BNV art. 3(3), 8, 13(2c): the score of each question is stated, their sum is the scale.
    """
    if not rubric.criteria:
        raise InvalidError("criteria_missing", part=rubric.part)
    seen: set[str] = set()
    for criterion in rubric.criteria:
        name = criterion.criterion
        if name in seen:
            raise InvalidError("criterion_twice", criterion=name)
        seen.add(name)
        if criterion.maximum <= ZERO:
            raise InvalidError("criterion_maximum_not_positive", criterion=name)
        if criterion.step <= ZERO:
            raise InvalidError("step_not_positive", criterion=name)
        if not is_multiple(criterion.maximum, criterion.step):
            raise InvalidError("maximum_off_step", criterion=name, maximum=criterion.maximum, step=criterion.step)
        check_levels(criterion)
    if rubric.maximum != maximum:
        raise InvalidError("rubric_sum_wrong", part=rubric.part, sum=rubric.maximum, maximum=maximum)


def check_levels(criterion: RubricCriterion) -> None:
    """Refuse levels that cannot be given or that do not rise, in a paper as in a later change of it.

    Raises:
        InvalidError: `level_not_reachable`, `level_off_step`, `level_twice`, `levels_not_rising`; each names
            `criterion`.

    Source: our choice, because a ladder whose second rung stands below its first is read wrongly by whoever is quick.
    """
    name = criterion.criterion
    seen: set[Score] = set()
    for level in criterion.levels:
        if not ZERO <= level.points <= criterion.maximum:
            raise InvalidError("level_not_reachable", criterion=name, points=level.points)
        if not is_multiple(level.points, criterion.step):
            raise InvalidError("level_off_step", criterion=name, points=level.points, step=criterion.step)
        if level.points in seen:
            raise InvalidError("level_twice", criterion=name, points=level.points)
        if seen and level.points < max(seen):
            raise InvalidError("levels_not_rising", criterion=name, points=level.points, before=max(seen))
        seen.add(level.points)


def check_points(rubric: Rubric, points: Points, *, step: Score | None = None) -> None:
    """Refuse a person's mark that is not complete and reachable, criterion by criterion.

    `step` is the step of marks in the rule set, where it is coarser than that of a criterion.

    Raises:
        InvalidError: `points_missing`, `points_negative`, `points_above_maximum`, `points_off_step`,
            `criterion_unknown`; each names `criterion`.
    """
    _check(rubric.human, points, step)


def check_system_points(rubric: Rubric, points: Points) -> None:
    """Refuse a mark of the system that is not complete and reachable.

    Raises:
        InvalidError: as `check_points`.
    """
    _check(rubric.system, points, None)


def total(points: Points) -> Score:
    """The sum of the points of one mark."""
    return sum_scores(points.values())


def points_data(points: Points) -> dict[str, str]:
    """The points as they stand in a record or a result."""
    return {criterion: score_text(given) for criterion, given in sorted(points.items())}


def points_from_data(data: Mapping[str, str]) -> dict[str, Score]:
    """The points that `points_data` wrote."""
    return {criterion: score(given) for criterion, given in data.items()}


def rubric_data(rubric: Rubric) -> dict[str, object]:
    """The rubric as it stands in a record or a result: what checks a mark, without words and levels."""
    return {
        "part": rubric.part,
        "post": rubric.post,
        "paper": rubric.paper,
        "criteria": [_bounds_data(criterion) for criterion in rubric.criteria],
    }


def rubric_to_snapshot(rubric: Rubric) -> dict[str, Any]:
    """The whole rubric with its words and levels, as a row keeps it."""
    return {**rubric_data(rubric), "criteria": [criterion_to_data(criterion) for criterion in rubric.criteria]}


def rubric_from_snapshot(data: Mapping[str, Any]) -> Rubric:
    """The rubric that `rubric_to_snapshot` wrote."""
    return Rubric(
        part=data["part"],
        post=data["post"],
        paper=data["paper"],
        criteria=tuple(criterion_from_data(item) for item in data["criteria"]),
    )


def criterion_to_data(criterion: RubricCriterion) -> dict[str, Any]:
    """The criterion with its words and levels, as a row and a record keep it."""
    return {
        **_bounds_data(criterion),
        "vi": criterion.text.vi,
        "en": criterion.text.en,
        "levels": [
            {"points": score_text(level.points), "vi": level.text.vi, "en": level.text.en} for level in criterion.levels
        ],
    }


def criterion_from_data(data: Mapping[str, Any]) -> RubricCriterion:
    """The criterion that `criterion_to_data` wrote."""
    return RubricCriterion(
        criterion=data["criterion"],
        maximum=score(data["maximum"]),
        step=score(data["step"]),
        system=data["system"],
        text=Text(data["vi"], data["en"]),
        levels=tuple(Level(score(level["points"]), Text(level["vi"], level["en"])) for level in data["levels"]),
    )


def _bounds_data(criterion: RubricCriterion) -> dict[str, object]:
    """What checks the points of a criterion."""
    return {
        "criterion": criterion.criterion,
        "maximum": score_text(criterion.maximum),
        "step": score_text(criterion.step),
        "system": criterion.system,
    }


def _check(criteria: tuple[RubricCriterion, ...], points: Points, step: Score | None) -> None:
    for criterion in criteria:
        name = criterion.criterion
        if name not in points:
            raise InvalidError("points_missing", criterion=name)
        given = points[name]
        if given < ZERO:
            raise InvalidError("points_negative", criterion=name, points=given)
        if given > criterion.maximum:
            raise InvalidError("points_above_maximum", criterion=name, points=given, maximum=criterion.maximum)
        for grid in (criterion.step,) if step is None else (criterion.step, step):
            if not is_multiple(given, grid):
                raise InvalidError("points_off_step", criterion=name, points=given, step=grid)
    unknown = sorted(set(points) - {criterion.criterion for criterion in criteria})
    if unknown:
        raise InvalidError("criterion_unknown", criterion=unknown[0])
