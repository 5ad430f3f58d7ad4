"""Destroying the data of those not selected, as the organiser asks for it; an administrator does it."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.services.erasure import ask_erasure, withdraw_erasure
from examsite.services.erasure_plans import plan_erasure
from examsite.storage.database import db
from examsite.storage.queries.erasures import find_open_erasure
from examsite.web.access import requires
from examsite.web.erasure import TAGS, certificate, planned, told_erasures, waits
from examsite.web.errors import message_of
from examsite.web.forms.erasure import AskErasureForm, WithdrawErasureForm
from examsite.web.i18n import _
from examsite.web.organiser import bp
from examsite.web.transactions import act, forget_changes, read_web_clock, writes


@bp.get("/<code>/erasure")
@requires(Role.ORGANISER)
def show_erasure(code: str) -> ResponseReturnValue:  # noqa: ARG001 -- part of the address
    """When, how much, who asked; and what was erased before."""
    session = db.session()
    plan = plan_erasure(session, g.competition)
    opened = find_open_erasure(session, g.competition.id)
    return render_template(
        "organiser/show_erasure.html",
        plan=plan,
        kinds=planned(plan),
        is_due=plan.is_due(read_web_clock()),
        opened=opened,
        waits=waits(opened),
        tags=TAGS,
        done=told_erasures(g.competition),
        form=AskErasureForm(),
    )


@bp.post("/<code>/erasure")
@requires(Role.ORGANISER)
@writes
def ask_for_erasure(code: str) -> ResponseReturnValue:
    """Ask; an administrator is told on the own page."""
    if AskErasureForm().validate_on_submit():
        try:
            ask_erasure(act(), g.competition)
        except DomainError as error:
            forget_changes()
            flash(message_of(error), "error")
        else:
            flash(_("Đã đề nghị. Quản trị xóa ở trang Xóa dữ liệu của mình."), "success")
    return redirect(url_for("organiser.show_erasure", code=code))


@bp.post("/<code>/erasure/withdrawal")
@requires(Role.ORGANISER)
@writes
def withdraw_asked_erasure(code: str) -> ResponseReturnValue:
    """Take the wish back."""
    if WithdrawErasureForm().validate_on_submit():
        try:
            withdraw_erasure(act(), g.competition)
        except DomainError as error:
            forget_changes()
            flash(message_of(error), "error")
        else:
            flash(_("Đã rút đề nghị xóa dữ liệu."), "success")
    return redirect(url_for("organiser.show_erasure", code=code))


@bp.get("/<code>/erasure/<int(max=2147483647):number>")
@requires(Role.ORGANISER)
def print_erasure(code: str, number: int) -> ResponseReturnValue:
    """The certificate of one erasure, for the files."""
    return certificate(g.competition, number, back=url_for("organiser.show_erasure", code=code))
