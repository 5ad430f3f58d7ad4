"""The supervisors read the statistics of marking, by pseudonym, as its head does; they act on nothing.

Only once the codes are opened: while marking runs the figures would move with every mark.
"""

from __future__ import annotations

from flask import g
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError
from examsite.domain.permissions import Role
from examsite.web.access import requires
from examsite.web.marking_statistics import serve_statistics
from examsite.web.supervisor import bp


@bp.get("/<code>/statistics")
@requires(Role.SUPERVISOR)
def show_statistics(code: str) -> ResponseReturnValue:
    """Severity, agreement, seeds and pace.

    Raises:
        ConflictError: `codes_not_opened`.
    """
    del code
    if not g.competition.state.has_reached(CompetitionState.MERGED):
        raise ConflictError("codes_not_opened")
    return serve_statistics()
