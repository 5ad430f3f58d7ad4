"""An insider with the password of the database changes one value of a row that a result rests on: it is found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Date, DateTime, Enum, Integer, LargeBinary, func, inspect, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.saves import Save, content_text
from examsite.domain.scores import score
from examsite.services.attempts import hand_in, open_attempt, save_answers
from examsite.services.installation_checks import check_installation
from examsite.services.table_checks import check_seals
from examsite.storage.column_types import ScoreColumn, UtcDateTime
from examsite.storage.database import Base
from examsite.storage.models.marking import Mark
from examsite.storage.models.sittings import AnswerVersion
from examsite.storage.row_seals import ROW_KEY, RowKeyMissingError, has_sealed_key, row_key_of, sealed_classes
from tests.factories.ranking import Stage, known_signer, make_stage
from tests.factories.sittings import make_room
from tests.scenes import Keep
from tests.services.test_bundles import published

SEALED = sealed_classes(Base)


@pytest.fixture(autouse=True)
def rules_of_tables_hold_again(session: Session) -> Iterator[None]:
    """The connection goes back to the pool: whoever takes it next must meet every rule of the tables."""
    yield
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("PRAGMA ignore_check_constraints = OFF")


@pytest.fixture
def stage(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Stage:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    signer = known_signer(settings)
    return keep(
        "published",
        lambda: published(make_stage(session, now, settings=settings, signer=signer, appeals={1: ("55.00", "55.00")})),
        session,
        tmp_path,
        settings=settings,
        signer=signer,
    )


#: What a page tells of itself with every word; nothing rests on it.
UNSEALED = {
    *("attempts.newest_message_id", "attempts.read_message_id", "attempts.preferences", "attempts.last_seen_at"),
}


def columns() -> list[tuple[type, Column[Any]]]:
    return [
        (sealed, column)
        for sealed in SEALED
        for column in inspect(sealed).local_table.columns
        if not column.primary_key and f"{column.table.name}.{column.name}" not in UNSEALED
    ]


def other(column: Column[Any], value: Any) -> Any:
    """Another value that the column can hold."""
    if isinstance(column.type, Enum):
        return next(member for member in column.type.enums if member != value)
    if isinstance(column.type, Boolean):
        return not value
    if isinstance(column.type, UtcDateTime | DateTime):
        return datetime(2030, 1, 1, tzinfo=UTC) if value is None else value + timedelta(seconds=1)
    if isinstance(column.type, Date):
        return date(1970, 1, 1)
    if isinstance(column.type, ScoreColumn):
        return 0 if value is None else value + 1
    if isinstance(column.type, Integer):
        return 1 if value is None else value + 1
    if isinstance(column.type, LargeBinary):
        return (value or b"") + b"x"
    if isinstance(value, dict):
        return {**value, "x": "1.00"}
    if isinstance(value, list):
        return [*value, "x"]
    return f"{value or ''}x"


def test_rows_that_nobody_touched_have_good_seals(stage: Stage) -> None:
    assert check_seals(stage.session) == []


def test_any_change_of_any_column_breaks_the_seal_of_its_row(stage: Stage) -> None:
    session = stage.session
    tried = 0
    for sealed, column in columns():
        table = inspect(sealed).local_table
        key = session.scalar(select(func.min(table.c.id)))
        if key is None:
            continue
        value = session.scalar(select(column).where(table.c.id == key))
        nested = session.begin_nested()
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text("PRAGMA defer_foreign_keys = ON"))
            session.execute(text("PRAGMA ignore_check_constraints = ON"))
        try:
            session.connection().execute(
                update(table).where(table.c.id == key).values({column.name: other(column, value)})
            )
        except DBAPIError:  # the rules of the tables refuse this change by themselves
            nested.rollback()
            continue
        found = check_seals(session)
        nested.rollback()
        assert [(problem.table, problem.row) for problem in found] == [(table.name, key)], column
        tried += 1
    assert tried > 100


@pytest.mark.parametrize("was_read", [False, True])
def test_what_the_product_writes_later_cleans_no_row_that_was_changed(stage: Stage, *, was_read: bool) -> None:
    session = stage.session
    mark = session.scalars(select(Mark).order_by(Mark.id)).first()
    assert mark is not None
    session.connection().exec_driver_sql(f"UPDATE marks SET total = total + 100 WHERE id = {mark.id}")
    session.expire(mark)
    if was_read:
        session.refresh(mark)
    mark.reason = "written by the product"
    session.flush()
    assert [(one.table, one.row) for one in check_seals(session)] == [("marks", mark.id)]


def test_hand_in_and_opening_clean_no_attempt_and_no_answer_that_was_changed(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    room = make_room(session, now, settings=settings)
    start = room.started()
    tokens = [open_attempt(room.ctx(candidacy, at=start)).token for candidacy in room.candidacies[:2]]
    for token in tokens:
        save_answers(room.ctx(at=start), token, [Save("E1", 1, 1, content_text("bài"))], page_epoch=1)
    assert check_seals(session) == []
    changed = room.attempt(0).id
    connection = session.connection()
    connection.exec_driver_sql(f"UPDATE attempts SET shuffle_seed = 'ab' WHERE id = {changed}")
    connection.exec_driver_sql(f"UPDATE answer_versions SET content = '\"khác\"' WHERE attempt_id = {changed}")
    version = session.scalar(select(AnswerVersion.id).where(AnswerVersion.attempt_id == changed))
    session.expire_all()
    open_attempt(room.ctx(room.candidacies[0], at=start))
    hand_in(room.ctx(at=start), tokens[0], page_epoch=2)
    hand_in(room.ctx(at=start), tokens[1], page_epoch=1)
    session.expire_all()
    found = [(one.table, one.row) for one in check_seals(session)]
    assert found == [("answer_versions", version), ("attempts", changed)]


def test_rows_written_past_the_objects_are_refused_before_they_stand_without_a_seal(stage: Stage) -> None:
    with pytest.raises(TypeError, match="rows of marks are sealed"):
        stage.session.execute(update(Mark).values(total=score(100)))


def test_a_program_without_the_key_of_the_installation_writes_no_sealed_row(stage: Stage) -> None:
    connection = stage.session.connection().execution_options(**{ROW_KEY: None})
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        mark = session.scalars(select(Mark).order_by(Mark.id)).first()
        assert mark is not None
        mark.total = score(100)
        with pytest.raises(RowKeyMissingError):
            session.flush()
        session.rollback()
    with pytest.raises(RowKeyMissingError):
        row_key_of(connection)


@pytest.mark.parametrize("value", ["'đ'", "x'ff'", "''", "5"])
def test_what_is_no_seal_is_a_broken_one(stage: Stage, value: str) -> None:
    if stage.session.get_bind().dialect.name != "sqlite" and not value.startswith("'"):
        pytest.skip("PostgreSQL keeps only text there")
    key = stage.session.scalar(select(func.min(Mark.id)))
    stage.session.connection().exec_driver_sql(f"UPDATE marks SET row_seal = {value} WHERE id = {key}")
    assert [(one.table, one.row) for one in check_seals(stage.session)] == [("marks", key)]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("marks", "locked_at", "'x'"),
        ("marks", "state", "'x'"),
        ("marks", "total", "'x'"),
        ("marks", "points", "'x'"),
        ("marks", "points", "'" + "[" * 100_000 + "'"),
        ("marks", "comments", "x'ff'"),
        ("marks", "reason", "CAST(x'ff' AS TEXT)"),
        ("candidacies", "born_on", "'x'"),
    ],
)
def test_a_value_that_its_column_cannot_hold_is_named_and_hides_no_other_change(
    stage: Stage, table: str, column: str, value: str
) -> None:
    session = stage.session
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("PostgreSQL refuses such values by itself")
    session.connection().exec_driver_sql("PRAGMA ignore_check_constraints = ON")
    key = session.scalar(text(f"SELECT min(id) FROM {table}"))
    last = session.scalar(select(func.max(Mark.id)))
    session.connection().exec_driver_sql(f"UPDATE {table} SET {column} = {value} WHERE id = {key}")
    session.connection().exec_driver_sql(f"UPDATE marks SET round = 9 WHERE id = {last}")
    session.expire_all()
    found = {(one.table, one.row, one.code) for one in check_installation(session)}
    assert {(table, key, "row_unreadable"), ("marks", last, "row_changed")} <= found


def test_two_rows_that_change_keys_break_both_seals_where_the_key_says_who_is_meant(stage: Stage) -> None:
    session = stage.session
    tried = set()
    for table in (inspect(sealed).local_table for sealed in SEALED):
        keys = session.scalars(select(table.c.id).order_by(table.c.id).limit(2)).all()
        if not has_sealed_key(table) or len(keys) < 2:
            continue
        nested = session.begin_nested()
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text("PRAGMA defer_foreign_keys = ON"))
        try:
            for old, new in ((keys[0], 9_000_000), (keys[1], keys[0]), (9_000_000, keys[1])):
                session.connection().execute(update(table).where(table.c.id == old).values(id=new))
        except DBAPIError:  # others name these rows, and this database does not let them go
            nested.rollback()
            continue
        found = check_seals(session)
        nested.rollback()
        assert [(problem.table, problem.row) for problem in found] == [(table.name, key) for key in keys]
        tried.add(table.name)
    assert tried >= ({"accounts", "role_assignments"} if session.get_bind().dialect.name == "sqlite" else set())
