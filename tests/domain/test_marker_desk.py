"""What stands beside the points: where notes hang, in which order questions come, how long a script takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.errors import InvalidError
from examsite.domain.marker_pace import Progress, progress_of
from examsite.domain.note_anchors import Span, anchored_quote, is_anchored
from examsite.domain.question_orders import order_for_question

CODES = st.sets(st.text("ABCDEFGHKMNPQRTUVWXY23456789", min_size=4, max_size=4), min_size=2, max_size=30)
NINE = datetime(2026, 5, 6, 9, tzinfo=UTC)


@given(st.text(min_size=1, max_size=60), st.data())
def test_note_keeps_exactly_the_words_of_its_span(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    span = Span("E1", start, end, text[start:end])
    if not text[start:end].strip():
        with pytest.raises(InvalidError):
            anchored_quote(text, span)
        return
    assert anchored_quote(text, span) == text[start:end]
    assert is_anchored(text, span)
    # Other words at the same place are never taken for them.
    assert not is_anchored(text[:start] + "\u2603" + text[start + 1 :], span) or text[start] == "\u2603"


def test_page_may_show_paragraphs_apart_but_no_other_words() -> None:
    text = "Một hai.\n\nBa bốn."
    assert anchored_quote(text, Span("E1", 4, 12, "hai.\nBa")) == "hai.\n\nBa"
    for span in (Span("E1", 4, 12, "hai. Bốn"), Span("E1", 0, 99, text), Span("E1", 4, 4, ""), Span("E1", -1, 3, "Mộ")):
        with pytest.raises(InvalidError):
            anchored_quote(text, span)


@given(CODES, st.binary(min_size=32, max_size=32))
def test_order_of_a_question_is_stable_when_scripts_come_and_go(codes: set[str], seed: bytes) -> None:
    order = order_for_question(codes, seed=seed, marker="C01", item="E1")
    assert sorted(order) == sorted(codes)
    left = set(list(codes)[1:])
    assert order_for_question(left, seed=seed, marker="C01", item="E1") == [code for code in order if code in left]


def test_every_marker_and_every_question_has_an_order_of_its_own() -> None:
    codes = [f"{number:04d}" for number in range(12)]
    orders = {
        tuple(order_for_question(codes, seed=b"s" * 32, marker=marker, item=item))
        for marker in ("C01", "C02")
        for item in ("E1", "E2", "E3")
    }
    assert len(orders) == 6


def test_pace_is_the_median_and_is_said_from_three_scripts_on() -> None:
    def spans(*minutes: int) -> list[tuple[datetime | None, datetime]]:
        return [(NINE, NINE + timedelta(minutes=each)) for each in minutes]

    assert progress_of(spans(8, 9), allocated=10) == Progress(2, 10, None, None)
    # One script that was left open over night says nothing about the others.
    assert progress_of(spans(8, 9, 900), allocated=10) == Progress(3, 10, 9, 63)
    unknown: list[tuple[datetime | None, datetime]] = [(None, NINE)]
    assert progress_of([*unknown, *spans(8, 9)], allocated=10) == Progress(3, 10, None, None)
