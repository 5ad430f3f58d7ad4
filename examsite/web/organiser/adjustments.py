"""Adjustments for one candidate: asked for before the test, decided by the council, applied by the room itself."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.adjustments import adjustments_from_data
from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.domain.rooms import ROOM_REQUEST, RequestEvent
from examsite.services import adjustments
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.adjustments import find_newest_adjustment_request
from examsite.storage.queries.candidacies import get_application
from examsite.web.access import requires
from examsite.web.adjustments import adjustment_lines
from examsite.web.errors import show_refusal
from examsite.web.forms.adjustments import AskAdjustmentsForm
from examsite.web.i18n import _
from examsite.web.organiser import bp
from examsite.web.transactions import act, writes


@bp.route("/<code>/candidates/<application>/adjustments", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def ask_adjustments(code: str, application: str) -> ResponseReturnValue:
    """What is asked for this candidate; an empty form asks to take everything back."""
    candidacy = get_application(db.session(), g.competition.id, application)
    newest = find_newest_adjustment_request(db.session(), candidacy.id)
    asked = adjustments_from_data(candidacy.adjustments if newest is None else newest.wanted)
    form = AskAdjustmentsForm(
        data={
            "extra_percent": asked.extra_percent,
            "size": str(asked.size or ""),
            "contrast": asked.contrast,
            "spacing": asked.spacing,
            "plain": asked.plain,
            "note": asked.note,
            "reason": "" if newest is None else newest.reason,
        }
    )
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            adjustments.ask_adjustments(
                act(), g.competition, application, wanted=form.chosen(), reason=form.reason.data or ""
            )
        except DomainError as error:
            status = show_refusal(form, error, beside="reason")
            candidacy = get_application(db.session(), g.competition.id, application)
            newest = find_newest_adjustment_request(db.session(), candidacy.id)
        else:
            flash(_("Đã gửi đề nghị tới hội đồng. Được duyệt thì phòng thi tự áp dụng."), "success")
            return redirect(url_for("organiser.show_candidate", code=code, application=application))
    minutes = ruleset_of(g.competition).written_minutes
    page = render_template(
        "organiser/ask_adjustments.html",
        form=form,
        candidacy=candidacy,
        approved=adjustment_lines(adjustments_from_data(candidacy.adjustments), minutes=minutes),
        newest=newest,
        newest_waits=newest is not None and ROOM_REQUEST.is_open(newest.state, RequestEvent.APPROVED),
        newest_lines=[] if newest is None else adjustment_lines(asked, minutes=minutes),
        can_ask=adjustments.can_decide(act(), g.competition, candidacy),
    )
    return page, status
