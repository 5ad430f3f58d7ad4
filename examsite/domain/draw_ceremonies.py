"""How do several people put numbers into one draw so that nobody can choose the outcome and nobody can stop it?

Each makes a number on the own machine and gives its hash (the commitment) and the number encrypted to the holders of a
split key (the deposit). When the list is closed all of it goes on record; from then on nobody leaves and nothing
changes. After the notice the numbers come out: each person shows the own one, and a number that is kept back is opened
by the holders. The system's own number comes out last, in the same act that computes the outcome, so that nobody who
still has a number to show can know what it would decide.

A deposit may prove broken: it cannot be opened, or holds another number than the one committed to. Its contributor is
named in the record, and the substitute takes its place: a number that the system made at the closing and committed to
in the same entry. So a broken deposit neither stops the draw nor gives a second try.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from examsite.domain.errors import InvalidError
from examsite.domain.state_machine import StateMachine

LEAST_CONTRIBUTORS: Final = 2
"""Fewest people whose numbers decide a draw. Source: our choice, because one person alone must never decide one."""

MOST_DEPOSIT_SIGNS: Final = 4096
"""Longest deposit. Source: our choice: 32 bytes to one recipient take under 500 signs of armoured age."""

SYSTEM: Final = "system"
"""Who gives the number that nobody knows before the draw is held. Source: result formats, names of actors."""

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_ARMOUR: Final = re.compile(
    r"-----BEGIN AGE ENCRYPTED FILE-----\n(?:[A-Za-z0-9+/=]{1,64}\n)+-----END AGE ENCRYPTED FILE-----\n?"
)


class DrawKind(StrEnum):
    """What a draw decides; that of a paper is named after its post besides, a further order by its number."""

    SEATS = "seats"
    PAPER_VERSION = "paper-version"
    SCRIPT_CODES = "script-codes"
    ALLOCATION = "allocation"
    PRESENTATION_ORDER = "presentation-order"


_NUMBERED: Final = frozenset({DrawKind.PAPER_VERSION, DrawKind.PRESENTATION_ORDER})
_SECRET: Final = frozenset({DrawKind.SCRIPT_CODES, DrawKind.ALLOCATION})


class Contributors(StrEnum):
    """Whose numbers decide the draws of a competition."""

    #: Whoever draws, together with the server, in one step.
    ONE = "one"
    #: Members of the council, each from the own machine, in a ceremony.
    COUNCIL = "council"


class DrawState(StrEnum):
    """Numbers are gathered, then committed to, then the draw is held."""

    GATHERING = "gathering"
    COMMITTED = "committed"
    HELD = "held"


class DrawEvent(StrEnum):
    """What happens to a draw."""

    COMMITTED = "committed"
    HELD = "held"


DRAW: Final = StateMachine(
    name="draw",
    initial=DrawState.GATHERING,
    table={
        (DrawState.GATHERING, DrawEvent.COMMITTED): DrawState.COMMITTED,
        (DrawState.COMMITTED, DrawEvent.HELD): DrawState.HELD,
    },
)


class NumberWay(StrEnum):
    """How a number came out."""

    #: Its contributor showed it.
    OWN = "own"
    #: The holders of the key opened its deposit.
    HOLDERS = "holders"
    #: The deposit was broken; the number that the system committed to for this case.
    SUBSTITUTE = "substitute"
    #: Made by the system.
    SYSTEM = "system"


def draw_kind(name: str) -> DrawKind:
    """The kind of a draw.

    Raises:
        InvalidError: `draw_name_not_known`.
    """
    for kind in DrawKind:
        if name == kind or (kind in _NUMBERED and name.startswith(f"{kind}-")):
            return kind
    raise InvalidError("draw_name_not_known", draw=name)


def is_secret(name: str) -> bool:
    """Whether only the commitments may be seen until script codes are opened.

    Source: result formats §4. The allocation is secret too, because it tells a marker which scripts are seeds.
    """
    return draw_kind(name) in _SECRET


def numbers_open_at(committed_at: datetime, notice_minutes: int) -> datetime:
    """From when on numbers may come out: the commitments have been on record for the notice of the rule set."""
    return committed_at + timedelta(minutes=notice_minutes)


def check_commitment(commitment: str, deposit: str) -> None:
    """Refuse what cannot be a hash, or cannot be an encrypted number.

    Raises:
        InvalidError: `commitment_not_valid`, `deposit_not_valid`.
    """
    if _HEX.fullmatch(commitment) is None:
        raise InvalidError("commitment_not_valid")
    if len(deposit) > MOST_DEPOSIT_SIGNS or _ARMOUR.fullmatch(deposit) is None:
        raise InvalidError("deposit_not_valid")


def read_nonce(text: str) -> bytes:
    """A number as a person's machine gives it: 64 hexadecimal digits, whatever spaces stand between.

    Raises:
        InvalidError: `number_not_valid`.
    """
    digits = "".join(text.split()).lower()
    if _HEX.fullmatch(digits) is None:
        raise InvalidError("number_not_valid")
    return bytes.fromhex(digits)


def committed_entry(by: str, commitment: str, *, deposit: str = "", substitute: str = "") -> dict[str, str]:
    """One entry of the record of commitments; what there is not is left out."""
    entry = {"by": by, "commitment": commitment}
    if deposit:
        entry["deposit"] = deposit
    if substitute:
        entry["substitute"] = substitute
    return entry
