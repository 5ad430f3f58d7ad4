"""What the test page noticed and what its candidate chose: kept with the attempt, answered with nothing to act on."""

from __future__ import annotations

from typing import Any

from flask import g, request

from examsite.domain.adjustments import read_preferences
from examsite.domain.evidence import read_evidence
from examsite.domain.saves import read_body, read_epoch
from examsite.services import evidence
from examsite.web.access import attempt_token
from examsite.web.api import bp
from examsite.web.api.attempts import answers_pages
from examsite.web.transactions import write_now, writes_in_steps

#: Largest body of one call in bytes; sixty-four events of figures are far below it.
MAX_BODY_BYTES = 64 * 1024


@bp.post("/attempts/evidence")
@attempt_token
@writes_in_steps
@answers_pages
def record_evidence() -> dict[str, Any]:
    """Keep what the page noticed; every number that was sent may be forgotten by the page."""
    body = _body()
    epoch = read_epoch(body)
    events = read_evidence(body)
    with write_now() as ctx:
        evidence.record_evidence(ctx, g.attempt_id, events, epoch=epoch)
    return {"kept": [event.number for event in events]}


@bp.post("/attempts/preferences")
@attempt_token
@writes_in_steps
@answers_pages
def choose_preferences() -> dict[str, Any]:
    """Remember the look that the candidate chose; the answer says how the page looks now."""
    chosen = read_preferences(_body())
    with write_now() as ctx:
        shown = evidence.choose_preferences(ctx, g.attempt_id, chosen)
    return {"preferences": shown}


def _body() -> object:
    request.max_content_length = MAX_BODY_BYTES
    return read_body(request.get_data(cache=False))
