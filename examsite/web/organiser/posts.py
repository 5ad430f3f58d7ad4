"""Posts of a draft and the criteria of their defence."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import DelegationLevel
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.permissions import Role
from examsite.domain.questions import Text
from examsite.domain.rubrics import rubric_from_snapshot
from examsite.domain.scores import Score, parse_score, score_text
from examsite.services import posts
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.competitions import get_post
from examsite.web.access import requires
from examsite.web.errors import message_of, say_beside, show_refusal
from examsite.web.forms.competitions import AddPostForm, EditPostForm, EditRubricForm
from examsite.web.i18n import _
from examsite.web.labels import label
from examsite.web.organiser import bp
from examsite.web.organiser.plan import is_draft
from examsite.web.transactions import act, writes


def _levels() -> list[tuple[str, str]]:
    return [(level.value, label(level)) for level in DelegationLevel]


def _to_plan() -> ResponseReturnValue:
    return redirect(url_for("organiser.show_plan", code=g.competition.code))


@bp.route("/<code>/posts/new", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def add_post(code: str) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition of the address
    """Add a post; only a post that the body itself manages is taken."""
    competition = g.competition
    if not is_draft(competition):
        return _to_plan()
    form = AddPostForm(levels=_levels(), managed_by=competition.body.level.value)
    if form.validate_on_submit():
        try:
            post = posts.add_post(act(), competition, code=form.code.data, **form.values())
        except InvalidError as error:
            show_refusal(form, error)
        else:
            flash(_("Đã thêm chức danh %(post)s. Hãy xem lại tiêu chí chấm đề án.", post=post.code), "success")
            return redirect(url_for("organiser.edit_rubric", code=competition.code, post=post.code))
    page = render_template("organiser/edit_post.html", form=form, post=None)
    return page, 422 if form.is_submitted() else 200


@bp.route("/<code>/posts/<post>", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def edit_post(code: str, post: str) -> ResponseReturnValue:  # noqa: ARG001 - as above
    """Change a post of a draft."""
    competition = g.competition
    row = get_post(db.session(), competition.id, post)
    if not is_draft(competition):
        return _to_plan()
    form = EditPostForm(obj=row, levels=_levels(), managed_by=row.managed_by.value)
    if form.validate_on_submit():
        try:
            posts.edit_post(act(), competition, row, **form.values())
        except InvalidError as error:
            show_refusal(form, error)
            row = get_post(db.session(), g.competition.id, post)
        else:
            flash(_("Đã lưu chức danh %(post)s.", post=row.code), "success")
            return _to_plan()
    page = render_template("organiser/edit_post.html", form=form, post=row)
    return page, 422 if form.is_submitted() else 200


@bp.post("/<code>/posts/<post>/remove")
@requires(Role.ORGANISER)
@writes
def remove_post(code: str, post: str) -> ResponseReturnValue:  # noqa: ARG001 - as above
    """Take a post out of the draft."""
    row = get_post(db.session(), g.competition.id, post)
    posts.remove_post(act(), g.competition, row)
    flash(_("Đã bỏ chức danh %(post)s.", post=post), "success")
    return _to_plan()


@bp.route("/<code>/posts/<post>/rubric", methods=["GET", "POST"])
@requires(Role.ORGANISER)
@writes
def edit_rubric(code: str, post: str) -> ResponseReturnValue:  # noqa: ARG001 - as above
    """Write the criteria of the defence; their maxima sum to the maximum of the part."""
    competition = g.competition
    row = get_post(db.session(), competition.id, post)
    if not is_draft(competition):
        return _to_plan()
    rubric = rubric_from_snapshot(row.defence_rubric)
    shown: list[dict[str, Any]] = [
        {"vi": item.text.vi, "en": item.text.en, "maximum": score_text(item.maximum).replace(".", ",")}
        for item in rubric.criteria
    ]
    form = EditRubricForm(rows=[] if request.method == "POST" else shown)
    if form.validate_on_submit():
        criteria = _criteria(form)
        if criteria is None:
            form.form_errors.append(_("Có tiêu chí chưa ghi đủ. Chỗ cần sửa được ghi dưới từng ô."))
        else:
            try:
                posts.set_defence_rubric(act(), competition, row, criteria)
            except DomainError as error:
                show_refusal(form, error)
                row = get_post(db.session(), g.competition.id, post)
            else:
                flash(_("Đã lưu tiêu chí chấm đề án của chức danh %(post)s.", post=row.code), "success")
                return _to_plan()
    page = render_template(
        "organiser/edit_rubric.html", form=form, post=row, maximum=ruleset_of(g.competition).panel().maximum
    )
    return page, 422 if form.is_submitted() else 200


def _criteria(form: EditRubricForm) -> list[tuple[Text, Score]] | None:
    """The rows that were filled in, or None with the errors at their fields."""
    found: list[tuple[Text, Score]] = []
    wrong = False
    for entry in form.rows.entries:
        row = entry.form
        if row.is_empty:
            continue
        for field in (row.vi, row.en):
            if not field.data:
                say_beside(field, _("Hãy điền mục này."))
                wrong = True
        try:
            found.append((Text(row.vi.data, row.en.data), parse_score(row.maximum.data)))
        except InvalidError as error:
            say_beside(row.maximum, message_of(error))
            wrong = True
    return None if wrong else found
