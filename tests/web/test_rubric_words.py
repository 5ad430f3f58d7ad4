"""Criteria in sentences bear the number that pages give them."""

from __future__ import annotations

import pytest

from examsite.web.labels import in_words, shown_number


@pytest.mark.parametrize(
    ("named", "shown"), [("E1.a", "1.a"), ("E1.a, E12.c", "1.a, 12.c"), ("D1", "1"), ("E2", "2"), ("Q01", "Q01")]
)
def test_internal_letters_stay_out_of_sentences(named: str, shown: str) -> None:
    assert shown_number(named) == shown
    assert in_words({"criterion": named, "script": "D123"}) == {"criterion": shown, "script": "D123"}
