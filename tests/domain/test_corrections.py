"""What the records of a log say of corrections, in whatever order they come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.canonical import instant_text
from examsite.domain.corrections import CORRECTION_EVENTS, CorrectionFact, CorrectionState, read_corrections
from examsite.domain.events import Event

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ASKED = (Event.CORRECTION_ASKED, {"reason": "Bỏ sót tờ thứ ba.", "candidates": ["HP-001"]})
AGREED = (Event.CORRECTION_DECIDED, {"asked_seq": 0, "agreed": True, "reason": ""})
REFUSED = (Event.CORRECTION_DECIDED, {"asked_seq": 0, "agreed": False, "reason": "Phiếu đã đúng."})
TAKEN_BACK = (Event.CORRECTION_TAKEN_BACK, {"asked_seq": 0})
LOCKED = (Event.PROPOSALS_LOCKED, {"locked": [], "absent": ["HP-001"]})
PUBLISHED = (Event.RESULT_PUBLISHED, {"result_sha256": "00"})


def _called(days: int) -> tuple[Event, Mapping[str, Any]]:
    closes, held = (instant_text(START + timedelta(days=after)) for after in (days, days + 1))
    return Event.CORRECTION_DEFENCE_CALLED, {
        "candidates": ["HP-001"],
        "proposals_close_at": closes,
        "defence_at": held,
    }


def _facts(*steps: tuple[Event, Mapping[str, Any]]) -> list[CorrectionFact]:
    return [
        CorrectionFact(seq, START + timedelta(hours=seq), event, "council/M01", content)
        for seq, (event, content) in enumerate(steps)
    ]


@pytest.mark.parametrize(
    ("steps", "state", "ended"),
    [
        ((ASKED,), CorrectionState.ASKED, None),
        ((ASKED, REFUSED), CorrectionState.REFUSED, 1),
        ((ASKED, TAKEN_BACK), CorrectionState.TAKEN_BACK, 1),
        ((ASKED, AGREED), CorrectionState.OPEN, None),
        ((ASKED, AGREED, TAKEN_BACK), CorrectionState.OPEN, None),
        ((ASKED, AGREED, REFUSED), CorrectionState.OPEN, None),
        ((ASKED, AGREED, PUBLISHED), CorrectionState.PUBLISHED, 2),
        ((ASKED, PUBLISHED), CorrectionState.ASKED, None),
        ((ASKED, REFUSED, AGREED), CorrectionState.REFUSED, 1),
        ((ASKED, (Event.CORRECTION_DECIDED, {})), CorrectionState.REFUSED, 1),
    ],
)
def test_a_correction_goes_one_way_and_ends_once(steps: Any, state: CorrectionState, ended: int | None) -> None:
    (found,) = read_corrections(_facts(*steps))
    assert (found.state, found.ended_seq, found.is_standing) == (state, ended, ended is None)
    assert (found.reason, found.candidates) == ("Bỏ sót tờ thứ ba.", ("HP-001",))


def test_once_the_proposals_are_locked_no_record_moves_the_deadline_or_the_locking() -> None:
    (found,) = read_corrections(_facts(ASKED, AGREED, _called(2), LOCKED, _called(9), LOCKED))
    assert found.defence is not None
    assert (found.defence.proposals_close_at, found.defence.locked_seq) == (START + timedelta(days=2), 3)


def test_before_the_locking_the_newest_call_holds() -> None:
    (found,) = read_corrections(_facts(ASKED, AGREED, _called(2), _called(9)))
    assert found.defence is not None
    assert found.defence.proposals_close_at == START + timedelta(days=9)


def test_nothing_is_corrected_before_somebody_asked() -> None:
    assert read_corrections(_facts(PUBLISHED, AGREED, TAKEN_BACK)) == []


@given(st.lists(st.sampled_from(CORRECTION_EVENTS), max_size=8))
def test_records_whose_content_was_destroyed_are_read_without_it(events: list[Event]) -> None:
    found = read_corrections(_facts(*((event, {}) for event in events)))
    assert len(found) == events.count(Event.CORRECTION_ASKED)
    assert CorrectionState.OPEN not in {one.state for one in found}, "what cannot be read agrees to nothing"
