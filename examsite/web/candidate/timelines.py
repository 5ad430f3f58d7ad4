"""A candidate sees the own attempt again once written results are published: every save, and the text as it grew."""

from __future__ import annotations

from flask import g, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.errors import NotFoundError
from examsite.domain.permissions import Role
from examsite.storage.database import db
from examsite.storage.queries.attempts import find_candidate_attempt
from examsite.storage.queries.candidacies import get_candidacy
from examsite.storage.queries.codes import find_written_result
from examsite.web.access import requires
from examsite.web.candidate import bp
from examsite.web.timelines import serve_timeline


@bp.get("/written/course")
@requires(Role.CANDIDATE)
def show_course() -> ResponseReturnValue:
    """The course of the own attempt."""
    candidacy = get_candidacy(db.session(), g.actor.candidacy_id)
    g.competition = competition = candidacy.competition
    if find_written_result(db.session(), competition, candidacy.id) is None:
        raise NotFoundError("written_not_published")
    attempt = find_candidate_attempt(db.session(), candidacy.id)
    if attempt is None:
        raise NotFoundError("written_not_published")
    g.competition = attempt.sitting.competition
    return serve_timeline(attempt.sitting, attempt.seat, back=url_for("candidate.show_written"), is_author=True)
