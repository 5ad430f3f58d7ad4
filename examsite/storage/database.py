"""The engine, the session and the rules under which SQLite may be used at all. Sole user of Flask-SQLAlchemy.

Decision: every writing transaction on SQLite starts with BEGIN IMMEDIATE. A transaction that reads first and writes
later may find its snapshot stale and fail in the middle of an act; taking the write lock first makes writers queue.

Decision: on SQLite writers of all processes queue at a lock of a file beside the database before that BEGIN. SQLite
itself has no queue: whoever waits sleeps and asks again, up to 100 ms at a time, and the unlucky ask for seconds. The
kernel lets waiters in one after the other, at once, and forgets the lock of a process that dies. SQLite's own lock
stays what keeps the data safe; a program that knows nothing of the file only brings the asking back.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from alembic import command
from alembic.config import Config
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, inspect
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session

from examsite.config import Settings
from examsite.storage.clock import Machine
from examsite.storage.row_seals import ROW_KEY

#: How long a writer waits for another one. Unit: milliseconds.
BUSY_TIMEOUT_MILLISECONDS = 30_000

#: How long a writer stands in the queue of SQLite. Source: our choice, because the longest act takes seconds, and a
#: person must not look at a page that loads for ever. Unit: seconds.
QUEUE_PATIENCE_SECONDS = 30

#: How long a connection to PostgreSQL may lie unused before it is asked whether it still stands. Source: our choice,
#: because in a storm the way there and back costs every act, and a server that was stopped is found out within it: the
#: first act that fails empties the pool. Unit: seconds.
UNASKED_SECONDS = 1.0

_NANOSECONDS = 1_000_000_000

#: First SQLite without the race in which a checkpoint may drop acknowledged commits.
# Source: sqlite.org/wal.html "WAL-reset bug", fixed in 3.51.3 and back-ported to 3.50.7 and 3.44.6.
SAFE_SQLITE = (3, 51, 3)
SAFE_SQLITE_BACKPORTS = {(3, 50): 7, (3, 44): 6}

#: What a statement carried (an answer, a mark, a name) stays out of the text of its error, and so out of the log.
_EVERYWHERE = {"hide_parameters": True}

#: Where a connection keeps its place in the queue of writers, and when it was last given back.
_QUEUE = "queue_of_writers"
_GIVEN_BACK = "given_back"

MIGRATIONS = Path(__file__).parent / "migrations"


class WriterHangsError(Exception):
    """Somebody holds the turn to write and does not go on; nothing was changed."""


class UnsafeDatabaseError(Exception):
    """The database may lose what it has acknowledged, or lacks tables; the product does not start on it."""


class Base(DeclarativeBase):
    """Parent of all tables, with names for every constraint so that migrations can address them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, disable_autonaming=True)


def is_safe_sqlite(version: tuple[int, int, int]) -> bool:
    """Whether a SQLite of this version keeps every acknowledged commit in WAL mode with several connections."""
    if version >= SAFE_SQLITE or version < (3, 7, 0):
        return True
    patch = SAFE_SQLITE_BACKPORTS.get(version[:2])
    return patch is not None and version[2] >= patch


def normalise_url(url: str) -> str:
    """The address with the driver that we ship for it."""
    if url.startswith("postgresql://"):
        return "postgresql+psycopg://" + url.removeprefix("postgresql://")
    return url


def engine_options(url: str) -> dict[str, Any]:
    """Options of `create_engine` for this address.

    Raises:
        UnsafeDatabaseError: the SQLite at hand has the WAL-reset race.
    """
    if not url.startswith("sqlite"):
        return {**_EVERYWHERE, "pool_size": 10, "max_overflow": 20, "pool_use_lifo": True}
    from pysqlite3 import dbapi2  # noqa: PLC0415 - only an installation on SQLite needs the driver

    if not is_safe_sqlite(dbapi2.sqlite_version_info):
        raise UnsafeDatabaseError(
            f"SQLite {dbapi2.sqlite_version} can lose acknowledged commits; 3.51.3 or newer is needed "
            "(install the locked pysqlite3 wheel)"
        )
    return {
        **_EVERYWHERE,
        "module": dbapi2,
        "pool_size": 20,
        "max_overflow": 20,
        "connect_args": {"timeout": BUSY_TIMEOUT_MILLISECONDS / 1000, "check_same_thread": False},
    }


def make_engine(url: str, *, row_key: bytes | None = None) -> Engine:
    """An engine outside Flask, for commands and tests, under the same rules.

    Without `row_key` it reads, and writes no sealed row.

    Raises:
        UnsafeDatabaseError: the SQLite at hand has the WAL-reset race.
    """
    url = normalise_url(url)
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    if row_key is not None:
        engine.update_execution_options(**{ROW_KEY: row_key})
    return engine


def open_engine(settings: Settings) -> Engine:
    """The engine of an installation outside Flask; it seals rows with the key of the installation.

    Raises:
        SettingsError: the key of the rows can be read by others.
        UnsafeDatabaseError: the SQLite at hand has the WAL-reset race.
    """
    return make_engine(settings.database_url, row_key=settings.row_key)


def prepare_engine(engine: Engine) -> None:
    """Set durability and isolation on each new connection; must run before the first one."""
    if engine.dialect.name != "sqlite":
        _ask_idle_connections(engine)
        _leave_rows_out_of_errors(engine)
        return

    @event.listens_for(engine, "connect")
    def _durable(connection: Any, _record: Any) -> None:
        # The driver must not open transactions by itself: "begin" below does, with the right kind of lock.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MILLISECONDS}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("writes"):
            connection.exec_driver_sql("BEGIN DEFERRED")
            return
        _join_queue(connection)
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine, "checkin")
    def _leave_queue(_connection: Any, record: Any) -> None:
        # A connection goes back to the pool after its commit is on the disk: the next writer finds SQLite's lock free.
        place = record.info.pop(_QUEUE, None)
        if place is not None:
            place.close()


def _ask_idle_connections(engine: Engine) -> None:
    """Ask a connection that has lain unused whether it still stands; one that does not is replaced before its use."""
    machine = Machine()

    @event.listens_for(engine, "checkin")
    def _note(_connection: Any, record: Any) -> None:
        record.info[_GIVEN_BACK] = machine.counted_ns()

    @event.listens_for(engine, "checkout")
    def _ask(connection: Any, record: Any, _proxy: Any) -> None:
        counted = machine.counted_ns()
        if counted - record.info.get(_GIVEN_BACK, counted) < UNASKED_SECONDS * _NANOSECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error


def _leave_rows_out_of_errors(engine: Engine) -> None:
    """Keep of an error what was wrong, not the row that was: errors are written into logs, which no erasure reaches."""

    @event.listens_for(engine, "handle_error")
    def _shorten(context: ExceptionContext) -> None:
        given, told = context.original_exception, context.sqlalchemy_exception
        words = getattr(getattr(given, "diag", None), "message_primary", None)
        if words is None:
            return
        given.args = (words,)
        if told is not None:
            told.args = (f"({type(given).__module__}.{type(given).__qualname__}) {words}",)


def _join_queue(connection: Connection) -> None:
    """Wait for the turn to write; it lasts until the connection is given back.

    Raises:
        WriterHangsError: the turn did not come in time.
    """
    info, path = connection.info, connection.engine.url.database
    if _QUEUE in info or path in {None, "", ":memory:"}:
        return
    place = Path(f"{path}-queue").open("ab")  # noqa: SIM115 -- closed in `_leave_queue`, or below
    if connection.get_execution_options().get("waits_for_ever"):
        fcntl.flock(place, fcntl.LOCK_EX)
    else:
        _lock_in_time(place)
    info[_QUEUE] = place


def _lock_in_time(place: IO[bytes]) -> None:
    """Take the lock in the order of the queue, or give the place up when the patience ends.

    The kernel has no queue with an end to its patience: a thread stands in it instead, and leaves when it is late.
    """
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    except BlockingIOError:
        pass
    has_come, is_late, deciding = threading.Event(), threading.Event(), threading.Lock()

    def stand() -> None:
        fcntl.flock(place, fcntl.LOCK_EX)
        with deciding:
            if is_late.is_set():
                place.close()
            has_come.set()

    threading.Thread(target=stand, name="queue-of-writers", daemon=True).start()
    if not has_come.wait(QUEUE_PATIENCE_SECONDS):
        with deciding:
            if not has_come.is_set():
                is_late.set()
                raise WriterHangsError(f"no turn to write within {QUEUE_PATIENCE_SECONDS} seconds")


def is_taken(error: IntegrityError) -> bool:
    """Whether a row was refused because another one with the same name stands there: somebody else was quicker.

    Every other broken rule of the tables is a fault of the program and stays one.
    """
    # Source: PostgreSQL, appendix A (23505 unique_violation); SQLite words it, older drivers have no code for it.
    is_unique_violation = getattr(error.orig, "sqlstate", None) == "23505"
    return is_unique_violation or str(error.orig).startswith("UNIQUE constraint failed")


def broken_rule(error: IntegrityError) -> str:
    """Which rule of the tables was broken, without the values that broke it."""
    # PostgreSQL puts the values into its words, SQLite names columns only.
    diagnosis = getattr(error.orig, "diag", None)
    return str(error.orig) if diagnosis is None else str(diagnosis.constraint_name)


def begin_write(session: Session) -> None:
    """Start the writing transaction of an act: whatever was read before is forgotten, the write lock is taken first."""
    session.rollback()
    session.connection(execution_options={"writes": True})


@contextmanager
def reading_alone(session: Session) -> Iterator[Session]:
    """The session for one look before the writing transaction of an act; on PostgreSQL it is a transaction of its own.

    Begin and end of one would be two more ways to that server. A session that has begun already goes on as it is.
    """
    if session.in_transaction() or session.get_bind().dialect.name == "sqlite":
        yield session
        return
    session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
    try:
        yield session
    finally:
        session.rollback()


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session for one act outside a request: commits at the end, rolls back on any error."""
    with Session(engine, expire_on_commit=False) as session:
        begin_write(session)
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise


@contextmanager
def writing_plainly(engine: Engine) -> Iterator[Connection]:
    """A connection inside a writing transaction, for statements without objects: commits at the end, or rolls back.

    It waits for its turn without an end: whoever uses it tells those who wait for it that they waited too long.
    """
    options = {"writes": True, "waits_for_ever": True}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextmanager
def reading_plainly(engine: Engine) -> Iterator[Connection]:
    """A connection for statements that read, without objects; on PostgreSQL each stands by itself.

    Begin and end of a transaction are two more ways to that server, and between its statements others commit anyway.
    """
    options = {} if engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
    with engine.connect().execution_options(**options) as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that only reads."""
    with Session(engine) as session:
        yield session
        session.rollback()


def alembic_config() -> Config:
    """Where the migrations are; the connection is handed over by whoever runs them."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest version; does nothing when they are there already.

    Raises:
        UnsafeDatabaseError: as `check_tables`.
    """
    config = alembic_config()
    options = {"writes": True} if engine.dialect.name == "sqlite" else {}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    check_tables(engine)


def check_tables(engine: Engine) -> None:
    """Refuse tables that lack something this version asks for: a page would fail in the middle of an act.

    Raises:
        UnsafeDatabaseError: with the first tables and columns that are missing.
    """
    there = {name: {row["name"] for row in rows} for (_, name), rows in inspect(engine).get_multi_columns().items()}
    missing = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name not in there.get(table.name, ())
    ]
    if missing:
        raise UnsafeDatabaseError(
            f"cơ sở dữ liệu do bản khác của chương trình tạo, thiếu {', '.join(missing[:3])}. Chạy init; vẫn thiếu thì "
            "lập thư mục cài đặt mới (another version made this database; run init, or make a new installation)"
        )
