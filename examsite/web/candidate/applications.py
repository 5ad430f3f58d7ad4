"""The own application: hand it in, take it back."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.dossiers import CANDIDACY, CandidacyEvent
from examsite.domain.errors import ConflictError
from examsite.domain.permissions import Role
from examsite.services import candidacies
from examsite.storage.database import db
from examsite.storage.queries.candidacies import get_candidacy
from examsite.web.access import requires
from examsite.web.candidate import bp
from examsite.web.errors import message_of
from examsite.web.forms.candidacies import SubmitApplicationForm, WithdrawApplicationForm
from examsite.web.i18n import _
from examsite.web.transactions import act, writes


@bp.post("/dossier/submit")
@requires(Role.CANDIDATE)
@writes
def submit_application() -> ResponseReturnValue:
    """Hand the dossier in, once the candidate vouches for it."""
    form = SubmitApplicationForm()
    if not form.validate_on_submit():
        flash(form.truthful.errors[0] if form.truthful.errors else _("Chưa nộp được."), "error")
        return redirect(url_for("candidate.show_dossier"))
    candidacies.submit_application(act(), g.actor.candidacy_id)
    flash(_("Đã nộp hồ sơ. Kết quả xét điều kiện sẽ hiện ở trang này."), "success")
    return redirect(url_for("candidate.show_home"))


@bp.route("/application/withdraw", methods=["GET", "POST"])
@requires(Role.CANDIDATE)
@writes
def withdraw_application() -> ResponseReturnValue:
    """Take the application back, after the page has said what that means."""
    candidacy = get_candidacy(db.session(), g.actor.candidacy_id)
    g.competition = candidacy.competition
    form = WithdrawApplicationForm()
    if form.validate_on_submit():
        candidacies.withdraw_application(act(), candidacy.id)
        flash(_("Đã rút hồ sơ."), "success")
        return redirect(url_for("candidate.show_home"))
    if not CANDIDACY.is_open(candidacy.state, CandidacyEvent.WITHDRAWN):
        flash(message_of(ConflictError("event_not_open")), "error")
        return redirect(url_for("candidate.show_home"))
    page = render_template("candidate/withdraw_application.html", form=form, candidacy=candidacy)
    return page, 422 if form.is_submitted() else 200
