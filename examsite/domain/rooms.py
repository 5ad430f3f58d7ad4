"""What happens in an exam room beside the writing: lost time, calls for help, and acts that take two people.

Nothing here punishes or gives by itself: a figure is proposed, a person decides.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from examsite.domain.errors import InvalidError
from examsite.domain.permissions import Role
from examsite.domain.state_machine import StateMachine


class LostTimeState(StrEnum):
    """Lost time is proposed, then given back or refused by a person."""

    PROPOSED = "proposed"
    GIVEN = "given"
    REFUSED = "refused"


class LostTimeEvent(StrEnum):
    """What happens to proposed lost time."""

    GIVEN = "given"
    REFUSED = "refused"


LOST_TIME: Final = StateMachine(
    name="lost_time",
    initial=LostTimeState.PROPOSED,
    table={
        (LostTimeState.PROPOSED, LostTimeEvent.GIVEN): LostTimeState.GIVEN,
        (LostTimeState.PROPOSED, LostTimeEvent.REFUSED): LostTimeState.REFUSED,
    },
)


class HelpKind(StrEnum):
    """What a candidate calls for. Source: our choice, because these four send different people."""

    MACHINE = "machine"
    PAPER = "paper"
    HEALTH = "health"
    OTHER = "other"


class ServerAct(StrEnum):
    """What the server does with a sitting by itself."""

    START = "start"
    CLOSE = "close"


class RequestKind(StrEnum):
    """Acts in a room that take two people: one asks with a reason, another one decides.

    Source: our choice, because each of them moves more than one candidate or changes what counts as an answer.
    """

    EXTEND_ROOM = "extend_room"
    START_WITHOUT_REHEARSAL = "start_without_rehearsal"
    ACCEPT_LATE_ANSWERS = "accept_late_answers"


class RequestState(StrEnum):
    """A request waits for the second person, who approves or refuses it; the one who asked may take it back."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class RequestEvent(StrEnum):
    """What happens to a request."""

    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


ROOM_REQUEST: Final = StateMachine(
    name="room_request",
    initial=RequestState.ASKED,
    table={
        (RequestState.ASKED, RequestEvent.APPROVED): RequestState.APPROVED,
        (RequestState.ASKED, RequestEvent.REFUSED): RequestState.REFUSED,
        (RequestState.ASKED, RequestEvent.WITHDRAWN): RequestState.WITHDRAWN,
    },
)


class AnswerFileState(StrEnum):
    """What became of an answer file carried to the server: its words counted, or were kept beside as late."""

    COUNTED = "counted"
    KEPT_BESIDE = "kept_beside"


class CarriedStanding(StrEnum):
    """How the newest version of one item in a carried file stands to what the server holds of that item."""

    NEWER = "newer"
    HELD = "held"
    OLDER = "older"
    #: The server holds something else under the same number: what it holds stays.
    TAKEN = "taken"
    #: The paper has no such item.
    FOREIGN = "foreign"


# Who may ask, and who else may decide. Source: our choice, because time for a whole room is watched by those in it,
# and what counts as an answer or as a proven installation is for the council.
REQUEST_ASKERS: Final[dict[RequestKind, frozenset[Role]]] = {
    RequestKind.EXTEND_ROOM: frozenset({Role.INVIGILATOR}),
    RequestKind.START_WITHOUT_REHEARSAL: frozenset({Role.ORGANISER, Role.INVIGILATOR}),
    RequestKind.ACCEPT_LATE_ANSWERS: frozenset({Role.INVIGILATOR}),
}

REQUEST_DECIDERS: Final[dict[RequestKind, frozenset[Role]]] = {
    RequestKind.EXTEND_ROOM: frozenset({Role.INVIGILATOR, Role.CHAIR, Role.COUNCIL_MEMBER}),
    RequestKind.START_WITHOUT_REHEARSAL: frozenset({Role.CHAIR, Role.COUNCIL_MEMBER}),
    RequestKind.ACCEPT_LATE_ANSWERS: frozenset({Role.CHAIR, Role.COUNCIL_MEMBER}),
}

LONGEST_MESSAGE: Final = 500
"""Characters of a message. Source: our choice, because it is read in the middle of a test."""


def check_message(text: str) -> str:
    """The text of a message as it is sent.

    Raises:
        InvalidError: `message_missing`, `message_too_long`, with the `field`.
    """
    words = text.strip()
    if not words:
        raise InvalidError("message_missing", field="text")
    if len(words) > LONGEST_MESSAGE:
        raise InvalidError("message_too_long", field="text", most=LONGEST_MESSAGE)
    return words
