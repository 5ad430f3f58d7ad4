"""Asking that a published result be corrected; the council answers, nobody corrects alone."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.permissions import Role
from examsite.services import corrections
from examsite.web.access import requires
from examsite.web.errors import message_of, status_of
from examsite.web.forms.corrections import AskCorrectionForm, TakeBackCorrectionForm
from examsite.web.i18n import _
from examsite.web.organiser import bp
from examsite.web.transactions import act, forget_changes, writes


@bp.route("/<code>/result/correction", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def ask_correction(code: str) -> ResponseReturnValue:
    """Name the scripts and the reason; what is published stays until the next version is signed and published."""
    form = AskCorrectionForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            corrections.ask_correction(act(), g.competition, candidates=form.codes(), reason=form.reason.data or "")
        except (ConflictError, InvalidError) as error:
            forget_changes()
            field = form[error.params["field"]] if error.params.get("field") in form else form.candidates
            field.errors = [*field.errors, message_of(error)]
            status = status_of(error)
        else:
            flash(_("Đã gửi hội đồng. Kết quả đang công bố vẫn giữ nguyên."), "success")
            return redirect(url_for("organiser.show_result", code=code))
    return render_template("organiser/ask_correction.html", form=form), status


@bp.post("/<code>/result/correction/end")
@requires(Role.ORGANISER)
@writes
def take_back_correction(code: str) -> ResponseReturnValue:
    """Take back what nobody answered."""
    if TakeBackCorrectionForm().validate_on_submit():
        try:
            corrections.take_back_correction(act(), g.competition)
        except ConflictError as error:
            forget_changes()
            flash(message_of(error), "attention")
        else:
            flash(_("Đã rút đề nghị sửa. Việc rút có trong sổ ghi."), "success")
    return redirect(url_for("organiser.show_result", code=code))
