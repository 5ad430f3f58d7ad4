"""Whoever acted, or the chair, answers the supervision board's questions."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.services.explanations import ANSWERING, give_explanation
from examsite.storage.database import db
from examsite.storage.queries.explanations import get_explanation, list_explanations_of
from examsite.storage.queries.records import get_log, get_record
from examsite.web.access import requires
from examsite.web.errors import show_on_field
from examsite.web.explanations import bp
from examsite.web.forms.explanations import GiveExplanationForm
from examsite.web.gates import record_entry
from examsite.web.i18n import _
from examsite.web.transactions import act, writes


@bp.get("/<code>/")
@requires(*ANSWERING)
def list_questions(code: str) -> ResponseReturnValue:
    """The questions asked of this person, open ones first."""
    rows = list_explanations_of(db.session(), g.competition.id, g.actor.account_id, g.actor.role)
    return render_template("explanations/list_questions.html", rows=rows, code=code)


@bp.route("/<code>/<int(max=2147483647):number>", methods=["GET", "POST"])
@requires(*ANSWERING)
@writes
def answer(code: str, number: int) -> ResponseReturnValue:
    """Read the question beside its record and answer it; an answer is kept as it is."""
    session = db.session()
    asked = get_explanation(session, g.competition.id, number)
    form = GiveExplanationForm()
    if form.validate_on_submit():
        try:
            give_explanation(act(), g.competition, number, answer=form.reason.data or "")
        except DomainError as error:
            show_on_field(form, error)
        else:
            flash(_("Đã ghi giải trình vào sổ. Ban giám sát và hội đồng đọc được."), "success")
            return redirect(url_for("explanations.list_questions", code=code))
    own = [row.number for row in list_explanations_of(session, g.competition.id, g.actor.account_id, g.actor.role)]
    if number not in own:
        # The words of a question are for whoever is asked.
        return redirect(url_for("explanations.list_questions", code=code))
    about = record_entry(get_record(session, get_log(session, code).id, asked.about_seq))
    page = render_template("explanations/answer.html", form=form, asked=asked, entry=about)
    return page, 422 if form.is_submitted() else 200
