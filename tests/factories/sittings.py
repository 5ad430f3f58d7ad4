"""A room: a competition ready for its written test, its people, a sitting, seats, a paper of every question kind."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.adjustments import Adjustments
from examsite.domain.competitions import CompetitionState, DelegationLevel
from examsite.domain.dossiers import CandidacyState
from examsite.domain.papers import PaperState, make_paper, paper_sha256, paper_to_data
from examsite.domain.permissions import Role
from examsite.domain.questions import Question, QuestionKind
from examsite.domain.rulesets import ruleset_to_toml
from examsite.domain.scores import score
from examsite.services.adjustments import ask_adjustments, decide_adjustments
from examsite.services.attempt_tokens import attempt_of_token
from examsite.services.attempt_views import AttemptView, view_of
from examsite.services.attempts import read_clock_of
from examsite.services.context import Actor, LogSigner, ServiceContext
from examsite.services.records import open_log
from examsite.services.rehearsals import record_rehearsal
from examsite.services.rulesets import get_preset, ruleset_of
from examsite.services.seating import assign_seats
from examsite.services.sittings import schedule_sitting, start_sitting
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Body, Competition, Post
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.papers import Paper
from examsite.storage.models.sittings import Attempt, Sitting, SittingInvigilator
from question_bank.loader import load_bank
from tests.factories.draws import drawn_at_once
from tests.factories.people import add_account, add_role

#: How many questions of each kind the paper has.
KINDS = {
    QuestionKind.SINGLE: 8,
    QuestionKind.MULTIPLE: 4,
    QuestionKind.TRUE_FALSE: 3,
    QuestionKind.NUMERIC: 3,
    QuestionKind.ORDERING: 2,
    QuestionKind.ESSAY: 2,
}
SETTINGS_SECRET = "0" * 64
NAMES = (
    "Đặng Vũ Thục Quyên",
    "Trần Quốc Bảo",
    "Lê Thị Ánh Nguyệt",
    "Phạm Hữu Nghĩa",
    "Hoàng Kim Oanh",
    "Vũ Đình Khôi",
    "Bùi Ngọc Ước",
)


@cache
def paper_questions(*, essays: int = KINDS[QuestionKind.ESSAY]) -> tuple[Question, ...]:
    bank = sorted(load_bank(), key=lambda item: item.id)
    chosen: list[Question] = []
    for kind, count in {**KINDS, QuestionKind.ESSAY: essays}.items():
        chosen.extend([item for item in bank if item.kind is kind][:count])
    return tuple(chosen)


@dataclass
class Room:
    """What was built, with the acts of its people at hand; `at` says when they act."""

    session: Session
    settings: Settings
    now: datetime
    competition: Competition
    post: Post
    people: dict[Role, RoleAssignment] = field(default_factory=dict)
    candidacies: list[Candidacy] = field(default_factory=list)
    sitting: Sitting = field(init=False)
    paper: Paper = field(init=False)
    signer: LogSigner | None = None

    def ctx(self, actor: Actor | Role | Candidacy | None = None, *, at: datetime | None = None) -> ServiceContext:
        """A context at an instant, a second factor just shown: of the system, of a role holder, or of a candidate."""
        who = Actor()
        if isinstance(actor, Role):
            held = self.people[actor]
            who = Actor(
                account_id=held.account_id,
                role=actor,
                assignment_id=held.id,
                pseudonym=held.pseudonym,
                competition_id=self.competition.id,
            )
        elif isinstance(actor, Candidacy):
            who = Actor(account_id=actor.account_id, role=Role.CANDIDATE, candidacy_id=actor.id)
        elif actor is not None:
            who = actor
        now = at or self.now
        return ServiceContext(
            session=self.session, now=now, actor=who, settings=self.settings, signer=self.signer, factor_at=now
        )

    def attempt(self, place: int = 0) -> Attempt:
        """The attempt of a candidate, read anew."""
        return self.session.scalars(
            select(Attempt)
            .where(Attempt.candidacy_id == self.candidacies[place].id)
            .execution_options(populate_existing=True)
        ).one()

    def opened(self, *, at: datetime | None = None) -> None:
        """The paper is opened by the chair (the draw of the version is not under test here)."""
        self.paper.state = PaperState.OPENED
        self.paper.opened_at = at or self.now
        self.competition.state = CompetitionState.WRITTEN
        self.session.flush()

    def started(self) -> datetime:
        """The sitting runs; gives back the instant of the start."""
        self.opened()
        starts_at = self.sitting.starts_at
        start_sitting(self.ctx(at=starts_at), self.sitting.id)
        return starts_at


def make_room(
    session: Session,
    now: datetime,
    *,
    settings: Settings,
    candidates: int = 3,
    rows: int = 2,
    columns: int = 3,
    code: str = "VH-2026-01",
    starts_in: timedelta = timedelta(minutes=30),
    password_hash: str = "-",
    sittings: int = 1,
    essays: int = KINDS[QuestionKind.ESSAY],
) -> Room:
    """A rostered competition with one post and one sitting (or several alike); papers sealed, nobody checked in."""
    body = Body(code=f"SNV-{code}", name="Sở Nội vụ Lam Hải", name_en="Home Affairs", level=DelegationLevel.DEPARTMENT)
    session.add(body)
    session.flush()
    competition = Competition(
        code=code,
        title="Thi tuyển trưởng phòng, phó trưởng phòng 2026",
        title_en="Selection of heads of section 2026",
        body_id=body.id,
        state=CompetitionState.ROSTERED,
        number_prefix=code[-3:].strip("-") + "N",
        ruleset_toml=drawn_at_once(ruleset_to_toml(get_preset("hai-phong-pilot"))),
        created_at=now,
        announced_at=now,
    )
    session.add(competition)
    session.flush()
    open_log(session, competition.code, competition_id=competition.id)
    post = Post(
        competition_id=competition.id,
        code="P1",
        title="Trưởng phòng Tổ chức",
        title_en="Head of Organisation",
        unit="Sở Nội vụ",
        managed_by=DelegationLevel.DEPARTMENT,
    )
    session.add(post)
    session.flush()
    room = Room(session=session, settings=settings, now=now, competition=competition, post=post)
    for role, pseudonym in ((Role.ORGANISER, "T01"), (Role.CHAIR, "C01"), (Role.INVIGILATOR, "V01")):
        account = add_account(session, now, f"{role.value}-{code}", role.value, password_hash)
        room.people[role] = add_role(session, now, competition, account, role=role, pseudonym=pseudonym)
    for number in range(1, candidates + 1):
        room.candidacies.append(_candidacy(session, now, room, number, password_hash))
    room.paper = _paper(session, now, room, essays=essays)
    organiser = replace(room.ctx(Role.ORGANISER))
    room.sitting = schedule_sitting(
        organiser,
        competition,
        code="CA1",
        room="02",
        rows=rows,
        columns=columns,
        starts_at=now + starts_in,
        invigilators=[room.people[Role.INVIGILATOR]],
    )
    for number in range(2, sittings + 1):
        schedule_sitting(
            organiser,
            competition,
            code=f"CA{number}",
            room=f"{number + 1:02d}",
            rows=rows,
            columns=columns,
            starts_at=now + starts_in,
            invigilators=[room.people[Role.INVIGILATOR]],
        )
    seated = assign_seats(organiser, competition)
    record_rehearsal(organiser, competition, head_count=max(1, seated), source="test", figures={})
    return room


def add_person(room: Room, role: Role, pseudonym: str, *, watches: bool = True) -> Actor:
    """One more holder of a role; an invigilator watches the room unless told otherwise."""
    session, competition = room.session, room.competition
    account = add_account(session, room.now, f"{role.value}-{pseudonym}-{competition.code}", pseudonym)
    held = add_role(session, room.now, competition, account, role=role, pseudonym=pseudonym)
    if role is Role.INVIGILATOR and watches:
        room.session.add(SittingInvigilator(sitting_id=room.sitting.id, assignment_id=held.id))
        room.session.flush()
    return Actor(
        account_id=account.id,
        role=role,
        assignment_id=held.id,
        pseudonym=pseudonym,
        competition_id=room.competition.id,
    )


def _candidacy(session: Session, now: datetime, room: Room, number: int, password_hash: str) -> Candidacy:
    name = NAMES[(number - 1) % len(NAMES)]
    code = room.competition.code
    account = add_account(session, now, f"hs-{code.lower()}-{number:03d}", name, password_hash)
    candidacy = Candidacy(
        competition_id=room.competition.id,
        post_id=room.post.id,
        account_id=account.id,
        state=CandidacyState.ELIGIBLE,
        application_code=f"HS-{code}-{number:03d}",
        candidate_number=f"{room.competition.number_prefix}{number:03d}",
        public_code=f"K{number:02d}X{number % 7}",
        full_name=name,
        born_on=date(1985, 3, number % 28 + 1),
        identity_number=f"0310850{number:05d}",
        unit="Phòng Hành chính",
        position_title="Chuyên viên chính",
        created_at=now,
        decided_at=now,
    )
    session.add(candidacy)
    session.flush()
    return candidacy


def _paper(session: Session, now: datetime, room: Room, *, essays: int) -> Paper:
    mark_step = score("2.50")
    frozen = make_paper(
        paper_questions(essays=essays),
        post=room.post.code,
        version=1,
        minutes=180,
        objective_points=score("2.00"),
        mark_step=mark_step,
    )
    data = paper_to_data(frozen, mark_step=mark_step)
    paper = Paper(
        competition_id=room.competition.id,
        post_id=room.post.id,
        version=1,
        code=frozen.code,
        state=PaperState.SEALED,
        data=data,
        paper_sha256=paper_sha256(data),
        drawn_at=now,
        sealed_at=now,
    )
    session.add(paper)
    session.flush()
    return paper


def approve_adjustments(room: Room, wanted: Adjustments, *, place: int = 0) -> None:
    """What a candidate needs in the room, asked for by the organiser and approved by the chair."""
    code = room.candidacies[place].application_code
    asked = ask_adjustments(
        room.ctx(Role.ORGANISER), room.competition, code, wanted=wanted, reason="giấy xác nhận của bệnh viện"
    )
    decide_adjustments(room.ctx(Role.CHAIR), room.competition, asked.id, approve=True, reason="đúng giấy tờ")


def read_state(ctx: ServiceContext, token: str) -> AttemptView:
    """Where the attempt behind a token stands, as its page is told."""
    assert ctx.settings is not None
    clock, _held = read_clock_of(ctx.session.connection(), attempt_of_token(ctx.settings, token))
    return view_of(clock, ctx.now)


def shows_points_at_once(competition: Competition) -> None:
    """Change the rule set in one figure: objective points are told, and signed in the room, at once."""
    changed = replace(ruleset_of(competition), show_objective_score_at_once=True)
    competition.ruleset_toml = ruleset_to_toml(changed)
