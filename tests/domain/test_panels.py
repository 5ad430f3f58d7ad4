"""Panels: each member alone, then the mean, unless they lie too far apart."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.errors import InvalidError
from examsite.domain.marking import MarkingStep, NeededAct
from examsite.domain.panels import (
    DEFENCE_MACHINE,
    DefenceEvent,
    DefenceState,
    MemberScore,
    reasons_against_reveal,
    settle_panel,
)
from examsite.domain.rulesets import AfterDiscussion
from tests.domain.result_cases import preset

PART = preset("tt22-2025").panel()
COUNTS = replace(PART, after_discussion=AfterDiscussion.COUNTS)


def scored(*totals: str) -> list[MemberScore]:
    return [MemberScore(f"G{number}", Decimal(total)) for number, total in enumerate(totals)]


@pytest.mark.parametrize(
    ("totals", "act", "step", "score"),
    [
        ([], "wait", None, None),
        (["80.00"], "wait", None, None),
        (["80.00", "90.00"], "settled", "mean", "85.00"),
        (["80.00", "90.01"], "head_decides_panel", "head", None),
        (["80.00", "81.00", "81.00"], "settled", "mean", "80.67"),
        (["80.00", "85.00", "91.00"], "head_decides_panel", "head", None),
    ],
)
def test_gap_rule_of_the_circular(totals: list[str], act: str, step: str | None, score: str | None) -> None:
    settlement = settle_panel(PART, scored(*totals))
    assert (settlement.act, settlement.step) == (act, step)
    assert settlement.score == (None if score is None else Decimal(score))


@given(st.permutations(["80.00", "84.00", "88.00", "90.00"]))
def test_order_of_the_members_does_not_matter(totals: list[str]) -> None:
    assert settle_panel(PART, scored(*totals)).score == Decimal("85.50")


def test_decision_of_the_head_counts_only_where_it_is_due() -> None:
    decided = Decimal("70.00")
    far = settle_panel(PART, scored("60.00", "90.00"), decided=decided)
    assert (far.act, far.step, far.score, far.gap) == (NeededAct.SETTLED, MarkingStep.HEAD, decided, Decimal("30.00"))
    assert settle_panel(PART, scored("60.00", "62.00"), decided=decided).score == Decimal("61.00")


def test_change_after_discussion_counts_only_where_the_rule_set_says_so() -> None:
    scores = [MemberScore("G1", Decimal("60.00"), Decimal("70.00")), MemberScore("G2", Decimal("80.00"))]
    assert settle_panel(PART, scores).step is MarkingStep.HEAD
    assert settle_panel(COUNTS, scores).score == Decimal("75.00")


def test_one_member_twice_or_a_score_off_the_scale_is_refused() -> None:
    for scores, decided, code in (
        ([MemberScore("G1", Decimal("60.00"))] * 2, None, "marked_twice"),
        (scored("60.00", "100.01"), None, "score_out_of_range"),
        (scored("60.00", "90.00"), Decimal("100.01"), "score_out_of_range"),
    ):
        with pytest.raises(InvalidError) as refused:
            settle_panel(PART, scores, decided=decided)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("present", "locked", "reasons"),
    [
        ({"G1", "G2"}, {"G1", "G2"}, []),
        ({"G1", "G2", "G3"}, {"G1", "G2"}, ["members_not_locked"]),
        ({"G1"}, {"G1"}, ["too_few_markers"]),
        ({"G1", "G2"}, set(), ["members_not_locked", "too_few_markers"]),
    ],
)
def test_scores_are_revealed_together_or_not_at_all(present: set[str], locked: set[str], reasons: list[str]) -> None:
    assert reasons_against_reveal(PART, present=present, locked=locked) == reasons


def test_every_defence_ends_settled_or_absent() -> None:
    assert DEFENCE_MACHINE.reachable() == set(DefenceState)
    assert DEFENCE_MACHINE.final_states() == {DefenceState.SETTLED, DefenceState.ABSENT}
    assert not DEFENCE_MACHINE.is_open(DefenceState.PRESENTING, DefenceEvent.SCORES_REVEALED)
    assert not DEFENCE_MACHINE.is_open(DefenceState.PRESENTING, DefenceEvent.ABSENCE_RECORDED)
