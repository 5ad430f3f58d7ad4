"""The head of the panel leads the session: starts the clocks, shows the scores, settles a gap.

Decision: the chair of the council has these pages, too, for a defence from which the head is kept away; for no other.
"""

from __future__ import annotations

from typing import Any

from flask import flash, g, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.domain.marking import MarkState, NeededAct
from examsite.domain.panels import DEFENCE_MACHINE, DefenceEvent, reasons_against_reveal
from examsite.domain.permissions import Role
from examsite.services import reveals
from examsite.services.panel_access import LEADING, check_leads
from examsite.services.panel_questions import note_recording as note
from examsite.storage.database import db
from examsite.storage.queries.assessments import count_written
from examsite.storage.queries.conflicts import list_recused_accounts
from examsite.storage.queries.defence import list_members, list_members_at
from examsite.web.access import requires
from examsite.web.errors import message_of, show_refusal
from examsite.web.forms.defence import DecideScoreForm, NoteRecordingForm, PanelActForm, reveal_scores_form
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.member_incidents import serve_note_incident
from examsite.web.panel import bp
from examsite.web.panel.clock import STEPS, last_step
from examsite.web.panel.confirming import confirm_then_act
from examsite.web.panel.defences import defence_values, score_values
from examsite.web.transactions import act, forget_changes, read_web_clock, writes


@bp.get("/<code>/head/<int(max=9999):position>")
@requires(*LEADING)
def lead_defence(code: str, position: int) -> ResponseReturnValue:
    """One defence as the head leads it: who has locked (never with which points), and the next act."""
    return _lead_page(code, position)


def _lead_page(code: str, position: int, *, typed: NoteRecordingForm | None = None) -> ResponseReturnValue:
    """The page; with what was `typed` about the recording and refused, beside what stands there now."""
    values = defence_values(code, position)
    if values["recused"] and not values["is_deputy"]:
        return redirect(url_for("panel.show_defence", code=code, position=position))
    check_leads(act(), g.competition, values["defence"])
    values |= score_values(values)
    state, reference = values["defence"].state, values["defence"].recording_reference
    steps = [(name, label(event)) for name, (event, _act) in STEPS.items() if DEFENCE_MACHINE.is_open(state, event)]
    recording = typed or NoteRecordingForm(data={"reference": reference})
    # Whoever sends a refused text again has seen on this page what it takes the place of.
    recording.seen.data = reference
    return render_template(
        "panel/lead_defence.html",
        **values,
        **_lineup(values),
        written_count=count_written(db.session(), values["defence"].candidacy_id),
        member_count=len(list_members(db.session(), g.competition.id)),
        steps=steps,
        last=last_step(values["defence"], read_web_clock()),
        can_reveal=DEFENCE_MACHINE.is_open(state, DefenceEvent.SCORES_REVEALED),
        settles=_outlook(values) if DEFENCE_MACHINE.is_open(state, DefenceEvent.SCORE_SETTLED) else None,
        recording=recording,
    )


@bp.post("/<code>/head/<int(max=9999):position>/close")
@requires(*LEADING)
@writes
def close_discussion(code: str, position: int) -> ResponseReturnValue:
    """End the talk about the shown scores: their mean becomes the score of the defence."""
    if PanelActForm().validate_on_submit():
        try:
            reveals.close_discussion(act(), g.competition, position)
        except DomainError as error:
            forget_changes()
            flash(message_of(error), "error")
        else:
            flash(_("Đã chốt điểm. Điểm được giữ kín với các thành viên đến khi hết phiên."), "success")
    return redirect(url_for("panel.lead_defence", code=code, position=position))


@bp.route("/<code>/head/<int(max=9999):position>/incident", methods=["GET", "POST"])
@requires(Role.PANEL_HEAD)
@writes
def note_incident(code: str, position: int) -> ResponseReturnValue:
    """Record what came to light about a member once the scores were shown."""
    return serve_note_incident(position, back=url_for("panel.lead_defence", code=code, position=position))


@bp.post("/<code>/head/<int(max=9999):position>/recording")
@requires(*LEADING)
@writes
def note_recording(code: str, position: int) -> ResponseReturnValue:
    """Write down where the recording of the defence is kept; a refusal gives back what was typed."""
    form = NoteRecordingForm()
    status = 422
    if form.validate():
        try:
            note(act(), g.competition, position, reference=form.reference.data or "", seen=form.seen.data or "")
        except DomainError as error:
            status = show_refusal(form, error, beside="reference")
        else:
            flash(_("Đã ghi nơi giữ bản ghi."), "success")
            return redirect(url_for("panel.lead_defence", code=code, position=position))
    response = make_response(_lead_page(code, position, typed=form))
    response.status_code = status if response.status_code == 200 else response.status_code
    return response


def _outlook(values: dict[str, Any]) -> str:
    """What the shown scores come to: `mean`, or `head` where they lie too far apart."""
    both = [mark for mark, _points in (*values["marks"], *values["changes"].values())]
    return "mean" if reveals.outlook(g.competition, both).act is NeededAct.SETTLED else "head"


@bp.route("/<code>/head/<int(max=9999):position>/reveal", methods=["GET", "POST"])
@requires(*LEADING)
@writes
def reveal_scores(code: str, position: int) -> ResponseReturnValue:
    """Say who has not locked and why that member does not score, then show all scores at once."""
    values = defence_values(code, position)
    check_leads(act(), g.competition, values["defence"])
    lineup = _lineup(values)
    form = reveal_scores_form(
        [
            (row["name"], _("Thành viên %(member)s chưa khóa: lý do không chấm lượt này", member=row["name"]))
            for row in lineup["lineup"]
            if row["standing"] == "open"
        ]
    )
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                reveals.reveal_scores(act(), g.competition, position, excused=form.excused())
            except DomainError as error:
                status = show_refusal(form, error)
                values = defence_values(code, position)
            else:
                flash(_("Đã mở điểm cho cả ban."), "success")
                return redirect(url_for("panel.lead_defence", code=code, position=position))
    return render_template("panel/reveal_scores.html", form=form, **values, **lineup), status


@bp.route("/<code>/head/<int(max=9999):position>/decision", methods=["GET", "POST"])
@requires(*LEADING)
@writes
def decide_score(code: str, position: int) -> ResponseReturnValue:
    """Settle a gap: the score and the reason are repeated before they enter the log."""
    values = _with_scores(code, position)
    check_leads(act(), g.competition, values["defence"])
    if not DEFENCE_MACHINE.is_open(values["defence"].state, DefenceEvent.SCORE_SETTLED):
        return redirect(url_for("panel.lead_defence", code=code, position=position))
    if _outlook(values) == "mean":
        flash(_("Điểm không lệch quá giới hạn nên lấy trung bình; trưởng ban không quyết định thay."), "attention")
        return redirect(url_for("panel.lead_defence", code=code, position=position))
    form = DecideScoreForm()
    decided = form.decided() if form.is_submitted() and form.validate() else None
    if decided is None:
        return _decision_page(form, values, 422 if form.is_submitted() else 200)
    reason, seen, defence = form.reason.data or "", form.seen_number(), values["defence"]

    def check() -> None:
        reveals.check_decision(act(), g.competition, defence, decided=decided, reason=reason, seen=seen)

    def repeat() -> str:
        return render_template("panel/confirm_decision.html", form=form, decided=decided, **values)

    def decide() -> ResponseReturnValue:
        reveals.decide_gap(act(), g.competition, position, decided=decided, reason=reason, seen=seen)
        flash(_("Đã quyết định điểm, có trong sổ ghi."), "success")
        return redirect(url_for("panel.lead_defence", code=code, position=position))

    return confirm_then_act(
        form,
        check=check,
        repeat=repeat,
        do=decide,
        show_again=lambda status: _decision_page(form, _with_scores(code, position), status),
    )


def _decision_page(form: DecideScoreForm, values: dict[str, Any], status: int) -> ResponseReturnValue:
    """The form over the scores as they are now; whoever sends it again has seen them."""
    shown = [mark for mark, _points in (*values["marks"], *values["changes"].values())]
    totals = [mark.total for mark in shown]
    form.seen.data = str(reveals.newest_mark(shown))
    return render_template(
        "panel/decide_score.html", form=form, lowest=min(totals), highest=max(totals), **values
    ), status


def _with_scores(code: str, position: int) -> dict[str, Any]:
    values = defence_values(code, position)
    return {**values, **score_values(values)}


def _lineup(values: dict[str, Any]) -> dict[str, Any]:
    """The members with how far each is, and why the scores may not be shown yet; no points."""
    session = db.session()
    defence = values["defence"]
    locked = list_members_at(session, defence.id, MarkState.LOCKED)
    conflicted = list_recused_accounts(session, g.competition.id, defence.candidacy_id)
    rows = []
    for member in list_members(session, g.competition.id):
        name = member.pseudonym or ""
        standing = "recused" if member.account_id in conflicted else "locked" if name in locked else "open"
        rows.append({"name": name, "person": member.account.display_name, "standing": standing})
    present = {row["name"] for row in rows if row["standing"] != "recused"}
    return {
        "lineup": rows,
        "against": reasons_against_reveal(values["part"], present=present, locked=locked & present),
    }
