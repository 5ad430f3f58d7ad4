"""Earlier versions of the result, to read; the full bundle of the published one."""

from __future__ import annotations

from flask import current_app, g
from flask.typing import ResponseReturnValue

from examsite.domain.bundles import Audience
from examsite.domain.permissions import Role
from examsite.services.bundles import keep_bundle
from examsite.storage.database import db
from examsite.web.access import requires
from examsite.web.council import bp
from examsite.web.downloads import send_bundle
from examsite.web.result_signing import serve_version


@bp.get("/<code>/result/<int(max=2147483647):number>")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def show_result(code: str, number: int) -> ResponseReturnValue:
    """One version with who signed and who refused it."""
    del code
    return serve_version(number, "council")


@bp.get("/<code>/bundle.zip")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def download_bundle(code: str) -> ResponseReturnValue:
    """Everything that the published result rests on, whatever the rule set closes to the public."""
    path = keep_bundle(db.session(), g.competition, Audience.FULL, current_app.extensions["settings"].bundles_path)
    return send_bundle(path, name=f"{code}-hoi-dong.zip", is_public=False)
