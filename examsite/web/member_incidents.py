"""The page on which the council or the head of the panel records what came to light about a member, and its back way.

A view of an audience is one call of `serve_note_incident`.
"""

from __future__ import annotations

from flask import flash, g, redirect, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.services.panel_access import subject_of
from examsite.services.panel_incidents import note_member_incident
from examsite.storage.database import db
from examsite.storage.queries.defence import get_defence, list_members
from examsite.storage.queries.panel_incidents import list_member_incidents
from examsite.web.errors import show_refusal
from examsite.web.forms.defence import note_incident_form
from examsite.web.gates import actor_text
from examsite.web.i18n import _
from examsite.web.transactions import act


def serve_note_incident(position: int, *, back: str) -> ResponseReturnValue:
    """What was recorded so far, and the form for one more entry."""
    session = db.session()
    defence = get_defence(session, g.competition.id, position)
    form = note_incident_form(row.pseudonym or "" for row in list_members(session, g.competition.id))
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                note_member_incident(
                    act(),
                    g.competition,
                    position,
                    member=form.member.data,
                    what=form.what.data or "",
                    reason=form.reason.data or "",
                )
            except DomainError as error:
                status = show_refusal(form, error)
                defence = get_defence(session, g.competition.id, position)
            else:
                flash(_("Đã ghi sự việc. Có trong sổ ghi và biên bản của lượt."), "success")
                return redirect(back)
    return render_template(
        "defence/note_incident.html",
        form=form,
        defence=defence,
        incidents=list_member_incidents(session, g.competition, subject_of(defence)),
        actor_text=actor_text,
        back=back,
    ), status
