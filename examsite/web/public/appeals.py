"""What came of the appeals, by public code, once all of them are over."""

from __future__ import annotations

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.appeals import AppealState
from examsite.domain.bundles import is_document_public
from examsite.domain.competitions import CompetitionState
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.competitions import get_public_competition
from examsite.storage.queries.corrections import find_correction_of
from examsite.web.access import public
from examsite.web.appeals import appeal_rows
from examsite.web.public import bp


@bp.get("/competitions/<code>/appeals")
@public
def list_settled_appeals(code: str) -> ResponseReturnValue:
    """Scores before and after by code; where the rule set closes scores, how many there were unless too few.

    Source: TT 22/2025/TT-BNV art. 18: what a second look changed is published; who may read scores is the rule set's.
    """
    competition = get_public_competition(db.session(), code)
    if not competition.state.has_reached(CompetitionState.PROPOSALS):
        abort(404)
    rules = ruleset_of(competition)
    # What a correction has marked anew is nobody's appeal, and is told with the version that counts it.
    rows = [
        row
        for row in appeal_rows(competition)
        if row.appeal.state is AppealState.SETTLED
        and row.standing
        and find_correction_of(db.session(), competition, row.appeal) is None
    ]
    rows.sort(key=lambda row: (row.post.code, row.code))
    return render_template(
        "public/list_settled_appeals.html",
        shown=competition,
        rows=rows if is_document_public(rules) else [],
        count=len(rows),
        shows_count=not rows or is_document_public(rules) or len(rows) >= rules.small_group_least,
    )
