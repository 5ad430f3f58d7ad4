"""Draws for everyone: what was committed to and what came out, with the file that repeats it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.canonical import canonical_bytes
from examsite.domain.draw_ceremonies import DrawState
from examsite.domain.errors import NotFoundError
from examsite.services.draw_acts import list_draw_names
from examsite.storage.database import db
from examsite.storage.queries.competitions import get_public_competition
from examsite.web.access import public
from examsite.web.draws import DrawView, draw_file, view_draw
from examsite.web.public import bp

if TYPE_CHECKING:
    from examsite.storage.models.competitions import Competition


@bp.get("/competitions/<code>/draws")
@public
def list_draws(code: str) -> ResponseReturnValue:
    """Every draw whose commitments are on record."""
    competition = get_public_competition(db.session(), code)
    views = [
        view_draw(db.session(), competition, name, for_everyone=True)
        for name in list_draw_names(db.session(), competition)
    ]
    return render_template(
        "public/list_draws.html",
        shown=competition,
        views=[view for view in views if view.committed is not None],
        states=DrawState,
    )


@bp.get("/competitions/<code>/draws/<name>")
@public
def show_draw(code: str, name: str) -> ResponseReturnValue:
    """One draw: list, commitments, numbers, seed, outcome; of a secret one the commitments alone."""
    competition, view = _draw(code, name)
    return render_template("public/show_draw.html", shown=competition, view=view, states=DrawState)


@bp.get("/competitions/<code>/draws/<name>.json")
@public
def download_draw(code: str, name: str) -> ResponseReturnValue:
    """The same as one file, for the command and the browser that repeat the draw."""
    competition, view = _draw(code, name)
    response = Response(canonical_bytes(draw_file(competition, view)), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return response


def _draw(code: str, name: str) -> tuple[Competition, DrawView]:
    """A draw whose commitments are on record; before, it has no address."""
    competition = get_public_competition(db.session(), code)
    if name not in list_draw_names(db.session(), competition):
        raise NotFoundError("draw_not_found", draw=name)
    view = view_draw(db.session(), competition, name, for_everyone=True)
    if view.committed is None:
        raise NotFoundError("draw_not_found", draw=name)
    return competition, view
