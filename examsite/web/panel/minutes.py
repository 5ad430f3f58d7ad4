"""The minutes of one defence as a printed document; scores are in it only for those who may see them now."""

from __future__ import annotations

from typing import Any

from flask import g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.domain.scores import ZERO
from examsite.services.defence import points_of
from examsite.services.panel_access import subject_of
from examsite.services.reveals import outlook
from examsite.storage.database import db
from examsite.storage.queries.conflicts import list_recused_accounts
from examsite.storage.queries.defence import CHANGED_ROUND, ROUND, list_members, list_shown_marks
from examsite.storage.queries.panel_incidents import list_member_incidents
from examsite.storage.queries.panel_questions import list_questions
from examsite.web.access import requires
from examsite.web.gates import actor_text
from examsite.web.panel import bp
from examsite.web.panel.defences import defence_values, score_values
from examsite.web.transactions import read_web_clock


@bp.get("/<code>/defences/<int(max=9999):position>/minutes")
@requires(Role.PANELLIST, Role.PANEL_HEAD)
def print_minutes(code: str, position: int) -> ResponseReturnValue:
    """What happened in one defence, to be signed.

    A member who scored signs the scores that the talk was about; what they came to waits for the end of the session.

    Source: TT 22/2025/TT-BNV art. 19-22: everything said is recorded; the members sign.
    """
    values = defence_values(code, position)
    values |= score_values(values)
    session = db.session()
    conflicted = list_recused_accounts(session, g.competition.id, values["defence"].candidacy_id)
    members = [
        {"name": row.pseudonym or "", "recused": row.account_id in conflicted}
        for row in list_members(session, g.competition.id)
    ]
    keeps_final = values["is_sealed"] and values["is_locked"] and not values["recused"]
    if keeps_final:
        values |= _seen_scores(values["defence"])
    return render_template(
        "panel/print_minutes.html",
        **values,
        keeps_final=keeps_final,
        members=members,
        questions=list_questions(session, values["defence"].id),
        incidents=[]
        if values["recused"]
        else list_member_incidents(session, g.competition, subject_of(values["defence"])),
        actor_text=actor_text,
        printed_at=read_web_clock(),
    )


def _seen_scores(defence: Any) -> dict[str, Any]:
    """The sheets as they lay before everybody in the talk, for a member who was part of it."""
    marks = list_shown_marks(db.session(), defence)
    return {
        "are_shown": True,
        "marks": [(mark, points_of(mark)) for mark in marks if mark.round == ROUND],
        "changes": {mark.assignment_id: (mark, points_of(mark)) for mark in marks if mark.round == CHANGED_ROUND},
        "gap": outlook(g.competition, marks).gap or ZERO,
    }
