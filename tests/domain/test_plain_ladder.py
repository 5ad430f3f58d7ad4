"""The ladder and the appeal against the plain model: every pair on the quarter grid, a large sample of triples."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

import pytest

from examsite.domain.ladders import LADDERS, ThirdRule, chosen_ladder, get_ladder, ladder_warnings, score_by_rule
from examsite.domain.marking import NeededAct, settle_appeal, settle_blind_pair
from examsite.domain.ruleset_drafts import warnings, with_changes
from examsite.domain.rulesets import Straddle, ruleset_data, ruleset_from_data
from tests.domain.plain_ladder import Rules, appeal, blind_pair
from tests.domain.result_cases import preset

PART: Final = preset("tt22-2025").blind_pair()
#: Every score of the quarter grid: hundredths, and the same as the product has it.
GRID: Final = tuple((hundredths, Decimal(hundredths) / 100) for hundredths in range(0, 10_001, 25))
LIMITS: Final = (("5.00", "10.00"), ("7.50", "8.00"), ("0.00", "0.25"))
TRIPLES: Final = 150_000


def _rules(straddle: Straddle, low: str = "5.00", high: str = "10.00") -> Rules:
    def hundredths(text: str | Decimal) -> int:
        return int(Decimal(text) * 100)

    return Rules(
        hundredths(PART.pass_mark),
        hundredths(low),
        hundredths(high),
        straddle.value,
        hundredths(PART.appeal_adopt_below),
    )


def _hundredths(score: Decimal | None) -> int | None:
    return None if score is None else int(score * 100)


@pytest.mark.parametrize("straddle", Straddle)
def test_every_pair_of_the_quarter_grid(straddle: Straddle) -> None:
    part, rules = replace(PART, straddle=straddle), _rules(straddle)
    seen = set()
    for place, (one, first) in enumerate(GRID):
        for other, second in GRID[place:]:
            found = settle_blind_pair(part, (first, second))
            step, score = blind_pair(rules, one, other, None)
            assert (str(found.step or "third marker"), _hundredths(found.score)) == (step, score), (one, other)
            seen.add(step)
    assert seen == {"mean", "discussed", "third marker"}


def test_the_order_of_two_marks_says_nothing() -> None:
    chance = random.Random(1)
    for _turn in range(5_000):
        (_, first), (_, second) = chance.choice(GRID), chance.choice(GRID)
        assert settle_blind_pair(PART, (first, second)) == settle_blind_pair(PART, (second, first))


@pytest.mark.parametrize("limits", LIMITS)
def test_a_large_sample_of_triples(limits: tuple[str, str]) -> None:
    chance = random.Random(22)
    seen = set()
    for turn in range(TRIPLES // len(LIMITS)):
        straddle = chance.choice(list(Straddle))
        part = replace(PART, straddle=straddle, mean_at_most=Decimal(limits[0]), third_from=Decimal(limits[1]))
        (one, first), (other, second) = chance.choice(GRID), chance.choice(GRID)
        last, third = (one, first) if turn % 3 == 0 else chance.choice(GRID)
        found = settle_blind_pair(part, (first, second), third=third)
        step, score = blind_pair(_rules(straddle, *limits), one, other, last)
        assert (str(found.step), _hundredths(found.score)) == (step, score), (one, other, last)
        assert (found.act is NeededAct.SETTLED) is (score is not None)
        seen.add(step)
    assert {"third-equal", "collective"} <= seen


def test_a_large_sample_of_re_markings() -> None:
    chance = random.Random(17)
    rules = _rules(PART.straddle)
    seen = set()
    for turn in range(40_000):
        settled, before = chance.choice(GRID)
        # Near the settled score as often as anywhere, where adopting and the chair meet.
        near = GRID[max(0, settled // 25 - 30) : settled // 25 + 31] if turn % 2 else GRID
        given = [chance.choice(near) for _marker in range(2)]
        if turn % 5 == 0:
            given[1] = given[0]
        if given[0] != given[1] and turn % 4:
            given.append(given[turn % 2] if turn % 3 == 0 else chance.choice(near))
        found = settle_appeal(PART, before, tuple(mark for _, mark in given))
        step, score = appeal(rules, settled, tuple(mark for mark, _ in given))
        assert (str(found.step or "third marker"), _hundredths(found.score)) == (step, score), (settled, given)
        seen.add(step)
    assert seen == {"adopted", "chair", "third marker"}


def test_three_different_marks_by_each_rule() -> None:
    chance = random.Random(3)
    for _turn in range(5_000):
        marks = [mark for _, mark in chance.sample(GRID, 3)]
        low, middle, high = sorted(marks)
        mean = Fraction(sum(Fraction(mark) for mark in marks), 3)
        assert score_by_rule(ThirdRule.COLLECTIVE, marks) is None
        assert abs(Fraction(score_by_rule(ThirdRule.MEAN, marks) or 0) - mean) <= Fraction(1, 200)
        assert score_by_rule(ThirdRule.MEDIAN, marks) == middle
        closest = score_by_rule(ThirdRule.CLOSEST, marks)
        if middle - low == high - middle:
            assert closest == score_by_rule(ThirdRule.MEAN, marks) == middle
        else:
            pair = (low, middle) if middle - low < high - middle else (middle, high)
            assert closest is not None
            assert pair[0] <= closest <= pair[1]
            assert abs(closest - (pair[0] + pair[1]) / 2) <= Decimal("0.005")


def test_a_ladder_is_chosen_warned_of_and_keeps_the_members_of_the_format() -> None:
    ruleset = preset("tt22-2025")
    members = set(ruleset_data(ruleset)["parts"][0])
    for ladder in LADDERS:
        chosen = with_changes(ruleset, ladder.changes(ruleset.blind_pair()))
        assert chosen_ladder(chosen, chosen.blind_pair()) is ladder
        assert set(ruleset_data(chosen)["parts"][0]) == members
        assert ruleset_data(chosen)["parts"][0]["kind"] == "blind-pair"
        assert ruleset_from_data(ruleset_data(chosen)) == chosen
        told = {warning.code for warning in ladder_warnings(chosen)}
        assert ("closest_two_chosen" in told) is (ladder.key == "closest-two")
        assert (ladder.warning is not None) is (ladder.key == "closest-two")
    assert chosen_ladder(ruleset, ruleset.blind_pair()) is get_ladder("circular")
    assert ladder_warnings(ruleset) == ()


def test_a_pure_key_in_steps_of_five_warns_that_nobody_is_ever_discussed() -> None:
    ruleset = with_changes(preset("tt22-2025"), {"written_mark_step": "5"})
    assert "rung_unreachable" in {warning.code for warning in warnings(ruleset)}
    part = ruleset.blind_pair()
    steps = {
        settle_blind_pair(part, (Decimal(first), Decimal(second))).step
        for first in range(0, 101, 5)
        for second in range(0, 101, 5)
    }
    assert "discussed" not in {str(step) for step in steps}
