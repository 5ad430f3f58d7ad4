"""Go or no-go for a sitting, as every audience that may see it reads it: findings in words, what to do, who does it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, g, request

from examsite.config import Settings
from examsite.domain.readiness import Check, Level, worst_level
from examsite.domain.rehearsals import CERTIFICATE_DAYS
from examsite.domain.sittings import SittingState
from examsite.services.readiness import Place, check_faults, list_alarms, list_checks
from examsite.storage.database import db
from examsite.storage.queries.machines import list_refused_machines
from examsite.storage.queries.rehearsals import count_at_once, list_rehearsals
from examsite.storage.queries.sittings import get_sitting
from examsite.web.i18n import _
from examsite.web.labels import in_words, label
from examsite.web.labels.machines import REFUSALS
from examsite.web.labels.readiness import ACTIONS, FIGURES, FINDINGS
from examsite.web.transactions import read_web_clock

#: How a level looks in a list of checks.
LOOKS = {Level.GOOD: "good", Level.ATTENTION: "attention", Level.STOP: "bad"}


@dataclass(frozen=True)
class Finding:
    """One line of the page."""

    topic: str
    name: str
    level: Level
    look: str
    text: str
    action: str
    owner: str


def list_alarm_findings() -> list[Finding]:
    """What staff must learn at once while a sitting runs, in words; cheap enough for each answer of a board."""
    return [finding(item) for item in list_alarms(current_app.extensions["settings"])]


def list_room_alarms(sitting: Any) -> list[Finding]:
    """What a room must learn at once: the alarms of the server, and what it fails to do at this sitting."""
    fault = check_faults(db.session(), sitting, read_web_clock())
    return [*list_alarm_findings(), *([] if fault.level is Level.GOOD else [finding(fault)])]


def read_readiness(sitting_code: str) -> dict[str, Any]:
    """Everything that the page of a sitting of `g.competition` shows."""
    session = db.session()
    settings: Settings = current_app.extensions["settings"]
    sitting = get_sitting(session, g.competition.id, sitting_code)
    now = read_web_clock()
    place = Place(timer=time.perf_counter, host=urlsplit(f"//{request.host}").hostname or "")
    checks = list_checks(session, settings, sitting, now=now, place=place)
    level = worst_level(checks)
    return {
        "sitting": sitting,
        "findings": [finding(item) for item in checks],
        "level": level,
        "look": LOOKS[level],
        "verdict": _verdict(level, sitting.state),
        "has_started": sitting.state is not SittingState.SCHEDULED,
        "stops": sum(item.level is Level.STOP for item in checks),
        "cautions": sum(item.level is Level.ATTENTION for item in checks),
        "head_count": count_at_once(session, sitting),
        "certificate_days": CERTIFICATE_DAYS,
        "rehearsals": list_rehearsals(session, sitting.competition_id),
        "refused": [
            {"row": row, "text": str(REFUSALS[row.reason])} for row in list_refused_machines(session, sitting.id)
        ],
    }


def finding(check: Check) -> Finding:
    """A check in the reader's words."""
    params = in_words(check.params)
    action = ACTIONS.get(check.code)
    return Finding(
        topic=check.topic.value,
        name=label(check.topic),
        level=check.level,
        look=LOOKS[check.level],
        text=str(FINDINGS[check.code]) % params,
        action="" if action is None or check.level is Level.GOOD else str(action),
        owner=label(check.owner),
    )


def figure_rows(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """The figures of a rehearsal, one row for each phase that was measured."""
    return [
        {
            "name": str(text),
            "count": figures[f"{name}_count"],
            "per_second": figures[f"{name}_per_second"],
            "p50": figures[f"{name}_p50"],
            "p99": figures[f"{name}_p99"],
            "errors": figures[f"{name}_errors"],
        }
        for name, text in FIGURES.items()
        if f"{name}_count" in figures
    ]


def _verdict(level: Level, state: SittingState) -> str:
    """Whether the sitting may begin; once it has, that it has, and how the room stands."""
    if state is SittingState.CLOSED:
        return _("Ca thi đã kết thúc")
    if state is SittingState.STARTED:
        if level is Level.STOP:
            return _("Đã bắt đầu, có mục chưa đạt")
        if level is Level.ATTENTION:
            return _("Đã bắt đầu, có việc cần xem")
        return _("Đã bắt đầu, mọi mục đều đạt")
    if level is Level.STOP:
        return _("Chưa bắt đầu được")
    if level is Level.ATTENTION:
        return _("Bắt đầu được, có việc cần xem")
    return _("Sẵn sàng bắt đầu")
