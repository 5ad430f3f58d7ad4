"""The working calendar: the holidays that the library knows, and the swapped days that the administrator enters."""

from __future__ import annotations

from datetime import date

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.domain.working_days import ZONE, DayKind
from examsite.services.working_days import list_holidays, list_known_worked_days, swap_day, take_back_day
from examsite.storage.database import db
from examsite.storage.queries.working_days import list_swapped_days
from examsite.web.access import requires
from examsite.web.administrator import bp
from examsite.web.errors import show_refusal
from examsite.web.formatting import format_date
from examsite.web.forms.working_days import SwapDayForm, TakeBackDayForm
from examsite.web.i18n import _, current_locale
from examsite.web.transactions import act, read_web_clock, writes


@bp.route("/working-days", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
@writes
def list_working_days() -> ResponseReturnValue:
    """Holidays of this year and the next, swapped days, and the form for another one."""
    form = SwapDayForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            row = swap_day(act(), day=form.day.data, kind=DayKind(form.kind.data), reason=form.reason.data or "")
        except DomainError as error:
            status = show_refusal(form, error)
        else:
            flash(_("Đã nhập ngày %(day)s.", day=format_date(row.day)), "success")
            return redirect(url_for("administrator.list_working_days"))
    year = read_web_clock().astimezone(ZONE).year
    page = render_template(
        "administrator/list_working_days.html",
        form=form,
        swapped=list_swapped_days(db.session()),
        years=[(number, list_holidays(number), list_known_worked_days(number)) for number in (year, year + 1)],
        is_english=current_locale() == "en",
    )
    return page, status


@bp.post("/working-days/<day>/removal")
@requires(Role.ADMINISTRATOR)
@writes
def take_back_working_day(day: str) -> ResponseReturnValue:
    """Take back what was entered about a day."""
    try:
        known = date.fromisoformat(day)
    except ValueError:
        abort(404)
    if TakeBackDayForm().validate_on_submit():
        take_back_day(act(), known)
        flash(_("Đã bỏ dòng ngày %(day)s.", day=format_date(known)), "success")
    return redirect(url_for("administrator.list_working_days"))
