"""A second person reads a script with its proposed mark and agrees or sends it back; for setters and council alike."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError
from examsite.services import standardisation
from examsite.storage.database import db
from examsite.storage.queries.rubric_changes import read_current_paper
from examsite.storage.queries.standardisation import get_standard_by_code, list_standards
from examsite.web.errors import show_refusal
from examsite.web.forms.standardisation import SecondWordForm
from examsite.web.i18n import _
from examsite.web.transactions import act


def serve_standards() -> ResponseReturnValue:
    """The list of what waits for a second person, and what was agreed."""
    return render_template(
        "standards/list_standards.html",
        rows=list_standards(db.session(), g.competition.id),
        base=f"{request.blueprint}.answer_standard",
        code=g.competition.code,
    )


def serve_second_word(code: str) -> ResponseReturnValue:
    """The very text and points, and the answer to them."""
    row = get_standard_by_code(db.session(), g.competition.id, code)
    form = SecondWordForm()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                if form.answer.data == "agree":
                    standardisation.agree_standard(act(), g.competition, row.id, sha256=form.sha256.data or "")
                    flash(_("Đã thống nhất điểm bài %(code)s. Từ nay bài này không đổi được.", code=code), "success")
                else:
                    standardisation.return_standard(act(), g.competition, row.id, reason=form.reason.data or "")
                    flash(_("Đã gửi lại trưởng ban chấm."), "success")
            except DomainError as error:
                status = show_refusal(form, error)
                row = get_standard_by_code(db.session(), g.competition.id, code)
            else:
                return redirect(url_for(f"{request.blueprint}.list_standards", code=g.competition.code))
    form.sha256.data = form.sha256.raw_data = row.script.content_sha256
    page = render_template(
        "standards/answer_standard.html",
        row=row,
        paper=read_current_paper(db.session(), row.script.paper),
        texts={part["item"]: part["text"] for part in row.script.content},
        form=form,
        is_open=g.competition.state is CompetitionState.MARKING and row.agreed_at is None,
        back=url_for(f"{request.blueprint}.list_standards", code=g.competition.code),
    )
    return page, status
