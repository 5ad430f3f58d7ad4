"""The head of marking: who has how many scripts, what stands still, and passing work on by the draw.

Decision: counts and pseudonyms, never points; a script is named only under the marker who still has it open, so that no
list of scripts with one lock of two comes about.
"""

from __future__ import annotations

from datetime import datetime

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError, NotFoundError
from examsite.domain.permissions import Role
from examsite.services import allocations
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.allocations import (
    MarkerLoad,
    OpenScript,
    find_still,
    list_changed,
    list_marker_loads,
    standing_still,
)
from examsite.web.access import requires
from examsite.web.errors import message_of, status_of
from examsite.web.forms.marking import TakeOverForm
from examsite.web.i18n import _, ngettext
from examsite.web.marker import bp
from examsite.web.transactions import act, forget_changes, read_web_clock, writes


@bp.get("/<code>/head/allocation")
@requires(Role.MARKING_HEAD)
def list_allocation(code: str) -> ResponseReturnValue:
    """Every marker's load, the scripts that stand still, and what was passed on."""
    loads = list_marker_loads(db.session(), g.competition.id)
    minutes = ruleset_of(g.competition).claim_minutes
    now = read_web_clock()
    return render_template(
        "marker/list_allocation.html",
        loads=loads,
        still=[(row, _minutes(row, now)) for row in standing_still(loads, now=now, claim_minutes=minutes)],
        changed=list_changed(db.session(), g.competition.id),
        claim_minutes=minutes,
        is_open=g.competition.state is CompetitionState.MARKING,
        code=code,
    )


@bp.route("/<code>/head/allocation/<marker>/take-over", methods=["GET", "POST"])
@requires(Role.MARKING_HEAD)
@writes
def take_over_marker(code: str, marker: str) -> ResponseReturnValue:
    """Everything open of one marker goes to others, after a page that repeats what will happen."""
    load = _load(marker)
    form = TakeOverForm()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                count = allocations.take_over_marker(
                    act(), g.competition, marker, expected=form.expected_number(), reason=form.reason.data or ""
                )
            except DomainError as error:
                forget_changes()
                status = status_of(error)
                form.form_errors.append(message_of(error))
                load = _load(marker)
            else:
                flash(
                    ngettext(
                        "Đã giao lại %(num)d bài của %(marker)s theo kết quả bốc thăm.",
                        "Đã giao lại %(num)d bài của %(marker)s theo kết quả bốc thăm.",
                        count,
                        marker=marker,
                    ),
                    "success",
                )
                return redirect(url_for("marker.list_allocation", code=code))
    form.expected.data = str(len(load.open_scripts))
    return render_template("marker/take_over.html", form=form, load=load, script=None, code=code), status


@bp.route("/<code>/head/allocation/<marker>/<waiting>/take-over", methods=["GET", "POST"])
@requires(Role.MARKING_HEAD)
@writes
def take_over_script(code: str, marker: str, waiting: str) -> ResponseReturnValue:
    """One script goes to another marker, after a page that repeats what will happen."""
    load = _load(marker)
    row = find_still(db.session(), g.competition, waiting, marker=marker, now=read_web_clock())
    if row is None:
        raise NotFoundError("script_not_found", script=waiting)
    form = TakeOverForm()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                allocations.take_over_script(
                    act(), g.competition, waiting, marker=marker, reason=form.reason.data or ""
                )
            except DomainError as error:
                forget_changes()
                status = status_of(error)
                form.form_errors.append(message_of(error))
            else:
                flash(_("Đã giao lại bài %(script)s theo kết quả bốc thăm.", script=waiting), "success")
                return redirect(url_for("marker.list_allocation", code=code))
    form.expected.data = "1"
    return render_template("marker/take_over.html", form=form, load=load, script=row, code=code), status


def _load(pseudonym: str) -> MarkerLoad:
    for load in list_marker_loads(db.session(), g.competition.id):
        if load.pseudonym == pseudonym:
            return load
    raise NotFoundError("marker_not_found", marker=pseudonym)


def _minutes(row: OpenScript, now: datetime) -> int:
    return 0 if row.touched_at is None else int((now - row.touched_at).total_seconds() // 60)
