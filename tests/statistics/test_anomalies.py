"""Jumps at the pass mark, equal mistakes, decided scores and equal passages: found where planted, not elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from examsite.statistics.anomalies import (
    FALSE_ALARMS,
    STRONG_BELOW,
    Question,
    drift_chance,
    find_pass_mark_jump,
    find_same_mistakes,
    is_strong,
    judge_decided,
)
from examsite.statistics.similarity import compare_answers, compare_with_key

ITEMS = [f"Q{number:02d}" for number in range(40)]
KEYS = dict.fromkeys(ITEMS, "A")


def answers_of(people: int, seed: int) -> dict[str, dict[str, str]]:
    chance = np.random.default_rng(seed)
    return {
        f"P{person:03d}": {
            item: "A" if chance.random() < 0.6 else str(chance.choice(["B", "C", "D"], p=[0.6, 0.3, 0.1]))
            for item in ITEMS
        }
        for person in range(people)
    }


def test_parts_add_up_to_the_false_alarms() -> None:
    assert set(STRONG_BELOW) == set(Question)
    assert sum(STRONG_BELOW.values()) == pytest.approx(FALSE_ALARMS)


def test_scores_pushed_over_the_pass_mark_are_a_jump() -> None:
    pushed = 0
    for seed in range(20):
        scores = np.random.default_rng(seed).normal(56, 10, 500)
        pushed += is_strong(
            Question.JUMP, find_pass_mark_jump(np.where((scores > 47) & (scores < 50), 50.5, scores), 50).chance
        )
    assert pushed == 20


def test_smooth_scores_are_no_jump() -> None:
    found = [find_pass_mark_jump(np.random.default_rng(seed).normal(56, 10, 300), 50) for seed in range(200)]
    assert sum(is_strong(Question.JUMP, row.chance) for row in found if row) <= 2
    assert find_pass_mark_jump([49, 51, 50], 50) is None


def test_copied_mistakes_name_the_pair() -> None:
    answers = answers_of(60, 1)
    answers["P007"] = dict(answers["P003"]) | {"Q00": "A", "Q01": "B"}
    found = find_same_mistakes(answers, KEYS)
    assert (found[0].first, found[0].second) == ("P003", "P007")
    assert is_strong(Question.SAME_MISTAKES, found[0].chance)


def test_popular_mistakes_are_no_copying() -> None:
    strong = sum(
        is_strong(Question.SAME_MISTAKES, row.chance)
        for seed in range(10)
        for row in find_same_mistakes(answers_of(40, seed), KEYS)[:1]
    )
    assert strong <= 1
    right = {f"P{n}": dict(KEYS) for n in range(12)}
    assert find_same_mistakes(right, KEYS) == ()


def test_decided_scores_above_the_middle() -> None:
    upwards = judge_decided([(80, (60, 80))] * 12)
    assert upwards is not None
    assert is_strong(Question.DECIDED_UPWARDS, upwards.chance)
    both = judge_decided([(80, (60, 80)), (60, (60, 80))] * 6)
    assert both is not None
    assert both.chance > 0.5
    assert judge_decided([]) is None


def test_evidence_of_a_move_is_bounded() -> None:
    assert drift_chance(0.0, 100, 6) == 1
    assert drift_chance(20.0, 100, 6) < 1e-5


def sentence(seed: int, words: int) -> str:
    chance = np.random.default_rng(seed)
    return " ".join(f"từ{number}" for number in chance.integers(0, 500, words))


def test_a_shared_passage_is_named_once() -> None:
    texts = {f"S{number}": sentence(number, 200) for number in range(20)}
    passage = sentence(99, 40)
    texts["S3"] += f". {passage.upper()}!"
    texts["S8"] = f"{passage}, {texts['S8']}"
    report = compare_answers(texts)
    assert [(row.first, row.second) for row in report.found] == [("S3", "S8")]
    assert report.found[0].words == 40
    assert report.found[0].passage == passage
    assert report.next_share < 0.05
    assert report.pairs == 190


def test_words_of_the_question_are_no_finding() -> None:
    question = sentence(7, 60)
    texts = {f"S{number}": f"{question} {sentence(number, 100)}" for number in range(3)}
    assert compare_answers(texts, known=[question]).found == ()
    assert len(compare_answers(texts).found) == 3


def test_set_phrases_of_many_are_no_passage() -> None:
    phrase = sentence(70, 60)
    texts = {f"S{number}": f"{sentence(number, 60)} {phrase}" for number in range(8)}
    shared = sentence(71, 6)
    texts["S1"], texts["S2"] = f"{shared} {texts['S1']}", f"{shared} {texts['S2']}"
    assert compare_answers(texts).found == ()


def test_the_key_in_an_answer_is_found() -> None:
    key = sentence(50, 80)
    texts = {"S1": sentence(1, 150), "S2": f"{sentence(2, 50)} {' '.join(key.split()[:35])} {sentence(3, 50)}"}
    report = compare_with_key(texts, key)
    assert [row.first for row in report.found] == ["S2"]
