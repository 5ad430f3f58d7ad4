"""What the server could not do at a sitting or at a seat, kept for whoever has to know and mend it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from examsite.domain.rooms import ServerAct
from examsite.services.context import ServiceContext
from examsite.storage.models.rooms import ServerFault
from examsite.storage.models.sittings import Attempt, Sitting

#: How often a fault that goes on is written again. Unit: seconds.
# Source: our choice, because every worker meets it every few seconds and the page only says that it goes on.
RENEWED_EVERY_SECONDS = 15


def note_fault(
    ctx: ServiceContext, sitting_id: int, *, act: ServerAct, error: str, attempt_id: int | None = None
) -> ServerFault:
    """Keep that an act fails, once for each seat; while it goes on its last instant moves.

    `error` is the kind of the fault, never its text.
    """
    # The row of the sitting makes the workers take turns.
    ctx.session.execute(select(Sitting.id).where(Sitting.id == sitting_id).with_for_update())
    seat = ctx.session.scalar(select(Attempt.seat).where(Attempt.id == attempt_id)) or ""
    known = ctx.session.scalars(
        select(ServerFault).where(
            ServerFault.sitting_id == sitting_id, ServerFault.act == act, ServerFault.seat == seat
        )
    ).one_or_none()
    if known is None:
        known = ServerFault(
            sitting_id=sitting_id, act=act, seat=seat, error=error[:80], first_at=ctx.now, last_at=ctx.now
        )
        ctx.session.add(known)
    elif ctx.now - known.last_at >= timedelta(seconds=RENEWED_EVERY_SECONDS):
        known.error, known.last_at = error[:80], ctx.now
    ctx.session.flush()
    return known
