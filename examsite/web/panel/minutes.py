"""The minutes of one defence as a printed document; scores are in it only for those who may see them now."""

from __future__ import annotations

from flask import g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.storage.database import db
from examsite.storage.queries.conflicts import list_conflicted_accounts
from examsite.storage.queries.defence import list_members
from examsite.storage.queries.panel_questions import list_questions
from examsite.web.access import requires
from examsite.web.panel import bp
from examsite.web.panel.defences import defence_values
from examsite.web.transactions import read_web_clock


@bp.get("/<code>/defences/<int(max=9999):position>/minutes")
@requires(Role.PANELLIST, Role.PANEL_HEAD)
def print_minutes(code: str, position: int) -> ResponseReturnValue:
    """What happened in one defence, to be signed.

    Source: TT 22/2025/TT-BNV art. 19-22: everything said is recorded; the members sign.
    """
    values = defence_values(code, position)
    session = db.session()
    conflicted = list_conflicted_accounts(session, g.competition.id, values["defence"].candidacy_id)
    members = [
        {"name": row.pseudonym or "", "recused": row.account_id in conflicted}
        for row in list_members(session, g.competition.id)
    ]
    return render_template(
        "panel/print_minutes.html",
        **values,
        members=members,
        questions=list_questions(session, values["defence"].id),
        printed_at=read_web_clock(),
    )
