"""How the objective questions worked, and what two people decide about them: the pages of setters and of the chair.

Scripts stand here under their codes; no person, no mark of a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError, NotFoundError
from examsite.domain.items import LEAST_SCRIPTS_TO_DECIDE, Ruling, key_text, read_keys
from examsite.domain.permissions import Role
from examsite.services import items
from examsite.storage.database import db
from examsite.storage.queries.items import (
    ItemEffect,
    ItemLine,
    PaperItems,
    decision_of,
    get_paper_items,
    list_item_effects,
    list_item_history,
    list_paper_items,
)
from examsite.web.errors import message_of, show_refusal
from examsite.web.forms.items import AnswerProposalForm, ProposeRulingForm
from examsite.web.i18n import _, ngettext
from examsite.web.labels import label
from examsite.web.labels.items import FLAGS, NO_FIGURE
from examsite.web.transactions import act

if TYPE_CHECKING:
    from examsite.statistics.figures import Figure


#: Status of a form that has to be corrected.
_REFUSED = 422


@dataclass(frozen=True)
class OptionBar:
    """One option of a question: how many took it, and whether it goes with the rest of the test."""

    key: str
    right: bool
    chosen: int
    percent: float
    discrimination: str
    attracts_the_good: bool


@dataclass(frozen=True)
class LineView:
    """One question in words."""

    line: ItemLine
    facility: str
    facility_range: str
    facility_at: float | None
    discrimination: str
    discrimination_range: str
    discrimination_at: float | None
    alpha_without: str
    bars: tuple[OptionBar, ...]
    flags: tuple[str, ...]
    is_owed: bool


def serve_items(audience: str) -> ResponseReturnValue:
    """Every opened paper with its questions; `audience` is the blueprint."""
    _check_time()
    papers = list_paper_items(db.session(), g.competition.id)
    owed = sum(len(paper.owed) for paper in papers)
    return render_template(
        "items/list_items.html",
        papers=[(paper, [_view(paper, line) for line in paper.lines], _alpha(paper)) for paper in papers],
        owed=owed,
        all_weak=all(paper.is_weak for paper in papers),
        flagged=sum(line.is_flagged for paper in papers for line in paper.lines),
        least=LEAST_SCRIPTS_TO_DECIDE,
        audience=audience,
        code=g.competition.code,
    )


def serve_item(audience: str, paper_code: str, item: str) -> ResponseReturnValue:
    """One question: its figures, every decision so far, and the form that is due from this person."""
    _check_time()
    paper, line = _find(paper_code, item)
    is_answer = "answer" in request.form or "seen" in request.form if request.method == "POST" else bool(line.waiting)
    form = AnswerProposalForm() if is_answer else ProposeRulingForm()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                said = _do(form, paper, line)
            except DomainError as error:
                status = show_refusal(form, error, beside="keys" if error.code.startswith("further_key") else "")
                if status != _REFUSED:
                    # Somebody else was here first: the page as it stands now, with the words above it.
                    flash(message_of(error), "attention")
                    return redirect(url_for(f"{audience}.decide_item", **request.view_args or {}))
                paper, line = _find(paper_code, item)
            else:
                flash(said, "success")
                return redirect(url_for(f"{audience}.list_items", code=g.competition.code))
    return _item_page(audience, paper, line, form), status


def _item_page(audience: str, paper: PaperItems, line: ItemLine, form: Any) -> str:
    session, competition = db.session(), g.competition
    effects = [] if line.waiting is None else list_item_effects(session, competition, line.waiting)
    history = list_item_history(session, paper.paper.id, line.item.item)
    if isinstance(form, AnswerProposalForm) and line.waiting is not None:
        form.seen.data = str(line.waiting.id)
    is_open = competition.state is CompetitionState.MARKING
    is_answer = isinstance(form, AnswerProposalForm)
    waits_for_me = line.waiting is not None and line.waiting.proposed_by_id != g.actor.assignment_id
    may_propose = line.waiting is None and g.actor.role is Role.SETTER
    return render_template(
        "items/show_item.html",
        paper=paper,
        view=_view(paper, line),
        item=line.item,
        history=[(row, _words_of(row.decision)) for row in history if row.decision.decided_at is not None],
        waiting=next((row for row in history if row.decision.decided_at is None), None),
        waiting_words="" if line.waiting is None else _words_of(line.waiting),
        effects=effects,
        summary=_summary(effects),
        form=form if is_open and (waits_for_me if is_answer else may_propose) else None,
        is_answer=is_answer,
        is_open=is_open,
        audience=audience,
        code=competition.code,
    )


def _do(form: Any, paper: PaperItems, line: ItemLine) -> str:
    """Propose, agree or refuse; what to say afterwards."""
    if isinstance(form, ProposeRulingForm):
        items.propose_ruling(
            act(),
            g.competition,
            paper.paper.code,
            line.item.item,
            ruling=Ruling(form.ruling.data),
            reason=form.reason.data or "",
            keys=read_keys(line.item, form.keys.data or ""),
        )
        return _("Đã gửi đề nghị về câu %(number)s. Người thứ hai trả lời; chưa có gì thay đổi.", number=line.number)
    waiting_id = form.seen_id()
    if form.answer.data != "agree":
        items.refuse_ruling(act(), g.competition, waiting_id)
        return _("Đã từ chối. Câu %(number)s giữ nguyên.", number=line.number)
    touched = items.agree_ruling(act(), g.competition, waiting_id)
    return ngettext(
        "Đã quyết định và vào sổ ghi; %(num)d bài đổi điểm trắc nghiệm.",
        "Đã quyết định và vào sổ ghi; %(num)d bài đổi điểm trắc nghiệm.",
        len(touched),
    )


def _check_time() -> None:
    """The questions and the answers are nobody's to read before the codes are sealed.

    Raises:
        NotFoundError: `items_not_open`.
    """
    if not g.competition.state.has_reached(CompetitionState.MARKING):
        raise NotFoundError("items_not_open")


def _find(paper_code: str, item: str) -> tuple[PaperItems, ItemLine]:
    paper = get_paper_items(db.session(), g.competition.id, paper_code)
    for line in paper.lines:
        if line.item.item == item:
            return paper, line
    raise NotFoundError("item_not_found", item=item)


def _view(paper: PaperItems, line: ItemLine) -> LineView:
    figures = line.figures
    return LineView(
        line=line,
        facility=_number(figures.facility),
        facility_range=_range(figures.facility),
        facility_at=figures.facility.value,
        discrimination=_number(figures.discrimination),
        discrimination_range=_range(figures.discrimination),
        discrimination_at=figures.discrimination.value,
        alpha_without=_number(figures.alpha_without),
        bars=tuple(
            OptionBar(
                key=option.option,
                right=option.right,
                chosen=option.chosen,
                percent=100 * (option.share.value or 0.0),
                discrimination="–" if option.discrimination.value is None else _number(option.discrimination),
                attracts_the_good=not option.right and (option.discrimination.value or 0.0) > 0.1 and not paper.is_weak,
            )
            for option in figures.options
        ),
        flags=tuple(str(FLAGS[flag.value]) for flag in sorted(figures.flags)),
        is_owed=line in paper.owed,
    )


def _alpha(paper: PaperItems) -> str:
    alpha = paper.figures.alpha
    words = _number(alpha)
    return f"{words} ({_range(alpha)})" if alpha.low is not None else words


def _number(figure: Figure) -> str:
    if figure.value is None:
        return str(NO_FIGURE.get(str(figure.reason), NO_FIGURE["graded"]))
    return _decimal(figure.value)


def _range(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    return _("%(low)s đến %(high)s", low=_decimal(figure.low), high=_decimal(figure.high))


def _decimal(value: float) -> str:
    # A minus of its own width, and no minus before a zero.
    return str(format_decimal(round(value, 2) + 0.0, format="0.00")).replace("-", "−")


def _words_of(decision: Any) -> str:
    rule = decision_of(decision)
    if rule.ruling is not Ruling.FURTHER_KEYS:
        return label(rule.ruling)
    return f"{label(rule.ruling)}: {'; '.join(key_text(key) for key in rule.keys)}"


def _summary(effects: list[ItemEffect]) -> dict[str, int]:
    return {
        "up": sum(row.after > row.before for row in effects),
        "down": sum(row.after < row.before for row in effects),
        "pass": sum(row.crosses > 0 for row in effects),
        "fail": sum(row.crosses < 0 for row in effects),
        "head": sum(row.head_again for row in effects),
    }
