"""Which answers earn the points, what a candidate sees, and that a snapshot loses nothing."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.errors import InvalidError
from examsite.domain.questions import (
    Criterion,
    Level,
    NumericKey,
    Option,
    Question,
    QuestionKind,
    Text,
    is_correct,
    question_from_data,
    question_to_data,
    read_number,
)

WORDS = st.text(min_size=1, max_size=20)
TEXTS = st.builds(Text, vi=WORDS, en=WORDS)
CENTS = st.integers(min_value=-(10**9), max_value=10**9).map(lambda cents: Decimal(cents) / 100)
KEYS = "abcdef"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60) | st.sampled_from(KEYS),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    kind = draw(st.sampled_from(QuestionKind))
    keys = list(KEYS[: draw(st.integers(min_value=3, max_value=6))])
    options = tuple(Option(key, draw(TEXTS)) for key in keys)
    answer_key: object = None
    criteria: tuple[Criterion, ...] = ()
    points = None
    if kind in {QuestionKind.SINGLE, QuestionKind.TRUE_FALSE}:
        answer_key = (draw(st.sampled_from(keys)),)
    elif kind is QuestionKind.MULTIPLE:
        answer_key = tuple(sorted(draw(st.sets(st.sampled_from(keys), min_size=2))))
    elif kind is QuestionKind.ORDERING:
        answer_key = tuple(draw(st.permutations(keys)))
    else:
        options = ()
    if kind is QuestionKind.NUMERIC:
        answer_key = NumericKey(value=draw(CENTS), tolerance=abs(draw(CENTS)), unit=draw(TEXTS))
    if kind is QuestionKind.ESSAY:
        levels = st.lists(st.builds(Level, points=CENTS, text=TEXTS), max_size=3).map(tuple)
        criterion = st.builds(Criterion, key=st.sampled_from(KEYS), text=TEXTS, maximum=CENTS, levels=levels)
        criteria = tuple(draw(st.lists(criterion, max_size=3)))
        points = draw(CENTS)
    return Question(
        id=draw(WORDS),
        kind=kind,
        subject=draw(WORDS),
        topic=draw(WORDS),
        difficulty=draw(st.integers(min_value=1, max_value=3)),
        stem=draw(TEXTS),
        options=options,
        answer_key=answer_key,  # type: ignore[arg-type]
        criteria=criteria,
        points=points,
        source=draw(TEXTS),
    )


def make_question(kind: QuestionKind, answer_key: object) -> Question:
    return Question(
        id="Q-1",
        kind=kind,
        subject="management",
        topic="planning",
        difficulty=1,
        stem=Text("Câu hỏi", "Question"),
        options=tuple(Option(key, Text(f"Phương án {key}", f"Option {key}")) for key in "abcd"),
        answer_key=answer_key,  # type: ignore[arg-type]
        criteria=(),
        points=None,
        source=Text("Tình huống tự soạn", "Own case"),
    )


PERCENT = NumericKey(value=Decimal("14.08"), tolerance=Decimal("0.01"), unit=Text("%", "%"))
THOUSANDS = NumericKey(value=Decimal("1234.5"), tolerance=Decimal(0), unit=Text("triệu đồng", "million dong"))


@given(questions())
def test_snapshot_through_json_is_the_same_question(question: Question) -> None:
    assert question_from_data(json.loads(json.dumps(question_to_data(question)))) == question


@given(questions())
def test_snapshot_holds_no_float(question: Question) -> None:
    def walk(value: object) -> None:
        assert not isinstance(value, float)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(inner)

    walk(question_to_data(question))


@given(questions(), JSON)
def test_no_answer_makes_scoring_raise(question: Question, answer: object) -> None:
    assert is_correct(question, answer) in {True, False}


@given(questions(), st.text(alphabet="0123456789., -+%eEnaNIf\u00a0\u2212\u0661\uff11", max_size=45))
def test_no_number_makes_scoring_raise(question: Question, answer: str) -> None:
    assert is_correct(question, answer) in {True, False}


@given(questions())
def test_key_itself_is_correct_and_essay_never(question: Question) -> None:
    key = question.answer_key
    answer: object = None
    if isinstance(key, tuple):
        answer = key[0] if question.kind in {QuestionKind.SINGLE, QuestionKind.TRUE_FALSE} else list(key)
    elif isinstance(key, NumericKey):
        answer = str(key.value).replace(".", ",")
        if read_number(answer) is None:
            return
    assert is_correct(question, answer) is (question.kind is not QuestionKind.ESSAY)


def test_multiple_is_right_in_any_order_and_wrong_in_part() -> None:
    question = make_question(QuestionKind.MULTIPLE, ("a", "c", "d"))
    assert all(is_correct(question, list(order)) for order in permutations("acd"))
    for wrong in (["a", "c"], ["a", "b", "c", "d"], ["a", "a", "c", "d"], [], "acd", None, [["a"], "c", "d"]):
        assert not is_correct(question, wrong)


def test_ordering_is_right_in_one_order_only() -> None:
    question = make_question(QuestionKind.ORDERING, ("b", "a", "d", "c"))
    right = [list(order) for order in permutations("abcd") if is_correct(question, list(order))]
    assert right == [["b", "a", "d", "c"]]


@pytest.mark.parametrize("kind", [QuestionKind.SINGLE, QuestionKind.TRUE_FALSE])
def test_one_key_is_right_and_everything_else_wrong(kind: QuestionKind) -> None:
    question = make_question(kind, ("b",))
    assert is_correct(question, "b")
    for wrong in ("a", "B", " b", "", "bb", ["b"], None, 1, True, {"b": "b"}):
        assert not is_correct(question, wrong)


@pytest.mark.parametrize("answer", ["14,08", "14.08", " 14,07 ", "14,09", "+14,08", "14,08 %", "14,08%"])
def test_numeric_within_tolerance_is_right(answer: str) -> None:
    assert is_correct(make_question(QuestionKind.NUMERIC, PERCENT), answer)


@pytest.mark.parametrize(
    "answer",
    ["14,06", "14,10", "-14,08", "", "%", "abc", "14,08,0", "1408", "14;08", "1.408e1", "NaN", "Infinity", "14_08"],
)
def test_numeric_outside_tolerance_or_no_number_is_wrong(answer: str) -> None:
    assert not is_correct(make_question(QuestionKind.NUMERIC, PERCENT), answer)


@pytest.mark.parametrize("answer", [14.08, 14, True, None, ["14.08"], {"value": "14.08"}])
def test_numeric_answer_of_another_type_is_wrong(answer: object) -> None:
    assert not is_correct(make_question(QuestionKind.NUMERIC, PERCENT), answer)


@pytest.mark.parametrize(
    "answer", ["1.234,5", "1,234.5", "1 234,5", "1\u00a0234,50", "1234,5", "1234.5", "1.234,5 TRIỆU ĐỒNG"]
)
def test_thousands_separators_are_understood(answer: str) -> None:
    assert is_correct(make_question(QuestionKind.NUMERIC, THOUSANDS), answer)


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("1.234", None),
        ("12,345", None),
        ("0,125", Decimal("0.125")),
        ("1.234.567", Decimal(1234567)),
        ("1.234,567", Decimal("1234.567")),
        ("1.234.5", None),
        ("1.23,4", None),
        ("12.34.567", None),
        ("\u22123,5", Decimal("-3.5")),
        (",5", None),
        ("5,", None),
        ("--5", None),
        ("1 2", None),
        ("9" * 41, None),
    ],
)
def test_read_number_refuses_what_has_two_readings_or_none(raw: str, number: Decimal | None) -> None:
    assert read_number(raw) == number


@pytest.mark.parametrize("field", sorted(question_to_data(make_question(QuestionKind.SINGLE, ("a",)))))
def test_snapshot_without_a_field_is_refused_by_name(field: str) -> None:
    data = question_to_data(make_question(QuestionKind.SINGLE, ("a",)))
    del data[field]
    with pytest.raises(InvalidError) as caught:
        question_from_data(data)
    assert (caught.value.code, caught.value.params) == ("question_malformed", {"field": field})


@given(st.sampled_from(sorted(question_to_data(make_question(QuestionKind.SINGLE, ("a",))))), JSON)
def test_snapshot_with_hostile_field_is_refused_or_read(field: str, value: object) -> None:
    data = question_to_data(make_question(QuestionKind.SINGLE, ("a",)))
    data[field] = value
    # Anything but the one refusal makes the test fail; a lucky value may also be read.
    with suppress(InvalidError):
        assert isinstance(question_from_data(data), Question)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("format", 2, "format"),
        ("kind", "riddle", "kind"),
        ("difficulty", True, "difficulty"),
        ("stem", "text", "stem"),
        ("stem", {"vi": "a"}, "stem.en"),
        ("options", "ab", "options"),
        ("options", [{"key": "a", "text": {"vi": "a", "en": None}}], "options[0].text.en"),
        ("answer_key", 5, "answer_key"),
        ("answer_key", ["a", 1], "answer_key"),
        ("answer_key", {"value": "x"}, "answer_key.value"),
        ("answer_key", {"value": "NaN"}, "answer_key.value"),
        ("points", 30, "points"),
        ("points", "Infinity", "points"),
    ],
)
def test_snapshot_with_wrong_field_is_refused_by_its_path(field: str, value: object, named: str) -> None:
    data = question_to_data(make_question(QuestionKind.SINGLE, ("a",)))
    data[field] = value
    with pytest.raises(InvalidError) as caught:
        question_from_data(data)
    assert caught.value.params == {"field": named}


@pytest.mark.parametrize("data", [None, [], "question", 1])
def test_snapshot_that_is_no_object_is_refused(data: object) -> None:
    with pytest.raises(InvalidError, match="question_malformed"):
        question_from_data(data)
