"""Who does what in the competition: roles given and taken back, with the separation of duties explained."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError
from examsite.domain.permissions import COMPETITION_ROLES, SINGLE_ROLES, Role, are_compatible
from examsite.services import people
from examsite.storage.database import db
from examsite.storage.queries.accounts import list_holders
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.forms.accounts import AssignRoleForm, RevokeRoleForm
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.organiser import bp
from examsite.web.transactions import act, writes


@bp.route("/<code>/people", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def show_people(code: str) -> ResponseReturnValue:
    """Every holder of a role with the pseudonym, and the form that adds one."""
    form = AssignRoleForm()
    form.role.choices = [(role.value, label(role)) for role in COMPETITION_ROLES]
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            given = people.assign_role(act(), g.competition, login=form.login.data, role=Role(form.role.data))
        except DomainError as error:
            status = show_refusal(form, error, beside="login")
        else:
            flash(_("Đã phân công, bí danh %(pseudonym)s.", pseudonym=given.pseudonym), "success")
            return redirect(url_for("organiser.show_people", code=code))
    holders = list_holders(db.session(), g.competition.id)
    page = render_template(
        "organiser/show_people.html",
        form=form,
        boards=[(role, [item for item in holders if item.role is role]) for role in COMPETITION_ROLES],
        single=SINGLE_ROLES,
        together=[
            (label(first), label(second))
            for place, first in enumerate(COMPETITION_ROLES)
            for second in COMPETITION_ROLES[place + 1 :]
            if are_compatible(first, second)
        ],
    )
    return page, status


@bp.post("/<code>/people/revoke")
@requires(Role.ORGANISER)
@writes
def revoke_role(code: str) -> ResponseReturnValue:
    """Take a role back under which nothing was done yet."""
    form = RevokeRoleForm()
    if form.validate_on_submit():
        people.revoke_role(act(), g.competition, form.assignment_id.data)
        flash(_("Đã thu hồi vai trò."), "success")
    return redirect(url_for("organiser.show_people", code=code))
