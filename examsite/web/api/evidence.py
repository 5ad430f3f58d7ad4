"""What the test page noticed and what its candidate chose: kept with the attempt, answered with nothing to act on."""

from __future__ import annotations

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from examsite.domain.adjustments import read_preferences
from examsite.domain.errors import DomainError, InvalidError, NotAllowedError
from examsite.domain.evidence import read_evidence
from examsite.domain.saves import read_body, read_epoch
from examsite.services import evidence
from examsite.web.access import attempt_token
from examsite.web.api import bp
from examsite.web.errors import message_of
from examsite.web.transactions import write_now, writes_in_steps

#: Largest body of one call in bytes; sixty-four events of figures are far below it.
MAX_BODY_BYTES = 64 * 1024


@bp.post("/attempts/evidence")
@attempt_token
@writes_in_steps
def record_evidence() -> ResponseReturnValue:
    """Keep what the page noticed; every number that was sent may be forgotten by the page."""
    try:
        token = _token()
        body = _body()
        epoch = read_epoch(body)
        events = read_evidence(body)
        with write_now() as ctx:
            evidence.record_evidence(ctx, token, events, epoch=epoch)
    except DomainError as error:
        return _refusal(error)
    return jsonify(kept=[event.number for event in events])


@bp.post("/attempts/preferences")
@attempt_token
@writes_in_steps
def choose_preferences() -> ResponseReturnValue:
    """Remember the look that the candidate chose; the answer says how the page looks now."""
    try:
        token = _token()
        chosen = read_preferences(_body())
        with write_now() as ctx:
            shown = evidence.choose_preferences(ctx, token, chosen)
    except DomainError as error:
        return _refusal(error)
    return jsonify(preferences=shown)


def _token() -> str:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip() or not token.isascii():
        raise NotAllowedError("token_unknown")
    return token.strip()


def _body() -> object:
    request.max_content_length = MAX_BODY_BYTES
    return read_body(request.get_data(cache=False))


def _refusal(error: DomainError) -> ResponseReturnValue:
    status = 422 if isinstance(error, InvalidError) else 409
    if error.code == "body_not_json":
        status = 400
    elif isinstance(error, NotAllowedError):
        status = 401
    return jsonify(error=error.code, message=message_of(error)), status
