"""A marker's own bank of comments, and questions to the head about a script."""

from __future__ import annotations

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.services import saved_comments, script_flags
from examsite.storage.database import db
from examsite.storage.queries.marking_notes import list_own_flags, list_saved_comments
from examsite.storage.queries.queues import get_blind_script
from examsite.web.access import requires
from examsite.web.errors import show_refusal, wants_json
from examsite.web.forms.marking import ActForm
from examsite.web.forms.marking_notes import FlagScriptForm, SaveCommentForm
from examsite.web.i18n import _
from examsite.web.marker import bp
from examsite.web.marker.practice import keep_from_queue
from examsite.web.transactions import act, beside_others, writes


@bp.route("/<code>/comments", methods=["GET", "POST"])
@requires(Role.MARKER)
@writes
@beside_others
def save_comment(code: str) -> ResponseReturnValue:
    """The bank, the most used first; a POST keeps one more sentence."""
    form = SaveCommentForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                comment = saved_comments.save_comment(act(), g.competition, form.text.data or "")
            except DomainError as error:
                status = show_refusal(form, error, beside="text")
            else:
                if wants_json():
                    return jsonify(id=comment.id, text=comment.text)
                flash(_("Đã giữ câu này."), "success")
                return redirect(url_for("marker.save_comment", code=code))
        if wants_json():
            return jsonify(error="fields", message=" ".join(map(str, form.text.errors))), status
    comments = list_saved_comments(db.session(), g.actor.assignment_id)
    return render_template("marker/save_comment.html", form=form, comments=comments, code=code), status


@bp.post("/<code>/comments/<int(max=2147483647):comment>/use")
@requires(Role.MARKER)
@writes
@beside_others
def use_comment(code: str, comment: int) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """Count one use, so that what is used most stands first."""
    if not ActForm().validate():
        return jsonify(error="fields"), 422
    kept = saved_comments.use_comment(act(), g.competition, comment)
    return jsonify(id=kept.id, uses=kept.uses)


@bp.post("/<code>/comments/<int(max=2147483647):comment>/delete")
@requires(Role.MARKER)
@writes
@beside_others
def delete_comment(code: str, comment: int) -> ResponseReturnValue:
    """Take a sentence out of the bank."""
    if not ActForm().validate():
        return jsonify(error="fields"), 422
    saved_comments.delete_comment(act(), g.competition, comment)
    if wants_json():
        return jsonify(deleted=comment)
    flash(_("Đã bỏ câu này khỏi kho. Nhận xét đã ghi trong phiếu vẫn còn."), "success")
    return redirect(url_for("marker.save_comment", code=code))


@bp.route("/<code>/scripts/<script>/flag", methods=["GET", "POST"])
@requires(Role.MARKER)
@writes
def flag_script(code: str, script: str) -> ResponseReturnValue:
    """Ask the head; the own questions about this script and their answers stand below."""
    blind = get_blind_script(db.session(), g.competition.id, g.actor.assignment_id, script)
    kept = keep_from_queue(blind)
    if kept is not None:
        return kept
    form = FlagScriptForm()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                script_flags.flag_script(act(), g.competition, script, text=form.text.data or "")
            except DomainError as error:
                status = show_refusal(form, error)
            else:
                flash(_("Đã gửi trưởng ban. Câu trả lời hiện ở trang chấm bài này."), "success")
                return redirect(url_for("marker.mark_script", code=code, script=script))
    return render_template(
        "marker/flag_script.html",
        script=blind,
        form=form,
        flags=list_own_flags(db.session(), g.competition.id, g.actor.assignment_id, script),
        is_open=g.competition.state is CompetitionState.MARKING,
        code=code,
    ), status
