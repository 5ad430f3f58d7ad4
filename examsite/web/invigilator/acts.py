"""What an invigilator does at a seat. Each act is one form, repeats what it will do, and comes back to the board."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import current_app, g, request
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.domain.rooms import RequestKind
from examsite.services import incidents, invigilation, room_messages, room_requests
from examsite.services.photos import MAX_PHOTO_MEGABYTES, receive_photo
from examsite.services.uploads import add_upload
from examsite.web.access import requires
from examsite.web.formatting import format_time_seconds
from examsite.web.forms.sittings import CheckInForm
from examsite.web.i18n import _
from examsite.web.invigilator import bp
from examsite.web.invigilator.boards import render_board
from examsite.web.invigilator.doing import do_act, leave, refuse, seat_act
from examsite.web.invigilator.rooms import Room, own_sitting
from examsite.web.transactions import act, stop_reading, write_now, writes, writes_in_steps


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/check-in")
@requires(Role.INVIGILATOR)
@writes_in_steps
def check_in(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """Confirm the identity of the person at the seat; a photo is drawn anew before any transaction begins."""
    del code
    form = CheckInForm()
    name = "photo" if request.args.get("act") == "photo" else "check-in"
    if not form.validate_on_submit():
        return render_board(sitting, seat=seat, act=name, form=form, status=422)
    own_sitting(sitting)
    received = None
    try:
        if form.photo.data:
            settings = current_app.extensions["settings"]
            most = min(MAX_PHOTO_MEGABYTES, settings.upload_limit_megabytes)
            stop_reading()
            file = form.photo.data
            received = receive_photo(settings.uploads_path, file.stream, file.filename or "", max_megabytes=most)
        with write_now() as ctx:
            photo = add_upload(ctx, received) if received is not None else None
            came_late = bool(form.came_late.data)
            invigilation.check_in(ctx, g.competition, own_sitting(sitting), seat=seat, photo=photo, came_late=came_late)
    except DomainError as error:
        return refuse(error, form, sitting, seat, name)
    return leave(sitting, seat, _("Đã đối chiếu danh tính ở chỗ %(seat)s.", seat=seat))


@seat_act("/on-time", "on-time")
def withdraw_lateness(sitting: Any, form: Any, seat: str) -> str:
    """Take back a word that the candidate came late."""
    invigilation.withdraw_lateness(act(), g.competition, sitting, seat=seat, reason=form.reason.data)
    return _("Đã rút lại ghi nhận đến muộn ở chỗ %(seat)s.", seat=seat)


@seat_act("/absent", "absent")
def note_absence(sitting: Any, _form: Any, seat: str) -> str:
    """Put on record that nobody came to the seat."""
    invigilation.note_absence(act(), g.competition, sitting, seat=seat)
    return _("Đã ghi vắng ở chỗ %(seat)s.", seat=seat)


def _new_end(room: Room, attempt: Any, form: Any) -> str:
    before = room.deadline(attempt)
    return _(
        "Chỗ %(seat)s, số báo danh %(number)s, kết thúc lúc %(after)s thay vì %(before)s (bù %(minutes)s phút). "
        "Lý do: %(reason)s",
        seat=attempt.seat,
        number=attempt.candidacy.candidate_number,
        after=format_time_seconds(before + timedelta(minutes=form.minutes.data)),
        before=format_time_seconds(before),
        minutes=form.minutes.data,
        reason=form.reason.data,
    )


@seat_act("/extend", "extend", confirm=_new_end)
def extend_time(sitting: Any, form: Any, seat: str) -> str:
    """Give time to one candidate, once the new end was read and confirmed."""
    minutes, reason = form.minutes.data, form.reason.data
    invigilation.extend_time(act(), g.competition, sitting, seat=seat, minutes=minutes, reason=reason)
    return _("Đã bù giờ cho chỗ %(seat)s. Trang của thí sinh cập nhật ngay.", seat=seat)


@seat_act("/free", "free")
def free_attempt(sitting: Any, form: Any, seat: str) -> str:
    """Let the candidate go on at another machine."""
    invigilation.free_attempt(act(), g.competition, sitting, seat=seat, reason=form.reason.data)
    return _("Máy cũ ở chỗ %(seat)s không ghi được nữa. Thí sinh đăng nhập ở máy khác để làm tiếp.", seat=seat)


@seat_act("/move", "move", lands_on=lambda form: str(form.to.data))
def move_seat(sitting: Any, form: Any, seat: str) -> str:
    """Move the candidate to a free seat."""
    to = form.to.data
    invigilation.move_seat(act(), g.competition, sitting, seat=seat, to=to, reason=form.reason.data)
    return _("Thí sinh chuyển sang chỗ %(seat)s và đăng nhập ở đó để làm tiếp.", seat=to)


def _what_ends(room: Room, attempt: Any, form: Any) -> str:
    found = room.progress.get(attempt.id)
    return _(
        "Bài của số báo danh %(number)s ở chỗ %(seat)s kết thúc ngay với phần máy chủ giữ đến %(time)s. Thí sinh "
        "không viết tiếp được và không mở lại được. Lý do: %(reason)s",
        number=attempt.candidacy.candidate_number,
        seat=attempt.seat,
        time=format_time_seconds(found.saved_at if found is not None else None),
        reason=form.reason.data,
    )


@seat_act("/hand-in", "hand-in", confirm=_what_ends)
def force_hand_in(sitting: Any, form: Any, seat: str) -> str:
    """End the test of one candidate with what the server holds, once that was read and confirmed."""
    invigilation.force_hand_in(act(), g.competition, sitting, seat=seat, reason=form.reason.data)
    return _("Đã thu bài ở chỗ %(seat)s từ bản máy chủ đang giữ.", seat=seat)


@seat_act("/message", "message")
def send_message(sitting: Any, form: Any, seat: str) -> str:
    """Say something to one candidate."""
    room_messages.send_message(act(), g.competition, sitting, seat=seat, text=form.text.data)
    return _("Đã nhắn chỗ %(seat)s.", seat=seat)


@seat_act("/calls/<int(max=2147483647):call>", "answer")
def answer_call(sitting: Any, form: Any, seat: str, call: int) -> str:
    """Close a call for help."""
    room_messages.answer_call(act(), g.competition, sitting, call_id=call, answer=form.text.data or "")
    return _("Đã khép lời gọi của chỗ %(seat)s.", seat=seat)


@seat_act("/late-answers", "late")
def ask_late_answers(sitting: Any, form: Any, seat: str) -> str:
    """Ask the council to let text count that came too late."""
    kind = RequestKind.ACCEPT_LATE_ANSWERS
    room_requests.ask_room_request(act(), g.competition, sitting, kind=kind, seat=seat, reason=form.reason.data)
    return _("Đã gửi đề nghị. Hội đồng quyết định; bài vẫn như lúc kết thúc cho đến khi có quyết định.")


@bp.post("/<code>/sittings/<sitting>/incidents")
@requires(Role.INVIGILATOR)
@writes
def record_incident(code: str, sitting: str) -> ResponseReturnValue:
    """Write down what happened, at the seat that the address names or in the room."""
    del code
    seat = request.args.get("seat") or None

    def write_down(found: Any, form: Any) -> str:
        incidents.record_incident(
            act(),
            g.competition,
            found,
            seat=seat,
            measure=form.measure.data or "",
            minutes=form.minutes.data,
            witnesses=form.witnesses.data or "",
        )
        return _("Đã ghi sự việc. Hội đồng quyết định sau; thí sinh làm bài tiếp bình thường.")

    return do_act(sitting, seat, "incident", write_down)
