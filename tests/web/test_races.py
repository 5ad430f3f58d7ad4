"""Two people put the same thing in at one instant: one of them does it, the other is told what stands there now."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Table, event, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from examsite.config import Settings, with_changes
from examsite.domain.accounts import AccountState
from examsite.domain.permissions import Role
from examsite.storage.database import db, is_taken, make_engine, upgrade
from examsite.storage.models.accounts import Account, RoleAssignment
from examsite.storage.models.competitions import Body
from examsite.storage.models.records import RecordRow
from examsite.web import transactions
from tests.factories.competitions import make_official
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient

LogIn = Callable[..., StrictClient]
NEW_BODY = {
    "code": "SYT",
    "name": "Sở Y tế",
    "name_en": "Department of Health",
    "level": "department",
    "parent": "",
}
PATIENCE_SECONDS = 2.0


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def site_settings(request: pytest.FixtureRequest, tmp_path: Path, site_settings: Settings) -> Iterator[Settings]:
    """The site over a database of its own on each engine."""
    if request.param == "sqlite":
        yield site_settings
        return
    server = str(request.getfixturevalue("postgresql_url"))
    plain = server.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("CREATE DATABASE races")
        url = server.replace("/examsite_tests?", "/races?")
        engine = make_engine(url)
        upgrade(engine)
        engine.dispose()
        yield with_changes(site_settings, database_url=url)
        connection.execute("DROP DATABASE races WITH (FORCE)")


@pytest.fixture
def administrators(scene: Callable[..., Any], log_in: LogIn, password_hash: str) -> list[StrictClient]:
    """Two people with the same duty, each with a browser."""

    def build(doing: Doing) -> None:
        for number in (1, 2):
            account = make_official(doing.session, doing.now, f"quan-tri-{number}", password_hash=password_hash)
            doing.session.add(
                RoleAssignment(
                    account_id=account.id, role=Role.ADMINISTRATOR, pseudonym=f"Q0{number}", granted_at=doing.now
                )
            )

    scene(build)
    return [log_in("quan-tri-1"), log_in("quan-tri-2")]


@contextmanager
def both_before_writing(kind: type) -> Iterator[None]:
    """Whoever has asked whether the name is free waits until the other has asked too.

    Where writers queue (SQLite) the other cannot have asked yet; then the first goes on after a moment.
    """
    meeting = threading.Barrier(2)
    come: set[int] = set()

    def wait(session: Session, *_rest: Any) -> None:
        if not any(isinstance(row, kind) for row in session.new) or threading.get_ident() in come:
            return
        come.add(threading.get_ident())
        try:
            meeting.wait(PATIENCE_SECONDS)
        except threading.BrokenBarrierError:
            return

    event.listen(Session, "before_flush", wait)
    try:
        yield
    finally:
        event.remove(Session, "before_flush", wait)


def at_once(clients: list[StrictClient], path: str, data: dict[str, str]) -> list[Any]:
    """The same form from all of them at one time."""
    sent = [{**data, "csrf_token": client.token(path)} for client in clients]
    answers: list[Any] = [None] * len(clients)

    def send(place: int) -> None:
        answers[place] = clients[place].post(path, data=sent[place])

    threads = [threading.Thread(target=send, args=(place,)) for place in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def refused_rows(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What the tables refused while a request was served."""
    seen: list[bool] = []

    def look(error: IntegrityError) -> bool:
        seen.append(is_taken(error))
        return seen[-1]

    monkeypatch.setattr(transactions, "is_taken", look)
    return seen


def test_the_second_of_two_meets_what_the_first_has_put_there(
    app: Flask, administrators: list[StrictClient], refused_rows: list[bool]
) -> None:
    with both_before_writing(Body):
        answers = at_once(administrators, "/administrator/bodies/new", NEW_BODY)
    assert Counter(answer.status_code for answer in answers) == {302: 1, 422: 1}
    late = next(answer for answer in answers if answer.status_code == 422)
    assert "SYT" in late.text, "the form comes back as it was filled in, with what is taken"
    assert 'class="field-error"' in late.text
    with app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"
        assert refused_rows == ([] if is_sqlite else [True]), "it was a real race where two may write at once"
        assert db.session.scalar(select(func.count()).select_from(Body).where(Body.code == "SYT")) == 1
        written = select(func.count()).select_from(RecordRow).where(RecordRow.event == "body:created")
        assert db.session.scalar(written) == 1
    first = administrators[next(place for place, answer in enumerate(answers) if answer.status_code == 302)]
    second = administrators[next(place for place, answer in enumerate(answers) if answer.status_code == 422)]
    assert "Đã thêm cơ quan." in first.get("/administrator/bodies").text
    page = second.get("/administrator/bodies").text
    assert "Sở Y tế" in page
    assert "Đã thêm cơ quan." not in page, "nothing is left of the run that was undone"


def test_an_act_in_steps_is_answered_with_a_conflict_and_the_way_to_what_is_now(
    app: Flask, administrators: list[StrictClient], refused_rows: list[bool]
) -> None:
    fields = {"login": "nguoi-moi", "display_name": "Người Mới", "position_title": "Chuyên viên"}
    with both_before_writing(Account):
        answers = at_once(administrators, "/administrator/accounts/new", fields)
    with app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"
        assert db.session.scalar(select(func.count()).select_from(Account).where(Account.login == "nguoi-moi")) == 1
    assert Counter(answer.status_code for answer in answers) == {200: 1, 422 if is_sqlite else 409: 1}
    assert refused_rows == ([] if is_sqlite else [True])
    late = next(answer for answer in answers if answer.status_code != 200)
    if not is_sqlite:
        assert "Người khác vừa ghi cùng mục này" in late.text
        assert 'href="/administrator/accounts/new"' in late.text


def test_only_a_taken_name_is_a_conflict_every_other_broken_rule_stays_a_fault(session: Session) -> None:
    bodies: Table = Body.__table__  # type: ignore[assignment]  # a declared class always has a Table
    row = {"code": "STP", "name": "Sở Tư pháp", "name_en": "", "level": "department"}
    for values, taken in ((row, None), (row, True), ({**row, "code": "x", "name": None}, False)):
        if taken is None:
            session.execute(bodies.insert().values(**values))
            continue
        with pytest.raises(IntegrityError) as error, session.begin_nested():
            session.execute(bodies.insert().values(**values))
        assert is_taken(error.value) is taken


@pytest.mark.parametrize("way", ["role", "account"])
def test_who_loses_the_role_between_the_guard_and_the_lock_does_nothing_more(
    app: Flask, administrators: list[StrictClient], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    begin = transactions.begin_write
    data = {**NEW_BODY, "csrf_token": administrators[0].token("/administrator/bodies/new")}

    def meanwhile(session: Session) -> None:
        monkeypatch.setattr(transactions, "begin_write", begin)
        with Session(db.engine) as other:
            held = other.scalars(select(RoleAssignment).where(RoleAssignment.pseudonym == "Q01")).one()
            if way == "role":
                held.revoked_at = held.granted_at
            else:
                other.get_one(Account, held.account_id).state = AccountState.DISABLED
            other.commit()
        begin(session)

    monkeypatch.setattr(transactions, "begin_write", meanwhile)
    assert administrators[0].post("/administrator/bodies/new", data=data).status_code == 403
    data["csrf_token"] = administrators[1].token("/administrator/bodies/new")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Body).where(Body.code == "SYT")) == 0
    assert administrators[1].post("/administrator/bodies/new", data=data).status_code == 302
