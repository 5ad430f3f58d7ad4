"""When an appeal is taken and when re-marking begins: never both at one instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.appeals import check_window, check_window_over
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError

CLOSES_AT = datetime(2026, 5, 4, 17, 0, tzinfo=UTC)
MOMENT = timedelta(milliseconds=1)
STATES = tuple(CompetitionState)


@pytest.mark.parametrize(
    ("state", "closes_at", "now", "refused"),
    [
        (CompetitionState.APPEALS, CLOSES_AT, CLOSES_AT - MOMENT, ""),
        (CompetitionState.APPEALS, CLOSES_AT, CLOSES_AT, "appeals_over"),
        (CompetitionState.APPEALS, None, CLOSES_AT, "appeals_not_open"),
        (CompetitionState.MARKING, CLOSES_AT, CLOSES_AT - MOMENT, "appeals_not_open"),
        (CompetitionState.PUBLISHED, CLOSES_AT, CLOSES_AT - MOMENT, "appeals_over"),
    ],
)
def test_an_appeal_is_taken_in_its_days_only(
    state: CompetitionState, closes_at: datetime | None, now: datetime, refused: str
) -> None:
    if refused:
        with pytest.raises(ConflictError, match=refused):
            check_window(state, closes_at, now)
    else:
        assert check_window(state, closes_at, now) == closes_at


@pytest.mark.parametrize(
    ("state", "closes_at", "now", "refused"),
    [
        (CompetitionState.APPEALS, CLOSES_AT, CLOSES_AT, ""),
        (CompetitionState.APPEALS, CLOSES_AT, CLOSES_AT - MOMENT, "appeal_window_runs"),
        (CompetitionState.APPEALS, None, CLOSES_AT, "appeals_not_open"),
        (CompetitionState.MERGED, CLOSES_AT, CLOSES_AT, "appeals_not_open"),
        (CompetitionState.PUBLISHED, CLOSES_AT, CLOSES_AT, "appeals_not_open"),
    ],
)
def test_re_marking_begins_when_nobody_may_ask_any_more(
    state: CompetitionState, closes_at: datetime | None, now: datetime, refused: str
) -> None:
    if refused:
        with pytest.raises(ConflictError, match=refused):
            check_window_over(state, closes_at, now)
    else:
        check_window_over(state, closes_at, now)


@given(st.sampled_from(STATES), st.none() | st.just(CLOSES_AT), st.integers(-3, 3))
def test_never_both_at_one_instant(state: CompetitionState, closes_at: datetime | None, milliseconds: int) -> None:
    now = CLOSES_AT + milliseconds * MOMENT
    let_in = 0
    for check in (check_window, check_window_over):
        try:
            check(state, closes_at, now)
            let_in += 1
        except ConflictError:
            continue
    assert let_in <= 1
