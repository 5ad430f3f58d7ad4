"""How long something lasts, as people read it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale

from examsite.web.formatting import format_browser, format_countdown, format_minutes


@pytest.mark.parametrize(
    ("minutes", "vi", "en"),
    [
        (1, "1 phút", "1 minute"),
        (10, "10 phút", "10 minutes"),
        (90, "90 phút", "90 minutes"),
        (120, "2 giờ", "2 hours"),
        (1440, "24 giờ", "24 hours"),
        (2880, "2 ngày", "2 days"),
    ],
)
def test_a_length_of_time_in_the_unit_that_divides_it(app: Flask, minutes: int, vi: str, en: str) -> None:
    for locale, wanted in (("vi", vi), ("en", en)):
        with app.test_request_context(), force_locale(locale):
            assert format_minutes(minutes) == wanted


@pytest.mark.parametrize(("seconds", "shown"), [(0, "00:00"), (554, "09:14"), (3600, "01:00:00"), (86399, "23:59:59")])
def test_a_countdown_has_hours_from_an_hour_on(seconds: int, shown: str) -> None:
    assert format_countdown(seconds) == shown


@pytest.mark.parametrize(
    ("user_agent", "shown"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8.5.0", "curl/8.5.0"),
    ],
)
def test_a_browser_is_named_as_people_know_it(user_agent: str, shown: str) -> None:
    assert format_browser(user_agent) == shown
