"""What a machine of the room needs before anybody logs in: the authority's certificate, and the end of its browser."""

from __future__ import annotations

from flask import Response, abort, current_app, render_template
from flask.typing import ResponseReturnValue

from examsite.services.certificates import authority_file
from examsite.web.access import public
from examsite.web.public import bp


@bp.get("/certificate/authority.crt")
@public
def download_authority() -> ResponseReturnValue:
    """The certificate of the installation's authority, as Windows and browsers import it."""
    content = authority_file(current_app.extensions["settings"])
    if content is None:
        abort(404)
    response = Response(content, mimetype="application/x-x509-ca-cert")
    response.headers["Content-Disposition"] = 'attachment; filename="phong-thi.crt"'
    return response


@bp.get("/seb/quit")
@public
def quit_browser() -> ResponseReturnValue:
    """Safe Exam Browser ends at this address; any other browser shows that nothing is left to do."""
    return render_template("public/quit_browser.html")
