"""Rows that the log tells of: as they stand they fit it, and none of them can disappear."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, inspect, select
from sqlalchemy.orm import Session

from examsite.services.table_checks import check_tables
from examsite.storage.models.competitions import Competition


def assert_told(session: Session, competition: Competition, *models: type[Any]) -> int:
    """Hold every row of these tables against the log, and the log against each of them being gone; how many rows."""
    session.flush()
    session.expire_all()
    held = 0
    for model in models:
        table = inspect(model).local_table
        assert [one for one in check_tables(session, competition) if one.table == table.name] == []
        told = select(table.c.id)
        if "agreed_at" in table.c:
            told = told.where(table.c.agreed_at.is_not(None))
        for key in session.scalars(told).all():
            gone = session.begin_nested()
            session.execute(delete(table).where(table.c.id == key))
            found = {one.code for one in check_tables(session, competition) if one.table == table.name}
            gone.rollback()
            assert found == {"row_missing"}
            held += 1
    return held
