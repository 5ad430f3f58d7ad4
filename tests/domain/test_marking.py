"""The ladder: every pair and triple of marks leads to one score or to one act that somebody owes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.marking import (
    MARK_MACHINE,
    SCRIPT_MACHINE,
    AppealStep,
    MarkEvent,
    MarkingStep,
    MarkState,
    NeededAct,
    ScriptEvent,
    ScriptState,
    deducted,
    marks_straddle_pass,
    settle_appeal,
    settle_blind_pair,
    settle_machine,
)
from examsite.domain.rulesets import BlindPairPart, Straddle
from tests.domain.result_cases import preset

PART = preset("tt22-2025").blind_pair()
HEAD_PART = replace(PART, straddle=Straddle.HEAD)

#: Marks in quarters of a point, so that the model below needs whole numbers only.
quarter_marks = st.integers(0, 400)


def points(quarter: int) -> Decimal:
    return Decimal(quarter) / 4 + Decimal("0.00")


@pytest.mark.parametrize(
    ("first", "second", "third", "act", "step", "score"),
    [
        ("70.00", "70.00", None, "settled", "mean", "70.00"),
        ("70.00", "75.00", None, "settled", "mean", "72.50"),
        ("70.00", "72.25", None, "settled", "mean", "71.13"),
        ("47.50", "52.50", None, "settled", "mean", "50.00"),
        ("70.00", "75.25", None, "head_discusses", "discussed", None),
        ("70.00", "79.75", None, "head_discusses", "discussed", None),
        ("79.99", "70.00", "70.00", "head_discusses", "discussed", None),
        ("70.00", "80.00", None, "third_marker", None, None),
        ("70.00", "80.00", "70.00", "settled", "third-equal", "70.00"),
        ("70.00", "80.00", "80.00", "settled", "third-equal", "80.00"),
        ("70.00", "80.00", "75.00", "head_decides_collective", "collective", None),
        ("0.00", "100.00", "99.75", "head_decides_collective", "collective", None),
    ],
)
def test_ladder_of_the_circular(
    first: str, second: str, third: str | None, act: str, step: str | None, score: str | None
) -> None:
    settlement = settle_blind_pair(
        PART, [Decimal(first), Decimal(second)], third=None if third is None else Decimal(third)
    )
    assert (settlement.act, settlement.step) == (act, step)
    assert settlement.score == (None if score is None else Decimal(score))
    assert settlement.gap == abs(Decimal(first) - Decimal(second))


def model(part: BlindPairPart, first: int, second: int, third: int | None) -> tuple[str, int | None]:
    """The ladder told again in quarters; the score in eighths of a point, so that a mean stays whole."""
    spread = first - second if first > second else second - first
    reaches = [mark >= 200 for mark in (first, second)]
    to_head = part.straddle == "head" and reaches[0] is not reaches[1]
    if spread <= 20 and not to_head:
        return "mean", first + second
    if spread < 40:
        return "discussed", None
    if third is None:
        return "third", None
    for one, other in ((first, third), (second, third)):
        if one == other:
            return "third-equal", one * 2
    return "collective", None


@given(
    first=quarter_marks, second=quarter_marks, third=st.none() | quarter_marks, head=st.booleans(), near=st.booleans()
)
def test_ladder_covers_every_pair_and_triple_as_the_model_does(
    first: int, second: int, third: int | None, head: bool, near: bool
) -> None:
    if near and third is not None:
        third = first
    part = HEAD_PART if head else PART
    third_points = None if third is None else points(third)
    settlement = settle_blind_pair(part, [points(first), points(second)], third=third_points)
    step, eighths = model(part, first, second, third)
    assert (settlement.step or "third") == step
    if eighths is None:
        assert settlement.score is None
        assert settlement.act not in (NeededAct.SETTLED, NeededAct.WAIT)
    else:
        assert settlement.act is NeededAct.SETTLED
        # Eighths of a point to hundredths, half up.
        assert settlement.score == Decimal((eighths * 100 + 4) // 8) / 100
    again = settle_blind_pair(part, [points(second), points(first)], third=third_points)
    assert settlement == again


def test_every_pair_of_the_grid_around_the_rungs_has_its_step() -> None:
    seen: set[str] = set()
    for first in range(401):
        for second in range(max(0, first - 42), min(400, first + 42) + 1):
            step = settle_blind_pair(PART, [points(first), points(second)]).step or "third"
            assert step == model(PART, first, second, None)[0], (first, second)
            seen.add(step)
    assert seen == {"mean", "discussed", "third"}


@given(first=quarter_marks, second=quarter_marks, third=st.none() | quarter_marks, decided=quarter_marks)
def test_a_decision_settles_only_the_rungs_that_ask_for_one(
    first: int, second: int, third: int | None, decided: int
) -> None:
    totals = [points(first), points(second)]
    third_points = None if third is None else points(third)
    open_ = settle_blind_pair(PART, totals, third=third_points)
    closed = settle_blind_pair(PART, totals, third=third_points, decided=points(decided))
    if open_.act in (NeededAct.HEAD_DISCUSSES, NeededAct.HEAD_DECIDES_COLLECTIVE):
        assert closed == replace(open_, act=NeededAct.SETTLED, score=points(decided))
    else:
        assert closed == open_


@pytest.mark.parametrize("totals", [[], [Decimal("50.00")]])
def test_fewer_than_two_marks_wait(totals: list[Decimal]) -> None:
    assert settle_blind_pair(PART, totals).act is NeededAct.WAIT
    assert settle_blind_pair(PART, totals, third=Decimal("50.00"), decided=Decimal("50.00")).score is None


def test_three_marks_of_the_first_round_are_refused() -> None:
    with pytest.raises(InvalidError) as refused:
        settle_blind_pair(PART, [Decimal("50.00")] * 3)
    assert refused.value.code == "too_many_marks"


@pytest.mark.parametrize("wrong", ["100.01", "-0.01"])
def test_mark_or_decision_outside_the_scale_is_refused(wrong: str) -> None:
    fine, outside = Decimal("50.00"), Decimal(wrong)
    for attempt in (
        lambda: settle_blind_pair(PART, [fine, outside]),
        lambda: settle_blind_pair(PART, [fine, fine], third=outside),
        lambda: settle_blind_pair(PART, [fine, fine], decided=outside),
        lambda: settle_appeal(PART, fine, [outside]),
        lambda: settle_appeal(PART, outside, []),
        lambda: settle_appeal(PART, fine, [], decided=outside),
    ):
        with pytest.raises(InvalidError) as refused:
            attempt()
        assert refused.value.code == "score_out_of_range"


@pytest.mark.parametrize(
    ("first", "second", "straddles"),
    [("49.99", "50.00", True), ("50.00", "49.99", True), ("50.00", "54.00", False), ("45.00", "49.99", False)],
)
def test_marks_on_both_sides_of_the_pass_mark_are_noticed(first: str, second: str, straddles: bool) -> None:
    totals = [Decimal(first), Decimal(second)]
    assert marks_straddle_pass(PART, *totals) is straddles
    assert settle_blind_pair(PART, totals).straddles is straddles
    assert settle_blind_pair(PART, totals).act is NeededAct.SETTLED
    assert (settle_blind_pair(HEAD_PART, totals).act is NeededAct.HEAD_DISCUSSES) is straddles


def test_machine_part_takes_the_systems_total() -> None:
    assert settle_machine(None).act is NeededAct.WAIT
    settled = settle_machine(Decimal("80.00"))
    assert (settled.step, settled.score) == (MarkingStep.MACHINE, Decimal("80.00"))


# --- appeals and deductions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settled", "remarks", "act", "step", "remark", "score"),
    [
        ("70.00", [], "wait", None, None, None),
        ("70.00", ["71.00"], "wait", None, None, None),
        ("70.00", ["71.00", "71.00"], "settled", "adopted", "71.00", "71.00"),
        ("70.00", ["65.01", "65.01"], "settled", "adopted", "65.01", "65.01"),
        ("70.00", ["65.00", "65.00"], "chair_decides", "chair", "65.00", None),
        ("70.00", ["75.00", "75.00"], "chair_decides", "chair", "75.00", None),
        ("70.00", ["71.00", "72.00"], "third_marker", None, None, None),
        ("70.00", ["71.00", "72.00", "72.00"], "settled", "adopted", "72.00", "72.00"),
        ("70.00", ["71.00", "72.00", "71.00"], "settled", "adopted", "71.00", "71.00"),
        ("70.00", ["71.00", "72.00", "74.00"], "settled", "adopted", "72.33", "72.33"),
        ("70.00", ["80.00", "81.00", "82.00"], "chair_decides", "chair", "81.00", None),
    ],
)
def test_appeal_ladder_of_the_circular(
    settled: str, remarks: list[str], act: str, step: str | None, remark: str | None, score: str | None
) -> None:
    appeal = settle_appeal(PART, Decimal(settled), [Decimal(one) for one in remarks])
    assert (appeal.act, appeal.step) == (act, step)
    assert appeal.remark == (None if remark is None else Decimal(remark))
    assert appeal.score == (None if score is None else Decimal(score))


@given(settled=quarter_marks, remarks=st.lists(quarter_marks, max_size=3), decided=quarter_marks)
def test_chair_decides_only_where_the_remark_lies_far_off(settled: int, remarks: list[int], decided: int) -> None:
    totals = [points(one) for one in remarks]
    appeal = settle_appeal(PART, points(settled), totals, decided=points(decided))
    assert (appeal.act is NeededAct.SETTLED) == (appeal.score is not None)
    if appeal.remark is None:
        assert len(set(remarks)) == len(remarks) < 3
        return
    far = abs(appeal.remark - points(settled)) >= 5
    assert (appeal.step is AppealStep.CHAIR) is far
    assert appeal.score == (points(decided) if far else appeal.remark)


def test_four_remarks_are_refused() -> None:
    with pytest.raises(InvalidError) as refused:
        settle_appeal(PART, Decimal("50.00"), [Decimal("50.00")] * 4)
    assert refused.value.code == "too_many_marks"


@pytest.mark.parametrize(
    ("score", "percents", "left"),
    [
        ("86.79", [], "86.79"),
        ("86.79", ["25.00"], "65.09"),
        ("86.79", ["25.00", "50.00"], "43.40"),
        ("86.79", ["100.00"], "0.00"),
    ],
)
def test_the_largest_deduction_applies_once(score: str, percents: list[str], left: str) -> None:
    assert deducted(Decimal(score), [Decimal(one) for one in percents]) == Decimal(left)


@pytest.mark.parametrize("percent", ["-1.00", "100.01"])
def test_deduction_of_more_than_everything_is_refused(percent: str) -> None:
    with pytest.raises(InvalidError) as refused:
        deducted(Decimal("50.00"), [Decimal(percent)])
    assert refused.value.code == "percent_out_of_range"


# --- states ----------------------------------------------------------------------------------------------------------


def test_every_state_is_reached_and_only_the_last_ones_are_final() -> None:
    assert SCRIPT_MACHINE.reachable() == set(ScriptState)
    assert SCRIPT_MACHINE.final_states() == {ScriptState.OPENED}
    assert MARK_MACHINE.reachable() == set(MarkState)
    assert MARK_MACHINE.final_states() == {MarkState.WITHDRAWN}


def test_a_lock_is_never_changed_only_withdrawn() -> None:
    assert MARK_MACHINE.events_open_in(MarkState.LOCKED) == (MarkEvent.WITHDRAWN,)
    with pytest.raises(ConflictError):
        MARK_MACHINE.after(MarkState.DRAFT, MarkEvent.WITHDRAWN)


def test_a_withdrawn_mark_sends_the_script_back_but_not_after_the_codes_are_open() -> None:
    assert SCRIPT_MACHINE.after(ScriptState.SETTLED, ScriptEvent.MARK_WITHDRAWN) is ScriptState.MARKING
    assert not SCRIPT_MACHINE.is_open(ScriptState.OPENED, ScriptEvent.MARK_WITHDRAWN)
    assert not SCRIPT_MACHINE.is_open(ScriptState.SETTLING, ScriptEvent.CODES_OPENED)
