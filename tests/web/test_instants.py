"""Days and hours as people write them: every usual way is read the same, nothing is guessed."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.web.forms.instants import read_instant

MEANT = datetime(2026, 9, 5, 8, 0)  # noqa: DTZ001 - what a clock on the wall shows


@pytest.mark.parametrize(
    "text",
    [
        "05/09/2026 08:00",
        " 5/9/2026  8:00 ",
        "05-09-2026 08:00",
        "05.09.2026, 8h00",
        "05/09/2026 8h",
        "05/09/2026 lúc 8 giờ",
        "5/9/2026 8 giờ 00 phút",
        "08:00 05/09/2026",
        "08:00:00 05/09/2026",
        "8h00 ngày 05/09/2026",
        "2026-09-05T08:00",
        "2026-09-05 08:00",
    ],
)
def test_usual_ways_of_writing_say_the_same(text: str) -> None:
    assert read_instant(text) == MEANT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "05/09/2026",
        "08:00",
        "05/09/26 08:00",
        "31/02/2026 08:00",
        "05/13/2026 08:00",
        "05/09/2026 25:00",
        "05/09/2026 8:",
        "05/09/2026 8",
        "5 tháng 9 2026 8:00",
        "05/09/2026 08:00 09:00",
    ],
)
def test_what_would_be_a_guess_is_not_read(text: str) -> None:
    assert read_instant(text) is None


FIRST, LAST = datetime(2000, 1, 1), datetime(2199, 12, 31)  # noqa: DTZ001 - what a clock on the wall shows


@given(st.datetimes(min_value=FIRST, max_value=LAST))
def test_what_a_page_prints_can_be_typed_back(shown: datetime) -> None:
    meant = shown.replace(second=0, microsecond=0)
    assert read_instant(f"{meant:%d/%m/%Y %H:%M}") == meant
    assert read_instant(f"{meant:%H:%M %d/%m/%Y}") == meant
