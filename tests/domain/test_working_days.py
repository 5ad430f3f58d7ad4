"""Working days: weekends and holidays are skipped, swapped days count as they were swapped."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.errors import InvalidError
from examsite.domain.working_days import PLAIN_WEEKS, WorkCalendar, add_working_days, end_of_working_day

DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))
HANOI = timezone(timedelta(hours=7))


@st.composite
def calendars(draw: st.DrawFn) -> tuple[date, WorkCalendar]:
    start = draw(DAYS)
    near = st.frozensets(st.integers(1, 40).map(lambda number: start + timedelta(days=number)), max_size=15)
    return start, WorkCalendar(rest=draw(near), worked=draw(near))


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 12, 1), 0, date(2026, 12, 1)),
        (date(2026, 12, 1), 1, date(2026, 12, 2)),
        (date(2026, 12, 4), 1, date(2026, 12, 7)),
        (date(2026, 12, 5), 1, date(2026, 12, 7)),
        (date(2026, 12, 1), 15, date(2026, 12, 22)),
        (date(2026, 12, 31), 1, date(2027, 1, 4)),
    ],
)
def test_working_days_skip_weekends_and_holidays(day: date, count: int, expected: date) -> None:
    assert add_working_days(day, count, WorkCalendar(rest=frozenset({date(2027, 1, 1)}))) == expected


def test_a_swapped_saturday_is_worked_and_the_day_it_was_swapped_for_is_rest() -> None:
    # Friday 21 August 2026; the Government swapped Saturday 22 for Monday 31.
    swapped = WorkCalendar(rest=frozenset({date(2026, 8, 31)}), worked=frozenset({date(2026, 8, 22)}))
    assert add_working_days(date(2026, 8, 21), 1, swapped) == date(2026, 8, 22)
    assert add_working_days(date(2026, 8, 28), 1, swapped) == date(2026, 9, 1)
    assert add_working_days(date(2026, 8, 28), 1) == date(2026, 8, 31)


@given(calendars(), st.integers(0, 30))
def test_exactly_so_many_working_days_lie_behind_the_first_day(known: tuple[date, WorkCalendar], count: int) -> None:
    start, calendar = known
    last = add_working_days(start, count, calendar)
    between = [start + timedelta(days=number) for number in range(1, (last - start).days + 1)]
    assert sum(calendar.is_working(day) for day in between) == count
    assert count == 0 or calendar.is_working(last)


@given(calendars(), st.integers(0, 20), st.integers(0, 20))
def test_working_days_may_be_counted_in_two_goes(known: tuple[date, WorkCalendar], first: int, second: int) -> None:
    start, calendar = known
    halfway = add_working_days(start, first, calendar)
    assert add_working_days(halfway, second, calendar) == add_working_days(start, first + second, calendar)


@pytest.mark.parametrize("count", [-1, 1001])
def test_working_days_out_of_range_are_refused(count: int) -> None:
    with pytest.raises(InvalidError, match="working_days_out_of_range"):
        add_working_days(date(2026, 12, 1), count)


def test_a_period_ends_at_midnight_where_people_live() -> None:
    # Half past six in the evening of Monday 16 March in UTC is Tuesday the 17th in Viet Nam.
    late = datetime(2026, 3, 16, 18, 30, tzinfo=UTC)
    end = end_of_working_day(late, 5, calendar=PLAIN_WEEKS, zone=HANOI)
    assert end == datetime(2026, 3, 25, 0, 0, tzinfo=HANOI)
