"""A member's own sheet: kept as a draft while it is filled in, locked once after a page that repeats the total."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Field

from examsite.domain.errors import ConflictError, DomainError, InvalidError
from examsite.domain.permissions import Role
from examsite.domain.rubrics import total
from examsite.services.defence import lock_sheet as lock
from examsite.services.defence import save_sheet
from examsite.storage.database import db
from examsite.storage.queries.defence import find_own_sheet
from examsite.web.access import requires
from examsite.web.errors import message_of, show_refusal, wants_json
from examsite.web.formatting import format_points, format_score, format_time_seconds
from examsite.web.forms.defence import FillSheetForm, LockSheetForm, fill_sheet_form, whole_number
from examsite.web.i18n import _, localised
from examsite.web.panel import bp
from examsite.web.panel.defences import defence_values, sheet_values
from examsite.web.panel.drafts import refuse_draft
from examsite.web.transactions import act, forget_changes, writes


@bp.route("/<code>/defences/<int(max=9999):position>/sheet", methods=["GET", "POST"])
@requires(Role.PANELLIST)
@writes
def fill_sheet(code: str, position: int) -> ResponseReturnValue:
    """The own sheet; a POST keeps the draft and answers the page, or its script in JSON."""
    values = _read(code, position)
    if not values["declared"]:
        flash(_("Hãy khai quan hệ với thí sinh trước khi chấm."), "attention")
        return redirect(url_for("panel.declare_conflicts", code=code))
    if request.method == "GET" and (values["is_locked"] or values["recused"] or not values["can_fill"]):
        return redirect(url_for("panel.show_defence", code=code, position=position))
    sheet = values["sheet"]
    form = fill_sheet_form(
        values["rubric"].human,
        points=values["sheet_points"],
        comments=sheet.comments if sheet is not None else {},
        revision=sheet.revision if sheet is not None else 0,
    )
    if not form.is_submitted():
        return _page(values, form)
    return _keep(code, position, values, form)


def _keep(code: str, position: int, values: dict[str, Any], form: FillSheetForm) -> ResponseReturnValue:
    pressed = request.form.get("set", "")
    form.press(pressed, values["ruleset"].defence_mark_step)
    good = form.validate()
    points = form.points()
    if not good or points is None:
        return _refuse(code, position, form, 422)
    try:
        revision = whole_number(form.revision.data)
        mark = save_sheet(act(), g.competition, position, points, form.comments(), revision=revision)
    except (ConflictError, InvalidError) as error:
        name = str(error.params.get("criterion", ""))
        beside: Field | None = None
        if any(item.criterion == name for item in form.criteria):
            beside = form.comment_field(name) if error.code == "sheet_comment_too_long" else form.points_field(name)
        status = show_refusal(form, error, beside=beside)
        return _refuse(code, position, form, status, conflict=error.code == "sheet_saved_elsewhere")
    if wants_json():
        return jsonify(revision=mark.revision, saved_at=format_time_seconds(mark.updated_at))
    if request.form.get("then") == "lock":
        return redirect(url_for("panel.lock_sheet", code=code, position=position))
    where = pressed.partition(":")[0] if pressed else None
    return redirect(url_for("panel.fill_sheet", code=code, position=position, _anchor=where))


def _page(values: dict[str, Any], form: FillSheetForm, *, conflict: bool = False) -> str:
    return render_template("panel/fill_sheet.html", form=form, conflict=conflict, **values)


def _read(code: str, position: int) -> dict[str, Any]:
    values = defence_values(code, position)
    return {**values, **sheet_values(values)}


_refuse = partial(refuse_draft, kept="sheet", read=_read, page=_page)


@bp.route("/<code>/defences/<int(max=9999):position>/lock", methods=["GET", "POST"])
@requires(Role.PANELLIST)
@writes
def lock_sheet(code: str, position: int) -> ResponseReturnValue:
    """Repeat the total, then lock it for good."""
    form = LockSheetForm()
    sheet_url = url_for("panel.fill_sheet", code=code, position=position)
    if form.validate_on_submit():
        try:
            mark = lock(act(), g.competition, position, revision=form.revision_number())
        except DomainError as error:
            forget_changes()
            flash(message_of(error), "error")
            return redirect(sheet_url)
        flash(_("Đã khóa phiếu với tổng %(total)s điểm.", total=format_score(mark.total)), "success")
        return redirect(url_for("panel.show_defence", code=code, position=position))
    values = _read(code, position)
    sheet = find_own_sheet(db.session(), values["defence"].id, g.actor.assignment_id)
    missing = [item for item in values["rubric"].human if item.criterion not in values["sheet_points"]]
    if sheet is None or missing or values["is_locked"] or not values["can_lock"] or values["recused"]:
        return redirect(sheet_url)
    form.revision.data = str(sheet.revision)
    points = values["sheet_points"]
    facts = [
        (localised(item.text, ""), f"{format_points(points[item.criterion])} / {format_points(item.maximum)}")
        for item in values["rubric"].human
    ]
    return render_template("panel/lock_sheet.html", form=form, total=total(points), facts=facts, **values)
