"""A member changes the own mark after the discussion: a second column beside the first, with a reason."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.permissions import Role
from examsite.domain.rubrics import total
from examsite.services import reveals
from examsite.web.access import requires
from examsite.web.errors import message_of, status_of
from examsite.web.formatting import format_points, format_score
from examsite.web.forms.defence import change_sheet_form
from examsite.web.i18n import _, localised
from examsite.web.panel import bp
from examsite.web.panel.defences import defence_values, sheet_values
from examsite.web.transactions import act, forget_changes, writes


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
    status = 200
    if form.is_submitted():
        status = 422
        points = form.points() if form.validate() else None
        if points is not None:
            reason = form.reason.data or ""
            try:
                if form.confirmed.data != "yes":
                    reveals.check_change(
                        act(), g.competition, values["defence"], values["sheet"], points, reason=reason
                    )
                    form.confirmed.data = "yes"
                    facts = [
                        (
                            localised(item.text, ""),
                            f"{format_points(values['sheet_points'][item.criterion])} → "
                            f"{format_points(points[item.criterion])}",
                        )
                        for item in form.criteria
                        if points[item.criterion] != values["sheet_points"][item.criterion]
                    ]
                    return render_template(
                        "panel/confirm_change.html", form=form, total=total(points), facts=facts, **values
                    )
                mark = reveals.change_sheet(act(), g.competition, position, points, reason=reason)
            except InvalidError as error:
                name = str(error.params.get("criterion", ""))
                known = any(item.criterion == name for item in form.criteria)
                if known:
                    field = form.points_field(name)
                    field.errors = [*field.errors, message_of(error)]
                elif error.params.get("field") == "reason":
                    form.reason.errors = [*form.reason.errors, message_of(error)]
                else:
                    form.form_errors.append(message_of(error))
            except DomainError as error:
                forget_changes()
                status = status_of(error)
                form.form_errors.append(message_of(error))
                values = _read(code, position)
            else:
                flash(_("Đã khóa điểm sau trao đổi: %(total)s.", total=format_score(mark.total)), "success")
                return back
    return render_template("panel/change_sheet.html", form=form, **values), status
