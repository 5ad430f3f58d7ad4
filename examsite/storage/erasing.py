"""Destroying rows, and what databases and folders keep of them afterwards: free pages, write-ahead logs, files.

Decision: what a statement deletes is still in the file of a database. SQLite is told to overwrite what it deletes, is
written anew as a whole and empties its write-ahead log; PostgreSQL writes the touched tables anew. Neither reaches
what lies outside: archived logs, copies, replicas, and blocks that the file system or the drive gave free.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from examsite.domain.personal_data import EMPTIED, ROWS_DESTROYED, erased_value
from examsite.domain.word_search import word_search
from examsite.storage.database import Base
from examsite.storage.models.records import RecordLog, RecordRow
from examsite.storage.row_sets import PORTION, among, in_portions
from examsite.storage.uploads import stored_path

#: What is kept beside the database, so that an old backup that is put back is known to hold destroyed data.
LEDGER = "erasures.jsonl"

#: How often it is tried to empty the write-ahead log while somebody reads, and how long between. Unit: seconds.
_TURNS, _TURN_SECONDS = 200, 0.1


def destroy_rows(session: Session, rows: Mapping[str, Sequence[int]], logins: Sequence[str]) -> None:
    """Delete rows by key, what hangs on others first."""
    order = [owned.table for owned in reversed(ROWS_DESTROYED)] + ["uploads", "candidacies", "accounts"]
    # A row of lost time names the extension that gave it back.
    order.remove("lost_times")
    for name in ["lost_times", *order]:
        table = Base.metadata.tables[name]
        (key,) = table.primary_key
        for chunk in in_portions(rows.get(name, ())):
            session.execute(delete(table).where(key.in_(chunk)))
    throttles = Base.metadata.tables["login_throttles"]
    for names in in_portions(logins):
        session.execute(delete(throttles).where(throttles.c.login.in_(names)))


def blank_contents(session: Session, numbers: Mapping[str, Collection[int]]) -> dict[str, list[int]]:
    """Destroy the contents of these records, by log; the numbers of those that still had one."""
    found: dict[str, list[int]] = {}
    for code in sorted(numbers):
        log_id = session.scalars(select(RecordLog.id).where(RecordLog.code == code)).one()
        wanted = (RecordRow.log_id == log_id, RecordRow.payload.is_not(None), among(RecordRow.seq, "numbers"))
        statement = select(RecordRow.seq).where(*wanted).order_by(RecordRow.seq)
        standing = list(session.scalars(statement, {"numbers": numbers[code]}))
        if standing:
            session.execute(
                update(RecordRow)
                .where(*wanted)
                .values(payload=None, salt=None)
                .execution_options(synchronize_session="fetch"),
                {"numbers": standing},
            )
            found[code] = standing
    return found


def empty_rows(session: Session, emptied: Mapping[str, Sequence[int]]) -> None:
    """Take the words out of rows that stay, as objects, so that they are sealed anew."""
    classes = {mapper.local_table.name: mapper.class_ for mapper in Base.registry.mappers}  # type: ignore[attr-defined]
    for name, keys in emptied.items():
        model = classes[name]
        for chunk in in_portions(keys):
            for row in session.scalars(select(model).where(model.id.in_(chunk)).order_by(model.id)):
                for column in EMPTIED[name]:
                    setattr(row, column, erased_value(name, column, row.id))
            session.flush()


def find_words(
    session: Session,
    words: Collection[str],
    *,
    gone: Mapping[str, Collection[Any]] | None = None,
    emptied: Mapping[str, Collection[int]] | None = None,
    contents: Collection[tuple[int, int]] = (),
) -> dict[str, int]:
    """In how many rows of which column a word still stands: what people wrote where nobody looks for a name.

    Left out are rows that go, columns of rows that are `emptied`, and `contents` of records (log and number) that go.
    """
    found: dict[str, int] = {}
    if not words:
        return found
    destroyed, search = set(contents), word_search(words)
    for table in Base.metadata.sorted_tables:
        columns = [column for column in table.columns if _holds_text(column)]
        if not columns:
            continue
        (key,) = table.primary_key
        without, blank = set((gone or {}).get(table.name, ())), set((emptied or {}).get(table.name, ()))
        of_log = [table.c.log_id, table.c.seq] if table.name == "records" else []
        statement = select(key, *columns, *of_log)
        for row in session.execute(statement, execution_options={"yield_per": PORTION}):
            if row[0] in without:
                continue
            gone_here: Collection[str] = EMPTIED[table.name] if row[0] in blank else ()
            if of_log and (row[-2], row[-1]) in destroyed:
                gone_here = ("payload", "salt")
            for column, value in zip(columns, row[1 : len(columns) + 1], strict=True):
                if not value or column.name in gone_here:
                    continue
                text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
                if search.is_in(text):
                    found[f"{table.name}.{column.name}"] = found.get(f"{table.name}.{column.name}", 0) + 1
    return found


def _holds_text(column: Any) -> bool:
    try:
        return column.type.python_type in (str, dict, list)
    except NotImplementedError:
        return False


def remove_files(uploads_path: Path, files: Iterable[str]) -> int:
    """Remove stored files; how many are gone, with those that a cleaning that was interrupted has removed before."""
    gone = 0
    for sha256 in files:
        stored_path(uploads_path, sha256).unlink(missing_ok=True)
        gone += 1
    return gone


def empty_folder(folder: Path) -> None:
    """Remove everything in a folder that can be made again."""
    if folder.exists():
        for path in folder.iterdir():
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def write_free_pages_anew(engine: Engine) -> list[str]:
    """Leave nothing of deleted rows in the database; the codes of what was done, for the certificate.

    Raises:
        TimeoutError: somebody reads all the time, so that the write-ahead log cannot be emptied; try again.
    """
    if engine.dialect.name == "sqlite":
        _clean_sqlite(engine)
        return ["secure_delete", "vacuum", "wal_emptied"]
    names = sorted(_touched())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in names:
            connection.exec_driver_sql(f'VACUUM FULL "{name}"')
    return ["vacuum_full", "wal_not_reached"]


def _touched() -> set[str]:
    return {owned.table for owned in ROWS_DESTROYED} | set(EMPTIED) | {"uploads", "records", "login_throttles"}


def _clean_sqlite(engine: Engine) -> None:
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.execute("VACUUM")
        for _turn in range(_TURNS):
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            told = cursor.fetchone()
            if told is not None and not told[0]:
                break
            time.sleep(_TURN_SECONDS)
        else:
            raise TimeoutError("the write-ahead log is held by somebody who reads")
        cursor.close()
    finally:
        raw.close()


def note_in_ledger(instance_path: Path, line: Mapping[str, Any]) -> None:
    """Add a line to the list of erasures that no backup brings back to what it was."""
    with (instance_path / LEDGER).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")
        file.flush()
        os.fsync(file.fileno())
    (instance_path / LEDGER).chmod(0o600)


def read_ledger(instance_path: Path) -> list[dict[str, Any]]:
    """The erasures of this installation, whatever its database holds; a damaged line is left out."""
    path = instance_path / LEDGER
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(dict(json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found
