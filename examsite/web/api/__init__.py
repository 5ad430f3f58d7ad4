"""What the test page talks to: JSON in, JSON out, nothing but the token of an attempt opens it.

Decision: no cookie is read here, so a save outlives the log-in, and no foreign page can make a browser send one.
"""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState

bp = Blueprint("api", __name__, url_prefix="/api")

from examsite.web.api import (  # noqa: E402 -- views register themselves on the blueprint
    attempts,
    evidence,
    express,
    machines,
    room,
)
from examsite.web.api.pace import SavePace  # noqa: E402 -- as above


@bp.record_once
def _open_lane(state: BlueprintSetupState) -> None:
    app = cast(Flask, state.app)
    app.extensions["save_pace"] = SavePace()
    app.wsgi_app = express.ExpressLane(app, app.wsgi_app)  # type: ignore[method-assign]


__all__ = ["attempts", "bp", "evidence", "express", "machines", "room"]
