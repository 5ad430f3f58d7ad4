"""Go or no-go of a sitting as the council reads it: everything, without the ways to change it."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import requires
from examsite.web.council import bp
from examsite.web.readiness import read_readiness


@bp.get("/<code>/sittings/<sitting>/readiness")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def show_readiness(code: str, sitting: str) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded it
    """What was found, what it means, who puts it right."""
    return render_template("readiness/show_readiness.html", links={}, is_organiser=False, **read_readiness(sitting))
