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
from examsite.services import allocations, marker_stops
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.allocations import (
    MarkerLoad,
    OpenScript,
    UnassignedScript,
    find_still,
    list_changed,
    list_marker_loads,
    list_unassigned,
    standing_still,
)
from examsite.storage.queries.standardisation import find_open_stop
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.forms.marking import TakeOverForm
from examsite.web.i18n import _, ngettext
from examsite.web.marker import bp
from examsite.web.transactions import act, read_web_clock, writes


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
        unassigned=[(row, _why_waiting(row)) for row in list_unassigned(db.session(), g.competition.id, loads)],
        changed=list_changed(db.session(), g.competition.id),
        claim_minutes=minutes,
        is_open=g.competition.state is CompetitionState.MARKING,
        code=code,
    )


@bp.route("/<code>/head/allocation/<marker>/take-over", methods=["GET", "POST"])
@requires(Role.MARKING_HEAD)
@writes
def take_over_marker(code: str, marker: str) -> ResponseReturnValue:
    """Everything open of one marker goes to others, after a page that repeats what will happen.

    Of a marker who is paused the pause is decided instead: there is one way to replace a marker.
    """
    load = _load(marker)
    stop = find_open_stop(db.session(), g.competition.id, marker)
    if stop is not None:
        flash(_("%(marker)s đang tạm dừng: quyết định lần tạm dừng ở trang này.", marker=marker), "information")
        return redirect(url_for("marker.show_stop", code=code, stop=stop.id))
    form = TakeOverForm()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                followed = marker_stops.take_over_marker(
                    act(), g.competition, marker, expected=form.expected_number(), reason=form.reason.data or ""
                )
            except DomainError as error:
                status = show_refusal(form, error)
                load = _load(marker)
            else:
                flash(
                    ngettext(
                        "Đã giao lại %(num)d bài của %(marker)s theo kết quả bốc thăm.",
                        "Đã giao lại %(num)d bài của %(marker)s theo kết quả bốc thăm.",
                        followed.passed_on,
                        marker=marker,
                    ),
                    "success",
                )
                if followed.waiting:
                    flash(waiting_words(followed.waiting), "attention")
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
                status = show_refusal(form, error)
            else:
                flash(_("Đã giao lại bài %(script)s theo kết quả bốc thăm.", script=waiting), "success")
                return redirect(url_for("marker.list_allocation", code=code))
    form.expected.data = "1"
    return render_template("marker/take_over.html", form=form, load=load, script=row, code=code), status


def waiting_words(codes: tuple[str, ...]) -> str:
    """Which scripts nobody could be given, and where they wait."""
    return ngettext(
        "Còn %(num)d bài chưa có người chấm: %(codes)s. Xem “Chưa có người chấm” ở trang Phân công.",
        "Còn %(num)d bài chưa có người chấm: %(codes)s. Xem “Chưa có người chấm” ở trang Phân công.",
        len(codes),
        codes=", ".join(codes),
    )


def _why_waiting(row: UnassignedScript) -> str:
    """Why nobody marks a script, and what is to be done; who of the others has it already is not told."""
    if row.outlook.is_open:
        return _("Đã có người nhận được. Chọn “Giao lại tất cả” ở dòng %(marker)s.", marker=row.marker)
    if row.outlook.paused:
        return ngettext(
            "Chưa ai nhận được. Có %(num)d cán bộ chấm đang tạm dừng: quyết định các lần tạm dừng ấy rồi giao lại, "
            "hoặc đề nghị ban tổ chức bổ sung cán bộ chấm.",
            "Chưa ai nhận được. Có %(num)d cán bộ chấm đang tạm dừng: quyết định các lần tạm dừng ấy rồi giao lại, "
            "hoặc đề nghị ban tổ chức bổ sung cán bộ chấm.",
            row.outlook.paused,
        )
    return _(
        "Mọi cán bộ chấm còn lại đã được giao bài này hoặc không được chấm bài này. "
        "Đề nghị ban tổ chức bổ sung cán bộ chấm, rồi giao lại."
    )


def _load(pseudonym: str) -> MarkerLoad:
    for load in list_marker_loads(db.session(), g.competition.id):
        if load.pseudonym == pseudonym:
            return load
    raise NotFoundError("marker_not_found", marker=pseudonym)


def _minutes(row: OpenScript, now: datetime) -> int:
    return 0 if row.touched_at is None else int((now - row.touched_at).total_seconds() // 60)
