"""What the test page sends is taken from the room's machines only, where the sitting asks for it."""

from __future__ import annotations

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from examsite.domain.errors import NotAllowedError
from examsite.web.api import bp
from examsite.web.errors import message_of
from examsite.web.machines import check_machine


@bp.before_request
def admit_machine() -> ResponseReturnValue | None:
    """Refuse a call whose token names an attempt of a room that does not know this machine.

    The number before the dot of the token is enough here: a false one finds no rule and no attempt either.
    """
    number = request.headers.get("Authorization", "").rpartition(" ")[2].partition(".")[0]
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        return None
    try:
        check_machine(attempt_id=int(number))
    except NotAllowedError as error:
        return jsonify(error=error.code, message=message_of(error)), 403
    return None
