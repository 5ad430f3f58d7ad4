"""The head of marking asks that a locked mark be withdrawn; the council has the second word."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice

from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.services import withdrawals
from examsite.storage.database import db
from examsite.storage.queries.marking import ScriptStanding
from examsite.storage.queries.withdrawals import list_withdrawals_of_script
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.formatting import format_points
from examsite.web.forms.marking import RequestWithdrawalForm
from examsite.web.i18n import _
from examsite.web.marker import bp
from examsite.web.marker.head_gaps import get_gap
from examsite.web.transactions import act, writes


@bp.route("/<code>/head/scripts/<script>/withdraw", methods=["GET", "POST"])
@requires(Role.MARKING_HEAD)
@writes
def request_withdrawal(code: str, script: str) -> ResponseReturnValue:
    """Say which mark and why; nothing changes before the council has agreed."""
    row = get_gap(script)
    form = _form(row)
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                withdrawals.request_withdrawal(
                    act(), g.competition, script, marker=form.marker.data, reason=form.reason.data or ""
                )
            except DomainError as error:
                status = show_refusal(form, error)
                row = get_gap(script)
            else:
                flash(_("Đã gửi đề nghị rút điểm bài %(code)s. Hội đồng xác nhận.", code=script), "success")
                return redirect(url_for("marker.show_gap", code=code, script=script))
    history = list_withdrawals_of_script(db.session(), row.script.id)
    page = render_template("marker/request_withdrawal.html", row=row, form=form, history=history, code=code)
    return page, status


def _form(row: ScriptStanding) -> RequestWithdrawalForm:
    form = RequestWithdrawalForm()
    form.marker.choices = [
        SelectChoice(
            str(mark.assignment.pseudonym),
            _(
                "%(marker)s · %(points)s điểm phần tự luận",
                marker=mark.assignment.pseudonym,
                points=format_points(mark.total),
            ),
        )
        for mark in (*row.marks, row.third)
        if mark is not None and mark.assignment is not None
    ]
    return form
