"""What happened at each seat of a room that one watches; never a text, never a length before the codes are open."""

from __future__ import annotations

from flask import url_for
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import requires
from examsite.web.invigilator import bp
from examsite.web.invigilator.sittings import own_sitting
from examsite.web.timelines import serve_report, serve_timeline


@bp.get("/<code>/sittings/<sitting>/seats/<seat>/timeline")
@requires(Role.INVIGILATOR)
def show_timeline(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """The course of one attempt of the room."""
    found = own_sitting(sitting)
    return serve_timeline(found, seat, back=url_for("invigilator.show_report", code=code, sitting=sitting))


@bp.get("/<code>/sittings/<sitting>/report")
@requires(Role.INVIGILATOR)
def show_report(code: str, sitting: str) -> ResponseReturnValue:
    """The incident report of the sitting, ready for paper."""
    found = own_sitting(sitting)
    return serve_report(
        found,
        back=url_for("invigilator.show_board", code=code, sitting=sitting),
        timeline_url=lambda seat: url_for("invigilator.show_timeline", code=code, sitting=sitting, seat=seat),
    )
