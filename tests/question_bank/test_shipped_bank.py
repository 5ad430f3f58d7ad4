"""The open bank that ships is whole: it loads, has no finding, and is broad enough to draw papers from."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import cache

from examsite.domain.questions import (
    NumericKey,
    Question,
    QuestionKind,
    is_correct,
    question_from_data,
    question_to_data,
)
from question_bank.lint import check_bank
from question_bank.loader import CONTENT, load_bank, load_question


@cache
def bank() -> tuple[Question, ...]:
    return load_bank()


def objective() -> list[Question]:
    return [question for question in bank() if question.kind is not QuestionKind.ESSAY]


def test_bank_has_no_finding() -> None:
    assert [str(finding) for finding in check_bank()] == []


def test_bank_is_large_enough_and_mixed() -> None:
    kinds = Counter(question.kind for question in bank())
    assert len(objective()) >= 66
    wanted = {
        QuestionKind.SINGLE: 32,
        QuestionKind.MULTIPLE: 12,
        QuestionKind.TRUE_FALSE: 8,
        QuestionKind.NUMERIC: 8,
        QuestionKind.ORDERING: 8,
        QuestionKind.ESSAY: 15,
    }
    assert {kind: kinds[kind] for kind, least in wanted.items() if kinds[kind] < least} == {}


def test_objective_part_covers_every_topic_with_five_questions() -> None:
    topics = Counter((question.subject, question.topic) for question in objective())
    assert {subject for subject, _topic in topics} == {"management", "cadre-work", "public-service"}
    assert len(topics) >= 13
    assert {topic: count for topic, count in topics.items() if count < 5} == {}


def test_essays_are_worth_thirty_points_in_three_or_four_criteria() -> None:
    essays = [question for question in bank() if question.kind is QuestionKind.ESSAY]
    assert {question.subject for question in essays} == {"essay"}
    assert {question.points for question in essays} == {Decimal(30)}
    assert {len(question.criteria) for question in essays} <= {3, 4}


def test_right_keys_are_spread_evenly() -> None:
    singles = [question for question in objective() if question.kind is QuestionKind.SINGLE]
    keys = Counter(question.answer_key[0] for question in singles if isinstance(question.answer_key, tuple))
    assert set(keys) == set("abcd")
    assert max(keys.values()) <= 0.35 * len(singles)
    truths = Counter(question.answer_key for question in objective() if question.kind is QuestionKind.TRUE_FALSE)
    assert min(truths[("a",)], truths[("b",)]) >= 3


def test_every_key_earns_the_points_as_a_candidate_would_type_it() -> None:
    for question in objective():
        key = question.answer_key
        answer: object
        if isinstance(key, NumericKey):
            answer = f"{key.value.normalize():f}".replace(".", ",")
        else:
            assert isinstance(key, tuple)
            answer = key[0] if question.kind in {QuestionKind.SINGLE, QuestionKind.TRUE_FALSE} else list(key)
        assert is_correct(question, answer), question.id


def test_every_question_survives_its_snapshot() -> None:
    assert [question_from_data(question_to_data(question)) for question in bank()] == list(bank())


def test_one_file_loads_alone_as_in_the_bank() -> None:
    first = bank()[0]
    assert load_question(CONTENT / first.subject / first.topic / f"{first.id}.toml") == first


def test_bank_is_ordered_by_id() -> None:
    ids = [question.id for question in bank()]
    assert ids == sorted(ids)
