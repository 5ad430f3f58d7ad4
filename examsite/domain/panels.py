"""How the members' scores of a defence become one score, and through which states a defence goes.

Each member scores alone and locks; only then are the scores shown together. Nothing here knows names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from examsite.domain.errors import InvalidError
from examsite.domain.marking import LadderPlace, check_score_in_range, settle_spread
from examsite.domain.ruleset_model import AfterDiscussion, PanelPart
from examsite.domain.scores import ZERO, Score, mean_score, sum_scores
from examsite.domain.state_machine import StateMachine

PART: Final = "defence"
"""How rule sets and results name the part that is held before the panel. Source: result formats §6."""


class DefenceState(StrEnum):
    """How far one candidate's defence is."""

    SCHEDULED = "scheduled"
    PRESENTING = "presenting"
    QUESTIONING = "questioning"
    SCORING = "scoring"
    REVEALED = "revealed"
    SETTLED = "settled"
    ABSENT = "absent"


class DefenceEvent(StrEnum):
    """What happens to a defence."""

    STARTED = "started"
    PRESENTATION_ENDED = "presentation_ended"
    QUESTIONS_ENDED = "questions_ended"
    STEP_UNDONE = "step_undone"
    SCORES_REVEALED = "scores_revealed"
    SCORE_SETTLED = "score_settled"
    ABSENCE_RECORDED = "absence_recorded"
    ABSENCE_WITHDRAWN = "absence_withdrawn"


DEFENCE_MACHINE = StateMachine(
    name="defence",
    initial=DefenceState.SCHEDULED,
    table={
        (DefenceState.SCHEDULED, DefenceEvent.STARTED): DefenceState.PRESENTING,
        (DefenceState.SCHEDULED, DefenceEvent.ABSENCE_RECORDED): DefenceState.ABSENT,
        (DefenceState.ABSENT, DefenceEvent.ABSENCE_WITHDRAWN): DefenceState.SCHEDULED,
        (DefenceState.PRESENTING, DefenceEvent.PRESENTATION_ENDED): DefenceState.QUESTIONING,
        (DefenceState.QUESTIONING, DefenceEvent.QUESTIONS_ENDED): DefenceState.SCORING,
        (DefenceState.PRESENTING, DefenceEvent.STEP_UNDONE): DefenceState.SCHEDULED,
        (DefenceState.QUESTIONING, DefenceEvent.STEP_UNDONE): DefenceState.PRESENTING,
        (DefenceState.SCORING, DefenceEvent.STEP_UNDONE): DefenceState.QUESTIONING,
        (DefenceState.SCORING, DefenceEvent.SCORES_REVEALED): DefenceState.REVEALED,
        (DefenceState.REVEALED, DefenceEvent.SCORE_SETTLED): DefenceState.SETTLED,
    },
)


#: How long a step of the clock may be taken back. Source: our choice, because a slip is seen at once and nothing that
#: was said in the meantime is lost. Unit: seconds.
UNDO_SECONDS = 120

#: While a member may fill in the own sheet; it can be locked only when the questions have ended.
SHEET_OPEN: frozenset[DefenceState] = frozenset(
    {DefenceState.PRESENTING, DefenceState.QUESTIONING, DefenceState.SCORING}
)

#: When the members' points are known to the whole panel.
SCORES_SHOWN: frozenset[DefenceState] = frozenset({DefenceState.REVEALED, DefenceState.SETTLED})


#: While questions may be written down: from the first word of the candidate until the score stands.
QUESTIONS_OPEN: frozenset[DefenceState] = frozenset({*SHEET_OPEN, DefenceState.REVEALED})

#: How a defence can have ended.
_OVER: frozenset[DefenceState] = frozenset({DefenceState.SETTLED, DefenceState.ABSENT})


def is_order_used_after(position: int, states: Mapping[int, DefenceState]) -> bool:
    """Whether anybody later in the drawn order has begun, so that nobody can come in before them any more.

    Source: our choice, because the order was drawn, and whoever speaks after others have heard the questions.
    """
    return any(
        place > position and state not in (DefenceState.SCHEDULED, DefenceState.ABSENT)
        for place, state in states.items()
    )


def is_session_over(states: Collection[DefenceState]) -> bool:
    """Whether every defence of the drawn order has come to its end; an order not yet drawn is not over."""
    return bool(states) and set(states) <= _OVER


def may_see_scores(state: DefenceState, *, leads: bool, recused: bool, session_over: bool) -> bool:
    """Whether a person of the panel sees the sheets of a defence side by side.

    The head from the reveal on; a member while the panel talks about them, and again when the session is over. In
    between they are sealed, so that the defence before does not become the measure of the next one.

    Source: TT 22/2025/TT-BNV art. 19-22: results are sealed and handed over right after the session.
    """
    if state not in SCORES_SHOWN:
        return False
    return leads or session_over or (state is DefenceState.REVEALED and not recused)


@dataclass(frozen=True, slots=True)
class MemberScore:
    """One member's locked total, and the total after discussion where the member changed it."""

    member: str
    total: Score
    changed: Score | None = None


def settle_panel(part: PanelPart, scores: Sequence[MemberScore], *, decided: Score | None = None) -> LadderPlace:
    """The mean of the members' totals, or the head's decision where they lie too far apart.

    Raises:
        InvalidError: `marked_twice`, when a member appears twice; `score_out_of_range`.

    Source: TT 22/2025/TT-BNV art. 19-22: at least two markers, mean with two decimals, the head decides a gap.
    """
    members = {score.member for score in scores}
    if len(members) != len(scores):
        raise InvalidError("marked_twice", part=part.part)
    totals = tuple(counted_total(part, score) for score in scores)
    for total in (*totals, *(() if decided is None else (decided,))):
        check_score_in_range(part, total)
    return settle_spread(totals, least=part.least_markers, gap_limit=part.gap_limit, decided=decided)


def counted_total(part: PanelPart, score: MemberScore) -> Score:
    """The member's total that counts: the locked one, unless the rule set lets a change after discussion count."""
    if score.changed is not None and part.after_discussion is AfterDiscussion.COUNTS:
        return score.changed
    return score.total


@dataclass(frozen=True, slots=True)
class Deviation:
    """How one member's totals lie to those of the others on the same defences. Unit: points."""

    member: str
    count: int
    mean: Score
    largest: Score


def list_deviations(defences: Iterable[Mapping[str, Score]]) -> list[Deviation]:
    """For each member the mean of own total minus the mean of the others, and the largest distance, by member.

    `defences` are the first totals of the members of each defence. It changes no score; a defence with one total
    says nothing.
    """
    found: dict[str, list[Score]] = {}
    for totals in defences:
        for member, own in totals.items():
            others = [total for name, total in totals.items() if name != member]
            if others:
                found.setdefault(member, []).append(own - mean_score(others))
    return [
        Deviation(member, len(values), _signed_mean(values), max(abs(value) for value in values))
        for member, values in sorted(found.items())
    ]


def _signed_mean(values: Sequence[Score]) -> Score:
    """Half-up away from zero on both sides, so that two mirrored members get mirrored figures."""
    total = sum_scores(values)
    size = mean_score([abs(total), *[ZERO] * (len(values) - 1)])
    return -size if total < ZERO else size


def reasons_against_reveal(part: PanelPart, *, present: Collection[str], locked: Collection[str]) -> list[str]:
    """Why the scores may not be shown yet: `members_not_locked`, `too_few_markers`; empty when they may.

    Source: TT 22/2025/TT-BNV art. 19-22: at least two markers, each marks independently.
    """
    reasons: list[str] = []
    if set(present) - set(locked):
        reasons.append("members_not_locked")
    if len(set(locked)) < part.least_markers:
        reasons.append("too_few_markers")
    return reasons
