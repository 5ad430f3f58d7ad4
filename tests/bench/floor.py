"""The floor under every figure: a bare Flask view that does one durable insert, under the same gunicorn.

Same driver, same settings of the database, same workers and threads; no log-in, no rule, no object. What is faster
than this is not durable.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from flask import Flask, request

DATABASE = os.environ.get("FLOOR_DATABASE", "")
TABLE = "CREATE TABLE IF NOT EXISTS floor (id {key} PRIMARY KEY, content TEXT NOT NULL)"

app = Flask(__name__)
_own = threading.local()


def _connect() -> Any:
    if DATABASE.startswith("sqlite:///"):
        from pysqlite3 import dbapi2

        connection = dbapi2.connect(DATABASE.removeprefix("sqlite:///"), timeout=30, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection
    import psycopg

    return psycopg.connect(DATABASE.replace("+psycopg", "", 1), autocommit=True)


def make_table() -> None:
    """Once, before the workers start."""
    key = "INTEGER" if DATABASE.startswith("sqlite") else "BIGSERIAL"
    connection = _connect()
    connection.execute(TABLE.format(key=key))
    connection.close()


@app.post("/insert")
def insert() -> tuple[dict[str, bool], int]:
    """One row, kept before the answer goes out."""
    if not hasattr(_own, "connection"):
        _own.connection = _connect()
    sqlite = DATABASE.startswith("sqlite")
    _own.connection.execute("BEGIN IMMEDIATE" if sqlite else "BEGIN")
    mark = "?" if sqlite else "%s"
    _own.connection.execute(f"INSERT INTO floor (content) VALUES ({mark})", (request.get_data(as_text=True),))
    _own.connection.execute("COMMIT")
    return {"saved": True}, 200
