"""Reads of the bank and of papers."""

from __future__ import annotations

from sqlalchemy import Connection, Select, exists, func, select
from sqlalchemy.orm import Session, joinedload

from examsite.domain.errors import NotFoundError
from examsite.domain.events import Event
from examsite.domain.papers import Paper as FrozenPaper
from examsite.domain.papers import PaperState, paper_from_data, version_in_turn
from examsite.domain.questions import Question, question_from_data
from examsite.domain.sittings import SittingState
from examsite.storage.models.competitions import Post
from examsite.storage.models.papers import BankQuestion, OpeningConsent, Paper, PaperFile
from examsite.storage.models.records import RecordLog, RecordRow
from examsite.storage.models.sittings import Sitting
from examsite.storage.queries.draws import find_draw_record

#: How many frozen papers a process keeps read. Source: our choice, because a day has fewer.
_FROZEN_KEPT = 64

_frozen: dict[str, FrozenPaper] = {}


def get_frozen_paper(session: Session | Connection, paper_id: int, paper_sha256: str) -> FrozenPaper:
    """The content of a version as the rules know it.

    A frozen paper never changes and its hash names it: one reading serves a whole room.
    """
    known = _frozen.get(paper_sha256)
    if known is None:
        known = paper_from_data(session.scalars(select(Paper.data).where(Paper.id == paper_id)).one())
        if len(_frozen) >= _FROZEN_KEPT:
            _frozen.clear()
        _frozen[paper_sha256] = known
    return known


def list_bank_rows(session: Session) -> list[BankQuestion]:
    """The questions in force, by code."""
    return list(
        session.scalars(select(BankQuestion).where(BankQuestion.retired_at.is_(None)).order_by(BankQuestion.code))
    )


def list_bank(session: Session) -> list[Question]:
    """The questions in force as the rules know them."""
    return [question_from_data(row.data) for row in list_bank_rows(session)]


def get_bank_row(session: Session, code: str) -> BankQuestion:
    """One question in force.

    Raises:
        NotFoundError: `question_not_found`.
    """
    found = session.scalars(
        select(BankQuestion).where(BankQuestion.code == code, BankQuestion.retired_at.is_(None))
    ).one_or_none()
    if found is None:
        raise NotFoundError("question_not_found", question=code)
    return found


def list_papers(session: Session, competition_id: int) -> list[Paper]:
    """All versions of a competition, with their posts, by code."""
    return list(
        session.scalars(
            select(Paper)
            .options(joinedload(Paper.post))
            .where(Paper.competition_id == competition_id)
            .order_by(Paper.code)
        )
    )


def list_papers_of_post(session: Session, post_id: int) -> list[Paper]:
    """The versions of a post, by code."""
    return list(
        session.scalars(
            select(Paper).options(joinedload(Paper.post)).where(Paper.post_id == post_id).order_by(Paper.version)
        )
    )


def get_paper(session: Session, competition_id: int, code: str) -> Paper:
    """One version with its post.

    Raises:
        NotFoundError: `paper_not_found`.
    """
    found = session.scalars(
        select(Paper).options(joinedload(Paper.post)).where(Paper.competition_id == competition_id, Paper.code == code)
    ).one_or_none()
    if found is None:
        raise NotFoundError("paper_not_found", paper=code)
    return found


def list_opened_papers(session: Session, competition_id: int) -> list[Paper]:
    """The opened versions of a competition with their posts, by code; none before every sitting has closed."""
    return list(session.scalars(_opened(competition_id).order_by(Paper.code)))


def get_opened_paper(session: Session, competition_id: int, code: str, *, for_update: bool = False) -> Paper:
    """One opened version with its post, its row locked for an act on it.

    A sealed one does not exist here, nor does any before every sitting has closed.

    Raises:
        NotFoundError: `paper_not_found`.
    """
    statement = _opened(competition_id).where(Paper.code == code)
    if for_update:
        statement = statement.with_for_update(of=Paper)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFoundError("paper_not_found", paper=code)
    return found


def get_age_file(session: Session, paper_id: int) -> bytes:
    """The sealed file of a version.

    Raises:
        NotFoundError: `age_file_not_found`: the version was drawn here, or its file is gone.
    """
    content = session.scalar(select(PaperFile.content).where(PaperFile.paper_id == paper_id))
    if content is None:
        raise NotFoundError("age_file_not_found")
    return content


def find_drawn_paper(session: Session, post: Post) -> Paper | None:
    """The version of a post that is in turn by its draw, once it was held; opened or still closed.

    That is the one drawn, or the next of the outcome where those before it were set aside; None when none is left.
    """
    held = find_draw_record(session, post.competition_id, f"paper-version-{post.code}", Event.DRAW_HELD)
    if held is None:
        return None
    code = version_in_turn(held["outcome"], {paper.code for paper in list_set_aside(session, post.id)})
    return session.scalars(
        select(Paper).options(joinedload(Paper.post)).where(Paper.post_id == post.id, Paper.code == code)
    ).one_or_none()


def list_set_aside(session: Session, post_id: int) -> list[Paper]:
    """The versions of a post that were found unusable, in the order in which it was said."""
    found = select(Paper).where(Paper.post_id == post_id, Paper.set_aside_at.is_not(None))
    return list(session.scalars(found.order_by(Paper.set_aside_at, Paper.id)))


def find_sealing(session: Session, competition_id: int, code: str) -> RecordRow | None:
    """The record of the sealing of a version, the newest if there are several."""
    return session.scalars(
        select(RecordRow)
        .join(RecordLog, RecordLog.id == RecordRow.log_id)
        .where(
            RecordLog.competition_id == competition_id,
            RecordRow.event == Event.PAPER_SEALED.value,
            RecordRow.subject == f"paper/{code}",
        )
        .order_by(RecordRow.seq.desc())
        .limit(1)
    ).one_or_none()


def find_opened_paper(session: Session, post_id: int) -> Paper | None:
    """The version of a post that sittings begin with, if one is open."""
    return session.scalars(
        select(Paper).where(Paper.post_id == post_id, Paper.state == PaperState.OPENED, Paper.set_aside_at.is_(None))
    ).one_or_none()


def count_papers(session: Session, post_id: int, *states: PaperState) -> int:
    """How many versions of a post are in one of the states."""
    statement = select(func.count(Paper.id)).where(Paper.post_id == post_id, Paper.state.in_(states))
    return session.scalar(statement) or 0


def _opened(competition_id: int) -> Select[Paper]:
    # While somebody writes, or is still to write, what candidates read is read by nobody else.
    written = exists().where(Sitting.competition_id == competition_id, Sitting.state != SittingState.CLOSED)
    return (
        select(Paper)
        .options(joinedload(Paper.post))
        .where(Paper.competition_id == competition_id, Paper.state == PaperState.OPENED, ~written)
    )


def list_consents(session: Session, post_id: int, *, place: int) -> list[int]:
    """The accounts that agreed to this opening of the post's paper, first come first.

    `place`: 0 for the version drawn, 1 for the first reserve, and so on.
    """
    found = select(OpeningConsent.account_id).where(OpeningConsent.post_id == post_id, OpeningConsent.place == place)
    return list(session.scalars(found.order_by(OpeningConsent.id)))
