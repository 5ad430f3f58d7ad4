"""What happened at each seat of a sitting, for whoever answers for the organisation."""

from __future__ import annotations

from flask import g, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.storage.database import db
from examsite.storage.queries.sittings import get_sitting
from examsite.web.access import requires
from examsite.web.organiser import bp
from examsite.web.timelines import serve_report, serve_timeline


@bp.get("/<code>/sittings/<sitting>/seats/<seat>/timeline")
@requires(Role.ORGANISER)
def show_timeline(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """The course of one attempt, without its text."""
    found = get_sitting(db.session(), g.competition.id, sitting)
    return serve_timeline(found, seat, back=url_for("organiser.show_report", code=code, sitting=sitting))


@bp.get("/<code>/sittings/<sitting>/report")
@requires(Role.ORGANISER)
def show_report(code: str, sitting: str) -> ResponseReturnValue:
    """The incident report of the sitting, ready for paper."""
    found = get_sitting(db.session(), g.competition.id, sitting)
    return serve_report(
        found,
        back=url_for("organiser.show_sitting", code=code, sitting=sitting),
        timeline_url=lambda seat: url_for("organiser.show_timeline", code=code, sitting=sitting, seat=seat),
    )
