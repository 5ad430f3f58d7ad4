"""The head of marking reads the questions of the markers and answers them; only the one who asked reads the answer."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.domain.papers import paper_from_data
from examsite.domain.permissions import Role
from examsite.services import script_flags
from examsite.storage.database import db
from examsite.storage.queries.marking_notes import get_flag, list_flags
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.forms.marking_notes import AnswerFlagForm
from examsite.web.i18n import _
from examsite.web.marker import bp
from examsite.web.transactions import act, writes


@bp.get("/<code>/head/flags")
@requires(Role.MARKING_HEAD)
def list_script_flags(code: str) -> ResponseReturnValue:
    """Every question, those that wait first."""
    return render_template("marker/list_script_flags.html", flags=list_flags(db.session(), g.competition.id), code=code)


@bp.route("/<code>/head/flags/<int(max=2147483647):flag>", methods=["GET", "POST"])
@requires(Role.MARKING_HEAD)
@writes
def answer_flag(code: str, flag: int) -> ResponseReturnValue:
    """One question beside the script that it is about; no mark of anybody stands here."""
    asked = get_flag(db.session(), g.competition.id, flag)
    form = AnswerFlagForm()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                script_flags.answer_flag(act(), g.competition, flag, text=form.text.data or "")
            except DomainError as error:
                status = show_refusal(form, error)
                asked = get_flag(db.session(), g.competition.id, flag)
            else:
                flash(_("Đã trả lời. Chỉ người hỏi đọc được."), "success")
                return redirect(url_for("marker.list_script_flags", code=code))
    texts = {part["item"]: part["text"] for part in asked.script.content}
    essays = paper_from_data(asked.script.paper.data).essays
    answers = [(item, texts.get(item.item, "")) for item in essays]
    return render_template("marker/answer_flag.html", flag=asked, form=form, answers=answers, code=code), status
