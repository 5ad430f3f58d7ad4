"""Who may come in, who is kept away and who has how much time: one value, one row more, one row less, and it is named.

Whoever does it has the password of the database; a change that nobody could make with a good seal is found by the seal
alone, what a copied or deleted row does is found in the log.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, inspect, select, update
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.competitions import DelegationLevel
from examsite.domain.errors import NotAllowedError
from examsite.domain.permissions import Role
from examsite.domain.second_factors import public_secret
from examsite.domain.table_problems import TableProblem
from examsite.services import accounts, bodies, conflicts, invigilation, room_time
from examsite.services.account_checks import check_accounts
from examsite.services.context import Actor, ServiceContext
from examsite.services.second_factors import give_app, note_shown, reset_factors
from examsite.services.table_checks import check_seals, check_tables
from examsite.storage.log_in_tokens import token_mac
from examsite.storage.models.accounts import Account, LoginSession, RoleAssignment, SecondFactor
from examsite.storage.models.competitions import Body
from examsite.storage.models.dossiers import ConflictDeclaration
from examsite.storage.models.rooms import Pause
from examsite.storage.models.sittings import Attempt, Sitting
from examsite.storage.queries.accounts import list_second_factors
from tests.factories.sittings import Room, add_person, make_room
from tests.scenes import Keep

MODELS = {model.__tablename__: model for model in (Account, SecondFactor, RoleAssignment, ConflictDeclaration, Sitting)}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)


@pytest.fixture
def room(session: Session, now: datetime, settings: Settings, keep: Keep) -> Room:
    """A sitting runs; time was given in three ways; a member of the council is near to a candidate."""
    folder = settings.instance_path
    return keep("room", lambda: _running(session, now, settings), session, folder, settings=settings)


def _running(session: Session, now: datetime, settings: Settings) -> Room:
    room = make_room(session, now, settings=settings)
    near = add_person(room, Role.COUNCIL_MEMBER, "C02")
    conflicts.declare_conflicts(room.ctx(near), room.competition, {room.candidacies[1].id: "sibling"})
    conflicts.declare_conflicts(room.ctx(Role.CHAIR), room.competition, {})
    at = room.started() + timedelta(minutes=1)
    watcher, where, sitting = room.ctx(Role.INVIGILATOR, at=at), room.competition, room.sitting
    invigilation.extend_time(watcher, where, sitting, seat="A1", minutes=3, reason="Máy hỏng")
    invigilation.move_seat(watcher, where, sitting, seat="A2", to="B3", reason="Máy hỏng")
    room_time.pause_room(watcher, where, sitting, reason="Mất điện")
    later = room.ctx(Role.INVIGILATOR, at=at + timedelta(minutes=2))
    room_time.resume_room(later, where, sitting)
    session.flush()
    return room


def raw(session: Session, model: Any, key: int, values: dict[str, Any] | None) -> None:
    """Change one row past the product, or delete it."""
    table = inspect(model).local_table
    done = delete(table) if values is None else update(table).values(values)
    session.connection().execute(done.where(table.c.id == key))
    session.expire_all()


def copied(session: Session, model: Any, key: int, **other: Any) -> int:
    """A second row with the values and the seal of the first one."""
    table = inspect(model).local_table
    row = dict(session.connection().execute(select(table).where(table.c.id == key)).mappings().one())
    session.connection().execute(insert(table).values(**{**row, "id": 9_000_000, **other}))
    session.expire_all()
    return 9_000_000


def told(room: Room) -> list[tuple[str, int | None, str, str]]:
    """What the log says of the people and the rooms of the competition."""
    found = check_tables(room.session, room.competition)
    watched = (*MODELS, "attempts")
    return [(one.table, one.row, one.code, one.column) for one in found if one.table in watched]


def test_nothing_is_said_of_what_the_product_wrote(room: Room) -> None:
    assert told(room) == []
    assert check_seals(room.session) == []


def test_a_role_too_many_is_named_with_and_without_a_seal(room: Room) -> None:
    own = room.people[Role.CHAIR].id
    key = copied(room.session, RoleAssignment, own, pseudonym="C77", role="supervisor")
    assert told(room) == [("role_assignments", key, "record_missing", "pseudonym")]
    assert [(one.table, one.row) for one in check_seals(room.session)] == [("role_assignments", key)]


@pytest.mark.parametrize(
    ("values", "code", "column"),
    [
        ({"relation": "spouse"}, "value_differs", "relation"),
        ({"candidacy_id": None}, "record_missing", "candidacy_id"),
        (None, "row_missing", ""),
    ],
)
def test_a_word_about_a_relation_that_was_changed_or_taken_away_is_named(
    room: Room, values: dict[str, Any] | None, code: str, column: str
) -> None:
    key = room.session.scalars(select(ConflictDeclaration.id).where(ConflictDeclaration.relation == "sibling")).one()
    raw(room.session, ConflictDeclaration, key, values)
    found = told(room)
    assert ("conflict_declarations", None if values is None else key, code, column) in found
    assert {one[0] for one in found} == {"conflict_declarations"}
    broken = [(one.table, one.row) for one in check_seals(room.session)]
    assert broken == ([] if values is None else [("conflict_declarations", key)])


def test_a_word_about_a_relation_too_many_is_named(room: Room) -> None:
    nobody = room.session.scalars(
        select(ConflictDeclaration.id).where(ConflictDeclaration.candidacy_id.is_(None))
    ).one()
    key = copied(room.session, ConflictDeclaration, nobody)
    assert told(room) == [("conflict_declarations", key, "record_missing", "candidacy_id")]


@pytest.mark.parametrize(("seat", "given"), [("A1", 300), ("B3", 120), ("A3", 120)])
def test_time_that_nobody_gave_is_named(room: Room, seat: str, given: int) -> None:
    attempt = room.session.scalars(select(Attempt).where(Attempt.seat == seat)).one()
    assert attempt.added_seconds == given
    raw(room.session, Attempt, attempt.id, {"added_seconds": given + 600})
    assert told(room) == [("attempts", attempt.id, "value_differs", "added_seconds")]


def test_an_attempt_at_another_seat_or_gone_is_named(room: Room) -> None:
    first, last = room.attempt(0).id, room.attempt(2).id
    raw(room.session, Attempt, first, {"seat": "B1"})
    assert told(room) == [("attempts", first, "value_differs", "seat")]
    raw(room.session, Attempt, first, {"seat": "A1"})
    room.session.connection().execute(delete(inspect(Pause).local_table).where(Pause.attempt_id == last))
    raw(room.session, Attempt, last, None)
    assert told(room) == [("attempts", None, "row_missing", "")]


@pytest.mark.parametrize(
    ("values", "column"),
    [({"duration_minutes": 240}, "duration_minutes"), ({"starts_at": datetime(2030, 1, 1, tzinfo=UTC)}, "starts_at")],
)
def test_a_sitting_that_lasts_longer_or_begins_at_another_hour_is_named(
    room: Room, values: dict[str, Any], column: str
) -> None:
    raw(room.session, Sitting, room.sitting.id, values)
    assert ("sittings", room.sitting.id, "value_differs", column) in told(room)
    assert [(one.table, one.row) for one in check_seals(room.session)] == [("sittings", room.sitting.id)]


def test_a_sitting_too_many_is_named(room: Room) -> None:
    key = copied(room.session, Sitting, room.sitting.id, code="CA9")
    assert told(room) == [("sittings", key, "record_missing", "code")]
    assert [(one.table, one.row) for one in check_seals(room.session)] == [("sittings", key)]


# ------------------------------------------------------------------------------------------------- installation


@pytest.fixture
def person(session: Session, now: datetime, settings: Settings) -> Account:
    """An administrator with an app that counts and one that an other administrator took away."""
    ctx = ServiceContext(session, now, settings=settings, factor_at=now)
    account = accounts.create_administrator(ctx, login="lan", display_name="Lan", password_hash="-")
    boss = accounts.create_administrator(ctx, login="quan", display_name="Quân", password_hash="-")
    give_app(ctx, account, secret=public_secret("lan"), name="cũ")
    held = ServiceContext(session, now, Actor(boss.id, Role.ADMINISTRATOR, pseudonym="Q02"), settings, factor_at=now)
    reset_factors(held, account.id, reason="Mất điện thoại")
    give_app(ctx, account, secret=public_secret("lan"), name="mới")
    accounts.disable_account(held, account.id)
    accounts.enable_account(held, account.id)
    session.flush()
    return account


def problems(session: Session) -> list[TableProblem]:
    """What the log of the installation says."""
    session.flush()
    return check_accounts(session)


def test_nothing_is_said_of_accounts_that_the_product_wrote(session: Session, person: Account) -> None:
    assert problems(session) == []
    assert check_seals(session) == []


@pytest.mark.parametrize(
    ("model", "values", "column"),
    [
        (Account, {"login": "lan2"}, "login"),
        (Account, {"state": "disabled"}, "state"),
        (SecondFactor, {"removed_at": None}, "removed_at"),
        (RoleAssignment, None, ""),
        (SecondFactor, None, ""),
    ],
)
def test_an_account_a_factor_or_an_office_that_was_changed_or_deleted_is_named(
    session: Session, person: Account, model: Any, values: dict[str, Any] | None, column: str
) -> None:
    where = Account.id == person.id if model is Account else model.account_id == person.id
    key = session.scalars(select(model.id).where(where).order_by(model.id)).first()
    assert key is not None
    raw(session, model, key, values)
    table = model.__tablename__
    code = "value_differs" if values is not None else "row_missing"
    assert [(one.table, one.row, one.code, one.column) for one in problems(session)] == [
        (table, None if values is None else key, code, column)
    ]
    assert [(one.table, one.row) for one in check_seals(session)] == ([] if values is None else [(table, key)])


@pytest.mark.parametrize("model", [SecondFactor, RoleAssignment, Account])
def test_an_account_a_factor_or_an_office_too_many_is_named(session: Session, person: Account, model: Any) -> None:
    where = Account.id == person.id if model is Account else model.account_id == person.id
    own = session.scalars(select(model.id).where(where).order_by(model.id.desc())).first()
    assert own is not None
    key = copied(session, model, own, **({"login": "lan3"} if model is Account else {}))
    assert [(one.table, one.row, one.code) for one in problems(session)] == [
        (model.__tablename__, key, "record_missing")
    ]


def test_a_row_of_log_ins_that_somebody_wrote_opens_nothing(session: Session, person: Account, now: datetime) -> None:
    ctx = ServiceContext(session, now)
    other = session.scalars(select(Account).where(Account.login == "quan")).one()
    token = accounts.open_login_session(ctx, person, hours=1, address="", user_agent="")
    found = accounts.find_logged_in(session, token, now=now)
    assert found is not None
    assert found.account_id == person.id
    log_in = session.scalars(select(LoginSession)).one()
    assert log_in.token_mac == token_mac(session, token)

    raw(session, LoginSession, log_in.id, {"account_id": other.id})  # an own log-in is given to somebody else
    assert accounts.find_logged_in(session, token, now=now) is None
    assert accounts.find_logged_in(session, token.replace(f"{person.id}.", f"{other.id}."), now=now) is None
    for wrong in ("", ".", "x.y", "9" * 30 + ".y", "²." + token):
        assert accounts.find_logged_in(session, wrong, now=now) is None


@pytest.mark.parametrize(("model", "values"), [(Account, {"password_hash": "x"}), (RoleAssignment, {"role": "chair"})])
def test_an_official_whose_account_or_role_was_written_past_the_product_stays_outside(
    session: Session, person: Account, now: datetime, model: Any, values: dict[str, Any]
) -> None:
    def comes_in() -> str:
        ctx = ServiceContext(session, now)
        return accounts.log_in(ctx, person.id, typed_login="lan", hours=1, address="", user_agent="")

    assert comes_in()
    where = Account.id == person.id if model is Account else model.account_id == person.id
    raw(session, model, session.scalars(select(model.id).where(where)).one(), values)
    with pytest.raises(NotAllowedError, match="account_damaged"):
        comes_in()


@pytest.mark.parametrize(("column", "value"), [("role", "chair"), ("pseudonym", "Q77")])
def test_a_role_that_is_written_while_its_person_is_in_opens_nothing(
    session: Session, person: Account, now: datetime, column: str, value: object
) -> None:
    """Put there for a moment and taken back, it would leave records of somebody else's acts and nothing to find."""
    token = accounts.open_login_session(ServiceContext(session, now), person, hours=1, address="", user_agent="")
    key = session.scalars(select(RoleAssignment.id).where(RoleAssignment.account_id == person.id)).one()

    def held() -> list[Role]:
        found = accounts.find_logged_in(session, token, now=now)
        assert found is not None
        return [one.role for one in found.held]

    before = held()
    raw(session, RoleAssignment, key, {column: value})
    assert (len(before), held()) == (1, [])


def test_a_second_factor_counts_only_as_the_product_noted_it(session: Session, person: Account, now: datetime) -> None:
    ctx = ServiceContext(session, now)
    token = accounts.open_login_session(ctx, person, hours=1, address="", user_agent="")
    other = accounts.open_login_session(ctx, person, hours=1, address="", user_agent="")
    log_ins = {row.token_mac: row for row in session.scalars(select(LoginSession))}
    own, second = log_ins[token_mac(session, token)], log_ins[token_mac(session, other)]
    note_shown(ctx, own, list_second_factors(session, person.id)[0])
    session.flush()

    def shown_at(of: str) -> datetime | None:
        found = accounts.find_logged_in(session, of, now=now)
        assert found is not None
        return found.factor_at

    assert (shown_at(token), shown_at(other)) == (now, None)
    raw(session, LoginSession, second.id, {"factor_at": now, "factor_mac": own.factor_mac})
    assert shown_at(other) is None
    raw(session, LoginSession, own.id, {"factor_at": now + timedelta(minutes=30)})
    assert shown_at(token) is None


@pytest.mark.parametrize("values", [{"level": "city_government"}, None])
def test_a_body_that_is_gone_or_means_another_level_is_named(
    session: Session, person: Account, now: datetime, settings: Settings, values: dict[str, Any] | None
) -> None:
    held = ServiceContext(session, now, settings=settings)
    made = bodies.create_body(held, code="SXD", name="Sở Xây dựng", name_en="", level=DelegationLevel.DEPARTMENT)
    assert check_accounts(session) == []
    raw(session, Body, made.id, values)
    (found,) = check_accounts(session)
    assert (found.table, found.event) == ("bodies", "body:created")
    assert found.code == ("row_missing" if values is None else "value_differs")
