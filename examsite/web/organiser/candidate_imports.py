"""Taking over a list of candidates: upload, look at every bad row, confirm all or nothing."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, current_app, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.candidate_import import COLUMNS, OPTIONAL, ImportPlan
from examsite.domain.errors import DomainError
from examsite.domain.permissions import Role
from examsite.services import candidate_imports
from examsite.storage.candidate_lists import csv_template, xlsx_template
from examsite.storage.database import db
from examsite.web.access import requires
from examsite.web.errors import show_refusal
from examsite.web.forms.candidacies import ConfirmImportForm, ImportCandidatesForm
from examsite.web.i18n import ngettext
from examsite.web.labels import error_text
from examsite.web.labels.candidacies import IMPORT_COLUMNS
from examsite.web.organiser import bp
from examsite.web.transactions import act, writes

_TEMPLATES = {
    "csv": (csv_template, "text/csv; charset=utf-8"),
    "xlsx": (xlsx_template, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


@bp.route("/<code>/candidates/import", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def import_candidates(code: str) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition
    """Upload a list and see what would happen; nothing is changed yet."""
    form = ImportCandidatesForm()
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        ctx = act()
        try:
            uploads_path = current_app.extensions["settings"].uploads_path
            token = candidate_imports.keep_list(ctx, form.file.data.stream, competition_id=g.competition.id)
            plan = candidate_imports.preview_import(db.session(), uploads_path, g.competition, token, ctx=ctx)
        except DomainError as error:
            status = show_refusal(form, error, beside="file")
        else:
            return _preview(plan, token)
        finally:
            form.file.data.close()
    page = render_template("organiser/import_candidates.html", form=form, columns=_columns())
    return page, status


@bp.post("/<code>/candidates/import/confirm")
@requires(Role.ORGANISER)
@writes
def confirm_import(code: str) -> ResponseReturnValue:
    """Take over exactly the list that was shown."""
    form = ConfirmImportForm()
    if not form.validate_on_submit():
        return redirect(url_for("organiser.import_candidates", code=code))
    count = candidate_imports.import_candidates(act(), g.competition, form.token.data)
    flash(ngettext("Đã nhập %(num)d người.", "Đã nhập %(num)d người.", count), "success")
    return redirect(url_for("organiser.list_candidates", code=code))


@bp.get("/<code>/candidates/import/template.<kind>")
@requires(Role.ORGANISER)
def download_import_template(code: str, kind: str) -> ResponseReturnValue:  # noqa: ARG001 - part of the address
    """An empty list to fill in."""
    if kind not in _TEMPLATES:
        abort(404)
    make, mimetype = _TEMPLATES[kind]
    response = Response(make(), content_type=mimetype)
    response.headers["Content-Disposition"] = f"attachment; filename=danh-sach-thi-sinh.{kind}"
    return response


def _preview(plan: ImportPlan, token: str) -> ResponseReturnValue:
    form = ConfirmImportForm(formdata=None, data={"token": token})
    problems = [
        {
            "row": problem.row,
            "column": str(IMPORT_COLUMNS.get(problem.column, "")),
            "text": error_text(problem.code, dict(problem.params)),
        }
        for problem in plan.problems
    ]
    page = render_template("organiser/preview_import.html", form=form, plan=plan, problems=problems)
    return page, 200 if plan.is_good else 422


def _columns() -> list[dict[str, Any]]:
    return [
        {"label": str(IMPORT_COLUMNS[key]), "names": ", ".join(names), "is_optional": key in OPTIONAL}
        for key, names in COLUMNS.items()
    ]
