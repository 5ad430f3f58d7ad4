"""Backing up and restoring an installation."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from examsite.config import load_settings
from examsite.services.backups import BackupError, BackupReport, make_backup, restore_backup
from examsite.services.clock import open_clock
from examsite.services.context import read_clock
from examsite.storage.database import open_engine, upgrade


@click.command()
def backup() -> None:
    """Write one archive of database, uploads and keys to instance/backups/; people may go on working."""
    settings = load_settings()
    open_clock(settings)
    report = make_backup(open_engine(settings), settings, now=read_clock())
    click.echo(f"✓ {report.path} ({report.path.stat().st_size / 1_000_000:.1f} MB)")
    _tell(report)


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
    try:
        upgrade(engine)
        kept = make_backup(engine, settings, now=read_clock())
        click.echo(f"→ đã giữ bản hiện tại (kept what is here): {kept.path}")
        report = restore_backup(engine, settings, archive)
    except BackupError as error:
        click.echo(f"✗ {error}. Không có gì thay đổi. (Nothing was changed.)", err=True)
        sys.exit(1)
    click.echo(f"✓ {archive}")
    _tell(report)
    click.echo("Khởi động lại máy chủ web. (Restart the web server.)")


def _tell(report: BackupReport) -> None:
    click.echo(f"  {sum(report.rows.values())} dòng (rows), {report.files} tệp (files)")
    for log in report.logs:
        sign = "✓" if not log.problems else "✗"
        click.echo(f"  {sign} {log.code}: {log.size} mục (records), gốc (root) {log.root[:16]}…")
