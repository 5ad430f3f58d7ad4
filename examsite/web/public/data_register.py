"""What is kept about people in a competition, why, and until when: for everybody who thinks of applying."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.competitions import get_public_competition
from examsite.web.access import public
from examsite.web.erasure import register_rows, told_erasures
from examsite.web.public import bp


@bp.get("/competitions/<code>/data")
@public
def show_data_register(code: str) -> ResponseReturnValue:
    """The register, the period of the rule set, and what was erased; small groups are counted, never named."""
    competition = get_public_competition(db.session(), code)
    rules = ruleset_of(competition)
    return render_template(
        "public/show_data_register.html",
        shown=competition,
        ruleset=rules,
        rows=register_rows(),
        erased=told_erasures(competition),
    )
