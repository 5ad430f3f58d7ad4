"""Reads for the head who settles a script: notes of talks, and which state a page was made from."""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from examsite.storage.models.marking import DiscussionNote
from examsite.storage.queries.marking import ScriptStanding


def list_discussion_notes(session: Session, script_id: int) -> list[DiscussionNote]:
    """What was written down of talks about a script, the oldest first."""
    return list(
        session.scalars(select(DiscussionNote).where(DiscussionNote.script_id == script_id).order_by(DiscussionNote.id))
    )


def has_talk_noted(session: Session, standing: ScriptStanding) -> bool:
    """Whether a talk was written down after the marks that stand were locked; older ones were about other marks."""
    last = max((mark.record_seq or 0 for mark in standing.marks), default=0)
    noted = select(func.max(DiscussionNote.record_seq)).where(DiscussionNote.script_id == standing.script.id)
    return (session.scalar(noted) or 0) > last


def settling_subject(code: str) -> str:
    """What a claim on the settling of a script is on."""
    return f"settle:script/{code}"


def settling_version(session: Session, standing: ScriptStanding) -> str:
    """A word for everything that the head's page of a script shows and that somebody may change."""
    script = standing.script
    notes = session.scalar(select(func.count(DiscussionNote.id)).where(DiscussionNote.script_id == script.id))
    marks = [f"{mark.id}.{mark.record_seq}" for mark in (*standing.marks, standing.third) if mark is not None]
    third = standing.third_allocation.id if standing.third_allocation is not None else 0
    decided = standing.decision.id if standing.decision is not None else 0
    parts = [*marks, f"y{standing.system_total}", f"t{third}", f"d{decided}", f"n{notes}"]
    parts.append(f"s{script.straddle_seen_at is not None}")
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]
