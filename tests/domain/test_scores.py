"""Scores: read strictly, rounded half-up once, never a float."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.errors import InvalidError
from examsite.domain.scores import (
    HUNDRED,
    QUANTUM,
    is_multiple,
    mean_score,
    parse_score,
    part_of,
    round_score,
    score,
    score_text,
    sum_scores,
)

scores = st.integers(0, 10_000).map(lambda hundredths: Decimal(hundredths) / 100)


@pytest.mark.parametrize(
    ("value", "text"),
    [("86.79", "86.79"), (100, "100.00"), ("7.5", "7.50"), (Decimal("0"), "0.00"), ("-0", "0.00"), ("-1.5", "-1.50")],
)
def test_score_is_written_with_two_decimals(value: str | int | Decimal, text: str) -> None:
    assert score_text(score(value)) == text


@pytest.mark.parametrize(
    "value",
    [
        0.1,
        True,
        None,
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1E2"),
        "1.234",
        "1e2",
        "",
        " 1",
        "1,5",
        "٣",
        "9" * 10,
    ],
)
def test_score_of_anything_else_is_refused(value: object) -> None:
    with pytest.raises(InvalidError) as refused:
        score(value)  # type: ignore[arg-type]
    assert refused.value.code == "score_not_readable"


@pytest.mark.parametrize(
    ("typed", "text"), [("86,79", "86.79"), ("86.79", "86.79"), (" 5 ", "5.00"), ("0,5", "0.50"), ("007", "7.00")]
)
def test_typed_score_takes_comma_or_dot(typed: str, text: str) -> None:
    assert score_text(parse_score(typed)) == text


@pytest.mark.parametrize("typed", ["1.234", "1,234", "1.234,5", "1 000", "-1", "+1", "1,", ",5", "½", "nan", "", "1e1"])
def test_typed_score_that_could_mean_two_things_is_refused(typed: str) -> None:
    with pytest.raises(InvalidError) as refused:
        parse_score(typed)
    assert (refused.value.code, refused.value.params) == ("score_not_readable", {"text": typed})


@pytest.mark.parametrize(
    ("exact", "rounded"), [("0.005", "0.01"), ("0.004999", "0.00"), ("86.785", "86.79"), ("86.775", "86.78")]
)
def test_rounding_is_half_up(exact: str, rounded: str) -> None:
    assert score_text(round_score(Decimal(exact))) == rounded


def test_mean_of_two_markers_keeps_the_half_cent_up() -> None:
    assert mean_score([Decimal("60.25"), Decimal("60.50")]) == Decimal("60.38")


def test_mean_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidError) as refused:
        mean_score([])
    assert refused.value.code == "score_missing"


@given(st.lists(scores, min_size=1, max_size=15))
def test_mean_is_the_nearest_hundredth(values: list[Decimal]) -> None:
    exact = sum((Fraction(value) for value in values), Fraction(0)) / len(values)
    hundredths = (exact * 100 + Fraction(1, 2)).__floor__()
    assert Fraction(mean_score(values)) == Fraction(hundredths, 100)


@given(st.lists(scores, max_size=15), scores)
def test_arithmetic_never_leaves_the_quantum(values: list[Decimal], percent: Decimal) -> None:
    total = sum_scores(values)
    for value in (total, round_score(part_of(total, percent)), *([mean_score(values)] if values else [])):
        assert value.as_tuple().exponent == QUANTUM.as_tuple().exponent
        assert score(score_text(value)) == value


def test_sum_of_nothing_is_zero_with_two_decimals() -> None:
    assert score_text(sum_scores([])) == "0.00"


def test_part_of_is_exact_until_it_is_rounded() -> None:
    assert part_of(Decimal("33.33"), Decimal("33.33")) == Decimal("11.108889")
    assert part_of(Decimal("86.79"), HUNDRED) == Decimal("86.79")


@given(scores, st.integers(1, 3000).map(lambda hundredths: Decimal(hundredths) / 100))
def test_multiples_stand_on_the_grid_and_nothing_beside(maximum: Decimal, step: Decimal) -> None:
    points = maximum // step * step
    assert is_multiple(points, step)
    assert step == Decimal("0.01") or not is_multiple(points + Decimal("0.01"), step)


def test_step_of_zero_has_no_multiples() -> None:
    assert not is_multiple(Decimal("5.00"), Decimal("0.00"))
