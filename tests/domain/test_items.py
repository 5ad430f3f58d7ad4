"""What two people decide about a question, against a plain model written beside it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.errors import InvalidError
from examsite.domain.items import (
    Decision,
    Ruling,
    checked_keys,
    points_of,
    read_keys,
    rescored,
    ruling_text,
    standing_decisions,
)
from examsite.domain.papers import Paper, PaperItem
from examsite.domain.questions import AnswerKey, NumericKey, Option, Question, QuestionKind, Text
from examsite.domain.rubrics import Rubric
from examsite.domain.scores import score

WORDS = Text("Câu hỏi", "Question")
TWO = Decimal("2.00")
KEYS = st.sampled_from(["a", "b", "c", "d"])
ANSWERS = st.one_of(KEYS, st.none(), st.lists(KEYS, max_size=4), st.integers(), st.text(max_size=3))


def _item(name: str, kind: QuestionKind, key: AnswerKey) -> PaperItem:
    options = () if kind is QuestionKind.NUMERIC else tuple(Option(letter, WORDS) for letter in "abcd")
    question = Question(
        id=name,
        kind=kind,
        subject="s",
        topic="t",
        difficulty=1,
        stem=WORDS,
        options=options,
        answer_key=key,
        criteria=(),
        points=None,
        source=WORDS,
    )
    return PaperItem(name, question, TWO)


SINGLE = _item("Q01", QuestionKind.SINGLE, ("b",))
MULTIPLE = _item("Q02", QuestionKind.MULTIPLE, ("a", "c"))
NUMERIC = _item("Q03", QuestionKind.NUMERIC, NumericKey(Decimal("12.50"), Decimal("0.10"), Text("%", "%")))
ORDERING = _item("Q04", QuestionKind.ORDERING, ("d", "c", "b", "a"))
PAPER = Paper("P1-A", "P1", 90, (SINGLE, MULTIPLE, NUMERIC, ORDERING), Rubric("written", "P1", "P1-A", ()))
DECISIONS = st.builds(
    lambda ruling, keys: Decision("Q01", ruling, tuple(sorted(keys)) if ruling is Ruling.FURTHER_KEYS else ()),
    st.sampled_from(Ruling),
    st.sets(st.sampled_from(["a", "c", "d"]), min_size=1),
)
POINTS = st.fixed_dictionaries({name: st.sampled_from(["0.00", "2.00"]) for name in ("Q01", "Q02", "Q03", "Q04")})


def _plainly(answer: object, decision: Decision) -> Decimal:
    """The model: everyone; the key; the key or a further one."""
    right = {Ruling.EVERYONE: None, Ruling.KEEP: {"b"}, Ruling.FURTHER_KEYS: {"b", *map(str, decision.keys)}}
    accepted = right[decision.ruling]
    if accepted is None:
        return TWO
    return TWO if isinstance(answer, str) and answer in accepted else Decimal("0.00")


@given(ANSWERS, DECISIONS)
def test_points_are_those_of_the_plain_model(answer: object, decision: Decision) -> None:
    assert points_of(SINGLE, answer, decision) == _plainly(answer, decision)


@given(ANSWERS, DECISIONS.filter(lambda one: one.ruling is not Ruling.KEEP))
def test_nobody_loses_by_a_fault_of_the_question(answer: object, decision: Decision) -> None:
    for item in PAPER.items:
        assert points_of(item, answer, decision) >= points_of(item, answer, None)


@given(POINTS, st.dictionaries(st.sampled_from(["Q01", "Q02"]), ANSWERS), st.lists(DECISIONS, min_size=1, max_size=4))
def test_only_the_last_decision_counts_and_twice_is_once(
    points: dict[str, str], answers: dict[str, object], decisions: list[Decision]
) -> None:
    walked = points
    for decision in decisions:
        walked = rescored(PAPER, walked, answers, decision)
    at_once = rescored(PAPER, points, answers, decisions[-1])

    assert walked == at_once
    assert rescored(PAPER, walked, answers, decisions[-1]) == walked
    assert {name: walked[name] for name in walked if name != "Q01"} == {
        name: points[name] for name in points if name != "Q01"
    }
    assert standing_decisions(decisions)["Q01"] == decisions[-1]


@given(POINTS, ANSWERS)
def test_everyone_has_the_points_also_who_left_it_blank(points: dict[str, str], answer: object) -> None:
    for answers in ({}, {"Q03": answer}):
        assert rescored(PAPER, points, answers, Decision("Q03", Ruling.EVERYONE))["Q03"] == "2.00"


@given(st.lists(st.sampled_from(["a", "c", "d"]), min_size=1, max_size=6))
def test_a_key_named_twice_is_kept_once(keys: list[str]) -> None:
    kept = checked_keys(SINGLE, Ruling.FURTHER_KEYS, keys)

    assert len(set(kept)) == len(kept)
    assert set(kept) == set(keys)
    assert checked_keys(SINGLE, Ruling.FURTHER_KEYS, kept) == kept


@pytest.mark.parametrize(
    ("item", "typed", "answer"),
    [
        (SINGLE, "C", "c"),
        (MULTIPLE, "c, B", ["b", "c"]),
        (NUMERIC, "13,5", "13.50 %"),
        (ORDERING, "a, b, c, d", ["a", "b", "c", "d"]),
    ],
)
def test_a_typed_key_of_each_kind_is_right_afterwards(item: PaperItem, typed: str, answer: object) -> None:
    keys = checked_keys(item, Ruling.FURTHER_KEYS, read_keys(item, typed))

    assert points_of(item, answer, None) == score(0)
    assert points_of(item, answer, Decision(item.item, Ruling.FURTHER_KEYS, keys)) == TWO


@pytest.mark.parametrize(
    ("item", "ruling", "keys", "code"),
    [
        (SINGLE, Ruling.FURTHER_KEYS, (), "further_keys_missing"),
        (SINGLE, Ruling.FURTHER_KEYS, ("b",), "further_key_right_already"),
        (SINGLE, Ruling.FURTHER_KEYS, ("e",), "further_key_not_an_answer"),
        (SINGLE, Ruling.KEEP, ("a",), "further_keys_not_expected"),
        (MULTIPLE, Ruling.FURTHER_KEYS, (("c", "a"),), "further_key_right_already"),
        (MULTIPLE, Ruling.FURTHER_KEYS, (("a", "a"),), "further_key_not_an_answer"),
        (NUMERIC, Ruling.FURTHER_KEYS, ("mười",), "further_key_not_an_answer"),
        (NUMERIC, Ruling.FURTHER_KEYS, ("12,55",), "further_key_right_already"),
        (ORDERING, Ruling.FURTHER_KEYS, (("a", "b"),), "further_key_not_an_answer"),
        (NUMERIC, Ruling.FURTHER_KEYS, tuple(map(str, range(100, 121))), "further_keys_too_many"),
    ],
)
def test_what_is_no_further_key_is_refused(item: PaperItem, ruling: Ruling, keys: tuple[str, ...], code: str) -> None:
    with pytest.raises(InvalidError) as refused:
        checked_keys(item, ruling, keys)

    assert refused.value.code == code


def test_a_question_that_people_mark_is_not_decided_here() -> None:
    with pytest.raises(InvalidError) as refused:
        rescored(PAPER, {}, {}, Decision("E1", Ruling.EVERYONE))

    assert refused.value.code == "item_not_objective"


def test_the_record_names_the_further_keys() -> None:
    assert ruling_text(Decision("Q01", Ruling.EVERYONE)) == "everyone"
    assert ruling_text(Decision("Q02", Ruling.FURTHER_KEYS, (("b", "c"), ("d",)))) == "further-keys: b, c; d"
