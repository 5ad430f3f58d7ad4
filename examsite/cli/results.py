"""Recomputing a published result from its file alone: no database, no network, none of the code that made it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from examsite.domain.canonical import parse_canonical, sha256_hex
from examsite.domain.errors import DomainError
from examsite.domain.recomputation import recompute


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
