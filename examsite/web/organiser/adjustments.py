"""Adjustments for one candidate, decided before the test: the room applies them without being asked."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.adjustments import adjustments_from_data, extra_seconds
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.permissions import Role
from examsite.services import adjustments
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.candidacies import get_application
from examsite.web.access import requires
from examsite.web.errors import message_of
from examsite.web.forms.adjustments import DecideAdjustmentsForm
from examsite.web.i18n import _
from examsite.web.organiser import bp
from examsite.web.transactions import act, writes


@bp.route("/<code>/candidates/<application>/adjustments", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def decide_adjustments(code: str, application: str) -> ResponseReturnValue:
    """What this candidate gets in the room; an empty form takes everything back."""
    candidacy = get_application(db.session(), g.competition.id, application)
    approved = adjustments_from_data(candidacy.adjustments)
    form = DecideAdjustmentsForm(
        data={
            "extra_percent": approved.extra_percent,
            "size": str(approved.size or ""),
            "contrast": approved.contrast,
            "spacing": approved.spacing,
            "plain": approved.plain,
            "note": approved.note,
            "reason": str(candidacy.adjustments.get("reason", "")),
        }
    )
    if form.validate_on_submit():
        try:
            adjustments.decide_adjustments(
                act(), g.competition, application, wanted=form.chosen(), reason=form.reason.data or ""
            )
        except InvalidError as error:
            field = getattr(form, str(error.params.get("field", "")), form.reason)
            field.errors = [*field.errors, message_of(error)]
        except DomainError as error:
            form.reason.errors = [*form.reason.errors, message_of(error)]
        else:
            flash(_("Đã ghi điều chỉnh. Phòng thi tự áp dụng, thí sinh không phải xin."), "success")
            return redirect(url_for("organiser.show_candidate", code=code, application=application))
    minutes = ruleset_of(g.competition).written_minutes
    page = render_template(
        "organiser/decide_adjustments.html",
        form=form,
        candidacy=candidacy,
        approved=approved,
        minutes=minutes,
        extra_minutes=extra_seconds(minutes, approved.extra_percent) // 60,
        can_decide=adjustments.can_decide(act(), g.competition, candidacy),
    )
    return page, 422 if form.is_submitted() else 200
