"""Rows that hold what their columns cannot hold: a date that is none, half a letter, an unknown state.

The product writes no such row and does not expect one. SQLite keeps whatever it is given, so somebody with the
database could stop every check with a single value: here it is found, and named like every other change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    RowMapping,
    SmallInteger,
    String,
    Table,
    Text,
    select,
    type_coerce,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from examsite.storage.column_types import UtcDateTime

UNREADABLE: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OperationalError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading such a value raises: by the type of its column, by the driver where it is no text, or by whoever takes
it for what it is not."""


def read_rows(session: Session, table: Table) -> Iterator[tuple[int, RowMapping | None]]:
    """Every row of a table with its key, in the order of the keys; None in the place of one that cannot be read."""
    (primary,) = table.primary_key
    whole = select(table).order_by(primary)
    try:
        rows = session.execute(whole).mappings().all()
    except UNREADABLE:
        pass
    else:
        for row in rows:
            yield row[primary], row
        return
    # One bad value ends the reading of all: each row is read alone, and only then.
    for key in session.scalars(select(primary).order_by(primary)).all():
        yield key, _read_alone(session, table, primary == key)


def list_unreadable_rows(session: Session, tables: Iterable[Table]) -> list[tuple[str, int]]:
    """Table and key of every such row in these tables; a table whose key has several columns is left out."""
    return [
        (table.name, key)
        for table in tables
        if len(table.primary_key) == 1
        for key, row in read_rows(session, table)
        if row is None or not _is_of_types(table, row)
    ]


def _is_of_types(table: Table, row: RowMapping) -> bool:
    """Whether no text stands among numbers and no bytes in a text: some columns give back whatever they hold."""
    for column in table.columns:
        kind = next((kind for base, kind in _KINDS if type(column.type) in base), None)
        if kind is not None and row[column] is not None and not isinstance(row[column], kind):
            return False
    return True


_KINDS: Final = (((Integer, BigInteger, SmallInteger), int), ((String, Text), str), ((LargeBinary,), bytes))


def list_loose_values(session: Session, tables: Iterable[Table]) -> list[tuple[str, int, str]]:
    """Table, key and column of every yes or no and every instant that SQLite keeps in another spelling than ours.

    Read, such a value is like any other and no seal tells; but a query that asks for yes, or what comes first, compares
    the spelling.
    """
    if session.get_bind().dialect.name != "sqlite":
        return []
    return [
        (table.name, key, column.name)
        for table in tables
        if len(table.primary_key) == 1
        for column in table.columns
        if isinstance(column.type, Boolean | UtcDateTime)
        for key in session.scalars(select(*table.primary_key).where(_is_loose(column)).order_by(*table.primary_key))
    ]


def list_dangling_rows(session: Session) -> list[tuple[str, int, str]]:
    """Table, key and column of every row that names a row that is not there; PostgreSQL lets none stand.

    SQLite keeps them once somebody wrote without its rules, and then no copy of the rows can be put in again.
    """
    if session.get_bind().dialect.name != "sqlite":
        return []
    keys = session.connection().exec_driver_sql(
        'SELECT found."table", found.rowid, keys."from" FROM pragma_foreign_key_check AS found'
        ' JOIN pragma_foreign_key_list(found."table") AS keys ON keys.id = found.fkid ORDER BY 1, 2, 3'
    )
    return [(table, row, column) for table, row, column in keys]


def _is_loose(column: Column[Any]) -> ColumnElement[bool]:
    if isinstance(column.type, Boolean):
        return type_coerce(column, Integer).not_in((0, 1))
    return type_coerce(column, String).not_like("____-__-__ __:__:__.______")


def _read_alone(session: Session, table: Table, chosen: Any) -> RowMapping | None:
    try:
        return session.execute(select(table).where(chosen)).mappings().one()
    except UNREADABLE:
        return None
