"""The sheet for the room's machines: whose certificate they import, how its fingerprint is compared, step by step."""

from __future__ import annotations

from flask import current_app, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.services.certificates import find_certificates
from examsite.web.access import requires
from examsite.web.administrator import bp


@bp.get("/certificate")
@requires(Role.ADMINISTRATOR)
def print_certificate() -> ResponseReturnValue:
    """On A4: fingerprint in groups, where the file lies, the steps of each browser; or the command that is missing."""
    settings = current_app.extensions["settings"]
    report = find_certificates(settings) if settings.has_tls else None
    port = settings.bind.rpartition(":")[2]
    return render_template(
        "administrator/print_certificate.html",
        report=report,
        address=f"https://{report.names[0]}{'' if port == '443' else ':' + port}/" if report is not None else "",
        is_secure=settings.is_secure,
    )
