"""The defence: alone until locked, shown together, the gap to the head, absences on record."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.competitions import GateEvent
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.marking import MarkState
from examsite.domain.panels import DefenceState
from examsite.domain.permissions import Role
from examsite.services import defence as acts
from examsite.services import reveals
from examsite.services.conflicts import declare_conflicts
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.defence import (
    defence_results,
    find_own_sheet,
    list_members_at,
    list_shown_marks,
)
from examsite.storage.queries.gates import list_missing
from tests.factories.defence import REASON, Hall, make_hall
from tests.scenes import Keep


@pytest.fixture
def hall(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Hall:
    """Three defences in drawn order before three members."""
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://")

    def build() -> Hall:
        hall = make_hall(session, now, settings=settings)
        hall.drawn()
        return hall

    return keep("hall", build, session, tmp_path, settings=settings)


def payloads(hall: Hall, event: str) -> list[Any]:
    rows = hall.session.scalars(select(RecordRow).where(RecordRow.event == event).order_by(RecordRow.seq))
    return [(row.seq, row.actor, row.subject, json.loads(row.payload or "null")) for row in rows]


def refused(kind: type[DomainError], act: Callable[[], Any]) -> str:
    with pytest.raises(kind) as error:
        act()
    return error.value.code


def save(hall: Hall, member: int, points: dict[str, str], *, revision: int = 0, position: int = 1) -> Any:
    given = {name: Decimal(value) for name, value in points.items()}
    return acts.save_sheet(hall.ctx(hall.members[member]), hall.competition, position, given, {}, revision=revision)


def close(hall: Hall) -> Any:
    return reveals.close_discussion(hall.ctx(Role.PANEL_HEAD), hall.competition, 1)


def reveal(hall: Hall, **named: Any) -> Any:
    return reveals.reveal_scores(hall.ctx(Role.PANEL_HEAD), hall.competition, 1, **named)


def missing(hall: Hall) -> dict[str, Any]:
    found = list_missing(hall.session, hall.competition, GateEvent.RESULT_COMPUTED, now=hall.closes_at)
    return {item.code: item.params.get("count") for item in found}


def test_the_clock_runs_in_the_drawn_order_and_one_at_a_time(hall: Hall) -> None:
    head = hall.ctx(Role.PANEL_HEAD)
    start = acts.start_presentation
    assert refused(ConflictError, lambda: start(head, hall.competition, 2)) == "defence_not_next"
    assert refused(NotFoundError, lambda: start(head, hall.competition, 9)) == "defence_not_found"
    member = hall.ctx(hall.members[0])
    assert refused(NotAllowedError, lambda: start(member, hall.competition, 1)) == "role_needed"
    assert start(head, hall.competition, 1).started_at == head.now
    assert refused(ConflictError, lambda: start(head, hall.competition, 2)) == "defence_running"
    assert refused(ConflictError, lambda: acts.open_scoring(head, hall.competition, 1)) == "event_not_open"
    acts.start_questions(head, hall.competition, 1)
    acts.open_scoring(head, hall.competition, 1)
    assert start(head, hall.competition, 2).state is DefenceState.PRESENTING
    begun = [(actor, subject) for _seq, actor, subject, _payload in payloads(hall, "defence:begun")]
    codes = [hall.defence(position).candidacy.public_code for position in (1, 2)]
    assert begun == [("head/B01", f"defence/{code}") for code in codes]


def test_a_draft_is_kept_with_gaps_and_counts_its_saves(hall: Hall) -> None:
    acts.start_presentation(hall.ctx(Role.PANEL_HEAD), hall.competition, 1)
    assert save(hall, 0, {"D1": "15"}).revision == 1
    mark = save(hall, 0, {"D1": "15", "D3": "20.00"}, revision=1)
    assert (mark.revision, mark.points, mark.total) == (2, {"D1": "15.00", "D3": "20.00"}, None)
    assert refused(ConflictError, lambda: save(hall, 0, {"D1": "1"}, revision=1)) == "sheet_saved_elsewhere"
    assert refused(ConflictError, lambda: save(hall, 0, {"D1": "1"}, revision=0)) == "sheet_saved_elsewhere"
    assert [row for row in payloads(hall, "mark:locked") if row[2].startswith("defence/")] == []


@pytest.mark.parametrize(
    ("points", "code"),
    [
        ({"D1": "-1"}, "points_negative"),
        ({"D1": "26"}, "points_above_maximum"),
        ({"D1": "0.5"}, "points_off_step"),
        ({"D9": "1"}, "criterion_unknown"),
        ({"": "1"}, "criterion_unknown"),
        ({"D1": "1000000000"}, "points_above_maximum"),
    ],
)
def test_hostile_points_are_refused_and_nothing_is_kept(hall: Hall, points: dict[str, str], code: str) -> None:
    defence = hall.scoring()
    assert refused(InvalidError, lambda: save(hall, 0, points)) == code
    assert find_own_sheet(hall.session, defence.id, hall.members[0].id) is None


def test_a_lock_needs_every_criterion_and_the_end_of_the_questions(hall: Hall) -> None:
    head, ctx = hall.ctx(Role.PANEL_HEAD), hall.ctx(hall.members[0])
    assert refused(ConflictError, lambda: save(hall, 0, {"D1": "1"})) == "sheet_not_open"
    acts.start_presentation(head, hall.competition, 1)
    draft = acts.save_sheet(ctx, hall.competition, 1, hall.points("62.00"), {"D1": " Rõ. "}, revision=0)
    lock = lambda revision: acts.lock_sheet(ctx, hall.competition, 1, revision=revision)  # noqa: E731 -- one act
    assert refused(ConflictError, lambda: lock(draft.revision)) == "scoring_not_open"
    acts.start_questions(head, hall.competition, 1)
    acts.open_scoring(head, hall.competition, 1)
    gap = save(hall, 0, {"D1": "1"}, revision=1)
    assert refused(InvalidError, lambda: lock(gap.revision)) == "points_missing"
    assert refused(ConflictError, lambda: lock(1)) == "sheet_saved_elsewhere"


def test_a_locked_sheet_is_a_record_and_is_never_changed(hall: Hall) -> None:
    defence = hall.scoring()
    mark = hall.lock(0, "62.00", comments={"D1": "Rõ."})
    seq, actor, subject, payload = payloads(hall, "mark:locked")[-1]
    assert (mark.record_seq, actor, subject) == (seq, "panel/G01", f"defence/{defence.candidacy.public_code}")
    assert payload == {
        "part": "defence",
        "round": 1,
        "content": None,
        "points": {"D1": "25.00", "D2": "25.00", "D3": "12.00", "D4": "0.00", "D5": "0.00"},
        "total": "62.00",
    }
    assert refused(ConflictError, lambda: save(hall, 0, {"D1": "1"}, revision=mark.revision)) == "sheet_locked"
    assert refused(ConflictError, lambda: hall.lock(0, "63.00")) == "sheet_locked"


def test_nothing_is_shown_before_everybody_has_locked(hall: Hall) -> None:
    defence = hall.scoring()
    assert refused(ConflictError, lambda: reveal(hall)) == "members_not_locked"
    hall.lock(0, "62.00")
    hall.lock(1, "63.00")
    assert refused(ConflictError, lambda: reveal(hall)) == "members_not_locked"
    assert list_members_at(hall.session, defence.id, MarkState.LOCKED) == {"G01", "G02"}
    assert list_shown_marks(hall.session, hall.defence()) == []
    assert defence_results(hall.session, hall.competition)[0].entry.marks == ()
    member = hall.ctx(hall.members[0])
    assert refused(NotAllowedError, lambda: reveals.reveal_scores(member, hall.competition, 1)) == "role_needed"
    hall.lock(2, "67.00")
    reveal(hall)
    assert [mark.total for mark in list_shown_marks(hall.session, hall.defence())] == [
        Decimal("62.00"),
        Decimal("63.00"),
        Decimal("67.00"),
    ]


def test_close_scores_are_settled_by_their_mean_when_the_talk_is_over(hall: Hall) -> None:
    defence = hall.revealed(["60.00", "65.00", "70.00"])
    assert (defence.state, defence.step, defence.score) == (DefenceState.SETTLED, "mean", Decimal("65.00"))
    _seq, actor, subject, payload = payloads(hall, "defence:revealed")[-1]
    assert (actor, subject) == ("head/B01", f"defence/{defence.candidacy.public_code}")
    assert payload == {"members": ["G01", "G02", "G03"], "recused": [], "excused": []}
    assert payloads(hall, "settlement:decided") == []


def test_a_gap_above_the_limit_waits_for_the_head_and_a_reason(hall: Hall) -> None:
    defence = hall.revealed(["60.00", "65.00", "71.00"])
    assert (defence.state, defence.score) == (DefenceState.REVEALED, None)
    assert missing(hall)["panel_gaps_undecided"] == 1
    head = hall.ctx(Role.PANEL_HEAD)

    def decide(score: str, reason: str = REASON) -> Any:
        return reveals.decide_gap(head, hall.competition, 1, decided=Decimal(score), reason=reason)

    for score, reason, code in (
        ("100.01", "x", "score_out_of_range"),
        ("-1.00", "x", "score_out_of_range"),
        ("65.50", "x", "decided_score_off_step"),
        ("0.00", REASON, "decided_outside_marks"),
        ("59.00", REASON, "decided_outside_marks"),
        ("72.00", REASON, "decided_outside_marks"),
        ("65.00", "  ", "reason_missing"),
        ("65.00", "Đã trao đổi xong.", "reason_too_short"),
        ("65.00", "x" * 4001, "reason_too_long"),
    ):
        assert refused(InvalidError, lambda s=score, r=reason: decide(s, r)) == code
    assert refused(ConflictError, lambda: decide("66.00")) == "talk_not_recorded"
    of_before = lambda: reveals.decide_gap(  # noqa: E731 -- one act
        head, hall.competition, 1, decided=Decimal("66.00"), reason=REASON, seen=1
    )
    assert refused(ConflictError, of_before) == "scores_changed"
    settled = hall.decided("66.00")
    assert (settled.state, settled.step, settled.score) == (DefenceState.SETTLED, "head", Decimal("66.00"))
    seq, actor, _subject, payload = payloads(hall, "settlement:decided")[-1]
    assert actor == "head/B01"
    assert payload == {
        "part": "defence",
        "step": "head",
        "score": "66.00",
        "reason": REASON,
    }
    assert refused(ConflictError, lambda: decide("67.00")) == "event_not_open"
    code = settled.candidacy.public_code
    result = next(row for row in defence_results(hall.session, hall.competition) if row.code == code)
    assert result.entry.decision is not None
    assert (result.entry.decision.seq, result.entry.decision.score) == (seq, Decimal("66.00"))
    assert [(mark.marker, mark.total) for mark in result.entry.marks] == [
        ("G01", Decimal("60.00")),
        ("G02", Decimal("65.00")),
        ("G03", Decimal("71.00")),
    ]


def test_whoever_stands_near_reads_but_does_not_score(hall: Hall) -> None:
    defence = hall.scoring()
    declare_conflicts(hall.ctx(hall.members[2]), hall.competition, {defence.candidacy_id: "sibling"})
    assert refused(NotAllowedError, lambda: hall.lock(2, "90.00")) == "member_recused"
    hall.lock(0, "60.00")
    hall.lock(1, "64.00")
    reveal(hall)
    close(hall)
    assert hall.defence().score == Decimal("62.00")
    assert payloads(hall, "defence:revealed")[-1][3]["recused"] == ["G03"]


def test_a_relation_declared_after_the_lock_is_for_the_head(hall: Hall) -> None:
    defence = hall.scoring()
    hall.lock(0, "60.00")
    declare = lambda: declare_conflicts(  # noqa: E731 -- one act
        hall.ctx(hall.members[0]), hall.competition, {defence.candidacy_id: "spouse"}
    )
    assert refused(ConflictError, declare) == "conflict_after_mark"


def test_nobody_scores_before_declaring(session: Session, now: datetime, tmp_path: Path) -> None:
    from examsite.services.proposals import draw_presentation_order

    hall = make_hall(session, now, settings=Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://"))
    hall.locked()
    draw_presentation_order(hall.ctx(Role.CHAIR), hall.competition)
    hall.scoring()
    assert refused(NotAllowedError, lambda: hall.lock(0, "60.00")) == "conflicts_not_declared"


def test_an_absent_member_is_excused_with_a_reason_as_long_as_enough_remain(hall: Hall) -> None:
    hall.scoring()
    hall.lock(0, "60.00")
    both = {"G02": "Ốm", "G03": "Họp gấp"}
    assert refused(ConflictError, lambda: reveal(hall, excused=both)) == "too_few_markers"
    hall.lock(1, "62.00")
    assert refused(InvalidError, lambda: reveal(hall, excused={"G03": " "})) == "excuse_reason_missing"
    assert refused(InvalidError, lambda: reveal(hall, excused={"G09": "Ốm"})) == "member_unknown"
    assert refused(ConflictError, lambda: reveal(hall, excused=both)) == "member_has_locked"
    reveal(hall, excused={"G03": "Họp gấp"})
    close(hall)
    assert hall.defence().score == Decimal("61.00")
    assert payloads(hall, "defence:revealed")[-1][3]["excused"] == [{"member": "G03", "reason": "Họp gấp"}]
    assert refused(ConflictError, lambda: hall.lock(2, "90.00")) == "sheet_not_open"


def test_attendance_is_the_invigilators_and_names_everyone_absent_so_far(hall: Hall) -> None:
    invigilator = hall.ctx(Role.INVIGILATOR)
    assert set(missing(hall)) == {"defences_not_over", "defence_attendance_missing"}
    head = hall.ctx(Role.PANEL_HEAD)
    assert refused(NotAllowedError, lambda: acts.record_attendance(head, hall.competition, [])) == "role_needed"
    acts.record_attendance(invigilator, hall.competition, [])
    assert payloads(hall, "attendance:recorded")[-1][1:] == (
        "invigilator/V01",
        "session/DEFENCE",
        {"part": "defence", "absent": []},
    )
    hall.revealed(["60.00", "61.00", "62.00"])
    begun = lambda: acts.record_attendance(invigilator, hall.competition, [1])  # noqa: E731 -- one act
    assert refused(ConflictError, begun) == "event_not_open"
    acts.record_attendance(invigilator, hall.competition, [2])
    acts.record_attendance(invigilator, hall.competition, [2, 3])
    codes = sorted(str(hall.defence(position).candidacy.public_code) for position in (2, 3))
    assert payloads(hall, "attendance:recorded")[-1][3] == {"part": "defence", "absent": codes}
    assert missing(hall) == {}
    assert [row.code for row in defence_results(hall.session, hall.competition) if row.entry.absent] == codes


def test_an_absence_put_down_by_mistake_is_taken_back_until_somebody_later_begins(hall: Hall) -> None:
    invigilator = hall.ctx(Role.INVIGILATOR)
    acts.record_attendance(invigilator, hall.competition, [1, 2])

    back = acts.withdraw_absence(invigilator, hall.competition, 1, reason="Nhầm với lượt 2.")

    code = str(back.candidacy.public_code)
    assert payloads(hall, "absence:withdrawn")[-1][1:] == (
        "invigilator/V01",
        "session/DEFENCE",
        {"part": "defence", "candidate": code, "reason": "Nhầm với lượt 2."},
    )
    other = str(hall.defence(2).candidacy.public_code)
    assert payloads(hall, "attendance:recorded")[-1][3]["absent"] == [other]
    again = lambda: acts.withdraw_absence(invigilator, hall.competition, 1, reason="x")  # noqa: E731 -- one act
    assert refused(ConflictError, again) == "event_not_open"

    acts.record_attendance(invigilator, hall.competition, [1])
    hall.scoring(3)
    assert refused(ConflictError, again) == "order_used"
    assert hall.defence(1).state is DefenceState.ABSENT


def test_who_handed_in_nothing_is_among_the_absent(session: Session, now: datetime, tmp_path: Path) -> None:
    hall = make_hall(session, now, settings=Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://"))
    hall.locked([0])
    invigilator = hall.ctx(Role.INVIGILATOR)
    early = lambda: acts.record_attendance(invigilator, hall.competition, [])  # noqa: E731 -- one act
    assert refused(ConflictError, early) == "order_not_drawn_yet"
    assert "order_not_drawn" in missing(hall)
