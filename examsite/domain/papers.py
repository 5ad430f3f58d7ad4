"""From a blueprint to a paper: drawn from the bank, frozen with its hash, sealed, opened at the start."""

from __future__ import annotations

from enum import StrEnum

from examsite.domain.state_machine import StateMachine


class PaperState(StrEnum):
    """Where one version of a paper is. A reserve stays sealed to the end."""

    DRAWN = "drawn"
    DISCARDED = "discarded"
    SEALED = "sealed"
    OPENED = "opened"


class PaperEvent(StrEnum):
    """What happens to a paper."""

    DISCARDED = "discarded"
    SEALED = "sealed"
    OPENED = "opened"


PAPER = StateMachine(
    name="paper",
    initial=PaperState.DRAWN,
    table={
        (PaperState.DRAWN, PaperEvent.DISCARDED): PaperState.DISCARDED,
        (PaperState.DRAWN, PaperEvent.SEALED): PaperState.SEALED,
        (PaperState.SEALED, PaperEvent.OPENED): PaperState.OPENED,
    },
)
