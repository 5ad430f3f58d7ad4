"""Many closers at once, some of which die in the middle: everyone is closed once, on both databases."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import psycopg
import pytest
from sqlalchemy import Engine, Table, select, text, update

from examsite.closer import Closer
from examsite.config import Settings, load_settings
from examsite.domain.attempts import CLOSING_SLACK_SECONDS, AttemptState
from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.domain.rooms import ServerAct
from examsite.domain.saves import Save, content_text
from examsite.domain.sittings import SittingState
from examsite.services.attempts import hand_in, open_attempt, save_answers
from examsite.services.checkpoints import load_signer
from examsite.services.context import ServiceContext
from examsite.services.invigilation import check_in
from examsite.services.outages import beat
from examsite.services.rehearsals import record_rehearsal
from examsite.services.sittings import close_overdue, start_sitting
from examsite.storage.database import reading, writing
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.papers import Paper
from examsite.storage.models.records import RecordRow
from examsite.storage.models.rooms import LostTime, ServerOutage
from examsite.storage.models.sittings import AnswerVersion, Attempt, Sitting
from examsite.storage.queries.server_faults import list_server_faults
from tests import databases
from tests.factories.sittings import make_room

#: What somebody changes with the password of the database.
VERSIONS = cast(Table, AnswerVersion.__table__)
CANDIDATES = 12
CLOSERS = 6
LENGTH = timedelta(minutes=180)


class CrashError(Exception):
    """A worker dies before its commit."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def own_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database that this test alone commits to."""
    if request.param == "sqlite":
        with databases.sqlite_server(tmp_path) as url, databases.migrated_engine(url) as engine:
            yield engine
        return
    url: str = request.getfixturevalue("postgresql_url")
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE DATABASE closing_together TEMPLATE template0")
        try:
            with databases.migrated_engine(url.replace("examsite_tests", "closing_together")) as engine:
                yield engine
        finally:
            connection.execute("DROP DATABASE closing_together WITH (FORCE)")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "instance", environ={})


def _at_work(engine: Engine, settings: Settings, now: datetime) -> tuple[int, datetime, list[str]]:
    """A room in which everybody writes; gives back the sitting, its start and the tokens."""
    with writing(engine) as session:
        room = make_room(session, now, settings=settings, candidates=CANDIDATES, rows=3, columns=4)
        start = room.started()
        beat(room.ctx(at=start), was_alive=True)
        tokens = []
        for place, candidacy in enumerate(room.candidacies):
            tokens.append(open_attempt(room.ctx(candidacy, at=start)).token)
            save = Save(item="E1", epoch=1, number=1, content=content_text(f"bài {place}"))
            save_answers(room.ctx(at=start), tokens[-1], [save], page_epoch=1)
        return room.sitting.id, start, tokens


def _together(*works: object) -> None:
    threads = [threading.Thread(target=work, daemon=True) for work in works]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)


def _ends(engine: Engine) -> tuple[Counter[str], Counter[str], Counter[AttemptState], SittingState]:
    with reading(engine) as session:
        rows = session.scalars(select(RecordRow).where(RecordRow.event == "answers:submitted")).all()
        closed = session.scalars(select(RecordRow).where(RecordRow.event == "sitting:closed")).all()
        states = Counter(session.scalars(select(Attempt.state)))
        return (
            Counter(row.payload.split('"candidate":"')[1].split('"')[0] for row in rows),
            Counter(row.subject for row in closed),
            states,
            session.scalars(select(Sitting.state)).one(),
        )


def test_everyone_is_closed_once_by_closers_that_die_and_beside_late_hand_ins(
    own_engine: Engine, settings: Settings, now: datetime
) -> None:
    _sitting, start, tokens = _at_work(own_engine, settings, now)
    over = start + LENGTH + timedelta(seconds=61 + CLOSING_SLACK_SECONDS)
    crashes = Counter[str]()
    refusals: set[str] = set()

    def close(seed: int) -> None:
        chance = random.Random(seed)
        while True:
            try:
                with writing(own_engine) as session:
                    done = close_overdue(ServiceContext(session=session, now=over, settings=settings))
                    if done and chance.random() < 0.5:
                        raise CrashError
                if not done:
                    return
            except CrashError:
                crashes["crashed"] += 1

    def hand_in_late() -> None:
        for token in tokens:
            try:
                with writing(own_engine) as session:
                    ctx = ServiceContext(session=session, now=start + LENGTH, settings=settings)
                    hand_in(ctx, token, page_epoch=1)
            except DomainError as refusal:
                refusals.add(refusal.code)

    _together(*(lambda seed=seed: close(seed) for seed in range(CLOSERS)), hand_in_late)
    submitted, closed, states, state = _ends(own_engine)
    assert refusals <= {"test_over"}
    assert len(submitted) == CANDIDATES
    assert set(submitted.values()) == {1}
    assert closed == Counter({"sitting/CA1": 1})
    assert state is SittingState.CLOSED
    assert states[AttemptState.CLOSED] + states[AttemptState.HANDED_IN] == CANDIDATES


def test_sitting_starts_once_and_an_outage_is_found_once(own_engine: Engine, settings: Settings, now: datetime) -> None:
    with writing(own_engine) as session:
        room = make_room(session, now, settings=settings, candidates=CANDIDATES, rows=3, columns=4)
        room.opened()
        sitting_id, starts_at = room.sitting.id, room.sitting.starts_at
        beat(room.ctx(at=now), was_alive=True)
    started: list[bool] = []
    found: list[ServerOutage | None] = []

    def start() -> None:
        with writing(own_engine) as session:
            started.append(start_sitting(ServiceContext(session=session, now=starts_at, settings=settings), sitting_id))

    def come_back() -> None:
        with writing(own_engine) as session:
            ctx = ServiceContext(session=session, now=starts_at + timedelta(minutes=5), settings=settings)
            found.append(beat(ctx, was_alive=False))

    _together(*[start] * CLOSERS)
    _together(*[come_back] * CLOSERS)
    assert Counter(started) == Counter({True: 1, False: CLOSERS - 1})
    assert sum(outage is not None for outage in found) == 1


@pytest.mark.parametrize("own_engine", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_closer_passes_by_a_sitting_that_another_one_is_starting(
    own_engine: Engine, settings: Settings, now: datetime
) -> None:
    with writing(own_engine) as session:
        room = make_room(session, now, settings=settings, candidates=CANDIDATES, rows=3, columns=4)
        room.opened()
        sitting_id, starts_at = room.sitting.id, room.sitting.starts_at
    with writing(own_engine) as first, writing(own_engine) as second:
        second.execute(text("SET LOCAL lock_timeout = '2s'"))
        assert start_sitting(ServiceContext(session=first, now=starts_at, settings=settings), sitting_id)
        assert not start_sitting(ServiceContext(session=second, now=starts_at, settings=settings), sitting_id)


def test_what_fails_at_one_seat_or_at_one_start_holds_nobody_else_back(
    own_engine: Engine, settings: Settings, now: datetime
) -> None:
    """A room over time with one attempt that cannot be scored; a start that crashes, before one that does not."""
    with writing(own_engine) as session:
        ending = make_room(session, now, settings=settings, code="VH-2026-11")
        start = ending.started()
        for candidacy in ending.candidacies:
            token = open_attempt(ending.ctx(candidacy, at=start)).token
            save = Save(item="Q01", epoch=1, number=1, content=content_text("x"))
            save_answers(ending.ctx(at=start), token, [save], page_epoch=1)
        stuck_id = ending.attempt(1).id
        session.execute(update(VERSIONS).where(VERSIONS.c.attempt_id == stuck_id).values(content="{"))
        over = start + LENGTH + timedelta(seconds=61 + CLOSING_SLACK_SECONDS)
        rooms = [
            make_room(session, over, settings=settings, code=code, starts_in=timedelta(minutes=1))
            for code in ("VH-2026-12", "VH-2026-13")
        ]
        for room in rooms:
            room.opened()
            organiser = room.ctx(Role.ORGANISER, at=over)
            record_rehearsal(organiser, room.competition, head_count=50, source="test", figures={})
        rooms[0].paper.data = {}
        ids = [ending.sitting.id, *(room.sitting.id for room in rooms)]
        present = over + timedelta(minutes=1)
        beat(ending.ctx(at=present), was_alive=True)
    closer = Closer(own_engine, settings, load_signer(settings), clock=lambda: present)
    for _round in range(3):
        closer.go_round()

    with reading(own_engine) as session:
        states = {row.id: row.state for row in session.scalars(select(Sitting))}
        attempts = session.scalars(select(Attempt.state).where(Attempt.sitting_id == ids[0]).order_by(Attempt.id)).all()
        assert [states[key] for key in ids] == [SittingState.STARTED, SittingState.SCHEDULED, SittingState.STARTED]
        assert attempts == [AttemptState.CLOSED, AttemptState.OPEN, AttemptState.CLOSED]
        told = [
            [(fault.act, fault.seat, fault.error) for fault in list_server_faults(session, key, present)] for key in ids
        ]
        assert told == [[(ServerAct.CLOSE, "A2", "JSONDecodeError")], [(ServerAct.START, "", "InvalidError")], []]
        assert list_server_faults(session, ids[0], present + timedelta(minutes=2)) == []

    with writing(own_engine) as session:  # somebody mends both
        session.execute(update(VERSIONS).where(VERSIONS.c.attempt_id == stuck_id).values(content='"x"'))
        session.get_one(Paper, rooms[0].paper.id).data = session.get_one(Paper, rooms[1].paper.id).data
    closer.go_round()
    with reading(own_engine) as session:
        states = {row.id: row.state for row in session.scalars(select(Sitting))}
        assert [states[key] for key in ids] == [SittingState.CLOSED, SittingState.STARTED, SittingState.STARTED]


def test_who_cannot_be_opened_holds_nobody_else_and_loses_nothing(
    own_engine: Engine, settings: Settings, now: datetime
) -> None:
    """At the start one attempt is broken: all others write, its room is told, and once mended its time is proposed."""
    with writing(own_engine) as session:
        room = make_room(session, now, settings=settings, candidates=3)
        room.opened()
        record_rehearsal(room.ctx(Role.ORGANISER), room.competition, head_count=50, source="test", figures={})
        room.candidacies[1].adjustments = {"extra_percent": 25, "decided_by_id": 999_999}
        check_in(room.ctx(Role.INVIGILATOR), room.competition, room.sitting, seat="A2")
        sitting_id, begins = room.sitting.id, room.sitting.starts_at
        broken_id = room.attempt(1).id
        beat(room.ctx(at=begins), was_alive=True)
    at = [begins]
    closer = Closer(own_engine, settings, load_signer(settings), clock=lambda: at[0])

    def found() -> tuple[SittingState, list[AttemptState], list[tuple[ServerAct, str]]]:
        with reading(own_engine) as session:
            states = session.scalars(select(Attempt.state).order_by(Attempt.id)).all()
            faults = [(item.act, item.seat) for item in list_server_faults(session, sitting_id, at[0])]
            return session.scalars(select(Sitting.state)).one(), list(states), faults

    for _round in range(2):
        closer.go_round()
        left = [AttemptState.OPEN, AttemptState.SEATED, AttemptState.OPEN]
        assert found() == (SittingState.STARTED, left, [(ServerAct.START, "A2")])
    at[0] = begins + LENGTH + timedelta(minutes=5)  # all others are closed; whoever is surely there is waited for
    for _round in range(3):
        closer.go_round()
    assert found()[:2] == (SittingState.STARTED, [AttemptState.ABSENT, AttemptState.SEATED, AttemptState.ABSENT])

    with writing(own_engine) as session:  # somebody mends it
        session.get_one(Candidacy, session.get_one(Attempt, broken_id).candidacy_id).adjustments = {}
    for _round in range(3):
        closer.go_round()
    assert found()[:2] == (SittingState.STARTED, [AttemptState.ABSENT, AttemptState.OPEN, AttemptState.ABSENT])
    with reading(own_engine) as session:
        (lost,) = session.scalars(select(LostTime)).all()
        assert (lost.attempt_id, lost.seconds) == (broken_id, (LENGTH + timedelta(minutes=5)).total_seconds())


def test_nobody_is_closed_before_the_sign_of_life_after_an_outage(
    own_engine: Engine, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sitting, start, _tokens = _at_work(own_engine, settings, now)
    over = start + LENGTH + timedelta(minutes=2)

    def fails(*_args: object, **_named: object) -> None:
        raise CrashError

    with monkeypatch.context() as patched:
        patched.setattr("examsite.services.outages.beat", fails)
        Closer(own_engine, settings, load_signer(settings), clock=lambda: over).go_round()
        assert _ends(own_engine)[2] == {AttemptState.OPEN: CANDIDATES}
    Closer(own_engine, settings, load_signer(settings), clock=lambda: over).go_round()
    with reading(own_engine) as session:
        assert len(session.scalars(select(ServerOutage)).all()) == 1
