"""The council's second word on withdrawing a locked mark: reads the head's reason, agrees or refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.services import withdrawals
from examsite.services.marking_heads import standing_of_second
from examsite.storage.database import db
from examsite.storage.queries.withdrawals import (
    get_open_withdrawal,
    list_open_withdrawals,
    list_withdrawals_beside,
)
from examsite.web.access import fresh_factor, requires
from examsite.web.council import bp
from examsite.web.council.desk import Card, desk_card
from examsite.web.errors import show_refusal
from examsite.web.forms.marking import AnswerWithdrawalForm
from examsite.web.i18n import _, ngettext
from examsite.web.transactions import act, writes

if TYPE_CHECKING:
    from examsite.storage.models.marking import MarkWithdrawal


@desk_card
def waiting_withdrawal(competition: Any) -> Card | None:
    """The oldest wish to withdraw a locked mark; the chair answers it, or a member where the chair is kept away."""
    if competition.state is not CompetitionState.MARKING:
        return None
    waiting = list_open_withdrawals(db.session(), competition.id)
    if not waiting or _barred(competition):
        return None
    first = waiting[0]
    together = list_withdrawals_beside(db.session(), competition.id, first)
    script, marker = first.mark.script, first.mark.assignment
    named = "" if marker is None else marker.pseudonym
    if len(together) > 1:
        text = _(
            "%(count)s bài của người chấm %(marker)s. Trưởng ban chấm đề nghị và ghi lý do; cần người thứ hai.",
            count=len(together),
            marker=named,
        )
    else:
        text = _(
            "Bài %(script)s, người chấm %(marker)s. Trưởng ban chấm đề nghị và ghi lý do; cần người thứ hai.",
            script="" if script is None else script.code,
            marker=named,
        )
    return Card(
        title=_("Chờ xác nhận rút điểm đã khóa"),
        text=text,
        action=_("Đọc lý do"),
        url=url_for("council.answer_withdrawal", code=competition.code, withdrawal=first.id),
        urgent=True,
    )


@bp.route("/<code>/withdrawals/<int(max=2147483647):withdrawal>", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@fresh_factor
@writes
def answer_withdrawal(code: str, withdrawal: int) -> ResponseReturnValue:
    """Read the reason and answer; nothing is preselected and no points stand on the page.

    What was asked for together is answered together, with every script named; `?alone=1` answers this one alone.
    """
    wish = get_open_withdrawal(db.session(), g.competition.id, withdrawal)
    barred = _barred(g.competition)
    if barred:
        raise NotAllowedError(barred)
    together = _asked_together(wish)
    form = AnswerWithdrawalForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        is_agreed = form.answer.data == "agree"
        try:
            if form.named() != [item.id for item in together]:
                raise ConflictError("withdrawals_changed")
            withdrawals.answer_withdrawals(act(), g.competition, form.named(), is_agreed=is_agreed)
        except ConflictError as error:
            status = show_refusal(form, error)
            wish = get_open_withdrawal(db.session(), g.competition.id, withdrawal)
            together = _asked_together(wish)
        else:
            count = len(together)
            if is_agreed:
                said = ngettext("Đã rút điểm.", "Đã rút %(num)s điểm.", count)
                again = _("Người chấm chấm lại; lần rút này có trong sổ ghi.")
                flash(f"{said} {again}", "success")
            else:
                flash(_("Đã từ chối. Điểm giữ nguyên như đã khóa."), "success")
            return redirect(url_for("council.show_desk", code=code))
    form.wishes.data = form.wishes.raw_data = " ".join(str(item.id) for item in together)
    return render_template("council/answer_withdrawal.html", form=form, wish=wish, together=together), status


def _barred(competition: Any) -> str:
    return standing_of_second(db.session(), competition, account_id=g.actor.account_id, role=g.actor.role)


def _asked_together(wish: MarkWithdrawal) -> list[MarkWithdrawal]:
    return [wish] if request.args.get("alone") else list_withdrawals_beside(db.session(), g.competition.id, wish)
