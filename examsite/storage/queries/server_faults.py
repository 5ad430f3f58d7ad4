"""Reads of what the server cannot do at a sitting, while that goes on."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.storage.models.rooms import ServerFault

#: How long after its last time a fault still counts as going on. Unit: seconds.
# Source: our choice, because it is written again every 15 seconds at the latest, and a busy server is slow.
FAULT_LASTS_SECONDS = 90


def list_server_faults(session: Session, sitting_id: int, now: datetime) -> list[ServerFault]:
    """What the server is failing to do at a sitting now, longest first; what it managed meanwhile goes by itself."""
    return list(
        session.scalars(
            select(ServerFault)
            .where(
                ServerFault.sitting_id == sitting_id,
                ServerFault.last_at > now - timedelta(seconds=FAULT_LASTS_SECONDS),
            )
            .order_by(ServerFault.first_at, ServerFault.id)
        )
    )
