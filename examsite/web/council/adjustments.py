"""Adjustments for candidates who need them: what was asked for, decided by the council with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.adjustments import adjustments_from_data
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.permissions import Role
from examsite.domain.rooms import ROOM_REQUEST, RequestEvent
from examsite.services import adjustments
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.adjustments import list_adjustment_requests
from examsite.storage.queries.boards import names_of
from examsite.web.access import requires
from examsite.web.adjustments import adjustment_lines
from examsite.web.council import bp
from examsite.web.council.desk import Card, desk_card
from examsite.web.errors import show_refusal
from examsite.web.forms.adjustments import DecideAdjustmentsForm
from examsite.web.i18n import _, ngettext
from examsite.web.transactions import act, writes

#: Value of the button that agrees; everything else refuses.
_APPROVE = "approve"


@dataclass(frozen=True)
class Row:
    """One request with its words; the candidate is a number here, the decision is about the need."""

    request: Any
    number: str
    lines: list[str]
    #: What is approved so far.
    approved: list[str]
    is_open: bool
    #: Whether the reader may be the one who decides.
    may_decide: bool
    asked_by: str
    decided_by: str


@desk_card
def waiting_adjustments(competition: Any) -> Card | None:
    """Requests that wait for the council; after the start of the sitting they cannot be granted any more."""
    waiting = [row for row in _rows(competition) if row.is_open]
    if not waiting:
        return None
    return Card(
        title=ngettext("%(num)d đề nghị điều chỉnh chờ", "%(num)d đề nghị điều chỉnh chờ", len(waiting)),
        text=_("Thêm giờ, cỡ chữ cho thí sinh cần hỗ trợ: quyết định trước khi ca thi bắt đầu."),
        action=_("Xem đề nghị"),
        url=url_for("council.list_adjustments", code=competition.code),
    )


@bp.get("/<code>/adjustments")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def list_adjustments(code: str) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition
    """Every request of the competition: those that wait first."""
    return render_template("council/list_adjustments.html", rows=_rows(g.competition))


@bp.route("/<code>/adjustments/<int(max=2147483647):request_id>", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@writes
def decide_adjustments(code: str, request_id: int) -> ResponseReturnValue:
    """Read what is asked and why, approve or refuse it with a reason; nothing is preselected."""
    row = _row(request_id)
    back = redirect(url_for("council.list_adjustments", code=code))
    if row is None or not row.is_open:
        flash(_("Đề nghị này không còn chờ quyết định."), "attention")
        return back
    form = DecideAdjustmentsForm()
    status = 200
    if form.validate_on_submit():
        approve = request.form.get("decision") == _APPROVE
        try:
            adjustments.decide_adjustments(
                act(), g.competition, request_id, approve=approve, reason=form.reason.data or ""
            )
        except DomainError as error:
            status = show_refusal(form, error, beside="reason" if isinstance(error, InvalidError) else "")
            row = _row(request_id)
        else:
            flash(
                _("Đã duyệt; phòng thi tự áp dụng.") if approve else _("Đã từ chối; lý do đã vào sổ."),
                "success",
            )
            return back
    elif form.is_submitted():
        status = 422
    return render_template("council/decide_adjustments.html", form=form, row=row), status


def _row(request_id: int) -> Row | None:
    return next((item for item in _rows(g.competition) if item.request.id == request_id), None)


def _rows(competition: Any) -> list[Row]:
    found = list_adjustment_requests(db.session(), competition.id)
    names = names_of(db.session(), [key for item in found for key in (item.asked_by_id, item.decided_by_id)])
    minutes = ruleset_of(competition).written_minutes
    return [
        Row(
            request=item,
            number=item.candidacy.candidate_number or item.candidacy.application_code,
            lines=adjustment_lines(adjustments_from_data(item.wanted), minutes=minutes),
            approved=adjustment_lines(adjustments_from_data(item.candidacy.adjustments), minutes=minutes),
            is_open=ROOM_REQUEST.is_open(item.state, RequestEvent.APPROVED),
            may_decide=item.asked_by_id != g.actor.account_id,
            asked_by=names.get(item.asked_by_id, ""),
            decided_by=names.get(item.decided_by_id or 0, ""),
        )
        for item in found
    ]
