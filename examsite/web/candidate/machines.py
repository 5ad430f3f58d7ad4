"""The room's pages open on the room's machines only, where the sitting asks for it; whoever is refused is told why."""

from __future__ import annotations

from flask import g, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from examsite.domain.errors import NotAllowedError
from examsite.storage.database import db
from examsite.storage.queries.attempts import find_candidate_attempt
from examsite.web.candidate import bp
from examsite.web.errors import message_of
from examsite.web.machines import check_machine

#: Addresses of the room: waiting, writing, handing in, the receipt. The rest of the candidate's pages is for anywhere.
ROOM = "/candidate/test"


@bp.before_request
def admit_machine() -> ResponseReturnValue | None:
    """Refuse the page with what is wrong with this machine and whom to call."""
    if g.actor.candidacy_id is None or not request.path.startswith(ROOM):
        return None
    try:
        check_machine(candidacy_id=g.actor.candidacy_id)
    except NotAllowedError as error:
        if request.accept_mimetypes.best == "application/json" or request.path.endswith("/status"):
            return jsonify(error=error.code, message=message_of(error)), 403
        attempt = find_candidate_attempt(db.session(), g.actor.candidacy_id)
        if attempt is not None:
            g.competition = attempt.sitting.competition
        page = render_template(
            "candidate/refuse_machine.html",
            reason=error.code,
            address=error.params["address"],
            room=error.params["room"],
            seat=error.params["seat"],
            nav=[],
        )
        return page, 403
    return None
