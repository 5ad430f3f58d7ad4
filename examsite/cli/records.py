"""Commands over the record logs."""

from __future__ import annotations

import sys

import click

from examsite.config import load_settings
from examsite.services.checkpoints import load_signer
from examsite.services.verification import verify_log
from examsite.storage.database import open_engine, reading
from examsite.storage.queries.records import list_codes_without_log, list_logs


@click.group()
def records() -> None:
    """Sổ ghi (record logs)."""


@records.command()
@click.argument("codes", nargs=-1)
def verify(codes: tuple[str, ...]) -> None:
    """Check all record logs, or those of the competitions named; exits with 1 when anything is wrong."""
    settings = load_settings()
    signer = load_signer(settings)
    wrong = 0
    with reading(open_engine(settings)) as session:
        logs = [log for log in list_logs(session) if not codes or log.code in codes]
        missing = set(codes) - {log.code for log in logs}
        for code in sorted(missing):
            click.echo(f"✗ {code}: không có sổ ghi này (there is no such log)")
            wrong += 1
        for code in list_codes_without_log(session):
            if not codes or code in codes:
                click.echo(f"✗ {code}: sổ ghi của kỳ này đã mất (the log of this competition is gone)")
                wrong += 1
        for log in logs:
            report = verify_log(session, log, signer)
            sign = "✓" if not report.problems else "✗"
            click.echo(
                f"{sign} {report.code}: {report.size} mục (records), {report.checkpoints} mốc ký (checkpoints), "
                f"gốc (root) {report.root[:16]}…"
            )
            for problem in report.problems:
                details = ", ".join(f"{name}={value}" for name, value in problem.params.items())
                click.echo(f"    mục (record) {problem.seq}: {problem.code} {details}".rstrip())
            wrong += len(report.problems)
    click.echo(f"khóa công khai của sổ ghi (public key of the logs): {signer.public_key.hex()}")
    sys.exit(1 if wrong else 0)
