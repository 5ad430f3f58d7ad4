"""Recomputing a published result from its file alone, and writing the bundle of one out of the database.

Recomputing takes no database, no network and none of the code that made the file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from examsite.config import load_settings
from examsite.domain.bundles import Audience
from examsite.domain.canonical import parse_canonical, sha256_hex
from examsite.domain.errors import DomainError
from examsite.domain.recomputation import recompute
from examsite.services.bundles import build_bundle
from examsite.storage.database import open_engine, reading
from examsite.storage.queries.competitions import get_competition


@click.group()
def results() -> None:
    """Kết quả đã công bố (published results)."""


@results.command("recompute")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def recompute_file(file: Path) -> None:
    """Tính lại mọi số trong tệp result.json từ điểm tiêu chí (recompute every figure from the marks)."""
    data = file.read_bytes()
    click.echo(f"SHA-256: {sha256_hex(data)}")
    try:
        document = parse_canonical(data)
    except DomainError:
        click.echo("✗ tệp không ở dạng chuẩn, không phải tệp đã ký (not canonical: not the file that was signed)")
        sys.exit(1)
    problems = recompute(document)
    for problem in problems:
        stated = f" trong tệp (stated): {problem.stated}" if problem.stated else ""
        expected = f" tính ra (computed): {problem.expected}" if problem.expected else ""
        click.echo(f"✗ {problem.where or '/'}: {problem.code}{stated}{expected}")
    if problems:
        sys.exit(1)
    click.echo("✓ mọi số trùng khi tính lại từ điểm tiêu chí (every figure follows from the marks)")
    click.echo("  So mã SHA-256 trên với mã mà hội đồng đã ký (compare the hash with the one that was signed).")


@results.command("bundle")
@click.argument("code")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Tệp zip sẽ ghi.")
@click.option(
    "--audience",
    type=click.Choice([audience.value for audience in Audience]),
    default=Audience.PUBLIC.value,
    help="Gói cho ai: public (mọi người), full (hội đồng), supervision (ban giám sát).",
)
def write_bundle(code: str, out: Path, audience: str) -> None:
    """Ghi gói kết quả đã công bố của một kỳ (write the bundle of a published result)."""
    with reading(open_engine(load_settings())) as session:
        try:
            data = build_bundle(session, get_competition(session, code), Audience(audience))
        except DomainError as refusal:
            click.echo(f"✗ {code}: {refusal.code}", err=True)
            sys.exit(1)
    out.write_bytes(data)
    click.echo(f"✓ {out}: {len(data)} byte, SHA-256 {sha256_hex(data)}")
