"""Row seals: what a program without the key of the installation cannot change in a table without being found.

Each row that a result rests on carries an HMAC over all its columns, made anew whenever the product writes the row.
Whoever has only the password of the database can change a value but not its seal. A seal says that a row is as the
product wrote it; that nothing is missing and that it says what was recorded is for the record log to show.

Decision: a primary key is left out where it stands for nothing that the records do not say by themselves. Where rows
are told apart by their key alone (whose account it is, who holds which of two equal roles) the seal covers the key,
too: two rows that change keys break both. Such a row is given its key before it is written.

Decision: a row whose seal was broken gets no good one when the product writes it again, because that would clean what
somebody has changed before. It stays broken, and named, whatever the product adds to it.
"""

from __future__ import annotations

import hmac
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, String, Table, event, func, inspect, select, text
from sqlalchemy.orm import Mapped, Mapper, ORMExecuteState, Session, mapped_column

from examsite.storage.column_types import ScoreColumn
from examsite.storage.row_sets import ChangedRows, Row, among
from examsite.storage.unreadable_rows import UNREADABLE, read_rows

#: Where an engine keeps the key, as an execution option.
ROW_KEY = "row_key"

_SEAL = "row_seal"

_said_as_text = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode

#: What a primary key bears that the seal covers: `mapped_column(primary_key=True, info=SEALED_KEY)`.
SEALED_KEY: dict[Any, Any] = {"is_sealed": True}


#: A column that changes with every word of a page and that no result rests on: `mapped_column(info=UNSEALED)`.
UNSEALED: dict[Any, Any] = {"is_unsealed": True}


class Sealed:
    """A table whose rows are sealed; written through objects, or on hot paths by `with_seals` and `ResealedRows`."""

    row_seal: Mapped[str] = mapped_column(String(64), default="")


@dataclass(frozen=True)
class BrokenSeal:
    """A row that is not as the product wrote it."""

    table: str
    row: int


class RowKeyMissingError(Exception):
    """A program without the key of the installation would write rows that look like somebody else's."""


def row_key_of(connection: Connection) -> bytes:
    """The key of the installation, with which the engine was opened.

    Raises:
        RowKeyMissingError: it was opened without.
    """
    key: bytes | None = connection.get_execution_options().get(ROW_KEY)
    if not key:
        raise RowKeyMissingError("open the engine with the key of the rows (open_engine)")
    return key


def seal_of(key: bytes, table: str, values: dict[str, object]) -> str:
    """The seal of one row: hex of HMAC-SHA-256 over the name of its table and its values by column."""
    return hmac.digest(key, _said_as_text([table, values]).encode("utf-8"), "sha256").hex()


def sealed_classes(base: type) -> list[type]:
    """The classes below `base` whose tables are sealed, by name of table."""
    classes = [mapper.class_ for mapper in base.registry.mappers if issubclass(mapper.class_, Sealed)]  # type: ignore[attr-defined]
    return sorted(classes, key=lambda sealed: str(sealed.__tablename__))


def list_broken_seals(session: Session, sealed: type) -> Iterator[BrokenSeal]:
    """The rows of one table that are not as the product wrote them, in the order of their keys."""
    key = row_key_of(session.connection())
    table: Table = sealed.__table__  # type: ignore[attr-defined]
    for number, row in read_rows(session, table):
        if row is None or not _is_whole(key, table, row):
            yield BrokenSeal(table.name, number)


def is_whole(session: Session, table: Table, row: Mapping[Any, Any]) -> bool:
    """Whether a row of which every column was read past the objects is as the product wrote it."""
    return _is_whole(row_key_of(session.connection()), table, row)


def _is_whole(key: bytes, table: Table, row: Mapping[Any, Any]) -> bool:
    """Whether the seal of a row fits what stands in it, and is one at all."""
    try:
        values = {column.name: _plain(column, row[column]) for column in _columns(table)}
        return hmac.compare_digest(seal_of(key, table.name, values), row[table.columns[_SEAL]])
    except UNREADABLE:
        return False


def has_sealed_key(table: Table) -> bool:
    """Whether the seals of a table say which key each row has."""
    return any(_is_sealed_key(column) for column in table.primary_key)


@event.listens_for(Session, "before_flush")
def _number_before_sealing(session: Session, _context: object, _instances: object) -> None:
    """Give new rows whose key is sealed their keys, with one question for each table."""
    waiting: defaultdict[Table, list[Any]] = defaultdict(list)
    for target in session.new:
        table = inspect(type(target)).local_table if isinstance(target, Sealed) else None
        if isinstance(table, Table) and has_sealed_key(table) and target.id is None:
            waiting[table].append(target)
    for table, targets in waiting.items():
        for target, key in zip(targets, _next_keys(session.connection(), table, len(targets)), strict=True):
            target.id = key


def _next_keys(connection: Connection, table: Table, count: int) -> list[int]:
    if connection.dialect.name == "postgresql":
        numbers = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
        return sorted(connection.scalars(numbers, {"name": table.name, "count": count}))
    last: int = connection.scalar(select(func.coalesce(func.max(table.c.id), 0))) or 0
    return list(range(last + 1, last + count + 1))


@event.listens_for(Sealed, "before_insert", propagate=True)
def _seal(mapper: Mapper[Any], connection: Connection, target: Any) -> None:
    target.row_seal = _seal_as_it_stands(mapper, connection, target)


@event.listens_for(Sealed, "before_update", propagate=True)
def _seal_again(mapper: Mapper[Any], connection: Connection, target: Any) -> None:
    attributes = inspect(target).attrs
    sealed = [mapper.get_property_by_column(column).key for column in _columns(mapper.local_table)]
    if any(attributes[name].history.has_changes() for name in sealed) and _was_whole(mapper, connection, target):
        target.row_seal = _seal_as_it_stands(mapper, connection, target)


def _was_whole(mapper: Mapper[Any], connection: Connection, target: Any) -> bool:
    """Whether the seal of a row that is about to be written fitted what stood in it when it was read."""
    table: Any = mapper.local_table
    attributes = inspect(target).attrs
    row: dict[Any, Any] = {}
    for column in [*_columns(table), table.columns[_SEAL]]:
        history = attributes[mapper.get_property_by_column(column).key].history
        before = history.deleted or history.unchanged
        if not before:  # a value that was set without having been read
            found = connection.execute(select(table).where(table.c.id == inspect(target).identity[0])).mappings().one()
            return _is_whole(row_key_of(connection), table, {one: found[one.name] for one in table.columns})
        row[column] = before[0]
    return _is_whole(row_key_of(connection), table, row)


def is_as_written(session: Session, target: Sealed) -> bool:
    """Whether the row behind an object that was read just now is as the product wrote it."""
    mapper: Mapper[Any] = inspect(type(target))
    return hmac.compare_digest(_seal_as_it_stands(mapper, session.connection(), target), target.row_seal)


def _seal_as_it_stands(mapper: Mapper[Any], connection: Connection, target: Any) -> str:
    table = mapper.local_table
    values = {}
    for column in _columns(table):
        value = getattr(target, mapper.get_property_by_column(column).key)
        if value is None and column.default is not None:
            value = column.default.arg(None) if column.default.is_callable else column.default.arg  # type: ignore[attr-defined]
        values[column.name] = _plain(column, value)
    return seal_of(row_key_of(connection), str(table.name), values)  # type: ignore[attr-defined]


@event.listens_for(Session, "do_orm_execute")
def _refuse_writing_past_the_seal(state: ORMExecuteState) -> None:
    mapper = state.bind_mapper if state.is_update or state.is_insert else None
    if mapper is not None and issubclass(mapper.class_, Sealed):
        raise TypeError(f"rows of {mapper.local_table} are sealed: write them as objects")


def with_seals(connection: Connection, table: Table, rows: Iterable[Row]) -> list[Row]:
    """New rows that are written past the objects, each with its seal; a row names every sealed column."""
    key = row_key_of(connection)
    return [{**row, _SEAL: seal_of(key, table.name, _said(table, row))} for row in rows]


class ResealedRows:
    """Changes columns of many locked rows of a sealed table past the objects, each to values of its own."""

    def __init__(self, table: Table, columns: Sequence[str]) -> None:
        """Put the statements together once; rows are named by their `id`."""
        self._table = table
        self._changed = ChangedRows(table, (*columns, _SEAL))
        self._standing = select(table).where(among(table.c.id, "numbers"))

    def update(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Each row names its `id` and the new values."""
        key, table = row_key_of(connection), self._table
        found = connection.execute(self._standing, {"numbers": [row["id"] for row in rows]}).mappings()
        standing = {row[table.c.id]: row for row in found}
        sealed = []
        for row in rows:
            before = standing[row["id"]]
            seal = before[table.c[_SEAL]]
            if _is_whole(key, table, before):
                now = {column.name: before[column] for column in table.columns}
                seal = seal_of(key, table.name, _said(table, {**now, **row}))
            sealed.append({**row, _SEAL: seal})
        self._changed.update(connection, sealed)


def _said(table: Table, row: Row) -> dict[str, object]:
    """What a seal covers, of a row by names of columns."""
    return {column.name: _plain(column, row[column.name]) for column in _columns(table)}


@cache
def _columns(table: Table) -> tuple[Column[Any], ...]:
    return tuple(column for column in table.columns if _is_covered(column))


def _is_covered(column: Column[Any]) -> bool:
    if column.primary_key:
        return _is_sealed_key(column)
    return column.name != _SEAL and not column.info.get("is_unsealed")


def _is_sealed_key(column: Column[Any]) -> bool:
    return bool(column.primary_key and column.info.get("is_sealed"))


def _plain(column: Column[Any], value: Any) -> object:
    """The value as JSON, the same before it is written and after it is read, on every database."""
    if value is None:
        return None
    if isinstance(column.type, ScoreColumn):
        return str(Decimal(value).quantize(Decimal("0.01")))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return value
