"""Members and head of the panel declare their relations to candidates, against the final list."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import requires
from examsite.web.conflicts import serve_declaration
from examsite.web.panel import bp
from examsite.web.transactions import writes


@bp.route("/<code>/conflicts", methods=["GET", "POST"])
@requires(Role.PANELLIST, Role.PANEL_HEAD)
@writes
def declare_conflicts(code: str) -> ResponseReturnValue:
    """Say with whom on the list there is a relation, or that there is none."""
    del code
    return serve_declaration(back="panel.list_defences")
