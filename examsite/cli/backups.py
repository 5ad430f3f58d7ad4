"""Backing up and restoring an installation."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError, OperationalError

from examsite.cli.faults import fault_words
from examsite.config import load_settings
from examsite.services.backup_catalogue import destroy_overdue, held_in, list_backups
from examsite.services.backups import (
    SETTINGS_FILE,
    BackupError,
    BackupReport,
    make_backup,
    put_database_back,
    restore_backup,
    set_database_aside,
)
from examsite.services.clock import open_clock
from examsite.services.context import read_clock
from examsite.services.outages import PULSE_EVERY_SECONDS
from examsite.storage.database import open_engine, reading, upgrade
from examsite.storage.queries.rooms import find_pulse


@click.command()
def backup() -> None:
    """Write one archive of database, uploads and keys to instance/backups/; people may go on working."""
    settings = load_settings()
    open_clock(settings)
    try:
        report = make_backup(open_engine(settings), settings, now=read_clock())
    except BackupError as error:
        click.echo(f"✗ {error}", err=True)
        sys.exit(1)
    click.echo(f"✓ {report.path} ({report.path.stat().st_size / 1_000_000:.1f} MB)")
    _tell(report)
    # The archive holds what is here, faults and all; whoever keeps the backups hears of them now, not at the restore.
    sys.exit(1 if report.problems or any(log.problems for log in report.logs) else 0)


@click.command()
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(archive: Path, *, yes: bool) -> None:
    """Replace this installation by an archive, after backing up what is there; refuses a damaged archive."""
    settings = load_settings()
    open_clock(settings)
    engine = open_engine(settings)
    if not yes:
        click.confirm("Thay toàn bộ dữ liệu hiện có? (Replace everything that is here?)", abort=True)
    aside: Path | None = None
    try:
        try:
            upgrade(engine)
            _refuse_while_served(engine)
            kept = make_backup(engine, settings, now=read_clock()).path
        except OperationalError as busy:
            # Locked by a server, out of reach, a full disk: nothing is wrong with what stands there.
            raise BackupError(f"the database does not answer: {busy.orig}") from busy
        except ServedError:
            raise
        except (BackupError, DatabaseError) as unreadable:
            # A damaged database is what a backup is for: it is kept as the file that it is.
            click.echo(f"! {unreadable}", err=True)
            kept = aside = set_database_aside(engine, settings)
        click.echo(f"→ đã giữ bản hiện tại (kept what is here): {kept}")
        report = restore_backup(engine, settings, archive)
    except BackupError as error:
        engine.dispose()
        if aside is not None:
            put_database_back(engine, aside)
        click.echo(f"✗ {error}. Không có gì thay đổi. (Nothing was changed.)", err=True)
        sys.exit(1)
    click.echo(f"✓ {archive}")
    _tell(report)
    if (settings.instance_path / f"{SETTINGS_FILE}.restored").exists():
        click.echo(
            f"! {SETTINGS_FILE} của bản lưu nằm ở {SETTINGS_FILE}.restored: đọc, rồi mới dùng (its settings"
            " lie beside those of now: read them first)"
        )
    for held in held_in(settings, report.made_at):
        click.echo(
            f"✗ {held.code}: bản này có lại dữ liệu đã xóa; xóa lại ngay bằng lệnh (it brings erased data back; erase "
            f"again at once): python -m examsite erase {held.code} --again"
        )
    click.echo("Khởi động lại máy chủ web. (Restart the web server.)")


@click.command("backups")
@click.option("--destroy-due", is_flag=True, help="Hủy các bản quá hạn (destroy those that should be gone).")
def list_command(*, destroy_due: bool) -> None:
    """List the archives of this installation and which still hold data that were erased since."""
    settings = load_settings()
    open_clock(settings)
    now = read_clock()
    if destroy_due:
        for path in destroy_overdue(settings, now=now):
            click.echo(f"✓ đã hủy (destroyed) {path.name}")
    for one in list_backups(settings):
        words = "không giữ dữ liệu đã xóa (holds nothing that was erased)"
        if one.until is not None:
            codes = ", ".join(held.code for held in one.held)
            words = f"còn dữ liệu đã xóa của {codes}, hủy trước {one.until:%Y-%m-%d} (holds erased data, destroy by)"
        click.echo(f"{'✗' if one.is_overdue(now) else '·'} {one.path.name}: {words}")


class ServedError(BackupError):
    """A server works with this installation: it would go on with the keys and the rows of before."""


def _refuse_while_served(engine: Engine) -> None:
    """Refuse while the pulse of a server beats; it is asked for longer than its rest, so that none is overheard.

    Raises:
        ServedError: some server is running.
    """
    with reading(engine) as session:
        pulse = find_pulse(session)
        age = None if pulse is None else (read_clock() - pulse.at).total_seconds()
    if age is not None and 0 <= age < 3 * PULSE_EVERY_SECONDS:
        raise ServedError(
            f"máy chủ đang chạy (nhịp cuối {age:.0f} giây trước); dừng máy chủ, đợi {3 * PULSE_EVERY_SECONDS} giây rồi "
            "làm lại (a server is running: stop it, wait, try again)"
        )


def _tell(report: BackupReport) -> None:
    click.echo(f"  {sum(report.rows.values())} dòng (rows), {report.files} tệp (files)")
    for log in report.logs:
        sign = "✓" if not log.problems else "✗"
        click.echo(f"  {sign} {log.code}: {log.size} mục (records), gốc (root) {log.root[:16]}…")
    for problem in report.problems:
        click.echo(f"  ✗ {fault_words(problem)}")
