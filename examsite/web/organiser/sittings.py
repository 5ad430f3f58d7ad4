"""Sittings: planned with room and invigilators, candidates seated by the server, lists for the door."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.draw_ceremonies import DrawKind
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.permissions import Role
from examsite.services import seating, sittings
from examsite.services.draws import outcome_of
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.accounts import list_holders
from examsite.storage.queries.competitions import count_by_post
from examsite.storage.queries.sittings import count_attempts, get_sitting, list_attempts
from examsite.storage.queries.sittings import list_sittings as read_sittings
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.forms.instants import local_instant
from examsite.web.forms.rooms import AddInvigilatorForm, AssignSeatsForm, MoveStartForm, ScheduleSittingForm
from examsite.web.i18n import _, ngettext
from examsite.web.labels import label
from examsite.web.organiser import bp
from examsite.web.transactions import act, writes


@bp.get("/<code>/sittings")
@requires(Role.ORGANISER)
def list_sittings(code: str) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition
    """All sittings with their rooms, and how many have a seat."""
    session = db.session()
    competition = g.competition
    seated = count_attempts(session, competition.id)
    return render_template(
        "organiser/list_sittings.html",
        rows=[(sitting, seated.get(sitting.id, 0)) for sitting in read_sittings(session, competition.id)],
        eligible=sum(item.eligible for item in count_by_post(session, competition.id).values()),
        is_drawn=outcome_of(session, competition, DrawKind.SEATS.value) is not None,
        seated=sum(seated.values()),
        can_plan=_can_plan(competition),
        can_seat=_can_plan(competition) and competition.state.has_reached(CompetitionState.ROSTERED),
        form=AssignSeatsForm(),
    )


@bp.route("/<code>/sittings/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def schedule_sitting(code: str) -> ResponseReturnValue:
    """Plan a sitting in a room."""
    competition = g.competition
    watchers = {str(item.id): item for item in list_holders(db.session(), competition.id, Role.INVIGILATOR)}
    form = ScheduleSittingForm(
        invigilator_choices=_choices(watchers),
        planned_at=competition.written_at,
    )
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            made = sittings.schedule_sitting(
                act(),
                competition,
                code=form.code.data,
                room=form.room.data,
                rows=form.rows.data,
                columns=form.columns.data,
                starts_at=form.starts_at.instant(),
                invigilators=[watchers[key] for key in form.invigilators.data],
            )
        except (ConflictError, InvalidError) as error:
            status = show_refusal(form, error)
        else:
            flash(_("Đã lập ca thi %(sitting)s.", sitting=made.code), "success")
            return redirect(url_for("organiser.list_sittings", code=code))
    page = render_template(
        "organiser/schedule_sitting.html",
        form=form,
        minutes=ruleset_of(g.competition).written_minutes,
        has_invigilators=bool(watchers),
    )
    return page, status


@bp.post("/<code>/sittings/seats")
@requires(Role.ORGANISER)
@writes
def assign_seats(code: str) -> ResponseReturnValue:
    """Seat everyone over all rooms, as the council drew the seats or in the order of numbers."""
    count = seating.assign_seats(act(), g.competition)
    flash(ngettext("Đã xếp chỗ cho %(num)d thí sinh.", "Đã xếp chỗ cho %(num)d thí sinh.", count), "success")
    return redirect(url_for("organiser.list_sittings", code=code))


@bp.get("/<code>/sittings/<sitting>")
@requires(Role.ORGANISER)
def show_sitting(code: str, sitting: str) -> ResponseReturnValue:  # noqa: ARG001 - as above
    """The seat plan of a sitting and who watches it."""
    session = db.session()
    row = get_sitting(session, g.competition.id, sitting)
    attempts = list_attempts(session, row.id)
    free = _free_invigilators(row)
    return render_template(
        "organiser/show_sitting.html",
        sitting=row,
        attempts=attempts,
        plan=_plan(row, attempts),
        can_move=_can_plan(g.competition) and row.started_at is None,
        form=AddInvigilatorForm(choices=_choices(free)) if free and row.closed_at is None else None,
    )


@bp.post("/<code>/sittings/<sitting>/invigilators")
@requires(Role.ORGANISER)
@writes
def add_invigilator(code: str, sitting: str) -> ResponseReturnValue:
    """Let one more invigilator watch a sitting; after the test has begun it is on record."""
    row = get_sitting(db.session(), g.competition.id, sitting)
    free = _free_invigilators(row)
    form = AddInvigilatorForm(choices=_choices(free))
    if form.validate_on_submit():
        held = free[form.invigilator.data]
        sittings.assign_invigilator(act(), g.competition, row, held)
        flash(_("Đã thêm %(name)s coi ca %(sitting)s.", name=held.account.display_name, sitting=sitting), "success")
    else:
        flash(_("Chọn một cán bộ coi thi trong danh sách."), "error")
    return redirect(url_for("organiser.show_sitting", code=code, sitting=sitting))


@bp.route("/<code>/sittings/<sitting>/start", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def move_start(code: str, sitting: str) -> ResponseReturnValue:
    """Another hour for a sitting, as long as the written test has not begun."""
    row = get_sitting(db.session(), g.competition.id, sitting)
    form = MoveStartForm(starts_at=local_instant(row.starts_at))
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            sittings.move_start(act(), g.competition, row, starts_at=form.starts_at.instant())
        except (ConflictError, InvalidError) as error:
            status = show_refusal(form, error)
            row = get_sitting(db.session(), g.competition.id, sitting)
        else:
            flash(_("Đã đổi giờ bắt đầu của ca %(sitting)s. Hãy báo lại thí sinh.", sitting=sitting), "success")
            return redirect(url_for("organiser.show_sitting", code=code, sitting=sitting))
    page = render_template("organiser/move_start.html", sitting=row, form=form)
    return page, status


@bp.get("/<code>/sittings/<sitting>/door")
@requires(Role.ORGANISER)
def print_door_list(code: str, sitting: str) -> ResponseReturnValue:  # noqa: ARG001 - as above
    """The list for the door: number, name and seat, on A4.

    Source: TT 22/2025/TT-BNV art. 6(2): lists of candidates are posted at each room before the test.
    """
    session = db.session()
    row = get_sitting(session, g.competition.id, sitting)
    attempts = sorted(list_attempts(session, row.id), key=lambda item: item.candidacy.candidate_number or "")
    return render_template("organiser/print_door_list.html", sitting=row, attempts=attempts)


def _free_invigilators(sitting: Any) -> dict[str, Any]:
    watching = {item.assignment_id for item in sitting.invigilators}
    holders = list_holders(db.session(), g.competition.id, Role.INVIGILATOR)
    return {str(item.id): item for item in holders if item.id not in watching}


def _choices(holders: dict[str, Any]) -> list[tuple[str, str]]:
    return [(key, f"{item.account.display_name} ({item.pseudonym})") for key, item in holders.items()]


def _can_plan(competition: Any) -> bool:
    return not competition.state.has_reached(CompetitionState.WRITTEN)


def _plan(sitting: Any, attempts: list[Any]) -> list[dict[str, Any]]:
    seated = {attempt.seat: attempt for attempt in attempts}
    rows = []
    for row in range(sitting.seat_rows):
        letter = chr(ord("A") + row)
        seats: list[dict[str, Any]] = []
        for column in range(1, sitting.seat_columns + 1):
            code = f"{letter}{column}"
            attempt = seated.get(code)
            if attempt is None:
                seats.append({"code": code, "state": "empty", "lines": [_("trống")]})
            else:
                number = attempt.candidacy.candidate_number or ""
                lines = [number, label(attempt.state)]
                seats.append({"code": code, "state": "new", "lines": lines, "label": f"{code}: {number}"})
        rows.append({"label": letter, "seats": seats})
    return rows
