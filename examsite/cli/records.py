"""Commands over the record logs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from examsite.cli.faults import fault_words
from examsite.config import load_settings
from examsite.domain.witnessing import parse_request
from examsite.services.checkpoints import load_signer, origin_of
from examsite.services.erasure_checks import list_erasure_notes
from examsite.services.installation_checks import check_installation
from examsite.services.verification import verify_log
from examsite.storage.database import open_engine, reading
from examsite.storage.queries.records import list_codes_without_log, list_logs


@click.group()
def records() -> None:
    """Sổ ghi (record logs)."""


@records.command()
@click.argument("codes", nargs=-1)
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="Mốc ký đã giữ ở ngoài, tốt nhất có chữ ký nhân chứng; lặp lại được (a checkpoint that was kept outside).",
)
def verify(codes: tuple[str, ...], against: tuple[Path, ...]) -> None:
    """Check all record logs and what the tables say against them; exits with 1 when anything is wrong.

    With codes only those competitions are checked, and no seals of rows: these belong to the installation.
    """
    settings = load_settings()
    signer = load_signer(settings)
    wrong = 0
    # The file for a witness has lines before the checkpoint.
    notes = [parse_request(path.read_text(encoding="utf-8")).note for path in against]
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
            origin = origin_of(signer.host_name, log.code)
            kept = [note for note in notes if note.partition("\n")[0] == origin]
            report = verify_log(session, log, signer, against=kept)
            sign = "✓" if not report.problems else "✗"
            click.echo(
                f"{sign} {report.code}: {report.size} mục (records), {report.checkpoints} mốc ký (checkpoints), "
                f"gốc (root) {report.root[:16]}…"
            )
            for problem in report.problems:
                details = ", ".join(f"{name}={value}" for name, value in problem.params.items())
                click.echo(f"    mục (record) {problem.seq}: {problem.code} {details}".rstrip())
            wrong += len(report.problems)
        faults = check_installation(session, codes=codes, uploads_path=settings.uploads_path)
        for note in list_erasure_notes(session):
            click.echo(
                f"○ {note.code}: đã xóa dữ liệu của {note.people} người, {note.records} nội dung, ghi ở mục {note.seq} "
                f"(erased as recorded at no. {note.seq})"
            )
        for fault in faults:
            click.echo(f"✗ {fault_words(fault)}")
        wrong += len(faults)
        if not faults:
            click.echo("✓ các bảng khớp với sổ ghi (the tables agree with the logs)")
    click.echo(f"khóa công khai của sổ ghi (public key of the logs): {signer.public_key.hex()}")
    sys.exit(1 if wrong else 0)
