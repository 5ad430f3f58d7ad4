"""The board of a room put together: seats with their words, what needs a person first, the figures of the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import url_for

from examsite.domain.attempts import SILENT_AFTER_SECONDS, AttemptState, deadline_of
from examsite.domain.sittings import IncidentState, SittingState, seat_codes
from examsite.storage.database import db
from examsite.storage.queries.sittings import (
    Progress,
    list_attempts,
    list_incidents,
    list_progress,
    reasons_against_start,
)
from examsite.web.formatting import format_time, format_time_seconds
from examsite.web.i18n import _, localised
from examsite.web.labels import missing_text

_WORKING = AttemptState.OPEN
_DONE = frozenset({AttemptState.HANDED_IN, AttemptState.CLOSED})


@dataclass(frozen=True)
class Card:
    """Something that needs a person: where, what, since when, and the next steps."""

    kind: str
    seat: str
    number: str
    tag: str
    time_text: str
    text: str
    links: tuple[tuple[str, str], ...]
    selected: bool = False


@dataclass(frozen=True)
class OpenSeat:
    """Everything known of one seat that an invigilator may know."""

    attempt: Any
    tag_kind: str
    tag: str
    facts: tuple[tuple[str, str], ...]
    free_seats: tuple[str, ...]
    acts: tuple[str, ...]


@dataclass(frozen=True)
class Board:
    """A room at one instant."""

    rows: list[dict[str, Any]]
    incidents: list[Card]
    silent: list[Card]
    tiles: list[dict[str, Any]]
    is_running: bool
    is_over: bool
    is_signed: bool
    ends_at: datetime
    counts_to: datetime
    reasons: list[str]
    absent: list[Any]
    open_seat: OpenSeat | None = field(default=None)


def read_board(sitting: Any, competition: Any, now: datetime, *, seat: str | None = None) -> Board:
    """The room now; with one seat open when it is named."""
    session = db.session()
    attempts = list_attempts(session, sitting.id)
    progress = list_progress(session, sitting.id)
    waiting = [item for item in list_incidents(session, sitting.id) if item.state is IncidentState.RECORDED]
    by_candidacy = {item.candidacy_id: item for item in reversed(waiting)}
    by_seat = {attempt.seat: attempt for attempt in attempts}
    seats = {
        code: _seat(
            code,
            by_seat.get(code),
            progress=progress,
            incidents=by_candidacy,
            sitting=sitting,
            now=now,
            is_open=code == seat,
        )
        for code in seat_codes(sitting.seat_rows, sitting.seat_columns)
    }
    states = [attempt.state for attempt in attempts]
    silent = [attempt for attempt in attempts if seats[attempt.seat]["state"] == "silent"]
    present = sum(1 for attempt in attempts if attempt.checked_in_at is not None or attempt.opened_at is not None)
    deadlines = [_deadline(sitting, attempt) for attempt in attempts if attempt.state is _WORKING]
    planned = deadline_of(sitting.started_at or sitting.starts_at, sitting.duration_minutes)
    ends_at = max(deadlines, default=planned)
    is_running = sitting.state is SittingState.STARTED
    is_planned = sitting.state is SittingState.SCHEDULED
    tiles = [
        {"value": len(waiting), "label": _("sự việc"), "tone": "seal" if waiting else None},
        {"value": len(silent), "label": _("máy im"), "tone": "amber" if silent else None},
        {"value": states.count(_WORKING), "label": _("đang làm bài")},
        {"value": sum(state in _DONE for state in states), "label": _("đã nộp")},
        {"value": states.count(AttemptState.ABSENT), "label": _("vắng")},
        {"value": present, "of": len(attempts), "label": _("có mặt")},
        {"value": len(seats) - len(attempts), "label": _("chỗ dự phòng")},
    ]
    columns = sitting.seat_columns
    listed = list(seats.values())
    opened = by_seat.get(seat or "")
    return Board(
        rows=[
            {"label": chr(ord("A") + row), "seats": listed[row * columns : (row + 1) * columns]}
            for row in range(sitting.seat_rows)
        ],
        incidents=[_incident_card(item, attempts, sitting, competition, seat) for item in waiting],
        silent=[
            _silent_card(attempt, progress=progress, sitting=sitting, competition=competition, now=now, seat=seat)
            for attempt in silent
        ],
        tiles=tiles,
        is_running=is_running,
        is_over=sitting.state is SittingState.CLOSED,
        is_signed=sitting.attendance_signed_at is not None,
        ends_at=ends_at,
        counts_to=sitting.starts_at if is_planned else ends_at,
        reasons=[
            missing_text(item.code, item.params)
            for item in (reasons_against_start(session, sitting, competition.state) if is_planned else [])
        ],
        absent=[attempt for attempt in attempts if attempt.state is AttemptState.ABSENT],
        open_seat=None
        if opened is None
        else _open_seat(
            opened,
            progress=progress,
            sitting=sitting,
            now=now,
            look=seats[opened.seat],
            free_seats=[code for code in seats if code not in by_seat],
        ),
    )


def _deadline(sitting: Any, attempt: Any) -> datetime:
    return deadline_of(sitting.started_at or sitting.starts_at, sitting.duration_minutes, attempt.added_seconds)


def _given_minutes(attempt: Any) -> int:
    return attempt.added_seconds // 60


def _seconds(since: datetime | None, now: datetime) -> int:
    return 0 if since is None else max(0, int((now - since).total_seconds()))


def _age(seconds: int) -> str:
    if seconds < 120:
        return _("%(count)s giây", count=seconds)
    return _("%(count)s phút", count=seconds // 60)


def _seat(
    code: str,
    attempt: Any,
    *,
    progress: dict[int, Progress],
    incidents: dict[int | None, Any],
    sitting: Any,
    now: datetime,
    is_open: bool,
) -> dict[str, Any]:
    if attempt is None:
        return {"code": code, "second": "–", "state": "spare", "lines": [_("dự phòng")]}
    state, lines = _look(attempt, progress.get(attempt.id), incidents, now)
    number = attempt.candidacy.candidate_number
    words = ", ".join(lines)
    return {
        "code": code,
        "second": number[-3:],
        "state": state,
        "lines": lines,
        "selected": is_open,
        "url": url_for(
            "invigilator.show_board", code=sitting.competition.code, sitting=sitting.code, seat=code, _anchor="seat"
        ),
        "label": _("Chỗ %(seat)s, số báo danh %(number)s, %(words)s", seat=code, number=number, words=words),
    }


def _look(
    attempt: Any, progress: Progress | None, incidents: dict[int | None, Any], now: datetime
) -> tuple[str, list[str]]:
    """The border of a seat and its words: an incident first, then silence, then calm."""
    total = len(attempt.paper.data["items"]) if attempt.paper is not None else 0
    answered = progress.answered if progress is not None else 0
    count = _("%(done)s/%(total)s câu", done=answered, total=total)
    if attempt.candidacy_id in incidents:
        return "incident", [_("sự việc"), count if total else ""]
    if attempt.state is AttemptState.ABSENT:
        return "absent", [_("vắng")]
    if attempt.state in _DONE:
        ended = attempt.handed_in_at or attempt.closed_at
        word = _("nộp %(time)s", time=format_time(ended)) if attempt.handed_in_at else _("đã thu bài")
        return "done", [word, count]
    if attempt.state is not _WORKING:
        return ("ok", [_("đã đối chiếu")]) if attempt.checked_in_at else ("empty", [_("chưa đối chiếu")])
    if attempt.opened_at is None:
        return ("silent", [_("chưa mở bài")]) if attempt.checked_in_at else ("empty", [_("chưa đến")])
    quiet = _seconds(attempt.last_seen_at, now)
    if quiet > SILENT_AFTER_SECONDS:
        return "silent", [_("im %(age)s", age=_age(quiet)), count]
    given = _given_minutes(attempt)
    saved = progress.saved_at if progress is not None else None
    first = _("lưu %(age)s", age=_age(_seconds(saved, now))) if saved is not None else _("đã mở bài")
    return "ok", [first, _("+%(minutes)s phút", minutes=given) if given else count]


def _act_url(sitting: Any, competition: Any, seat: str, act: str) -> str:
    return url_for(
        "invigilator.show_board", code=competition.code, sitting=sitting.code, seat=seat, act=act, _anchor="seat"
    )


def _incident_card(incident: Any, attempts: Sequence[Any], sitting: Any, competition: Any, seat: str | None) -> Card:
    place = next((item for item in attempts if item.candidacy_id == incident.candidacy_id), None)
    links: tuple[tuple[str, str], ...] = ()
    if place is not None:
        links = (
            (_("Xem chỗ này"), _act_url(sitting, competition, place.seat, "")),
            (_("Bù giờ"), _act_url(sitting, competition, place.seat, "extend")),
        )
    return Card(
        kind="incident",
        seat=place.seat if place is not None else "",
        number=place.candidacy.candidate_number if place is not None else "",
        tag=_("Có đề nghị xử lý") if incident.measure else _("Sự việc"),
        time_text=format_time_seconds(incident.recorded_at),
        text=incident.minutes if len(incident.minutes) <= 180 else incident.minutes[:177] + "…",
        links=links,
        selected=place is not None and place.seat == seat,
    )


def _silent_card(
    attempt: Any, *, progress: dict[int, Progress], sitting: Any, competition: Any, now: datetime, seat: str | None
) -> Card:
    if attempt.opened_at is None:
        tag, since = _("Chưa mở bài"), sitting.started_at
        text = _("Đã đối chiếu danh tính nhưng bài chưa mở. Đến xem máy; giờ của thí sinh vẫn chạy.")
    else:
        found = progress.get(attempt.id)
        saved_at = found.saved_at if found is not None else None
        since = attempt.last_seen_at
        tag = _("Im %(age)s", age=_age(_seconds(since, now)))
        text = _(
            "Lần lưu cuối %(time)s. Máy thường tự nối lại; bài vẫn giữ trên máy.", time=format_time_seconds(saved_at)
        )
    return Card(
        kind="silent",
        seat=attempt.seat,
        number=attempt.candidacy.candidate_number,
        tag=tag,
        time_text=format_time_seconds(since),
        text=text,
        links=(
            (_("Cho làm ở máy khác"), _act_url(sitting, competition, attempt.seat, "move")),
            (_("Ghi sự việc"), _act_url(sitting, competition, attempt.seat, "incident")),
        ),
        selected=attempt.seat == seat,
    )


def _open_seat(
    attempt: Any,
    *,
    progress: dict[int, Progress],
    sitting: Any,
    now: datetime,
    look: dict[str, Any],
    free_seats: list[str],
) -> OpenSeat:
    found = progress.get(attempt.id)
    saved_at = found.saved_at if found is not None else None
    given = _given_minutes(attempt)
    ends = format_time_seconds(_deadline(sitting, attempt))
    facts = [
        (_("Thí sinh"), f"{attempt.candidacy.candidate_number} · {attempt.candidacy.full_name}"),
        (_("Ngày sinh"), f"{attempt.candidacy.born_on:%d/%m/%Y}"),
        (_("Số giấy tờ"), attempt.candidacy.identity_number),
        (_("Chức danh"), localised(attempt.candidacy.post, "title")),
        (
            _("Đối chiếu"),
            _("lúc %(time)s", time=format_time_seconds(attempt.checked_in_at))
            if attempt.checked_in_at
            else _("chưa đối chiếu"),
        ),
    ]
    if attempt.opened_at is not None:
        facts.append((_("Máy chủ giữ"), _("đến %(time)s", time=format_time_seconds(saved_at)) if saved_at else "–"))
        facts.append((_("Nhịp cuối"), _("%(age)s trước", age=_age(_seconds(attempt.last_seen_at, now)))))
    facts.append((_("Kết thúc"), _("%(time)s (bù %(minutes)s phút)", time=ends, minutes=given) if given else ends))
    kinds = {"incident": "stopped", "silent": "open", "ok": "running", "done": "done", "absent": "todo"}
    acts = ["incident"]
    if attempt.state in (AttemptState.SEATED, _WORKING):
        acts = ["extend", "move", "incident"]
        if attempt.checked_in_at is None:
            acts = ["check-in", *acts]
        if attempt.state is _WORKING:
            acts.append("free")
    return OpenSeat(
        attempt=attempt,
        tag_kind=kinds.get(look["state"], "todo"),
        tag=look["lines"][0][:1].upper() + look["lines"][0][1:],
        facts=tuple(facts),
        free_seats=tuple(free_seats),
        acts=tuple(acts),
    )
