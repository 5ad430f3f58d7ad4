"""The authority approves or refuses what the council signed; earlier versions stay to be read."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import fresh_factor, requires
from examsite.web.authority import bp
from examsite.web.result_signing import serve_signing, serve_version
from examsite.web.transactions import writes_in_steps


@bp.route("/<code>/result", methods=["GET", "POST"])
@requires(Role.AUTHORITY)
@fresh_factor
@writes_in_steps
def sign_result(code: str) -> ResponseReturnValue:
    """Read the document, then approve or refuse over the hash of exactly that document."""
    del code
    return serve_signing("authority")


@bp.get("/<code>/result/<int(max=2147483647):number>")
@requires(Role.AUTHORITY)
def show_result(code: str, number: int) -> ResponseReturnValue:
    """One version with who signed and who refused it."""
    del code
    return serve_version(number, "authority")
