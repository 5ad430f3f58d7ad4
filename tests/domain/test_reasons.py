"""A reason is words that can be read, long enough and not too long."""

from __future__ import annotations

import pytest

from examsite.domain.errors import InvalidError
from examsite.domain.reasons import LEAST_REASON, LONGEST_TEXT, checked_reason


@pytest.mark.parametrize(
    ("text", "least", "code"),
    [
        (None, 1, "reason_missing"),
        (" \n\t ", 1, "reason_missing"),
        ("x" * (LEAST_REASON - 1) + "   ", LEAST_REASON, "reason_too_short"),
        ("x" * (LONGEST_TEXT + 1), 1, "reason_too_long"),
    ],
)
def test_what_says_nothing_or_too_much_is_refused_at_its_field(text: str | None, least: int, code: str) -> None:
    with pytest.raises(InvalidError) as refused:
        checked_reason(text, least=least)
    assert (refused.value.code, refused.value.params["field"]) == (code, "reason")


def test_words_are_kept_as_they_are_shown() -> None:
    assert checked_reason("  Ma\u0301y ho\u0309ng.\r\nĐổi chỗ. ") == "Máy hỏng.\nĐổi chỗ."
    assert len(checked_reason("x" * LONGEST_TEXT, least=LEAST_REASON)) == LONGEST_TEXT
