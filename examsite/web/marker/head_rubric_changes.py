"""The head proposes how a criterion shall read, and sees which marks a change has opened again; a setter agrees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError, NotFoundError
from examsite.domain.permissions import Role
from examsite.services import rubric_changes
from examsite.storage.database import db
from examsite.storage.queries.papers import get_opened_paper, list_opened_papers
from examsite.storage.queries.rubric_changes import (
    get_change,
    list_changes,
    list_reopened_marks,
    list_standards_to_agree,
    list_touched_marks,
    read_current_paper,
)
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.forms.items import propose_change_form
from examsite.web.forms.marking import ActForm
from examsite.web.i18n import _, current_locale
from examsite.web.marker import bp
from examsite.web.rubric_words import count_reopened, criterion_name, view_change
from examsite.web.transactions import act, writes


@bp.get("/<code>/head/rubric")
@requires(Role.MARKING_HEAD)
def list_rubric_changes(code: str) -> ResponseReturnValue:
    """Every proposed change, and the criteria that may be changed."""
    session = db.session()
    papers = [(row, read_current_paper(session, row)) for row in list_opened_papers(session, g.competition.id)]
    return render_template(
        "marker/list_rubric_changes.html",
        changes=[(line, view_change(line.change)) for line in list_changes(session, g.competition.id)],
        papers=[
            (row, [(criterion_name(paper, one.criterion), one) for one in paper.rubric.human]) for row, paper in papers
        ],
        is_open=g.competition.state is CompetitionState.MARKING,
        code=code,
    )


@bp.route("/<code>/head/rubric/<opened>/<criterion>", methods=["GET", "POST"])
@requires(Role.MARKING_HEAD)
@writes
def propose_rubric_change(code: str, opened: str, criterion: str) -> ResponseReturnValue:
    """New words and level points of one criterion; the maximum and the step stand fast."""
    session = db.session()
    row = get_opened_paper(session, g.competition.id, opened)
    content = read_current_paper(session, row)
    known = next((one for one in content.rubric.human if one.criterion == criterion), None)
    if known is None:
        raise NotFoundError("criterion_unknown", criterion=criterion)
    form = propose_change_form(known, comma=current_locale() == "vi")
    status = 200
    if form.is_submitted():
        status = 422
        levels = form.read_levels() if form.validate() else []
        if levels:
            try:
                change = rubric_changes.propose_change(
                    act(),
                    g.competition,
                    opened,
                    criterion,
                    text=form.read_text(),
                    levels=levels,
                    reason=form.reason.data or "",
                )
            except DomainError as error:
                status = show_refusal(form, error)
            else:
                flash(_("Đã gửi ban đề thi. Hướng dẫn chấm chưa đổi cho đến khi người thứ hai đồng ý."), "success")
                return redirect(url_for("marker.show_rubric_change", code=code, change=change.id))
    page = render_template(
        "marker/propose_rubric_change.html",
        paper=opened,
        criterion=known,
        name=criterion_name(content, criterion),
        reopened=count_reopened(mark.fate for mark in list_touched_marks(session, row.id, criterion)),
        form=form,
        code=code,
    )
    return page, status


@bp.get("/<code>/head/rubric/changes/<int(max=2147483647):change>")
@requires(Role.MARKING_HEAD)
def show_rubric_change(code: str, change: int) -> ResponseReturnValue:
    """One change: before and after, and once agreed the marks that it touched, by pseudonym."""
    session = db.session()
    line = get_change(session, g.competition.id, change)
    agreed = bool(line.change.is_agreed)
    waiting = line.change.decided_at is None
    touched = list_touched_marks(session, line.change.paper_id, line.change.criterion) if waiting else []
    return render_template(
        "marker/show_rubric_change.html",
        line=line,
        view=view_change(line.change),
        name=criterion_name(read_current_paper(session, line.change.paper), line.change.criterion),
        count=count_reopened(mark.fate for mark in touched),
        reopened=_by_marker(list_reopened_marks(session, line.change)) if agreed else {},
        standards=list_standards_to_agree(session, line.change) if agreed else [],
        is_open=g.competition.state is CompetitionState.MARKING,
        is_own=line.change.proposed_by_id == g.actor.assignment_id,
        code=code,
    )


@bp.post("/<code>/head/rubric/changes/<int(max=2147483647):change>/take-back")
@requires(Role.MARKING_HEAD)
@writes
def take_back_rubric_change(code: str, change: int) -> ResponseReturnValue:
    """Take back the own proposal before a setter has answered it."""
    if ActForm().validate():
        rubric_changes.take_back_change(act(), g.competition, change)
        flash(_("Đã rút lại đề nghị. Hướng dẫn chấm giữ nguyên."), "success")
    return redirect(url_for("marker.show_rubric_change", code=code, change=change))


def _by_marker(rows: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for marker, script in rows:
        found[marker].append(script)
    return dict(found)
