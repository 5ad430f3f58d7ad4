"""What a database keeps of rows that are gone: free pages, the write-ahead log; and how to be rid of it.

On SQLite what is deleted is overwritten with zeros, and the log is emptied after the commit. PostgreSQL keeps dead rows
until they are vacuumed, and segments of its log until they are recycled: both stand in the documentation.
"""

from __future__ import annotations

import logging

from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction

from examsite.storage.database import BUSY_TIMEOUT_MILLISECONDS

_log = logging.getLogger(__name__)

#: How long readers are waited for before the log is left to the next time. Unit: milliseconds.
# Source: our choice, because a person waits for the page, and every later checkpoint goes on where this one stopped.
_PATIENCE_MILLISECONDS = 2000


def overwrite_what_is_deleted(session: Session) -> None:
    """From here on what this connection deletes or shortens leaves no letters in the file."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete = ON"))


def leave_no_trace(session: Session, *tables: str) -> None:
    """When the transaction of this session is on the disk, take what it deleted out of the log and the dead rows, too.

    On PostgreSQL the tables named are vacuumed. A transaction that belongs to somebody else is left alone. It is done
    when the connection was given back: whoever waits to write does not wait for it.
    """
    is_committed = is_over = False

    def note(_committed: Session) -> None:
        nonlocal is_committed
        is_committed = True

    def clean(ended: Session, transaction: SessionTransaction) -> None:
        nonlocal is_over
        if is_over or transaction.parent is not None:
            return
        is_over = True
        bind = ended.get_bind()
        if not is_committed or not isinstance(bind, Engine):
            return
        try:
            empty_traces(bind, *tables)
        except DBAPIError:
            _log.warning("what was deleted may still stand in the write-ahead log", exc_info=True)

    event.listen(session, "after_commit", note, once=True)
    event.listen(session, "after_transaction_end", clean)


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
