"""All tables as files of one JSON row a line, and back: the same on every engine.

Decision: a backup holds rows, not a database file, so that it restores onto SQLite and PostgreSQL alike and can be
read with any tool in twenty years.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Date, Enum, LargeBinary, Table, insert, select, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from examsite.storage import models
from examsite.storage.column_types import ScoreColumn, UtcDateTime
from examsite.storage.database import Base

#: Rows per insert, so that memory stays flat.
ROWS_AT_ONCE = 1000

__all__ = ["UnreadableTableError", "models", "read_tables", "revision", "write_tables"]


class UnreadableTableError(Exception):
    """A table of this name cannot be read: the file of the database is damaged, or a value is none of its column."""


def revision(session: Session) -> str:
    """The version of the tables."""
    return str(session.scalar(text("SELECT version_num FROM alembic_version")))


def write_tables(session: Session, folder: Path) -> dict[str, int]:
    """Write every table to `<name>.jsonl` in one snapshot; gives the number of rows by table.

    Raises:
        UnreadableTableError: with the name of the table.
    """
    counts: dict[str, int] = {}
    for table in Base.metadata.sorted_tables:
        try:
            counts[table.name] = _write_table(session, table, folder / f"{table.name}.jsonl")
        except OperationalError:
            raise  # the database does not answer; that says nothing about its tables
        except (ArithmeticError, LookupError, TypeError, ValueError, SQLAlchemyError) as error:
            raise UnreadableTableError(table.name) from error
    return counts


def _write_table(session: Session, table: Table, path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in session.execute(select(table).order_by(*table.primary_key.columns)).mappings():
            file.write(json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False) + "\n")
            count += 1
    return count


def read_tables(session: Session, folder: Path) -> dict[str, int]:
    """Replace the content of every table by the files; gives the number of rows by table."""
    counts: dict[str, int] = {}
    for table in reversed(Base.metadata.sorted_tables):
        session.execute(table.delete())
    for table in Base.metadata.sorted_tables:
        count = 0
        for rows in _batches(table, folder / f"{table.name}.jsonl"):
            session.execute(insert(table), rows)
            count += len(rows)
        counts[table.name] = count
        _go_on_counting(session, table)
    return counts


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value


def _batches(table: Table, path: Path) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            batch.append({column.name: _typed(column, row[column.name]) for column in table.columns})
            if len(batch) == ROWS_AT_ONCE:
                yield batch
                batch = []
    if batch:
        yield batch


def _typed(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    if isinstance(kind, ScoreColumn):
        return Decimal(value)
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    if isinstance(kind, Enum) and kind.enum_class is not None:
        return kind.enum_class(value)
    return value


def _go_on_counting(session: Session, table: Table) -> None:
    # PostgreSQL does not notice keys that were given by hand; its counter must be told where to go on.
    key = table.columns.get("id")
    if session.get_bind().dialect.name == "postgresql" and key is not None:
        session.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608 - names of our own tables
                f"COALESCE((SELECT MAX(id) FROM {table.name}), 0) + 1, false)"
            )
        )
