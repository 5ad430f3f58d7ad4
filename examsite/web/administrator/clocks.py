"""The clock of the installation: what it says, how far the wall clock is from it, and setting it anew on record."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.services.clock import NOTABLE_DIFFERENCE_SECONDS, anchor_clock, clock_difference
from examsite.storage.database import db
from examsite.storage.queries.rooms import find_pulse
from examsite.storage.queries.sittings import list_running
from examsite.web.access import requires
from examsite.web.administrator import bp
from examsite.web.errors import message_of
from examsite.web.formatting import format_number
from examsite.web.forms.clocks import AnchorClockForm
from examsite.web.i18n import _
from examsite.web.transactions import act, read_web_clock, writes


@bp.route("/clock", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
@writes
def show_clock() -> ResponseReturnValue:
    """Both clocks side by side; the button sets ours to the wall clock."""
    form = AnchorClockForm()
    if form.validate_on_submit():
        try:
            moved = anchor_clock(act())
        except DomainError as error:
            flash(message_of(error), "error")
            return _page(form, status=409)
        flash(_("Đã đặt lại đồng hồ của kỳ thi, %(moved)s. Việc này đã vào sổ.", moved=_in_words(moved)), "success")
        return redirect(url_for("administrator.show_clock"))
    return _page(form, status=422 if form.is_submitted() else 200)


def _page(form: AnchorClockForm, *, status: int) -> ResponseReturnValue:
    now, ahead = read_web_clock(), clock_difference()
    pulse = find_pulse(db.session())
    page = render_template(
        "administrator/show_clock.html",
        form=form,
        now=now,
        wall=now + ahead,
        difference=_in_words(ahead),
        is_right=abs(ahead) < timedelta(seconds=NOTABLE_DIFFERENCE_SECONDS),
        is_running=bool(list_running(db.session())),
        pulse_at=pulse.at if pulse is not None else None,
    )
    return page, status


def _in_words(difference: timedelta) -> str:
    seconds = abs(difference).total_seconds()
    text = f"{seconds:.1f}".replace(".", ",") if seconds < 60 else format_number(round(seconds))
    if seconds < 0.05:
        return _("không lệch")
    if difference > timedelta(0):
        return _("nhanh hơn %(seconds)s giây", seconds=text)
    return _("chậm hơn %(seconds)s giây", seconds=text)
