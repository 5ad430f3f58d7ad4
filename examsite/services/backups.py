"""One archive of everything an installation holds, and putting it back, verified before it counts."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from examsite import __version__
from examsite.config import Settings, SettingsError
from examsite.domain.table_problems import TableProblem
from examsite.services.checkpoints import load_signer
from examsite.services.installation_checks import check_installation
from examsite.services.verification import LogReport, verify_log
from examsite.storage.database import upgrade, writing
from examsite.storage.erasing import LEDGER, note_in_ledger, read_ledger
from examsite.storage.queries.records import list_logs
from examsite.storage.row_seals import ROW_KEY
from examsite.storage.table_files import UnreadableTableError, read_tables, revision, write_tables

MANIFEST = "manifest.json"
#: How archives are laid out; another number is refused.
VERSION = 1
#: Files of `instance/` beside database and uploads that belong to a backup.
SETTINGS_FILE = "config.toml"
KEPT_FILES = ("log.key", "rows.key", "secret.key", SETTINGS_FILE)
#: Without these nothing that is put back could be held against anything.
_NEEDED = ("log.key", "rows.key")
#: Ending of a file that waits for the commit.
_READY = ".ready"

#: From what age on something unfinished is a leftover. Unit: seconds. Source: our choice, because none takes so long.
_LEFTOVER_SECONDS = 3600


class BackupError(Exception):
    """The archive cannot be used; nothing was changed."""


@dataclass(frozen=True)
class BackupReport:
    """What a backup or a restore contained: rows by table, files, the state of each record log, and what is wrong."""

    path: Path
    #: As the archive itself says, whatever it is called.
    made_at: datetime
    rows: dict[str, int]
    files: int
    logs: tuple[LogReport, ...]
    #: Rows and files that are not as the product wrote them: kept as they are, and told.
    problems: tuple[TableProblem, ...]


def make_backup(engine: Engine, settings: Settings, *, now: datetime) -> BackupReport:
    """Write one archive to `instance/backups/`, from one snapshot of the database; people may go on working.

    Raises:
        BackupError: a table cannot be read.
    """
    folder = settings.instance_path / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    remove_leftovers(settings, now=now)
    target = folder / f"examsite-{now:%Y%m%d-%H%M%S-%f}.tar.gz"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as name:
        work = Path(name)
        (work / "tables").mkdir()
        level = {} if settings.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with engine.connect().execution_options(**level) as connection, Session(bind=connection) as session:
            try:
                rows = write_tables(session, work / "tables")
            except UnreadableTableError as unreadable:
                raise BackupError(f"the table {unreadable} cannot be read: {unreadable.__cause__}") from unreadable
            logs = _verify(session, settings)
            problems = check_installation(session, uploads_path=settings.uploads_path)
            version = revision(session)
        # Files are only ever added, never changed, so copying them after the snapshot leaves none of it out.
        if settings.uploads_path.exists():
            shutil.copytree(settings.uploads_path, work / "uploads", ignore=shutil.ignore_patterns(".*", "*.part"))
        for kept in (*KEPT_FILES, LEDGER):
            if (settings.instance_path / kept).exists():
                shutil.copy2(settings.instance_path / kept, work / kept)
        files = sorted(path for path in work.rglob("*") if path.is_file())
        manifest = {
            "v": VERSION,
            "made_by": __version__,
            "made_at": now.isoformat(),
            "revision": version,
            "rows": rows,
            "logs": {report.code: {"size": report.size, "root": report.root} for report in logs},
            "files": {str(path.relative_to(work)): _digest(path) for path in files},
        }
        (work / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
        _pack(work, target)
    return BackupReport(path=target, made_at=now, rows=rows, files=len(files), logs=logs, problems=tuple(problems))


def set_database_aside(engine: Engine, settings: Settings) -> Path:
    """Move a SQLite database that cannot be read out of the way, as it is; gives the folder where it lies.

    Raises:
        BackupError: it is a PostgreSQL database, which only its own tools move.
    """
    if not settings.is_sqlite:
        raise BackupError("what is here cannot be read; rename its PostgreSQL database, make an empty one, try again")
    engine.dispose()
    # By number: the clock of an installation looks into its database.
    names = (settings.instance_path / f"unreadable-{number}" for number in itertools.count(1))
    aside = next(path for path in names if not path.exists())
    aside.mkdir(mode=0o700)
    _move_database(_sqlite_path(engine).parent, aside, _sqlite_path(engine).name)
    return aside


def put_database_back(engine: Engine, aside: Path) -> None:
    """The database that was set aside, where it was."""
    engine.dispose()
    path = _sqlite_path(engine)
    _move_database(aside, path.parent, path.name)
    aside.rmdir()


def _sqlite_path(engine: Engine) -> Path:
    return Path(str(engine.url.database))


def _move_database(source: Path, target: Path, name: str) -> None:
    for ending in ("", "-wal", "-shm"):
        (target / f"{name}{ending}").unlink(missing_ok=True)
        if (source / f"{name}{ending}").exists():
            (source / f"{name}{ending}").rename(target / f"{name}{ending}")


def remove_leftovers(settings: Settings, *, now: datetime) -> None:
    """Remove what backups and restores that were killed left behind: rows in clear text that no catalogue names."""
    for place, pattern in (("backups", ".making-*"), ("backups", "*.part"), (".", ".restoring-*")):
        for left in (settings.instance_path / place).glob(pattern):
            if now.timestamp() - left.stat().st_mtime < _LEFTOVER_SECONDS:
                continue  # perhaps another process is at it
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def restore_backup(engine: Engine, settings: Settings, path: Path) -> BackupReport:
    """Replace everything by the archive: unpacked and checked first, then put in place in one transaction.

    The present database is given up only when the restored record logs verify; files are added, never removed. A row or
    a file that is not as the product wrote it is told and not refused: one of them would make every backup useless.

    Raises:
        BackupError: the archive is damaged, of another version, or its logs do not verify.
    """
    with tempfile.TemporaryDirectory(dir=settings.instance_path, prefix=".restoring-") as name:
        work = Path(name)
        manifest = _unpack(path, work)
        upgrade(engine)
        try:
            with writing(engine) as session:
                made_at = datetime.fromisoformat(manifest["made_at"])
                rows, logs, problems = _put_in_place(session, settings, work, manifest)
        except (KeyError, TypeError, ValueError, OSError, SQLAlchemyError, SettingsError) as error:
            _give_names(settings, put=False)
            told = (
                getattr(error, "orig", None) or error
            )  # without the statement, which says nothing to whoever restores
            raise BackupError(f"{path.name} is not a whole backup: {type(error).__name__}: {told}") from error
        _give_names(settings, put=True)
        # What was erased here or there stays known, so that an older archive that is put back later is told of.
        known = read_ledger(settings.instance_path)
        for line in read_ledger(work):
            if line not in known:
                note_in_ledger(settings.instance_path, line)
    return BackupReport(
        path=path, made_at=made_at, rows=rows, files=len(manifest["files"]), logs=logs, problems=tuple(problems)
    )


def _put_in_place(
    session: Session, settings: Settings, work: Path, manifest: dict[str, Any]
) -> tuple[dict[str, int], tuple[LogReport, ...], list[TableProblem]]:
    """Read the tables, check them, and put the files where they belong once nothing is wrong."""
    if manifest["v"] != VERSION:
        raise BackupError(f"the archive is laid out in version {manifest['v']}, not {VERSION}")
    for needed in _NEEDED:
        if not (work / needed).is_file():
            raise BackupError(f"the archive lacks {needed}")
    if manifest["revision"] != revision(session):
        raise BackupError(f"the archive holds tables of version {manifest['revision']}, not {revision(session)}")
    rows = read_tables(session, work / "tables")
    if rows != manifest["rows"]:
        raise BackupError("the archive holds other rows than its manifest says")
    logs = _verify(session, settings, key=work / "log.key")
    _check_logs(logs, manifest)
    session.connection().execution_options(**{ROW_KEY: (work / "rows.key").read_bytes()})
    problems = check_installation(session, uploads_path=work / "uploads")
    if (work / "uploads").exists():
        shutil.copytree(work / "uploads", settings.uploads_path, dirs_exist_ok=True)
    _lay_ready(work, settings)
    return rows, logs, problems


def _verify(session: Session, settings: Settings, *, key: Path | None = None) -> tuple[LogReport, ...]:
    signer = load_signer(settings, key)
    return tuple(verify_log(session, log, signer) for log in list_logs(session))


def _check_logs(logs: tuple[LogReport, ...], manifest: dict[str, Any]) -> None:
    for report in logs:
        told = manifest["logs"].get(report.code)
        if report.problems:
            raise BackupError(f"log {report.code}, record {report.problems[0].seq}: {report.problems[0].code}")
        if told != {"size": report.size, "root": report.root}:
            raise BackupError(f"log {report.code} is not the one of the manifest")


def _lay_ready(work: Path, settings: Settings) -> None:
    """Keys beside those of now, on the disk: after the commit only their names change, which no full disk hinders."""
    for kept in KEPT_FILES:
        if (work / kept).exists():
            ready = settings.instance_path / f"{kept}{_READY}"
            ready.touch(mode=0o600)
            with ready.open("wb") as file:
                file.write((work / kept).read_bytes())
                file.flush()
                os.fsync(file.fileno())


def _give_names(settings: Settings, *, put: bool) -> None:
    """What lies ready takes its place, or goes away.

    Settings that stand here stay: those of the archive say where the database of another machine is.
    """
    for kept in KEPT_FILES:
        ready, place = settings.instance_path / f"{kept}{_READY}", settings.instance_path / kept
        if not ready.exists():
            continue
        if not put:
            ready.unlink()
        elif kept == SETTINGS_FILE:
            ready.rename(settings.instance_path / f"{kept}.restored")
        else:
            ready.replace(place)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pack(work: Path, target: Path) -> None:
    part = target.with_suffix(".part")
    with tarfile.open(part, "w:gz") as archive:
        for path in sorted(work.rglob("*")):
            if path.is_file():
                archive.add(path, arcname=str(path.relative_to(work)))
    part.chmod(0o600)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.rename(target)


def _unpack(path: Path, work: Path) -> dict[str, Any]:
    try:
        with tarfile.open(path, "r:gz") as archive:
            archive.extractall(work, filter="data")
        manifest: dict[str, Any] = json.loads((work / MANIFEST).read_text(encoding="utf-8"))
        told: dict[str, str] = dict(manifest["files"])
    except (OSError, tarfile.TarError, EOFError, ValueError, KeyError, TypeError, AttributeError, zlib.error) as error:
        raise BackupError(f"{path.name} is not a whole backup: {error}") from error
    for name, digest in told.items():
        file = work / name
        if not file.is_file() or _digest(file) != digest:
            raise BackupError(f"{path.name}: {name} is missing or damaged")
    extra = {str(file.relative_to(work)) for file in work.rglob("*") if file.is_file()} - {*told, MANIFEST}
    if extra:
        raise BackupError(f"{path.name}: {min(extra)} is not of this backup")
    return manifest
