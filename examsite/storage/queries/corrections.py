"""Reads of corrections of a published result, out of the record log, and what follows from one that is open."""

from __future__ import annotations

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
    read_corrections,
)
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.competitions import Competition
from examsite.storage.queries.appeals import list_appeals
from examsite.storage.queries.records import list_records_of_events


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
        if found.decided_seq is not None and not found.refusal and found.decided_seq < appeal.record_seq:
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


def list_missing_in_correction(session: Session, competition: Competition) -> list[Missing]:
    """What stands between an open correction and the next version: its scripts that are not marked anew.

    Counted are the codes in the record, so that rows taken out of the database leave nothing undone.
    """
    found = find_standing_correction(session, competition)
    if found is None or found.state is not CorrectionState.OPEN:
        return []
    appeals = list_appeals(session, competition.id)
    done = {row.candidacy.public_code for row in appeals if row.state is AppealState.SETTLED}
    # Every correction names somebody: a content that is unreadable is no proof that all is done.
    count = len(set(found.candidates) - done) if found.candidates else 1
    return [Missing("correction_not_marked", Role.CHAIR, {"count": count})] if count else []


def list_missing_before_close(session: Session, competition: Competition) -> list[Missing]:
    """A competition is not put away while a correction waits for something."""
    found = find_standing_correction(session, competition)
    if found is None:
        return []
    is_councils = found.state is CorrectionState.ASKED or bool(list_missing_in_correction(session, competition))
    return [Missing("correction_stands", Role.CHAIR if is_councils else Role.ORGANISER)]
