"""What is owed before codes are drawn, sealed and opened, and before what they join is told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.competitions import CompetitionState, Missing
from examsite.domain.events import Event
from examsite.domain.marking import ScriptState
from examsite.domain.permissions import Role
from examsite.domain.split_keys import KeyPurpose
from examsite.storage.models.competitions import Competition
from examsite.storage.models.sittings import Attempt, Sitting
from examsite.storage.queries.codes import ALLOCATION, SCRIPT_CODES, SEALABLE, is_draw_held
from examsite.storage.queries.draws import find_draw_record
from examsite.storage.queries.marking import count_scripts, list_unseen_straddles
from examsite.storage.queries.redactions import missing_before_reading
from examsite.storage.queries.sittings import missing_before_codes
from examsite.storage.queries.split_keys import list_missing_key
from examsite.storage.queries.standardisation import list_open_alarms, list_stops
from examsite.storage.queries.withdrawals import list_open_withdrawals


def list_missing_before_code_draw(session: Session, competition: Competition, now: datetime) -> list[Missing]:
    """What is owed before script codes are drawn: a key to close the map to, and the duties of room and code board.

    Of the room: closed sittings, decided incidents, scored attempts. Of the code board: every essay looked through and
    every place in it decided, so that nobody has to look behind a code later.
    """
    missing = missing_before_codes(session, competition, now)
    missing += list_missing_key(session, competition.id, KeyPurpose.CODES, code="codes_key_missing")
    rows = session.execute(
        select(Attempt.record_seq, Attempt.paper_id, Attempt.objective_points)
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .where(Sitting.competition_id == competition.id, Attempt.state.in_(SEALABLE))
    ).all()
    if not rows:
        missing.append(Missing("attempts_missing", Role.INVIGILATOR))
    unready = sum(1 for row in rows if None in row)
    if unready:
        missing.append(Missing("attempts_not_scored", Role.INVIGILATOR, {"count": unready}))
    return missing + missing_before_reading(session, competition.id, len(rows))


def list_missing_before_sealing(session: Session, competition: Competition, now: datetime) -> list[Missing]:
    """What keeps the codes from being sealed: what the draw of the codes wants, and the draw itself."""
    missing = list_missing_before_code_draw(session, competition, now)
    if not is_draw_held(session, competition.id, SCRIPT_CODES):
        missing.append(Missing("codes_not_drawn", Role.CHAIR))
    return missing


def list_missing_before_opening(session: Session, competition: Competition, now: datetime) -> list[Missing]:
    """What keeps the codes sealed: an allocation, a score for every script, the head's word on marks and markers."""
    del now
    if find_draw_record(session, competition.id, ALLOCATION, Event.DRAW_HELD) is None:
        return [Missing("allocation_not_drawn", Role.CHAIR)]
    unsettled = count_scripts(session, competition.id, ScriptState.SEALED, ScriptState.MARKING, ScriptState.SETTLING)
    missing = [Missing("scripts_not_settled", Role.MARKING_HEAD, {"count": unsettled})] if unsettled else []
    unseen = len(list_unseen_straddles(session, competition))
    if unseen:
        missing.append(Missing("straddles_not_seen", Role.MARKING_HEAD, {"count": unseen}))
    waiting = len(list_open_withdrawals(session, competition.id))
    if waiting:
        missing.append(Missing("withdrawals_waiting", Role.CHAIR, {"count": waiting}))
    # Once the codes are open nobody can withdraw what a marker who had moved has locked.
    stops = sum(1 for stop in list_stops(session, competition.id) if stop.decided_at is None)
    if stops:
        missing.append(Missing("marker_stops_undecided", Role.MARKING_HEAD, {"count": stops}))
    alarms = len(list_open_alarms(session, competition.id))
    if alarms:
        missing.append(Missing("marker_alarms_undecided", Role.MARKING_HEAD, {"count": alarms}))
    return missing


def list_missing_before_publication(session: Session, competition: Competition, now: datetime) -> list[Missing]:
    """What keeps the written results in: codes still sealed. The opening itself wants a score for every script."""
    del session, now
    if not competition.state.has_reached(CompetitionState.MERGED):
        return [Missing("codes_still_sealed", Role.CHAIR)]
    return []
