"""Sets of rows in statements whose text is the same for any number of them: where the two databases are told apart.

Decision: on PostgreSQL a set travels as one array for each column. A list of places as long as the set would be a new
statement for every length, read and planned anew by the server, and rows sent one by one would each be waited for. On
SQLite the database is in the process: rows go in one by one, and a set of numbers is one JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    String,
    Table,
    Text,
    bindparam,
    column,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

Row = Mapping[str, Any]
ItemT = TypeVar("ItemT")


class _Numbers(TypeDecorator[Iterable[int]]):
    """A set of whole numbers as one value."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(BigInteger))

    def process_bind_param(self, value: Iterable[int] | None, dialect: Dialect) -> Any:
        numbers = sorted(set(value or ()))
        return json.dumps(numbers) if dialect.name == "sqlite" else numbers


class _Among(FunctionElement[bool]):
    """Whether a column holds one of the numbers of a set."""

    inherit_cache = True
    type = Boolean()


def among(value: ColumnElement[Any] | Any, name: str) -> ColumnElement[bool]:
    """Whether a column holds one of the numbers that are given under this name when the statement is run."""
    return _Among(value, bindparam(name, type_=_Numbers()))


@compiles(_Among, "postgresql")
def _among_on_postgresql(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    value, numbers = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{value} = ANY ({numbers})"


@compiles(_Among, "sqlite")
def _among_on_sqlite(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    value, numbers = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{value} IN (SELECT value FROM json_each({numbers}))"  # noqa: S608 -- both parts come from the compiler


#: How many values one statement names unless told otherwise. Source: our choice, because databases bound their number.
PORTION = 500


def in_portions(values: Sequence[ItemT], size: int = PORTION) -> Iterator[Sequence[ItemT]]:
    """The values a handful at a time."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


class NewRows:
    """Puts rows into a table, unless their key is taken."""

    def __init__(self, table: Table, columns: Sequence[str], *, key: Sequence[str]) -> None:
        """Put the statements together once, before the first row comes."""
        key = list(key)
        self._one = sqlite.insert(table).on_conflict_do_nothing(index_elements=key)
        self._all = (
            postgresql.insert(table)
            .from_select(columns, select(_rows_of(table, columns)), include_defaults=False)
            .on_conflict_do_nothing(index_elements=key)
        )
        self._columns = tuple(columns)

    def insert(self, connection: Connection, rows: Sequence[Row]) -> int:
        """How many were put in; the others are there already and stay as they are."""
        options = {"preserve_rowcount": True}
        if connection.dialect.name == "sqlite":
            return connection.execute(self._one, rows, execution_options=options).rowcount
        return connection.execute(self._all, _columns_of(rows, self._columns), execution_options=options).rowcount


class ChangedRows:
    """Changes columns of many rows of a table, each to a value of its own."""

    def __init__(self, table: Table, columns: Sequence[str]) -> None:
        """Put the statements together once; rows are named by their `id`."""
        self._names = ("id", *columns)
        given = _rows_of(table, self._names)
        self._one = (
            update(table)
            .where(table.c.id == bindparam("row_id"))
            .values({name: bindparam(f"new_{name}", type_=table.c[name].type) for name in columns})
        )
        self._all = update(table).where(table.c.id == given.c.id).values({name: given.c[name] for name in columns})

    def update(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Each row names its `id` and the new values."""
        if connection.dialect.name == "sqlite":
            connection.execute(
                self._one,
                [{"row_id": row["id"], **{f"new_{name}": row[name] for name in self._names[1:]}} for row in rows],
            )
        else:
            connection.execute(self._all, _columns_of(rows, self._names))


def _rows_of(table: Table, names: Sequence[str]) -> Any:
    """The rows that are given as one array for each column."""
    arrays = [bindparam(f"all_{name}", type_=ARRAY(_unbounded(table.c[name].type))) for name in names]
    return func.unnest(*arrays).table_valued(*(column(name, table.c[name].type) for name in names)).render_derived()


def _unbounded(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """A text without its length: where the array says one, PostgreSQL cuts what is longer instead of refusing it."""
    return Text() if type(kind) is String else kind


def _columns_of(rows: Sequence[Row], names: Sequence[str]) -> dict[str, list[Any]]:
    return {f"all_{name}": [row[name] for row in rows] for name in names}
