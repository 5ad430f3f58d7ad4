"""Adjustments and preferences: ranges, rounding, and what wins on the page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.adjustments import (
    SIZES,
    Adjustments,
    adjustments_data,
    adjustments_from_data,
    check_adjustments,
    extra_seconds,
    read_preferences,
    shown_preferences,
)
from examsite.domain.errors import InvalidError

adjustments = st.builds(
    Adjustments,
    extra_percent=st.integers(0, 100),
    size=st.sampled_from([None, *SIZES]),
    contrast=st.booleans(),
    spacing=st.booleans(),
    plain=st.booleans(),
    note=st.text(max_size=20),
)


@given(adjustments)
def test_what_is_stored_is_read_back(wanted: Adjustments) -> None:
    assert adjustments_from_data(adjustments_data(check_adjustments(wanted))) == wanted
    assert (adjustments_data(wanted) == {}) is wanted.is_empty


@pytest.mark.parametrize(("minutes", "percent", "seconds"), [(180, 25, 2700), (180, 0, 0), (50, 25, 780), (7, 10, 60)])
def test_extra_time_is_rounded_up_to_a_minute(minutes: int, percent: int, seconds: int) -> None:
    assert extra_seconds(minutes, percent) == seconds


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Adjustments(extra_percent=101), "extra_time_out_of_range"),
        (Adjustments(extra_percent=-1), "extra_time_out_of_range"),
        (Adjustments(size=17), "text_size_unknown"),
    ],
)
def test_what_is_out_of_range_is_refused(wanted: Adjustments, code: str) -> None:
    with pytest.raises(InvalidError) as error:
        check_adjustments(wanted)
    assert error.value.code == code


def test_the_candidate_s_choice_wins_over_the_approved_start() -> None:
    approved = {"extra_percent": 25, "size": 22, "spacing": True, "note": "x", "reason": "y", "decided_by_id": 3}
    assert shown_preferences(approved, {}) == {"size": 22, "spacing": True}
    assert shown_preferences(approved, {"size": 16, "spacing": False}) == {"size": 16, "spacing": False}
    assert shown_preferences(None, None) == {}
    assert shown_preferences({}, {"colour": "red"}) == {}


@pytest.mark.parametrize("body", [None, [], {"size": 17}, {"size": True}, {"plain": 1}, {"colour": "red"}])
def test_preferences_of_another_shape_are_refused(body: object) -> None:
    with pytest.raises(InvalidError) as error:
        read_preferences(body)
    assert error.value.code == "preferences_malformed"


def test_a_part_of_the_preferences_may_be_sent() -> None:
    assert read_preferences({"contrast": True}) == {"contrast": True}
