"""The working calendar: the holidays of Viet Nam as a maintained library names them, and the days that were swapped.

Decision: a window that was opened keeps its end; a day that is swapped later moves only what is reckoned after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import holidays
from sqlalchemy.orm import Session

from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.working_days import ZONE, DayKind, WorkCalendar
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.appeals import SwappedDay
from examsite.storage.queries.working_days import find_swapped_day, get_swapped_day, list_swapped_days

#: Longest name of a decision. Unit: characters.
LONGEST_NAME: Final = 300

#: Years around today for which a day may be swapped. Source: our choice, because the letters come year by year.
_YEARS: Final = 2


@dataclass(frozen=True)
class Holiday:
    """One holiday of the country, named in both languages."""

    day: date
    name: str
    name_en: str


def list_holidays(year: int) -> list[Holiday]:
    """The public holidays of a year and their days in lieu, in order."""
    names = holidays.country_holidays("VN", years=year, language="vi")
    english = holidays.country_holidays("VN", years=year, language="en_US")
    return [Holiday(day, str(name), str(english.get(day, name))) for day, name in sorted(names.items())]


def list_known_worked_days(year: int) -> list[date]:
    """The days of rest that the library knows to be worked in a year, in order."""
    return sorted(day for day in holidays.country_holidays("VN", years=year).weekend_workdays if day.year == year)


def work_calendar(session: Session | None, now: datetime) -> WorkCalendar:
    """The calendar of the years around an instant; without a session the holidays alone."""
    year = now.astimezone(ZONE).year
    known = holidays.country_holidays("VN", years=range(year - 1, year + _YEARS + 1))
    swapped = [] if session is None else list_swapped_days(session)
    worked = {row.day for row in swapped if row.kind is DayKind.WORKED}
    rest = {row.day for row in swapped if row.kind is DayKind.REST}
    return WorkCalendar(
        rest=frozenset(known) - worked | rest,
        worked=frozenset(known.weekend_workdays) - rest | worked,
    )


def swap_day(ctx: ServiceContext, *, day: date, kind: DayKind, reason: str) -> SwappedDay:
    """Enter, as administrator, that a day is worked or is rest against the week and the holidays.

    Raises:
        ConflictError: `day_already_swapped`; `day_is_so_already` when week and holidays say the same.
        InvalidError: `day_out_of_reach`, `decision_not_named`, with the `field`.
        NotAllowedError: `role_needed`.

    Source: each year's announcement of the Government on swapped working days.
    """
    ctx.require(Role.ADMINISTRATOR)
    named = " ".join(reason.split())
    if not 0 < len(named) <= LONGEST_NAME:
        raise InvalidError("decision_not_named", field="reason", most=LONGEST_NAME)
    if abs(day.year - ctx.now.astimezone(ZONE).year) > _YEARS:
        raise InvalidError("day_out_of_reach", field="day", years=_YEARS)
    if find_swapped_day(ctx.session, day) is not None:
        raise ConflictError("day_already_swapped", day=f"{day:%d/%m/%Y}")
    if work_calendar(ctx.session, ctx.now).is_working(day) is (kind is DayKind.WORKED):
        raise ConflictError("day_is_so_already", day=f"{day:%d/%m/%Y}")
    row = SwappedDay(day=day, kind=kind, reason=named, entered_at=ctx.now)
    ctx.session.add(row)
    ctx.session.flush()
    _record(ctx, row, is_kept=True)
    return row


def take_back_day(ctx: ServiceContext, day: date) -> None:
    """Take back, as administrator, what was entered about a day.

    Raises:
        NotAllowedError: `role_needed`.
        NotFoundError: `swapped_day_not_found`.
    """
    ctx.require(Role.ADMINISTRATOR)
    row = get_swapped_day(ctx.session, day)
    ctx.session.delete(row)
    ctx.session.flush()
    _record(ctx, row, is_kept=False)


def _record(ctx: ServiceContext, row: SwappedDay, *, is_kept: bool) -> None:
    payload = {"day": row.day.isoformat(), "kind": row.kind.value, "reason": row.reason, "kept": is_kept}
    record(ctx, None, Event.CALENDAR_CHANGED, "installation/calendar", payload)
