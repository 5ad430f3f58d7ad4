"""Requests of the rooms: what takes two people is asked in the room; a second one decides here or in the room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.attempts import deadline_of
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.permissions import Role
from examsite.domain.rooms import REQUEST_DECIDERS, ROOM_REQUEST, RequestEvent, RequestKind
from examsite.domain.timelines import shows_letters
from examsite.services.room_requests import decide_room_request
from examsite.storage.database import db
from examsite.storage.queries.boards import list_competition_requests, list_kept_beside, names_of
from examsite.web.access import fresh_factor, requires
from examsite.web.council import bp
from examsite.web.council.desk import Card, desk_card
from examsite.web.errors import show_refusal
from examsite.web.formatting import format_time_seconds
from examsite.web.forms.sittings import DecideRequestForm
from examsite.web.i18n import _, ngettext
from examsite.web.transactions import act, writes

#: Value of the button that agrees; everything else refuses.
_APPROVE = "approve"


@dataclass(frozen=True)
class Row:
    """One request with its words."""

    request: Any
    #: Exactly what happens when the second person agrees.
    what: str
    is_open: bool
    #: Whether the reader may be the second person.
    may_decide: bool
    asked_by: str
    decided_by: str


@desk_card
def waiting_requests(competition: Any) -> Card | None:
    """Requests that wait for a second person; in a running test minutes count."""
    waiting = [row for row in _rows(competition.id) if row.is_open]
    if not waiting:
        return None
    return Card(
        title=ngettext("%(num)d đề nghị của phòng thi chờ", "%(num)d đề nghị của phòng thi chờ", len(waiting)),
        text=_("Bù giờ cả phòng, nhận bài đến muộn: một người đề nghị, người khác quyết định."),
        action=_("Xem đề nghị"),
        url=url_for("council.list_room_requests", code=competition.code),
        urgent=True,
    )


@bp.get("/<code>/room-requests")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def list_room_requests(code: str) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition
    """Every request of all rooms: those that wait first."""
    return render_template("council/list_room_requests.html", rows=_rows(g.competition.id))


@bp.route("/<code>/room-requests/<int(max=2147483647):request_id>", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@fresh_factor
@writes
def decide_request(code: str, request_id: int) -> ResponseReturnValue:
    """Read what would happen and agree or refuse; nothing is preselected."""
    row = next((item for item in _rows(g.competition.id) if item.request.id == request_id), None)
    back = redirect(url_for("council.list_room_requests", code=code))
    if row is None or not row.is_open:
        flash(_("Đề nghị này không còn chờ quyết định."), "attention")
        return back
    form = DecideRequestForm()
    status = 200
    if form.validate_on_submit():
        approve = request.form.get("decision") == _APPROVE
        try:
            decide_room_request(act(), g.competition, request_id, approve=approve, reason=form.reason.data or "")
        except DomainError as error:
            status = show_refusal(form, error, beside="reason" if isinstance(error, InvalidError) else "")
            row = next(item for item in _rows(g.competition.id) if item.request.id == request_id)
        else:
            flash(_("Đã đồng ý, có hiệu lực ngay.") if approve else _("Đã từ chối; lý do đã vào sổ."), "success")
            return back
    elif form.is_submitted():
        status = 422
    shows_lengths = shows_letters(g.competition.state)
    beside = (
        list_kept_beside(db.session(), row.request.attempt_id, shows_lengths=shows_lengths)
        if row.request.attempt_id is not None
        else []
    )
    page = render_template(
        "council/decide_request.html", form=form, row=row, beside=beside, shows_lengths=shows_lengths
    )
    return page, status


def _rows(competition_id: int) -> list[Row]:
    found = list_competition_requests(db.session(), competition_id)
    names = names_of(db.session(), [key for item in found for key in (item.asked_by_id, item.decided_by_id)])
    return [
        Row(
            request=item,
            what=_what(item),
            is_open=ROOM_REQUEST.is_open(item.state, RequestEvent.APPROVED),
            may_decide=g.actor.role in REQUEST_DECIDERS[item.kind] and item.asked_by_id != g.actor.account_id,
            asked_by=names.get(item.asked_by_id, ""),
            decided_by=names.get(item.decided_by_id or 0, ""),
        )
        for item in found
    ]


def _what(item: Any) -> str:
    if item.kind is RequestKind.EXTEND_ROOM:
        seconds = int(item.data["seconds"])
        started_at = item.sitting.started_at or item.sitting.starts_at
        end = deadline_of(started_at, item.sitting.duration_minutes)
        return _(
            "Mọi bài đang làm ở %(room)s lùi giờ kết thúc %(minutes)s phút; ai chưa được bù thì kết thúc lúc %(time)s.",
            room=item.sitting.room,
            minutes=seconds // 60,
            time=format_time_seconds(end + timedelta(seconds=seconds)),
        )
    if item.kind is RequestKind.ACCEPT_LATE_ANSWERS and item.attempt is not None:
        return _(
            "Phần đến muộn của số báo danh %(number)s được tính là bài làm, chấm lại phần trắc nghiệm và ghi sổ lại.",
            number=item.attempt.candidacy.candidate_number,
        )
    return _("Ca thi %(sitting)s được mở dù chưa có giấy thử máy còn hạn.", sitting=item.sitting.code)
