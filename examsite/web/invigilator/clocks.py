"""Time in the room: clocks that stand still and run on, lost time that a person gives back or refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import g, request

from examsite.services import room_time
from examsite.web.forms.sittings import DecideLostTimeForm, GiveLostTimeForm, NameLostTimeForm
from examsite.web.i18n import _
from examsite.web.invigilator.doing import room_act, seat_act
from examsite.web.transactions import act

#: Value of the button that gives nothing back.
_REFUSE = "refuse"


@seat_act("/pause", "pause")
def pause_attempt(sitting: Any, form: Any, seat: str) -> str:
    """Let the clock of one candidate stand still."""
    room_time.pause_attempt(act(), g.competition, sitting, seat=seat, reason=form.reason.data)
    return _("Đồng hồ của chỗ %(seat)s đứng yên. Chạy lại khi thí sinh làm tiếp được.", seat=seat)


@seat_act("/resume", "resume")
def resume_attempt(sitting: Any, form: Any, seat: str) -> str:
    """Let the clock of one candidate run on."""
    room_time.resume_attempt(act(), g.competition, sitting, seat=seat, reason=form.reason.data)
    return _("Đồng hồ của chỗ %(seat)s chạy tiếp; giờ kết thúc lùi đúng bằng lúc đã dừng.", seat=seat)


@room_act("/pause", "room-pause")
def pause_room(sitting: Any, form: Any) -> str:
    """Let every clock of the room stand still at one instant."""
    room_time.pause_room(act(), g.competition, sitting, reason=form.reason.data)
    return _("Đồng hồ của cả phòng đứng yên.")


@room_act("/resume", "room-resume")
def resume_room(sitting: Any, form: Any) -> str:
    """Let every clock that stands in the room run on."""
    room_time.resume_room(act(), g.competition, sitting, reason=form.reason.data)
    return _("Đồng hồ của cả phòng chạy tiếp.")


@seat_act("/lost-times/<int(max=2147483647):lost_time>", "lost-time", form=DecideLostTimeForm)
def decide_lost_time(sitting: Any, form: Any, seat: str, lost_time: int) -> str:
    """Give back lost time with the figure of the form, or nothing."""
    refused = request.form.get("decision") == _REFUSE
    room_time.decide_lost_time(
        act(),
        g.competition,
        sitting,
        lost_time_id=lost_time,
        seconds=None if refused else form.total_seconds,
        reason=form.reason.data or "",
    )
    if refused:
        return _("Không bù giờ cho chỗ %(seat)s; lý do đã vào sổ.", seat=seat)
    return _("Đã bù giờ cho chỗ %(seat)s. Trang của thí sinh cập nhật ngay.", seat=seat)


@seat_act(
    "/lost-times/<int(max=2147483647):lost_time>/all", "lost-time", form=GiveLostTimeForm, lands_on=lambda _form: None
)
def give_lost_time(sitting: Any, _form: Any, seat: str, lost_time: int) -> str:
    """Give back all of a loss as it stands at this instant."""
    room_time.give_lost_time(act(), g.competition, sitting, lost_time_id=lost_time)
    return _("Đã bù giờ cho chỗ %(seat)s. Trang của thí sinh cập nhật ngay.", seat=seat)


@seat_act("/lost-times", "lost-time", form=NameLostTimeForm)
def name_lost_time(sitting: Any, form: Any, seat: str) -> str:
    """Put time on the list that no machine saw being lost; it ends now."""
    ctx = act()
    began_at = ctx.now - timedelta(minutes=form.minutes.data)
    cause = form.cause.data
    room_time.name_lost_time(ctx, g.competition, sitting, seat=seat, began_at=began_at, ended_at=ctx.now, cause=cause)
    return _("Đã nêu giờ mất ở chỗ %(seat)s. Chưa bù gì cho đến khi có người duyệt.", seat=seat)


@room_act("/lost-times", "room-lost")
def give_all_lost_times(sitting: Any, form: Any) -> str:
    """Give back everything that was measured in the room."""
    room_time.give_all_lost_times(act(), g.competition, sitting, reason=form.reason.data)
    return _("Đã bù đúng số máy tính cho từng chỗ.")
