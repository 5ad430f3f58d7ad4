"""The question log of a defence: who asked what, and the gist of the answer, for the minutes."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError, NotFoundError
from examsite.domain.panels import QUESTIONS_OPEN
from examsite.domain.permissions import Role
from examsite.services.panel_questions import note_answer as keep_answer
from examsite.services.panel_questions import note_question
from examsite.storage.database import db
from examsite.storage.queries.corrections import defence_state
from examsite.storage.queries.defence import list_members
from examsite.storage.queries.panel_questions import list_questions
from examsite.web.access import requires
from examsite.web.errors import message_of, show_refusal, status_of
from examsite.web.forms.defence import NoteAnswerForm, NoteQuestionForm
from examsite.web.panel import bp
from examsite.web.panel.defences import defence_values
from examsite.web.transactions import act, forget_changes, writes

BOTH = (Role.PANELLIST, Role.PANEL_HEAD)


@bp.route("/<code>/defences/<int(max=9999):position>/questions", methods=["GET", "POST"])
@requires(*BOTH)
@writes
def log_questions(code: str, position: int) -> ResponseReturnValue:
    """Every question so far; a POST adds one."""
    form = NoteQuestionForm()
    form.asked_by.choices = _askers()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                note_question(
                    act(),
                    g.competition,
                    position,
                    text=form.text.data or "",
                    answer=form.answer.data or "",
                    asked_by=form.asked_by.data,
                )
            except DomainError as error:
                status = show_refusal(form, error)
            else:
                return redirect(url_for("panel.log_questions", code=code, position=position))
    values = defence_values(code, position)
    return render_template("panel/log_questions.html", form=form, refused=None, **values, **_questions(values)), status


@bp.post("/<code>/defences/<int(max=9999):position>/questions/<int(max=9999):number>")
@requires(*BOTH)
@writes
def note_answer(code: str, position: int, number: int) -> ResponseReturnValue:
    """Write down the gist of an answer; a refusal gives back what was typed."""
    form = NoteAnswerForm()
    status, why = 422, ""
    if form.validate():
        try:
            keep_answer(
                act(),
                g.competition,
                position,
                number=number,
                answer=form.answer.data or "",
                seen=form.seen.data or "",
            )
        except NotFoundError:
            raise
        except DomainError as error:
            forget_changes()
            status, why = status_of(error), message_of(error)
        else:
            where = url_for("panel.log_questions", code=code, position=position, _anchor=f"question-{number}")
            return redirect(where)
    why = why or " ".join(str(text) for texts in form.errors.values() for text in texts)
    values = defence_values(code, position)
    asking = NoteQuestionForm(formdata=None)
    asking.asked_by.choices = _askers()
    # What stands now is shown beside what was typed; whoever sends it again has seen both.
    refused = {"number": number, "typed": form.answer.data or "", "why": why}
    page = render_template("panel/log_questions.html", form=asking, refused=refused, **values, **_questions(values))
    return page, status


def _askers() -> list[tuple[str, str]]:
    """Who may have asked; a member writes down the own questions only."""
    if g.actor.role is not Role.PANEL_HEAD:
        return [(g.actor.pseudonym or "", g.actor.pseudonym or "")]
    names = [row.pseudonym or "" for row in list_members(db.session(), g.competition.id)]
    return [(g.actor.pseudonym or "", g.actor.pseudonym or ""), *((name, name) for name in names)]


def _questions(values: dict[str, Any]) -> dict[str, Any]:
    defence = values["defence"]
    rows = list_questions(db.session(), defence.id)
    is_head = g.actor.role is Role.PANEL_HEAD
    mine = {row.number for row in rows if is_head or row.assignment_id == g.actor.assignment_id}
    can_ask = defence_state(db.session(), g.competition) is CompetitionState.DEFENCE and defence.state in QUESTIONS_OPEN
    return {"questions": rows, "mine": mine, "is_head": is_head, "can_ask": can_ask}
