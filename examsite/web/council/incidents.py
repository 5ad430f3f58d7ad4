"""Incidents of the exam room: the council reads the minutes, the chair decides a measure of the rule set or none.

A member decides where the chair stands near to the candidate.
"""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.domain.sittings import INCIDENT, IncidentEvent
from examsite.services import incidents
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.sittings import get_incident, list_competition_incidents, list_sittings
from examsite.web.access import requires
from examsite.web.council import bp
from examsite.web.council.desk import Card, desk_card
from examsite.web.errors import show_refusal
from examsite.web.formatting import format_points
from examsite.web.forms.incidents import NO_MEASURE, DecideIncidentForm
from examsite.web.i18n import _, localised, ngettext
from examsite.web.transactions import act, writes


@desk_card
def waiting_incidents(competition: Any) -> Card | None:
    """Incidents that wait for the council; they must be decided before the codes are sealed."""
    waiting = [item for item in list_competition_incidents(db.session(), competition.id) if _is_open(item)]
    if not waiting:
        return None
    return Card(
        title=ngettext("%(num)d sự việc chờ quyết định", "%(num)d sự việc chờ quyết định", len(waiting)),
        text=_("Phải quyết định xong trước khi niêm phong bảng phách.")
        if _takes_measures(competition)
        else _("Ghi sau khi niêm phong bảng phách: đọc và khép trước khi kết thúc kỳ thi."),
        action=_("Xem biên bản"),
        url=url_for("council.list_incidents", code=competition.code),
        urgent=True,
    )


@bp.get("/<code>/incidents")
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
def list_incidents(code: str) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition
    """All incidents with their minutes; whoever may decide opens each that waits."""
    rows = list_competition_incidents(db.session(), g.competition.id)
    return render_template(
        "council/list_incidents.html",
        rows=[(item, _is_open(item), _measure_words(item), _may_decide(item)) for item in rows],
        sittings=[item for item in list_sittings(db.session(), g.competition.id) if item.started_at is not None],
    )


@bp.route("/<code>/incidents/<int(max=2147483647):incident>", methods=["GET", "POST"])
@requires(Role.CHAIR, Role.COUNCIL_MEMBER)
@writes
def decide_incident(code: str, incident: int) -> ResponseReturnValue:
    """Read the minutes and decide; nothing is preselected."""
    row = get_incident(db.session(), g.competition.id, incident)
    if not _is_open(row):
        flash(_("Sự việc này đã được quyết định."), "attention")
        return redirect(url_for("council.list_incidents", code=code))
    refusal = incidents.why_not_decide(act(), g.competition, row)
    if refusal is not None:
        raise NotAllowedError(refusal, roles=str(Role.CHAIR))
    is_in_time = _takes_measures(g.competition)
    measures = ruleset_of(g.competition).measures if row.candidacy is not None and is_in_time else ()
    form = DecideIncidentForm(
        measures=[(item.measure, f"{localised(item.text, '')}: {_effect(item)}") for item in measures]
    )
    if form.validate_on_submit():
        measure = None if form.measure.data == NO_MEASURE else form.measure.data
        try:
            incidents.decide_incident(act(), g.competition, row, measure=measure)
        except (ConflictError, InvalidError) as error:
            show_refusal(form, error, beside="measure")
            row = get_incident(db.session(), g.competition.id, incident)
        else:
            said = _("Đã quyết định. Quyết định vào sổ ghi và áp dụng khi ghép phách.")
            flash(said if measure is not None else _("Đã khép sự việc. Biên bản ở lại trong hồ sơ."), "success")
            return redirect(url_for("council.list_incidents", code=code))
    page = render_template(
        "council/decide_incident.html", form=form, incident=row, proposed=_measure_words(row), is_in_time=is_in_time
    )
    return page, 422 if form.is_submitted() else 200


def _may_decide(incident: Any) -> bool:
    return _is_open(incident) and incidents.why_not_decide(act(), g.competition, incident) is None


def _takes_measures(competition: Any) -> bool:
    return bool(competition.state is CompetitionState.WRITTEN)


def _is_open(incident: Any) -> bool:
    return INCIDENT.is_open(incident.state, IncidentEvent.DECIDED)


def _effect(measure: Any) -> str:
    if measure.void:
        return _("hủy phần thi")
    return _("trừ %(percent)s %% điểm bài viết", percent=format_points(measure.percent))


def _measure_words(incident: Any) -> str:
    if not incident.measure:
        return ""
    known = ruleset_of(g.competition).measure_named(incident.measure)
    return f"{localised(known.text, '')}, {_effect(known)}"
