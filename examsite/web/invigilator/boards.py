"""The board of a room: figures, cards, the plan, and beside it the seat or the room that something is done about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from examsite.domain.attempts import AttemptState
from examsite.domain.permissions import Role
from examsite.domain.rooms import REQUEST_DECIDERS
from examsite.services.rehearsals import identity_of
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.boards import list_handovers, list_messages_to, names_of
from examsite.storage.queries.sittings import reasons_against_start
from examsite.web.access import requires
from examsite.web.formatting import format_points, format_time_seconds
from examsite.web.forms.sittings import (
    AnswerCallForm,
    AskLateAnswersForm,
    AskRoomTimeForm,
    CheckInForm,
    DecideLostTimeForm,
    DecideRequestForm,
    ExtendTimeForm,
    ForceHandInForm,
    FreeAttemptForm,
    GiveAllLostTimesForm,
    HandOverForm,
    MoveSeatForm,
    NameLostTimeForm,
    NoteAbsenceForm,
    PauseForm,
    RecordIncidentForm,
    SendMessageForm,
    SignAttendanceForm,
    WithdrawLatenessForm,
    WithdrawRequestForm,
)
from examsite.web.i18n import _, _l, localised
from examsite.web.invigilator import bp
from examsite.web.invigilator.cards import card_groups
from examsite.web.invigilator.open_seats import open_seat
from examsite.web.invigilator.rooms import Room, length_words, own_sitting, read_room
from examsite.web.invigilator.seats import seat_rows
from examsite.web.invigilator.sentences import cause_words, request_words
from examsite.web.labels import missing_text
from examsite.web.transactions import read_web_clock

#: How often the board reads itself again. Unit: seconds.
REFRESH_SECONDS = 5

#: Acts at a seat: the view that does each, its form, its word.
SEAT_ACTS: dict[str, tuple[str, type[FlaskForm], Any]] = {
    "answer": ("invigilator.answer_call", AnswerCallForm, _l("Trả lời")),
    "check-in": ("invigilator.check_in", CheckInForm, _l("Đối chiếu")),
    "lost-time": ("invigilator.decide_lost_time", DecideLostTimeForm, _l("Giờ mất")),
    "move": ("invigilator.move_seat", MoveSeatForm, _l("Đổi chỗ")),
    "extend": ("invigilator.extend_time", ExtendTimeForm, _l("Bù giờ")),
    "incident": ("invigilator.record_incident", RecordIncidentForm, _l("Ghi sự việc")),
    "message": ("invigilator.send_message", SendMessageForm, _l("Nhắn")),
    "pause": ("invigilator.pause_attempt", PauseForm, _l("Dừng giờ")),
    "resume": ("invigilator.resume_attempt", PauseForm, _l("Chạy lại giờ")),
    "free": ("invigilator.free_attempt", FreeAttemptForm, _l("Đổi máy")),
    "hand-in": ("invigilator.force_hand_in", ForceHandInForm, _l("Thu bài")),
    "absent": ("invigilator.note_absence", NoteAbsenceForm, _l("Vắng")),
    "on-time": ("invigilator.withdraw_lateness", WithdrawLatenessForm, _l("Không đến muộn")),
    "photo": ("invigilator.check_in", CheckInForm, _l("Thêm ảnh")),
    "late": ("invigilator.ask_late_answers", AskLateAnswersForm, _l("Bài đến muộn")),
}

#: Acts for the whole room.
ROOM_ACTS: dict[str, tuple[str, type[FlaskForm] | None, Any]] = {
    "room-message": ("invigilator.message_room", SendMessageForm, _l("Nhắn cả phòng")),
    "room-time": ("invigilator.ask_room_time", AskRoomTimeForm, _l("Bù giờ cả phòng")),
    "room-pause": ("invigilator.pause_room", PauseForm, _l("Dừng giờ")),
    "room-resume": ("invigilator.resume_room", PauseForm, _l("Chạy lại giờ")),
    "room-lost": ("invigilator.give_all_lost_times", GiveAllLostTimesForm, _l("Duyệt giờ mất")),
    "incident": ("invigilator.record_incident", RecordIncidentForm, _l("Ghi sự việc")),
    "handover": ("invigilator.hand_over", HandOverForm, _l("Bàn giao")),
    "papers": ("", None, _l("Giấy tờ")),
    "decide": ("invigilator.decide_request", DecideRequestForm, _l("Quyết định")),
    "withdraw": ("invigilator.withdraw_request", WithdrawRequestForm, _l("Rút lại")),
}

#: Room acts that are reached from a card and have no place among the others.
_FROM_CARDS = frozenset({"decide", "withdraw"})


@dataclass(frozen=True)
class Panel:
    """What stands open beside the plan: a seat or the room, one act of it, its form and where it is sent."""

    title: str
    acts: tuple[tuple[str, str, str], ...]
    act: str
    form: Any
    action: str
    #: The exact sentence of an act that cannot be undone, once its form was filled in.
    confirm: str = ""
    #: The thing that the act is about: a call, lost time, a request.
    thing: Any = None


@bp.get("/<code>/sittings/<sitting>")
@requires(Role.INVIGILATOR)
def show_board(code: str, sitting: str) -> ResponseReturnValue:
    """The room, with one seat or one act of the room open where the address names it."""
    del code
    return render_board(sitting, seat=request.args.get("seat"), act=request.args.get("act", ""))


@bp.get("/<code>/sittings/<sitting>/large")
@requires(Role.INVIGILATOR)
def show_large_board(code: str, sitting: str) -> ResponseReturnValue:
    """The room to be read from the far wall: seats and states, and nothing that says who somebody is."""
    del code
    room = read_room(own_sitting(sitting), g.competition, read_web_clock())
    rows = seat_rows(room, None, is_discreet=True)
    return render_template(
        "invigilator/show_large_board.html",
        room=room,
        sitting=room.sitting,
        rows=rows,
        waiting=[seat.code for row in rows for seat in row["seats"] if seat.needs_person],
        tiles=_tiles(room),
        refresh_seconds=REFRESH_SECONDS,
        counts_to=room.sitting.starts_at if room.is_planned else room.ends_at,
    )


def make_form(act: str, room: Room, *, of_seat: bool) -> Any:
    """The form of an act, with the choices of this room."""
    form_class = (SEAT_ACTS if of_seat else ROOM_ACTS)[act][1]
    if form_class is None:
        return None
    if form_class is MoveSeatForm:
        return MoveSeatForm(seats=room.free_seats)
    if form_class is RecordIncidentForm:
        measures = ruleset_of(room.competition).measures if of_seat else ()
        return RecordIncidentForm(
            measures=[(item.measure, f"{localised(item.text, '')}, {effect_words(item)}") for item in measures]
        )
    return form_class()


def effect_words(measure: Any) -> str:
    """What a measure of the rule set takes, if the council decides it."""
    if measure.void:
        return str(_("phần thi bị hủy"))
    return str(_("trừ %(percent)s %% điểm bài viết", percent=format_points(measure.percent)))


def render_board(
    sitting: str,
    *,
    seat: str | None,
    act: str,
    form: Any = None,
    confirm: str = "",
    status: int = 200,
) -> ResponseReturnValue:
    """The page of the board; after a refused act with the form that was refused, before a confirmation with it."""
    room = read_room(own_sitting(sitting), g.competition, read_web_clock())
    opened = open_seat(room, seat)
    panel = _seat_panel(room, opened, act, form, confirm) if opened else _room_panel(room, act, form, confirm)
    groups = card_groups(room, seat)
    page = render_template(
        "invigilator/show_board.html",
        room=room,
        sitting=room.sitting,
        rows=seat_rows(room, seat),
        groups=groups,
        announcements=[(card.key, card.announcement) for group in groups for card in group.cards if card.announcement],
        tiles=_tiles(room),
        open=opened,
        panel=panel,
        counts_to=room.sitting.starts_at if room.is_planned else room.ends_at,
        reasons=_reasons(room),
        absent=[attempt for attempt in room.attempts if attempt.state is AttemptState.ABSENT],
        shows_results=ruleset_of(g.competition).show_objective_score_at_once,
        attendance_form=SignAttendanceForm() if room.is_over else None,
        watchers=[item.assignment.account.display_name for item in room.sitting.invigilators],
        refresh_seconds=REFRESH_SECONDS,
        **_papers(room, panel),
    )
    return page, status


def _seat_panel(room: Room, opened: Any, act: str, form: Any, confirm: str) -> Panel:
    attempt = opened.attempt
    chosen = act if act in opened.acts else opened.acts[0]
    if chosen != act and form is not None:
        # Between the page and the act the room went on; the form of another act does not fit here.
        form, confirm = None, ""
        flash(_("Việc này không còn làm được ở chỗ này; xem tình trạng mới nhất bên dưới."), "error")
    endpoint, _form, _word = SEAT_ACTS[chosen]
    thing = _thing(room, chosen, attempt)
    values: dict[str, Any] = {}
    if chosen == "answer":
        values["call"] = thing.id
    if chosen == "lost-time":
        if thing is None:
            endpoint, form = "invigilator.name_lost_time", form or NameLostTimeForm()
        else:
            values["lost_time"] = thing.lost.id
            form = form or DecideLostTimeForm(minutes=thing.seconds // 60, seconds=thing.seconds % 60)
    if chosen == "move" and form is None and room.free_seats:
        form = MoveSeatForm(seats=room.free_seats)
    where = {"code": room.competition.code, "sitting": room.sitting.code}
    return Panel(
        title=_("Chỗ %(seat)s", seat=attempt.seat),
        acts=tuple((name, str(SEAT_ACTS[name][2]), _panel_url(where, name, attempt.seat)) for name in opened.acts),
        act=chosen,
        form=form if form is not None else make_form(chosen, room, of_seat=True),
        action=url_for(endpoint, **where, seat=attempt.seat, **values),
        confirm=confirm,
        thing=thing,
    )


def _thing(room: Room, act: str, attempt: Any) -> Any:
    """What the act is about: the one named in the address, or the first that waits at this seat."""
    named: int | None
    if act == "answer":
        calls = {call.id: call for call in room.calls if call.attempt_id == attempt.id}
        named = request.args.get("call", type=int)
        return calls.get(named or 0) or next(iter(calls.values()), None)
    if act == "lost-time":
        losses = {loss.lost.id: loss for loss in room.losses if loss.attempt.id == attempt.id}
        named = request.args.get("lost_time", type=int)
        return losses.get(named or 0) or next(iter(losses.values()), None)
    return None


def _room_panel(room: Room, act: str, form: Any, confirm: str) -> Panel | None:
    open_acts = _open_room_acts(room)
    if act not in open_acts and act not in _FROM_CARDS:
        return None
    where = {"code": room.competition.code, "sitting": room.sitting.code}
    thing = None
    if act in _FROM_CARDS:
        named = request.args.get("request", type=int) or (request.view_args or {}).get("request_id")
        thing = next((item for item in room.requests if item.id == named), None)
        if thing is None:
            return None
    endpoint = ROOM_ACTS[act][0]
    values = {} if thing is None else {"request_id": thing.id}
    return Panel(
        title=_("Cả phòng"),
        acts=tuple((name, str(ROOM_ACTS[name][2]), _panel_url(where, name, None)) for name in open_acts),
        act=act,
        form=form if form is not None else make_form(act, room, of_seat=False),
        action=url_for(endpoint, **where, **values) if endpoint else "",
        confirm=confirm,
        thing=thing,
    )


def _panel_url(where: dict[str, Any], act: str, seat: str | None) -> str:
    return url_for("invigilator.show_board", **where, seat=seat, act=act, _anchor="seat")


def _open_room_acts(room: Room) -> list[str]:
    """What may be done for the whole room now."""
    acts = []
    if not room.is_over:
        acts.append("room-message")
    if room.is_running:
        acts.append("room-time")
        if room.running:
            acts.append("room-pause")
        if room.paused:
            acts.append("room-resume")
        if len(room.losses) > 1:
            acts.append("room-lost")
    return [*acts, "incident", "handover", "papers"]


def _tiles(room: Room) -> list[dict[str, Any]]:
    """The figures of the head."""
    states = [attempt.state for attempt in room.attempts]
    urgent = len(room.waiting_incidents) + len(room.calls)
    done = states.count(AttemptState.HANDED_IN) + states.count(AttemptState.CLOSED)
    tiles = [
        {"value": urgent, "label": _("sự việc, gọi"), "tone": "seal" if urgent else None},
        {"value": len(room.silences), "label": _("máy im"), "tone": "amber" if room.silences else None},
        {"value": sum(item.opened_at is not None for item in room.working), "label": _("đang làm bài")},
        {"value": done, "label": _("đã nộp")},
        {"value": states.count(AttemptState.ABSENT), "label": _("vắng")},
        {"value": room.present, "of": len(room.attempts), "label": _("có mặt")},
    ]
    if room.paused:
        return [*tiles[:2], {"value": len(room.paused), "label": _("dừng giờ"), "tone": "amber"}, *tiles[2:]]
    return [*tiles, {"value": len(room.free_seats), "label": _("chỗ dự phòng")}]


def _reasons(room: Room) -> list[str]:
    """Why the sitting cannot begin by itself, or nothing."""
    if not room.is_planned:
        return []
    identity = identity_of(current_app.extensions["settings"])
    state, now = room.competition.state, read_web_clock()
    found = reasons_against_start(db.session(), room.sitting, state, identity=identity, now=now)
    return [missing_text(item.code, item.params) for item in found]


def _papers(room: Room, panel: Panel | None) -> dict[str, Any]:
    """What the open panel needs beside its form."""
    if panel is None:
        return {}
    if panel.act == "handover":
        notes = list_handovers(db.session(), room.sitting.id)
        return {"handovers": notes, "names": names_of(db.session(), [note.written_by_id for note in notes])}
    if panel.act == "room-message":
        return {"sent": list_messages_to(db.session(), room.sitting.id, None)[:4]}
    if panel.act in _FROM_CARDS:
        return {
            "what": request_words(room, panel.thing),
            "may_decide": Role.INVIGILATOR in REQUEST_DECIDERS[panel.thing.kind],
            "asked_by": names_of(db.session(), [panel.thing.asked_by_id]).get(panel.thing.asked_by_id, ""),
        }
    if panel.act == "lost-time" and panel.thing is not None:
        return {
            "new_end": format_time_seconds(panel.thing.ends_at),
            "lost_words": length_words(panel.thing.seconds),
            "cause": cause_words(panel.thing),
        }
    return {}
