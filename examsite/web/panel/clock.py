"""The head's clock: each step is spelled out before it is taken, and may be taken back for a short time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.domain.panels import DEFENCE_MACHINE, UNDO_SECONDS, DefenceEvent, DefenceState
from examsite.services import defence as acts
from examsite.services.defence_clock import undo_step as undo
from examsite.services.defence_clock import undo_until
from examsite.services.panel_access import LEADING, check_leads
from examsite.storage.database import db
from examsite.storage.queries.assessments import list_writers
from examsite.storage.queries.conflicts import list_recused_accounts
from examsite.storage.queries.defence import list_members
from examsite.web.access import requires
from examsite.web.errors import message_of
from examsite.web.forms.defence import PanelActForm
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.panel import bp
from examsite.web.panel.defences import defence_values
from examsite.web.transactions import act, forget_changes, writes

#: The acts that move the clock: event, service.
STEPS = {
    "start": (DefenceEvent.STARTED, acts.start_presentation),
    "questions": (DefenceEvent.PRESENTATION_ENDED, acts.start_questions),
    "scoring": (DefenceEvent.QUESTIONS_ENDED, acts.open_scoring),
}

#: The step that led to a state, as addresses name it.
STEP_TO = {
    DefenceState.PRESENTING: "start",
    DefenceState.QUESTIONING: "questions",
    DefenceState.SCORING: "scoring",
}


@bp.route("/<code>/head/<int(max=9999):position>/<any(start, questions, scoring):step>", methods=["GET", "POST"])
@requires(*LEADING)
@writes
def move_clock(code: str, position: int, step: str) -> ResponseReturnValue:
    """Say what the next step of the clock brings and who has not written yet; then take it."""
    back = redirect(url_for("panel.lead_defence", code=code, position=position))
    event, take = STEPS[step]
    form = PanelActForm()
    if form.validate_on_submit():
        try:
            take(act(), g.competition, position)
        except DomainError as error:
            forget_changes()
            flash(message_of(error), "error")
        else:
            minutes = UNDO_SECONDS // 60
            said = _("Đã ghi: %(step)s. Bấm nhầm thì lùi lại được trong %(num)d phút.", step=label(event), num=minutes)
            flash(said, "success")
        return back
    values = defence_values(code, position)
    check_leads(act(), g.competition, values["defence"])
    if form.is_submitted() or not DEFENCE_MACHINE.is_open(values["defence"].state, event):
        return back
    return render_template(
        "panel/confirm_step.html",
        **values,
        step=step,
        words=label(event),
        unwritten=_unwritten(values["defence"]) if event is DefenceEvent.STARTED else [],
        undo_seconds=UNDO_SECONDS,
    )


@bp.post("/<code>/head/<int(max=9999):position>/<any(start, questions, scoring):step>/undo")
@requires(*LEADING)
@writes
def undo_step(code: str, position: int, step: str) -> ResponseReturnValue:
    """Take back the step that the page showed as the last one."""
    if PanelActForm().validate_on_submit():
        seen = next(state for state, name in STEP_TO.items() if name == step)
        try:
            undo(act(), g.competition, position, seen=seen)
        except DomainError as error:
            forget_changes()
            flash(message_of(error), "error")
        else:
            flash(_("Đã lùi lại, có trong sổ ghi. Đồng hồ chạy tiếp như chưa dừng."), "success")
    return redirect(url_for("panel.lead_defence", code=code, position=position))


def last_step(defence: Any, now: datetime) -> dict[str, Any] | None:
    """The step that may still be taken back and until when, or None."""
    until = undo_until(defence)
    if until is None or now > until:
        return None
    return {"step": STEP_TO[defence.state], "until": until}


def _unwritten(defence: Any) -> list[str]:
    """The members who may score and have written nothing about the proposal, by pseudonym."""
    session = db.session()
    writers = list_writers(session, defence.candidacy_id)
    recused = list_recused_accounts(session, g.competition.id, defence.candidacy_id)
    return [
        row.pseudonym or ""
        for row in list_members(session, g.competition.id)
        if row.id not in writers and row.account_id not in recused
    ]
