"""One open seat: everything an invigilator may know of it, and what may be done there now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for

from examsite.domain.accounts import login_key
from examsite.domain.attempts import AttemptState
from examsite.domain.timelines import shows_letters
from examsite.storage.database import db
from examsite.storage.queries.boards import (
    KeptBeside,
    list_forced_ends,
    list_kept_beside,
    list_messages_to,
    list_seat_incidents,
    list_slowed_logins,
)
from examsite.storage.queries.timeline import count_evidence
from examsite.web.formatting import format_date, format_time, format_time_seconds
from examsite.web.i18n import _, localised, ngettext
from examsite.web.invigilator.rooms import (
    DONE,
    Room,
    age_words,
    end_words,
    left_words,
    length_words,
    refusal_words,
    seconds_between,
)
from examsite.web.invigilator.seats import look_of

#: Shape and colour of the tag of an open seat.
_TAGS = {
    "incident": ("stopped", "seal"),
    "call": ("stopped", "seal"),
    "silent": ("open", "amber"),
    "unchecked": ("open", "amber"),
    "paused": ("work", "amber"),
    "ok": ("running", "green"),
    "done": ("done", "neutral"),
}

#: How many messages an open seat shows.
_SHOWN_MESSAGES = 4


@dataclass(frozen=True)
class OpenSeat:
    """Everything known of one seat that an invigilator may know."""

    attempt: Any
    tag_kind: str
    tag_tone: str
    tag: str
    facts: tuple[tuple[str, str], ...]
    #: What is compared with the papers in the candidate's hand.
    identity: tuple[tuple[str, str], ...]
    photo_url: str
    #: Why this candidate is kept out, each with what to do; empty when nothing keeps anyone out.
    kept_out: tuple[str, ...]
    beside: tuple[Any, ...]
    #: Whether the codes are open, so that a length tells nobody whose script is whose.
    shows_lengths: bool
    messages: tuple[tuple[str, datetime, bool, bool], ...]
    incidents: tuple[Any, ...]
    acts: tuple[str, ...]


def open_seat(room: Room, seat: str | None) -> OpenSeat | None:
    """The seat of this code with all its facts, if somebody sits there."""
    attempt = room.by_seat.get(seat or "")
    if attempt is None:
        return None
    session = db.session()
    waiting = {item.candidacy_id for item in room.waiting_incidents}
    calling = {call.attempt_id: call for call in room.calls}
    look, word, _short, _more = look_of(room, attempt, waiting, calling)
    kind, tone = _TAGS.get(look, ("todo", "neutral"))
    sent = list_messages_to(session, room.sitting.id, attempt.id)[:_SHOWN_MESSAGES]
    read_up_to = attempt.read_message_id or 0
    return OpenSeat(
        attempt=attempt,
        tag_kind=kind,
        tag_tone=tone,
        tag=word[:1].upper() + word[1:],
        facts=tuple(_facts(room, attempt)),
        identity=(
            (_("Ngày sinh"), format_date(attempt.candidacy.born_on)),
            (_("Số giấy tờ"), attempt.candidacy.identity_number),
            (_("Chức danh"), localised(attempt.candidacy.post, "title")),
        ),
        photo_url=""
        if attempt.photo_id is None
        else url_for(
            "invigilator.show_photo",
            code=room.competition.code,
            sitting=room.sitting.code,
            seat=attempt.seat,
            _anchor=None,
        ),
        kept_out=tuple(_kept_out(room, attempt)),
        beside=tuple(_beside(room, attempt)) if room.beside.get(attempt.id) else (),
        shows_lengths=shows_letters(room.competition.state),
        messages=tuple((item.text, item.sent_at, item.attempt_id is None, item.id <= read_up_to) for item in sent),
        incidents=tuple(list_seat_incidents(session, room.sitting.id, attempt.candidacy_id)),
        acts=tuple(_acts(room, attempt)),
    )


def _beside(room: Room, attempt: Any) -> list[KeptBeside]:
    return list_kept_beside(db.session(), attempt.id, shows_lengths=shows_letters(room.competition.state))


def _facts(room: Room, attempt: Any) -> list[tuple[str, str]]:
    person = attempt.candidacy
    facts = [
        (_("Thí sinh"), f"{person.candidate_number} · {person.full_name}"),
        (
            _("Đối chiếu"),
            _("lúc %(time)s, khớp hồ sơ", time=format_time_seconds(attempt.checked_in_at))
            if attempt.checked_in_at
            else _("chưa đối chiếu"),
        ),
    ]
    if attempt.arrived_late_at is not None:
        facts.append((_("Đến"), _("sau giờ bắt đầu, lúc %(time)s", time=format_time_seconds(attempt.arrived_late_at))))
    if person.adjustments:
        facts.append((_("Hỗ trợ riêng"), adjustment_words(person.adjustments)))
    if attempt.opened_at is not None:
        found = room.progress.get(attempt.id)
        saved_at = found.saved_at if found is not None else None
        held = _("đến %(time)s", time=format_time_seconds(saved_at)) if saved_at else _("chưa có gì")
        facts.append((_("Máy chủ giữ"), held))
        facts.append((_("Đường truyền"), _link(room, attempt)))
        noticed = count_evidence(db.session(), attempt.sitting_id).get(attempt.id, 0)
        if noticed:
            # A count only: what it was stands in the course of the attempt, and nothing follows from it.
            facts.append((_("Trang ghi nhận"), ngettext("%(num)d lần", "%(num)d lần", noticed)))
    if attempt.state is AttemptState.OPEN:
        facts.append((_("Còn lại"), left_words(room.left_seconds(attempt))))
    if attempt.paused_at is not None and attempt.state is AttemptState.OPEN:
        facts.append((_("Dừng giờ"), _("từ %(time)s, giờ đứng yên", time=format_time_seconds(attempt.paused_at))))
    if attempt.state in DONE:
        facts.append((_("Kết thúc"), _ended(room, attempt)))
    elif attempt.state is not AttemptState.ABSENT:
        facts.append((_("Kết thúc"), end_words(room, attempt)))
    return facts


def _ended(room: Room, attempt: Any) -> str:
    if attempt.handed_in_at is not None:
        return _("đã nộp lúc %(time)s", time=format_time_seconds(attempt.handed_in_at))
    ends = list_forced_ends(db.session(), room.competition.id, room.sitting.code)
    forced = ends.get(str(attempt.candidacy.candidate_number))
    if forced is not None:
        return _(
            "%(name)s thu bài lúc %(time)s. Lý do: %(reason)s",
            name=forced.by or _("cán bộ coi thi"),
            time=format_time_seconds(attempt.closed_at),
            reason=forced.reason,
        )
    return _("máy chủ thu bài lúc %(time)s", time=format_time_seconds(attempt.closed_at))


def _link(room: Room, attempt: Any) -> str:
    if attempt.state is not AttemptState.OPEN:
        return _("đã xong")
    silence = room.silence(attempt)
    if silence is not None:
        since = format_time_seconds(silence.began_at)
        return _("im từ %(time)s; đã mất %(length)s, còn tăng", time=since, length=length_words(silence.seconds))
    return _("tốt, nhịp cuối %(age)s trước", age=age_words(seconds_between(attempt.last_seen_at, room.now)))


def adjustment_words(adjustments: dict[str, Any]) -> str:
    """What was approved before the test, as one line."""
    words = []
    if adjustments.get("extra_percent"):
        words.append(_("thêm %(percent)s %% giờ", percent=adjustments["extra_percent"]))
    if adjustments.get("size"):
        words.append(_("chữ to"))
    if adjustments.get("spacing"):
        words.append(_("giãn dòng"))
    if adjustments.get("note"):
        words.append(str(adjustments["note"]))
    return ", ".join(words)


def _kept_out(room: Room, attempt: Any) -> list[str]:
    """Why this candidate cannot come in or write, as the candidate is told, with what to do here."""
    if attempt.state in DONE or attempt.state is AttemptState.ABSENT:
        return []
    reasons = []
    if attempt.checked_in_at is None and room.is_too_late(attempt):
        reasons.append(
            _(
                "Đến sau %(time)s (quá %(minutes)s phút): nội quy không cho vào. Ghi sự việc để hội đồng quyết định.",
                time=format_time(room.last_entry_at),
                minutes=room.late_minutes,
            )
        )
    for machine in room.refused:
        if machine.attempt_id == attempt.id:
            reasons.append(
                _(
                    "Máy %(address)s bị từ chối lúc %(time)s: %(reason)s",
                    address=machine.address,
                    time=format_time_seconds(machine.last_at),
                    reason=refusal_words(room, machine),
                )
            )
    number = attempt.candidacy.candidate_number or ""
    slowed = list_slowed_logins(db.session(), [number], room.now).get(login_key(number))
    if slowed is not None:
        tries = ngettext("%(num)d lần", "%(num)d lần", slowed.failures)
        reasons.append(
            _(
                "Nhập sai mật khẩu %(tries)s; thử lại từ %(time)s. Không khóa: mật khẩu in trên phiếu vào được ngay.",
                tries=tries,
                time=format_time_seconds(slowed.open_at),
            )
        )
    if attempt.paused_at is not None and attempt.state is AttemptState.OPEN:
        reasons.append(_("Đồng hồ đang dừng nên trang thi chỉ để đọc. Chạy lại để thí sinh viết tiếp."))
    return reasons


def _acts(room: Room, attempt: Any) -> list[str]:
    """What may be done at the seat now, the likeliest first."""
    acts: list[str] = []
    if any(call.attempt_id == attempt.id for call in room.calls):
        acts.append("answer")
    has_loss = any(loss.attempt.id == attempt.id for loss in room.losses)
    if has_loss:
        acts.append("lost-time")
    if attempt.state in DONE and room.beside.get(attempt.id):
        acts.append("late")
    late = ["on-time"] if attempt.arrived_late_at is not None and not room.is_over else []
    if attempt.state not in {AttemptState.OPEN, AttemptState.SEATED}:
        return [*acts, "incident", *late]
    has_come = attempt.checked_in_at is not None or attempt.opened_at is not None
    if attempt.checked_in_at is None:
        acts.append("check-in")
        if not has_come and room.is_running and room.is_too_late():
            acts.append("absent")
    acts += ["move", "extend", "incident", "message"]
    if attempt.state is AttemptState.OPEN and has_come:
        acts += ["resume" if attempt.paused_at is not None else "pause", "free"]
        acts += [] if has_loss else ["lost-time"]
        acts.append("hand-in")
    if attempt.checked_in_at is not None and attempt.photo_id is None:
        acts.append("photo")
    return acts + late
