"""One candidate's attempt: what state it is in and what a save may do."""

from __future__ import annotations

from enum import StrEnum

from examsite.domain.state_machine import StateMachine


class AttemptState(StrEnum):
    """Where an attempt is. Only `open` attempts take saves that count."""

    SEATED = "seated"
    OPEN = "open"
    HANDED_IN = "handed_in"
    CLOSED = "closed"
    ABSENT = "absent"


class AttemptEvent(StrEnum):
    """What happens to an attempt."""

    STARTED = "started"
    HANDED_IN = "handed_in"
    CLOSED = "closed"
    FOUND_ABSENT = "found_absent"


_S = AttemptState
_E = AttemptEvent

ATTEMPT = StateMachine(
    name="attempt",
    initial=_S.SEATED,
    table={
        (_S.SEATED, _E.STARTED): _S.OPEN,
        (_S.OPEN, _E.HANDED_IN): _S.HANDED_IN,
        (_S.OPEN, _E.CLOSED): _S.CLOSED,
        (_S.OPEN, _E.FOUND_ABSENT): _S.ABSENT,
        (_S.SEATED, _E.FOUND_ABSENT): _S.ABSENT,
    },
)
