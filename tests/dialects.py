"""Dialects of SQLAlchemy under which all engines of a test process share the statements they have compiled.

Many tests have an engine of their own and each asks the same things; compiling them anew would be a third of the work.
Only what SQLAlchemy offers for it is used: a dialect is registered under its name, is told of each engine that is made
with it, and gives the engine the option `compiled_cache`. A statement is kept under its dialect, so two dialects are
equal here when they write the same text: the same class and driver, talking to a server of the same version.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.util import LRUCache

#: More than all tests ask for.
_COMPILED: LRUCache[Any, Any] = LRUCache(4_000)


class _Shared:
    """What both dialects have in common."""

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=_COMPILED)

    def _what_makes_text(self) -> tuple[object, ...]:
        dialect = cast("Dialect", self)
        version = getattr(dialect, "server_version_info", None)
        return (type(dialect), dialect.dbapi, dialect.paramstyle, version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shared) and self._what_makes_text() == other._what_makes_text()

    def __hash__(self) -> int:
        return hash(type(self))


class SharedSQLite(_Shared, SQLiteDialect_pysqlite):
    """SQLite through the driver that the engine is given."""

    supports_statement_cache = True


class SharedPostgreSQL(_Shared, PGDialect_psycopg):
    """PostgreSQL through psycopg."""

    supports_statement_cache = True


def share_compiled_statements() -> None:
    """From here on engines of this process are made with these dialects."""
    registry.register("sqlite", __name__, SharedSQLite.__name__)
    registry.register("postgresql.psycopg", __name__, SharedPostgreSQL.__name__)
