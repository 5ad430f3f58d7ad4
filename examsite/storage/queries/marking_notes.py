"""Reads of what a marker keeps beside the points: notes in the text, saved comments, questions to the head, claims.

Everything here is asked for by the key of one marker, but for the head's own list of questions.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from examsite.domain.errors import NotFoundError
from examsite.storage.models.marking import Allocation, Mark, MarkNote, SavedComment, Script, ScriptFlag
from examsite.storage.queries.queues import own_rows

# What every scoring page asks is put together once.
_notes = (
    select(MarkNote)
    .join(Script, Script.id == MarkNote.script_id)
    .where(
        Script.competition_id == bindparam("competition_id"),
        Script.code == bindparam("code"),
        MarkNote.assignment_id == bindparam("assignment_id"),
    )
    .order_by(MarkNote.item, MarkNote.start_at, MarkNote.end_at, MarkNote.id)
)
_saved_comments = (
    select(SavedComment)
    .where(SavedComment.assignment_id == bindparam("assignment_id"))
    .order_by(SavedComment.uses.desc(), SavedComment.used_at.desc(), SavedComment.id.desc())
)
_own_flags = (
    select(ScriptFlag)
    .join(ScriptFlag.script)
    .where(
        Script.competition_id == bindparam("competition_id"),
        Script.code == bindparam("code"),
        ScriptFlag.assignment_id == bindparam("assignment_id"),
    )
    .order_by(ScriptFlag.raised_at.desc(), ScriptFlag.id.desc())
)


def list_notes(session: Session, competition_id: int, assignment_id: int, code: str) -> list[MarkNote]:
    """A marker's own notes on a script in the order of the text."""
    named = {"competition_id": competition_id, "code": code, "assignment_id": assignment_id}
    return list(session.scalars(_notes, named))


def count_notes(session: Session, script_id: int, assignment_id: int) -> int:
    """How many notes a marker has on a script."""
    statement = select(func.count(MarkNote.id)).where(
        MarkNote.script_id == script_id, MarkNote.assignment_id == assignment_id
    )
    return session.scalar(statement) or 0


def get_own_note(session: Session, script_id: int, assignment_id: int, note_id: int) -> MarkNote:
    """A marker's own note, locked for a change; a note of others does not exist here.

    Raises:
        NotFoundError: `note_not_found`.
    """
    found = session.scalars(
        select(MarkNote)
        .where(MarkNote.id == note_id, MarkNote.script_id == script_id, MarkNote.assignment_id == assignment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFoundError("note_not_found")
    return found


def list_saved_comments(session: Session, assignment_id: int) -> list[SavedComment]:
    """A marker's own comments, the most used first, among equals the last used."""
    return list(session.scalars(_saved_comments, {"assignment_id": assignment_id}))


def find_saved_comment(session: Session, assignment_id: int, text: str) -> SavedComment | None:
    """A marker's own comment of these words."""
    return session.scalars(
        select(SavedComment).where(SavedComment.assignment_id == assignment_id, SavedComment.text == text)
    ).one_or_none()


def get_saved_comment(session: Session, assignment_id: int, comment_id: int) -> SavedComment:
    """A marker's own comment, locked for a change.

    Raises:
        NotFoundError: `saved_comment_not_found`.
    """
    found = session.scalars(
        select(SavedComment)
        .where(SavedComment.id == comment_id, SavedComment.assignment_id == assignment_id)
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFoundError("saved_comment_not_found")
    return found


def list_own_flags(session: Session, competition_id: int, assignment_id: int, code: str) -> list[ScriptFlag]:
    """A marker's own questions about a script, the newest first."""
    named = {"competition_id": competition_id, "code": code, "assignment_id": assignment_id}
    return list(session.scalars(_own_flags, named))


def list_flags(session: Session, competition_id: int) -> list[ScriptFlag]:
    """Every question to the head with script and marker: the waiting ones first, the oldest of them on top."""
    rows = list(
        session.scalars(
            select(ScriptFlag)
            .join(ScriptFlag.script)
            .options(contains_eager(ScriptFlag.script), joinedload(ScriptFlag.assignment))
            .where(Script.competition_id == competition_id)
            .order_by(ScriptFlag.raised_at, ScriptFlag.id)
        )
    )
    return sorted(rows, key=lambda flag: flag.answered_at is not None)


def count_open_flags(session: Session, competition_id: int) -> int:
    """How many questions wait for the head."""
    statement = (
        select(func.count(ScriptFlag.id))
        .join(ScriptFlag.script)
        .where(Script.competition_id == competition_id, ScriptFlag.answered_at.is_(None))
    )
    return session.scalar(statement) or 0


def get_flag(session: Session, competition_id: int, flag_id: int, *, for_update: bool = False) -> ScriptFlag:
    """One question to the head with script, paper and marker.

    Raises:
        NotFoundError: `flag_not_found`.
    """
    statement = (
        select(ScriptFlag)
        .join(ScriptFlag.script)
        .options(
            contains_eager(ScriptFlag.script).joinedload(Script.paper),
            joinedload(ScriptFlag.assignment),
        )
        .where(Script.competition_id == competition_id, ScriptFlag.id == flag_id)
        .execution_options(populate_existing=True)
    )
    if for_update:
        statement = statement.with_for_update(of=ScriptFlag)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError("flag_not_found")
    return found


# A draft has no instant of a lock.
_spans = own_rows(Allocation.opened_at, Mark.locked_at).order_by(Allocation.position, Allocation.id)


def list_own_spans(
    session: Session, competition_id: int, assignment_id: int
) -> tuple[list[tuple[datetime | None, datetime]], int]:
    """When a marker opened and locked each locked script, and how many scripts the queue holds."""
    rows = session.execute(_spans, {"competition_id": competition_id, "assignment_id": assignment_id}).all()
    return [(opened_at, locked_at) for opened_at, locked_at in rows if locked_at is not None], len(rows)
