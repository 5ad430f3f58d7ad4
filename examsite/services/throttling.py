"""Slows down guessing at one login name. Never counts by address: a room of candidates sits behind a single one."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from examsite.domain.accounts import login_key, wait_seconds_after
from examsite.services.context import ServiceContext
from examsite.storage.models.accounts import LoginThrottle
from examsite.storage.row_sets import in_portions


def seconds_to_wait(session: Session, login: str, *, now: datetime) -> int:
    """Seconds until this login name may be tried again; the same for names that exist and for those that do not."""
    found = session.get(LoginThrottle, login_key(login))
    return 0 if found is None else max(0, math.ceil((found.open_at - now).total_seconds()))


def note_failed_log_in(ctx: ServiceContext, login: str) -> int:
    """Count a wrong try and give back the seconds that the next one must wait."""
    key = login_key(login)
    dialect = sqlite if ctx.session.get_bind().dialect.name == "sqlite" else postgresql
    first = dialect.insert(LoginThrottle).values(login=key, failures=0, last_failed_at=ctx.now, open_at=ctx.now)
    ctx.session.execute(first.on_conflict_do_nothing())  # two first failures may come at once
    found = ctx.session.get_one(LoginThrottle, key, with_for_update=True, populate_existing=True)
    found.failures += 1
    found.last_failed_at = ctx.now
    wait = wait_seconds_after(found.failures)
    found.open_at = ctx.now + timedelta(seconds=wait)
    ctx.session.flush()
    return wait


def clear_failed_log_ins(ctx: ServiceContext, *logins: str) -> None:
    """Forget the wrong tries of login names, after a right one or a new password."""
    for portion in in_portions([login_key(login) for login in logins]):
        ctx.session.execute(delete(LoginThrottle).where(LoginThrottle.login.in_(portion)))
