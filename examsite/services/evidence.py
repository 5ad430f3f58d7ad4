"""What the test page noticed, kept as figures; and what the candidate chose for the look of the page.

Nothing follows from evidence by itself: no state, no score and no clock changes here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Table, func, select
from sqlalchemy.dialects import postgresql, sqlite

from examsite.domain.adjustments import shown_preferences
from examsite.domain.errors import NotAllowedError
from examsite.domain.evidence import MAX_EVENTS_KEPT, Noticed
from examsite.services.context import ServiceContext
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.rooms import Evidence
from examsite.storage.models.sittings import Attempt

_EVIDENCE = cast(Table, Evidence.__table__)


def record_evidence(ctx: ServiceContext, attempt_id: int, events: Sequence[Noticed], *, epoch: int) -> None:
    """Keep what a page noticed; what came before under the same numbers is not kept twice.

    Raises:
        NotAllowedError: `token_unknown`.
    """
    connection = ctx.session.connection()
    if not connection.execute(select(Attempt.id).where(Attempt.id == attempt_id)).first():
        raise NotAllowedError("token_unknown")
    kept = connection.execute(select(func.count(Evidence.id)).where(Evidence.attempt_id == attempt_id)).scalar_one()
    rows = [
        {
            "attempt_id": attempt_id,
            "kind": event.kind.value,
            "epoch": epoch,
            "number": event.number,
            "milliseconds": event.milliseconds,
            "data": dict(event.data),
            "received_at": ctx.now,
        }
        for event in events[: max(0, MAX_EVENTS_KEPT - kept)]
    ]
    if rows:
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        connection.execute(
            insert(_EVIDENCE).on_conflict_do_nothing(index_elements=["attempt_id", "epoch", "number"]), rows
        )


def choose_preferences(ctx: ServiceContext, attempt_id: int, chosen: dict[str, object]) -> dict[str, object]:
    """Remember what the candidate chose for the look of the page; gives back how the page is to look now.

    Raises:
        NotAllowedError: `token_unknown`.
    """
    attempt = ctx.session.get(Attempt, attempt_id, with_for_update=True)
    if attempt is None:
        raise NotAllowedError("token_unknown")
    attempt.preferences = {**attempt.preferences, **chosen}
    ctx.session.flush()
    approved = ctx.session.scalar(select(Candidacy.adjustments).where(Candidacy.id == attempt.candidacy_id))
    return shown_preferences(approved, attempt.preferences)
