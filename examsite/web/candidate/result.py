"""The candidate's own line of the published result: on the home page, and in full."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import g, render_template
from flask.typing import ResponseReturnValue

from examsite.domain.bundles import is_document_public
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.ranking import Outcome
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.candidacies import get_candidacy
from examsite.storage.queries.results import get_published_version
from examsite.web.access import requires
from examsite.web.candidate import add_home_topic, bp
from examsite.web.labels import label
from examsite.web.results import view_result


@bp.get("/result")
@requires(Role.CANDIDATE)
def show_own_result() -> ResponseReturnValue:
    """Both parts down to the criteria, every step to the total, and the rank: the own line of the signed document."""
    candidacy = get_candidacy(db.session(), g.actor.candidacy_id)
    competition = g.competition = candidacy.competition
    if not competition.state.has_reached(CompetitionState.PUBLISHED):
        raise NotFoundError("result_not_found")
    version = get_published_version(db.session(), competition.id)
    view = view_result(db.session(), competition, version, ruleset_of(competition))
    row = None if candidacy.public_code is None else view.find_row(candidacy.public_code)
    if row is None:
        raise NotFoundError("result_not_found")
    post = next(post for post in view.posts if post.code == row.post)
    return render_template(
        "candidate/show_own_result.html",
        row=row,
        post=post,
        group=next(group for group in post.groups if row in group.rows),
        version=version,
        is_public=is_document_public(ruleset_of(competition)),
    )


def _read_result(candidacy: Any, _now: datetime) -> dict[str, Any] | None:
    competition = candidacy.competition
    if not competition.state.has_reached(CompetitionState.PUBLISHED) or candidacy.public_code is None:
        return None
    version = get_published_version(db.session(), competition.id)
    row = view_result(db.session(), competition, version, ruleset_of(competition)).find_row(candidacy.public_code)
    if row is None:
        return None
    return {
        "row": row,
        "competition_code": competition.code,
        "outcome": label(row.outcome),
        "selected": row.outcome is Outcome.SELECTED,
        "published_at": version.published_at,
    }


add_home_topic("result", order=0, read=_read_result)
