"""What markers see: every essay of the paper, readable, in one spelling, and nothing dropped in silence."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.canonical import canonical_bytes
from examsite.domain.papers import Paper, make_paper
from examsite.domain.questions import Question, QuestionKind
from examsite.domain.scores import score
from examsite.domain.scripts import plain_text, script_content
from question_bank.loader import load_bank


@pytest.fixture(scope="module")
def paper() -> Paper:
    bank: list[Question] = sorted(load_bank(), key=lambda item: item.id)
    objective = [item for item in bank if item.kind is QuestionKind.SINGLE][:2]
    essays = [item for item in bank if item.kind is QuestionKind.ESSAY][:2]
    return make_paper(
        [*objective, *essays],
        post="P1",
        version=1,
        minutes=60,
        objective_points=score(20),
        mark_step=score("2.50"),
    )


@given(st.text(st.characters(), max_size=200))
def test_plain_text_can_always_be_hashed_and_says_the_same_twice(text: str) -> None:
    plain = plain_text(text)

    canonical_bytes([plain])
    assert plain_text(plain) == plain
    assert unicodedata.is_normalized("NFC", plain)
    assert "\r" not in plain


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("e\u0301\r\nb\rc\td", "é\nb\nc\td"),
        ("a\u0000b\ud800", "a\ufffdb\ufffd"),
        ("Đề án – 25 %", "Đề án – 25 %"),
    ],
)
def test_plain_text(typed: str, plain: str) -> None:
    assert plain_text(typed) == plain


def test_script_holds_the_essays_of_the_paper_and_nothing_else(paper: Paper) -> None:
    answers = {"Q01": "a", "E2": "hai", "flags": ["E1"], "E9": "lạ"}

    assert script_content(paper, answers) == [{"item": "E1", "text": ""}, {"item": "E2", "text": "hai"}]


def test_an_answer_that_is_no_text_is_shown_as_it_was_stored(paper: Paper) -> None:
    assert script_content(paper, {"E1": {"t": ["ă", 1]}})[0]["text"] == '{"t": ["ă", 1]}'
