"""How the objective questions of the opened papers worked, and what the setters propose or agree to."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import requires
from examsite.web.item_pages import serve_item, serve_items
from examsite.web.setter import bp
from examsite.web.transactions import writes


@bp.get("/<code>/items")
@requires(Role.SETTER)
def list_items(code: str) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition
    """Every question of the opened papers with its figures and decisions."""
    return serve_items("setter")


@bp.route("/<code>/items/<opened>/<objective>", methods=["GET", "POST"])
@requires(Role.SETTER)
@writes
def decide_item(code: str, opened: str, objective: str) -> ResponseReturnValue:  # noqa: ARG001 -- the guard reads the code
    """One question: propose, or answer as second setter."""
    return serve_item("setter", opened, objective)
