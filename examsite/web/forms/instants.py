"""Instants in forms: one field of text, read and shown as dates are written in Vietnam.

Source: our choice, because a browser's own field for date and time follows the browser's language and not the page's,
so that 05/09 meant September to one reader and May to another.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any, cast

from wtforms import StringField
from wtforms.validators import InputRequired, ValidationError

from examsite.domain.working_days import ZONE
from examsite.web.i18n import _l

_SHOWN = "%d/%m/%Y %H:%M"
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
_NOT_READ = _l("Hãy điền ngày và giờ hợp lệ.")

_DAY = r"(?P<day>[0-9]{1,2})\s*[/.-]\s*(?P<month>[0-9]{1,2})\s*[/.-]\s*(?P<year>[0-9]{4})"
_HOUR = r"(?P<hour>[0-9]{1,2})\s*(?:[:h]|giờ)\s*(?P<minute>[0-9]{2})?(?:\s*phút)?(?::00)?"
_YEAR_FIRST = r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
_BETWEEN = r"[\s,;T]+(?:lúc\s+|ngày\s+)?"
#: Day first, hour first (as the pages print it), and the form that machines write.
_WAYS = tuple(
    re.compile(way, re.IGNORECASE)
    for way in (_DAY + _BETWEEN + _HOUR, _HOUR + _BETWEEN + _DAY, _YEAR_FIRST + r"[T\s]\s*" + _HOUR)
)


def read_instant(text: str) -> datetime | None:
    """What clocks in Vietnam show at the instant that somebody wrote down, or None when day or hour cannot be told.

    A missing hour is not taken for midnight, and a year needs its four digits: a guess here would move an examination.
    """
    for way in _WAYS:
        found = way.fullmatch(text.strip())
        if found is None or (found["minute"] is None and ":" in found[0]):
            continue
        try:
            day = date(int(found["year"]), int(found["month"]), int(found["day"]))
            return datetime.combine(day, time(int(found["hour"]), int(found["minute"] or 0)))
        except ValueError:
            return None
    return None


class LocalField(StringField):
    """An instant as clocks in Vietnam show it; `data` is naive, `instant()` aware."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        super().__init__(
            label,
            description=_l("Ngày/tháng/năm giờ:phút, ví dụ 05/09/2026 08:00"),
            validators=[InputRequired(_NOT_READ)],
            render_kw={"autocomplete": "off"},
            **kwargs,
        )

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:{_SHOWN}}"

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take what was typed; what cannot be told stays as it was typed, beside the error."""
        self.data = read_instant(str(valuelist[0])) if valuelist else None

    def pre_validate(self, _form: Any) -> None:
        """Refuse what is no instant, and years nobody plans in: the ends of the calendar survive no change of zone.

        Raises:
            ValidationError: day or hour cannot be told, or the year is out of range.
        """
        if self.data is None:
            raise ValidationError(str(_NOT_READ))
        if not _FIRST_YEAR <= self.data.year <= _LAST_YEAR:
            raise ValidationError(_l("Năm phải từ 2000 đến 2199."))

    def instant(self) -> datetime:
        """The instant meant, aware; call only when the form is valid."""
        return cast(datetime, self.data).replace(tzinfo=ZONE)


def local_instant(at: datetime | None) -> datetime | None:
    """An instant as a form shows it: what clocks in Vietnam say."""
    return None if at is None else at.astimezone(ZONE).replace(tzinfo=None)
