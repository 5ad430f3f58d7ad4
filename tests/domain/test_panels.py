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
    is_session_over,
    list_deviations,
    may_see_scores,
    reasons_against_reveal,
    settle_panel,
)
from examsite.domain.rulesets import AfterDiscussion
from examsite.domain.scores import score
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
    assert DEFENCE_MACHINE.final_states() == {DefenceState.SETTLED}
    # An absence written down by mistake is taken back; nothing else leads away from it.
    ways = {event for event in DefenceEvent if DEFENCE_MACHINE.is_open(DefenceState.ABSENT, event)}
    assert ways == {DefenceEvent.ABSENCE_WITHDRAWN}
    assert not DEFENCE_MACHINE.is_open(DefenceState.PRESENTING, DefenceEvent.SCORES_REVEALED)
    assert not DEFENCE_MACHINE.is_open(DefenceState.PRESENTING, DefenceEvent.ABSENCE_RECORDED)


@pytest.mark.parametrize("state", list(DefenceState))
@pytest.mark.parametrize("leads", [True, False])
@pytest.mark.parametrize("recused", [True, False])
@pytest.mark.parametrize("over", [True, False])
def test_scores_are_sealed_between_the_talk_and_the_end_of_the_session(
    state: DefenceState, *, leads: bool, recused: bool, over: bool
) -> None:
    seen = may_see_scores(state, leads=leads, recused=recused, session_over=over)
    if state not in {DefenceState.REVEALED, DefenceState.SETTLED}:
        assert not seen
    elif leads or over:
        assert seen
    else:
        assert seen is (state is DefenceState.REVEALED and not recused)


def test_a_session_is_over_when_every_defence_is() -> None:
    over = {DefenceState.SETTLED, DefenceState.ABSENT}
    assert not is_session_over([])
    assert is_session_over(list(over))
    for state in set(DefenceState) - over:
        assert not is_session_over([*over, state])


def test_deviations_are_against_the_others_and_mirror_each_other() -> None:
    found = list_deviations(
        [{"G1": score("60"), "G2": score("70")}, {"G1": score("65"), "G2": score("66"), "G3": score("67")}]
    )
    assert [(row.member, row.count, row.mean, row.largest) for row in found] == [
        ("G1", 2, -score("5.75"), score("10")),
        ("G2", 2, score("5.00"), score("10")),
        ("G3", 1, score("1.50"), score("1.50")),
    ]
    assert list_deviations([{"G1": score("60")}]) == []
