"""States of a result version: proposed, signed by enough people, published, or refused and replaced."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from examsite.domain.state_machine import StateMachine


class ResultState(StrEnum):
    """Where one version of the result is."""

    PROPOSED = "proposed"
    COUNCIL_SIGNED = "council_signed"
    APPROVED = "approved"
    PUBLISHED = "published"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


#: A version that waits for signatures.
LIVE: Final = (ResultState.PROPOSED, ResultState.COUNCIL_SIGNED)


class ResultEvent(StrEnum):
    """What happens to a version."""

    COUNCIL_SIGNED = "council_signed"
    APPROVED = "approved"
    PUBLISHED = "published"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


class Decision(StrEnum):
    """What a signer said."""

    AGREED = "agreed"
    REFUSED = "refused"


def council_outcome(*, agreed: int, refused: int, waiting: int, needed: int, chair: Decision | None) -> Decision | None:
    """What the council has decided about a version, or None as long as it may still go either way.

    It takes as many as the rule set says, and the greater part of all who may sign; of two equal parts the chair's.

    Args:
        agreed: members who agreed.
        refused: members who refused.
        waiting: members who may still sign.
        needed: least number of members who agree, by the rule set.
        chair: what the chair said, who is one of them.

    Source: ND 170/2025/ND-CP art. 8(2): the council decides by majority; of equal votes the side of the chair counts.
    """
    voters = agreed + refused + waiting
    if agreed >= needed and (2 * agreed > voters or (2 * agreed == voters and chair is Decision.AGREED)):
        return Decision.AGREED
    most = agreed + waiting
    if most < needed or 2 * most < voters or (2 * most == voters and chair is Decision.REFUSED) or not waiting:
        return Decision.REFUSED
    return None


_S = ResultState
_E = ResultEvent

RESULT = StateMachine(
    name="result",
    initial=_S.PROPOSED,
    table={
        (_S.PROPOSED, _E.COUNCIL_SIGNED): _S.COUNCIL_SIGNED,
        (_S.PROPOSED, _E.REFUSED): _S.REFUSED,
        (_S.PROPOSED, _E.SUPERSEDED): _S.SUPERSEDED,
        (_S.COUNCIL_SIGNED, _E.APPROVED): _S.APPROVED,
        (_S.COUNCIL_SIGNED, _E.REFUSED): _S.REFUSED,
        (_S.COUNCIL_SIGNED, _E.SUPERSEDED): _S.SUPERSEDED,
        (_S.APPROVED, _E.PUBLISHED): _S.PUBLISHED,
    },
)
