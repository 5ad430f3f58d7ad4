"""What a database keeps of rows that are gone: free pages, the write-ahead log; and how to be rid of it.

On SQLite what is deleted is overwritten with zeros, and the log is emptied after the commit. PostgreSQL keeps dead rows
until they are vacuumed, and segments of its log until they are recycled: both stand in the documentation.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction

from examsite.storage.database import BUSY_TIMEOUT_MILLISECONDS

_log = logging.getLogger(__name__)

#: How long readers are waited for before the log is left to the next time. Unit: milliseconds.
# Source: our choice, because a person waits for the page, and every later checkpoint goes on where this one stopped.
_PATIENCE_MILLISECONDS = 2000

_DELETED = "deleted_from"


def overwrite_what_is_deleted(session: Session) -> None:
    """From here on what this connection deletes or shortens leaves no letters in the file."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete = ON"))


@dataclass
class _Deleted:
    """What the transaction of a session deleted from so far, and whether it was committed."""

    tables: set[str] = field(default_factory=set)
    is_committed: bool = False


def leave_no_trace(session: Session, *tables: str) -> None:
    """When the transaction of this session is on the disk, take what it deleted out of the log and the dead rows, too.

    On PostgreSQL the tables named are vacuumed. A transaction that belongs to somebody else is left alone. It is done
    when the connection was given back: whoever waits to write does not wait for it; and once for a transaction,
    however often it was asked for.
    """
    if _DELETED not in session.info:
        # Once for a session: a listener cannot take itself away while it is being called.
        session.info[_DELETED] = None
        event.listen(session, "after_commit", _note_commit)
        event.listen(session, "after_transaction_end", _clean)
    deleted = session.info[_DELETED] or _Deleted()
    deleted.tables.update(tables)
    session.info[_DELETED] = deleted


def _note_commit(session: Session) -> None:
    deleted: _Deleted | None = session.info[_DELETED]
    if deleted is not None:
        deleted.is_committed = True


def _clean(session: Session, transaction: SessionTransaction) -> None:
    deleted: _Deleted | None = session.info[_DELETED]
    if deleted is None or transaction.parent is not None:
        return
    session.info[_DELETED] = None
    bind = session.get_bind()
    if not deleted.is_committed or not isinstance(bind, Engine):
        return
    try:
        empty_traces(bind, *sorted(deleted.tables))
    except DBAPIError:
        _log.warning("what was deleted may still stand in the write-ahead log", exc_info=True)


def empty_traces(engine: Engine, *tables: str) -> bool:
    """Bring what was committed into the file and cut the log to nothing; False where a reader stood in the way."""
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in tables:
                connection.execute(text(f'VACUUM "{table}"'))
        return True
    # Not as a transaction of the engine: a checkpoint waits for all of them.
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        # Most of it beside those who write; the rest, with nobody writing, is short.
        cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {_PATIENCE_MILLISECONDS}")
        try:
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MILLISECONDS}")
        return not busy
    finally:
        raw.close()
