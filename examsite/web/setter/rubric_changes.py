"""A setter as second person about a change of the rubric: reads before and after, how many marks, agrees or refuses."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.services import rubric_changes
from examsite.storage.database import db
from examsite.storage.queries.rubric_changes import get_change, list_changes, list_touched_marks, read_current_paper
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.forms.items import AnswerProposalForm
from examsite.web.i18n import _, ngettext
from examsite.web.rubric_words import count_reopened, criterion_name, view_change
from examsite.web.setter import bp
from examsite.web.transactions import act, writes


@bp.get("/<code>/rubric-changes")
@requires(Role.SETTER)
def list_rubric_changes(code: str) -> ResponseReturnValue:
    """Every proposed change: those that wait first."""
    session = db.session()
    return render_template(
        "setter/list_rubric_changes.html",
        changes=[(line, view_change(line.change)) for line in list_changes(session, g.competition.id)],
        code=code,
    )


@bp.route("/<code>/rubric-changes/<int(max=2147483647):change>", methods=["GET", "POST"])
@requires(Role.SETTER)
@writes
def answer_rubric_change(code: str, change: int) -> ResponseReturnValue:
    """Read and answer; no mark and no marker stands on the page, only how many there are."""
    session = db.session()
    line = get_change(session, g.competition.id, change)
    form = AnswerProposalForm()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                said = _answer(form, change)
            except DomainError as error:
                status = show_refusal(form, error)
                line = get_change(db.session(), g.competition.id, change)
            else:
                flash(said, "success")
                return redirect(url_for("setter.list_rubric_changes", code=code))
    session = db.session()
    waiting = line.change.decided_at is None
    touched = list_touched_marks(session, line.change.paper_id, line.change.criterion) if waiting else []
    page = render_template(
        "setter/answer_rubric_change.html",
        line=line,
        view=view_change(line.change),
        name=criterion_name(read_current_paper(session, line.change.paper), line.change.criterion),
        reopened=count_reopened(mark.fate for mark in touched),
        form=form,
        may_answer=waiting and g.competition.state is CompetitionState.MARKING,
        code=code,
    )
    return page, status


def _answer(form: AnswerProposalForm, change_id: int) -> str:
    if form.answer.data != "agree":
        rubric_changes.refuse_change(act(), g.competition, change_id)
        return _("Đã từ chối. Hướng dẫn chấm giữ nguyên.")
    touched = rubric_changes.agree_change(act(), g.competition, change_id)
    count = count_reopened(mark.fate for mark in touched)
    return ngettext(
        "Hướng dẫn chấm đã đổi và vào sổ ghi; %(num)d lượt chấm mở lại.",
        "Hướng dẫn chấm đã đổi và vào sổ ghi; %(num)d lượt chấm mở lại.",
        count,
    )
