"""The front page and the page of a competition."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from examsite.storage.database import db
from examsite.storage.queries.competitions import list_public_competitions
from examsite.web.access import public
from examsite.web.public import bp


@bp.get("/")
@public
def show_front() -> ResponseReturnValue:
    """All announced competitions."""
    return render_template("public/show_front.html", competitions=list_public_competitions(db.session()))


@bp.get("/competitions/<code>")
@public
def show_competition(code: str) -> ResponseReturnValue:
    """One announced competition."""
    return code
