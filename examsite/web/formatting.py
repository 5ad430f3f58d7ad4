"""Dates, times, numbers and scores as people here read them, whatever the language of the page.

24-hour clock, dd/mm/yyyy, decimals with a comma in Vietnamese and a dot in English.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from flask import Flask
from flask_babel import format_decimal, format_timedelta

from examsite.domain.saves import FLAGS
from examsite.domain.scores import score_text
from examsite.domain.working_days import ZONE
from examsite.web.i18n import current_locale, gettext


def local(instant: datetime) -> datetime:
    """The instant on the clocks of Vietnam."""
    return instant.astimezone(ZONE)


def format_time(instant: datetime | None) -> str:
    """09:14."""
    return "–" if instant is None else f"{local(instant):%H:%M}"


def format_time_seconds(instant: datetime | None) -> str:
    """09:14:22."""
    return "–" if instant is None else f"{local(instant):%H:%M:%S}"


def format_date(value: datetime | date | None) -> str:
    """21/04/2026."""
    if value is None:
        return "–"
    return f"{local(value) if isinstance(value, datetime) else value:%d/%m/%Y}"


def format_day(value: datetime | date | None) -> str:
    """21/04."""
    if value is None:
        return "–"
    return f"{local(value) if isinstance(value, datetime) else value:%d/%m}"


def format_datetime(instant: datetime | None) -> str:
    """09:14 21/04/2026."""
    return "–" if instant is None else f"{local(instant):%H:%M %d/%m/%Y}"


def format_datetime_seconds(instant: datetime | None) -> str:
    """09:14:22 21/04/2026."""
    return "–" if instant is None else f"{local(instant):%H:%M:%S %d/%m/%Y}"


def format_weekday(instant: datetime | date) -> str:
    """Thứ ba (Tuesday)."""
    names = (
        gettext("Thứ hai"),
        gettext("Thứ ba"),
        gettext("Thứ tư"),
        gettext("Thứ năm"),
        gettext("Thứ sáu"),
        gettext("Thứ bảy"),
        gettext("Chủ nhật"),
    )
    return names[(local(instant) if isinstance(instant, datetime) else instant).weekday()]


def format_score(value: Decimal | str | None) -> str:
    """86,79 (86.79 in English); a dash where there is no score."""
    if value is None or value == "":
        return "–"
    text = score_text(Decimal(value))
    return text if current_locale() == "en" else text.replace(".", ",")


def format_points(value: Decimal | str | None) -> str:
    """Points without idle decimals: 30, 2,5."""
    if value is None or value == "":
        return "–"
    text = format_score(value)
    return text[:-3] if text.endswith(("00",)) else text.removesuffix("0")


def format_number(value: int | Decimal) -> str:
    """1.234 (1,234 in English)."""
    return str(format_decimal(value))


def format_minutes(minutes: int) -> str:
    """10 phút, 90 phút, 24 giờ: hours where they are whole ones."""
    whole = minutes >= 60 and minutes % 60 == 0
    return format_timedelta(timedelta(minutes=minutes), granularity="minute", threshold=2 if whole else minutes + 1)


def format_countdown(seconds: int) -> str:
    """09:14; from an hour on 23:59:59."""
    hours, rest = divmod(seconds, 3600)
    return (f"{hours:02d}:" if hours else "") + f"{rest // 60:02d}:{rest % 60:02d}"


def format_hash(value: str) -> str:
    """A hash in groups of eight."""
    return " ".join(value[start : start + 8] for start in range(0, len(value), 8))


def format_item(item: str) -> str:
    """How people call an item of a paper: "Trắc nghiệm 7", "Tự luận 1"."""
    if item == FLAGS:
        return gettext("Đánh dấu xem lại")
    number = int(re.sub(r"\D", "", item) or 0)
    if item.startswith("E"):
        return gettext("Tự luận %(number)s", number=number)
    return gettext("Trắc nghiệm %(number)s", number=number)


#: Browsers and systems by what their User-Agent says; the more particular sign first, since they quote each other.
_BROWSERS = {"SEB": "Safe Exam Browser", "Edg": "Edge", "OPR": "Opera", "CocCoc": "Cốc Cốc", "coc_coc": "Cốc Cốc"}
_BROWSERS |= {"Firefox": "Firefox", "FxiOS": "Firefox", "Chrome": "Chrome", "CriOS": "Chrome", "Safari": "Safari"}
_SYSTEMS = {"Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "CrOS": "ChromeOS"}
_SYSTEMS |= {"Mac OS X": "macOS", "Linux": "Linux"}


def format_browser(user_agent: str) -> str:
    """Firefox, Windows: enough to know one's own machine again; the first forty signs of what is not known."""
    found = (next((name for sign, name in names.items() if sign in user_agent), "") for names in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, found)) or user_agent[:40] or gettext("không rõ trình duyệt")


def init_formatting(app: Flask) -> None:
    """Name the filters for templates."""
    app.jinja_env.filters.update(
        time=format_time,
        time_seconds=format_time_seconds,
        date=format_date,
        day=format_day,
        datetime=format_datetime,
        datetime_seconds=format_datetime_seconds,
        weekday=format_weekday,
        minutes=format_minutes,
        countdown=format_countdown,
        score=format_score,
        points=format_points,
        number=format_number,
        hash_groups=format_hash,
        item=format_item,
        browser=format_browser,
    )
