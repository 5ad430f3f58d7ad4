"""The second word of the council on scripts with a proposed mark, before markers are held against it."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import requires
from examsite.web.council import bp
from examsite.web.standards import serve_second_word, serve_standards
from examsite.web.transactions import writes


@bp.get("/<code>/standards")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def list_standards(code: str) -> ResponseReturnValue:
    """What waits for a second person."""
    del code
    return serve_standards()


@bp.route("/<code>/standards/<standard>", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@writes
def answer_standard(code: str, standard: str) -> ResponseReturnValue:
    """Read text and points; agree or send back."""
    del code
    return serve_second_word(standard)
