"""Two people at one script in one instant, on real threads: one outcome, the other is told, nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import DomainError
from examsite.domain.items import Ruling
from examsite.domain.marking import MarkState, ScriptState
from examsite.domain.permissions import Role
from examsite.domain.questions import Text
from examsite.domain.scores import score
from examsite.services import allocations, items, marking, rubric_changes, settling, withdrawals
from examsite.services.context import ServiceContext
from examsite.storage.database import make_engine, upgrade, writing
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Allocation, Mark, MarkWithdrawal, Script, Settlement
from examsite.storage.models.papers import ItemDecision
from examsite.storage.models.records import RecordLog, RecordRow
from tests.databases import ROW_KEY
from tests.factories.marking import Board, make_board
from tests.factories.withdrawals import withdraw_mark

Act = Callable[[ServiceContext, Competition], Any]
REASON = "Hai người cùng làm một lúc."
#: How long an act waits before its first write for the other one to come as far. Unit: seconds.
PATIENCE_SECONDS = 0.25
NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)

_numbers = count(1)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database of each kind whose transactions are real."""
    if request.param == "sqlite":
        engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('races') / 'examsite.db'}", row_key=ROW_KEY)
        upgrade(engine)
        yield engine
        engine.dispose()
        return
    server = str(request.getfixturevalue("postgresql_url"))
    plain = server.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("CREATE DATABASE marking_races")
        engine = make_engine(server.replace("/examsite_tests?", "/marking_races?"), row_key=ROW_KEY)
        upgrade(engine)
        yield engine
        engine.dispose()
        connection.execute("DROP DATABASE marking_races WITH (FORCE)")


class Scene:
    """A board in the database, and acts upon it that begin in one instant."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        settings = Settings(folder, secret_key="0" * 64, database_url="sqlite://", testing=True)
        with writing(engine) as session:
            self.board: Board = make_board(
                session, NOW, settings=settings, candidates=2, markers=4, code=f"VH-2026-{next(_numbers):02d}"
            )
            self.board.allocated()
            self.code = session.scalars(
                select(Script.code).where(Script.competition_id == self.board.competition.id).order_by(Script.code)
            ).first()
            self.pair = self.board.pair(self.code)
        self.competition_id = self.board.competition.id

    def by(self, who: Role | RoleAssignment, act: Act) -> Callable[[], Any]:
        """One act of a person in a transaction of its own."""
        ctx = self.board.ctx(who)

        def do() -> Any:
            with writing(self.engine) as session:
                competition = session.get_one(Competition, self.competition_id)
                return act(replace(ctx, session=session), competition)

        return do

    def at_once(self, *acts: Callable[[], Any]) -> list[Any]:
        """What each act gave back, or the refusal it met; any other error is a fault of the program."""
        answers: list[Any] = [None] * len(acts)
        start, meeting = threading.Barrier(len(acts)), threading.Barrier(len(acts))
        come: set[int] = set()

        def wait(*_rest: Any) -> None:
            if threading.get_ident() in come:
                return
            come.add(threading.get_ident())
            try:
                meeting.wait(PATIENCE_SECONDS)
            except threading.BrokenBarrierError:
                return

        def run(place: int) -> None:
            start.wait()
            try:
                answers[place] = acts[place]()
            except DomainError as refusal:
                answers[place] = refusal.code
            except Exception as fault:  # shown by the test instead of lost in the thread
                answers[place] = fault

        threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
        event.listen(Session, "before_flush", wait)
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            event.remove(Session, "before_flush", wait)
        assert [answer for answer in answers if isinstance(answer, Exception)] == []
        return answers

    def talked(self) -> None:
        """The head has written down a talk with both markers."""
        self.by(
            Role.MARKING_HEAD,
            lambda ctx, competition: settling.note_discussion(ctx, competition, self.code, text="Đã trao đổi."),
        )()

    def now_there(self, kind: Any, *conditions: Any) -> list[Any]:
        """Rows as they stand, in a session of its own."""
        with Session(self.engine) as session:
            found = list(session.scalars(select(kind).where(*conditions).order_by(kind.id)))
            session.expunge_all()
            return found

    def script(self) -> Script:
        return self.now_there(Script, Script.competition_id == self.competition_id, Script.code == self.code)[0]

    def marks(self, state: MarkState, marker: RoleAssignment) -> list[Mark]:
        return self.now_there(
            Mark, Mark.script_id == self.script().id, Mark.state == state, Mark.assignment_id == marker.id
        )

    def records(self, name: str) -> int:
        with Session(self.engine) as session:
            statement = (
                select(RecordRow.seq)
                .join(RecordLog, RecordLog.id == RecordRow.log_id)
                .where(RecordLog.competition_id == self.competition_id, RecordRow.event == name)
            )
            return len(session.scalars(statement).all())

    def lock_pair(self, first: str, second: str) -> None:
        for marker, total in zip(self.pair, (first, second), strict=True):
            revision = self.by(marker, self.saves(total))().revision
            self.by(marker, self.locks(revision))()

    def saves(self, total: str, *, revision: int = 0) -> Act:
        points = self.board.points(total)
        return lambda ctx, competition: marking.save_draft(
            ctx, competition, self.code, revision=revision, points=points, comments={}
        )

    def locks(self, revision: int) -> Act:
        return lambda ctx, competition: marking.lock_mark(ctx, competition, self.code, revision=revision)

    def asks_withdrawal(self, marker: RoleAssignment) -> int:
        ask = self.by(
            Role.MARKING_HEAD,
            lambda ctx, competition: withdrawals.request_withdrawal(
                ctx, competition, self.code, marker=str(marker.pseudonym), reason=REASON
            ),
        )
        return int(ask().id)

    def proposes_change(self) -> int:
        criterion = self.board.rubric.human[0]
        propose = self.by(
            Role.MARKING_HEAD,
            lambda ctx, competition: rubric_changes.propose_change(
                ctx,
                competition,
                self.board.room.paper.code,
                criterion.criterion,
                text=Text("Lời mới", "New words"),
                levels=criterion.levels,
                reason=REASON,
            ),
        )
        return int(propose().id)


@pytest.fixture
def scene(shared: Engine, tmp_path: Path) -> Scene:
    return Scene(shared, tmp_path)


def test_two_pages_of_one_marker_begin_one_draft(scene: Scene) -> None:
    marker = scene.pair[0]
    answers = scene.at_once(scene.by(marker, scene.saves("20.00")), scene.by(marker, scene.saves("40.00")))

    drafts = scene.marks(MarkState.DRAFT, marker)
    assert [isinstance(answer, str) for answer in answers].count(True) == 1
    assert "draft_changed_elsewhere" in answers
    kept = next(answer for answer in answers if isinstance(answer, Mark))
    assert [(draft.id, draft.points) for draft in drafts] == [(kept.id, kept.points)]


def test_one_page_locks_while_the_other_saves(scene: Scene) -> None:
    marker = scene.pair[0]
    revision = scene.by(marker, scene.saves("20.00"))().revision
    answers = scene.at_once(
        scene.by(marker, scene.locks(revision)), scene.by(marker, scene.saves("40.00", revision=revision))
    )

    refused = [answer for answer in answers if isinstance(answer, str)]
    locked = scene.marks(MarkState.LOCKED, marker)
    assert len(refused) == 1
    assert refused[0] in {"mark_already_locked", "draft_changed_elsewhere"}
    assert scene.records("mark:locked") == 2 + len(locked)  # the system's two marks stand before


def test_both_markers_of_a_script_lock_at_once_and_it_is_settled(scene: Scene) -> None:
    revisions = [
        scene.by(marker, scene.saves(total))().revision
        for marker, total in zip(scene.pair, ("40.00", "42.50"), strict=True)
    ]
    scene.at_once(
        *[scene.by(marker, scene.locks(revision)) for marker, revision in zip(scene.pair, revisions, strict=True)]
    )

    script = scene.script()
    assert (script.state, script.score) == (ScriptState.SETTLED, score("61.25"))


def test_the_chair_withdraws_while_the_head_decides(scene: Scene) -> None:
    scene.lock_pair("30.00", "37.50")
    scene.talked()
    wish = scene.asks_withdrawal(scene.pair[0])
    answers = scene.at_once(
        scene.by(Role.CHAIR, lambda ctx, competition: withdraw_mark(ctx, competition, wish)),
        scene.by(
            Role.MARKING_HEAD,
            lambda ctx, competition: settling.decide_settlement(
                ctx, competition, scene.code, decided=score("54.00"), reason=REASON
            ),
        ),
    )

    assert isinstance(answers[0], Mark)
    script = scene.script()
    assert (script.state, script.score) == (ScriptState.MARKING, None)
    decisions = scene.now_there(Settlement, Settlement.script_id == script.id)
    assert all(decision.withdrawn_at is not None for decision in decisions)
    assert len(decisions) == int(not isinstance(answers[1], str))


def test_a_marker_locks_while_the_other_mark_is_withdrawn(scene: Scene) -> None:
    scene.lock_pair("30.00", "47.50")
    third = scene.by(
        Role.MARKING_HEAD, lambda ctx, competition: allocations.allocate_third(ctx, competition, scene.code)
    )()
    marker = next(row for row in scene.board.markers if row.id == third.assignment_id)
    revision = scene.by(marker, scene.saves("30.00"))().revision
    wish = scene.asks_withdrawal(scene.pair[0])
    scene.at_once(
        scene.by(marker, scene.locks(revision)),
        scene.by(Role.CHAIR, lambda ctx, competition: withdraw_mark(ctx, competition, wish)),
    )

    assert len(scene.marks(MarkState.LOCKED, marker)) == 1
    assert scene.marks(MarkState.LOCKED, scene.pair[0]) == []
    assert scene.script().state is ScriptState.MARKING


def test_two_pages_of_the_head_decide_one_script_once(scene: Scene) -> None:
    scene.lock_pair("30.00", "37.50")
    scene.talked()
    decide = [
        scene.by(
            Role.MARKING_HEAD,
            lambda ctx, competition, decided=decided: settling.decide_settlement(
                ctx, competition, scene.code, decided=score(decided), reason=REASON
            ),
        )
        for decided in ("52.00", "54.00")
    ]
    answers = scene.at_once(*decide)

    made = [answer for answer in answers if isinstance(answer, Settlement)]
    assert [answer for answer in answers if isinstance(answer, str)] == ["decision_not_due"]
    assert scene.script().score == made[0].score
    assert scene.records("settlement:decided") == 1


def test_a_third_marker_is_given_once(scene: Scene) -> None:
    scene.lock_pair("20.00", "47.50")
    give = scene.by(
        Role.MARKING_HEAD, lambda ctx, competition: allocations.allocate_third(ctx, competition, scene.code)
    )
    answers = scene.at_once(give, give)

    assert answers.count("third_marker_not_due") == 1
    rows = scene.now_there(Allocation, Allocation.script_id == scene.script().id, Allocation.round == 2)
    assert len(rows) == 1


def test_a_rubric_changes_while_a_marker_locks(scene: Scene) -> None:
    marker = scene.pair[0]
    revision = scene.by(marker, scene.saves("40.00"))().revision
    change = scene.proposes_change()
    answers = scene.at_once(
        scene.by(Role.SETTER, lambda ctx, competition: rubric_changes.agree_change(ctx, competition, change)),
        scene.by(marker, scene.locks(revision)),
    )

    criterion = scene.board.rubric.human[0].criterion
    assert scene.marks(MarkState.LOCKED, marker) == []
    draft = scene.marks(MarkState.DRAFT, marker)[0]
    assert criterion not in draft.points
    assert criterion in draft.earlier_points
    if isinstance(answers[1], str):
        assert answers[1] == "draft_changed_elsewhere"
    else:
        assert len(scene.marks(MarkState.WITHDRAWN, marker)) == 1
        assert scene.records("mark:withdrawn") == 1


def test_a_rubric_changes_while_a_marker_saves(scene: Scene) -> None:
    marker = scene.pair[0]
    revision = scene.by(marker, scene.saves("20.00"))().revision
    change = scene.proposes_change()
    answers = scene.at_once(
        scene.by(Role.SETTER, lambda ctx, competition: rubric_changes.agree_change(ctx, competition, change)),
        scene.by(marker, scene.saves("40.00", revision=revision)),
    )

    draft = scene.marks(MarkState.DRAFT, marker)[0]
    criterion = scene.board.rubric.human[0].criterion
    assert criterion not in draft.points
    assert criterion in draft.earlier_points
    kept_more = len(draft.points) == len(scene.board.points("40.00")) - 1
    assert answers[1] == "draft_changed_elsewhere" or kept_more


def test_a_rubric_changes_while_the_chair_withdraws(scene: Scene) -> None:
    scene.lock_pair("30.00", "37.50")
    wish, change = scene.asks_withdrawal(scene.pair[0]), scene.proposes_change()
    answers = scene.at_once(
        scene.by(Role.SETTER, lambda ctx, competition: rubric_changes.agree_change(ctx, competition, change)),
        scene.by(Role.CHAIR, lambda ctx, competition: withdraw_mark(ctx, competition, wish)),
    )

    assert not isinstance(answers[0], str)
    assert all(scene.marks(MarkState.LOCKED, marker) == [] for marker in scene.pair)
    known = scene.now_there(MarkWithdrawal, MarkWithdrawal.id == wish)[0]
    assert known.is_agreed
    assert scene.records("mark:withdrawn") == 2


def test_an_item_decision_is_agreed_once(scene: Scene) -> None:
    def propose(ctx: ServiceContext, competition: Competition) -> ItemDecision:
        return items.propose_ruling(
            ctx, competition, scene.board.room.paper.code, "Q20", ruling=Ruling.EVERYONE, reason=REASON
        )

    proposals = scene.at_once(scene.by(Role.SETTER, propose), scene.by(Role.SETTER, propose))
    assert proposals.count("item_decision_waiting") == 1
    decision = next(row for row in proposals if isinstance(row, ItemDecision)).id
    agree = scene.by(Role.CHAIR, lambda ctx, competition: items.agree_ruling(ctx, competition, decision))
    answers = scene.at_once(agree, agree)

    assert answers.count("item_decision_not_found") == 1
    assert scene.records("item:decided") == 1
    totals = scene.now_there(Mark, Mark.script_id == scene.script().id, Mark.round == 0)
    assert [mark.total for mark in totals] == [score("20.00"), score("22.00")]


def test_scoring_anew_while_a_marker_locks_settles_on_the_new_points(scene: Scene) -> None:
    scene_code = scene.board.room.paper.code
    decision = scene.by(
        Role.SETTER,
        lambda ctx, competition: items.propose_ruling(
            ctx, competition, scene_code, "Q20", ruling=Ruling.EVERYONE, reason=REASON
        ),
    )().id
    first, second = scene.pair
    scene.by(first, scene.locks(scene.by(first, scene.saves("40.00"))().revision))()
    revision = scene.by(second, scene.saves("42.50"))().revision
    answers = scene.at_once(
        scene.by(Role.CHAIR, lambda ctx, competition: items.agree_ruling(ctx, competition, decision)),
        scene.by(second, scene.locks(revision)),
    )

    assert [answer for answer in answers if isinstance(answer, str)] == []
    assert scene.script().score == score("63.25")
