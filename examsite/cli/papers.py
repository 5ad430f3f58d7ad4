"""The setters' own machine: draw the versions of a post, seal each, print the sheets of its key, leave nothing else.

It takes no database and no network: a plan from the server's page, a folder of questions in the bank's format, and an
empty folder to write to.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from examsite.domain.errors import DomainError
from examsite.domain.papers import Paper
from examsite.domain.questions import AnswerKey, NumericKey
from examsite.domain.sealed_papers import PaperPlan, manifest_bytes, read_plan
from examsite.services.sealed_papers import SealedPaper, draw_offline, seal_offline
from examsite.storage.printing.key_sheets import PrintedSheet, print_key_sheets
from question_bank.loader import CONTENT, UnreadableBankError, load_bank

#: Folder below the output that holds the sheets; it never leaves the room.
SHEETS = "to-khoa"

#: What somebody at this machine can put right, said in both languages: there is no page here that would.
_REFUSALS = {
    "paper_plan_not_valid": (
        "tệp kế hoạch đề không đọc được, hãy tải lại từ trang ban đề thi",
        "the plan cannot be read: download it again from the setter's page",
    ),
    "blueprint_bank_too_small": (
        "thư mục câu hỏi có {found} câu về {topic}, ma trận cần ít nhất {needed}",
        "too few questions of this topic in the folder",
    ),
}


@click.group()
def papers() -> None:
    """Đề thi trên máy riêng của ban đề thi (papers on the setters' own machine)."""


@papers.command("make")
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="Tệp kế hoạch tải từ trang ban đề thi.",
)
@click.option(
    "--bank",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=CONTENT,
    help="Thư mục câu hỏi; bỏ trống là ngân hàng mở.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Thư mục trống để ghi.")
@click.option("--holder", "holders", multiple=True, help="Bí danh người giữ tờ khóa, nêu nhiều lần.")
@click.option("--needed", type=int, default=None, help="Số người cùng mở; bỏ trống là theo bộ quy tắc.")
@click.option("--read", is_flag=True, help="Đọc từng phiên bản trên màn hình trước khi niêm phong; không ghi ra đĩa.")
def make(plan_file: Path, bank: Path, out: Path, holders: Sequence[str], needed: int | None, *, read: bool) -> None:
    """Lập, niêm phong các phiên bản đề và in tờ khóa (draw and seal the versions, print the sheets)."""
    if out.exists() and any(out.iterdir()):
        raise click.ClickException(f"{out}: thư mục phải trống (the folder must be empty)")
    try:
        plan = read_plan(plan_file.read_bytes())
        chosen = list(holders) or [person.pseudonym for person in plan.people[: plan.holders]]
        if len(chosen) < plan.holders:
            raise click.ClickException(
                f"cần ít nhất {plan.holders} người giữ, thêm --holder (needs {plan.holders} holders): {_people(plan)}"
            )
        needed = plan.needed if needed is None else needed
        if needed < plan.needed:
            raise click.ClickException(f"bộ quy tắc cần {plan.needed} người cùng mở (the rule set wants {plan.needed})")
        # Before anybody reads a version: a slip here must not cost the reading.
        _check_holders(plan, chosen, needed)
        questions = load_bank(bank)
        drawn = draw_offline(plan, questions)
        while read and not _is_agreed(drawn):
            drawn = draw_offline(plan, questions)
        manifest, made = seal_offline(plan, drawn, holders=chosen, needed=needed)
    except DomainError as refusal:
        click.echo(f"✗ {_words(refusal)}", err=True)
        sys.exit(1)
    except UnreadableBankError as error:
        click.echo(f"✗ {error}", err=True)
        sys.exit(1)
    _write(out, plan, manifest_bytes(manifest), made)
    click.echo(f"✓ {out}: {len(made)} phiên bản, {len(chosen)} người giữ, cần {needed} người cùng mở")
    click.echo(
        f"  Nộp lên máy chủ (upload): manifest.json và {', '.join(f'{item.entry.version}.age' for item in made)}"
    )
    click.echo(f"  In {out / SHEETS}, giao tận tay, rồi xóa thư mục đó (print these, hand them over, delete them).")
    click.echo("  Xóa cả thư mục câu hỏi mật khỏi máy này khi xong (delete the confidential questions when done).")


def _check_holders(plan: PaperPlan, chosen: Sequence[str], needed: int) -> None:
    known = {person.pseudonym for person in plan.people}
    for name in chosen:
        if name not in known:
            raise click.ClickException(f"{name} không có trong kế hoạch đề (not in the plan): {_people(plan)}")
        if chosen.count(name) > 1:
            raise click.ClickException(f"{name} được nêu hai lần, mỗi người một tờ (named twice)")
    if needed > len(chosen):
        raise click.ClickException(
            f"cần {needed} người cùng mở mà chỉ có {len(chosen)} người giữ (more to open than holders)"
        )


def _people(plan: PaperPlan) -> str:
    return ", ".join(f"{person.pseudonym} {person.name}" for person in plan.people)


def _words(refusal: DomainError) -> str:
    if refusal.code not in _REFUSALS:
        return str(refusal)
    vietnamese, english = _REFUSALS[refusal.code]
    return f"{vietnamese.format(**refusal.params)} ({english})"


def _is_agreed(papers: Sequence[Paper]) -> bool:
    """Whether the setters, having read every version, want these; otherwise all are drawn again."""
    for paper in papers:
        click.echo(f"\n=== {paper.code} ===")
        for item in paper.items:
            question = item.question
            click.echo(f"\n{item.item} ({item.points} điểm, {question.id}). {question.stem.vi}")
            for option in question.options:
                click.echo(f"   {option.key}. {option.text.vi}")
            if question.answer_key is not None:
                click.echo(f"   → {_key_text(question.answer_key)}")
            for criterion in question.criteria:
                click.echo(f"   [{criterion.key}] {criterion.text.vi} ({criterion.maximum} điểm)")
    agreed: bool = click.confirm("\nNiêm phong các phiên bản này? Không thì lập lại (seal these, or draw again)")
    return agreed


def _key_text(key: AnswerKey) -> str:
    if isinstance(key, NumericKey):
        return f"{key.value} ± {key.tolerance} {key.unit.vi}"
    return ", ".join(key or ())


def _write(out: Path, plan: PaperPlan, manifest: bytes, made: Sequence[SealedPaper]) -> None:
    folder = out / SHEETS
    folder.mkdir(mode=0o700, parents=True)
    (out / "manifest.json").write_bytes(manifest)
    for item in made:
        (out / f"{item.entry.version}.age").write_bytes(item.age)
    people = {person.pseudonym: person for person in plan.people}
    for place, name in enumerate(made[0].entry.holders):
        sheets = [
            PrintedSheet(
                purpose=f"mở đề {item.entry.version}",
                competition=f"{plan.body} · Kỳ thi tuyển {plan.competition}",
                holder=f"{people[name].name}, {name}",
                number=place + 1,
                holders=len(item.sheets),
                needed=item.entry.needed,
                words=item.sheets[place].words,
            )
            for item in made
        ]
        (folder / f"{name}.pdf").write_bytes(print_key_sheets(sheets))
