"""What a database error says: the rule that was broken, never the values that people had typed."""

from __future__ import annotations

import traceback
from datetime import datetime

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from examsite.storage.database import broken_rule
from examsite.storage.models.accounts import Account
from examsite.storage.models.marking import SavedComment

WORD = "zwkhongailoqj"


def test_two_of_one_name_are_told_without_the_name(session: Session, now: datetime) -> None:
    for _time in range(2):
        session.add(Account(login=WORD, display_name=WORD, password_hash="-", created_at=now))
    with pytest.raises(IntegrityError) as refused:
        session.flush()

    assert "login" in broken_rule(refused.value)
    assert WORD not in broken_rule(refused.value)


def test_an_error_does_not_carry_what_the_statement_carried(session: Session, now: datetime) -> None:
    session.add(SavedComment(assignment_id=987_654, text=WORD, used_at=now))

    def write() -> None:
        session.flush()
        # PostgreSQL looks at keys of other tables only here.
        session.connection().exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DBAPIError) as refused:
        write()

    assert WORD not in str(refused.value)


def test_a_broken_rule_does_not_carry_the_row_that_broke_it(session: Session, now: datetime) -> None:
    """PostgreSQL adds the whole row to its words, and an unexpected error is written into the log of the server."""
    session.add(Account(login=None, display_name=WORD, password_hash="-", created_at=now))
    with pytest.raises(IntegrityError) as refused:
        session.flush()

    assert "login" in str(refused.value)
    assert WORD not in "".join(traceback.format_exception(refused.value))
