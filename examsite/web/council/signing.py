"""The council signs the newest version of the result, each for oneself."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import fresh_factor, requires
from examsite.web.council import bp
from examsite.web.result_signing import serve_signing
from examsite.web.transactions import writes_in_steps


@bp.route("/<code>/result", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@fresh_factor
@writes_in_steps
def sign_result(code: str) -> ResponseReturnValue:
    """Read the document, then agree or refuse over the hash of exactly that document."""
    del code
    return serve_signing("council")
