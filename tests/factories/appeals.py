"""Appeals after the written results: who asks, the fresh board, and its marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from examsite.domain.appeals import AppealState
from examsite.domain.permissions import Role
from examsite.domain.scores import mean_score
from examsite.services.appeals import submit_appeal
from examsite.services.marking import lock_mark, save_draft
from examsite.services.remarking import decide_appeal, name_remarkers, note_dialogue
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.queries.appeals import get_appeal_standing, get_appealed_script, remarks_of
from examsite.storage.queries.candidacies import get_candidacy
from tests.factories.marking import Board, assigned

REASON = "Câu 2 tôi nêu đủ hai phương án và được, mất của mỗi phương án."
TALK = "Hai trưởng ban đối chiếu từng tiêu chí của bài với hướng dẫn chấm."


def over_at(board: Board) -> datetime:
    """An hour after the window."""
    assert board.competition.appeals_close_at is not None
    at: datetime = board.competition.appeals_close_at + timedelta(hours=1)
    return at


def appoint(board: Board, *pseudonyms: str) -> list[RoleAssignment]:
    """Fresh markers."""
    people = [assigned(board, Role.MARKER, name) for name in pseudonyms]
    board.markers += people
    return people


def own(board: Board, place: int) -> Candidacy:
    """A candidacy as its owner's page reads it."""
    return get_candidacy(board.session, board.room.candidacies[place].id)


def ask(board: Board, place: int, *, at: datetime | None = None) -> Appeal:
    """A candidate asks for a second look at the written part."""
    candidacy = own(board, place)
    return submit_appeal(board.room.ctx(candidacy, at=at), candidacy, part="written", reason=REASON)


def remark(board: Board, appeal: Appeal, total: str, *, marker: str | None = None) -> str:
    """The next re-marker in the queue (or this one) locks; the pseudonym."""
    standing = get_appeal_standing(board.session, board.competition, appeal.number)
    script = get_appealed_script(board.session, board.competition.id, appeal.script)
    marked = {mark.assignment_id for mark in remarks_of(script)}
    waiting = [row for row in standing.remarkers if row.assignment_id not in marked]
    row = next(row for row in waiting if marker in (None, row.assignment.pseudonym))
    ctx = board.ctx(row.assignment, at=over_at(board))
    points = board.points(total)
    draft = save_draft(ctx, board.competition, appeal.script, revision=0, points=points, comments={})
    lock_mark(ctx, board.competition, appeal.script, revision=draft.revision)
    return str(row.assignment.pseudonym)


def appeal_and_remark(board: Board, appeals: Mapping[int, Sequence[str]]) -> datetime:
    """Everybody asks, a fresh board of three marks anew, the chair decides on the mean; when all of it is over."""
    asked = {place: ask(board, place) for place in appeals}
    if asked:
        appoint(board, "M11", "M12", "M13")
    chair = board.ctx(Role.CHAIR, at=over_at(board))
    for place, totals in appeals.items():
        appeal = asked[place]
        name_remarkers(chair, board.competition, appeal.number)
        for total in totals:
            remark(board, appeal, total)
        if appeal.state is AppealState.DECIDING:
            found = get_appeal_standing(board.session, board.competition, appeal.number)
            note_dialogue(chair, board.competition, appeal.number, text=TALK)
            decided = mean_score((found.before, found.settlement.remark or found.before))
            decide_appeal(chair, board.competition, appeal.number, decided=decided, reason=TALK)
    return over_at(board)
