"""What the test page and the invigilator say to each other: messages, and calls for help. The token opens it."""

from __future__ import annotations

from typing import Any

from flask import g, request

from examsite.domain.canonical import instant_text
from examsite.domain.errors import InvalidError
from examsite.domain.saves import read_body
from examsite.services import room_messages
from examsite.web.access import attempt_token
from examsite.web.api import bp
from examsite.web.api.attempts import answers_pages
from examsite.web.transactions import act, write_now, writes_in_steps

#: Largest body of a call in bytes: a number or two words.
MAX_BODY_BYTES = 4096

#: Largest number that any database keeps as a key.
_LARGEST_KEY = 2**63 - 1


@bp.get("/attempts/messages")
@attempt_token
@answers_pages
def show_messages() -> dict[str, Any]:
    """The messages of the room that are newer than `after`."""
    after = _number(request.args.get("after", "0"), field="after")
    messages = room_messages.read_messages(act(), g.attempt_id, after=after)
    return {"messages": [_message_data(message) for message in messages]}


@bp.post("/attempts/messages/read")
@attempt_token
@writes_in_steps
@answers_pages
def mark_messages_read() -> dict[str, Any]:
    """The candidate has closed the messages up to this number."""
    message_id = _number(_body().get("id"), field="id")
    with write_now() as ctx:
        room_messages.mark_messages_read(ctx, g.attempt_id, message_id=message_id)
    return {"read": message_id}


@bp.get("/attempts/help")
@attempt_token
@answers_pages
def show_call() -> dict[str, Any]:
    """What became of the last call of this candidate; all empty where there was none."""
    call = room_messages.read_call(act(), g.attempt_id)
    answered_at = None if call is None else call.answered_at
    return {
        "called_at": None if call is None else instant_text(call.called_at),
        "answered_at": None if answered_at is None else instant_text(answered_at),
    }


@bp.post("/attempts/help")
@attempt_token
@writes_in_steps
@answers_pages
def call_for_help() -> dict[str, Any]:
    """Call the invigilator; while a call waits there is only one."""
    body = _body()
    kind, item = body.get("kind"), body.get("item", "")
    if not isinstance(kind, str) or not isinstance(item, str):
        raise InvalidError("help_kind_not_known", field="kind")
    with write_now() as ctx:
        called_at = room_messages.call_for_help(ctx, g.attempt_id, kind=kind, item=item).called_at
    return {"called_at": instant_text(called_at)}


def _message_data(message: Any) -> dict[str, Any]:
    return {
        "id": message.id,
        "text": message.text,
        "sent_at": instant_text(message.sent_at),
        "for_room": message.attempt_id is None,
    }


def _body() -> dict[str, Any]:
    request.max_content_length = MAX_BODY_BYTES
    body = read_body(request.get_data(cache=False))
    if not isinstance(body, dict):
        raise InvalidError("batch_malformed", field="body")
    return body


def _number(given: object, *, field: str) -> int:
    if isinstance(given, str) and given.isascii() and given.isdecimal() and len(given) <= 19:
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= _LARGEST_KEY:
        raise InvalidError("batch_malformed", field=field)
    return given
