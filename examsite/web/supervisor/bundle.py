"""The bundle of the published result for the supervision board: also who stood behind each pseudonym."""

from __future__ import annotations

from flask import current_app, g
from flask.typing import ResponseReturnValue

from examsite.domain.bundles import Audience
from examsite.domain.permissions import Role
from examsite.services.bundles import keep_bundle
from examsite.storage.database import db
from examsite.web.access import requires
from examsite.web.downloads import send_bundle
from examsite.web.supervisor import bp


@bp.get("/<code>/bundle.zip")
@requires(Role.SUPERVISOR)
def download_bundle(code: str) -> ResponseReturnValue:
    """Everything that the published result rests on, and the assignment of duties."""
    folder = current_app.extensions["settings"].bundles_path
    path = keep_bundle(db.session(), g.competition, Audience.SUPERVISION, folder)
    return send_bundle(path, name=f"{code}-giam-sat.zip", is_public=False)
