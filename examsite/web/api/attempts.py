"""Saving, asking where an attempt stands, handing in. The answer goes out after the commit, never before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from examsite.domain.canonical import instant_text
from examsite.domain.errors import DomainError, InvalidError, NotAllowedError
from examsite.domain.saves import Save, read_body, read_epoch, read_saves
from examsite.services import attempts
from examsite.services.attempts import AttemptView
from examsite.web.access import attempt_token
from examsite.web.api import bp
from examsite.web.errors import message_of
from examsite.web.transactions import act, read_web_clock, write_now, writes_in_steps

#: Largest body of one call in bytes; a page that has more to send sends it in several calls.
MAX_BODY_BYTES = 4 * 1024 * 1024

_TOO_LARGE = frozenset({"batch_too_long", "save_too_large"})


@bp.post("/attempts/saves")
@attempt_token
@writes_in_steps
def save_answers() -> ResponseReturnValue:
    """Store a batch; an empty one is a sign of life.

    The body is read before the transaction begins: a slow line must not hold up everyone else's saves. What counts
    as the time of a save is when it came in, not when the database was free.
    """
    received_at = read_web_clock()
    try:
        token = _token()
        body = _body()
        epoch = read_epoch(body)
        saves = read_saves(body)
        with write_now() as ctx:
            done = attempts.save_answers(replace(ctx, now=received_at), token, saves, page_epoch=epoch)
    except DomainError as error:
        return _refusal(error)
    return jsonify(
        saved=_names(done.saved),
        set_aside=_names(done.set_aside),
        conflicts=_names(done.conflicts),
        fenced=done.fenced,
        hash=done.hash,
        **view_data(done.clock),
    )


@bp.get("/attempts/state")
@attempt_token
def show_state() -> ResponseReturnValue:
    """Where the attempt stands and which version of each item the server holds."""
    try:
        view, held = attempts.read_state(act(), _token())
    except DomainError as error:
        return _refusal(error)
    return jsonify(held=held_data(held), **view_data(view))


@bp.post("/attempts/hand-in")
@attempt_token
@writes_in_steps
def submit_attempt() -> ResponseReturnValue:
    """Hand in what the server holds; the page sends the rest of its saves before."""
    received_at = read_web_clock()
    try:
        token = _token()
        epoch = read_epoch(_body())
        with write_now() as ctx:
            view = attempts.hand_in(replace(ctx, now=received_at), token, page_epoch=epoch)
    except DomainError as error:
        return _refusal(error)
    return jsonify(**view_data(view))


def view_data(view: AttemptView) -> dict[str, Any]:
    """What every answer says of the time and the state."""
    return {
        "state": view.state.value,
        "epoch": view.epoch,
        "server_time": instant_text(view.server_time),
        "deadline": None if view.deadline_at is None else instant_text(view.deadline_at),
        "remaining_seconds": view.remaining_seconds,
        "given_back_seconds": view.given_back_seconds,
        "paused": view.paused,
        "message": view.message,
    }


def held_data(held: Mapping[str, tuple[int, int]]) -> dict[str, dict[str, int]]:
    """Which version of each item the server holds."""
    return {item: {"epoch": epoch, "number": number} for item, (epoch, number) in held.items()}


def _names(saves: Iterable[Save]) -> list[dict[str, Any]]:
    return [{"item": item.item, "epoch": item.epoch, "number": item.number} for item in saves]


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
    if error.code in _TOO_LARGE:
        status = 413
    elif error.code == "body_not_json":
        status = 400
    elif isinstance(error, NotAllowedError):
        status = 401
    return jsonify(error=error.code, message=message_of(error)), status
