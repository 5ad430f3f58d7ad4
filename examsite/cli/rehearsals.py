"""Rehearsing a written test on this installation."""

from __future__ import annotations

import sys

import click

from examsite.cli.rehearsal import rehearse as carry_out
from examsite.config import load_settings
from examsite.domain.errors import DomainError
from examsite.services.checkpoints import load_signer
from examsite.services.clock import open_clock
from examsite.services.context import ServiceContext, read_clock
from examsite.services.rehearsals import begin_rehearsal
from examsite.storage.database import open_engine, writing
from examsite.storage.queries.competitions import get_competition

#: How long the simulated candidates save. Unit: seconds.
SECONDS = 20


@click.command()
@click.argument("code")
@click.option("--candidates", type=click.IntRange(min=1), default=30, show_default=True, help="How many sit at once.")
@click.option("--seconds", type=click.IntRange(min=3), default=SECONDS, show_default=True, help="How long they save.")
@click.option("--begun", type=int, default=None, hidden=True, help="Number of a rehearsal that was begun already.")
def rehearse(code: str, candidates: int, seconds: int, begun: int | None) -> None:
    """Play the written test of competition CODE with simulated candidates; a good one gives a certificate."""
    settings = load_settings()
    open_clock(settings)
    engine = open_engine(settings)
    if begun is None:
        try:
            with writing(engine) as session:
                ctx = ServiceContext(session=session, now=read_clock(), settings=settings, signer=load_signer(settings))
                begun = begin_rehearsal(ctx, get_competition(session, code), head_count=candidates).id
        except DomainError as error:
            raise click.ClickException(f"không tổng duyệt được (no rehearsal): {error}") from None
    passed = carry_out(
        engine,
        settings,
        code=code,
        rehearsal_id=begun,
        head_count=candidates,
        seconds=seconds,
        say=lambda text: click.echo(f"→ {text}"),
    )
    engine.dispose()
    if not passed:
        click.echo("✗ Tổng duyệt không đạt, không cấp chứng nhận. (The rehearsal failed; there is no certificate.)")
        sys.exit(1)
    click.echo("✓ Tổng duyệt đạt, đã cấp chứng nhận 7 ngày. (It passed; the certificate is good for 7 days.)")
