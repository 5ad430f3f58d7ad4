"""What the test page sends is taken from the room's machines only, where the sitting asks for it."""

from __future__ import annotations

from flask import g, jsonify
from flask.typing import ResponseReturnValue

from examsite.domain.errors import NotAllowedError
from examsite.web.api import bp
from examsite.web.errors import message_of
from examsite.web.machines import check_machine


@bp.before_request
def admit_machine() -> ResponseReturnValue | None:
    """Refuse a call for an attempt whose room does not know this machine; the guard has checked the token."""
    attempt_id = g.get("attempt_id")
    if attempt_id is None:
        return None
    try:
        check_machine(attempt_id=attempt_id)
    except NotAllowedError as error:
        return jsonify(error=error.code, message=message_of(error)), 403
    return None
