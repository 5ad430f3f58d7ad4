"""What counts as lost: silences, never pauses, nothing twice, and never less than what was gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.attempts import SILENT_AFTER_SECONDS, deadline_of, pause_seconds, remaining
from examsite.domain.lost_times import (
    LEAST_LOST_SECONDS,
    Stretch,
    is_silence,
    pieces_left,
    seconds_lost,
    silence_began_at,
    until_decided,
    what_is_left,
)

START = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def stretch(begins: float, ends: float) -> Stretch:
    return Stretch(at(begins), at(ends))


pieces = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 500)).map(lambda pair: stretch(min(pair), max(pair))), max_size=6
)


@pytest.mark.parametrize(
    ("last_word", "checked_in", "began"),
    [
        (at(90), at(-600), at(90)),
        (at(-5), at(-600), at(0)),
        (None, at(-600), at(0)),
        (None, at(300), at(300)),
        (None, None, None),
    ],
)
def test_silence_begins_with_the_last_word_and_never_for_somebody_who_is_late(
    last_word: datetime | None, checked_in: datetime | None, began: datetime | None
) -> None:
    assert silence_began_at(last_word_at=last_word, started_at=START, checked_in_at=checked_in) == began


def test_a_page_opened_anew_is_asked_about_sooner_than_one_that_goes_on() -> None:
    assert not is_silence(START, at(SILENT_AFTER_SECONDS))
    assert is_silence(START, at(SILENT_AFTER_SECONDS) + TICK)
    assert not is_silence(START, at(LEAST_LOST_SECONDS), reopened=True)
    assert is_silence(START, at(LEAST_LOST_SECONDS) + TICK, reopened=True)


@given(pieces, st.integers(0, 500), st.integers(0, 500))
def test_what_is_lost_is_every_second_that_no_piece_takes(taken: list[Stretch], first: int, second: int) -> None:
    whole = stretch(min(first, second), max(first, second))
    free = [
        second
        for second in range(min(first, second), max(first, second))
        if not any(piece.began_at <= at(second) and at(second + 1) <= piece.ended_at for piece in taken)
    ]
    assert seconds_lost(whole, taken) == len(free)
    left = pieces_left(whole, taken)
    assert all(before.ended_at < after.began_at for before, after in pairwise(left))


def test_part_of_a_second_counts_as_a_whole_one() -> None:
    assert seconds_lost(stretch(0, 60.001)) == 61
    assert pause_seconds(at(0), at(0.2)) == 1
    assert pause_seconds(at(0), at(2)) == 2
    assert pause_seconds(at(2), at(0)) == 0


def test_too_little_is_not_proposed() -> None:
    assert what_is_left(stretch(0, 60), [stretch(0, 50)]) is None
    assert what_is_left(stretch(0, 60), [stretch(0, 60)]) is None
    assert what_is_left(stretch(0, 60), [stretch(10, 30)]) == stretch(0, 60)
    assert what_is_left(stretch(0, 60), [stretch(0, 30)]) == stretch(30, 60)


@given(
    st.integers(0, 7_000), st.integers(60, 3_000), st.integers(0, 900), st.integers(0, 300), st.integers(0, 4_000_000)
)
def test_giving_all_leaves_as_much_as_when_it_began(
    begins: int, length: int, waits: int, given_before: int, fraction: int
) -> None:
    """Whenever the person decides: who came back in time loses no second, who came back too late has it all again."""
    deadline_at = deadline_of(START, 120, given_before)
    began_at = at(begins) + timedelta(microseconds=fraction)
    lost = Stretch(began_at, began_at + timedelta(seconds=length))
    decided_at = lost.ended_at + timedelta(seconds=waits)
    seconds = seconds_lost(until_decided(lost, now=decided_at, deadline_at=deadline_at))
    after = deadline_at + timedelta(seconds=seconds)
    wrote_meanwhile = decided_at - lost.ended_at if lost.ended_at < deadline_at else timedelta(0)
    left = remaining(began_at, deadline_at) - wrote_meanwhile
    if began_at < deadline_at:
        assert timedelta(0) <= (after - decided_at) - left < timedelta(seconds=1)
