"""Accounts, second factors and offices held against the log of the installation: who may come in, and as whom.

Log-ins need neither seal nor record: a token counts only under the key of the installation and for the account that it
was made for, so that no row written past the product opens anything.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.accounts import AccountState
from examsite.domain.events import Event
from examsite.domain.table_problems import TableProblem
from examsite.services.records import SYSTEM_LOG
from examsite.storage.models.accounts import Account, RoleAssignment, SecondFactor
from examsite.storage.models.competitions import Body
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.records import list_records_of_events

_ACCOUNTS = (Event.ACCOUNT_CREATED, Event.ACCOUNT_DISABLED, Event.ACCOUNT_ENABLED)
_FACTORS = (Event.FACTOR_ADDED, Event.FACTOR_REMOVED, Event.FACTORS_RESET, Event.FACTOR_SHOWN)
_BODIES = (Event.BODY_CREATED, Event.BODY_CHANGED)
_ROLES = (Event.ROLE_GRANTED, Event.ROLE_REVOKED)


def check_accounts(session: Session) -> list[TableProblem]:
    """Every account, factor and role over the installation or at a body that its log does not know, or otherwise."""
    told = list_records_of_events(session, SYSTEM_LOG, (*_ACCOUNTS, *_FACTORS, *_ROLES))
    bodies = list_records_of_events(session, SYSTEM_LOG, _BODIES)
    return [
        *_accounts(session, told),
        *_factors(session, told),
        *_offices(session, told),
        *_bodies(session, bodies),
    ]


def _accounts(session: Session, told: Sequence[RecordRow]) -> Iterator[TableProblem]:
    rows = {f"account/{row.id}": row for row in session.scalars(select(Account).order_by(Account.id))}
    made = {row.subject: row for row in told if row.event == Event.ACCOUNT_CREATED}
    shut = {row.subject: row for row in told if row.event in (Event.ACCOUNT_DISABLED, Event.ACCOUNT_ENABLED)}
    for subject, account in rows.items():
        record = made.get(subject)
        if record is None:
            yield TableProblem("accounts", account.id, "record_missing", "login")
            continue
        if record.payload is None:  # erased with the person
            continue
        if record.content.get("login") != account.login:
            yield TableProblem("accounts", account.id, "value_differs", "login", record.seq, record.event)
        last = shut.get(subject)
        is_shut = last is not None and last.event == Event.ACCOUNT_DISABLED
        if (account.state is AccountState.DISABLED) != is_shut:
            said = last or record
            yield TableProblem("accounts", account.id, "value_differs", "state", said.seq, said.event)
    for subject, record in made.items():
        if subject not in rows and record.payload is not None:
            yield TableProblem("accounts", None, "row_missing", "", record.seq, record.event)


def _factors(session: Session, told: Sequence[RecordRow]) -> Iterator[TableProblem]:
    rows = {row.id: row for row in session.scalars(select(SecondFactor).order_by(SecondFactor.id))}
    added: dict[int, RecordRow] = {}
    removed: dict[int, RecordRow] = {}
    held: defaultdict[str, set[int]] = defaultdict(set)
    blank = {row.subject for row in told if row.event in _FACTORS and row.payload is None}
    for record in told:
        number = record.content.get("factor")
        if record.event == Event.FACTOR_ADDED and number is not None:
            added[number] = record
            held[record.subject].add(number)
        elif record.event == Event.FACTOR_REMOVED and number is not None:
            removed[number] = record
        elif record.event == Event.FACTORS_RESET:
            removed |= {number: record for number in held[record.subject] if number not in removed}
    yield from _set_back((row for row in rows.values() if f"account/{row.account_id}" not in blank), told)
    for key, row in rows.items():
        subject = f"account/{row.account_id}"
        if subject in blank:
            continue
        if key not in added:
            yield TableProblem("second_factors", key, "record_missing", "id")
        elif added[key].subject != subject:
            yield TableProblem("second_factors", key, "value_differs", "account_id", added[key].seq, added[key].event)
        elif (row.removed_at is not None) != (key in removed):
            said = removed.get(key, added[key])
            yield TableProblem("second_factors", key, "value_differs", "removed_at", said.seq, said.event)
    for key, record in added.items():
        if key not in rows and record.subject not in blank:
            yield TableProblem("second_factors", None, "row_missing", "", record.seq, record.event)


def _set_back(rows: Iterable[SecondFactor], told: Sequence[RecordRow]) -> Iterator[TableProblem]:
    """Factors whose last code is not the last one recorded: a former row, with its good seal, was put back."""
    shown = {row.content.get("factor"): row for row in told if row.event == Event.FACTOR_SHOWN}
    for row in rows:
        said = shown.get(row.id)
        if said is not None and row.last_step != said.content.get("step"):
            yield TableProblem("second_factors", row.id, "value_differs", "last_step", said.seq, said.event)


def _offices(session: Session, told: Sequence[RecordRow]) -> Iterator[TableProblem]:
    """Administrators, and who organises or approves at a body: as many rows in force as were given and not ended."""
    given: Counter[tuple[str, str, str | None]] = Counter()
    last: dict[tuple[str, str, str | None], RecordRow] = {}
    for record in told:
        said = record.content
        if record.event not in _ROLES or "role" not in said:
            continue
        office = (record.subject, said["role"], said["body"])
        given[office] += 1 if record.event == Event.ROLE_GRANTED else -1
        last[office] = record
    rows = session.execute(
        select(RoleAssignment, Body.code)
        .outerjoin(Body, Body.id == RoleAssignment.body_id)
        .where(RoleAssignment.competition_id.is_(None), RoleAssignment.revoked_at.is_(None))
        .order_by(RoleAssignment.id)
    )
    for row, body in rows:
        office = (f"account/{row.account_id}", row.role.value, body)
        given[office] -= 1
        if given[office] < 0:
            yield TableProblem("role_assignments", row.id, "record_missing", "role")
    for office, count in given.items():
        for _one in range(count):
            yield TableProblem("role_assignments", None, "row_missing", "", last[office].seq, last[office].event)


def _bodies(session: Session, told: Sequence[RecordRow]) -> Iterator[TableProblem]:
    """Bodies that are gone, or that say something else than when they were last changed; seals find one too many."""
    rows = {f"body/{row.code}": row for row in session.scalars(select(Body).order_by(Body.id))}
    for subject, record in {record.subject: record for record in told}.items():
        row = rows.get(subject)
        if row is None:
            yield TableProblem("bodies", None, "row_missing", "", record.seq, record.event)
            continue
        stands = {"name": row.name, "level": row.level.value, "parent_id": row.parent_id}
        for column, value in stands.items():
            if record.content and record.content.get(column.removesuffix("_id")) != value:
                yield TableProblem("bodies", row.id, "value_differs", column, record.seq, record.event)
