"""A member's written assessment of a proposal before its defence: a draft that saves itself, then a lock."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.permissions import Role
from examsite.services.assessments import lock_assessment as lock
from examsite.services.assessments import save_assessment
from examsite.storage.database import db
from examsite.storage.queries.assessments import find_own_assessment
from examsite.web.access import requires
from examsite.web.errors import show_refusal, wants_json
from examsite.web.formatting import format_time_seconds
from examsite.web.forms.defence import WriteAssessmentForm, whole_number
from examsite.web.i18n import _
from examsite.web.panel import bp
from examsite.web.panel.defences import defence_values
from examsite.web.panel.drafts import refuse_draft
from examsite.web.transactions import act, writes


@bp.route("/<code>/defences/<int(max=9999):position>/assessment", methods=["GET", "POST"])
@requires(Role.PANELLIST)
@writes
def write_assessment(code: str, position: int) -> ResponseReturnValue:
    """The own assessment; a POST keeps the draft and answers the page, or its script in JSON."""
    values = _read(code, position)
    if not values["declared"]:
        flash(_("Hãy khai quan hệ với thí sinh trước khi chấm."), "attention")
        return redirect(url_for("panel.declare_conflicts", code=code))
    kept = values["assessment"]
    form = WriteAssessmentForm(
        data={"text": kept.text if kept is not None else "", "revision": str(kept.revision if kept is not None else 0)}
    )
    if not form.is_submitted():
        return _page(values, form)
    if not form.validate():
        return _refuse(code, position, form, 422)
    revision = whole_number(form.revision.data)
    try:
        saved = save_assessment(act(), g.competition, position, form.text.data or "", revision=revision)
        if request.form.get("then") == "lock":
            lock(act(), g.competition, position, revision=saved.revision)
            flash(_("Đã khóa nhận xét. Cả ban đọc được khi trưởng ban mở điểm."), "success")
            return redirect(url_for("panel.write_assessment", code=code, position=position))
    except DomainError as error:
        status = show_refusal(form, error, beside="text" if isinstance(error, InvalidError) else "")
        return _refuse(code, position, form, status, conflict=error.code == "assessment_saved_elsewhere")
    if wants_json():
        return jsonify(revision=saved.revision, saved_at=format_time_seconds(saved.updated_at))
    return redirect(url_for("panel.write_assessment", code=code, position=position))


def _page(values: dict[str, Any], form: WriteAssessmentForm, *, conflict: bool = False) -> str:
    kept = values["assessment"]
    is_open = values["is_before"] and not values["recused"] and (kept is None or kept.locked_at is None)
    return render_template("panel/write_assessment.html", form=form, conflict=conflict, is_open=is_open, **values)


def _read(code: str, position: int) -> dict[str, Any]:
    values = defence_values(code, position)
    member = values["member"]
    candidacy_id = values["defence"].candidacy_id
    own = find_own_assessment(db.session(), candidacy_id, member.assignment_id) if member else None
    return {**values, "assessment": own}


_refuse = partial(refuse_draft, kept="assessment", read=_read, page=_page)
