"""Practice and qualification scripts of a marker, and the page of one who is paused.

Decision: a marker who may not mark now meets no address of a script: `keep_from_scripts` stands before them all.
"""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError, NotAllowedError
from examsite.domain.marking import ScriptKind
from examsite.domain.papers import paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.rulesets import ruleset_from_toml
from examsite.domain.scores import score
from examsite.services import standardisation
from examsite.storage.database import db
from examsite.storage.queries.marking import BlindScript
from examsite.storage.queries.standardisation import (
    OwnStandard,
    find_hold,
    find_qualification,
    get_own_standard,
    is_qualified,
    list_own_standards,
)
from examsite.web.access import requires
from examsite.web.errors import message_of, status_of
from examsite.web.forms.marking import scoring_form
from examsite.web.i18n import _
from examsite.web.marker import bp
from examsite.web.marker.sheets import questions_of
from examsite.web.transactions import act, forget_changes, writes


@bp.before_request
def keep_from_scripts() -> ResponseReturnValue | None:
    """Lead a marker who is paused or not qualified away from every page of a script; a draft under way is still kept.

    Raises:
        NotAllowedError: `marker_not_qualified`.
    """
    actor = g.get("actor")
    is_of_script = "script" in (request.view_args or {}) or request.endpoint == "marker.list_scripts"
    if actor is None or actor.role is not Role.MARKER or not is_of_script or g.get("competition") is None:
        return None
    session, competition = db.session(), g.competition
    if competition.state is not CompetitionState.MARKING:
        return None
    if not is_qualified(session, competition, actor.assignment_id):
        if request.method == "GET":
            return redirect(url_for("marker.list_practice", code=competition.code))
        raise NotAllowedError("marker_not_qualified")
    if request.method == "GET" and find_hold(session, actor.assignment_id) is not None:
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
    """Mark it; then read the own points beside the agreed ones."""
    own = get_own_standard(db.session(), g.competition.id, g.actor.assignment_id, standard)
    blind = _blind(own)
    form = scoring_form(blind.paper.rubric.human)()
    status = 200
    if form.is_submitted():
        status = 422
        valid = form.validate()
        points = form.read_points({})
        if valid and not form.errors:
            try:
                standardisation.mark_standard(
                    act(), g.competition, standard, points=points, comments=form.read_comments()
                )
            except DomainError as error:
                forget_changes()
                status = status_of(error)
                form.form_errors.append(message_of(error))
                own = get_own_standard(db.session(), g.competition.id, g.actor.assignment_id, standard)
                blind = _blind(own)
            else:
                flash(_("Đã khóa điểm bài %(code)s.", code=standard), "success")
                return redirect(url_for("marker.mark_standard", code=code, standard=standard))
    is_shown = own.is_locked and (
        own.agreed.script.kind is ScriptKind.PRACTICE
        or is_qualified(db.session(), g.competition, g.actor.assignment_id)
    )
    page = render_template(
        "marker/mark_standard.html",
        own=own,
        questions=questions_of(blind, form),
        form=form,
        is_shown=is_shown,
        kind=own.agreed.script.kind,
        is_open=g.competition.state is CompetitionState.MARKING and not own.is_locked,
        given={} if own.mark is None else {name: score(points) for name, points in own.mark.points.items()},
        agreed={name: score(points) for name, points in own.agreed.points.items()} if is_shown else {},
        code=code,
    )
    return page, status


def _blind(own: OwnStandard) -> BlindScript:
    script = own.agreed.script
    return BlindScript(
        code=script.code,
        position=0,
        content=tuple((part["item"], part["text"]) for part in script.content),
        paper=paper_from_data(script.paper.data),
        mark=own.mark,
    )
