"""Proposals and defences as the organiser sees them: who handed in, whose turn it is; never marks."""

from __future__ import annotations

from flask import g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.permissions import Role
from examsite.storage.database import db
from examsite.storage.queries.corrections import find_defence_round, find_supplementary_defence
from examsite.storage.queries.defence import find_attendance_at, list_defences
from examsite.storage.queries.proposals import list_standings
from examsite.web.access import requires
from examsite.web.organiser import bp
from examsite.web.transactions import read_web_clock


@bp.get("/<code>/proposals")
@requires(Role.ORGANISER)
def list_proposals(code: str) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """One line for everyone who passed the written part."""
    session = db.session()
    competition = g.competition
    called = find_supplementary_defence(session, competition)
    return render_template(
        "organiser/list_proposals.html",
        standings=list_standings(session, competition),
        defences={row.candidacy_id: row for row in list_defences(session, competition.id)},
        attendance_at=find_attendance_at(
            session, competition, after_seq=find_defence_round(session, competition).after_seq
        ),
        is_before=not competition.state.has_reached(CompetitionState.PROPOSALS),
        is_locked=competition.state.has_reached(CompetitionState.DEFENCE),
        called=called,
        may_lock=called is not None and called.locked_seq is None and read_web_clock() >= called.proposals_close_at,
    )
