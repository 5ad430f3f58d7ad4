"""Who is paused when markers differ: the one who moved, at their own lock; nobody where it cannot be known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.marking import MarkState, ScriptKind
from examsite.domain.permissions import Role
from examsite.services import marker_alarms, marker_stops
from examsite.storage.models.marking import Allocation, Mark, Script
from examsite.storage.models.standardisation import MarkerAlarm, MarkerStop
from examsite.storage.queries.marking_statistics import list_locked_marks, list_watched_marks
from tests.factories.marking import Board, make_board
from tests.factories.standardisation import agree
from tests.factories.told_rows import assert_told

MOVE = Decimal("6.25")


def _board(session: Session, now: datetime, tmp_path: Path, *, markers: int) -> Board:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    board = make_board(session, now, settings=settings, candidates=1, markers=markers)
    board.sealed()
    return board


def _script(board: Board, number: int) -> Script:
    known = board.session.scalars(select(Script).order_by(Script.id)).first()
    assert known is not None
    script = Script(
        competition_id=board.competition.id,
        post_id=known.post_id,
        paper_id=known.paper_id,
        code=f"X{number:03d}",
        content=known.content,
        content_sha256=f"{number:064x}",
    )
    board.session.add(script)
    board.session.flush()
    return script


def _marked(board: Board, pairs: Sequence[tuple[int, int]], *, moves_after: int, moves: int = 0) -> None:
    """Scripts locked by two each, one after the other; one of the markers gives more after so many of their own."""
    seq = 1_000
    counts = [0] * len(board.markers)
    for number, pair in enumerate(pairs):
        script = _script(board, number)
        for place in pair:
            counts[place] += 1
            seq += 1
            total = Decimal(50) + Decimal("1.25") * ((number + place) % 3)
            if place == moves and counts[place] > moves_after:
                total += MOVE
            board.session.add(
                Mark(
                    script_id=script.id,
                    assignment_id=board.markers[place].id,
                    round=1,
                    state=MarkState.LOCKED,
                    total=total,
                    updated_at=board.room.now + timedelta(minutes=seq),
                    locked_at=board.room.now + timedelta(minutes=seq),
                    record_seq=seq,
                )
            )
    board.session.flush()


def _opens(board: Board, place: int) -> None:
    """One more script in the queue of a marker."""
    script = _script(board, 900 + place)
    row = Allocation(
        script_id=script.id,
        assignment_id=board.markers[place].id,
        round=1,
        position=900,
        allocated_at=board.room.now,
    )
    board.session.add(row)
    board.session.flush()


def _watch(board: Board, place: int) -> MarkerStop | None:
    return marker_stops.watch_markers(board.ctx(board.markers[place]), board.competition)


def _alarms(board: Board) -> list[MarkerAlarm]:
    return list(board.session.scalars(select(MarkerAlarm).order_by(MarkerAlarm.id)))


THREE = [(0, 1), (0, 2), (1, 2)] * 20


def test_the_lock_of_a_partner_pauses_nobody_the_own_one_does(session: Session, now: datetime, tmp_path: Path) -> None:
    board = _board(session, now, tmp_path, markers=3)
    _opens(board, 0)
    _marked(board, THREE, moves_after=20)

    assert _watch(board, 1) is None
    assert _watch(board, 2) is None
    stop = _watch(board, 0)

    assert stop is not None
    assert (stop.assignment_id, stop.cause) == (board.markers[0].id, "drift")
    assert (stop.figures["direction"], int(stop.figures["since"])) == ("lenient", pytest.approx(21, abs=2))
    assert list(session.scalars(select(MarkerStop))) == [stop]
    assert _alarms(board) == []


def test_the_watch_reads_what_the_statistics_read(session: Session, now: datetime, tmp_path: Path) -> None:
    board = _board(session, now, tmp_path, markers=3)
    _marked(board, THREE, moves_after=20)
    for place, kind in ((0, ScriptKind.QUALIFICATION), (1, ScriptKind.SEED), (2, ScriptKind.PRACTICE)):
        agree(board, kind, "52.50")
        script = session.scalars(select(Script).where(Script.kind == kind)).one()
        at = {"updated_at": board.room.now, "locked_at": board.room.now, "record_seq": 5_000 + place}
        session.add(
            Mark(
                script_id=script.id,
                assignment_id=board.markers[place].id,
                round=1,
                state=MarkState.LOCKED,
                total=Decimal(60),
                **at,
            )
        )
    session.flush()

    watched = list_watched_marks(session, board.competition.id)
    locked = list_locked_marks(session, board.competition.id)

    assert len(watched) == len(THREE) * 2 + 2
    for seen, known in zip(watched, locked, strict=True):
        assert (seen.script_id, seen.assignment_id, seen.marker) == (known.script_id, known.assignment_id, known.marker)
        assert (seen.seq, seen.number, seen.is_blind) == (known.seq, known.number, known.is_blind)
        assert (seen.total, seen.error) == (known.total, known.error)


def test_who_is_through_with_the_queue_is_named_to_the_head(session: Session, now: datetime, tmp_path: Path) -> None:
    board = _board(session, now, tmp_path, markers=3)
    _marked(board, THREE, moves_after=20)

    assert _watch(board, 1) is None
    assert _watch(board, 2) is None

    (alarm,) = _alarms(board)
    assert alarm.markers == ["M01"]
    assert alarm.figures["M01"]["direction"] == "lenient"


def test_nobody_is_paused_where_two_markers_met_each_other_alone(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    board = _board(session, now, tmp_path, markers=2)
    _marked(board, [(0, 1)] * 45, moves_after=25)

    assert _watch(board, 0) is None
    assert _watch(board, 1) is None

    (alarm,) = _alarms(board)
    assert alarm.markers == ["M01", "M02"]
    assert (alarm.figures["M01"]["direction"], alarm.figures["M02"]["direction"]) == ("lenient", "strict")
    assert list(session.scalars(select(MarkerStop))) == []

    head = board.ctx(Role.MARKING_HEAD)
    with pytest.raises(NotAllowedError):
        marker_alarms.leave_markers(board.ctx(board.markers[0]), board.competition, alarm.id, reason="x")
    with pytest.raises(InvalidError, match="reason_missing"):
        marker_alarms.leave_markers(head, board.competition, alarm.id, reason=" ")
    with pytest.raises(NotFoundError, match="alarm_not_found"):
        marker_alarms.leave_markers(head, board.competition, alarm.id + 1, reason="Đã đọc lại.")
    marker_alarms.leave_markers(head, board.competition, alarm.id, reason="Hai người đã thống nhất lại cách chấm.")
    # The marks of this test stand in no log; in a real one the decision comes after them.
    assert alarm.record_seq is not None
    alarm.record_seq += 10_000
    session.flush()
    assert _watch(board, 0) is None
    assert len(_alarms(board)) == 1  # they are watched anew
    with pytest.raises(ConflictError, match="alarm_already_decided"):
        marker_alarms.leave_markers(head, board.competition, alarm.id, reason="Lần nữa")


def test_the_head_who_pauses_one_of_two_has_answered_the_alarm(session: Session, now: datetime, tmp_path: Path) -> None:
    board = _board(session, now, tmp_path, markers=2)
    _marked(board, [(0, 1)] * 45, moves_after=25)
    _watch(board, 1)

    stop = marker_stops.stop_marker(
        board.ctx(Role.MARKING_HEAD), board.competition, "M01", reason="Đọc lại ba bài: từ bài 26 chấm rộng hơn."
    )

    (alarm,) = _alarms(board)
    assert (alarm.outcome, alarm.reason) == ("stopped", stop.figures["reason"])
    assert assert_told(session, board.competition, MarkerStop, MarkerAlarm) == 2
    assert _watch(board, 1) is None
    assert len(_alarms(board)) == 1
