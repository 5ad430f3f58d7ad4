"""Which contents of records the supervision board may read, and from which step on?

Who, when, what and about whom stands open to the board at once; the content of a record only where it is no secret at
that step. Default deny: an event without a line here never shows its content, because answers, identities at a seat and
marks before the code map is opened would otherwise leak through the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from examsite.domain.competitions import CompetitionState
from examsite.domain.events import Event

_S = CompetitionState

#: The draws whose outcome is no secret: which version of a paper is opened.
#: Draws whose outcome is no secret: which version everyone writes, and who sits where.
_OPEN_DRAWS: Final = ("draw/paper-version-", "draw/seats")

READABLE_FROM: Final[Mapping[Event, CompetitionState]] = {
    **dict.fromkeys(
        (
            *(Event.LOG_OPENED, Event.COMPETITION_CREATED, Event.COMPETITION_CHANGED, Event.COMPETITION_ANNOUNCED),
            *(Event.COMPETITION_CLOSED, Event.NOTICE_CHANGED, Event.GATE_SIGNED, Event.RULESET_FROZEN),
            *(Event.ROLES_FIXED, Event.ROLE_GRANTED, Event.ROLE_REVOKED, Event.BLUEPRINT_PLANNED),
            *(Event.APPLICATIONS_OPENED, Event.APPLICATIONS_CLOSED, Event.PAPER_DRAWN, Event.SITTING_SCHEDULED),
            *(Event.WRITTEN_BEGUN, Event.MARKING_BEGUN, Event.WRITTEN_PUBLISHED, Event.APPEALS_CLOSED),
            *(Event.PAPER_OPENED, Event.PAPER_SET_ASIDE, Event.SITTING_STARTED, Event.SITTING_CLOSED),
            Event.PROPOSALS_OPENED,
            *(Event.PROPOSALS_LOCKED, Event.DEFENCE_BEGUN, Event.CODES_OPENED, Event.RESULT_APPROVED),
            *(Event.RESULT_REFUSED, Event.RESULT_PUBLISHED, Event.WITNESS_NAMED, Event.WITNESS_ENDED),
            *(Event.CORRECTION_ASKED, Event.CORRECTION_DECIDED, Event.CORRECTION_TAKEN_BACK),
            Event.CORRECTION_DEFENCE_CALLED,
        ),
        _S.DRAFT,
    ),
    # The rubric of a sealed paper tells how the paper is built.
    Event.PAPER_SEALED: _S.MARKING,
    # Draws of codes and of markers name what stays hidden until the code map is open; so do marks.
    Event.DRAW_COMMITTED: _S.MERGED,
    Event.DRAW_HELD: _S.MERGED,
    Event.CODES_SEALED: _S.MERGED,
    Event.ITEM_DECIDED: _S.MERGED,
    Event.STRADDLE_SEEN: _S.MERGED,
    # Scripts and defences share these events, so they wait for the later of the two.
    Event.MARK_LOCKED: _S.RANKED,
    Event.MARK_WITHDRAWN: _S.RANKED,
    Event.SETTLEMENT_DECIDED: _S.RANKED,
    Event.DEDUCTION_APPLIED: _S.RANKED,
    Event.APPEAL_DECIDED: _S.RANKED,
    Event.TIE_DECIDED: _S.RANKED,
    Event.RESULT_COMPUTED: _S.RANKED,
}
"""From which step on the content of a record is no secret to the supervision board.

Source: TT 22/2025/TT-BNV (papers and code map are secret until opened); that the rest is readable is our choice,
because supervision needs what was done and not only that something was done."""


def is_readable_by_supervisors(event: Event, subject: str, state: CompetitionState) -> bool:
    """Whether the supervision board may read the content of this record at this step."""
    if event in {Event.DRAW_COMMITTED, Event.DRAW_HELD} and subject.startswith(_OPEN_DRAWS):
        return True
    since = READABLE_FROM.get(event)
    return since is not None and state.has_reached(since)
