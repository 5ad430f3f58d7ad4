"""Reads of corrections of a published result, out of the record log, and what follows from one that is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.appeals import AppealState
from examsite.domain.canonical import parse_instant
from examsite.domain.competitions import CompetitionState, Missing
from examsite.domain.corrections import (
    CORRECTION_EVENTS,
    Correction,
    CorrectionFact,
    CorrectionState,
    SupplementaryDefence,
    defence_step,
    read_corrections,
)
from examsite.domain.draw_ceremonies import DrawKind
from examsite.domain.events import Event
from examsite.domain.panels import PART
from examsite.domain.permissions import Role
from examsite.domain.publication import LIVE, ResultState
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.proposals import Defence
from examsite.storage.queries.appeals import list_appeals
from examsite.storage.queries.codes import find_written_result
from examsite.storage.queries.defence import list_defences, missing_in_defences
from examsite.storage.queries.proposals import ProposalStanding, list_passed_ids, list_standings
from examsite.storage.queries.records import list_records_of_events
from examsite.storage.queries.results import find_newest_version, list_codes_with_part

#: A version on which people rely that is not published yet.
_COMPUTED = (*LIVE, ResultState.APPROVED)


@dataclass(frozen=True)
class ProposalTerms:
    """At which step proposals and defences are for one candidate, and when."""

    step: CompetitionState
    closes_at: datetime | None
    defence_at: datetime | None
    #: Whether this candidate was told to defend a proposal.
    is_called: bool
    #: Whether that is for a version of the result that is not published yet, while another one is.
    is_supplementary: bool = False


@dataclass(frozen=True)
class RecordSteps:
    """The step whose rules of secrecy hold for each record of a log."""

    state: CompetitionState
    #: What comes after this record is work of an open correction that no version rests on yet; None: nothing does.
    waiting_after: int | None

    def of(self, seq: int) -> CompetitionState:
        """Marks and sheets of an open correction are as secret as those of an appeal."""
        is_waiting = self.waiting_after is not None and seq > self.waiting_after
        return CompetitionState.APPEALS if is_waiting else self.state


@dataclass(frozen=True)
class DefenceRound:
    """The defences that are held now: the first ones, or those of the supplementary defence of an open correction."""

    standings: list[ProposalStanding]
    defences: list[Defence]
    #: What is put on record of this round comes after this record.
    after_seq: int

    @property
    def is_drawn(self) -> bool:
        """Whether everybody with a locked proposal has a turn; so too where nobody handed one in."""
        drawn = {row.candidacy_id for row in self.defences}
        return all(
            row.last is None or row.last.locked_at is None or row.candidacy.id in drawn for row in self.standings
        )


def list_corrections(session: Session, competition: Competition) -> list[Correction]:
    """Every correction of a competition, oldest first; a content that was changed or destroyed says nothing here."""
    return read_corrections(
        CorrectionFact(
            row.seq, parse_instant(row.at), Event(row.event), row.actor, row.content if row.is_as_committed else {}
        )
        for row in list_records_of_events(session, competition.code, CORRECTION_EVENTS)
    )


def find_standing_correction(session: Session, competition: Competition) -> Correction | None:
    """The correction that was asked for or is open; None where nothing is being corrected."""
    if competition.state is not CompetitionState.PUBLISHED:
        return None
    found = list_corrections(session, competition)
    return found[-1] if found and found[-1].is_standing else None


def find_correction_of(session: Session, competition: Competition, appeal: Appeal) -> Correction | None:
    """The correction for which a script is marked anew; None where a candidate appealed."""
    for found in reversed(list_corrections(session, competition)):
        # Nothing is marked anew after a refusal, so that whatever was decided last before it was agreed.
        if found.decided_seq is not None and found.decided_seq < appeal.record_seq:
            return found
    return None


def find_asker(session: Session, competition: Competition, correction: Correction) -> int | None:
    """The account that asked for a correction, whoever holds the role now."""
    return session.scalars(
        select(RoleAssignment.account_id).where(
            RoleAssignment.competition_id == competition.id,
            RoleAssignment.pseudonym == correction.asked_by.partition("/")[2],
        )
    ).one_or_none()


def is_correcting(session: Session, competition: Competition) -> bool:
    """Whether a correction is open: the next version may be computed, signed and published."""
    found = find_standing_correction(session, competition)
    return found is not None and found.state is CorrectionState.OPEN


def takes_signatures(session: Session, competition: Competition) -> bool:
    """Whether versions of the result may be computed and signed: before the first publication, or in a correction."""
    return competition.state is CompetitionState.RANKED or is_correcting(session, competition)


def marking_state(session: Session, competition: Competition) -> CompetitionState:
    """The step whose marks may be worked on: while a correction is open, scripts are marked anew as in an appeal."""
    return CompetitionState.APPEALS if is_correcting(session, competition) else competition.state


def find_supplementary_defence(session: Session, competition: Competition) -> SupplementaryDefence | None:
    """The defence that is held within the open correction, or None."""
    found = find_standing_correction(session, competition)
    return None if found is None or found.state is not CorrectionState.OPEN else found.defence


def defence_state(session: Session, competition: Competition) -> CompetitionState:
    """The step that counts for proposals and defences: in an open correction that of its supplementary defence.

    Once the next version is computed nothing is heard or put on record any more, as after the first one; when that
    version is refused, the defences are open again.
    """
    step = defence_step(competition.state, find_standing_correction(session, competition))
    if step is not CompetitionState.DEFENCE or competition.state is CompetitionState.DEFENCE:
        return step
    newest = find_newest_version(session, competition.id)
    return CompetitionState.RANKED if newest is not None and newest.state in _COMPUTED else step


def list_work_spans(session: Session, competition: Competition) -> list[tuple[int, int | None]]:
    """Between which records the work was done on which results rest: up to the first one, then of each correction.

    None: it is going on.
    """
    computed = [row.seq for row in list_records_of_events(session, competition.code, (Event.RESULT_COMPUTED,))]
    agreed = [row for row in list_corrections(session, competition) if not row.refusal]
    begun = [-1, *(row.decided_seq for row in agreed if row.decided_seq is not None)]
    return [(first, next((seq for seq in computed if seq > first), None)) for first in begun]


def find_record_steps(session: Session, competition: Competition) -> RecordSteps:
    """At which step each record stands, for whoever reads contents of records."""
    if not is_correcting(session, competition):
        return RecordSteps(competition.state, None)
    since = list_records_of_events(session, competition.code, (Event.CORRECTION_DECIDED, Event.RESULT_COMPUTED))
    return RecordSteps(competition.state, since[-1].seq)


def find_defence_round(session: Session, competition: Competition) -> DefenceRound:
    """Who stands in the defences that are held now, and their turns."""
    called = find_supplementary_defence(session, competition)
    return DefenceRound(
        [
            row
            for row in list_standings(session, competition)
            if called is None or row.candidacy.public_code in called.candidates
        ],
        [
            row
            for row in list_defences(session, competition.id)
            if called is None or row.candidacy.public_code in called.candidates
        ],
        after_seq=0 if called is None else called.locked_seq or 0,
    )


def find_proposal_terms(session: Session, competition: Competition, candidacy: Candidacy) -> ProposalTerms:
    """What holds for one candidate: a supplementary defence is nobody's but theirs who are called to it."""
    is_published = competition.state.has_reached(CompetitionState.PUBLISHED)
    for correction in list_corrections(session, competition) if is_published else ():
        called = correction.defence
        if called is not None and candidacy.public_code in called.candidates:
            return ProposalTerms(
                defence_step(competition.state, correction),
                called.proposals_close_at,
                called.defence_at,
                is_called=True,
                is_supplementary=correction.state is CorrectionState.OPEN,
            )
    result = find_written_result(session, competition, candidacy.id)
    is_called = result is not None and result.passed
    if is_called and is_published:
        is_called = candidacy.public_code in list_codes_with_part(session, competition.id, PART)
    return ProposalTerms(competition.state, competition.proposals_close_at, competition.defence_at, is_called=is_called)


def list_order_draws(session: Session, competition: Competition) -> list[str]:
    """Names in the log of the draws of who defends when: one, and one more for each supplementary defence."""
    first = DrawKind.PRESENTATION_ORDER.value
    if not competition.state.has_reached(CompetitionState.PUBLISHED):
        return [first]
    called = sum(row.defence is not None for row in list_corrections(session, competition))
    return [first, *(f"{first}-{number}" for number in range(2, called + 2))]


def list_newly_passed(session: Session, competition: Competition) -> set[str]:
    """Public codes of those who pass the written part and stand with no defence in what is published."""
    passed = list_passed_ids(session, competition)
    rows = select(Candidacy.public_code).where(Candidacy.id.in_(passed))
    return {code or "" for code in session.scalars(rows)} - list_codes_with_part(session, competition.id, PART)


def list_missing_in_correction(session: Session, competition: Competition) -> list[Missing]:
    """What stands between an open correction and the next version: scripts to mark anew, then who is to defend.

    Counted are the codes in the record, so that rows taken out of the database leave nothing undone.
    """
    found = find_standing_correction(session, competition)
    if found is None or found.state is not CorrectionState.OPEN:
        return []
    appeals = list_appeals(session, competition.id)
    done = {row.candidacy.public_code for row in appeals if row.state is AppealState.SETTLED}
    # Every correction names somebody: a content that is unreadable is no proof that all is done.
    count = len(set(found.candidates) - done) if found.candidates else 1
    if count:
        return [Missing("correction_not_marked", Role.CHAIR, {"count": count})]
    called = set() if found.defence is None else {*found.defence.candidates}
    uncalled = list_newly_passed(session, competition) - called
    if uncalled:
        return [Missing("defence_not_called", Role.ORGANISER, {"count": len(uncalled)})]
    return [] if found.defence is None else _missing_in_defence(session, competition, found.defence)


def _missing_in_defence(session: Session, competition: Competition, called: SupplementaryDefence) -> list[Missing]:
    if called.locked_seq is None:
        return [Missing("proposals_not_locked", Role.ORGANISER, {"until": called.proposals_close_at})]
    held = find_defence_round(session, competition)
    return missing_in_defences(session, competition, is_drawn=held.is_drawn, after_seq=held.after_seq)


def list_missing_before_close(session: Session, competition: Competition) -> list[Missing]:
    """A competition is not put away while a correction waits for something."""
    found = find_standing_correction(session, competition)
    if found is None:
        return []
    missing = list_missing_in_correction(session, competition)
    owner = Role.CHAIR if found.state is CorrectionState.ASKED else missing[0].owner if missing else Role.ORGANISER
    return [Missing("correction_stands", owner)]
