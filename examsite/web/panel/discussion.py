"""A member changes the own mark after the discussion: a second column beside the first, with a reason."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.domain.rubrics import Points, total
from examsite.services import reveals
from examsite.web.access import requires
from examsite.web.formatting import format_points, format_score
from examsite.web.forms.defence import change_sheet_form
from examsite.web.i18n import _, localised
from examsite.web.panel import bp
from examsite.web.panel.confirming import confirm_then_act
from examsite.web.panel.defences import defence_values, sheet_values
from examsite.web.transactions import act, writes


def _read(code: str, position: int) -> dict[str, Any]:
    values = defence_values(code, position)
    return {**values, **sheet_values(values)}


@bp.route("/<code>/defences/<int(max=9999):position>/change", methods=["GET", "POST"])
@requires(Role.PANELLIST)
@writes
def change_sheet(code: str, position: int) -> ResponseReturnValue:
    """The own points once more: the change and its reason are repeated before they are locked beside the first mark."""
    values = _read(code, position)
    back = redirect(url_for("panel.show_defence", code=code, position=position))
    if not values["can_change"]:
        return back
    form = change_sheet_form(values["rubric"].human, points=values["sheet_points"])
    points = form.points() if form.is_submitted() and form.validate() else None
    if points is None:
        return render_template("panel/change_sheet.html", form=form, **values), 422 if form.is_submitted() else 200
    reason = form.reason.data or ""

    def check() -> None:
        reveals.check_change(act(), g.competition, values["defence"], values["sheet"], points, reason=reason)

    def repeat() -> str:
        facts = _facts(values, points)
        return render_template("panel/confirm_change.html", form=form, total=total(points), facts=facts, **values)

    def change() -> ResponseReturnValue:
        mark = reveals.change_sheet(act(), g.competition, position, points, reason=reason)
        flash(_("Đã khóa điểm sau trao đổi: %(total)s.", total=format_score(mark.total)), "success")
        return back

    def show_again(status: int) -> ResponseReturnValue:
        return render_template("panel/change_sheet.html", form=form, **_read(code, position)), status

    return confirm_then_act(form, check=check, repeat=repeat, do=change, show_again=show_again)


def _facts(values: dict[str, Any], points: Points) -> list[tuple[str, str]]:
    """What changes, criterion by criterion."""
    before = values["sheet_points"]
    return [
        (localised(item.text, ""), f"{format_points(before[item.criterion])} → {format_points(points[item.criterion])}")
        for item in values["rubric"].human
        if points[item.criterion] != before[item.criterion]
    ]
