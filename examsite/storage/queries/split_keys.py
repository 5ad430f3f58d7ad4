"""Split keys and who holds their shares."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from examsite.domain.errors import NotFoundError
from examsite.domain.split_keys import KeyPurpose
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.split_keys import KeyShare, SplitKey

_WITH_HOLDERS = (selectinload(SplitKey.shares).joinedload(KeyShare.assignment).joinedload(RoleAssignment.account),)


def find_split_key(session: Session, competition_id: int, purpose: KeyPurpose, *, subject: str = "") -> SplitKey | None:
    """The key of a purpose with its shares and their holders, if it was made."""
    return session.scalars(
        select(SplitKey)
        .where(SplitKey.competition_id == competition_id, SplitKey.purpose == purpose, SplitKey.subject == subject)
        .options(*_WITH_HOLDERS)
    ).one_or_none()


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
        select(SplitKey).where(SplitKey.competition_id == competition_id, SplitKey.id == key_id).options(*_WITH_HOLDERS)
    ).one_or_none()
    if key is None:
        raise NotFoundError("split_key_not_found")
    return key


def list_split_keys(session: Session, competition_id: int) -> list[SplitKey]:
    """All keys of a competition with their shares and holders, in the order in which they were made."""
    return list(
        session.scalars(
            select(SplitKey)
            .where(SplitKey.competition_id == competition_id)
            .order_by(SplitKey.id)
            .options(*_WITH_HOLDERS)
        )
    )
