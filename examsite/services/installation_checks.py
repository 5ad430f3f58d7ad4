"""Every check of the tables of an installation in one: seals, what the logs say, what was erased, what is gone."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from examsite.domain.records import plan_log_code
from examsite.domain.table_problems import TableProblem
from examsite.services.account_checks import check_accounts
from examsite.services.erasure_checks import check_erasures
from examsite.services.guarded_checks import found_by
from examsite.services.records import SYSTEM_LOG
from examsite.services.table_checks import check_seals, check_tables
from examsite.storage.database import Base
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Upload
from examsite.storage.models.records import RecordLog
from examsite.storage.unreadable_rows import list_dangling_rows, list_loose_values, list_unreadable_rows
from examsite.storage.uploads import is_whole


def check_installation(
    session: Session, *, codes: Collection[str] = (), uploads_path: Path | None = None
) -> list[TableProblem]:
    """What is wrong with any row; with codes only what the logs of those competitions tell, and no seals.

    A log whose competition is gone, or is called something else now, is a fault of the competition's row.
    """
    found: list[TableProblem] = []
    if not codes:
        found += check_seals(session)
        # Few rows that nothing else compares; the product cannot append to a log whose head it cannot read.
        heads = list_unreadable_rows(session, [Base.metadata.tables[RecordLog.__tablename__]])
        found += [TableProblem(table, row, "row_unreadable") for table, row in heads]
        loose = list_loose_values(session, Base.metadata.sorted_tables)
        found += [TableProblem(table, row, "row_changed", column) for table, row, column in loose]
        dangling = list_dangling_rows(session)
        found += [TableProblem(table, row, "reference_lost", column) for table, row, column in dangling]
        found += found_by(session, partial(check_erasures, session))
        found += found_by(session, partial(check_accounts, session))
        if uploads_path is not None:
            found += _check_files(session, uploads_path)
    logs = select(RecordLog.id, RecordLog.code, RecordLog.competition_id).order_by(RecordLog.code)
    for key, code, named in session.execute(logs).all():
        # By its code alone: a log that somebody took its competition away is compared all the same.
        is_own = code != SYSTEM_LOG and not str(code).endswith(plan_log_code(""))
        owner = session.scalar(select(Competition.id).where(Competition.code == code)) if is_own else None
        if codes and code not in codes:
            continue
        if named != owner and not (is_own and owner is None):
            found.append(TableProblem("record_logs", key, "value_differs", "competition_id"))
        if is_own:
            found += found_by(session, partial(_check_competition, session, code))
    return list(dict.fromkeys(found))


def _check_files(session: Session, uploads_path: Path) -> list[TableProblem]:
    """Uploads whose files are gone, or hold other bytes than were handed in."""
    rows = session.execute(select(Upload.sha256, func.min(Upload.id)).group_by(Upload.sha256).order_by(Upload.sha256))
    return [
        TableProblem("uploads", key, "file_differs", "sha256")
        for sha256, key in rows.all()
        if not is_whole(uploads_path, sha256)
    ]


def _check_competition(session: Session, code: str) -> list[TableProblem]:
    competition = session.scalars(
        select(Competition).where(Competition.code == code).execution_options(populate_existing=True)
    ).one_or_none()
    if competition is None:
        return [TableProblem("competitions", None, "row_missing", "code", 0, "log:opened")]
    return check_tables(session, competition)
