"""Which days are working days, and when have so many of them passed?

Holidays and swapped days are data: a library names the holidays of the country, and the administrator enters what the
Government swaps each year (a rest day that is worked, a working day that is rest).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from examsite.domain.errors import InvalidError

ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")
"""The calendar and the clock on the wall: days, deadlines and ages are those of Vietnam."""

MAX_WORKING_DAYS: Final = 1000
"""Longest reckoning. Source: our choice, because no step of a competition is given years, and a slip must not hang."""

# Source: datetime.date.weekday, where Monday is 0.
_SATURDAY: Final = 5


class DayKind(StrEnum):
    """What a swapped day became."""

    WORKED = "worked"
    REST = "rest"


@dataclass(frozen=True)
class WorkCalendar:
    """The days that differ from the plain week of five days; whatever is worked is so although it is also a holiday."""

    rest: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether people work on this day.

        Source: Bộ luật Lao động 2019 art. 111-112 (holidays, days in lieu); swapped days are announced each year.
        """
        return day in self.worked or (day.weekday() < _SATURDAY and day not in self.rest)


PLAIN_WEEKS: Final = WorkCalendar()


def add_working_days(day: date, count: int, calendar: WorkCalendar = PLAIN_WEEKS) -> date:
    """The last of so many working days after a day; the day itself is not counted, and none is added for 0.

    Units: days.

    Raises:
        InvalidError: `working_days_out_of_range`.
    """
    if not 0 <= count <= MAX_WORKING_DAYS:
        raise InvalidError("working_days_out_of_range", count=count, limit=MAX_WORKING_DAYS)
    found = day
    while count:
        found += timedelta(days=1)
        count -= calendar.is_working(found)
    return found


def end_of_working_day(start: datetime, count: int, *, calendar: WorkCalendar, zone: tzinfo) -> datetime:
    """The first instant after so many working days behind the day of `start`, as the wall calendar of the zone has it.

    Units: days.

    Raises:
        InvalidError: `working_days_out_of_range`.

    Source: Bộ luật Dân sự 2015 art. 147-148: the first day is not counted, a period ends at 24:00 of its last day.
    """
    last = add_working_days(start.astimezone(zone).date(), count, calendar)
    return datetime.combine(last + timedelta(days=1), time(), zone)
