"""The commands of an installation. Thin: each one reads settings, opens one transaction and calls services."""

from __future__ import annotations

import os
import sys

import click

from examsite.cli import (
    backups,
    certificates,
    draws,
    erasure,
    installation,
    papers,
    public_folder,
    receipts,
    records,
    rehearsals,
    results,
    witness,
)
from examsite.cli.demonstration import machines
from examsite.config import SettingsError
from examsite.storage.database import UnsafeDatabaseError


@click.group()
def commands() -> None:
    """Thi tuyển lãnh đạo cấp phòng: lệnh của người quản trị máy chủ (commands of the installation)."""


commands.add_command(installation.init)
commands.add_command(installation.serve)
commands.add_command(installation.run)
commands.add_command(machines.run_machines)
commands.add_command(records.records)
commands.add_command(results.results)
commands.add_command(draws.draws)
commands.add_command(papers.papers)
commands.add_command(public_folder.write_public_folder)
commands.add_command(backups.backup)
commands.add_command(backups.restore)
commands.add_command(backups.list_command)
commands.add_command(erasure.erase_command)
commands.add_command(certificates.certificates)
commands.add_command(rehearsals.rehearse)
commands.add_command(witness.witness)
records.records.add_command(receipts.check_receipt_file)


def main() -> None:
    """Run a command; a wrong setting is one sentence, not a traceback. What it writes is its owner's only."""
    os.umask(0o077)
    try:
        commands(standalone_mode=True)
    except (SettingsError, UnsafeDatabaseError) as error:
        click.echo(f"✗ {error}", err=True)
        sys.exit(2)
