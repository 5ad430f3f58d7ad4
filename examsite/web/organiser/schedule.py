"""The schedule: set while a draft, changed once with a reason after the announcement."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.services.competitions import change_notice, set_schedule
from examsite.services.rulesets import ruleset_of
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.forms.competitions import ChangeNoticeForm, EditScheduleForm, local_schedule
from examsite.web.i18n import _
from examsite.web.organiser import bp
from examsite.web.organiser.plan import is_draft
from examsite.web.transactions import act, writes


@bp.route("/<code>/plan/schedule", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def edit_schedule(code: str) -> ResponseReturnValue:
    """Set the six instants, typed as clocks in Vietnam show them; after the announcement with a reason, once."""
    competition = g.competition
    draft = is_draft(competition)
    form = (EditScheduleForm if draft else ChangeNoticeForm)(data=local_schedule(competition))
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            if draft:
                set_schedule(act(), competition, form.schedule())
            else:
                change_notice(act(), competition, form.schedule(), reason=form.reason.data)
        except DomainError as error:
            status = show_refusal(form, error)
        else:
            flash(
                _("Đã lưu lịch.") if draft else _("Đã sửa lịch và ghi vào sổ. Thông báo không sửa được nữa."), "success"
            )
            return redirect(url_for("organiser.show_plan", code=code))
    page = render_template("organiser/edit_schedule.html", form=form, is_draft=draft, ruleset=ruleset_of(g.competition))
    return page, status
