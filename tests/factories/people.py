"""Accounts and roles as the product leaves them: a role stands in the log, or the tables do not fit it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.services.context import Actor, ServiceContext
from examsite.services.records import record
from examsite.storage.models.accounts import Account, RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import ConflictDeclaration


def add_account(session: Session, now: datetime, login: str, name: str, password_hash: str = "-") -> Account:
    """Somebody who may log in."""
    account = Account(login=login.lower(), display_name=name, password_hash=password_hash, created_at=now)
    session.add(account)
    session.flush()
    return account


def add_role(
    session: Session, now: datetime, competition: Competition, account: Account, *, role: Role, pseudonym: str
) -> RoleAssignment:
    """A role in a competition under a pseudonym of one's choice, on record."""
    held = RoleAssignment(
        account_id=account.id, role=role, competition_id=competition.id, pseudonym=pseudonym, granted_at=now
    )
    session.add(held)
    session.flush()
    payload = {"role": role.value, "pseudonym": pseudonym, "body": None}
    record(ServiceContext(session, now), competition, Event.ROLE_GRANTED, f"account/{account.id}", payload)
    return held


def declares_nobody(session: Session, now: datetime, competition: Competition, held: RoleAssignment) -> None:
    """The person has declared to know nobody on the list."""
    session.add(ConflictDeclaration(assignment_id=held.id, declared_at=now))
    session.flush()
    actor = Actor(held.account_id, held.role, held.id, held.pseudonym, competition.id)
    subject = f"competition/{competition.code}"
    record(ServiceContext(session, now, actor), competition, Event.CONFLICT_DECLARED, subject, {"conflicts": []})
