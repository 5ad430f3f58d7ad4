"""The supervision board reads the report before a result is signed."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import requires
from examsite.web.findings import serve_findings
from examsite.web.supervisor import bp


@bp.get("/<code>/findings")
@requires(Role.SUPERVISOR)
def show_findings(code: str) -> ResponseReturnValue:
    """How firmly the ranking stands, what is hard to explain, what is still asked."""
    del code
    return serve_findings("supervisor")
