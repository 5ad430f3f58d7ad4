"""The pace of saves: nobody stores without end, whoever writes never waits, and the last text always gets through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.pace import (
    BURST_BYTES,
    BYTES_PER_SECOND,
    ROW_BYTES,
    Measure,
    cost_of,
    take,
)
from examsite.domain.saves import MAX_BATCH, MAX_SAVE_BYTES, Save

NOW = datetime(2026, 3, 16, 2, 0, tzinfo=UTC)
#: How long a page waits at most before it sends again (autosave.js), and how often it saves at most. Unit: seconds.
PAGE_RETRIES_SECONDS, PAGE_SAVES_SECONDS = 15.3, 2.5
#: How long a save still counts after the end, in every shipped rule set. Unit: seconds.
GRACE_SECONDS = 60
#: Largest content that a body of four megabytes can become: an escaped letter takes at most three times its bytes.
LARGEST_CALL = 3 * 4 * 1024 * 1024 + MAX_BATCH * ROW_BYTES

calls = st.lists(st.tuples(st.integers(0, 60_000), st.integers(1, LARGEST_CALL)), max_size=60)


def test_a_save_costs_its_bytes_and_its_row() -> None:
    assert cost_of([Save("E1", 1, 1, '"Tổ"'), Save("Q01", 1, 1, '"A"')]) == 6 + 3 + 2 * ROW_BYTES
    assert cost_of([]) == 0


def test_every_call_fits_into_a_full_measure() -> None:
    assert take(None, LARGEST_CALL, NOW)[1] == 0


@given(calls)
def test_what_is_stored_stays_below_the_published_bound(sent: list[tuple[int, int]]) -> None:
    measure: Measure | None = None
    at, stored = NOW, 0
    for milliseconds, cost in sent:
        at += timedelta(milliseconds=milliseconds)
        measure, wait = take(measure, cost, at)
        stored += 0 if wait else cost
        assert stored <= BURST_BYTES + BYTES_PER_SECOND * (at - NOW).total_seconds()


@given(calls, st.integers(1, MAX_SAVE_BYTES + ROW_BYTES), st.floats(0.3, PAGE_RETRIES_SECONDS))
def test_after_any_flood_the_last_text_is_stored_within_the_grace(
    flood: list[tuple[int, int]], cost: int, pause: float
) -> None:
    """The measure is empty at the worst; the page sends its newest text again and again, as it does on every 429."""
    measure: Measure | None = Measure(0, NOW)
    at = NOW
    for milliseconds, other in flood:
        at += timedelta(milliseconds=milliseconds)
        measure, _wait = take(measure, other, at)
    began = at
    while True:
        measure, wait = take(measure, cost, at)
        if not wait:
            break
        at += timedelta(seconds=pause)
        assert at - began < timedelta(seconds=GRACE_SECONDS)
    assert measure.left >= 0


@given(st.integers(1, LARGEST_CALL), st.integers(0, BURST_BYTES))
def test_who_waits_as_long_as_was_said_is_served(cost: int, left: int) -> None:
    measure, wait = take(Measure(left, NOW), cost, NOW)
    assert wait == 0 or take(measure, cost, NOW + timedelta(seconds=wait))[1] == 0
    assert wait == 0 or take(measure, cost, NOW + timedelta(seconds=wait - 1))[1] > 0 or wait == 1


@given(st.integers(0, 3600), st.integers(1, LARGEST_CALL))
def test_a_clock_that_is_set_back_fills_nothing_twice(seconds: int, cost: int) -> None:
    measure, _wait = take(Measure(0, NOW), 1, NOW + timedelta(seconds=seconds + 1))
    back, wait = take(measure, cost, NOW)
    assert wait > 0 or back.left == measure.left - cost


@given(st.integers(1, 30_000), st.integers(1, 40))
def test_whoever_writes_for_three_hours_is_never_told_to_wait(letters: int, questions: int) -> None:
    """A text that grows to thirty thousand letters of two bytes each, all of it in each save."""
    measure: Measure | None = None
    for place in range(0, 3 * 3600 * 10, round(PAGE_SAVES_SECONDS * 10) * 4):
        at = NOW + timedelta(seconds=place / 10)
        grown = 2 * letters * place // (3 * 3600 * 10)
        # Four saves at once: a quarter of the steps, the same bytes, and never easier on the measure.
        measure, wait = take(measure, 4 * (grown + ROW_BYTES) + questions, at)
        assert wait == 0
