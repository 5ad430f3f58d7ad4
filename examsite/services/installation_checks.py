"""Every check of the tables of an installation in one: seals, what the logs say, what was erased, what is gone."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.table_problems import TableProblem
from examsite.services.erasure_checks import check_erasures
from examsite.services.table_checks import check_seals, check_tables
from examsite.storage.models.competitions import Competition
from examsite.storage.models.records import RecordLog


def check_installation(session: Session, *, codes: Collection[str] = ()) -> list[TableProblem]:
    """What is wrong with any row; with codes only of those competitions, and without the seals of the others.

    A log whose competition is gone, or is called something else now, is a fault of the competition's row.
    """
    found = [] if codes else [*check_seals(session), *check_erasures(session)]
    logs = session.execute(
        select(RecordLog.code, RecordLog.competition_id)
        .where(RecordLog.competition_id.is_not(None))
        .order_by(RecordLog.code)
    )
    for code, _competition in logs.all():
        if codes and code not in codes:
            continue
        competition = session.scalars(
            select(Competition).where(Competition.code == code).execution_options(populate_existing=True)
        ).one_or_none()
        if competition is None:
            found.append(TableProblem("competitions", None, "row_missing", "code", 0, "log:opened"))
        else:
            found += check_tables(session, competition)
    return found
