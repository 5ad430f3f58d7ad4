"""Asking that a published result be corrected, and the defence of those who pass only then; nobody corrects alone."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import GateEvent
from examsite.domain.corrections import LEAST_PROPOSAL_TIME
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.permissions import Role
from examsite.services import corrections, proposals
from examsite.storage.database import db
from examsite.storage.queries.corrections import (
    find_standing_correction,
    find_supplementary_defence,
    list_missing_in_correction,
    list_newly_passed,
)
from examsite.web.access import requires
from examsite.web.errors import message_of, show_refusal
from examsite.web.formatting import local
from examsite.web.forms.competitions import OpenGateForm
from examsite.web.forms.corrections import AskCorrectionForm, CallDefenceForm, TakeBackCorrectionForm
from examsite.web.i18n import _
from examsite.web.labels.competitions import STATEMENTS
from examsite.web.organiser import bp
from examsite.web.transactions import act, forget_changes, read_web_clock, writes


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
            status = show_refusal(form, error, beside="candidates")
        else:
            flash(_("Đã gửi hội đồng. Kết quả đang công bố vẫn giữ nguyên."), "success")
            return redirect(url_for("organiser.show_result", code=code))
    return render_template("organiser/ask_correction.html", form=form), status


@bp.route("/<code>/result/correction/defence", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def call_defence(code: str) -> ResponseReturnValue:
    """Call those who pass the written part only now: until when they hand in a proposal and when they are heard."""
    form = CallDefenceForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            corrections.call_defence(
                act(),
                g.competition,
                proposals_close_at=form.proposals_close_at.instant(),
                defence_at=form.defence_at.instant(),
            )
        except (ConflictError, InvalidError) as error:
            status = show_refusal(form, error)
        else:
            flash(
                _("Đã gọi bảo vệ bổ sung và ghi vào sổ ghi. Người được gọi thấy ngay trên trang của mình."), "success"
            )
            return redirect(url_for("organiser.list_proposals", code=code))
    session = db.session()
    correction = find_standing_correction(session, g.competition)
    waiting = {item.code for item in list_missing_in_correction(session, g.competition)}
    if correction is None or not {"defence_not_called", "proposals_not_locked"} & waiting:
        flash(_("Bước này đã qua hoặc chưa tới."), "attention")
        return redirect(url_for("organiser.show_result", code=code))
    called = correction.defence
    if called is not None and not form.is_submitted():
        form.proposals_close_at.data, form.defence_at.data = (
            local(at).replace(tzinfo=None) for at in (called.proposals_close_at, called.defence_at)
        )
    return render_template(
        "organiser/call_defence.html",
        form=form,
        candidates=sorted(list_newly_passed(session, g.competition)),
        correction=correction,
        is_again=called is not None,
        least_days=LEAST_PROPOSAL_TIME.days,
    ), status


@bp.route("/<code>/result/correction/proposals", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def lock_called_proposals(code: str) -> ResponseReturnValue:
    """Say what will happen, then lock the proposals of those who are called to a supplementary defence."""
    form = OpenGateForm()
    if form.validate_on_submit():
        try:
            proposals.lock_called_proposals(act(), g.competition)
        except ConflictError as error:
            forget_changes()
            flash(message_of(error), "attention")
        else:
            flash(_("Đã khóa nộp đề án. Chủ tịch hội đồng bốc thăm thứ tự bảo vệ."), "success")
        return redirect(url_for("organiser.list_proposals", code=code))
    called = find_supplementary_defence(db.session(), g.competition)
    if called is None or called.locked_seq is not None or read_web_clock() < called.proposals_close_at:
        flash(_("Bước này đã qua hoặc chưa tới."), "attention")
        return redirect(url_for("organiser.list_proposals", code=code))
    statement = STATEMENTS[GateEvent.PROPOSALS_LOCKED]
    return render_template("organiser/lock_called_proposals.html", form=form, called=called, statement=statement)


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
