"""A backup restores everything on both engines, and nothing changes when it is damaged."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from examsite.cli import commands
from examsite.config import Settings, load_settings
from examsite.domain.competitions import DelegationLevel
from examsite.domain.dossiers import UploadKind
from examsite.domain.second_factors import FactorKind
from examsite.services import accounts
from examsite.services.backups import BackupError, make_backup, restore_backup
from examsite.services.checkpoints import load_signer, sign_checkpoint
from examsite.services.context import ServiceContext
from examsite.storage.database import writing
from examsite.storage.erasing import note_in_ledger, read_ledger
from examsite.storage.models.accounts import Account, SecondFactor
from examsite.storage.models.competitions import Body
from examsite.storage.models.dossiers import Upload
from examsite.storage.models.rooms import ServerPulse
from examsite.storage.table_files import read_tables
from examsite.storage.uploads import stored_path
from tests import databases

#: Name of the one uploaded file.
UPLOADED = sha256(b"proposal").hexdigest()
#: Bytes that are no text in any encoding.
SEALED = bytes(range(256))


def _settings_in(folder: Path) -> Settings:
    """Those of an installation that has the key with which the tests seal rows."""
    made = load_settings(folder, environ={})
    key = folder / "rows.key"
    key.touch(mode=0o600)
    key.write_bytes(databases.ROW_KEY)
    return made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return _settings_in(tmp_path / "instance")


@pytest.fixture
def filled(engine: Engine, settings: Settings, now: datetime, tmp_path: Path) -> Iterator[Engine]:
    """An installation with an account, two bodies of which the parent came later, a checkpoint and an upload."""
    with writing(engine) as session:
        ctx = ServiceContext(session=session, now=now, settings=settings, signer=load_signer(settings))
        person = accounts.create_account(ctx, login="an", display_name="Đặng Vũ Ân", password_hash="x")
        session.add(
            Upload(
                sha256=UPLOADED,
                size_bytes=8,
                kind=UploadKind.PDF,
                original_name="a.pdf",
                uploaded_at=now,
                uploaded_by_id=person.id,
            )
        )
        factor = SecondFactor(account_id=person.id, kind=FactorKind.CODE_APP, name="máy", sealed=SEALED, added_at=now)
        session.add(factor)
        child = Body(code="C", name="Con", name_en="Child", level=DelegationLevel.DEPARTMENT)
        parent = Body(code="P", name="Cha", name_en="Parent", level=DelegationLevel.CITY_GOVERNMENT)
        session.add(child)
        session.flush()
        session.add(parent)
        session.flush()
        child.parent_id = parent.id
        sign_checkpoint(ctx, "system")
    file = stored_path(settings.uploads_path, UPLOADED)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"proposal")
    yield engine
    empty = tmp_path / "empty"
    empty.mkdir()
    with writing(engine) as session:
        for name in (table.name for table in Account.metadata.sorted_tables):
            (empty / f"{name}.jsonl").touch()
        read_tables(session, empty)


def _logins(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.scalars(select(Account.login).order_by(Account.login)))


def test_restore_brings_everything_back(filled: Engine, settings: Settings, now: datetime) -> None:
    made = make_backup(filled, settings, now=now)
    with writing(filled) as session:
        ctx = ServiceContext(session=session, now=now, settings=settings)
        accounts.create_account(ctx, login="later", display_name="Later", password_hash="x")
    stored_path(settings.uploads_path, UPLOADED).unlink()
    report = restore_backup(filled, settings, made.path)
    assert _logins(filled) == ["an"]
    with Session(filled) as session:
        assert session.scalars(select(SecondFactor.sealed)).one() == SEALED
    assert stored_path(settings.uploads_path, UPLOADED).read_bytes() == b"proposal"
    assert [(log.code, log.size, log.problems) for log in report.logs] == [("system", 1, ())]
    assert report.logs[0].root == made.logs[0].root
    with writing(filled) as session:
        ctx = ServiceContext(session=session, now=now, settings=settings)
        accounts.create_account(ctx, login="next", display_name="Next", password_hash="x")
    assert _logins(filled) == ["an", "next"]


def test_backup_of_one_engine_restores_onto_another(
    filled: Engine, settings: Settings, now: datetime, tmp_path: Path
) -> None:
    made = make_backup(filled, settings, now=now)
    other = load_settings(tmp_path / "other", environ={})
    with databases.migrated_engine(other.database_url) as engine:
        report = restore_backup(engine, other, made.path)
        assert _logins(engine) == ["an"]
        assert report.logs[0].problems == ()
    assert (other.instance_path / "log.key").read_bytes() == (settings.instance_path / "log.key").read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        *("cut", "text", "row", "no-manifest", "manifest-list", "no-revision", "no-rows", "no-table", "row-not-whole"),
        *("row-not-json", "key-cut", "key-open", "key-gone", "version", "stranger"),
    ],
)
def test_damaged_archive_changes_nothing(
    filled: Engine, settings: Settings, now: datetime, tmp_path: Path, damage: str
) -> None:
    made = make_backup(filled, settings, now=now)
    broken = tmp_path / "broken.tar.gz"
    if damage == "cut":
        broken.write_bytes(made.path.read_bytes()[:-200])
    elif damage == "text":
        broken.write_text("not an archive")
    else:
        work = tmp_path / "work"
        with tarfile.open(made.path) as archive:
            archive.extractall(work, filter="data")
        _damage(work, damage)
        with tarfile.open(broken, "w:gz") as archive:
            archive.add(work, arcname=".")
    with pytest.raises(BackupError):
        restore_backup(filled, settings, broken)
    assert _logins(filled) == ["an"]


def _damage(work: Path, damage: str) -> None:
    """Spoil an unpacked archive; whoever cuts a table, a key or an upload also makes the manifest fit."""
    manifest, accounts_file = work / "manifest.json", work / "tables" / "accounts.jsonl"
    told = json.loads(manifest.read_text())
    match damage:
        case "row":
            accounts_file.write_text(accounts_file.read_text().replace("Đặng", "Trần"))
        case "no-manifest":
            manifest.unlink()
            return
        case "manifest-list":
            told = []
        case "no-revision" | "no-rows":
            del told[damage.removeprefix("no-")]
        case "no-table":
            accounts_file.unlink()
            del told["files"]["tables/accounts.jsonl"]
        case "row-not-whole" | "row-not-json":
            accounts_file.write_text('{"id": 1}\n' if damage == "row-not-whole" else "{broken\n")
            told["files"]["tables/accounts.jsonl"] = sha256(accounts_file.read_bytes()).hexdigest()
        case "key-cut":
            (work / "log.key").write_bytes(b"0" * 31)
            told["files"]["log.key"] = sha256(b"0" * 31).hexdigest()
        case "key-open":
            (work / "log.key").chmod(0o644)
        case "key-gone":
            (work / "rows.key").unlink()
            del told["files"]["rows.key"]
        case "version":
            told["v"] = 2
        case "stranger":
            (work / "config.toml").write_text('bind = "0.0.0.0:80"')
    manifest.write_text(json.dumps(told))


def test_a_backup_of_what_is_damaged_says_so_and_still_comes_back(
    filled: Engine, settings: Settings, now: datetime
) -> None:
    stored_path(settings.uploads_path, UPLOADED).write_bytes(b"another")
    with filled.begin() as connection:
        connection.execute(update(Body.__table__).where(Body.code == "C").values(name="Bị sửa"))  # type: ignore[arg-type]

    made = make_backup(filled, settings, now=now)
    found = [(problem.table, problem.code) for problem in made.problems]
    assert {("bodies", "row_changed"), ("uploads", "file_differs")} <= set(found)
    back = restore_backup(filled, settings, made.path)

    assert [(problem.table, problem.code) for problem in back.problems] == found
    assert _logins(filled) == ["an"]


def test_a_backup_that_cannot_come_back_is_told_of_when_it_is_made(tmp_path: Path, now: datetime) -> None:
    settings, path = _settings_in(tmp_path), tmp_path / "examsite.db"
    with databases.migrated_engine(f"sqlite:///{path}") as engine:
        with writing(engine) as session:
            parent = Body(code="P", name="Cha", name_en="Parent", level=DelegationLevel.CITY_GOVERNMENT)
            session.add(parent)
            session.flush()
            level = DelegationLevel.DEPARTMENT
            session.add(Body(code="C", name="Con", name_en="Child", level=level, parent_id=parent.id))
        engine.dispose()
        with contextlib.closing(sqlite3.connect(path)) as outside:  # which keeps no rule of the tables
            outside.execute("DELETE FROM bodies WHERE code = 'P'")
            outside.commit()
        made = make_backup(engine, settings, now=now)
        assert ("bodies", "reference_lost", "parent_id") in {(p.table, p.code, p.column) for p in made.problems}
        with pytest.raises(BackupError, match=r"IntegrityError: FOREIGN KEY constraint failed$"):
            restore_backup(engine, settings, made.path)


def test_what_was_erased_is_known_on_another_machine_too(
    filled: Engine, settings: Settings, now: datetime, tmp_path: Path
) -> None:
    theirs, ours = {"code": "HP-1", "at": "2027-01-01"}, {"code": "HP-2", "at": "2027-02-01"}
    note_in_ledger(settings.instance_path, theirs)
    made = make_backup(filled, settings, now=now)
    other = _settings_in(tmp_path / "other")
    note_in_ledger(other.instance_path, ours)
    for _time in range(2):
        restore_backup(filled, other, made.path)
    assert read_ledger(other.instance_path) == [ours, theirs]


def test_nothing_is_put_back_under_a_server_that_works(
    filled: Engine, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = make_backup(filled, settings, now=now).path
    with writing(filled) as session:
        session.add(ServerPulse(id=1, at=datetime.now(UTC)))
    monkeypatch.setenv("EXAMSITE_INSTANCE", str(settings.instance_path))
    monkeypatch.setenv("EXAMSITE_DATABASE_URL", filled.url.render_as_string(hide_password=False))

    refused = CliRunner().invoke(commands, ["restore", str(archive), "--yes"])

    assert refused.exit_code == 1
    assert "máy chủ đang chạy" in refused.output
    assert _logins(filled) == ["an"]


def test_an_archive_says_itself_when_it_was_made(filled: Engine, settings: Settings, now: datetime) -> None:
    made = make_backup(filled, settings, now=now)
    renamed = made.path.rename(settings.instance_path / "from the stick.tar.gz")
    os.utime(renamed, (now.timestamp() + 400 * 86_400,) * 2)
    assert restore_backup(filled, settings, renamed).made_at == now


def test_what_a_killed_backup_left_behind_is_removed_and_one_that_is_at_work_is_not(
    filled: Engine, settings: Settings, now: datetime
) -> None:
    folder = settings.instance_path / "backups"
    folder.mkdir(exist_ok=True)
    left, working = folder / ".making-old", settings.instance_path / ".restoring-now"
    for path in (left, working):
        path.mkdir()
        (path / "accounts.jsonl").write_text("Hoàng Công Đức", encoding="utf-8")
    part = folder / "examsite-1.tar.part"
    part.touch()
    for path in (left, part):
        os.utime(path, (now.timestamp() - 2 * 3600,) * 2)
    make_backup(filled, settings, now=now)
    assert not left.exists()
    assert not part.exists()
    assert working.exists()


DAMAGES = {
    "pages": None,
    "a value": "UPDATE accounts SET created_at = 'not a date'",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_cannot_be_read_is_kept_as_it_is_and_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: datetime, damage: str
) -> None:
    settings = _settings_in(tmp_path)
    monkeypatch.setenv("EXAMSITE_INSTANCE", str(tmp_path))
    path = tmp_path / "examsite.db"
    with databases.migrated_engine(f"sqlite:///{path}") as engine:
        with writing(engine) as session:
            ctx = ServiceContext(session=session, now=now, settings=settings, signer=load_signer(settings))
            accounts.create_account(ctx, login="lan", display_name="Lan", password_hash="-")
        archive = make_backup(engine, settings, now=now).path.rename(tmp_path / "kept.tar.gz")
        with writing(engine) as session:
            session.execute(text(DAMAGES[damage] or "SELECT 1"))
    if damage == "pages":
        path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 400_000)
    before = path.read_bytes()

    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(archive.read_bytes()[:-400])
    refused = CliRunner().invoke(commands, ["restore", str(broken), "--yes"])
    assert refused.exit_code == 1, refused.output
    assert path.read_bytes() == before

    done = CliRunner().invoke(commands, ["restore", str(archive), "--yes"])
    assert done.exit_code == 0, done.output
    (aside,) = tmp_path.glob("unreadable-*")
    assert (aside / "examsite.db").read_bytes() == before
    with databases.migrated_engine(f"sqlite:///{path}") as engine, Session(engine) as session:
        assert session.scalars(select(Account.login)).all() == ["lan"]
    kept = CliRunner().invoke(commands, ["backup"])
    assert kept.exit_code == 0, kept.output


def test_a_database_that_somebody_holds_is_not_moved_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    settings = _settings_in(tmp_path)
    monkeypatch.setenv("EXAMSITE_INSTANCE", str(tmp_path))
    path = tmp_path / "examsite.db"
    with databases.migrated_engine(f"sqlite:///{path}") as engine:
        load_signer(settings)
        archive = make_backup(engine, settings, now=now).path.rename(tmp_path / "kept.tar.gz")

    def locked(*_given: object) -> None:
        raise OperationalError("BEGIN", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr("examsite.cli.backups.upgrade", locked)
    refused = CliRunner().invoke(commands, ["restore", str(archive), "--yes"])
    assert (refused.exit_code, "database is locked" in refused.output) == (1, True)
    assert path.exists()
    assert not list(tmp_path.glob("unreadable-*"))


def test_a_restore_leaves_the_settings_and_a_failed_one_the_keys_of_this_machine(
    filled: Engine, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = settings.instance_path
    theirs, ours = 'bind = "10.0.0.1:80"\n', 'bind = "127.0.0.1:80"\n'
    (folder / "config.toml").write_text(theirs)
    made = make_backup(filled, settings, now=now)
    (folder / "config.toml").write_text(ours)
    (folder / "secret.key").write_text("of this machine")
    left = iter((True, False))

    def full(_descriptor: int) -> None:
        if not next(left):
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(BackupError, match="No space left"):
            restore_backup(filled, settings, made.path)
    assert (folder / "secret.key").read_text() == "of this machine"
    assert not list(folder.glob("*.ready"))

    restore_backup(filled, settings, made.path)
    assert ((folder / "config.toml").read_text(), (folder / "config.toml.restored").read_text()) == (ours, theirs)
    assert (folder / "secret.key").read_text() != "of this machine"
