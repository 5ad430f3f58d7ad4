"""Rows that hold what their columns cannot hold: a date that is none, half a letter, an unknown state.

The product writes no such row and does not expect one. SQLite keeps whatever it is given, so somebody with the
database could stop every check with a single value: here it is found, and named like every other change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import RowMapping, Table, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

UNREADABLE: Final = (ArithmeticError, LookupError, OperationalError, RecursionError, TypeError, ValueError)
"""What reading such a value raises: by the type of its column, or by the driver where it is no text."""


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
        if row is None
    ]


def _read_alone(session: Session, table: Table, chosen: Any) -> RowMapping | None:
    try:
        return session.execute(select(table).where(chosen)).mappings().one()
    except UNREADABLE:
        return None
