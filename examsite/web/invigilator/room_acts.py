"""What an invigilator does for the whole room: messages, time by two people, handover, signatures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from examsite.domain.errors import ConflictError
from examsite.domain.permissions import Role
from examsite.domain.rooms import RequestKind
from examsite.services import invigilation, room_messages, room_requests
from examsite.web.access import requires
from examsite.web.errors import message_of
from examsite.web.forms.sittings import SignAttendanceForm, SignResultsForm
from examsite.web.i18n import _
from examsite.web.invigilator import bp
from examsite.web.invigilator.boards import render_board
from examsite.web.invigilator.doing import room_act
from examsite.web.invigilator.rooms import own_sitting
from examsite.web.transactions import act, forget_changes, writes

#: Value of the button of the second person who agrees; everything else refuses.
_APPROVE = "approve"


@room_act("/messages", "room-message")
def message_room(sitting: Any, form: Any) -> str:
    """Say something to everybody who writes."""
    room_messages.send_message(act(), g.competition, sitting, seat=None, text=form.text.data)
    return _("Đã nhắn cả phòng.")


@room_act("/requests", "room-time")
def ask_room_time(sitting: Any, form: Any) -> str:
    """Ask for time for everybody; a second person decides."""
    minutes, reason = form.minutes.data, form.reason.data
    kind = RequestKind.EXTEND_ROOM
    room_requests.ask_room_request(act(), g.competition, sitting, kind=kind, minutes=minutes, reason=reason)
    return _("Đã gửi đề nghị. Chưa đổi gì cho đến khi người thứ hai đồng ý.")


@room_act("/requests/<int(max=2147483647):request_id>", "decide", needs_factor=True)
def decide_request(_sitting: Any, form: Any, request_id: int) -> str:
    """Agree or refuse as the second person of the room."""
    approve = request.form.get("decision") == _APPROVE
    reason = form.reason.data or ""
    room_requests.decide_room_request(act(), g.competition, request_id, approve=approve, reason=reason)
    return _("Đã đồng ý. Trang của thí sinh cập nhật ngay.") if approve else _("Đã từ chối; lý do đã vào sổ.")


@room_act("/requests/<int(max=2147483647):request_id>/withdraw", "withdraw")
def withdraw_request(_sitting: Any, _form: Any, request_id: int) -> str:
    """Take back what one has asked for oneself."""
    room_requests.withdraw_room_request(act(), g.competition, request_id)
    return _("Đã rút lại đề nghị.")


@room_act("/handover", "handover")
def hand_over(sitting: Any, form: Any) -> str:
    """Write the minutes of a handover."""
    to, text = form.handed_to.data, form.text.data
    invigilation.hand_over_room(act(), g.competition, sitting, handed_to=to, text=text)
    return _("Đã ghi biên bản bàn giao.")


@bp.post("/<code>/sittings/<sitting>/attendance")
@requires(Role.INVIGILATOR)
@writes
def sign_attendance(code: str, sitting: str) -> ResponseReturnValue:
    """Sign the attendance list after the close."""
    return _sign(
        code,
        sitting,
        SignAttendanceForm(),
        lambda found: invigilation.sign_attendance(act(), g.competition, found),
        _("Đã ký danh sách dự thi."),
        back="invigilator.show_board",
    )


@bp.post("/<code>/sittings/<sitting>/results")
@requires(Role.INVIGILATOR)
@writes
def sign_results(code: str, sitting: str) -> ResponseReturnValue:
    """Sign the list of results of the objective part after the close."""
    return _sign(
        code,
        sitting,
        SignResultsForm(),
        lambda found: invigilation.sign_objective_results(act(), g.competition, found),
        _("Đã ký danh sách kết quả trắc nghiệm."),
        back="invigilator.show_results",
    )


def _sign(
    code: str, sitting: str, form: FlaskForm, step: Callable[[Any], object], done: str, *, back: str
) -> ResponseReturnValue:
    found = own_sitting(sitting)
    target = redirect(url_for(back, code=code, sitting=sitting))
    if not form.validate_on_submit():
        return target
    try:
        step(found)
    except ConflictError as error:  # too early, or somebody else has signed
        forget_changes()
        flash(message_of(error), "error")
        return render_board(sitting, seat=None, act="", status=409)
    flash(done, "success")
    return target
