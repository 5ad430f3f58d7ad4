"""Everything a result is computed from, gathered out of the rows: posts, rubrics, candidates with their marks.

Nothing is computed here; what was not locked, decided or recorded does not come along.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.panels import PART
from examsite.domain.papers import paper_from_data
from examsite.domain.questions import Text
from examsite.domain.result_entries import (
    CandidateEntry,
    CompetitionEntry,
    PartEntry,
    PostEntry,
    TieEntry,
)
from examsite.domain.rubrics import Rubric, rubric_from_snapshot
from examsite.storage.models.competitions import Body, Competition, Post
from examsite.storage.models.papers import Paper
from examsite.storage.models.ranking import TieDecision
from examsite.storage.queries.codes import WrittenResult, written_results
from examsite.storage.queries.defence import defence_results
from examsite.storage.queries.results import list_codes_with_part


@dataclass(frozen=True)
class ResultMaterial:
    """The values from which `examsite.domain.results.result_data` builds the document."""

    competition: CompetitionEntry
    rubrics: tuple[Rubric, ...]
    posts: tuple[PostEntry, ...]
    candidates: tuple[CandidateEntry, ...]


def gather_result(session: Session, competition: Competition) -> ResultMaterial:
    """What the result of this competition is computed from, as the rows stand now.

    Raises:
        ConflictError: `codes_not_opened` before the code map was opened.
    """
    written = written_results(session, competition)
    posts = _list_posts(session, competition.id)
    # A defence that was held stays, whatever a correction finds.
    before = list_codes_with_part(session, competition.id, PART)
    called = {row.candidacy_id for row in written if row.passed or row.public_code in before}
    defences = {row.candidacy_id: row.entry for row in defence_results(session, competition, defending=called)}
    candidates = tuple(
        CandidateEntry(
            row.public_code, row.post_code, row.full_name, _parts(row, defences, is_called=row.candidacy_id in called)
        )
        for row in written
    )
    rubrics = {(row.rubric.post, row.rubric.paper): row.rubric for row in written if row.rubric is not None}
    return ResultMaterial(
        competition=CompetitionEntry(
            competition.code, competition.title, session.get_one(Body, competition.body_id).name
        ),
        rubrics=(*rubrics.values(), *(rubric_from_snapshot(post.defence_rubric) for post in posts)),
        posts=tuple(_post_entries(session, posts)),
        candidates=candidates,
    )


def list_criterion_texts(session: Session, competition_id: int) -> dict[tuple[str, str, str | None, str], Text]:
    """The words of every criterion of papers and defences, by part, post, version of the paper and criterion.

    For pages about results alone: the words of papers that stayed sealed are left out.
    """
    rubrics = [rubric_from_snapshot(post.defence_rubric) for post in _list_posts(session, competition_id)]
    rubrics += [
        paper_from_data(paper.data).rubric
        for paper in session.scalars(
            select(Paper)
            .where(Paper.competition_id == competition_id, Paper.opened_at.is_not(None))
            .order_by(Paper.code)
        )
    ]
    return {
        (rubric.part, rubric.post, rubric.paper, criterion.criterion): criterion.text
        for rubric in rubrics
        for criterion in rubric.criteria
    }


def find_tie_decision(session: Session, post_id: int) -> TieDecision | None:
    """What the authority last decided about a tie for this post."""
    return session.scalars(
        select(TieDecision).where(TieDecision.post_id == post_id).order_by(TieDecision.id.desc()).limit(1)
    ).one_or_none()


def list_tie_reasons(session: Session, competition_id: int) -> dict[int, str]:
    """The authority's reasons for ties, by the record of the decision."""
    rows = session.execute(
        select(TieDecision.record_seq, TieDecision.reason)
        .join(Post, TieDecision.post_id == Post.id)
        .where(Post.competition_id == competition_id)
    )
    return {int(seq): str(reason) for seq, reason in rows}


def _parts(row: WrittenResult, defences: dict[int, PartEntry], *, is_called: bool) -> tuple[PartEntry, ...]:
    """Whoever was to defend and was not called to a defence handed in nothing: absent there."""
    if not is_called:
        return (row.entry,)
    return (row.entry, defences.get(row.candidacy_id) or PartEntry(PART, absent=True))


def _list_posts(session: Session, competition_id: int) -> list[Post]:
    return list(session.scalars(select(Post).where(Post.competition_id == competition_id).order_by(Post.code)))


def _post_entries(session: Session, posts: list[Post]) -> list[PostEntry]:
    ties = {
        row.post_id: TieEntry(row.record_seq, tuple(row.selected))
        for row in session.scalars(
            select(TieDecision).where(TieDecision.post_id.in_([post.id for post in posts])).order_by(TieDecision.id)
        )
    }
    return [PostEntry(post.code, post.title, post.vacancies, ties.get(post.id)) for post in posts]
