"""The defences in the drawn order, each with its clock; the scores side by side while the panel talks about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import g, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.marking import MarkState
from examsite.domain.panels import (
    SCORES_SHOWN,
    SHEET_OPEN,
    DefenceState,
    is_session_over,
    list_deviations,
    may_see_scores,
)
from examsite.domain.permissions import Role
from examsite.domain.ruleset_model import AfterDiscussion
from examsite.domain.scores import ZERO
from examsite.services.defence import points_of, rubric_of
from examsite.services.panel_access import check_leads
from examsite.services.reveals import outlook
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.assessments import list_assessments, list_own_written
from examsite.storage.queries.competitions import list_competitions_of
from examsite.storage.queries.conflicts import find_declaration, list_recused_candidacies
from examsite.storage.queries.defence import (
    CHANGED_ROUND,
    PART,
    ROUND,
    find_changed_sheet,
    find_own_sheet,
    find_settlement,
    get_defence,
    list_first_totals,
    list_leaders,
    list_own_states,
    list_shown_marks,
)
from examsite.storage.queries.defence import list_defences as read_defences
from examsite.storage.queries.panel_questions import count_questions
from examsite.storage.queries.proposals import find_locked_version
from examsite.web.access import HeldRole, principal, requires
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.panel import bp
from examsite.web.transactions import act, read_web_clock

BOTH = (Role.PANELLIST, Role.PANEL_HEAD)

#: The shape of the tag of each state.
TAGS = {
    DefenceState.SCHEDULED: "todo",
    DefenceState.PRESENTING: "running",
    DefenceState.QUESTIONING: "running",
    DefenceState.SCORING: "work",
    DefenceState.REVEALED: "work",
    DefenceState.SETTLED: "done",
    DefenceState.ABSENT: "stopped",
}


@dataclass(frozen=True)
class Phase:
    """One of the two clocks of a defence. Units: seconds."""

    name: str
    title: str
    allowed_minutes: int
    state: str  # todo | now | done
    used_seconds: int

    @property
    def left_seconds(self) -> int:
        """What is left; below zero when the time was overrun."""
        return self.allowed_minutes * 60 - self.used_seconds

    @property
    def percent(self) -> int:
        """How much of the allowed time is used, at most 100."""
        return min(100, self.used_seconds * 100 // (self.allowed_minutes * 60))


@bp.get("/")
@requires(*BOTH)
def list_competitions() -> ResponseReturnValue:
    """The competitions in which this person sits on the panel."""
    rows = list_competitions_of(db.session(), g.actor.account_id, *BOTH)
    return render_template("panel/list_competitions.html", competitions=rows)


@bp.get("/<code>/")
@requires(*BOTH)
def list_defences(code: str) -> ResponseReturnValue:
    """Who defends, in the drawn order, and how far the own sheets are."""
    session = db.session()
    member, head = held(code, Role.PANELLIST), held(code, Role.PANEL_HEAD)
    declaration = find_declaration(session, g.competition.id, g.actor.account_id)
    recused = list_recused_candidacies(session, g.competition.id, g.actor.account_id)
    return render_template(
        "panel/list_defences.html",
        defences=read_defences(session, g.competition.id),
        own=list_own_states(session, g.competition.id, member.assignment_id) if member else {},
        member=member,
        head=head,
        declaration=declaration,
        conflicted=recused,
        written=list_own_written(session, member.assignment_id) if member else {},
        deviations=list_deviations(list_first_totals(session, g.competition.id, hidden=recused)) if head else [],
        scheduled=DefenceState.SCHEDULED,
        open_states=SHEET_OPEN,
        locked_state=MarkState.LOCKED,
        tags=TAGS,
    )


@bp.get("/<code>/defences/<int(max=9999):position>")
@requires(*BOTH)
def show_defence(code: str, position: int) -> ResponseReturnValue:
    """One defence: its clock, the proposal, the own sheet as far as it is locked, all scores once they are shown."""
    values = defence_values(code, position)
    return render_template("panel/show_defence.html", **values, **score_values(values) | sheet_values(values))


@bp.get("/<code>/defences/<int(max=9999):position>/clock")
@requires(*BOTH, Role.CHAIR)
def read_clock(code: str, position: int) -> ResponseReturnValue:  # noqa: ARG001 -- the guard reads the code
    """The clock for the script of an open page: state and the two phases, and nothing about sheets."""
    defence = get_defence(db.session(), g.competition.id, position)
    if g.actor.role is Role.CHAIR:
        check_leads(act(), g.competition, defence)
    phases = phases_of(defence, read_web_clock())
    return jsonify(
        state=defence.state.value,
        phases={item.name: {"state": item.state, "left": item.left_seconds} for item in phases},
    )


def held(code: str, role: Role) -> HeldRole | None:
    """The assignment of this person in this role of the competition; one may be both member and head."""
    person = principal()
    roles = person.roles_in(code) if person is not None else ()
    return next((item for item in roles if item.role is role), None)


def defence_values(code: str, position: int) -> dict[str, Any]:
    """What every page about one defence stands in: whose turn, its clock, and how the person who looks stands to it."""
    session = db.session()
    defence = get_defence(session, g.competition.id, position)
    member = held(code, Role.PANELLIST)
    sheet = find_own_sheet(session, defence.id, member.assignment_id) if member else None
    ruleset = ruleset_of(g.competition)
    return {
        "defence": defence,
        "count": len(read_defences(session, g.competition.id)),
        "rubric": rubric_of(defence),
        "ruleset": ruleset,
        "part": ruleset.panel(PART),
        "phases": phases_of(defence, read_web_clock()),
        "proposal": find_locked_version(session, defence.candidacy_id),
        "member": member,
        "leads": g.actor.account_id in list_leaders(session, g.competition.id, defence.candidacy_id),
        "is_deputy": g.actor.role is Role.CHAIR,
        "declared": find_declaration(session, g.competition.id, g.actor.account_id) is not None,
        "recused": defence.candidacy_id in list_recused_candidacies(session, g.competition.id, g.actor.account_id),
        "sheet": sheet,
        "is_locked": sheet is not None and sheet.state is MarkState.LOCKED,
        "can_fill": defence.state in SHEET_OPEN,
        "is_running": defence.state in (DefenceState.PRESENTING, DefenceState.QUESTIONING),
        "is_before": defence.state is DefenceState.SCHEDULED,
        "question_count": count_questions(session, defence.id),
        "tag": TAGS[defence.state],
        "state_label": label(defence.state),
        # Nothing but the defence while it runs: the way back stands at the side.
        "nav": [],
        "masthead": {
            "body_name": _("Ban chấm đề án"),
            "title": _("Kỳ thi tuyển %(competition)s", competition=g.competition.code),
            "url": url_for("council.show_desk" if g.actor.role is Role.CHAIR else "panel.list_defences", code=code),
            "compact": True,
        },
    }


def sheet_values(values: dict[str, Any]) -> dict[str, Any]:
    """What the pages of the own sheet add: its points, and what may be done with it now."""
    defence, member, sheet = values["defence"], values["member"], values["sheet"]
    change = find_changed_sheet(db.session(), defence.id, member.assignment_id) if member else None
    is_open = defence.state is DefenceState.REVEALED and change is None and not values["recused"]
    return {
        "sheet_points": points_of(sheet) if sheet is not None else {},
        "can_lock": defence.state is DefenceState.SCORING,
        "change": change,
        "can_change": is_open and values["is_locked"],
        "counts": changes_count(values),
    }


def score_values(values: dict[str, Any]) -> dict[str, Any]:
    """What the pages with the scores add: all sheets side by side for whoever may see them now, and their outcome."""
    session = db.session()
    defence, leads, recused = values["defence"], values["leads"], values["recused"]
    states = [row.state for row in read_defences(session, g.competition.id)]
    are_shown = may_see_scores(defence.state, leads=leads, recused=recused, session_over=is_session_over(states))
    marks = list_shown_marks(session, defence) if are_shown else []
    is_settled = defence.state is DefenceState.SETTLED
    return {
        "are_shown": are_shown,
        "is_sealed": defence.state in SCORES_SHOWN and not are_shown,
        "is_settled": is_settled,
        "is_absent": defence.state is DefenceState.ABSENT,
        "marks": [(mark, points_of(mark)) for mark in marks if mark.round == ROUND],
        "changes": {mark.assignment_id: (mark, points_of(mark)) for mark in marks if mark.round == CHANGED_ROUND},
        "counts": changes_count(values),
        "gap": outlook(g.competition, marks).gap or ZERO,
        "settlement": find_settlement(session, defence.id) if are_shown and is_settled else None,
        "assessments": list_assessments(session, defence.candidacy_id) if are_shown else [],
    }


def changes_count(values: dict[str, Any]) -> bool:
    """Whether a mark that was changed after the talk counts, under the rule set."""
    return values["part"].after_discussion is AfterDiscussion.COUNTS


def phases_of(defence: Any, now: datetime) -> tuple[Phase, Phase]:
    """The two clocks at an instant, by the server's time alone."""
    ruleset = ruleset_of(g.competition)
    return (
        _phase(
            "presentation",
            _("Trình bày"),
            ruleset.presentation_minutes,
            begun_at=defence.started_at,
            ended_at=defence.questions_at,
            now=now,
        ),
        _phase(
            "questions",
            _("Hỏi đáp"),
            ruleset.questions_minutes,
            begun_at=defence.questions_at,
            ended_at=defence.scoring_at,
            now=now,
        ),
    )


def _phase(
    name: str, title: str, minutes: int, *, begun_at: datetime | None, ended_at: datetime | None, now: datetime
) -> Phase:
    if begun_at is None:
        return Phase(name, title, minutes, "todo", 0)
    used = max(timedelta(0), (ended_at or now) - begun_at)
    return Phase(name, title, minutes, "now" if ended_at is None else "done", int(used.total_seconds()))
