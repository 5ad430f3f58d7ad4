"""Split keys and who holds their shares."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from examsite.domain.competitions import Missing
from examsite.domain.errors import NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.split_keys import KeyPurpose
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.split_keys import KeyShare, SplitKey

_WITH_HOLDERS = (selectinload(SplitKey.shares).joinedload(KeyShare.assignment).joinedload(RoleAssignment.account),)


def find_split_key(session: Session, competition_id: int, purpose: KeyPurpose, *, subject: str = "") -> SplitKey | None:
    """The key of a purpose that is in force: every holder has the own sheet; with its shares and their holders."""
    found = find_standing_key(session, competition_id, purpose, subject=subject)
    return found if found is not None and not count_untaken(found) else None


def find_standing_key(
    session: Session, competition_id: int, purpose: KeyPurpose, *, subject: str = ""
) -> SplitKey | None:
    """The key of a purpose that was split and not given up, also while sheets of it wait for their holders."""
    return session.scalars(
        select(SplitKey)
        .where(
            SplitKey.competition_id == competition_id,
            SplitKey.purpose == purpose,
            SplitKey.subject == subject,
            SplitKey.discarded_at.is_(None),
        )
        .options(*_WITH_HOLDERS)
    ).one_or_none()


def count_untaken(key: SplitKey) -> int:
    """How many sheets of a key wait for their holders."""
    return sum(share.taken_at is None for share in key.shares)


def list_missing_key(session: Session, competition_id: int, purpose: KeyPurpose, *, code: str) -> list[Missing]:
    """What keeps a key from being in force: it was not split (`code`), or sheets of it were not taken."""
    key = find_standing_key(session, competition_id, purpose)
    if key is None:
        return [Missing(code, Role.CHAIR)]
    untaken = count_untaken(key)
    return [Missing("key_sheets_untaken", Role.CHAIR, {"count": untaken})] if untaken else []


def get_split_key(session: Session, competition_id: int, purpose: KeyPurpose, *, subject: str = "") -> SplitKey:
    """As `find_split_key`.

    Raises:
        NotFoundError: `split_key_not_found`.
    """
    key = find_split_key(session, competition_id, purpose, subject=subject)
    if key is None:
        raise NotFoundError("split_key_not_found")
    return key


def get_split_key_number(session: Session, competition_id: int, key_id: int) -> SplitKey:
    """One key of a competition by its number, with its shares and their holders.

    Raises:
        NotFoundError: `split_key_not_found`.
    """
    key = session.scalars(
        select(SplitKey)
        .where(SplitKey.competition_id == competition_id, SplitKey.id == key_id, SplitKey.discarded_at.is_(None))
        .options(*_WITH_HOLDERS)
    ).one_or_none()
    if key is None:
        raise NotFoundError("split_key_not_found")
    return key


def list_split_keys(session: Session, competition_id: int) -> list[SplitKey]:
    """The keys of a competition that stand, with their shares and holders, in the order in which they were made."""
    return list(
        session.scalars(
            select(SplitKey)
            .where(SplitKey.competition_id == competition_id, SplitKey.discarded_at.is_(None))
            .order_by(SplitKey.id)
            .options(*_WITH_HOLDERS)
        )
    )
