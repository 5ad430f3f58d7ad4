"""Scripts with agreed marks: two people agree, markers practise and qualify, seeds look and lock like any script."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.marking import MarkState, ScriptKind, ScriptState
from examsite.domain.permissions import Role
from examsite.domain.scores import score
from examsite.services import marking, settling, standardisation
from examsite.services.allocations import allocate_third, draw_allocation
from examsite.storage.models.dossiers import ConflictDeclaration
from examsite.storage.models.marking import Mark, Script
from examsite.storage.models.records import RecordRow
from examsite.storage.models.standardisation import AgreedMark, Qualification
from examsite.storage.queries.marking import count_scripts, list_scripts, list_standings
from examsite.storage.queries.queues import list_queue
from examsite.storage.queries.standardisation import find_qualification, list_own_standards, missing_before_allocation
from tests.factories.marking import NO_SEEDS, Board, make_board
from tests.factories.standardisation import agree, propose, with_rules
from tests.factories.told_rows import assert_told
from tests.scenes import Keep

MakeBoard = Callable[..., Board]
SEED, PRACTICE, QUALIFICATION = ScriptKind.SEED, ScriptKind.PRACTICE, ScriptKind.QUALIFICATION


@pytest.fixture
def board(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Iterator[Board]:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)

    def build() -> Board:
        made = make_board(session, now, settings=settings)
        made.sealed()
        return made

    kept = keep("board", build, session, tmp_path, settings=settings)
    yield kept
    assert_told(session, kept.competition, AgreedMark, Qualification)


def _allocate(board: Board) -> None:
    draw_allocation(board.ctx(Role.CHAIR), board.competition, without_seeds=NO_SEEDS)


def _records(board: Board, event: str) -> list[Any]:
    rows = board.session.scalars(select(RecordRow).where(RecordRow.event == event).order_by(RecordRow.seq))
    return [(row.actor, row.subject, json.loads(row.payload or "null")) for row in rows]


# --- agreeing --------------------------------------------------------------------------------------------------------


def test_an_agreed_mark_needs_two_people_and_is_recorded(board: Board) -> None:
    proposed = propose(board, PRACTICE, "40")
    assert list_own_standards(board.session, board.competition.id, board.markers[0].id) == []

    agreed = standardisation.agree_standard(
        board.ctx(Role.CHAIR), board.competition, proposed.id, sha256=proposed.script.content_sha256
    )

    assert agreed.agreed_at is not None
    ((actor, subject, payload),) = _records(board, "standard:agreed")
    assert (actor.partition("/")[0], subject) == ("council", f"competition/{board.competition.code}")
    assert (payload["kind"], payload["total"], payload["proposed_by"]) == ("practice", "40.00", "H01")


@pytest.mark.parametrize("role", [Role.MARKING_HEAD, Role.KEEPER, Role.ORGANISER])
def test_nobody_but_setter_and_council_is_the_second_person(board: Board, role: Role) -> None:
    proposed = propose(board, PRACTICE, "40")

    with pytest.raises(NotAllowedError):
        standardisation.agree_standard(
            board.ctx(role), board.competition, proposed.id, sha256=proposed.script.content_sha256
        )


def test_the_head_in_another_role_is_no_second_person_and_nobody_near_to_a_candidate_is(board: Board) -> None:
    proposed = propose(board, PRACTICE, "40")
    sha256 = proposed.script.content_sha256
    setter, head = board.room.people[Role.SETTER], board.room.people[Role.MARKING_HEAD]
    own = setter.account_id
    setter.account_id = head.account_id
    board.session.flush()

    def acts() -> Iterator[Callable[[], object]]:
        ctx = board.ctx(Role.SETTER)
        yield lambda: standardisation.agree_standard(ctx, board.competition, proposed.id, sha256=sha256)
        yield lambda: standardisation.return_standard(ctx, board.competition, proposed.id, reason="Thiếu ý.")

    for act in acts():
        with pytest.raises(NotAllowedError, match="second_person_needed"):
            act()
    setter.account_id = own
    near = {"candidacy_id": board.room.candidacies[0].id, "relation": "sibling", "declared_at": board.room.now}
    board.session.add_all(ConflictDeclaration(assignment_id=person.id, **near) for person in (setter, head))
    board.session.flush()
    for act in acts():
        with pytest.raises(NotAllowedError, match="second_leaves_scripts"):
            act()
    with pytest.raises(NotAllowedError, match="head_leaves_scripts"):
        propose(board, PRACTICE, "42.5")


def test_agreeing_is_to_the_very_text_that_was_shown(board: Board) -> None:
    proposed = propose(board, SEED, "40")
    shown = proposed.script.content_sha256
    standardisation.change_standard(
        board.ctx(Role.MARKING_HEAD),
        board.competition,
        proposed.id,
        texts={"E1": "Khác hẳn", "E2": "Cũng khác"},
        points=board.points("30"),
        comments={},
    )

    with pytest.raises(ConflictError, match="standard_changed"):
        standardisation.agree_standard(board.ctx(Role.CHAIR), board.competition, proposed.id, sha256=shown)


def test_sent_back_with_a_reason_and_never_changed_once_agreed(board: Board) -> None:
    proposed = propose(board, PRACTICE, "40")
    standardisation.return_standard(board.ctx(Role.CHAIR), board.competition, proposed.id, reason="Câu 2 thiếu ý.")
    assert proposed.returned_reason == "Câu 2 thiếu ý."
    agreed = agree(board, PRACTICE, "42.5")

    with pytest.raises(ConflictError, match="standard_already_agreed"):
        standardisation.change_standard(
            board.ctx(Role.MARKING_HEAD),
            board.competition,
            agreed.id,
            texts={"E1": "a", "E2": "b"},
            points=board.points("30"),
            comments={},
        )


@pytest.mark.parametrize(("texts", "code"), [({"E1": "Có", "E2": " "}, "answer_missing"), ({}, "answer_missing")])
def test_every_question_needs_its_text(board: Board, texts: dict[str, str], code: str) -> None:
    with pytest.raises(InvalidError, match=code):
        standardisation.propose_standard(
            board.ctx(Role.MARKING_HEAD),
            board.competition,
            kind=SEED,
            paper=board.room.paper.code,
            texts=texts,
            points=board.points("40"),
            comments={},
        )


def test_a_live_script_gets_no_agreed_mark(board: Board) -> None:
    with pytest.raises(InvalidError, match="standard_kind_unknown"):
        propose(board, ScriptKind.LIVE, "40")


# --- practice and qualification --------------------------------------------------------------------------------------


def _mark(board: Board, code: str, total: str, place: int = 0) -> Mark:
    ctx = board.ctx(board.markers[place])
    standardisation.begin_standards(ctx, board.competition, code)
    draft = marking.save_draft(
        ctx, board.competition, code, revision=0, points=board.points(total), comments={"": "Đã đọc."}
    )
    return marking.lock_mark(ctx, board.competition, code, revision=draft.revision)


def test_practice_is_locked_once_and_counts_nowhere(board: Board) -> None:
    agreed = agree(board, PRACTICE, "40")

    mark = _mark(board, agreed.script.code, "45")

    assert mark.state is MarkState.LOCKED
    assert (
        count_scripts(board.session, board.competition.id)
        == len(list_scripts(board.session, board.competition.id))
        == 4
    )
    assert list_standings(board.session, board.competition) == []
    ((actor, subject, payload),) = _records(board, "standard:marked")
    assert (actor, subject) == ("marker/M01", f"competition/{board.competition.code}")
    assert (payload["script"], payload["total"]) == (agreed.script.code, "45.00")
    with pytest.raises(ConflictError, match="mark_already_locked"):
        _mark(board, agreed.script.code, "40")


def test_a_seed_is_no_practice_script(board: Board) -> None:
    agreed = agree(board, SEED, "40")

    with pytest.raises(NotFoundError):
        _mark(board, agreed.script.code, "40")


def test_without_qualification_no_script_of_a_candidate_is_touched(board: Board) -> None:
    _allocate(board)
    with_rules(board, qualification_scripts="2")  # whoever joins after the draw has not been through it
    codes = [agree(board, QUALIFICATION, total).script.code for total in ("40", "30")]
    marker = board.markers[0]
    first = list_queue(board.session, board.competition.id, marker.id)[0].code

    with pytest.raises(NotAllowedError, match="marker_not_qualified"):
        board.lock(marker, first, "40")
    head = board.ctx(Role.MARKING_HEAD)
    with pytest.raises(ConflictError, match="qualification_not_done"):
        standardisation.qualify_marker(head, board.competition, "M01")
    for code, total in zip(codes, ("42.5", "30"), strict=True):
        _mark(board, code, total)
    standardisation.qualify_marker(head, board.competition, "M01")

    assert board.lock(marker, first, "40").state is MarkState.LOCKED
    ((_actor, _subject, payload),) = _records(board, "marker:qualified")
    assert payload["qualified"] is True
    assert [row["total"] for row in payload["scripts"]] == ["2.50", "0.00"]


def test_out_of_tolerance_needs_a_reason_and_back_to_practice_starts_anew(board: Board) -> None:
    with_rules(board, qualification_scripts="1")
    agreed = agree(board, QUALIFICATION, "40")
    _mark(board, agreed.script.code, "50")
    head = board.ctx(Role.MARKING_HEAD)

    with pytest.raises(InvalidError, match="reason_missing"):
        standardisation.qualify_marker(head, board.competition, "M01")
    standardisation.send_marker_back(head, board.competition, "M01", reason="Lệch 10 điểm ở câu 1.")

    found = find_qualification(board.session, board.markers[0].id)
    assert found is not None
    assert not found.is_qualified
    assert _mark(board, agreed.script.code, "40").state is MarkState.LOCKED
    standardisation.qualify_marker(head, board.competition, "M01")
    with pytest.raises(ConflictError, match="qualification_not_due"):
        standardisation.qualify_marker(head, board.competition, "M01")


# --- seeds -----------------------------------------------------------------------------------------------------------


def test_seeds_stand_in_every_queue_like_scripts_and_settle_nothing(board: Board) -> None:
    seed = agree(board, SEED, "40").script
    live = {script.code for script in list_scripts(board.session, board.competition.id)}
    _allocate(board)

    for marker in board.markers:
        codes = [entry.code for entry in list_queue(board.session, board.competition.id, marker.id)]
        positions = [entry.position for entry in list_queue(board.session, board.competition.id, marker.id)]
        assert codes.count(seed.code) == 1
        assert positions == list(range(1, len(codes) + 1))
    assert len(seed.code) == len(next(iter(live)))
    assert seed.code.isdigit()
    for marker in board.markers:
        board.lock(marker, seed.code, "40")

    assert board.session.get_one(Script, seed.id).state is ScriptState.MARKING
    assert board.session.get_one(Script, seed.id).score is None
    assert list_standings(board.session, board.competition) == []
    assert [row[2]["script"] for row in _records(board, "standard:marked")] == [seed.code] * 3
    assert all(row[1] != f"script/{seed.code}" for row in _records(board, "mark:locked"))


def test_the_head_decides_about_no_seed(board: Board) -> None:
    seed = agree(board, SEED, "40").script
    _allocate(board)
    for marker, total in zip(board.markers, ("20", "40"), strict=False):
        board.lock(marker, seed.code, total)

    head = board.ctx(Role.MARKING_HEAD)
    with pytest.raises(NotFoundError, match="script_not_found"):
        settling.decide_settlement(head, board.competition, seed.code, decided=score("30"), reason="Sau trao đổi")
    with pytest.raises(NotFoundError, match="script_not_found"):
        allocate_third(head, board.competition, seed.code)
    assert _records(board, "settlement:decided") == []


def test_the_draw_waits_for_seeds_or_a_reason_and_for_qualified_markers(board: Board) -> None:
    chair = board.ctx(Role.CHAIR)
    with_rules(board, qualification_scripts="1")
    standard = agree(board, QUALIFICATION, "40").script.code
    owed = missing_before_allocation(board.session, board.competition, chair.now)
    assert [(row.code, row.owner, row.params) for row in owed] == [
        ("seeds_too_few", Role.MARKING_HEAD, {"agreed": 0, "needed": 1}),
        ("markers_not_qualified", Role.MARKING_HEAD, {"count": 3}),
    ]
    with pytest.raises(ConflictError, match="markers_not_qualified"):
        draw_allocation(chair, board.competition, without_seeds=NO_SEEDS)
    for place, marker in enumerate(board.markers):
        _mark(board, standard, "40", place)
        standardisation.qualify_marker(board.ctx(Role.MARKING_HEAD), board.competition, str(marker.pseudonym))
    with pytest.raises(ConflictError, match="seeds_too_few"):
        draw_allocation(chair, board.competition)
    with pytest.raises(InvalidError, match="reason_missing"):
        draw_allocation(chair, board.competition, without_seeds=" ")

    agree(board, SEED, "40")

    assert missing_before_allocation(board.session, board.competition, chair.now) == []
    assert draw_allocation(chair, board.competition) == 4
    ((_actor, _subject, payload),) = _records(board, "allocation:drawn")
    assert "seeds_waived" not in payload


def test_a_draw_without_seeds_says_why_in_the_record(board: Board) -> None:
    _allocate(board)

    ((_actor, _subject, payload),) = _records(board, "allocation:drawn")
    assert payload["seeds_waived"] == {"agreed": 0, "needed": 1, "reason": NO_SEEDS}


def test_no_seed_is_added_once_the_queues_are_drawn(board: Board) -> None:
    waiting = propose(board, SEED, "40")
    _allocate(board)

    with pytest.raises(ConflictError, match="seeds_already_mixed"):
        propose(board, SEED, "30")
    with pytest.raises(ConflictError, match="seeds_already_mixed"):
        standardisation.agree_standard(
            board.ctx(Role.CHAIR), board.competition, waiting.id, sha256=waiting.script.content_sha256
        )


def test_a_rule_set_without_seeds_gets_none(board: Board) -> None:
    with_rules(board, seed_percent="0")
    seed = agree(board, SEED, "40").script
    _allocate(board)

    queue = list_queue(board.session, board.competition.id, board.markers[0].id)
    assert seed.code not in {entry.code for entry in queue}


def test_drafts_of_seeds_follow_the_rules_of_every_draft(board: Board) -> None:
    seed = agree(board, SEED, "40").script
    _allocate(board)
    ctx = board.ctx(board.markers[0])
    draft = marking.save_draft(ctx, board.competition, seed.code, revision=0, points={}, comments={"": "Nháp"})

    with pytest.raises(ConflictError, match="draft_changed_elsewhere"):
        marking.lock_mark(ctx, board.competition, seed.code, revision=draft.revision + 1)
    with pytest.raises(InvalidError, match="points_missing"):
        marking.lock_mark(ctx, board.competition, seed.code, revision=draft.revision)


def test_the_lock_of_a_seed_asks_the_database_as_often_as_that_of_a_script(board: Board) -> None:
    seed = agree(board, SEED, "40").script
    _allocate(board)
    marker = board.markers[0]
    live = next(e.code for e in list_queue(board.session, board.competition.id, marker.id) if e.code != seed.code)

    def statements(code: str) -> list[str]:
        said: list[str] = []

        def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            said.append(statement.split("WHERE", maxsplit=1)[0])

        connection = board.session.connection()
        event.listen(connection, "before_cursor_execute", listen)
        board.lock(marker, code, "40")
        event.remove(connection, "before_cursor_execute", listen)
        return said

    assert statements(live) == statements(seed.code)
