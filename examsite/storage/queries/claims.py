"""Who is at a thing at present: pages hold what they work on for a while."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from examsite.storage.models.marking import Claim


def find_claim(session: Session, competition_id: int, subject: str, *, for_update: bool = False) -> Claim | None:
    """Who holds a thing, with the person's assignment; also a claim that has run out. Read anew when it is locked."""
    statement = (
        select(Claim)
        .options(joinedload(Claim.assignment))
        .where(Claim.competition_id == competition_id, Claim.subject == subject)
    )
    if for_update:
        statement = statement.with_for_update(of=Claim).execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()
