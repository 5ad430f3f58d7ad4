"""The course of an attempt and the report of a sitting, the same pages for every audience that may open them.

A view of an audience is one call of `serve_timeline` or `serve_report`. Which of them shows lengths or the text itself
is decided by the rules in `domain.timelines`, never by a view.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask import g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.attempts import AttemptState
from examsite.domain.evidence import EvidenceKind, is_worth_a_look
from examsite.domain.rooms import AnswerFileState, HelpKind, LostTimeState
from examsite.domain.timelines import (
    AttemptFacts,
    AttemptReport,
    Happening,
    HappeningKind,
    StoredVersion,
    may_replay,
    noticed_of,
    report_of,
    shows_letters,
)
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.attempts import get_attempt
from examsite.storage.queries.code_maps import find_closed_map
from examsite.storage.queries.pauses import list_room_pauses
from examsite.storage.queries.rooms import list_outages
from examsite.storage.queries.timeline import ReplayStep, list_facts, list_replay
from examsite.web.formatting import format_item, format_time, format_time_seconds
from examsite.web.i18n import _, localised, ngettext
from examsite.web.labels import label
from examsite.web.transactions import read_web_clock

#: Width of the picture in its own units, and what its names of lanes take of it.
_WIDTH: Final = 1000
_NAMES: Final = 150
_LANE: Final = 30
_TICK_MINUTES: Final = (5, 10, 15, 30, 60)

_LANES: Final = (
    (HappeningKind.SILENT, True),
    (HappeningKind.OUTAGE, True),
    (HappeningKind.PAUSED, True),
    (HappeningKind.LOST, True),
    (HappeningKind.EXTENDED, False),
    (HappeningKind.FREED, False),
    (HappeningKind.MOVED, False),
    (HappeningKind.REOPENED, False),
    (HappeningKind.KEPT_OUT, False),
    (HappeningKind.CALLED, True),
    (HappeningKind.MESSAGE, False),
    (HappeningKind.INCIDENT, False),
    (HappeningKind.CARRIED, False),
    (HappeningKind.NOTICED, False),
)


@dataclass(frozen=True)
class Mark:
    """One mark of the picture: a band where it lasts, otherwise a tick."""

    x: float
    width: float
    said: str


@dataclass(frozen=True)
class Lane:
    """One row of the picture."""

    name: str
    y: int
    kind: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Picture:
    """The track of an attempt from the start of the sitting to its end."""

    width: int
    height: int
    left: int
    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, str], ...]
    ends: tuple[tuple[float, str], ...]


def length_text(seconds: float) -> str:
    """A length of time for people: "0:45", "12:05", "1:02:05"."""
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def serve_timeline(sitting: Any, seat: str, *, back: str, is_author: bool = False) -> ResponseReturnValue:
    """The page of one attempt: its picture, everything that happened, every save, and the text for those allowed."""
    attempt = get_attempt(db.session(), sitting.id, seat)
    (facts,) = list_facts(db.session(), sitting, seat=seat)
    now = read_web_clock()
    state = g.competition.state
    shows_text = is_author or (g.actor.role is not None and may_replay(g.actor.role, state))
    steps = replay_steps(list_replay(db.session(), attempt.id)) if shows_text else []
    return render_template(
        "timelines/show_timeline.html",
        sitting=sitting,
        facts=facts,
        report=report_of(facts, now=now),
        picture=picture_of(facts, now=now),
        happenings=[_entry(one) for one in facts.happenings],
        saves=_saves_by_part(facts.versions),
        shows_letters=is_author or shows_letters(state),
        steps=steps,
        is_closed=find_closed_map(db.session(), g.competition.id) is not None,
        words={"play": _("Chạy"), "stop": _("Dừng"), "step": _("Bước %s trên %s, lúc %s")},
        shows_text=shows_text,
        is_author=is_author,
        back=back,
        length=length_text,
        layout="layouts/candidate.html" if is_author else "layouts/staff.html",
    )


def serve_report(sitting: Any, *, back: str, timeline_url: Callable[[str], str] | None = None) -> ResponseReturnValue:
    """The incident report of a sitting, ready for paper: computed at this instant from rows and records only."""
    now = read_web_clock()
    reports = [report_of(facts, now=now) for facts in list_facts(db.session(), sitting)]
    outages = []
    if sitting.started_at is not None:
        outages = list_outages(db.session(), sitting.started_at, sitting.closed_at or now)
    return render_template(
        "timelines/show_report.html",
        sitting=sitting,
        reports=reports,
        troubled=[report for report in reports if report.has_trouble],
        eventful=[report for report in reports if _is_eventful(report)],
        calm=[report for report in reports if not _is_eventful(report)],
        counts=[
            (label(state), sum(report.state is state for report in reports))
            for state in AttemptState
            if any(report.state is state for report in reports)
        ],
        outages=outages,
        room_pauses=list_room_pauses(db.session(), sitting.id),
        length=length_text,
        back=back,
        timeline_url=timeline_url,
    )


def _is_eventful(report: AttemptReport) -> bool:
    """Whether a seat has a row of figures; the others would be a row of dots."""
    changed_time = report.paused_seconds or report.extended_seconds or not report.adds_up
    return bool(report.has_trouble or changed_time or report.saves != report.counted or report.carried)


def replay_steps(versions: list[ReplayStep]) -> dict[str, Any]:
    """The growth of each written answer, every step as what changed: letters kept at both ends and what stands between.

    Fenced and late versions are left out: they were never the answer.
    """
    steps: dict[str, list[list[Any]]] = {}
    last: dict[str, str] = {}
    for version in versions:
        if version.set_aside:
            continue
        before, after = last.get(version.item, ""), version.text
        head = _same(before, after)
        tail = _same(before[head:][::-1], after[head:][::-1])
        middle = after[head : len(after) - tail]
        steps.setdefault(version.item, []).append([format_time_seconds(version.at), head, tail, middle])
        last[version.item] = after
    return {item: {"name": format_item(item), "steps": rows} for item, rows in sorted(steps.items())}


def picture_of(facts: AttemptFacts, *, now: datetime) -> Picture | None:
    """The track of an attempt; nothing before the start."""
    if facts.started_at is None or facts.deadline_at is None:
        return None
    first = facts.started_at
    marks = [one.at for one in facts.happenings] + [version.received_at for version in facts.versions]
    last = max([facts.deadline_at, *(at for at in marks if at <= facts.deadline_at + timedelta(hours=1))])
    whole = (last - first).total_seconds() or 1.0

    def place(at: datetime) -> float:
        share = (min(max(at, first), last) - first).total_seconds() / whole
        return round(_NAMES + share * (_WIDTH - _NAMES - 12), 1)

    lanes = [_saves_lane(facts.versions, place)]
    for kind, lasts in _LANES:
        found = facts.of(kind)
        if not found:
            continue
        drawn = []
        for one in found:
            x = place(one.at)
            width = max(3.0, place(one.ended_at or (now if lasts else one.at)) - x) if lasts else 3.0
            title, detail = _said(one)
            drawn.append(Mark(x, round(width, 1), f"{format_time_seconds(one.at)} {title}. {detail}".strip()))
        lanes.append(Lane(label(kind), 0, kind.value, tuple(drawn)))
    placed = tuple(Lane(lane.name, 8 + index * _LANE, lane.kind, lane.marks) for index, lane in enumerate(lanes))
    step = next((minutes for minutes in _TICK_MINUTES if whole / 60 / minutes <= 9), _TICK_MINUTES[-1])
    ticks = []
    at = first
    while at <= last:
        ticks.append((place(at), format_time(at)))
        at += timedelta(minutes=step)
    ends = [(place(facts.deadline_at), _("Hết giờ %(time)s", time=format_time(facts.deadline_at)))]
    if facts.ended_at is not None and facts.ended_at < facts.deadline_at:
        ends.append((place(facts.ended_at), _("Nộp bài %(time)s", time=format_time(facts.ended_at))))
    return Picture(_WIDTH, 8 + len(placed) * _LANE + 22, _NAMES, placed, tuple(ticks), tuple(ends))


def _saves_lane(versions: tuple[StoredVersion, ...], place: Callable[[datetime], float]) -> Lane:
    # Hundreds of saves share a few hundred places: one tick for each place says as much.
    places: dict[float, int] = {}
    for version in versions:
        x = place(version.received_at)
        places[x] = places.get(x, 0) + 1
    marks = tuple(
        Mark(x, 1.2, ngettext("%(num)d lần lưu", "%(num)d lần lưu", count)) for x, count in sorted(places.items())
    )
    return Lane(_("Lần lưu"), 0, "save", marks)


def _saves_by_part(versions: tuple[StoredVersion, ...]) -> list[tuple[str, list[tuple[str, StoredVersion]]]]:
    """Every save as it came in, one list for each essay and one for everything else."""
    parts: dict[str, list[tuple[str, StoredVersion]]] = {}
    for version in versions:
        part = format_item(version.item) if version.item.startswith("E") else _("Trắc nghiệm và đánh dấu")
        parts.setdefault(part, []).append((format_item(version.item), version))
    return sorted(parts.items(), key=lambda part: (part[1][0][1].item[:1] != "E", part[1][0][1].item))


def _entry(happening: Happening) -> dict[str, Any]:
    title, detail = _said(happening)
    lasted = "" if happening.ended_at is None else length_text(happening.length(happening.at).total_seconds())
    return {
        "kind": happening.kind.value,
        "at": happening.at,
        "title": title,
        "detail": detail,
        "lasted": lasted,
        "is_notable": happening.kind is HappeningKind.NOTICED and is_worth_a_look(noticed_of(happening)),
    }


def _said(happening: Happening) -> tuple[str, str]:
    """Title and detail of one happening in words."""
    kind, reason = happening.kind, happening.reason
    title = label(kind)
    if kind is HappeningKind.SILENT:
        return title, _("rồi mở lại trang") if happening.word else _("rồi nối lại")
    if kind is HappeningKind.EXTENDED:
        return _("Thêm %(length)s", length=length_text(happening.seconds)), reason
    if kind is HappeningKind.LOST:
        said = [label(LostTimeState(happening.word)), length_text(happening.count or happening.seconds)]
        return title, " · ".join(part for part in (*said, reason) if part)
    if kind is HappeningKind.CLOSED and happening.word:
        return _("Cán bộ coi thi thu bài"), reason
    if kind is HappeningKind.MESSAGE:
        return (_("Tin nhắn cho cả phòng") if happening.word else _("Tin nhắn cho thí sinh")), reason
    if kind is HappeningKind.CALLED:
        parts = [label(HelpKind(happening.word)), format_item(happening.item) if happening.item else "", reason]
        return title, " · ".join(part for part in parts if part)
    if kind is HappeningKind.INCIDENT:
        measure = {item.measure: localised(item.text, "") for item in ruleset_of(g.competition).measures}
        return title, " · ".join(part for part in (measure.get(happening.word, ""), reason) if part)
    if kind is HappeningKind.NOTICED:
        return label(EvidenceKind(happening.word)), _noticed(happening)
    if kind is HappeningKind.CARRIED:
        state = label(AnswerFileState(happening.word))
        count = ngettext("%(num)d lần lưu mới", "%(num)d lần lưu mới", happening.count)
        return title, f"{count} · {state}"
    if kind is HappeningKind.KEPT_OUT:
        rule = _("sai Safe Exam Browser") if happening.word.startswith("seb") else _("ngoài dải địa chỉ của phòng")
        return title, f"{rule} · {reason}"
    return title, " · ".join(part for part in (happening.word, reason) if part)


def _noticed(happening: Happening) -> str:
    parts = [format_item(happening.item) if happening.item else ""]
    if happening.count:
        parts.append(ngettext("%(num)d ký tự", "%(num)d ký tự", happening.count))
    if happening.seconds:
        parts.append(length_text(happening.seconds))
    if happening.reason == "own":
        parts.append(_("chép từ chính bài làm"))
    return " · ".join(part for part in parts if part)


def _same(one: str, other: str) -> int:
    """How many letters two texts share at their beginning."""
    most = min(len(one), len(other))
    low, high = 0, most
    while low < high:  # a search by halves: texts are long and mostly the same
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
