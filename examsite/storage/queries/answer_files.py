"""Reads of the answer files that were carried to the server."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.storage.models.accounts import Account
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.rooms import AnswerFile
from examsite.storage.models.sittings import Attempt


def list_answer_files(session: Session, sitting_id: int) -> list[tuple[AnswerFile, str, str, str]]:
    """The files of a sitting with seat, candidate number and the name of who carried them, newest first."""
    rows = session.execute(
        select(AnswerFile, Attempt.seat, Candidacy.candidate_number, Account.display_name)
        .join(Attempt, Attempt.id == AnswerFile.attempt_id)
        .join(Candidacy, Candidacy.id == Attempt.candidacy_id)
        .join(Account, Account.id == AnswerFile.imported_by_id)
        .where(Attempt.sitting_id == sitting_id)
        .order_by(AnswerFile.imported_at.desc(), AnswerFile.id.desc())
    )
    return [(row[0], row[1], str(row[2]), row[3]) for row in rows]
