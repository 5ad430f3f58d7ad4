"""Destroying the data of those not selected, from the machine of the server."""

from __future__ import annotations

import sys

import click
from sqlalchemy import Engine

from examsite.config import Settings, load_settings
from examsite.domain.errors import ConflictError, DomainError, NotFoundError
from examsite.domain.working_days import ZONE
from examsite.services.checkpoints import load_signer
from examsite.services.clock import open_clock
from examsite.services.context import ServiceContext, read_clock
from examsite.services.erasure import erase_again, erase_people, finish_erasures
from examsite.services.erasure_plans import ErasurePlan, plan_erasure, read_erasure
from examsite.storage.database import open_engine, reading, upgrade, writing
from examsite.storage.queries.competitions import get_competition, get_competition_for_update
from examsite.storage.queries.erasures import find_open_erasure


@click.command("erase")
@click.argument("code")
@click.option("--dry-run", is_flag=True, help="Chỉ đếm, không xóa gì (count only).")
@click.option(
    "--again", is_flag=True, help="Xóa lại sau khi khôi phục một bản sao lưu cũ (after an old backup was put back)."
)
def erase_command(code: str, *, dry_run: bool, again: bool) -> None:
    """Destroy the data of those not selected in a competition. The organiser asks for it on a page first."""
    settings = load_settings()
    open_clock(settings)
    engine = open_engine(settings)
    upgrade(engine)
    try:
        with reading(engine) as session:
            competition = get_competition(session, code)
            plan = plan_erasure(session, competition)
            asked = find_open_erasure(session, competition.id)
            asked_by = None if asked is None else asked.asked_by
        _tell(code, plan)
        if dry_run:
            click.echo("Chưa xóa gì. (Nothing was erased.)")
            return
        if plan.people == 0:
            _finish(engine, settings)
            click.echo("Không còn dữ liệu nào phải xóa. (Nothing is left to be erased.)")
            return
        if asked_by is None and not again:
            raise NotFoundError("erasure_not_asked")
        click.echo(f"Người đề nghị (asked by): {asked_by or '—'}. Không thể hoàn tác. (This cannot be undone.)")
        typed = click.prompt(f"Gõ lại mã kỳ thi {code} để xóa (type the code to erase)", default="", show_default=False)
        with reading(engine) as session:
            found = read_erasure(session, get_competition(session, code))
        with writing(engine) as session:
            ctx = ServiceContext(session=session, now=read_clock(), settings=settings, signer=load_signer(settings))
            competition = get_competition_for_update(session, code)
            if again:
                if typed.strip() != code:
                    raise ConflictError("erasure_code_differs", wanted=code)
                done = erase_again(ctx, competition, reading=found)
            else:
                done = erase_people(ctx, competition, typed=typed, reading=found)
            seq = done.record_seq
    except DomainError as error:
        click.echo(f"✗ {_WORDS.get(error.code, error.code)}. Không có gì thay đổi. (Nothing was changed.)", err=True)
        sys.exit(1)
    click.echo(f"✓ đã xóa, mục sổ ghi số {seq} (erased, record no. {seq})")
    _finish(engine, settings)


def _finish(engine: Engine, settings: Settings) -> None:
    try:
        finished = finish_erasures(engine, settings, now=read_clock())
    except TimeoutError:
        click.echo("… cơ sở dữ liệu đang bận; máy chủ sẽ dọn nốt (the server will finish cleaning)", err=True)
        return
    if finished:
        click.echo("✓ đã xóa tệp, dọn trang trống và nhật ký ghi (files, free pages and write-ahead log are cleaned)")
        click.echo(
            "  Các bản sao lưu cũ còn giữ dữ liệu: xem trang Sao lưu. (Older backups still hold it: see Backups.)"
        )


def _tell(code: str, plan: ErasurePlan) -> None:
    due = "—" if plan.due_at is None else f"{plan.due_at.astimezone(ZONE):%H:%M %d/%m/%Y}"
    click.echo(f"{code}: được xóa từ (may be erased from) {due}")
    click.echo(f"  {plan.people} người không trúng tuyển (not selected); giữ lại (kept): {plan.kept}")
    click.echo(f"  {plan.records} nội dung sổ ghi (contents of the log), {plan.files} tệp (files)")
    for table, rows in sorted(plan.rows.items()):
        click.echo(f"  {table}: xóa {rows} dòng (rows deleted)")
    for table, rows in sorted(plan.emptied.items()):
        click.echo(f"  {table}: bỏ chữ của {rows} dòng (rows emptied, codes stay)")


_WORDS = {
    "competition_not_found": "không có kỳ thi này (there is no such competition)",
    "erasure_not_asked": (
        "thư ký chưa đề nghị xóa: vào trang Xóa dữ liệu của kỳ thi (the organiser has not asked: page “Erasure”)"
    ),
    "erasure_not_published": "kết quả chưa công bố (the result is not published)",
    "erasure_result_open": "kết quả đang được sửa (the result is being corrected)",
    "erasure_not_due": "chưa đến ngày được xóa theo bộ quy tắc (not yet due under the rule set)",
    "erasure_code_differs": "mã gõ lại không đúng (what was typed is not the code)",
    "erasure_room_writes": (
        "có phòng đang làm bài; chạy lại lệnh này khi ca thi đã đóng "
        "(a room is writing; run the command again once it is closed)"
    ),
    "changed_meanwhile": (
        "dữ liệu vừa đổi trong lúc đọc; hãy chạy lại lệnh này (data changed while it was read; run the command again)"
    ),
    "event_not_open": (
        "lần xóa trước chưa dọn xong; thử lại sau ít phút (the one before is not finished; try again in a few minutes)"
    ),
    "erasure_nobody_left": "không còn ai phải xóa (nobody is left to be erased)",
}
