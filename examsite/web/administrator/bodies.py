"""The tree of bodies."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import DelegationLevel
from examsite.domain.errors import DomainError, NotFoundError
from examsite.domain.permissions import Role
from examsite.services import bodies
from examsite.storage.database import db
from examsite.storage.queries.accounts import get_body
from examsite.storage.queries.competitions import list_bodies as read_bodies
from examsite.web.access import requires
from examsite.web.administrator import bp
from examsite.web.errors import show_refusal
from examsite.web.forms.accounts import ChangeBodyForm, CreateBodyForm
from examsite.web.i18n import _, localised
from examsite.web.labels import label
from examsite.web.transactions import act, writes


@bp.get("/bodies")
@requires(Role.ADMINISTRATOR)
def list_bodies() -> ResponseReturnValue:
    """The tree, each body below the one it belongs to."""
    return render_template("administrator/list_bodies.html", rows=_tree(read_bodies(db.session())))


@bp.route("/bodies/new", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
@writes
def create_body() -> ResponseReturnValue:
    """Add a body."""
    form = CreateBodyForm()
    _fill_choices(form)
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            bodies.create_body(act(), code=form.code.data, **_values(form))
        except DomainError as error:
            status = show_refusal(form, error, beside="code")
        else:
            flash(_("Đã thêm cơ quan."), "success")
            return redirect(url_for("administrator.list_bodies"))
    page = render_template("administrator/change_body.html", form=form, body=None)
    return page, status


@bp.route("/bodies/<body_code>", methods=["GET", "POST"])
@requires(Role.ADMINISTRATOR)
@writes
def change_body(body_code: str) -> ResponseReturnValue:
    """Rename a body or move it in the tree."""
    body = get_body(db.session(), body_code)
    form = ChangeBodyForm(
        data={"name": body.name, "name_en": body.name_en, "level": body.level.value, "parent": _code_of(body.parent_id)}
    )
    _fill_choices(form)
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            bodies.change_body(act(), body.id, **_values(form))
        except DomainError as error:
            status = show_refusal(form, error, beside="parent")
            body = get_body(db.session(), body_code)
        else:
            flash(_("Đã sửa cơ quan."), "success")
            return redirect(url_for("administrator.list_bodies"))
    page = render_template("administrator/change_body.html", form=form, body=body)
    return page, status


def _fill_choices(form: ChangeBodyForm) -> None:
    form.level.choices = [(level.value, label(level)) for level in DelegationLevel]
    known = read_bodies(db.session())
    form.parent.choices = [("", _("không trực thuộc")), *((item.code, localised(item, "name")) for item in known)]


def _values(form: ChangeBodyForm) -> dict[str, Any]:
    parent = get_body(db.session(), form.parent.data).id if form.parent.data else None
    return {
        "name": form.name.data,
        "name_en": form.name_en.data,
        "level": DelegationLevel(form.level.data),
        "parent_id": parent,
    }


def _code_of(body_id: int | None) -> str:
    return next((item.code for item in read_bodies(db.session()) if item.id == body_id), "")


def _tree(found: list[Any]) -> list[tuple[int, Any]]:
    """Depth and body, children below their parent."""
    rows: list[tuple[int, Any]] = []

    def add(parent_id: int | None, depth: int) -> None:
        for item in found:
            if item.parent_id == parent_id:
                rows.append((depth, item))
                add(item.id, depth + 1)

    add(None, 0)
    if len(rows) != len(found):  # a ring in the tree would hide bodies
        raise NotFoundError("body_not_found")
    return rows
