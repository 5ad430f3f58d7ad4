"""A backup restores everything on both engines, and nothing changes when it is damaged."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from examsite.config import Settings, load_settings
from examsite.domain.competitions import DelegationLevel
from examsite.services import accounts
from examsite.services.backups import BackupError, make_backup, restore_backup
from examsite.services.checkpoints import load_signer, sign_checkpoint
from examsite.services.context import ServiceContext
from examsite.storage.database import writing
from examsite.storage.models.accounts import Account
from examsite.storage.models.competitions import Body
from examsite.storage.table_files import read_tables
from tests import databases


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "instance", environ={})


@pytest.fixture
def filled(engine: Engine, settings: Settings, now: datetime, tmp_path: Path) -> Iterator[Engine]:
    """An installation with an account, two bodies of which the parent came later, a checkpoint and an upload."""
    with writing(engine) as session:
        ctx = ServiceContext(session=session, now=now, settings=settings, signer=load_signer(settings))
        accounts.create_account(ctx, login="an", display_name="Đặng Vũ Ân", password_hash="x")
        child = Body(code="C", name="Con", name_en="Child", level=DelegationLevel.DEPARTMENT)
        parent = Body(code="P", name="Cha", name_en="Parent", level=DelegationLevel.CITY_GOVERNMENT)
        session.add(child)
        session.flush()
        session.add(parent)
        session.flush()
        child.parent_id = parent.id
        sign_checkpoint(ctx, "system")
    folder = settings.uploads_path / "ab"
    folder.mkdir(parents=True)
    (folder / "abcd").write_bytes(b"proposal")
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
    (settings.uploads_path / "ab" / "abcd").unlink()
    report = restore_backup(filled, settings, made.path)
    assert _logins(filled) == ["an"]
    assert (settings.uploads_path / "ab" / "abcd").read_bytes() == b"proposal"
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


@pytest.mark.parametrize("damage", ["cut", "text", "row", "no-manifest"])
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
        if damage == "row":
            path = work / "tables" / "accounts.jsonl"
            path.write_text(path.read_text().replace("Đặng", "Trần"))
        else:
            (work / "manifest.json").unlink()
        with tarfile.open(broken, "w:gz") as archive:
            archive.add(work, arcname=".")
    with pytest.raises(BackupError):
        restore_backup(filled, settings, broken)
    assert _logins(filled) == ["an"]
