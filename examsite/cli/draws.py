"""Repeating a draw from its file alone: no database, no network."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from examsite.domain.draws import check_draw_file, draw_seed, hold_draw
from examsite.domain.errors import DomainError


@click.group("draw")
def draws() -> None:
    """Bốc thăm (draws)."""


@draws.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check_file(file: Path) -> None:
    """Tính lại một lượt bốc thăm từ tệp của nó (repeat a draw from its document or its public file)."""
    try:
        said: Any = json.loads(file.read_text(encoding="utf-8"))
        document = check_draw_file(said)
        outcome = hold_draw(document)
    except DomainError as refusal:
        by = f" ({refusal.params['by']})" if "by" in refusal.params else ""
        click.echo(f"✗ {file.name}: {refusal.code}{by}", err=True)
        sys.exit(1)
    except (ValueError, RecursionError):
        click.echo(f"✗ {file.name}: không phải tệp JSON (not JSON)", err=True)
        sys.exit(1)
    click.echo(f"hạt giống (seed): {draw_seed(document).hex()}")
    for place, item in enumerate(outcome, start=1):
        click.echo(f"{place:>4}  {item}")
    if "committed" in said:
        click.echo("✓ các số khớp với cam kết, kết quả đúng như đã ghi (numbers and outcome are those on record)")
    else:
        click.echo("✓ văn bản đúng dạng; hãy so kết quả với kết quả đã ghi (compare with the outcome on record)")
