"""States of a result version: proposed, signed by enough people, published, or refused and replaced."""

from __future__ import annotations

from enum import StrEnum

from examsite.domain.state_machine import StateMachine


class ResultState(StrEnum):
    """Where one version of the result is."""

    PROPOSED = "proposed"
    COUNCIL_SIGNED = "council_signed"
    APPROVED = "approved"
    PUBLISHED = "published"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


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
