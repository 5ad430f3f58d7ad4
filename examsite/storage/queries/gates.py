"""What keeps the next gate shut, and who owes it: one function per gate, an empty list when it may open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from examsite.domain.competitions import GateEvent, Missing
from examsite.storage.models.competitions import Competition
from examsite.storage.queries.appeals import missing_before_appeals_close
from examsite.storage.queries.candidacies import list_missing_to_fix_roster
from examsite.storage.queries.checklists import (
    list_missing_plan,
    list_missing_to_close,
    list_missing_to_receive,
    list_missing_to_vet,
    list_missing_to_write,
)
from examsite.storage.queries.code_checklists import list_missing_before_publication, list_missing_before_sealing
from examsite.storage.queries.defence import list_missing_defence
from examsite.storage.queries.gate_signatures import list_missing_signatures
from examsite.storage.queries.items import list_missing_to_open_codes
from examsite.storage.queries.proposals import list_missing_to_lock
from examsite.storage.queries.results import list_missing_to_approve, list_missing_to_publish

Checklist = Callable[[Session, Competition, datetime], list[Missing]]

CHECKLISTS: dict[GateEvent, Checklist] = {
    GateEvent.ANNOUNCED: list_missing_plan,
    GateEvent.APPLICATIONS_OPENED: list_missing_to_receive,
    GateEvent.APPLICATIONS_CLOSED: list_missing_to_vet,
    GateEvent.ROSTER_FIXED: list_missing_to_fix_roster,
    GateEvent.WRITTEN_BEGUN: list_missing_to_write,
    GateEvent.CODES_SEALED: list_missing_before_sealing,
    GateEvent.CODES_OPENED: list_missing_to_open_codes,
    GateEvent.WRITTEN_PUBLISHED: list_missing_before_publication,
    GateEvent.APPEALS_CLOSED: missing_before_appeals_close,
    GateEvent.PROPOSALS_LOCKED: list_missing_to_lock,
    GateEvent.RESULT_COMPUTED: list_missing_defence,
    GateEvent.RESULT_APPROVED: list_missing_to_approve,
    GateEvent.RESULT_PUBLISHED: list_missing_to_publish,
    GateEvent.CLOSED: list_missing_to_close,
}


def list_missing(session: Session, competition: Competition, event: GateEvent, *, now: datetime) -> list[Missing]:
    """What is still missing before this gate; the council signs what is complete."""
    return CHECKLISTS[event](session, competition, now) or list_missing_signatures(session, competition, event)
