"""The record log of the competition: what happened, when, by which pseudonym; payloads stay closed."""

from __future__ import annotations

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from examsite.domain.permissions import Role
from examsite.storage.database import db
from examsite.storage.queries.records import find_last_checkpoint, get_log, list_records
from examsite.web.access import requires
from examsite.web.gates import record_entry
from examsite.web.organiser import bp

#: Records on one page.
PAGE = 50


@bp.get("/<code>/log")
@requires(Role.ORGANISER)
def list_log(code: str) -> ResponseReturnValue:
    """One page of the log, the newest first."""
    session = db.session()
    log = get_log(session, code)
    pages = max(1, -(-log.size // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    last = log.size - (page - 1) * PAGE
    first = max(0, last - PAGE)
    rows = list_records(session, log.id, first=first, limit=last - first)
    return render_template(
        "organiser/list_log.html",
        records=[record_entry(row) for row in reversed(rows)],
        size=log.size,
        page=page,
        pages=pages,
        checkpoint=find_last_checkpoint(session, code),
        competition=g.competition,
    )
