"""What becomes of a panel member's draft that was not kept, a sheet or a written assessment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from examsite.web.errors import wants_json
from examsite.web.transactions import forget_changes


def refuse_draft(
    code: str,
    position: int,
    form: FlaskForm,
    status: int,
    *,
    kept: str,
    read: Callable[[str, int], dict[str, Any]],
    page: Callable[..., str],
    conflict: bool = False,
) -> ResponseReturnValue:
    """Say why: to the page's own script in short, else on the page, where what was typed still stands.

    `kept` names, among the values of the page that `read` gives, the draft that is stored. Where another page has
    saved meanwhile, saving once more from this page is a choice, made with the other version beside it.
    """
    if wants_json():
        errors = {name: " ".join(map(str, found)) for name, found in form.errors.items() if name}
        return jsonify(error=" ".join(map(str, form.form_errors)), errors=errors, conflict=conflict), status
    forget_changes()
    values = read(code, position)
    stored = values[kept]
    if conflict and stored is not None:
        form.revision.data = str(stored.revision)
    return page(values, form, conflict=conflict), status
