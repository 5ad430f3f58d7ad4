"""Where a competition stands, made ready for pages: the gate track, what is missing, which page opens the next gate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for

from examsite.domain.canonical import parse_instant
from examsite.domain.competitions import GATE_GROUPS, CompetitionState, GateEvent, Missing, next_event
from examsite.domain.events import Event
from examsite.web.formatting import format_date, format_day, format_time
from examsite.web.labels import label, missing_text
from examsite.web.labels.competitions import ACTORS, GROUPS, SCHEDULE
from examsite.web.labels.records import SUBJECTS

#: The planned instant that a step waits for.
PLANNED = {
    CompetitionState.VETTING: "applications_close_at",
    CompetitionState.WRITTEN: "written_at",
    CompetitionState.APPEALS: "written_results_at",
    CompetitionState.DEFENCE: "proposals_close_at",
    CompetitionState.RANKED: "defence_at",
    CompetitionState.PUBLISHED: "results_at",
}

#: The organiser's page on which a missing thing is put right.
MISSING_PAGES = {
    "posts_missing": "organiser.add_post",
    "defence_rubric_wrong": "organiser.show_plan",
    "schedule_incomplete": "organiser.edit_schedule",
    "schedule_not_in_order": "organiser.edit_schedule",
    "schedule_in_the_past": "organiser.edit_schedule",
    "announcement_missing": "organiser.edit_announcement",
    "role_short": "organiser.show_people",
    "council_short": "organiser.show_people",
    "applications_close_passed": "organiser.edit_schedule",
    "applications_missing": "organiser.list_candidates",
    "candidacies_undecided": "organiser.list_candidates",
    "eligible_too_few": "organiser.list_candidates",
    "sittings_missing": "organiser.list_sittings",
    "invigilators_missing": "organiser.list_sittings",
    "candidates_unseated": "organiser.list_sittings",
    "appeal_window_open": "organiser.list_appeals",
    "appeals_without_markers": "organiser.list_appeals",
    "appeals_being_marked": "organiser.list_appeals",
    "appeals_undecided": "organiser.list_appeals",
    "proposals_still_open": "organiser.list_proposals",
    "defence_not_called": "organiser.call_defence",
    "proposals_not_locked": "organiser.list_proposals",
    "defences_not_over": "organiser.list_proposals",
    "panel_gaps_undecided": "organiser.list_proposals",
}

_GROUP_OF = {state: name for name, states in GATE_GROUPS for state in states}


@dataclass(frozen=True)
class TrackStep:
    """One step of the track as people read it."""

    number: int
    label: str
    date_text: str
    group: str


@dataclass(frozen=True)
class MissingRow:
    """One thing that keeps a gate shut, in words."""

    title: str
    owner: str
    url: str | None


@dataclass(frozen=True)
class PlannedDate:
    """One instant of the schedule, in words."""

    name: str
    label: str
    at: datetime


def track(competition: Any) -> list[TrackStep]:
    """The fifteen steps with the dates on which they began or are planned to begin."""
    entered = dict(zip(list(CompetitionState)[1:], competition.passages, strict=False))
    steps = []
    for state in CompetitionState:
        if state is CompetitionState.DRAFT:
            at: datetime | None = competition.created_at
        elif state in entered:
            at = entered[state].at
        else:
            at = getattr(competition, PLANNED[state]) if state in PLANNED else None
        steps.append(TrackStep(state.number, label(state), format_day(at) if at else "", str(GROUPS[_GROUP_OF[state]])))
    return steps


def planned_dates(competition: Any) -> list[PlannedDate]:
    """The schedule of a competition, as far as it is set."""
    return [
        PlannedDate(name, str(text), at)
        for name, text in SCHEDULE.items()
        if (at := getattr(competition, name)) is not None
    ]


def event_after(competition: Any) -> GateEvent | None:
    """The event that opens the next gate, or None at the end of the road."""
    return next_event(competition.state)


def missing_rows(competition: Any, missing: list[Missing], pages: dict[str, str]) -> list[MissingRow]:
    """What is missing in words, each with the page on which it is put right where there is one."""
    rows = []
    for item in missing:
        endpoint = pages.get(item.code)
        url = url_for(endpoint, code=competition.code) if endpoint else None
        rows.append(MissingRow(missing_text(item.code, item.params), label(item.owner), url))
    return rows


def record_entry(row: Any, *, today: datetime | None = None) -> dict[str, Any]:
    """A record as `record_list` shows it: the fact in words, the pseudonym, never the payload.

    With `today`, a record of another day is given by its day instead of its time.
    """
    at = parse_instant(row.at)
    earlier = today is not None and format_date(at) != format_date(today)
    return {
        "at": None if earlier else at,
        "time_text": format_day(at),
        "title": label(Event(row.event)),
        "actor": actor_text(row.actor),
        "subject": subject_words(row.subject),
        "number": row.seq,
    }


def actor_text(actor: str) -> str:
    """Who acted, in words: "Hội đồng C01" for `council/C01`."""
    kind, _separator, pseudonym = actor.partition("/")
    return " ".join(part for part in (str(ACTORS.get(kind, kind)), pseudonym) if part)


def subject_words(subject: str) -> str:
    """What a record is about, in words: "Ca thi S1" for `sitting/S1`."""
    kind, _separator, code = subject.partition("/")
    return " ".join(part for part in (str(SUBJECTS.get(kind, kind)), code) if part)


def when(at: datetime) -> str:
    """17:00 ngày 08/05/2026, as the schedule says it."""
    return f"{format_time(at)} {format_date(at)}"
