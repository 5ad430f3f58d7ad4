"""The chair's second word on withdrawing a locked mark: reads the head's reason, agrees or refuses."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.permissions import Role
from examsite.services import withdrawals
from examsite.storage.database import db
from examsite.storage.queries.withdrawals import get_open_withdrawal, list_open_withdrawals
from examsite.web.access import requires
from examsite.web.council import bp
from examsite.web.council.desk import Card, desk_card
from examsite.web.forms.marking import AnswerWithdrawalForm
from examsite.web.i18n import _
from examsite.web.transactions import act, writes


@desk_card
def waiting_withdrawal(competition: Any) -> Card | None:
    """The oldest wish to withdraw a locked mark; only the chair answers it."""
    if g.actor.role is not Role.CHAIR or competition.state is not CompetitionState.MARKING:
        return None
    waiting = list_open_withdrawals(db.session(), competition.id)
    if not waiting:
        return None
    first = waiting[0]
    script, marker = first.mark.script, first.mark.assignment
    return Card(
        title=_("Chờ xác nhận rút điểm đã khóa"),
        text=_(
            "Bài %(script)s, người chấm %(marker)s. Trưởng ban chấm đề nghị và ghi lý do; cần người thứ hai.",
            script="" if script is None else script.code,
            marker="" if marker is None else marker.pseudonym,
        ),
        action=_("Đọc lý do"),
        url=url_for("council.answer_withdrawal", code=competition.code, withdrawal=first.id),
        urgent=True,
    )


@bp.route("/<code>/withdrawals/<int(max=2147483647):withdrawal>", methods=["GET", "POST"])
@requires(Role.CHAIR)
@writes
def answer_withdrawal(code: str, withdrawal: int) -> ResponseReturnValue:
    """Read the reason and answer; nothing is preselected and no points stand on the page."""
    wish = get_open_withdrawal(db.session(), g.competition.id, withdrawal)
    form = AnswerWithdrawalForm()
    if form.validate_on_submit():
        if form.answer.data == "agree":
            withdrawals.withdraw_mark(act(), g.competition, withdrawal)
            flash(_("Đã rút điểm. Người chấm chấm lại; lần rút này có trong sổ ghi."), "success")
        else:
            withdrawals.refuse_withdrawal(act(), g.competition, withdrawal)
            flash(_("Đã từ chối. Điểm giữ nguyên như đã khóa."), "success")
        return redirect(url_for("council.show_desk", code=code))
    page = render_template("council/answer_withdrawal.html", form=form, wish=wish)
    return page, 422 if form.is_submitted() else 200
