"""The head enters scripts with the mark they deserve, and says who may mark after the qualification scripts."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError, NotFoundError
from examsite.domain.marking import ScriptKind
from examsite.domain.papers import Paper
from examsite.domain.permissions import Role
from examsite.domain.standardisation import STANDARDS, seeds_needed
from examsite.services import standardisation
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.marking import count_scripts, find_marker, list_markers
from examsite.storage.queries.papers import get_opened_paper, list_opened_papers
from examsite.storage.queries.rubric_changes import read_current_paper
from examsite.storage.queries.standardisation import (
    count_allocated_scripts,
    get_standard_by_code,
    list_own_standards,
    list_qualifications,
    list_standards,
)
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.forms.standardisation import QualifyForm, StandardForm, standard_form
from examsite.web.i18n import _, current_locale
from examsite.web.labels import label
from examsite.web.marker import bp
from examsite.web.transactions import act, writes


@bp.get("/<code>/head/standards")
@requires(Role.MARKING_HEAD)
def list_head_standards(code: str) -> ResponseReturnValue:
    """Scripts with agreed marks by what they are for, and how each marker's qualification stands."""
    session, competition = db.session(), g.competition
    rules = ruleset_of(competition)
    rows = list_standards(session, competition.id)
    markers = list_markers(session, competition.id)
    per_marker = -(-2 * count_scripts(session, competition.id) // max(len(markers), 1))
    words = list_qualifications(session, competition.id)
    own = {row.id: list_own_standards(session, competition.id, row.id) for row in markers}
    return render_template(
        "marker/list_head_standards.html",
        groups=[(kind, [row for row in rows if row.script.kind is kind]) for kind in STANDARDS],
        papers=list_opened_papers(session, competition.id),
        rules=rules,
        seeds_needed=seeds_needed(per_marker, rules.seed_percent),
        seeds_agreed=sum(1 for row in rows if row.script.kind is ScriptKind.SEED and row.agreed_at is not None),
        is_mixed=count_allocated_scripts(session, competition.id) > 0,
        markers=[(row, standardisation.distances(own[row.id]), words.get(row.id)) for row in markers],
        practised={
            row.id: sum(1 for item in own[row.id] if item.is_locked and item.agreed.script.kind is ScriptKind.PRACTICE)
            for row in markers
        },
        is_open=competition.state is CompetitionState.MARKING,
        code=code,
    )


@bp.route("/<code>/head/standards/new/<paper>", methods=["GET", "POST"])
@requires(Role.MARKING_HEAD)
@writes
def write_standard(code: str, paper: str) -> ResponseReturnValue:
    """A pilot answer to each question, with the points it deserves."""
    frozen = read_current_paper(db.session(), get_opened_paper(db.session(), g.competition.id, paper))
    form = _form(frozen)
    status = 200
    if form.is_submitted():
        status = 422
        valid = form.validate()
        points = form.read_points({})
        if valid and not form.errors:
            try:
                row = standardisation.propose_standard(
                    act(),
                    g.competition,
                    kind=ScriptKind(form.kind.data),
                    paper=paper,
                    texts=form.read_texts(),
                    points=points,
                    comments=form.read_comments({}),
                )
            except DomainError as error:
                status = show_refusal(form, error)
            else:
                return _proposed(code, row.script.code)
    return render_template(
        "marker/write_standard.html", **_parts(frozen, form), paper=paper, row=None, code=code
    ), status


@bp.route("/<code>/head/standards/<standard>", methods=["GET", "POST"])
@requires(Role.MARKING_HEAD)
@writes
def change_standard(code: str, standard: str) -> ResponseReturnValue:
    """One of them: changed as long as nobody has agreed, then read."""
    row = get_standard_by_code(db.session(), g.competition.id, standard)
    frozen = read_current_paper(db.session(), row.script.paper)
    form = _form(frozen)
    form.kind.data = form.kind.data or str(row.script.kind)
    status = 200
    if form.is_submitted():
        status = 422
        form.kind.data, form.kind.raw_data = str(row.script.kind), [str(row.script.kind)]
        valid = form.validate()
        points = form.read_points({})
        if valid and not form.errors:
            try:
                standardisation.change_standard(
                    act(),
                    g.competition,
                    row.id,
                    texts=form.read_texts(),
                    points=points,
                    comments=form.read_comments({}),
                )
            except DomainError as error:
                status = show_refusal(form, error)
                row = get_standard_by_code(db.session(), g.competition.id, standard)
            else:
                return _proposed(code, standard)
    else:
        form.show(row.points, row.comments, revision=0, comma=current_locale() == "vi")
        for number, part in enumerate(row.script.content):
            form[f"text_{number}"].data = part["text"]
    page = render_template(
        "marker/write_standard.html", **_parts(frozen, form), paper=row.script.paper.code, row=row, code=code
    )
    return page, status


@bp.route("/<code>/head/markers/<marker>/qualification", methods=["GET", "POST"])
@requires(Role.MARKING_HEAD)
@writes
def qualify_marker(code: str, marker: str) -> ResponseReturnValue:
    """How far a marker lies from the agreed marks, and whether this marker may mark."""
    person = find_marker(db.session(), g.competition.id, marker)
    if person is None:
        raise NotFoundError("marker_not_found", marker=marker)
    assignment_id = person.id
    form = QualifyForm()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                decide = (
                    standardisation.qualify_marker
                    if form.answer.data == "qualify"
                    else standardisation.send_marker_back
                )
                decide(act(), g.competition, marker, reason=form.reason.data or "")
            except DomainError as error:
                status = show_refusal(form, error)
            else:
                flash(_("Đã ghi quyết định về %(marker)s.", marker=marker), "success")
                return redirect(url_for("marker.list_head_standards", code=code))
    rules = ruleset_of(g.competition)
    own = list_own_standards(db.session(), g.competition.id, assignment_id)
    page = render_template(
        "marker/qualify_marker.html",
        form=form,
        marker=marker,
        distances=standardisation.distances(own),
        rules=rules,
        word=list_qualifications(db.session(), g.competition.id).get(assignment_id),
        code=code,
    )
    return page, status


def _form(paper: Paper) -> StandardForm:
    form = standard_form([item.item for item in paper.essays], paper.rubric.human)()
    form.kind.choices = [SelectChoice(str(kind), label(kind)) for kind in STANDARDS]
    return form


def _parts(paper: Paper, form: StandardForm) -> dict[str, Any]:
    rows = list(form.rows())
    return {
        "form": form,
        "questions": [
            (
                number,
                item,
                form[f"text_{number - 1}"],
                [row for row in rows if row.criterion.criterion.startswith(f"{item.item}.")],
            )
            for number, item in enumerate(paper.essays, start=1)
        ],
        "is_open": g.competition.state is CompetitionState.MARKING,
    }


def _proposed(code: str, standard: str) -> ResponseReturnValue:
    flash(_("Đã ghi bài %(code)s. Bài được dùng khi người thứ hai đồng ý.", code=standard), "success")
    return redirect(url_for("marker.list_head_standards", code=code))
