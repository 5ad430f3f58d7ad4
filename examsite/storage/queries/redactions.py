"""Places that may tell an author: which scripts were looked through, what is decided, what is still owed."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from examsite.domain.competitions import Missing
from examsite.domain.errors import NotFoundError
from examsite.domain.papers import paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.scripts import script_content
from examsite.storage.models.redactions import IdentityHint, ScriptCheck
from examsite.storage.models.sittings import Attempt
from examsite.storage.queries.attempts import list_answers


def list_checks(session: Session, competition_id: int) -> list[ScriptCheck]:
    """Every script that was looked through, by code, with its places."""
    return list(
        session.scalars(
            select(ScriptCheck)
            .join(ScriptCheck.attempt)
            .options(selectinload(ScriptCheck.hints), contains_eager(ScriptCheck.attempt))
            .where(ScriptCheck.competition_id == competition_id)
            .order_by(ScriptCheck.code)
        )
    )


def get_check(session: Session, competition_id: int, code: str) -> ScriptCheck:
    """One script that was looked through, with its places, its attempt and its paper.

    Raises:
        NotFoundError: `script_not_found`.
    """
    found = session.scalars(
        select(ScriptCheck)
        .options(selectinload(ScriptCheck.hints), joinedload(ScriptCheck.attempt).joinedload(Attempt.paper))
        .where(ScriptCheck.competition_id == competition_id, ScriptCheck.code == code)
    ).one_or_none()
    if found is None:
        raise NotFoundError("script_not_found", script=code)
    return found


def read_texts(session: Session, attempt: Attempt) -> dict[str, str]:
    """The essays of an attempt as they would be shown, by item."""
    if attempt.paper is None:
        return {}
    content = script_content(paper_from_data(attempt.paper.data), list_answers(session, attempt.id))
    return {part["item"]: part["text"] for part in content}


def is_decided(check: ScriptCheck) -> bool:
    """Whether nothing in the script waits for a person."""
    return not check.hints or check.confirmed_at is not None


def is_outdated(check: ScriptCheck) -> bool:
    """Whether the answers changed since they were looked through."""
    return check.answers_seq != check.attempt.record_seq


def missing_before_reading(session: Session, competition_id: int, attempts: int) -> list[Missing]:
    """What the code board owes before markers may read: a look at every script, a decision about every place."""
    rows = session.execute(
        select(ScriptCheck.confirmed_at, exists().where(IdentityHint.check_id == ScriptCheck.id))
        .join(ScriptCheck.attempt)
        .where(ScriptCheck.competition_id == competition_id, ScriptCheck.answers_seq == Attempt.record_seq)
    ).all()
    missing = []
    if len(rows) < attempts:
        missing.append(Missing("scripts_not_looked_through", Role.KEEPER, {"count": attempts - len(rows)}))
    waiting = sum(1 for confirmed_at, has_hints in rows if has_hints and confirmed_at is None)
    if waiting:
        missing.append(Missing("hints_undecided", Role.KEEPER, {"count": waiting}))
    return missing
