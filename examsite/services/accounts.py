"""Accounts, log-ins and roles: who may come in, and as whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.accounts import AccountState, check_login
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.permissions import PSEUDONYM_LETTERS, SINGLE_ROLES, Role, check_roles_together
from examsite.services.context import ServiceContext
from examsite.services.records import record, record_all
from examsite.services.throttling import clear_failed_log_ins
from examsite.storage.log_in_tokens import new_token, token_mac
from examsite.storage.models.accounts import Account, LoginSession, RoleAssignment
from examsite.storage.models.competitions import Body, Competition
from examsite.storage.queries.accounts import (
    LoggedIn,
    find_candidacy_id,
    find_login_session,
    find_person_logged_in,
    get_account_for_update,
    list_assignments,
)
from examsite.storage.queries.conflicts import list_recused_accounts
from examsite.storage.row_seals import Sealed, is_as_written
from examsite.storage.row_sets import among, in_portions


def find_logged_in(session: Session, token: str, *, now: datetime) -> LoggedIn | None:
    """The person behind a log-in token, if the log-in still lives."""
    return find_person_logged_in(session, token, now=now)


def own_token_mac(session: Session, token: str) -> str:
    """What the database keeps of the present log-in: by it a list of log-ins tells which one that is."""
    return token_mac(session, token)


def open_login_session(ctx: ServiceContext, account: Account, *, hours: int, address: str, user_agent: str) -> str:
    """Start a log-in and give back its token, which is shown once and never stored."""
    token = new_token(account.id)
    ctx.session.add(
        LoginSession(
            token_mac=token_mac(ctx.session, token),
            account_id=account.id,
            created_at=ctx.now,
            expires_at=ctx.now + timedelta(hours=hours),
            address=address[:64],
            user_agent=user_agent[:300],
        )
    )
    ctx.session.flush()
    return token


def end_login_session(ctx: ServiceContext, token: str) -> None:
    """End one log-in at once."""
    found = find_login_session(ctx.session, token, now=ctx.now)
    if found is not None:
        found.ended_at = ctx.now


def end_own_log_in(ctx: ServiceContext, login_session_id: int) -> None:
    """End one log-in of the person who acts; another person's is left alone.

    Raises:
        NotFoundError: `log_in_not_found`.
    """
    found = ctx.session.get(LoginSession, login_session_id)
    if found is None or found.account_id != ctx.actor.account_id:
        raise NotFoundError("log_in_not_found")
    if found.ended_at is None:
        found.ended_at = ctx.now


def change_password(ctx: ServiceContext, account_id: int, password_hash: str, *, keep_token: str) -> str:
    """Take a new password; every log-in ends, and the present one goes on under a new token, which is given back.

    Raises:
        NotFoundError: `log_in_not_found` when the present log-in ended meanwhile.
    """
    account = get_account_for_update(ctx.session, account_id)
    present = find_login_session(ctx.session, keep_token, now=ctx.now)
    if present is None or present.account_id != account_id:
        raise NotFoundError("log_in_not_found")
    account.password_hash = password_hash
    account.is_password_temporary = False
    end_all_login_sessions(ctx, account_id)
    clear_failed_log_ins(ctx, account.login)
    hours = max(1, round((present.expires_at - ctx.now).total_seconds() / 3600))
    return open_login_session(ctx, account, hours=hours, address=present.address, user_agent=present.user_agent)


def end_log_ins(ctx: ServiceContext, account_id: int) -> None:
    """The administrator ends every log-in of a person at once.

    Raises:
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ADMINISTRATOR)
    end_all_login_sessions(ctx, account_id)
    record(ctx, None, Event.ACCOUNT_LOGGED_OUT, f"account/{account_id}", {})


def end_all_login_sessions(ctx: ServiceContext, *account_ids: int) -> None:
    """End every log-in of these accounts, e.g. after a new password or a changed role."""
    for item in ctx.session.scalars(
        select(LoginSession).where(among(LoginSession.account_id, "accounts"), LoginSession.ended_at.is_(None)),
        {"accounts": account_ids},
    ):
        item.ended_at = ctx.now


def log_in(
    ctx: ServiceContext,
    account_id: int,
    *,
    typed_login: str,
    hours: int,
    address: str,
    user_agent: str,
    new_password_hash: str | None = None,
) -> str:
    """Let in a person whose password was found right: wrong tries are forgotten, an outdated hash is replaced.

    The password is checked before, outside any transaction; a person disabled meanwhile stays outside. So does an
    official whose account or role somebody wrote past the product: what the password was changed to opens nothing.

    Raises:
        NotAllowedError: `account_disabled`, `account_damaged`.
    """
    account = get_account_for_update(ctx.session, account_id)
    if account.state is not AccountState.ACTIVE:
        raise NotAllowedError("account_disabled")
    # Candidates are let in whatever stands there: nothing may keep a room from writing, and a check names the row.
    held = list_assignments(ctx.session, account_id)
    rows: list[Sealed] = [account, *held]
    if held and not all(is_as_written(ctx.session, row) for row in rows):
        raise NotAllowedError("account_damaged")
    clear_failed_log_ins(ctx, typed_login)
    if new_password_hash is not None:
        account.password_hash = new_password_hash
    return open_login_session(ctx, account, hours=hours, address=address, user_agent=user_agent)


def create_account(
    ctx: ServiceContext, *, login: str, display_name: str, password_hash: str, position_title: str = ""
) -> Account:
    """Make an account.

    Raises:
        InvalidError: `login_taken`.
    """
    account = Account(
        login=login.strip().lower(),
        display_name=display_name,
        position_title=position_title,
        password_hash=password_hash,
        created_at=ctx.now,
    )
    create_accounts(ctx, [account])
    return account


def create_accounts(ctx: ServiceContext, accounts: Sequence[Account]) -> None:
    """Put several accounts into force at once; their logins are in small letters.

    Raises:
        InvalidError: `login_taken`.
    """
    for portion in in_portions(accounts):
        logins = [account.login for account in portion]
        taken = ctx.session.scalars(select(Account.login).where(Account.login.in_(logins))).first()
        if taken is not None:
            raise InvalidError("login_taken", login=taken)
    ctx.session.add_all(accounts)
    ctx.session.flush()
    facts: list[tuple[str, dict[str, Any]]] = [
        (f"account/{account.id}", {"login": account.login}) for account in accounts
    ]
    if facts:
        record_all(ctx, None, Event.ACCOUNT_CREATED, facts)


def create_administrator(ctx: ServiceContext, *, login: str, display_name: str, password_hash: str) -> Account:
    """Make the account of an administrator of the installation; the first one is made by command.

    Raises:
        InvalidError: `login_taken`.
    """
    account = create_account(ctx, login=login, display_name=display_name, password_hash=password_hash)
    grant_role(ctx, account, Role.ADMINISTRATOR)
    return account


def open_account(
    ctx: ServiceContext, *, login: str, display_name: str, position_title: str, password_hash: str
) -> Account:
    """The administrator makes an account for an official, who has to change the printed password at the first log-in.

    Raises:
        InvalidError: `login_not_valid`, `login_taken`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ADMINISTRATOR)
    account = create_account(
        ctx,
        login=check_login(login),
        display_name=display_name,
        position_title=position_title,
        password_hash=password_hash,
    )
    account.is_password_temporary = True
    ctx.session.flush()
    return account


def disable_account(ctx: ServiceContext, account_id: int) -> None:
    """Shut a person out at once; roles stay written down but open nothing.

    Raises:
        ConflictError: `own_account`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ADMINISTRATOR)
    if account_id == ctx.actor.account_id:
        raise ConflictError("own_account")
    account = get_account_for_update(ctx.session, account_id)
    account.state = AccountState.DISABLED
    end_all_login_sessions(ctx, account_id)
    record(ctx, None, Event.ACCOUNT_DISABLED, f"account/{account_id}", {})


def enable_account(ctx: ServiceContext, account_id: int) -> None:
    """Let a person in again.

    Raises:
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ADMINISTRATOR)
    get_account_for_update(ctx.session, account_id).state = AccountState.ACTIVE
    record(ctx, None, Event.ACCOUNT_ENABLED, f"account/{account_id}", {})


def reset_password(ctx: ServiceContext, account_id: int, *, password_hash: str) -> None:
    """Give an official a new printed password, to be changed at the next log-in; every log-in ends.

    Candidates get theirs from the organiser and keep it. Whoever reads that password can come in as that person, and
    add a second factor where there is none yet: so it takes a second factor, and those who watch over the competitions
    in which the person acts read it.

    Raises:
        NotAllowedError: `role_needed`, `account_of_candidate`, `fresh_factor_needed`.
    """
    ctx.require(Role.ADMINISTRATOR)
    ctx.require_fresh_factor()
    account = get_account_for_update(ctx.session, account_id)
    if find_candidacy_id(ctx.session, account_id) is not None:
        raise NotAllowedError("account_of_candidate")
    account.password_hash = password_hash
    account.is_password_temporary = True
    end_all_login_sessions(ctx, account_id)
    clear_failed_log_ins(ctx, account.login)
    record_everywhere(ctx, account, Event.PASSWORD_RESET, {})


def record_everywhere(ctx: ServiceContext, account: Account, event: Event, payload: dict[str, object]) -> None:
    """Put it in the log of the installation and in that of each open competition in which the person acts."""
    acting = {row.competition for row in list_assignments(ctx.session, account.id) if row.competition is not None}
    open_ones = sorted((one for one in acting if one.state is not CompetitionState.CLOSED), key=lambda one: one.code)
    for competition in (None, *open_ones):
        record(ctx, competition, event, f"account/{account.id}", payload)


def grant_role(
    ctx: ServiceContext,
    account: Account,
    role: Role,
    *,
    competition: Competition | None = None,
    body: Body | None = None,
) -> RoleAssignment:
    """Give a role in a competition, at a body, or over the installation.

    Raises:
        ConflictError: `roles_not_compatible` (separation of duties) or `role_has_holder` (one holder only).
    """
    held = list(
        ctx.session.scalars(
            select(RoleAssignment).where(
                RoleAssignment.account_id == account.id,
                RoleAssignment.competition_id == (competition.id if competition else None),
                RoleAssignment.body_id == (body.id if body else None),
                RoleAssignment.revoked_at.is_(None),
            )
        )
    )
    for item in held:
        if item.role is role:
            return item
    if competition is not None:
        check_roles_together((item.role for item in held), role)
        if role in SINGLE_ROLES and _count_holders(ctx.session, competition.id, role):
            raise ConflictError("role_has_holder", role=role)
    assignment = RoleAssignment(
        account_id=account.id,
        role=role,
        competition_id=competition.id if competition else None,
        body_id=body.id if body else None,
        pseudonym=_next_pseudonym(ctx.session, competition.id if competition else None, role),
        granted_at=ctx.now,
        granted_by_id=ctx.actor.account_id,
    )
    ctx.session.add(assignment)
    ctx.session.flush()
    payload = {"role": role.value, "pseudonym": assignment.pseudonym, "body": body.code if body else None}
    record(ctx, competition, Event.ROLE_GRANTED, f"account/{account.id}", payload)
    return assignment


def _count_holders(session: Session, competition_id: int, role: Role) -> int:
    """Those who hold a role of one; a head of marking who stands near to a candidate makes room for a deputy."""
    held = session.scalars(
        select(RoleAssignment.account_id).where(
            RoleAssignment.competition_id == competition_id,
            RoleAssignment.role == role,
            RoleAssignment.revoked_at.is_(None),
        )
    )
    near = list_recused_accounts(session, competition_id)
    return sum(1 for account_id in held if role is not Role.MARKING_HEAD or account_id not in near)


def _next_pseudonym(session: Session, competition_id: int | None, role: Role) -> str:
    """The next free letter and number of the board; revoked ones are never given to another person."""
    letter = PSEUDONYM_LETTERS[role]
    taken = session.scalars(
        select(RoleAssignment.pseudonym).where(
            RoleAssignment.competition_id == competition_id, RoleAssignment.pseudonym.like(f"{letter}%")
        )
    ).all()
    return f"{letter}{max((int(name[1:]) for name in taken if name), default=0) + 1:02d}"
