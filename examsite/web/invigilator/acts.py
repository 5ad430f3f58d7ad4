"""What an invigilator does at a seat. Each act is one form, repeats what it will do, and comes back to the board."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import current_app, g, request
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.domain.rooms import RequestKind
from examsite.services import invigilation, room_messages, room_requests
from examsite.services.photos import MAX_PHOTO_MEGABYTES, receive_photo
from examsite.services.uploads import add_upload
from examsite.web.access import requires
from examsite.web.formatting import format_time_seconds
from examsite.web.forms.sittings import CheckInForm
from examsite.web.i18n import _
from examsite.web.invigilator import bp
from examsite.web.invigilator.boards import render_board
from examsite.web.invigilator.doing import do_act, leave, refuse
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
            invigilation.check_in(ctx, g.competition, own_sitting(sitting), seat=seat, photo=photo)
    except DomainError as error:
        return refuse(error, form, sitting, seat, name)
    return leave(sitting, seat, _("Đã đối chiếu danh tính ở chỗ %(seat)s.", seat=seat))


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/absent")
@requires(Role.INVIGILATOR)
@writes
def note_absence(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """Put on record that nobody came to the seat."""
    del code
    return do_act(
        sitting,
        seat,
        "absent",
        lambda found, _form: invigilation.note_absence(act(), g.competition, found, seat=seat),
        _("Đã ghi vắng ở chỗ %(seat)s.", seat=seat),
    )


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/extend")
@requires(Role.INVIGILATOR)
@writes
def extend_time(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """Give time to one candidate, once the new end was read and confirmed."""
    del code
    return do_act(
        sitting,
        seat,
        "extend",
        lambda found, form: invigilation.extend_time(
            act(), g.competition, found, seat=seat, minutes=form.minutes.data, reason=form.reason.data
        ),
        _("Đã bù giờ cho chỗ %(seat)s. Trang của thí sinh cập nhật ngay.", seat=seat),
        confirm=_new_end,
    )


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


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/free")
@requires(Role.INVIGILATOR)
@writes
def free_attempt(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """Let the candidate go on at another machine."""
    del code
    return do_act(
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
    return do_act(
        sitting,
        seat,
        "move",
        lambda found, form: invigilation.move_seat(
            act(), g.competition, found, seat=seat, to=form.to.data, reason=form.reason.data
        ),
        _("Thí sinh chuyển sang chỗ %(seat)s và đăng nhập ở đó để làm tiếp.", seat=request.form.get("to", "")[:10]),
        lands_on=lambda form: str(form.to.data),
    )


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/hand-in")
@requires(Role.INVIGILATOR)
@writes
def force_hand_in(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """End the test of one candidate with what the server holds, once that was read and confirmed."""
    del code
    return do_act(
        sitting,
        seat,
        "hand-in",
        lambda found, form: invigilation.force_hand_in(act(), g.competition, found, seat=seat, reason=form.reason.data),
        _("Đã thu bài ở chỗ %(seat)s từ bản máy chủ đang giữ.", seat=seat),
        confirm=_what_ends,
    )


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


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/message")
@requires(Role.INVIGILATOR)
@writes
def send_message(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """Say something to one candidate."""
    del code
    return do_act(
        sitting,
        seat,
        "message",
        lambda found, form: room_messages.send_message(act(), g.competition, found, seat=seat, text=form.text.data),
        _("Đã nhắn chỗ %(seat)s.", seat=seat),
    )


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/calls/<int(max=2147483647):call>")
@requires(Role.INVIGILATOR)
@writes
def answer_call(code: str, sitting: str, seat: str, call: int) -> ResponseReturnValue:
    """Close a call for help."""
    del code
    return do_act(
        sitting,
        seat,
        "answer",
        lambda found, form: room_messages.answer_call(
            act(), g.competition, found, call_id=call, answer=form.text.data or ""
        ),
        _("Đã khép lời gọi của chỗ %(seat)s.", seat=seat),
    )


@bp.post("/<code>/sittings/<sitting>/seats/<seat>/late-answers")
@requires(Role.INVIGILATOR)
@writes
def ask_late_answers(code: str, sitting: str, seat: str) -> ResponseReturnValue:
    """Ask the council to let text count that came too late."""
    del code
    return do_act(
        sitting,
        seat,
        "late",
        lambda found, form: room_requests.ask_room_request(
            act(),
            g.competition,
            found,
            kind=RequestKind.ACCEPT_LATE_ANSWERS,
            seat=seat,
            reason=form.reason.data,
        ),
        _("Đã gửi đề nghị. Hội đồng quyết định; bài vẫn như lúc kết thúc cho đến khi có quyết định."),
    )


@bp.post("/<code>/sittings/<sitting>/incidents")
@requires(Role.INVIGILATOR)
@writes
def record_incident(code: str, sitting: str) -> ResponseReturnValue:
    """Write down what happened, at a seat or in the room."""
    del code
    seat = request.args.get("seat") or None
    return do_act(
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
