"""Time in the room: clocks that stand still and run on, lost time that a person gives back or refuses."""

from __future__ import annotations

from datetime import timedelta

from flask import g, request
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.services import room_time
from examsite.web.access import requires
from examsite.web.forms.sittings import DecideLostTimeForm, GiveLostTimeForm, NameLostTimeForm
from examsite.web.i18n import _
from examsite.web.invigilator import bp
from examsite.web.invigilator.doing import do_act
from examsite.web.transactions import act, writes

#: Value of the button that gives nothing back.
_REFUSE = "refuse"


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/pause")
@requires(Role.INVIGILATOR)
@writes
def pause_attempt(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """Let the clock of one candidate stand still."""
    del code
    return do_act(
        sitting,
        seat,
        "pause",
        lambda found, form: room_time.pause_attempt(act(), g.competition, found, seat=seat, reason=form.reason.data),
        _("Đồng hồ của chỗ %(seat)s đứng yên. Chạy lại khi thí sinh làm tiếp được.", seat=seat),
    )


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/resume")
@requires(Role.INVIGILATOR)
@writes
def resume_attempt(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """Let the clock of one candidate run on."""
    del code
    return do_act(
        sitting,
        seat,
        "resume",
        lambda found, form: room_time.resume_attempt(act(), g.competition, found, seat=seat, reason=form.reason.data),
        _("Đồng hồ của chỗ %(seat)s chạy tiếp; giờ kết thúc lùi đúng bằng lúc đã dừng.", seat=seat),
    )


@bp.post("/<code>/sittings/<sitting>/pause")
@requires(Role.INVIGILATOR)
@writes
def pause_room(code: str, sitting: str) -> ResponseReturnValue:
    """Let every clock of the room stand still at one instant."""
    del code
    return do_act(
        sitting,
        None,
        "room-pause",
        lambda found, form: room_time.pause_room(act(), g.competition, found, reason=form.reason.data),
        _("Đồng hồ của cả phòng đứng yên."),
    )


@bp.post("/<code>/sittings/<sitting>/resume")
@requires(Role.INVIGILATOR)
@writes
def resume_room(code: str, sitting: str) -> ResponseReturnValue:
    """Let every clock that stands in the room run on."""
    del code
    return do_act(
        sitting,
        None,
        "room-resume",
        lambda found, form: room_time.resume_room(act(), g.competition, found, reason=form.reason.data),
        _("Đồng hồ của cả phòng chạy tiếp."),
    )


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/lost-times/<int(max=2147483647):lost_time>")
@requires(Role.INVIGILATOR)
@writes
def decide_lost_time(code: str, sitting: str, seat: str, lost_time: int) -> ResponseReturnValue:
    """Give back lost time with the figure of the form, or nothing."""
    del code
    refused = request.form.get("decision") == _REFUSE
    form = DecideLostTimeForm()
    return do_act(
        sitting,
        seat,
        "lost-time",
        lambda found, _form: room_time.decide_lost_time(
            act(),
            g.competition,
            found,
            lost_time_id=lost_time,
            seconds=None if refused else form.total_seconds,
            reason=form.reason.data or "",
        ),
        _("Không bù giờ cho chỗ %(seat)s; lý do đã vào sổ.", seat=seat)
        if refused
        else _("Đã bù giờ cho chỗ %(seat)s. Trang của thí sinh cập nhật ngay.", seat=seat),
        form=form,
    )


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/lost-times/<int(max=2147483647):lost_time>/all")
@requires(Role.INVIGILATOR)
@writes
def give_lost_time(code: str, sitting: str, seat: str, lost_time: int) -> ResponseReturnValue:
    """Give back all of a loss as it stands at this instant."""
    del code
    return do_act(
        sitting,
        seat,
        "lost-time",
        lambda found, _form: room_time.give_lost_time(act(), g.competition, found, lost_time_id=lost_time),
        _("Đã bù giờ cho chỗ %(seat)s. Trang của thí sinh cập nhật ngay.", seat=seat),
        form=GiveLostTimeForm(),
        lands_on=lambda _form: None,
    )


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/lost-times")
@requires(Role.INVIGILATOR)
@writes
def name_lost_time(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """Put time on the list that no machine saw being lost; it ends now."""
    del code
    ctx = act()
    return do_act(
        sitting,
        seat,
        "lost-time",
        lambda found, form: room_time.name_lost_time(
            ctx,
            g.competition,
            found,
            seat=seat,
            began_at=ctx.now - timedelta(minutes=form.minutes.data),
            ended_at=ctx.now,
            cause=form.cause.data,
        ),
        _("Đã nêu giờ mất ở chỗ %(seat)s. Chưa bù gì cho đến khi có người duyệt.", seat=seat),
        form=NameLostTimeForm(),
    )


@bp.post("/<code>/sittings/<sitting>/lost-times")
@requires(Role.INVIGILATOR)
@writes
def give_all_lost_times(code: str, sitting: str) -> ResponseReturnValue:
    """Give back everything that was measured in the room."""
    del code
    return do_act(
        sitting,
        None,
        "room-lost",
        lambda found, form: room_time.give_all_lost_times(act(), g.competition, found, reason=form.reason.data),
        _("Đã bù đúng số máy tính cho từng chỗ."),
    )
