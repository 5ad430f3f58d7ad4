"""A published result turns out to be wrong: who says so, who agrees, what is marked anew, and how it ends.

Decision: a correction is no row of its own. It stands in the record log alone, so that one that was opened, or taken
away, with the password of the database shows at the next look at the log. What is published stays what it is until the
next version is signed by as many as the first one and published; then that one names the one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from examsite.domain.canonical import parse_instant
from examsite.domain.competitions import CompetitionState
from examsite.domain.events import Event

CORRECTION_EVENTS: Final = (
    Event.CORRECTION_ASKED,
    Event.CORRECTION_DECIDED,
    Event.CORRECTION_TAKEN_BACK,
    Event.CORRECTION_DEFENCE_CALLED,
    Event.PROPOSALS_LOCKED,
    Event.RESULT_PUBLISHED,
)
"""The records in which corrections stand. Source: our choice; a publication while one is open is its end."""

MOST_REMARKED: Final = 20
"""Most scripts that one correction has marked anew. Source: our choice, because a correction names single mistakes."""

LEAST_PROPOSAL_TIME: Final = timedelta(days=3)
"""Shortest time for a proposal in a supplementary defence. Source: our choice: none is written overnight."""


class CorrectionState(StrEnum):
    """How far a correction is."""

    #: The organiser has said what is wrong; a second person has not answered.
    ASKED = "asked"
    REFUSED = "refused"
    #: The organiser took it back before anybody answered.
    TAKEN_BACK = "taken_back"
    #: Scripts are marked anew and the next version is on its way.
    OPEN = "open"
    PUBLISHED = "published"


STANDING: Final = frozenset({CorrectionState.ASKED, CorrectionState.OPEN})
"""A second correction waits for the end of the first. Source: our choice, because each version replaces one."""


@dataclass(frozen=True)
class CorrectionFact:
    """One record of `CORRECTION_EVENTS`; `content` is empty where it was erased."""

    seq: int
    at: datetime
    event: Event
    actor: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class SupplementaryDefence:
    """The defence, within a correction, of those who pass the written part only since their scripts were marked anew.

    Source: our choice, because whoever passes has the same right to defend a proposal as those who passed at once.
    """

    #: Public codes of those who are called.
    candidates: tuple[str, ...]
    proposals_close_at: datetime
    #: When they are to be heard.
    defence_at: datetime
    #: The record that locked their proposals; None until the deadline.
    locked_seq: int | None = None


@dataclass(frozen=True)
class Correction:
    """One correction as the log tells it."""

    state: CorrectionState
    asked_seq: int
    asked_at: datetime
    asked_by: str
    reason: str
    #: Public codes of those whose scripts are marked anew.
    candidates: tuple[str, ...]
    decided_seq: int | None = None
    decided_at: datetime | None = None
    decided_by: str = ""
    #: Why the second person refused; empty where that person agreed.
    refusal: str = ""
    ended_seq: int | None = None
    ended_at: datetime | None = None
    #: Who passes the written part only now and is called to a supplementary defence; None where nobody was called.
    defence: SupplementaryDefence | None = None

    @property
    def is_standing(self) -> bool:
        """Whether it waits for something."""
        return self.state in STANDING


def read_corrections(facts: Iterable[CorrectionFact]) -> list[Correction]:
    """Every correction of a log, oldest first; `facts` come in the order of the log."""
    found: list[Correction] = []
    for fact in facts:
        said = fact.content
        if fact.event is Event.CORRECTION_ASKED:
            found.append(
                Correction(
                    CorrectionState.ASKED,
                    fact.seq,
                    fact.at,
                    fact.actor,
                    str(said.get("reason", "")),
                    tuple(said.get("candidates", ())),
                )
            )
        elif found and found[-1].is_standing:
            found[-1] = _after(found[-1], fact, said)
    return found


def _after(before: Correction, fact: CorrectionFact, said: Mapping[str, Any]) -> Correction:
    is_open = before.state is CorrectionState.OPEN
    if fact.event is Event.CORRECTION_DECIDED and not is_open:
        agreed = said.get("agreed") is True
        decided = replace(before, decided_seq=fact.seq, decided_at=fact.at, decided_by=fact.actor)
        if agreed:
            return replace(decided, state=CorrectionState.OPEN)
        return replace(
            decided,
            state=CorrectionState.REFUSED,
            refusal=str(said.get("reason", "")),
            ended_seq=fact.seq,
            ended_at=fact.at,
        )
    if fact.event is Event.CORRECTION_TAKEN_BACK and not is_open:
        return replace(before, state=CorrectionState.TAKEN_BACK, ended_seq=fact.seq, ended_at=fact.at)
    is_locked = before.defence is not None and before.defence.locked_seq is not None
    if fact.event is Event.CORRECTION_DEFENCE_CALLED and is_open and not is_locked and said:
        called = SupplementaryDefence(
            tuple(said["candidates"]), parse_instant(said["proposals_close_at"]), parse_instant(said["defence_at"])
        )
        return replace(before, defence=called)
    if fact.event is Event.PROPOSALS_LOCKED and is_open and not is_locked and before.defence is not None:
        return replace(before, defence=replace(before.defence, locked_seq=fact.seq))
    if fact.event is Event.RESULT_PUBLISHED and is_open:
        return replace(before, state=CorrectionState.PUBLISHED, ended_seq=fact.seq, ended_at=fact.at)
    return before


def defence_step(state: CompetitionState, correction: Correction | None) -> CompetitionState:
    """The step at which proposals and defences are: that of the competition, or of a correction's own defence.

    `correction` is the one that stands; `state` that of the competition.
    """
    if correction is None or correction.state is not CorrectionState.OPEN or correction.defence is None:
        return state
    return CompetitionState.PROPOSALS if correction.defence.locked_seq is None else CompetitionState.DEFENCE
