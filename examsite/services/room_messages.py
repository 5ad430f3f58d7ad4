"""Words between the invigilator and the candidates: messages to one or to all, calls for help and their answers.

A page learns of a message by its number with its next save, and fetches it then.
"""

from __future__ import annotations

import re

from examsite.domain.attempts import AttemptState
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.events import Event
from examsite.domain.rooms import HelpKind, check_message
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.services.rooms import lock_room, lock_seat, lock_seat_of, require_watcher, subject_of
from examsite.storage.models.competitions import Competition
from examsite.storage.models.rooms import HelpCall, RoomMessage
from examsite.storage.models.sittings import Attempt, Sitting
from examsite.storage.queries.attempts import get_own_attempt
from examsite.storage.queries.rooms import find_newest_call, find_open_call, get_call, list_messages_for

#: What an item may be called. A call is never refused over its item: one with any other name is about none.
_ITEM = re.compile(r"[A-Za-z0-9._-]{1,20}")


def send_message(
    ctx: ServiceContext, competition: Competition, sitting: Sitting, *, seat: str | None, text: str
) -> RoomMessage:
    """Send a message to the candidate at a seat, or to everyone in the room (None).

    Raises:
        InvalidError: `message_missing`, `message_too_long`, with the `field`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `seat_not_found`.
    """
    require_watcher(ctx, competition, sitting)
    words = check_message(text)
    attempt = None if seat is None else lock_seat(ctx, sitting, seat)
    message = _send(ctx, sitting, attempt, words)
    number = attempt.candidacy.candidate_number if attempt is not None else None
    record(ctx, competition, Event.MESSAGE_SENT, subject_of(sitting), {"number": number, "text": words})
    return message


def answer_call(
    ctx: ServiceContext, competition: Competition, sitting: Sitting, *, call_id: int, answer: str = ""
) -> HelpCall:
    """Mark a call for help as answered; words of an answer are sent to the seat as a message too.

    Raises:
        ConflictError: `help_answered_already`.
        InvalidError: `message_too_long`, with the `field`.
        NotAllowedError: `role_needed`, `not_in_this_room`.
        NotFoundError: `help_call_not_found`.
    """
    require_watcher(ctx, competition, sitting)
    words = check_message(answer) if answer.strip() else ""
    # The attempt first, as the candidate's own call takes it.
    attempt = lock_seat_of(ctx, sitting, get_call(ctx.session, sitting.id, call_id).attempt_id)
    call = get_call(ctx.session, sitting.id, call_id)
    if call.answered_at is not None:
        raise ConflictError("help_answered_already")
    call.answered_at, call.answered_by_id, call.answer = ctx.now, ctx.actor.account_id, words
    if words:
        _send(ctx, sitting, attempt, words)
    payload = {"number": attempt.candidacy.candidate_number, "kind": call.kind.value, "answer": words}
    record(ctx, competition, Event.HELP_ANSWERED, subject_of(sitting), payload)
    return call


def call_for_help(ctx: ServiceContext, attempt_id: int, *, kind: str, item: str = "") -> HelpCall:
    """Call the invigilator from the test page; while a call waits, calling again changes only what it is about.

    Raises:
        ConflictError: `test_over` when the attempt has ended.
        InvalidError: `help_kind_not_known`.
        NotAllowedError: `token_unknown`.
    """
    try:
        known = HelpKind(kind)
    except ValueError:
        raise InvalidError("help_kind_not_known", field="kind") from None
    item = item if _ITEM.fullmatch(item) else ""
    attempt = get_own_attempt(ctx.session, attempt_id, for_update=True)
    if attempt.state not in (AttemptState.SEATED, AttemptState.OPEN):
        raise ConflictError("test_over")
    call = find_open_call(ctx.session, attempt.id)
    if call is not None:
        call.kind, call.item = known, item
        ctx.session.flush()
        return call
    call = HelpCall(attempt_id=attempt.id, kind=known, item=item, called_at=ctx.now)
    ctx.session.add(call)
    ctx.session.flush()
    payload = {"number": attempt.candidacy.candidate_number, "kind": known.value, "item": call.item}
    record(ctx, attempt.sitting.competition, Event.HELP_CALLED, subject_of(attempt.sitting), payload, actor="candidate")
    return call


def read_call(ctx: ServiceContext, attempt_id: int) -> HelpCall | None:
    """The candidate's own last call for help, so that the page can say that somebody has seen it.

    Raises:
        NotAllowedError: `token_unknown`.
    """
    return find_newest_call(ctx.session, get_own_attempt(ctx.session, attempt_id).id)


def read_messages(ctx: ServiceContext, attempt_id: int, *, after: int = 0) -> list[RoomMessage]:
    """The messages to a candidate and to the room that are newer than a number.

    Raises:
        NotAllowedError: `token_unknown`.
    """
    return list_messages_for(ctx.session, get_own_attempt(ctx.session, attempt_id), after=after)


def mark_messages_read(ctx: ServiceContext, attempt_id: int, *, message_id: int) -> None:
    """Note that the page has shown all messages up to a number; a number that was not sent changes nothing.

    Raises:
        NotAllowedError: `token_unknown`.
    """
    attempt = get_own_attempt(ctx.session, attempt_id, for_update=True)
    newest = attempt.newest_message_id or 0
    if (attempt.read_message_id or 0) < message_id <= newest:
        attempt.read_message_id = message_id
        ctx.session.flush()


def _send(ctx: ServiceContext, sitting: Sitting, attempt: Attempt | None, text: str) -> RoomMessage:
    message = RoomMessage(
        sitting_id=sitting.id,
        attempt_id=attempt.id if attempt is not None else None,
        text=text,
        sent_at=ctx.now,
        sent_by_id=ctx.actor.account_id,
    )
    ctx.session.add(message)
    ctx.session.flush()
    if attempt is not None:
        attempt.newest_message_id = message.id
    else:
        for seated in lock_room(ctx, sitting):
            seated.newest_message_id = message.id
    ctx.session.flush()
    return message
