"""Nothing closes early, and time left never grows by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.errors import InvalidError
from examsite.domain.windows import deadline, is_within_grace, time_left
from tests.domain import strategies

OPENS = datetime(2026, 12, 1, 1, tzinfo=UTC)
CLOSES = datetime(2026, 12, 1, 4, tzinfo=UTC)
TICK = timedelta(microseconds=1)
NAIVE = datetime(2026, 12, 1)  # noqa: DTZ001 -- the case under test

minutes = st.integers(1, 600)
added = st.integers(0, 4 * 3600)


def test_deadline_adds_what_was_given() -> None:
    assert deadline(OPENS, 180) == CLOSES
    assert deadline(OPENS, 180, 120) == CLOSES + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("started_at", "duration", "given_back", "code"),
    [
        (NAIVE, 180, 0, "instant_not_aware"),
        (OPENS, 0, 0, "duration_not_positive"),
        (OPENS, -1, 0, "duration_not_positive"),
        (OPENS, 180, -60, "extension_not_positive"),
    ],
)
def test_deadline_refuses_to_take_time_away(started_at: datetime, duration: int, given_back: int, code: str) -> None:
    with pytest.raises(InvalidError, match=code):
        deadline(started_at, duration, given_back)


@given(strategies.instants, minutes, added, st.integers(-(10**5), 10**5), st.integers(0, 10**5))
def test_time_left_never_rises_without_an_extension(
    started_at: datetime, duration: int, given_back: int, wait: int, more: int
) -> None:
    deadline_at = deadline(started_at, duration, given_back)
    now = started_at + timedelta(seconds=wait)
    later = now + timedelta(seconds=more)
    assert timedelta(0) <= time_left(later, deadline_at) <= time_left(now, deadline_at)
    assert (time_left(now, deadline_at) == timedelta(0)) == (now >= deadline_at)


@given(strategies.instants, minutes, added, st.integers(1, 3600))
def test_an_extension_gives_back_exactly_its_seconds(
    started_at: datetime, duration: int, given_back: int, seconds: int
) -> None:
    before = deadline(started_at, duration, given_back)
    after = deadline(started_at, duration, given_back + seconds)
    assert time_left(started_at, after) - time_left(started_at, before) == timedelta(seconds=seconds)


def test_grace_ends_with_its_last_instant() -> None:
    last = CLOSES + timedelta(seconds=60)
    assert is_within_grace(OPENS, CLOSES, 60)
    assert is_within_grace(last, CLOSES, 60)
    assert not is_within_grace(last + TICK, CLOSES, 60)
    assert is_within_grace(CLOSES, CLOSES, 0)
