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
from examsite.web.invigilator.doing import do_act
from examsite.web.invigilator.rooms import own_sitting
from examsite.web.transactions import act, forget_changes, writes

#: Value of the button of the second person who agrees; everything else refuses.
_APPROVE = "approve"


@bp.post("/<code>/sittings/<sitting>/messages")
@requires(Role.INVIGILATOR)
@writes
def message_room(code: str, sitting: str) -> ResponseReturnValue:
    """Say something to everybody who writes."""
    del code
    return do_act(
        sitting,
        None,
        "room-message",
        lambda found, form: room_messages.send_message(act(), g.competition, found, seat=None, text=form.text.data),
        _("Đã nhắn cả phòng."),
    )


@bp.post("/<code>/sittings/<sitting>/requests")
@requires(Role.INVIGILATOR)
@writes
def ask_room_time(code: str, sitting: str) -> ResponseReturnValue:
    """Ask for time for everybody; a second person decides."""
    del code
    return do_act(
        sitting,
        None,
        "room-time",
        lambda found, form: room_requests.ask_room_request(
            act(),
            g.competition,
            found,
            kind=RequestKind.EXTEND_ROOM,
            minutes=form.minutes.data,
            reason=form.reason.data,
        ),
        _("Đã gửi đề nghị. Chưa đổi gì cho đến khi người thứ hai đồng ý."),
    )


@bp.post("/<code>/sittings/<sitting>/requests/<int(max=2147483647):request_id>")
@requires(Role.INVIGILATOR)
@writes
def decide_request(code: str, sitting: str, request_id: int) -> ResponseReturnValue:
    """Agree or refuse as the second person of the room."""
    del code
    approve = request.form.get("decision") == _APPROVE
    return do_act(
        sitting,
        None,
        "decide",
        lambda _found, form: room_requests.decide_room_request(
            act(), g.competition, request_id, approve=approve, reason=form.reason.data or ""
        ),
        _("Đã đồng ý. Trang của thí sinh cập nhật ngay.") if approve else _("Đã từ chối; lý do đã vào sổ."),
    )


@bp.post("/<code>/sittings/<sitting>/requests/<int(max=2147483647):request_id>/withdraw")
@requires(Role.INVIGILATOR)
@writes
def withdraw_request(code: str, sitting: str, request_id: int) -> ResponseReturnValue:
    """Take back what one has asked for oneself."""
    del code
    return do_act(
        sitting,
        None,
        "withdraw",
        lambda _found, _form: room_requests.withdraw_room_request(act(), g.competition, request_id),
        _("Đã rút lại đề nghị."),
    )


@bp.post("/<code>/sittings/<sitting>/handover")
@requires(Role.INVIGILATOR)
@writes
def hand_over(code: str, sitting: str) -> ResponseReturnValue:
    """Write the minutes of a handover."""
    del code
    return do_act(
        sitting,
        None,
        "handover",
        lambda found, form: invigilation.hand_over_room(
            act(), g.competition, found, handed_to=form.handed_to.data, text=form.text.data
        ),
        _("Đã ghi biên bản bàn giao."),
    )


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
