"""When a proposal may still be handed in, and what its title may be.

For candidates and for the lock at the deadline. What kind a file is, is decided by its structure elsewhere.
"""

from __future__ import annotations

from datetime import datetime

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.names import normalise_name

#: Longest title. Unit: characters.
# Source: our choice, because a title must fit the head of a document and the line of a list.
MOST_TITLE_LENGTH = 300


def is_open(state: CompetitionState, closes_at: datetime | None, now: datetime) -> bool:
    """Whether a version may be handed in at this instant; the closing instant itself is too late."""
    return state is CompetitionState.PROPOSALS and closes_at is not None and now < closes_at


def check_open(state: CompetitionState, closes_at: datetime | None, now: datetime) -> None:
    """Refuse a version before the gate or from the closing instant on; what was handed in before stays.

    Raises:
        ConflictError: `proposals_not_open` at another step, `proposals_closed` with `closes_at`.

    Source: our choice, because one deadline that the server alone decides is the same for all.
    """
    if state is not CompetitionState.PROPOSALS or closes_at is None:
        raise ConflictError("proposals_not_open")
    if now >= closes_at:
        raise ConflictError("proposals_closed", closes_at=closes_at)


def clean_title(title: str) -> str:
    """The title as it is kept: one line, single spaces, NFC.

    Raises:
        InvalidError: `proposal_title_missing`, `proposal_title_too_long`, with the `field`.
    """
    cleaned = normalise_name(title)
    if not cleaned:
        raise InvalidError("proposal_title_missing", field="title")
    if len(cleaned) > MOST_TITLE_LENGTH:
        raise InvalidError("proposal_title_too_long", field="title", most=MOST_TITLE_LENGTH)
    return cleaned
