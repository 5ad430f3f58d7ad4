"""The head reads the statistics of marking and decides about markers who are paused."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.domain.scores import score
from examsite.services import marker_alarms, marker_stops
from examsite.storage.database import db
from examsite.storage.queries.allocations import list_marker_loads
from examsite.storage.queries.standardisation import get_alarm, get_stop
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.formatting import format_points
from examsite.web.forms.standardisation import DecideStopForm, LeaveMarkersForm, StopMarkerForm
from examsite.web.i18n import _
from examsite.web.marker import bp
from examsite.web.marker.head_allocation import waiting_words
from examsite.web.marking_statistics import serve_statistics
from examsite.web.transactions import act, writes


@bp.get("/<code>/head/statistics")
@requires(Role.MARKING_HEAD)
def show_statistics(code: str) -> ResponseReturnValue:
    """Severity, agreement, seeds and pace, with what to do about each marker."""
    del code
    return serve_statistics()


@bp.route("/<code>/head/markers/<marker>/stop", methods=["GET", "POST"])
@requires(Role.MARKING_HEAD)
@writes
def stop_marker(code: str, marker: str) -> ResponseReturnValue:
    """Pause a marker by hand, after a page that says what that does."""
    form = StopMarkerForm()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                stop = marker_stops.stop_marker(act(), g.competition, marker, reason=form.reason.data or "")
            except DomainError as error:
                status = show_refusal(form, error)
            else:
                flash(_("Đã tạm dừng %(marker)s.", marker=marker), "success")
                return redirect(url_for("marker.show_stop", code=code, stop=stop.id))
    return render_template("marker/stop_marker.html", form=form, marker=marker, code=code), status


@bp.route("/<code>/head/stops/<int(max=2147483647):stop>", methods=["GET", "POST"])
@requires(Role.MARKING_HEAD)
@writes
def show_stop(code: str, stop: int) -> ResponseReturnValue:
    """Why a marker was paused, what rests on it, and the decision."""
    form = DecideStopForm()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                _decide(stop, form)
            except DomainError as error:
                status = show_refusal(form, error)
            else:
                return redirect(url_for("marker.show_stop", code=code, stop=stop))
    row = get_stop(db.session(), g.competition.id, stop)
    loads = {load.pseudonym: load for load in list_marker_loads(db.session(), g.competition.id)}
    load = loads.get(str(row.assignment.pseudonym))
    page = render_template(
        "marker/show_stop.html",
        stop=row,
        cause=row.cause,
        outcome=row.outcome,
        why=_why(row.figures),
        seeds=[score(error) for error in row.figures.get("seeds", [])],
        doubtful=marker_stops.list_doubtful(act(), g.competition, row),
        waiting=0 if load is None else len(load.open_scripts),
        form=form,
        is_open=g.competition.state is CompetitionState.MARKING and row.decided_at is None,
        code=code,
    )
    return page, status


@bp.route("/<code>/head/alarms/<int(max=2147483647):alarm>", methods=["GET", "POST"])
@requires(Role.MARKING_HEAD)
@writes
def show_alarm(code: str, alarm: int) -> ResponseReturnValue:
    """Who may have moved, what speaks for each, and that nobody is paused for it unless the head says so."""
    form = LeaveMarkersForm()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                marker_alarms.leave_markers(act(), g.competition, alarm, reason=form.reason.data or "")
            except DomainError as error:
                status = show_refusal(form, error)
            else:
                flash(_("Đã ghi. Mức chấm được theo dõi lại từ đầu."), "success")
                return redirect(url_for("marker.show_statistics", code=code))
    row = get_alarm(db.session(), g.competition.id, alarm)
    page = render_template(
        "marker/show_alarm.html",
        alarm=row,
        moves=[(marker, _moved(row.figures[marker])) for marker in row.markers],
        outcome=row.outcome,
        form=form,
        is_open=g.competition.state is CompetitionState.MARKING and row.decided_at is None,
        code=code,
    )
    return page, status


def _decide(stop: int, form: DecideStopForm) -> None:
    reason = form.reason.data or ""
    if form.answer.data == "resume":
        row = marker_stops.resume_marker(act(), g.competition, stop, reason=reason)
        flash(_("%(marker)s được chấm tiếp.", marker=row.assignment.pseudonym), "success")
        return
    followed = marker_stops.replace_marker(act(), g.competition, stop, reason=reason)
    flash(
        _(
            "Đã giao lại %(passed)s bài chưa khóa. %(asked)s điểm đã khóa chờ hội đồng xác nhận rút.",
            passed=followed.passed_on,
            asked=followed.withdrawals,
        ),
        "success",
    )
    if followed.waiting:
        flash(waiting_words(followed.waiting), "attention")


def _why(figures: dict[str, Any]) -> str:
    """The alarm in a sentence."""
    if "reason" in figures:
        return str(figures["reason"])
    if "mean_error" in figures:
        points = format_points(str(abs(score(figures["mean_error"]))))
        return _("Trung bình ba bài mẫu gần nhất lệch khỏi điểm thống nhất %(points)s điểm.", points=points)
    return _moved(figures)


def _moved(figures: dict[str, Any]) -> str:
    """From where on a marker marked otherwise, and by how much."""
    points = format_points(str(abs(score(figures["points"]))))
    if figures.get("direction") == "lenient":
        return _(
            "Từ bài thứ %(since)s đã khóa (tính cả bài mẫu), chấm cao hơn trước khoảng %(points)s điểm.",
            since=figures["since"],
            points=points,
        )
    return _(
        "Từ bài thứ %(since)s đã khóa (tính cả bài mẫu), chấm thấp hơn trước khoảng %(points)s điểm.",
        since=figures["since"],
        points=points,
    )
