"""Practice and qualification scripts of a marker, and the page of one who is paused.

Decision: they are marked on the scoring page of the queue, by the same code: what is practised is what is done later.
A marker who may not mark now meets no page of a script of the queue: `keep_from_queue` stands before them all.
"""

from __future__ import annotations

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import NotAllowedError
from examsite.domain.marking import ScriptKind
from examsite.domain.permissions import Role
from examsite.domain.rubrics import points_from_data
from examsite.domain.rulesets import ruleset_from_toml
from examsite.services import standardisation
from examsite.storage.database import db
from examsite.storage.queries.queues import BlindScript, get_blind_script
from examsite.storage.queries.standardisation import (
    find_hold,
    find_qualification,
    get_own_standard,
    is_qualified,
    list_own_standards,
)
from examsite.web.access import requires
from examsite.web.forms.marking import ActForm, scoring_form
from examsite.web.marker import bp
from examsite.web.marker.sheets import questions_of
from examsite.web.transactions import act, writes


def keep_from_queue(blind: BlindScript | None = None) -> ResponseReturnValue | None:
    """Lead a marker who is paused or not qualified away from the queue and its scripts; practice stays open.

    A draft under way is still kept while a marker is paused.

    Raises:
        NotAllowedError: `marker_not_qualified`, for whatever is posted.
    """
    session, competition = db.session(), g.competition
    if competition.state is not CompetitionState.MARKING or not (blind is None or blind.is_queued):
        return None
    if not is_qualified(session, competition, g.actor.assignment_id):
        if request.method == "GET":
            return redirect(url_for("marker.list_practice", code=competition.code))
        raise NotAllowedError("marker_not_qualified")
    if request.method == "GET" and find_hold(session, g.actor.assignment_id) is not None:
        return redirect(url_for("marker.show_pause", code=competition.code))
    return None


@bp.get("/<code>/pause")
@requires(Role.MARKER)
def show_pause(code: str) -> ResponseReturnValue:
    """Said to a paused marker: nothing is lost, the head calls."""
    is_paused = find_hold(db.session(), g.actor.assignment_id) is not None
    if not is_paused:
        return redirect(url_for("marker.list_scripts", code=code))
    return render_template("marker/show_pause.html", code=code)


@bp.get("/<code>/practice")
@requires(Role.MARKER)
def list_practice(code: str) -> ResponseReturnValue:
    """The marker's practice and qualification scripts, and whether scripts of candidates are open to them."""
    session, assignment_id = db.session(), g.actor.assignment_id
    rows = list_own_standards(session, g.competition.id, assignment_id)
    needed = ruleset_from_toml(g.competition.ruleset_toml).qualification_scripts
    return render_template(
        "marker/list_practice.html",
        practice=[row for row in rows if row.agreed.script.kind is ScriptKind.PRACTICE],
        qualification=[row for row in rows if row.agreed.script.kind is ScriptKind.QUALIFICATION],
        needed=needed,
        is_qualified=is_qualified(session, g.competition, assignment_id),
        word=find_qualification(session, assignment_id),
        code=code,
    )


@bp.route("/<code>/practice/<standard>", methods=["GET", "POST"])
@requires(Role.MARKER)
@writes
def mark_standard(code: str, standard: str) -> ResponseReturnValue:
    """A POST opens it on the scoring page; once it is locked, the own points stand here beside the agreed ones."""
    session, own_id = db.session(), g.actor.assignment_id
    if request.method == "POST":
        if not ActForm().validate():
            return redirect(url_for("marker.list_practice", code=code))
        standardisation.begin_standards(act(), g.competition, standard)
        return redirect(url_for("marker.mark_script", code=code, script=standard))
    own = get_own_standard(session, g.competition.id, own_id, standard)
    if own.mark is None or not own.is_locked:
        return redirect(url_for("marker.list_practice", code=code))
    kind = own.agreed.script.kind
    is_shown = kind is ScriptKind.PRACTICE or is_qualified(session, g.competition, own_id)
    blind = get_blind_script(session, g.competition.id, own_id, standard)
    return render_template(
        "marker/mark_standard.html",
        own=own,
        questions=questions_of(blind, scoring_form(blind.paper.rubric.human)()),
        is_shown=is_shown,
        kind=kind,
        given=points_from_data(own.mark.points),
        agreed=points_from_data(own.agreed.points) if is_shown else {},
        code=code,
    )
