"""The supervision board asks about one record."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.services.explanations import ask_explanation
from examsite.storage.database import db
from examsite.storage.queries.records import get_log, get_record
from examsite.web.access import requires
from examsite.web.errors import show_on_field
from examsite.web.explanations import bp
from examsite.web.forms.explanations import AskExplanationForm
from examsite.web.gates import record_entry
from examsite.web.i18n import _
from examsite.web.transactions import act, writes


@bp.route("/<code>/ask/<int(max=2147483647):seq>", methods=["GET", "POST"])
@requires(Role.SUPERVISOR)
@writes
def ask(code: str, seq: int) -> ResponseReturnValue:
    """Write the question; it goes to whoever acted, or to the chair."""
    row = get_record(db.session(), get_log(db.session(), code).id, seq)
    form = AskExplanationForm()
    if form.validate_on_submit():
        try:
            ask_explanation(act(), g.competition, seq, question=form.reason.data or "")
        except DomainError as error:
            show_on_field(form, error)
        else:
            flash(_("Đã ghi đề nghị vào sổ. Người phải trả lời thấy nó ở trang của mình."), "success")
            return redirect(url_for("supervisor.show_record", code=code, seq=seq))
    page = render_template("explanations/ask.html", form=form, entry=record_entry(row), seq=seq)
    return page, 422 if form.is_submitted() else 200
