"""Opening a gate: one page that repeats what will happen, one button that does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import GATE_ROLES, GateEvent
from examsite.domain.permissions import Role
from examsite.services.announcements import (
    announce,
    begin_written,
    close_applications,
    close_competition,
    open_applications,
)
from examsite.services.context import ServiceContext
from examsite.services.merging import close_appeals, publish_written
from examsite.services.proposals import lock_proposals
from examsite.storage.database import db
from examsite.storage.queries.gates import list_missing
from examsite.web.access import fresh_factor, requires
from examsite.web.forms.competitions import OpenGateForm
from examsite.web.gates import MISSING_PAGES, event_after, missing_rows, planned_dates
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.labels.competitions import STATEMENTS
from examsite.web.organiser import bp
from examsite.web.transactions import act, read_web_clock, writes

#: Gates that the organiser opens on the page of this module.
ACTS: dict[GateEvent, Callable[[ServiceContext, Any], object]] = {
    GateEvent.ANNOUNCED: announce,
    GateEvent.APPLICATIONS_OPENED: open_applications,
    GateEvent.APPLICATIONS_CLOSED: close_applications,
    GateEvent.WRITTEN_BEGUN: begin_written,
    GateEvent.WRITTEN_PUBLISHED: publish_written,
    GateEvent.APPEALS_CLOSED: close_appeals,
    GateEvent.PROPOSALS_LOCKED: lock_proposals,
    GateEvent.CLOSED: close_competition,
}

#: Gates that the organiser opens on a page of its own kind.
PAGES: dict[GateEvent, str] = {
    GateEvent.ROSTER_FIXED: "organiser.fix_roster",
    GateEvent.RESULT_COMPUTED: "organiser.show_result",
    GateEvent.RESULT_PUBLISHED: "organiser.publish_result",
}


def gate_url(competition: Any, event: GateEvent) -> str | None:
    """The page on which the organiser opens this gate, or None where it is another's act or there is no page."""
    if event in ACTS:
        return url_for("organiser.open_gate", code=competition.code, event=event.value)
    page = PAGES.get(event)
    return url_for(page, code=competition.code) if page else None


@bp.route("/<code>/gates/<event>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def open_gate(code: str, event: str) -> ResponseReturnValue:
    """Say what will happen, then open the gate; refused as long as something is missing."""
    gate = next((known for known in ACTS if known.value == event), None)
    if gate is None:
        abort(404)
    return _serve_gate(code, gate)


@bp.route("/<code>/gates/written_published", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@fresh_factor
@writes
def publish_written_results(code: str) -> ResponseReturnValue:
    """As every other gate; scores go out, so it takes a second factor like each publication."""
    return _serve_gate(code, GateEvent.WRITTEN_PUBLISHED)


def _serve_gate(code: str, gate: GateEvent) -> ResponseReturnValue:
    competition = g.competition
    form = OpenGateForm()
    if form.validate_on_submit():
        ACTS[gate](act(), competition)
        flash(_("Đã xong: %(act)s. Việc này đã vào sổ ghi.", act=label(gate)), "success")
        return redirect(url_for("organiser.show_desk", code=code))
    if event_after(competition) is not gate:
        flash(_("Bước này đã qua hoặc chưa tới."), "attention")
        return redirect(url_for("organiser.show_desk", code=code))
    missing = list_missing(db.session(), competition, gate, now=read_web_clock())
    return render_template(
        "organiser/open_gate.html",
        form=form,
        event=gate.value,
        gate_label=label(gate),
        statement=STATEMENTS[gate],
        role_label=label(GATE_ROLES[gate]),
        missing=missing_rows(competition, missing, MISSING_PAGES),
        dates=planned_dates(competition) if gate is GateEvent.ANNOUNCED else [],
    )
