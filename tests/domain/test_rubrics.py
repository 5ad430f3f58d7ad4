"""Rubrics: they give exactly the maximum of the part, and a mark fills in every criterion."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.errors import InvalidError
from examsite.domain.questions import Level, Text
from examsite.domain.rubrics import (
    Rubric,
    RubricCriterion,
    check_points,
    check_rubric,
    check_system_points,
    points_data,
    rubric_data,
    rubric_from_snapshot,
    rubric_to_snapshot,
    total,
)
from examsite.domain.scores import HUNDRED, ZERO

WORDS = Text("Nêu đúng", "Right")
LEVEL = Level(Decimal("20.00"), WORDS)


def criterion(name: str, maximum: str, *, step: str = "2.50", system: bool = False) -> RubricCriterion:
    return RubricCriterion(name, Decimal(maximum), Decimal(step), system, WORDS, (LEVEL,) if not system else ())


RUBRIC = Rubric(
    "written",
    "P1",
    "V1",
    (criterion("E1", "40.00"), criterion("E2", "30.00"), criterion("Q1", "30.00", step="30.00", system=True)),
)


def with_first(**members: object) -> Rubric:
    first, *rest = RUBRIC.criteria
    return replace(RUBRIC, criteria=(replace(first, **members), *rest))  # type: ignore[arg-type]


def test_sound_rubric_stands() -> None:
    check_rubric(RUBRIC, HUNDRED)
    assert RUBRIC.maximum == HUNDRED


@pytest.mark.parametrize(
    ("rubric", "code", "named"),
    [
        (replace(RUBRIC, criteria=()), "criteria_missing", None),
        (replace(RUBRIC, criteria=RUBRIC.criteria[:2]), "rubric_sum_wrong", None),
        (with_first(criterion="E2"), "criterion_twice", "E2"),
        (with_first(maximum=ZERO), "criterion_maximum_not_positive", "E1"),
        (with_first(step=ZERO), "step_not_positive", "E1"),
        (with_first(step=Decimal("3.00")), "maximum_off_step", "E1"),
        (with_first(levels=(replace(LEVEL, points=Decimal("40.01")),)), "level_not_reachable", "E1"),
        (with_first(levels=(replace(LEVEL, points=Decimal("-1")),)), "level_not_reachable", "E1"),
    ],
)
def test_rubric_that_cannot_give_the_maximum_is_refused(rubric: Rubric, code: str, named: str | None) -> None:
    with pytest.raises(InvalidError) as refused:
        check_rubric(rubric, HUNDRED)
    assert (refused.value.code, refused.value.params.get("criterion")) == (code, named)


@pytest.mark.parametrize(
    ("points", "code", "named"),
    [
        ({}, "points_missing", "E1"),
        ({"E1": "5.00"}, "points_missing", "E2"),
        ({"E1": "40.01", "E2": "0.00"}, "points_above_maximum", "E1"),
        ({"E1": "42.50", "E2": "0.00"}, "points_above_maximum", "E1"),
        ({"E1": "-2.50", "E2": "0.00"}, "points_negative", "E1"),
        ({"E1": "5.00", "E2": "1.00"}, "points_off_step", "E2"),
        ({"E1": "5.00", "E2": "5.00", "Q1": "30.00"}, "criterion_unknown", "Q1"),
        ({"E1": "5.00", "E2": "5.00", "E9": "5.00"}, "criterion_unknown", "E9"),
    ],
)
def test_mark_of_a_person_that_is_not_complete_and_reachable_is_refused(
    points: dict[str, str], code: str, named: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        check_points(RUBRIC, {name: Decimal(value) for name, value in points.items()})
    assert (refused.value.code, refused.value.params["criterion"]) == (code, named)


def test_coarser_step_of_the_rule_set_is_kept_too() -> None:
    points = {"E1": Decimal("2.50"), "E2": Decimal("5.00")}
    check_points(RUBRIC, points)
    with pytest.raises(InvalidError) as refused:
        check_points(RUBRIC, points, step=Decimal("5.00"))
    assert (refused.value.code, refused.value.params["criterion"]) == ("points_off_step", "E1")


def test_system_marks_its_own_criteria_only() -> None:
    check_system_points(RUBRIC, {"Q1": Decimal("30.00")})
    with pytest.raises(InvalidError) as refused:
        check_system_points(RUBRIC, {"Q1": Decimal("30.00"), "E1": ZERO})
    assert refused.value.code == "criterion_unknown"


def _steps(maximum: Decimal, step: Decimal) -> st.SearchStrategy[Decimal]:
    """Any points on the grid."""
    return st.integers(0, int(maximum // step)).map(lambda count: count * step)


@given(data=st.data())
def test_every_reachable_mark_stands_and_its_total_is_the_sum(data: st.DataObject) -> None:
    points = {one.criterion: data.draw(_steps(one.maximum, one.step)) for one in RUBRIC.human}
    check_points(RUBRIC, points)
    assert ZERO <= total(points) <= Decimal("70.00")
    assert sum(Decimal(text) for text in points_data(points).values()) == total(points)


def test_rubric_in_a_record_carries_what_checks_a_mark_and_nothing_else() -> None:
    assert rubric_data(replace(RUBRIC, criteria=RUBRIC.criteria[2:])) == {
        "part": "written",
        "post": "P1",
        "paper": "V1",
        "criteria": [{"criterion": "Q1", "maximum": "30.00", "step": "30.00", "system": True}],
    }


def test_rubric_kept_in_a_row_comes_back_with_its_words_and_levels() -> None:
    assert rubric_from_snapshot(rubric_to_snapshot(RUBRIC)) == RUBRIC


@pytest.mark.parametrize(
    ("points", "code"),
    [
        (("7.50", "5.00"), "levels_not_rising"),
        (("5.00", "5.00"), "level_twice"),
        (("0.00", "3.00"), "level_off_step"),
        (("0.00", "42.50"), "level_not_reachable"),
    ],
)
def test_levels_of_a_criterion_rise_by_steps(points: tuple[str, ...], code: str) -> None:
    levels = tuple(Level(Decimal(given), WORDS) for given in points)
    with pytest.raises(InvalidError) as refused:
        check_rubric(with_first(levels=levels), HUNDRED)
    assert refused.value.code == code
