"""How two blind marks become one score, what somebody must do next, and how an appeal or a deduction changes it.

Pure functions over script totals (a person's total plus the system's). Who may act, and the records of the acts,
stand elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from examsite.domain.errors import InvalidError
from examsite.domain.ruleset_model import BlindPairPart, Part, Straddle
from examsite.domain.scores import HUNDRED, ZERO, Score, mean_score, part_of, round_score
from examsite.domain.state_machine import StateMachine


class ScriptKind(StrEnum):
    """What a script is there for. Only live ones belong to candidates; the others carry a mark agreed beforehand."""

    LIVE = "live"
    PRACTICE = "practice"
    QUALIFICATION = "qualification"
    SEED = "seed"


class ScriptState(StrEnum):
    """How far the marking of one script is."""

    SEALED = "sealed"
    MARKING = "marking"
    SETTLING = "settling"
    SETTLED = "settled"
    OPENED = "opened"


class ScriptEvent(StrEnum):
    """What happens to a script."""

    ALLOCATED = "allocated"
    MARKS_AGREED = "marks_agreed"
    MARKS_DIFFERED = "marks_differed"
    GAP_DECIDED = "gap_decided"
    MARK_WITHDRAWN = "mark_withdrawn"
    RESCORED = "rescored"
    CODES_OPENED = "codes_opened"


SCRIPT_MACHINE = StateMachine(
    name="script",
    initial=ScriptState.SEALED,
    table={
        (ScriptState.SEALED, ScriptEvent.ALLOCATED): ScriptState.MARKING,
        (ScriptState.MARKING, ScriptEvent.MARKS_AGREED): ScriptState.SETTLED,
        (ScriptState.MARKING, ScriptEvent.MARKS_DIFFERED): ScriptState.SETTLING,
        (ScriptState.MARKING, ScriptEvent.MARK_WITHDRAWN): ScriptState.MARKING,
        # A third mark that equals one of the first two settles the gap without a decision.
        (ScriptState.SETTLING, ScriptEvent.MARKS_AGREED): ScriptState.SETTLED,
        (ScriptState.SETTLING, ScriptEvent.GAP_DECIDED): ScriptState.SETTLED,
        (ScriptState.SETTLING, ScriptEvent.MARK_WITHDRAWN): ScriptState.MARKING,
        (ScriptState.SETTLED, ScriptEvent.MARK_WITHDRAWN): ScriptState.MARKING,
        # A further mark of the system moves both totals; the ladder is walked again.
        (ScriptState.MARKING, ScriptEvent.RESCORED): ScriptState.MARKING,
        (ScriptState.SETTLING, ScriptEvent.RESCORED): ScriptState.MARKING,
        (ScriptState.SETTLED, ScriptEvent.RESCORED): ScriptState.MARKING,
        (ScriptState.SETTLED, ScriptEvent.CODES_OPENED): ScriptState.OPENED,
    },
)


class MarkState(StrEnum):
    """How firm one person's mark is. A lock is never changed, only withdrawn."""

    DRAFT = "draft"
    LOCKED = "locked"
    WITHDRAWN = "withdrawn"


class MarkEvent(StrEnum):
    """What happens to a mark."""

    LOCKED = "locked"
    WITHDRAWN = "withdrawn"


MARK_MACHINE = StateMachine(
    name="mark",
    initial=MarkState.DRAFT,
    table={
        (MarkState.DRAFT, MarkEvent.LOCKED): MarkState.LOCKED,
        (MarkState.LOCKED, MarkEvent.WITHDRAWN): MarkState.WITHDRAWN,
    },
)


class MarkingStep(StrEnum):
    """By which step of the ladder a score was settled; the words of the published result."""

    MEAN = "mean"
    DISCUSSED = "discussed"
    THIRD_EQUAL = "third-equal"
    COLLECTIVE = "collective"
    HEAD = "head"
    MACHINE = "machine"


class AppealStep(StrEnum):
    """How an appeal ended; the words of the published result."""

    ADOPTED = "adopted"
    CHAIR = "chair"


class NeededAct(StrEnum):
    """What somebody has to do before the score stands."""

    WAIT = "wait"
    HEAD_DISCUSSES = "head_discusses"
    THIRD_MARKER = "third_marker"
    HEAD_DECIDES_COLLECTIVE = "head_decides_collective"
    HEAD_DECIDES_PANEL = "head_decides_panel"
    CHAIR_DECIDES = "chair_decides"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class LadderPlace:
    """Where a script or a defence stands on its ladder: the step reached, its score once settled, the act still owed.

    `straddles` tells the head that exactly one of the two marks reaches the pass mark.
    """

    act: NeededAct
    step: MarkingStep | None
    score: Score | None
    gap: Score | None
    straddles: bool = False


@dataclass(frozen=True, slots=True)
class AppealPlace:
    """Where an appeal stands: what the fresh markers arrived at, and the score that replaces the settled one."""

    act: NeededAct
    step: AppealStep | None
    remark: Score | None
    score: Score | None


BLIND_ROUND: Final = 1
"""The round of the two who mark independently of each other. Source: record format, `round` of `mark:locked`."""

THIRD_ROUND: Final = 2
"""The round of the third marker. Source: record format, as above."""

WAITING = LadderPlace(act=NeededAct.WAIT, step=None, score=None, gap=None)


def settle_blind_pair(
    part: BlindPairPart, totals: Sequence[Score], *, third: Score | None = None, decided: Score | None = None
) -> LadderPlace:
    """The ladder over the script totals of round 1, the third marker's total, and the head's decision.

    A third total counts only on the rung that asks for it, and a decision only where one is due.

    Raises:
        InvalidError: `too_many_marks`, when more than two marks of round 1 are given; `score_out_of_range`.

    Source: TT 22/2025/TT-BNV art. 16(2); the limits are figures of the rule set.
    """
    for total in (*totals, *(given for given in (third, decided) if given is not None)):
        check_score_in_range(part, total)
    if len(totals) > 2:
        raise InvalidError("too_many_marks", count=len(totals))
    if len(totals) < 2:
        return WAITING
    first, second = totals
    gap = abs(first - second)
    straddles = marks_straddle_pass(part, first, second)
    if gap <= part.mean_at_most and not (straddles and part.straddle is Straddle.HEAD):
        return _settled(MarkingStep.MEAN, mean_score(totals), gap, straddles=straddles)
    if gap < part.third_from:
        return _decided(NeededAct.HEAD_DISCUSSES, MarkingStep.DISCUSSED, decided, gap, straddles=straddles)
    if third is None:
        return LadderPlace(NeededAct.THIRD_MARKER, None, None, gap, straddles)
    equal = equal_score((first, second, third))
    if equal is not None:
        return _settled(MarkingStep.THIRD_EQUAL, equal, gap, straddles=straddles)
    return _decided(NeededAct.HEAD_DECIDES_COLLECTIVE, MarkingStep.COLLECTIVE, decided, gap, straddles=straddles)


def settle_machine(total: Score | None) -> LadderPlace:
    """The score of a part that the system alone marks."""
    return WAITING if total is None else _settled(MarkingStep.MACHINE, total, ZERO)


def settle_spread(
    totals: Sequence[Score], *, least: int, gap_limit: Score, decided: Score | None = None
) -> LadderPlace:
    """The mean of a panel's totals, unless they lie further apart than the limit; then the head's decision.

    Source: TT 22/2025/TT-BNV art. 19-22; the measure highest − lowest is our choice, because the circular names none.
    """
    if len(totals) < least:
        return WAITING
    gap = max(totals) - min(totals)
    if gap <= gap_limit:
        return _settled(MarkingStep.MEAN, mean_score(totals), gap)
    return _decided(NeededAct.HEAD_DECIDES_PANEL, MarkingStep.HEAD, decided, gap)


def marks_straddle_pass(part: Part, first: Score, second: Score) -> bool:
    """Whether exactly one of two marks reaches the pass mark; the head must at least see it and say so.

    Source: our choice, because the circular takes the mean of close marks even where one marker passes the script.
    """
    return (first >= part.pass_mark) != (second >= part.pass_mark)


def settle_appeal(
    part: BlindPairPart, settled: Score, remarks: Sequence[Score], *, decided: Score | None = None
) -> AppealPlace:
    """The appeal ladder over the script totals of fresh markers, against the settled score before any deduction.

    Two that are equal suffice; otherwise a third; otherwise the mean of the three. A re-mark near the settled score
    is adopted, up or down; one further away is for the chair to decide.

    Raises:
        InvalidError: `too_many_marks`, `score_out_of_range`.

    Source: TT 22/2025/TT-BNV art. 17-18; "below" is a figure of the rule set.
    """
    for total in (settled, *remarks, *(() if decided is None else (decided,))):
        check_score_in_range(part, total)
    if len(remarks) > 3:
        raise InvalidError("too_many_marks", count=len(remarks))
    if len(remarks) < 2:
        return AppealPlace(NeededAct.WAIT, None, None, None)
    remark = equal_score(remarks)
    if remark is None and len(remarks) < 3:
        return AppealPlace(NeededAct.THIRD_MARKER, None, None, None)
    if remark is None:
        remark = mean_score(remarks)
    if abs(remark - settled) < part.appeal_adopt_below:
        return AppealPlace(NeededAct.SETTLED, AppealStep.ADOPTED, remark, remark)
    act = NeededAct.CHAIR_DECIDES if decided is None else NeededAct.SETTLED
    return AppealPlace(act, AppealStep.CHAIR, remark, decided)


def deducted(score: Score, percents: Iterable[Score]) -> Score:
    """The score after the largest of the percentages applied to this candidate and part.

    Raises:
        InvalidError: `percent_out_of_range`.

    Source: TT 22/2025/TT-BNV, Nội quy: deductions are applied at merging; "largest, not added up" is our choice,
    because the circular ranks the measures and does not add them.
    """
    known = tuple(percents)
    for percent in known:
        if not ZERO <= percent <= HUNDRED:
            raise InvalidError("percent_out_of_range", percent=percent)
    return round_score(part_of(score, HUNDRED - max(known, default=ZERO)))


def check_score_in_range(part: Part, score: Score) -> None:
    """Refuse a score that the part cannot give.

    Raises:
        InvalidError: `score_out_of_range`.
    """
    if not ZERO <= score <= part.maximum:
        raise InvalidError("score_out_of_range", part=part.part, score=score, maximum=part.maximum)


def check_score_within(totals: Sequence[Score], decided: Score) -> None:
    """Refuse a decision on written marks below the lowest or above the highest of them.

    Raises:
        InvalidError: `decision_outside_marks`.

    Source: our choice, because TT 22/2025/TT-BNV art. 16(2) lets the head decide between marks that people gave after
    reading, and names no bound; the head gives no mark of the own.
    """
    least, most = min(totals), max(totals)
    if not least <= decided <= most:
        raise InvalidError("decision_outside_marks", field="score", least=least, most=most)


def equal_score(totals: Sequence[Score]) -> Score | None:
    """The total that at least two of up to three marks agree on."""
    (value, count), *_rest = Counter(totals).most_common(1)
    return value if count > 1 else None


def _settled(step: MarkingStep, score: Score, gap: Score, *, straddles: bool = False) -> LadderPlace:
    return LadderPlace(NeededAct.SETTLED, step, score, gap, straddles)


def _decided(
    act: NeededAct, step: MarkingStep, decided: Score | None, gap: Score, *, straddles: bool = False
) -> LadderPlace:
    return LadderPlace(act if decided is None else NeededAct.SETTLED, step, decided, gap, straddles)
