"""How the database itself is: which one, whether it keeps what it acknowledged, whether it is whole and up to date."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.orm import Session

from examsite.storage.database import MIGRATIONS, is_safe_sqlite

#: Most damaged places that SQLite is asked to name; one is enough to stop.
_FIRST_DAMAGE = 1


@dataclass(frozen=True)
class DatabaseHealth:
    """Name with version, and the three things that must hold."""

    name: str
    is_safe: bool
    is_sound: bool
    is_migrated: bool


def read_database_health(session: Session) -> DatabaseHealth:
    """Ask the database about itself. Reads every page of a SQLite file: not for every request."""
    connection = session.connection()
    is_migrated = _revision(connection) == ScriptDirectory(str(MIGRATIONS)).get_current_head()
    if connection.dialect.name == "sqlite":
        version = str(connection.execute(text("SELECT sqlite_version()")).scalar())
        numbers = tuple(int(part) for part in version.split("."))
        safe = is_safe_sqlite((numbers[0], numbers[1], numbers[2]))
        full = connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
        wal = connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        sound = connection.execute(text(f"PRAGMA quick_check({_FIRST_DAMAGE})")).scalar() == "ok"
        return DatabaseHealth(f"SQLite {version}", safe and full and wal, sound, is_migrated)
    shown = {
        name: str(connection.execute(text(f"SHOW {name}")).scalar())
        for name in ("server_version", "fsync", "synchronous_commit", "full_page_writes")
    }
    safe = shown["fsync"] == shown["full_page_writes"] == "on" and shown["synchronous_commit"] != "off"
    version = shown["server_version"].split(" ")[0]
    return DatabaseHealth(f"PostgreSQL {version}", safe, is_sound=True, is_migrated=is_migrated)


def backup_times(folder: Path) -> list[float]:
    """When the archives of a folder were written, seconds of the epoch, newest first."""
    try:
        return sorted((item.stat().st_mtime for item in folder.glob("examsite-*.tar.gz")), reverse=True)
    except OSError:
        return []


def _revision(connection: Any) -> str | None:
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
