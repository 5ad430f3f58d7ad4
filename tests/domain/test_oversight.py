"""What the supervision board may read: nothing by default, secrets only when they are none any more."""

from __future__ import annotations

import pytest

from examsite.domain.competitions import CompetitionState
from examsite.domain.events import Event
from examsite.domain.oversight import READABLE_FROM, is_readable_by_supervisors

NEVER = (
    Event.ANSWERS_SUBMITTED,
    Event.ANSWERS_AMENDED,
    Event.CANDIDATE_CHECKED_IN,
    Event.ATTEMPT_OPENED,
    Event.ATTENDANCE_RECORDED,
    Event.SEATS_ASSIGNED,
    Event.CANDIDATES_IMPORTED,
    Event.ALLOCATION_DRAWN,
    Event.ACCOUNT_CREATED,
)


@pytest.mark.parametrize("event", NEVER)
def test_answers_and_identities_are_never_read(event: Event) -> None:
    assert not any(is_readable_by_supervisors(event, "sitting/CA1", state) for state in CompetitionState)


@pytest.mark.parametrize(
    ("event", "subject", "since"),
    [
        (Event.PAPER_SEALED, "paper/P1-A", CompetitionState.MARKING),
        (Event.CODES_SEALED, "codes/VH-2026-01", CompetitionState.MERGED),
        (Event.DRAW_HELD, "draw/script-codes", CompetitionState.MERGED),
        (Event.DRAW_HELD, "draw/paper-version-P1", CompetitionState.DRAFT),
        (Event.MARK_LOCKED, "script/0421", CompetitionState.RANKED),
        (Event.GATE_SIGNED, "competition/VH-2026-01", CompetitionState.DRAFT),
    ],
)
def test_secrets_open_at_their_step_and_stay_open(event: Event, subject: str, since: CompetitionState) -> None:
    readable = [state for state in CompetitionState if is_readable_by_supervisors(event, subject, state)]
    assert readable == list(CompetitionState)[since.number - 1 :]


def test_once_readable_always_readable() -> None:
    for event in READABLE_FROM:
        seen = [is_readable_by_supervisors(event, "x/y", state) for state in CompetitionState]
        assert seen == sorted(seen)
