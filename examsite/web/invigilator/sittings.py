"""The sittings that an invigilator watches."""

from __future__ import annotations

from flask import g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.storage.database import db
from examsite.storage.queries.sittings import count_attempts, list_sittings_of_invigilator
from examsite.web.access import requires
from examsite.web.invigilator import bp
from examsite.web.invigilator.rooms import own_sitting

__all__ = ["list_sittings", "own_sitting"]


@bp.get("/<code>/")
@requires(Role.INVIGILATOR)
def list_sittings(code: str) -> ResponseReturnValue:
    """The sittings that this person watches in the competition."""
    mine = [
        item for item in list_sittings_of_invigilator(db.session(), g.actor.account_id) if item.competition.code == code
    ]
    return render_template(
        "invigilator/list_sittings.html", sittings=mine, counts=count_attempts(db.session(), g.competition.id)
    )
