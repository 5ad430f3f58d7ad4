"""A panel: candidates who passed (or failed) the written part, members with their sheets, up to locked totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.competitions import CompetitionState
from examsite.domain.dossiers import UploadKind
from examsite.domain.permissions import Role
from examsite.domain.rubrics import Rubric, rubric_to_snapshot
from examsite.domain.scores import Score, score
from examsite.services import defence as acts
from examsite.services import reveals
from examsite.services.conflicts import declare_conflicts
from examsite.services.context import ServiceContext
from examsite.services.panel_questions import note_recording
from examsite.services.posts import default_defence_rubric
from examsite.services.proposals import draw_presentation_order, lock_proposals, upload_proposal
from examsite.services.rulesets import ruleset_of
from examsite.services.uploads import ReceivedFile, ReceivedProposal
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.marking import Mark
from examsite.storage.models.proposals import Defence, ProposalVersion
from examsite.storage.queries.candidacies import get_candidacy
from examsite.storage.queries.competitions import get_competition
from examsite.storage.queries.defence import get_defence, list_locked_marks
from tests.factories.marking import Board, make_board
from tests.factories.people import add_account, add_role

#: A reason as long as a decision wants.
REASON = "Thống nhất sau khi trao đổi về từng tiêu chí"


def received(name: str = "de-an.pdf", *, sha256: str = "a" * 64, kind: UploadKind = UploadKind.PDF) -> ReceivedProposal:
    """A file that was found good, and its copy."""
    return ReceivedProposal(
        ReceivedFile(sha256=sha256, size_bytes=1200, kind=kind, original_name=name),
        ReceivedFile(sha256="c" * 64, size_bytes=1100, kind=kind, original_name="de-an.pdf"),
    )


@dataclass
class Hall:
    """What was built, with the acts of its people at hand."""

    board: Board
    closes_at: datetime
    members: list[RoleAssignment] = field(default_factory=list)

    @property
    def session(self) -> Session:
        return self.board.session

    @property
    def competition(self) -> Competition:
        return get_competition(self.session, self.board.competition.code)

    @property
    def candidacies(self) -> list[Candidacy]:
        return self.board.room.candidacies

    @property
    def rubric(self) -> Rubric:
        return default_defence_rubric(ruleset_of(self.competition), "P1")

    def ctx(
        self, who: Role | RoleAssignment | Candidacy | None = None, *, at: datetime | None = None
    ) -> ServiceContext:
        """A context of somebody, a minute before the deadline unless said otherwise."""
        at = at or self.closes_at - timedelta(minutes=1)
        return self.board.room.ctx(who, at=at) if isinstance(who, Candidacy) else self.board.ctx(who, at=at)

    def upload(
        self, place: int, *, at: datetime | None = None, title: str = "Đổi mới cách giao việc"
    ) -> ProposalVersion:
        """A candidate hands in a version."""
        candidacy = get_candidacy(self.session, self.candidacies[place].id)
        return upload_proposal(self.ctx(candidacy, at=at), candidacy, received(), title=title)

    def locked(self, places: Sequence[int] = (0, 1, 2)) -> None:
        """These candidates handed in a proposal; the deadline passed and everything is locked."""
        for place in places:
            self.upload(place)
        lock_proposals(self.ctx(Role.ORGANISER, at=self.closes_at), self.competition)

    def drawn(self, places: Sequence[int] = (0, 1, 2)) -> list[str]:
        """Locked, order drawn, and every member said that there is no relation to anyone."""
        self.locked(places)
        for member in self.members:
            declare_conflicts(self.ctx(member), self.competition, {})
        return draw_presentation_order(self.ctx(Role.CHAIR), self.competition).outcome

    def scoring(self, position: int = 1) -> Defence:
        """The defence at this place was held; sheets may be locked."""
        head = self.ctx(Role.PANEL_HEAD)
        for act in (acts.start_presentation, acts.start_questions, acts.open_scoring):
            act(head, self.competition, position)
        return self.defence(position)

    def points(self, total: str | Score) -> dict[str, Score]:
        """Points per criterion that sum up to the total, filled from the first criterion on."""
        left = score(total)
        found = {}
        for criterion in self.rubric.human:
            found[criterion.criterion] = min(left, criterion.maximum)
            left -= found[criterion.criterion]
        assert left == 0, f"{total} cannot be given"
        return found

    def lock(self, member: int, total: str, *, position: int = 1, comments: Mapping[str, str] | None = None) -> Mark:
        """A member fills in and locks."""
        ctx = self.ctx(self.members[member])
        points = self.points(total)
        draft = acts.save_sheet(ctx, self.competition, position, points, comments or {}, revision=0)
        return acts.lock_sheet(ctx, self.competition, position, revision=draft.revision)

    def revealed(self, totals: Sequence[str], *, position: int = 1) -> Defence:
        """Held, locked with these totals and shown; the talk about them is over where they lie close enough."""
        self.scoring(position)
        for member, total in enumerate(totals):
            self.lock(member, total, position=position)
        self.shown(position=position)
        head = self.ctx(Role.PANEL_HEAD)
        if reveals.outlook(self.competition, list_locked_marks(self.session, [self.defence(position).id])).score:
            reveals.close_discussion(head, self.competition, position)
        return self.defence(position)

    def shown(self, *, position: int = 1, excused: Mapping[str, str] | None = None) -> Defence:
        """What is locked was shown to the panel; the talk is open."""
        return reveals.reveal_scores(self.ctx(Role.PANEL_HEAD), self.competition, position, excused=excused)

    def decided(self, total: str, reason: str = REASON, *, position: int = 1, by: Role = Role.PANEL_HEAD) -> Defence:
        """The gap was talked about on the record and decided."""
        head = self.ctx(by)
        note_recording(head, self.competition, position, reference="Thẻ nhớ 7", seen="")
        return reveals.decide_gap(head, self.competition, position, decided=score(total), reason=reason)

    def defence(self, position: int = 1) -> Defence:
        """A defence, read anew."""
        return get_defence(self.session, self.competition.id, position)


def make_hall(
    session: Session,
    now: datetime,
    *,
    settings: Settings,
    written: Sequence[str] = ("60.00", "55.00", "50.00", "10.00"),
    members: int = 3,
    code: str = "VH-2026-01",
    password_hash: str = "-",
) -> Hall:
    """A competition at the step of proposals; the candidates have these totals from people (20 more by machine)."""
    board = make_board(session, now, settings=settings, candidates=len(written), code=code, password_hash=password_hash)
    board.room.post.defence_rubric = rubric_to_snapshot(
        default_defence_rubric(ruleset_of(board.competition), board.room.post.code)
    )
    for script in board.allocated():
        total = written[board.candidate_of(script.code)]
        board.lock_pair(script.code, [total, total])
    board.codes_opened()
    hall = Hall(board, closes_at=now + timedelta(days=30))
    board.competition.state = CompetitionState.PROPOSALS
    board.competition.proposals_close_at = hall.closes_at
    board.room.people[Role.PANEL_HEAD] = _assigned(board, Role.PANEL_HEAD, "B01", password_hash)
    board.room.people[Role.COUNCIL_MEMBER] = _assigned(board, Role.COUNCIL_MEMBER, "C09", password_hash)
    hall.members = [
        _assigned(board, Role.PANELLIST, f"G{number:02d}", password_hash) for number in range(1, members + 1)
    ]
    session.flush()
    session.expire_all()
    return hall


def _assigned(board: Board, role: Role, pseudonym: str, password_hash: str) -> RoleAssignment:
    room = board.room
    login = f"{pseudonym}-{room.competition.code}"
    account = add_account(room.session, room.now, login, f"Ông/Bà {pseudonym}", password_hash)
    return add_role(room.session, room.now, room.competition, account, role=role, pseudonym=pseudonym)
