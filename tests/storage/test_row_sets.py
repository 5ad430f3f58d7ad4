"""Sets of rows go to both databases with the same outcome, and a connection that fell is replaced before its use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
    text,
)

from examsite.storage import database
from examsite.storage.column_types import UtcDateTime
from examsite.storage.database import make_engine, reading_plainly, writing_plainly
from examsite.storage.row_sets import ChangedRows, NewRows, among

NOTES = Table(
    "notes",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("item", String(5), nullable=False),
    Column("content", Text, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("seen_at", UtcDateTime()),
    UniqueConstraint("item"),
)
COLUMNS = ("item", "content", "late", "seen_at")
AT = datetime(2026, 3, 16, 2, 0, tzinfo=UTC)


@pytest.fixture
def notes(engine: Engine) -> Iterator[Engine]:
    """Each database with a table of its own, gone afterwards."""
    with writing_plainly(engine) as connection:
        NOTES.create(connection)
    yield engine
    with writing_plainly(engine) as connection:
        NOTES.drop(connection)


def _row(item: str, content: str, **changed: object) -> dict[str, object]:
    return {"item": item, "content": content, "late": False, "seen_at": AT, **changed}


def test_only_new_rows_go_in_and_the_others_stay_as_they_are(notes: Engine) -> None:
    new = NewRows(NOTES, COLUMNS, key=("item",))
    with writing_plainly(notes) as connection:
        assert new.insert(connection, [_row("Q1", 'a "b" {c}, \\'), _row("Q2", "ệ\n", seen_at=None)]) == 2
        assert new.insert(connection, [_row("Q2", "other"), _row("Q3", "", late=True), _row("Q1", "other")]) == 1
        rows = connection.execute(select(NOTES).order_by(NOTES.c.item)).all()
    assert [row[1:] for row in rows] == [
        ("Q1", 'a "b" {c}, \\', False, AT),
        ("Q2", "ệ\n", False, None),
        ("Q3", "", True, AT),
    ]


def test_each_row_gets_its_own_values_and_no_other_row_changes(notes: Engine) -> None:
    changed = ChangedRows(NOTES, ("content", "seen_at"))
    with writing_plainly(notes) as connection:
        NewRows(NOTES, COLUMNS, key=("item",)).insert(connection, [_row(f"Q{number}", "old") for number in range(4)])
        ids = dict(connection.execute(select(NOTES.c.item, NOTES.c.id)).all())
        changed.update(
            connection,
            [
                {"id": ids["Q1"], "content": "one", "seen_at": None},
                {"id": ids["Q3"], "content": "three", "seen_at": AT},
            ],
        )
        found = connection.execute(select(NOTES.c.item, NOTES.c.content, NOTES.c.seen_at).order_by(NOTES.c.item)).all()
        some = select(NOTES.c.item).where(among(NOTES.c.id, "ids")).order_by(NOTES.c.item)
        assert list(connection.scalars(some, {"ids": [ids["Q2"], ids["Q0"], ids["Q2"]]})) == ["Q0", "Q2"]
        assert list(connection.scalars(some, {"ids": []})) == []
    assert [tuple(row) for row in found] == [
        ("Q0", "old", AT),
        ("Q1", "one", None),
        ("Q2", "old", AT),
        ("Q3", "three", AT),
    ]


@pytest.mark.postgres
def test_connection_that_fell_while_nobody_used_it_is_replaced(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "UNASKED_SECONDS", 0.0)
    engine, other = make_engine(postgresql_url), make_engine(postgresql_url)
    with reading_plainly(engine) as connection:
        first = connection.scalar(select(func.pg_backend_pid()))
    with writing_plainly(other) as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": first})
    with reading_plainly(engine) as connection:
        assert connection.scalar(select(func.pg_backend_pid())) != first
    engine.dispose()
    other.dispose()
