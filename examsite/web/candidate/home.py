"""Home of a candidate: where the way stands, and the one thing to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.adjustments import adjustments_from_data
from examsite.domain.attempts import AttemptState
from examsite.domain.competitions import CompetitionState
from examsite.domain.dossiers import CandidacyState
from examsite.domain.permissions import Role
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.adjustments import find_newest_adjustment_request
from examsite.storage.queries.attempts import find_seat
from examsite.storage.queries.candidacies import get_candidacy
from examsite.web.access import requires
from examsite.web.adjustments import adjustment_lines
from examsite.web.candidate import HOME_TOPICS, HomeTopic, add_home_topic, bp
from examsite.web.candidate.dossier import checklist_lines, is_open_for_files
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.labels.candidacies import TAGS
from examsite.web.transactions import read_web_clock

_S = CompetitionState

#: From which state of the competition on each of the five steps is the present one.
STEPS_FROM = ((_S.DRAFT, 1), (_S.ROSTERED, 2), (_S.PROPOSALS, 3), (_S.DEFENCE, 4), (_S.RANKED, 5))


@dataclass(frozen=True)
class Card:
    """A topic and what it shows."""

    topic: HomeTopic
    values: dict[str, Any]


@bp.get("/")
@requires(Role.CANDIDATE)
def show_home() -> ResponseReturnValue:
    """The track in five steps and the cards that matter now."""
    candidacy = get_candidacy(db.session(), g.actor.candidacy_id)
    g.competition = candidacy.competition
    now = read_web_clock()
    cards = [Card(topic, values) for topic in HOME_TOPICS if (values := topic.read(candidacy, now)) is not None]
    return render_template(
        "candidate/show_home.html",
        candidacy=candidacy,
        cards=cards,
        steps=[_("Hồ sơ"), _("Thi viết"), _("Đề án"), _("Bảo vệ"), _("Kết quả")],
        current_step=_current_step(candidacy.competition.state),
    )


def _current_step(state: CompetitionState) -> int:
    return max(step for start, step in STEPS_FROM if state.has_reached(start))


def _read_dossier(candidacy: Any, _now: datetime) -> dict[str, Any]:
    lines = checklist_lines(candidacy)
    kind, tone = TAGS[candidacy.state]
    return {
        "state": label(candidacy.state),
        "kind": kind,
        "tone": tone,
        "missing": sum(1 for line in lines if line.file is None),
        "total": len(lines),
        "is_open": is_open_for_files(candidacy),
        "closes_at": candidacy.competition.applications_close_at,
        "refusal_reason": candidacy.refusal_reason,
        "can_withdraw": candidacy.state in {CandidacyState.DRAFT, CandidacyState.SUBMITTED},
    }


def _read_roster(candidacy: Any, _now: datetime) -> dict[str, Any] | None:
    if candidacy.candidate_number is None:
        return None
    attempt = find_seat(db.session(), candidacy.id)
    room = next((name for name in ("candidate.show_test",) if name in current_app.view_functions), "")
    return {
        "candidate_number": candidacy.candidate_number,
        "room": attempt.sitting.room if attempt is not None else "",
        "seat": attempt.seat if attempt is not None else "",
        "starts_at": attempt.sitting.starts_at if attempt is not None else candidacy.competition.written_at,
        "duration_minutes": attempt.sitting.duration_minutes if attempt is not None else None,
        "is_ahead": not candidacy.competition.state.has_reached(_S.MARKING),
        "waiting_endpoint": room,
        "has_receipt": attempt is not None and attempt.state in (AttemptState.HANDED_IN, AttemptState.CLOSED),
        "results_at": None
        if candidacy.competition.state.has_reached(_S.APPEALS)
        else candidacy.competition.written_results_at,
    }


def _read_adjustments(candidacy: Any, _now: datetime) -> dict[str, Any] | None:
    newest = find_newest_adjustment_request(db.session(), candidacy.id)
    if newest is None or candidacy.competition.state.has_reached(_S.MARKING):
        return None
    minutes = ruleset_of(candidacy.competition).written_minutes
    return {
        "is_waiting": newest.decided_at is None,
        "state": label(newest.state),
        "wanted": adjustment_lines(adjustments_from_data(newest.wanted), minutes=minutes),
        "approved": adjustment_lines(adjustments_from_data(candidacy.adjustments), minutes=minutes),
        "decided_at": newest.decided_at,
        "reason": newest.decision_reason,
    }


add_home_topic("adjustments", order=20, read=_read_adjustments)
add_home_topic("roster", order=10, read=_read_roster)
add_home_topic("dossier", order=50, read=_read_dossier)
