"""Earlier versions of the result, to read."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import requires
from examsite.web.council import bp
from examsite.web.result_signing import serve_version


@bp.get("/<code>/result/<int(max=2147483647):number>")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def show_result(code: str, number: int) -> ResponseReturnValue:
    """One version with who signed and who refused it."""
    del code
    return serve_version(number, "council")
