"""Attendance at the defence: the invigilator puts on record who did not come, and takes back a mistake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError
from examsite.domain.panels import DEFENCE_MACHINE, DefenceEvent, is_order_used_after
from examsite.domain.permissions import Role
from examsite.services.defence import record_attendance as record
from examsite.services.defence import withdraw_absence as withdraw
from examsite.storage.database import db
from examsite.storage.queries.corrections import defence_state, find_defence_round
from examsite.storage.queries.defence import find_attendance_at, get_defence, list_defences
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.forms.defence import WithdrawAbsenceForm, record_attendance_form
from examsite.web.i18n import _, localised
from examsite.web.invigilator import bp
from examsite.web.transactions import act, writes

if TYPE_CHECKING:
    from examsite.storage.models.proposals import Defence
    from examsite.storage.queries.corrections import DefenceRound


@bp.route("/<code>/defence", methods=["GET", "POST"])
@requires(Role.INVIGILATOR)
@writes
def record_attendance(code: str) -> ResponseReturnValue:
    """The order of the day; each record names everyone absent so far, and it may be done again for a later turn."""
    status = 200
    defences = list_defences(db.session(), g.competition.id)
    form = record_attendance_form(
        [
            (row.position, f"{row.position}. {row.candidacy.full_name} · {localised(row.candidacy.post, 'title')}")
            for row in defences
            if DEFENCE_MACHINE.is_open(row.state, DefenceEvent.ABSENCE_RECORDED)
        ]
    )
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                record(act(), g.competition, form.absent())
            except DomainError as error:
                status = show_refusal(form, error)
                defences = list_defences(db.session(), g.competition.id)
            else:
                flash(_("Đã ghi có mặt, vắng mặt vào sổ."), "success")
                return redirect(url_for("invigilator.record_attendance", code=code))
    held = find_defence_round(db.session(), g.competition)
    is_now = defence_state(db.session(), g.competition) is CompetitionState.DEFENCE
    page = render_template(
        "invigilator/record_attendance.html",
        form=form,
        defences=defences,
        undoable=_undoable(defences, held),
        silent=sum(1 for row in held.standings if row.last is None),
        recorded_at=find_attendance_at(db.session(), g.competition, after_seq=held.after_seq),
        is_now=is_now and held.is_drawn,
    )
    return page, status


@bp.route("/<code>/defence/<int(max=9999):position>/absence", methods=["GET", "POST"])
@requires(Role.INVIGILATOR)
@writes
def withdraw_absence(code: str, position: int) -> ResponseReturnValue:
    """Say why somebody who was put down as absent was not; only while nobody after them has begun."""
    defence = get_defence(db.session(), g.competition.id, position)
    form = WithdrawAbsenceForm()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                withdraw(act(), g.competition, position, reason=form.reason.data or "")
            except DomainError as error:
                status = show_refusal(form, error)
                defence = get_defence(db.session(), g.competition.id, position)
            else:
                flash(_("Đã rút lại ghi nhận vắng mặt của lượt %(position)s.", position=position), "success")
                return redirect(url_for("invigilator.record_attendance", code=code))
    return render_template("invigilator/withdraw_absence.html", form=form, defence=defence), status


def _undoable(defences: Sequence[Defence], held: DefenceRound) -> set[int]:
    """The turns whose absence can be taken back: those of the round that is held now."""
    states = {row.position: row.state for row in defences}
    return {row.position for row in held.defences} & {
        place
        for place, state in states.items()
        if DEFENCE_MACHINE.is_open(state, DefenceEvent.ABSENCE_WITHDRAWN) and not is_order_used_after(place, states)
    }
