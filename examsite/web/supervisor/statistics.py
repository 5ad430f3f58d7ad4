"""The supervisors read the statistics of marking, by pseudonym, as its head does; they act on nothing."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import requires
from examsite.web.marking_statistics import serve_statistics
from examsite.web.supervisor import bp


@bp.get("/<code>/statistics")
@requires(Role.SUPERVISOR)
def show_statistics(code: str) -> ResponseReturnValue:
    """Severity, agreement, seeds and pace."""
    del code
    return serve_statistics()
