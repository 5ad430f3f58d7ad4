"""Make or migrate an installation, fill it, and start it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import click
from sqlalchemy import Engine

from examsite.cli import demonstration
from examsite.cli.demonstration.certificates import renew_certificates
from examsite.cli.demonstration.machines import list_machines
from examsite.config import Settings, load_settings
from examsite.services import accounts, papers
from examsite.services.checkpoints import load_signer
from examsite.services.clock import open_clock
from examsite.services.context import ServiceContext, read_clock
from examsite.services.passwords import Passwords, printed_password
from examsite.storage.database import check_tables, open_engine, reading, upgrade, writing
from examsite.storage.queries.accounts import count_accounts
from question_bank.loader import load_bank


def say(text: str) -> None:
    """One step, told as it happens."""
    click.echo(f"\033[1m→\033[0m {text}" if sys.stdout.isatty() else f"→ {text}")


def prepare(settings: Settings) -> Engine:
    """Bring database and bank up to date and give back the engine."""
    started = time.monotonic()
    engine = open_engine(settings)
    say("cơ sở dữ liệu: tạo hoặc nâng cấp (database: making or migrating)")
    upgrade(engine)
    questions = load_bank()
    with writing(engine) as session:
        changed, retired = papers.load_bank(
            ServiceContext(session=session, now=read_clock(), settings=settings), questions
        )
    say(
        f"ngân hàng câu hỏi: {len(questions)} câu, {changed} mới hoặc đổi, {retired} thôi dùng "
        f"(question bank: {changed} new or changed, {retired} retired)"
    )
    say(f"xong sau {time.monotonic() - started:.1f} giây (done in {time.monotonic() - started:.1f} s)")
    return engine


def is_empty(engine: Engine) -> bool:
    """Whether nobody has an account yet."""
    with reading(engine) as session:
        return count_accounts(session) == 0


@click.command()
@click.option("--empty", is_flag=True, help="No demonstration: only a first administrator.")
@click.option("--administrator", default="quantri", show_default=True, help="Login of the first administrator.")
@click.option("--name", default="Quản trị hệ thống", show_default=True, help="Name shown for that person.")
def init(*, empty: bool, administrator: str, name: str) -> None:
    """Make or migrate the database, load the question bank, and fill an empty installation."""
    settings = load_settings()
    open_clock(settings)
    engine = prepare(settings)
    if not is_empty(engine):
        if empty:
            raise click.ClickException(
                "ở đây đã có dữ liệu, không lập thêm quản trị. Chọn thư mục khác: "
                "EXAMSITE_INSTANCE=/đường/dẫn make empty ADMIN=… "
                "(this installation has data, nothing was made; choose another folder)"
            )
        say("đã có dữ liệu, giữ nguyên (the installation has data; it stays as it is)")
        return
    if empty:
        _make_administrator(engine, settings, login=administrator, name=name)
    else:
        demonstration.make(engine, settings, say=say)


def _make_administrator(engine: Engine, settings: Settings, *, login: str, name: str) -> None:
    password = printed_password()
    hashed = Passwords(settings).hash(password)
    with writing(engine) as session:
        ctx = ServiceContext(session=session, now=read_clock(), settings=settings, signer=load_signer(settings))
        accounts.create_administrator(ctx, login=login, display_name=name, password_hash=hashed)
    click.echo(f"\n  Tài khoản (account):   {login}\n  Mật khẩu (password):   {password}\n")
    click.echo("  Mật khẩu chỉ hiện lần này; hãy đổi sau khi đăng nhập. (Shown once; change it after logging in.)")
    click.echo(f"\n  Thư mục (folder):      {settings.instance_path}\n  Khởi động (start):     make run\n")


@click.command()
def serve() -> None:
    """Start the web server on the address of the settings; stops with Ctrl+C."""
    settings = load_settings()
    check_tables(open_engine(settings))
    open_clock(settings)
    click.echo(f"\n  {'https' if settings.has_tls else 'http'}://{settings.bind}/\n")
    listing = settings.instance_path / demonstration.LISTING
    if listing.exists():
        renew_certificates(open_engine(settings), settings)
        click.echo(listing.read_text(encoding="utf-8"))
    sys.stdout.flush()
    if list_machines(settings):
        # Beside the server and ended with it: the candidates of the demonstration go on writing.
        subprocess.Popen([sys.executable, "-m", "examsite", "run-machines"])
    arguments = ["gunicorn", "--config", "python:examsite.server", "wsgi:app"]
    os.execv(sys.executable, [sys.executable, "-m", *arguments])  # noqa: S606 - replaces this process by the server


@click.command()
@click.pass_context
def run(context: click.Context) -> None:
    """What `make run` calls: `init`, then `serve`."""
    context.invoke(init, empty=False, administrator="quantri", name="")
    context.invoke(serve)
