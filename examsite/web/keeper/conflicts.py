"""The code board declares its relations to candidates, against the final list."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import requires
from examsite.web.conflicts import serve_declaration
from examsite.web.keeper import bp
from examsite.web.transactions import writes


@bp.route("/<code>/conflicts", methods=["GET", "POST"])
@requires(Role.KEEPER)
@writes
def declare_conflicts(code: str) -> ResponseReturnValue:
    """Say with whom on the list there is a relation, or that there is none."""
    del code
    return serve_declaration(back="keeper.show_desk")
