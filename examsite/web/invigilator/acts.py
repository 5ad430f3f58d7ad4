"""What an invigilator does at a seat. Each act is one form, repeats what it will do, and comes back to the board."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.permissions import Role
from examsite.services import invigilation
from examsite.web.access import requires
from examsite.web.errors import message_of
from examsite.web.i18n import _
from examsite.web.invigilator import bp
from examsite.web.invigilator.boards import read_board
from examsite.web.invigilator.sittings import make_forms, own_sitting, render_board
from examsite.web.transactions import act, read_web_clock, writes


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/check-in")
@requires(Role.INVIGILATOR)
@writes
def check_in(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """Confirm the identity of the person at the seat."""
    del code
    return _do(
        sitting,
        seat,
        "check-in",
        lambda found, _form: invigilation.check_in(act(), g.competition, found, seat=seat),
        _("Đã đối chiếu danh tính ở chỗ %(seat)s.", seat=seat),
    )


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/extend")
@requires(Role.INVIGILATOR)
@writes
def extend_time(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """Give time to one candidate."""
    del code
    return _do(
        sitting,
        seat,
        "extend",
        lambda found, form: invigilation.extend_time(
            act(), g.competition, found, seat=seat, minutes=form.minutes.data, reason=form.reason.data
        ),
        _("Đã bù giờ cho chỗ %(seat)s. Trang của thí sinh cập nhật ngay.", seat=seat),
    )


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/free")
@requires(Role.INVIGILATOR)
@writes
def free_attempt(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """Let the candidate go on at another machine."""
    del code
    return _do(
        sitting,
        seat,
        "free",
        lambda found, form: invigilation.free_attempt(act(), g.competition, found, seat=seat, reason=form.reason.data),
        _("Máy cũ ở chỗ %(seat)s không ghi được nữa. Thí sinh đăng nhập ở máy khác để làm tiếp.", seat=seat),
    )


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/move")
@requires(Role.INVIGILATOR)
@writes
def move_seat(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """Move the candidate to a free seat."""
    del code
    return _do(
        sitting,
        seat,
        "move",
        lambda found, form: invigilation.move_seat(
            act(), g.competition, found, seat=seat, to=form.to.data, reason=form.reason.data
        ),
        _("Thí sinh chuyển sang chỗ %(seat)s và đăng nhập ở đó để làm tiếp.", seat=request.form.get("to", "")[:10]),
        lands_on=lambda form: str(form.to.data),
    )


@bp.post("/<code>/sittings/<sitting>/incidents")
@requires(Role.INVIGILATOR)
@writes
def record_incident(code: str, sitting: str) -> ResponseReturnValue:
    """Write down what happened, at a seat or in the room."""
    del code
    seat = request.args.get("seat") or None
    return _do(
        sitting,
        seat,
        "incident",
        lambda found, form: invigilation.record_incident(
            act(),
            g.competition,
            found,
            seat=seat,
            measure=form.measure.data or "",
            minutes=form.minutes.data,
            witnesses=form.witnesses.data or "",
        ),
        _("Đã ghi sự việc. Hội đồng quyết định sau; thí sinh làm bài tiếp bình thường."),
    )


@bp.post("/<code>/sittings/<sitting>/attendance")
@requires(Role.INVIGILATOR)
@writes
def sign_attendance(code: str, sitting: str) -> ResponseReturnValue:
    """Sign the attendance list after the close."""
    del code
    return _do(
        sitting,
        None,
        "attendance",
        lambda found, _form: invigilation.sign_attendance(act(), g.competition, found),
        _("Đã ký danh sách dự thi."),
    )


def _do(
    sitting: str,
    seat: str | None,
    name: str,
    step: Callable[[Any, Any], object],
    done: str,
    *,
    lands_on: Callable[[Any], str] | None = None,
) -> ResponseReturnValue:
    found = own_sitting(sitting)
    forms = make_forms(read_board(found, g.competition, read_web_clock(), seat=seat))
    form = forms[name]
    if not form.validate_on_submit():
        return render_board(sitting, seat=seat, act=name, forms=forms, status=422)
    try:
        step(found, form)
    except InvalidError as error:
        field = getattr(form, str(error.params.get("field", "")), None)
        (field.errors if field is not None else form.form_errors).append(message_of(error))
        return render_board(sitting, seat=seat, act=name, forms=forms, status=422)
    except DomainError as error:
        flash(message_of(error), "error")
        return render_board(sitting, seat=seat, act=name, status=409)
    flash(done, "success")
    return redirect(_board(sitting, lands_on(form) if lands_on is not None else seat))


def _board(sitting: str, seat: str | None) -> str:
    return url_for("invigilator.show_board", code=g.competition.code, sitting=sitting, seat=seat)
