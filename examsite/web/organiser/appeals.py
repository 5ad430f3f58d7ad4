"""Appeals as the organiser follows them: how many, where each stands, until when; neither reasons nor re-marks."""

from __future__ import annotations

from flask import g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.web.access import requires
from examsite.web.appeals import appeal_rows, number_words, window_of
from examsite.web.labels.appeals import TAGS
from examsite.web.organiser import bp
from examsite.web.transactions import read_web_clock


@bp.get("/<code>/appeals")
@requires(Role.ORGANISER)
def list_appeals(code: str) -> ResponseReturnValue:  # noqa: ARG001 - the guard has loaded the competition
    """Every appeal with its state; the council does the rest."""
    return render_template(
        "organiser/list_appeals.html",
        rows=appeal_rows(g.competition),
        window=window_of(g.competition, read_web_clock()),
        number_words=number_words,
        tags=TAGS,
        show_url=None,
    )
