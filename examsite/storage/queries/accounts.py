"""Reads of accounts, log-ins and roles."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, case, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from examsite.domain.competitions import GateEvent
from examsite.domain.errors import NotFoundError
from examsite.domain.names import given_name_key, strip_accents
from examsite.domain.permissions import Role
from examsite.domain.records import plan_log_code
from examsite.storage.log_in_tokens import account_of, factor_mac, token_mac
from examsite.storage.models.accounts import Account, AccountState, LoginSession, RoleAssignment, SecondFactor
from examsite.storage.models.competitions import Body, Competition, GatePassage
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.marking import Allocation, Mark
from examsite.storage.models.proposals import ProposalAssessment
from examsite.storage.models.records import RecordLog, RecordRow
from examsite.storage.row_seals import is_whole


@dataclass(frozen=True)
class HeldRole:
    """A role that somebody holds now, and where it counts."""

    role: Role
    assignment_id: int | None
    pseudonym: str | None
    competition_id: int | None
    competition_code: str | None
    body_id: int | None


@dataclass(frozen=True)
class LoggedIn:
    """Who is behind a log-in, and the roles held now."""

    account_id: int
    login: str
    display_name: str
    candidacy_id: int | None
    must_change_password: bool = False
    #: When a second factor was last shown in this log-in.
    factor_at: datetime | None = None
    held: tuple[HeldRole, ...] = ()


_roles = cast(Table, RoleAssignment.__table__)

# Asked by every request of somebody logged in: put together once, one way to the database, and no objects are made.
_logged_in = (
    select(
        Account.id,
        Account.login,
        Account.display_name,
        Candidacy.id,
        Account.is_password_temporary,
        LoginSession.factor_at,
        LoginSession.factor_mac,
        Competition.code,
        *_roles.columns,
    )
    .select_from(LoginSession)
    .join(Account, Account.id == LoginSession.account_id)
    .outerjoin(Candidacy, Candidacy.account_id == Account.id)
    .outerjoin(RoleAssignment, (RoleAssignment.account_id == Account.id) & RoleAssignment.revoked_at.is_(None))
    .outerjoin(Competition, Competition.id == RoleAssignment.competition_id)
    .where(
        LoginSession.token_mac == bindparam("token_mac"),
        LoginSession.account_id == bindparam("account_id"),
        LoginSession.ended_at.is_(None),
        LoginSession.expires_at > bindparam("now"),
        Account.state == AccountState.ACTIVE,
    )
    .order_by(RoleAssignment.id)
)


def find_person_logged_in(session: Session, token: str, *, now: datetime) -> LoggedIn | None:
    """The person behind a token with every role held now, if the log-in is still alive and the account active.

    Whoever owns the database gets in by nothing that was written there past the product, also not for a moment that no
    check sees: a role counts with its seal, and a second factor was shown where its HMAC says so.
    """
    mac = token_mac(session, token)
    known = {"token_mac": mac, "account_id": account_of(token), "now": now}
    rows = session.execute(_logged_in, known).mappings().all()
    if not rows:
        return None
    person = rows[0]
    factor_at = person[LoginSession.factor_at]
    if factor_at is not None:
        expected = factor_mac(session, mac, factor_at)
        if not hmac.compare_digest(expected.encode(), person[LoginSession.factor_mac].encode()):
            factor_at = None
    held = tuple(
        HeldRole(
            row[_roles.c.role],
            row[_roles.c.id],
            row[_roles.c.pseudonym],
            row[_roles.c.competition_id],
            row[Competition.code],
            row[_roles.c.body_id],
        )
        for row in rows
        if row[_roles.c.id] is not None and is_whole(session, _roles, row)
    )
    return LoggedIn(
        account_id=person[Account.id],
        login=person[Account.login],
        display_name=person[Account.display_name],
        candidacy_id=person[Candidacy.id],
        must_change_password=person[Account.is_password_temporary],
        factor_at=factor_at,
        held=held,
    )


# Asked by every act of an official, behind the lock. Whoever takes the role away waits until the act is over.
_in_force = (
    select(*_roles.columns)
    .join(Account, Account.id == _roles.c.account_id)
    .where(
        _roles.c.id == bindparam("assignment_id"),
        _roles.c.revoked_at.is_(None),
        Account.state == AccountState.ACTIVE,
    )
    .with_for_update(read=True, of=_roles)
)


def is_role_in_force(session: Session, assignment_id: int) -> bool:
    """Whether a role is held at this instant, as the product wrote it; it stays so until the transaction ends."""
    row = session.execute(_in_force, {"assignment_id": assignment_id}).mappings().one_or_none()
    return row is not None and is_whole(session, _roles, row)


def find_login_session(session: Session, token: str, *, now: datetime) -> LoginSession | None:
    """The log-in behind a token, if it is still alive and its account active; with its account."""
    return session.scalars(
        select(LoginSession)
        .join(LoginSession.account)
        .options(joinedload(LoginSession.account))
        .where(
            LoginSession.token_mac == token_mac(session, token),
            LoginSession.account_id == account_of(token),
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > now,
            Account.state == AccountState.ACTIVE,
        )
    ).one_or_none()


def count_accounts(session: Session) -> int:
    """How many accounts there are."""
    return session.scalar(select(func.count(Account.id))) or 0


def find_account_by_login(session: Session, login: str) -> Account | None:
    """The account that logs in under this name: an official's login, an application code or a candidate number."""
    return session.scalars(
        select(Account)
        .outerjoin(Candidacy, Candidacy.account_id == Account.id)
        .where(or_(Account.login == login.lower(), Candidacy.candidate_number == login.upper()))
        .order_by(case((Account.login == login.lower(), 0), else_=1), Account.id)
    ).first()


def find_password_by_login(session: Session, login: str) -> tuple[int | None, str | None]:
    """Key and stored password hash of the active account behind a login name; both None where there is none."""
    account = find_account_by_login(session, login)
    if account is None or account.state is not AccountState.ACTIVE:
        return None, None
    return account.id, account.password_hash


def get_account(session: Session, account_id: int) -> Account:
    """One account.

    Raises:
        NotFoundError: `account_not_found`.
    """
    found = session.get(Account, account_id)
    if found is None:
        raise NotFoundError("account_not_found")
    return found


def get_account_for_update(session: Session, account_id: int) -> Account:
    """One account, its row locked for an act on it.

    Raises:
        NotFoundError: `account_not_found`.
    """
    found = session.get(Account, account_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFoundError("account_not_found")
    return found


def list_login_sessions(session: Session, account_id: int, *, now: datetime) -> list[LoginSession]:
    """The log-ins of an account that live now, newest first."""
    return list(
        session.scalars(
            select(LoginSession)
            .where(
                LoginSession.account_id == account_id,
                LoginSession.ended_at.is_(None),
                LoginSession.expires_at > now,
            )
            .order_by(LoginSession.created_at.desc(), LoginSession.id.desc())
        )
    )


def find_candidacy_id(session: Session, account_id: int) -> int | None:
    """The candidacy behind an account, or None for an official."""
    return session.scalars(select(Candidacy.id).where(Candidacy.account_id == account_id)).one_or_none()


def list_assignments(session: Session, account_id: int) -> list[RoleAssignment]:
    """Every role that an account holds now, with its competition and body."""
    return list(
        session.scalars(
            select(RoleAssignment)
            .options(
                joinedload(RoleAssignment.competition).joinedload(Competition.body), joinedload(RoleAssignment.body)
            )
            .where(RoleAssignment.account_id == account_id, RoleAssignment.revoked_at.is_(None))
            .order_by(RoleAssignment.id)
        )
    )


def list_holders(session: Session, competition_id: int, *roles: Role) -> list[RoleAssignment]:
    """Who holds these roles in a competition, with their accounts, by pseudonym."""
    statement = (
        select(RoleAssignment)
        .options(joinedload(RoleAssignment.account))
        .where(RoleAssignment.competition_id == competition_id, RoleAssignment.revoked_at.is_(None))
        .order_by(RoleAssignment.pseudonym, RoleAssignment.id)
    )
    if roles:
        statement = statement.where(RoleAssignment.role.in_(roles))
    return list(session.scalars(statement))


def get_assignment(session: Session, assignment_id: int) -> RoleAssignment:
    """One role assignment with its account.

    Raises:
        NotFoundError: `assignment_not_found`.
    """
    found = session.scalars(
        select(RoleAssignment)
        .options(joinedload(RoleAssignment.account))
        .where(RoleAssignment.id == assignment_id, RoleAssignment.revoked_at.is_(None))
    ).one_or_none()
    if found is None:
        raise NotFoundError("assignment_not_found")
    return found


def has_acted(session: Session, competition_id: int, actor: str, *, apart_from: Collection[str]) -> bool:
    """Whether the log of the competition, or that of its plan, has an act by this actor other than those named."""
    code = select(Competition.code).where(Competition.id == competition_id).scalar_subquery()
    statement = (
        select(RecordRow.id)
        .join(RecordLog, RecordLog.id == RecordRow.log_id)
        .where(
            or_(RecordLog.code == code, RecordLog.code == code + plan_log_code("")),
            RecordRow.actor == actor,
            RecordRow.event.not_in([str(event) for event in apart_from]),
        )
    )
    return session.scalars(statement.limit(1)).first() is not None


def has_scripts(session: Session, assignment_id: int) -> bool:
    """Whether scripts were given to this marker."""
    return (
        session.scalars(select(Allocation.id).where(Allocation.assignment_id == assignment_id).limit(1)).first()
        is not None
    )


def has_begun_sheets(session: Session, assignment_id: int) -> bool:
    """Whether this member of the panel has begun a sheet or a written assessment; drafts stand in no log."""
    found = (
        select(Mark.id).where(Mark.assignment_id == assignment_id),
        select(ProposalAssessment.id).where(ProposalAssessment.assignment_id == assignment_id),
    )
    return any(session.scalars(statement.limit(1)).first() is not None for statement in found)


def list_former_roles(session: Session, competition_id: int, account_id: int, *, since: GateEvent) -> list[Role]:
    """Roles of a person in a competition that were taken back after it had passed a gate."""
    passed_at = (
        select(GatePassage.at)
        .where(GatePassage.competition_id == competition_id, GatePassage.event == since)
        .scalar_subquery()
    )
    return list(
        session.scalars(
            select(RoleAssignment.role).where(
                RoleAssignment.competition_id == competition_id,
                RoleAssignment.account_id == account_id,
                RoleAssignment.revoked_at >= passed_at,
            )
        )
    )


def list_officials(session: Session, *, words: str = "") -> list[Account]:
    """Accounts that are not candidates', by given name, with their roles; `words` look in names without accents."""
    found = session.scalars(
        select(Account)
        .outerjoin(Candidacy, Candidacy.account_id == Account.id)
        .options(
            selectinload(Account.assignments).joinedload(RoleAssignment.body),
            selectinload(Account.assignments).joinedload(RoleAssignment.competition),
        )
        .where(Candidacy.id.is_(None))
    )
    wanted = strip_accents(words).lower().split()
    searched = ((item, strip_accents(f"{item.display_name} {item.login}").lower()) for item in found)
    matching = [item for item, text in searched if all(word in text for word in wanted)]
    return sorted(matching, key=lambda item: (given_name_key(item.display_name), item.id))


def get_official(session: Session, account_id: int) -> Account:
    """One account that is not a candidate's.

    Raises:
        NotFoundError: `account_not_found`.
    """
    found = session.scalars(
        select(Account)
        .outerjoin(Candidacy, Candidacy.account_id == Account.id)
        .where(Account.id == account_id, Candidacy.id.is_(None))
    ).one_or_none()
    if found is None:
        raise NotFoundError("account_not_found")
    return found


def get_body(session: Session, code: str) -> Body:
    """One body by its code.

    Raises:
        NotFoundError: `body_not_found`.
    """
    found = session.scalars(select(Body).where(Body.code == code)).one_or_none()
    if found is None:
        raise NotFoundError("body_not_found")
    return found


def list_second_factors(session: Session, account_id: int) -> list[SecondFactor]:
    """The second factors of an account that count now, oldest first."""
    return list(
        session.scalars(
            select(SecondFactor)
            .where(SecondFactor.account_id == account_id, SecondFactor.removed_at.is_(None))
            .order_by(SecondFactor.id)
        )
    )


def count_second_factors(session: Session, account_id: int) -> int:
    """How many second factors an account ever had, removed ones too."""
    return session.scalar(select(func.count(SecondFactor.id)).where(SecondFactor.account_id == account_id)) or 0
