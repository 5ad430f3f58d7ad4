"""The plan of a room: how each seat looks on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for

from examsite.domain.attempts import AttemptState
from examsite.web.formatting import format_time
from examsite.web.i18n import _
from examsite.web.invigilator.rooms import (
    DONE,
    Room,
    age_words,
    seconds_between,
    short_age,
)
from examsite.web.labels import label


@dataclass(frozen=True)
class Seat:
    """A seat on the plan."""

    code: str
    candidate_number: str
    #: Border and colour: ok, unchecked, silent, incident, call, paused, done, absent, empty, spare.
    look: str
    #: The state in a few words, in one word for narrow cells, and a second line.
    word: str
    short: str
    more: str
    label: str
    url: str = ""
    selected: bool = False
    needs_person: bool = False

    @property
    def number(self) -> str:
        """The end of the candidate number, which is enough inside one room."""
        return self.candidate_number[-3:] or "–"


def seat_rows(room: Room, seat: str | None, *, is_discreet: bool = False) -> list[dict[str, Any]]:
    """The plan, row by row; discreet where candidates see it: incidents are nobody else's business."""
    taken = room.by_seat
    waiting = set() if is_discreet else {item.candidacy_id for item in room.waiting_incidents}
    calling = {call.attempt_id: call for call in room.calls}
    cells = [
        _seat(
            room,
            code,
            taken.get(code),
            waiting=waiting,
            calling=calling,
            is_open=code == seat,
            is_discreet=is_discreet,
        )
        for code in room.seats
    ]
    columns = room.sitting.seat_columns
    return [
        {"label": chr(ord("A") + row), "seats": cells[row * columns : (row + 1) * columns]}
        for row in range(room.sitting.seat_rows)
    ]


def _seat(
    room: Room,
    code: str,
    attempt: Any,
    *,
    waiting: set[int],
    calling: dict[int, Any],
    is_open: bool,
    is_discreet: bool,
) -> Seat:
    if attempt is None:
        return Seat(code, "", "spare", _("dự phòng"), _("trống"), "", _("Chỗ %(seat)s, dự phòng", seat=code))
    look, word, short, more = look_of(room, attempt, waiting, calling)
    if is_discreet and look == "unchecked":
        look, (word, short, more) = "ok", _calm(room, attempt, _count(room, attempt))
    number = attempt.candidacy.candidate_number
    said = ", ".join(item for item in (word, more) if item)
    return Seat(
        code=code,
        candidate_number=number,
        look=look,
        word=word,
        short=short,
        more=more,
        label=_("Chỗ %(seat)s, số báo danh %(number)s, %(words)s", seat=code, number=number, words=said),
        url=url_for(
            "invigilator.show_board",
            code=room.competition.code,
            sitting=room.sitting.code,
            seat=code,
            _anchor="seat",
        ),
        selected=is_open,
        needs_person=look in {"call", "silent"},
    )


def look_of(room: Room, attempt: Any, waiting: set[int], calling: dict[int, Any]) -> tuple[str, str, str, str]:
    """Border, words, one word, second line: a call or an incident first, then silence, then calm."""
    count = _count(room, attempt)
    if attempt.id in calling:
        kind = label(calling[attempt.id].kind)
        return "call", _("gọi: %(kind)s", kind=kind[:1].lower() + kind[1:]), _("gọi"), count
    quiet = room.silent_seconds(attempt)
    if attempt.candidacy_id in waiting:
        more = count if quiet is None else _("im %(age)s", age=age_words(quiet))
        return "incident", _("sự việc"), _("sự việc"), more
    if attempt.state is AttemptState.ABSENT:
        return "absent", _("vắng"), _("vắng"), ""
    if attempt.state in DONE:
        if attempt.handed_in_at is not None:
            return "done", _("nộp %(time)s", time=format_time(attempt.handed_in_at)), _("nộp"), count
        return "done", _("đã thu bài"), _("thu bài"), count
    if attempt.state is not AttemptState.OPEN:
        return _look_seated(room, attempt)
    if attempt.paused_at is not None:
        length = age_words(seconds_between(attempt.paused_at, room.now))
        return "paused", _("dừng giờ"), _("dừng"), _("từ %(age)s", age=length)
    if attempt.opened_at is None and attempt.checked_in_at is None:
        return "empty", _("chưa đến"), _("chưa đến"), ""
    if quiet is not None:
        if attempt.opened_at is None:
            return "silent", _("chưa mở bài"), _("chưa mở"), ""
        return "silent", _("im %(age)s", age=age_words(quiet)), _("im %(age)s", age=short_age(quiet)), count
    if attempt.checked_in_at is None:
        return "unchecked", _("chưa đối chiếu"), _("đối chiếu"), count
    return "ok", *_calm(room, attempt, count)


def _look_seated(room: Room, attempt: Any) -> tuple[str, str, str, str]:
    """A seat before its attempt is open; once the others write, the server has left it behind."""
    if room.is_running:
        return "silent", _("máy chủ chưa mở bài"), _("chưa mở"), ""
    if attempt.checked_in_at is None:
        return "empty", _("chưa đến"), _("chưa đến"), ""
    return "ok", _("đã đối chiếu"), _("có mặt"), ""


def _calm(room: Room, attempt: Any, count: str) -> tuple[str, str, str]:
    found = room.progress.get(attempt.id)
    if found is None or found.saved_at is None:
        word = short = _("đã mở bài") if attempt.opened_at is not None else _("đã đến")
    else:
        seconds = seconds_between(found.saved_at, room.now)
        word, short = _("lưu %(age)s", age=age_words(seconds)), short_age(seconds)
    if attempt.added_seconds >= 60:
        return word, short, _("+%(minutes)s phút", minutes=attempt.added_seconds // 60)
    return word, short, count


def _count(room: Room, attempt: Any) -> str:
    total = room.items.get(attempt.paper_id or 0, 0)
    found = room.progress.get(attempt.id)
    return _("%(done)s/%(total)s câu", done=found.answered if found else 0, total=total) if total else ""


# --- the seat that is open -------------------------------------------------------------------------------------------
