"""The candidate's own line of the published result, on the home page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from examsite.domain.competitions import CompetitionState
from examsite.domain.ranking import Outcome
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.results import get_published_version
from examsite.web.candidate import add_home_topic
from examsite.web.labels import label
from examsite.web.results import view_result


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
