"""Every figure of a rule set with its source, for a competition and for the presets."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from examsite.services.rulesets import get_preset, list_presets, ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.competitions import get_public_competition, list_public_competitions
from examsite.web.access import public
from examsite.web.figures import figure_groups
from examsite.web.ladders import ladder_view
from examsite.web.public import bp


@bp.get("/rulesets")
@public
def list_rulesets() -> ResponseReturnValue:
    """The rule sets that come with the product, and those of the announced competitions."""
    competitions = list_public_competitions(db.session())
    return render_template(
        "public/list_rulesets.html",
        presets=list_presets(),
        competitions=[(competition, ruleset_of(competition)) for competition in competitions],
    )


@bp.get("/rulesets/<preset>")
@public
def show_preset(preset: str) -> ResponseReturnValue:
    """One preset with every figure."""
    ruleset = get_preset(preset)
    return render_template(
        "public/show_ruleset.html",
        ruleset=ruleset,
        groups=figure_groups(ruleset),
        ladders=ladder_view(ruleset),
        shown=None,
    )


@bp.get("/competitions/<code>/ruleset")
@public
def show_ruleset(code: str) -> ResponseReturnValue:
    """The frozen rule set of an announced competition with every figure."""
    competition = get_public_competition(db.session(), code)
    ruleset = ruleset_of(competition)
    return render_template(
        "public/show_ruleset.html",
        ruleset=ruleset,
        groups=figure_groups(ruleset),
        ladders=ladder_view(ruleset),
        shown=competition,
    )
