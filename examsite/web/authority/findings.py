"""The authority reads, and confirms to have read, the report before a result is signed."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import requires
from examsite.web.authority import bp
from examsite.web.findings import serve_findings
from examsite.web.transactions import writes


@bp.route("/<code>/findings", methods=["GET", "POST"])
@requires(Role.AUTHORITY)
@writes
def show_findings(code: str) -> ResponseReturnValue:
    """How firmly the ranking stands, what is hard to explain, what is still asked; and the word to have read it."""
    del code
    return serve_findings("authority")
