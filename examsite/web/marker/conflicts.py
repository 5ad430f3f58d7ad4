"""The markers and their head declare their relations to candidates, against the final list.

Decision: this is the only page under /marker/ with names. It is the list that hangs at the door of the room; nothing on
it leads to a script, and no script leads to it.
"""

from __future__ import annotations

from flask import g
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import requires
from examsite.web.conflicts import serve_declaration
from examsite.web.marker import bp
from examsite.web.transactions import writes


@bp.route("/<code>/conflicts", methods=["GET", "POST"])
@requires(Role.MARKER, Role.MARKING_HEAD)
@writes
def declare_conflicts(code: str) -> ResponseReturnValue:
    """Say with whom on the list there is a relation, or that there is none."""
    del code
    return serve_declaration(back="marker.show_gaps" if g.actor.role is Role.MARKING_HEAD else "marker.list_scripts")
