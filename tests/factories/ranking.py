"""A competition whose defences are over: every way through the ladder, a tie, a deduction, absent, failed and void.

The written part is marked through the services; proposals and sheets of the panel are rows with their records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.competitions import CompetitionState
from examsite.domain.dossiers import UploadKind
from examsite.domain.draw_ceremonies import DrawKind
from examsite.domain.events import Event
from examsite.domain.marking import MarkState
from examsite.domain.panels import DefenceState
from examsite.domain.permissions import PSEUDONYM_LETTERS, Role
from examsite.domain.publication import Decision
from examsite.domain.questions import Text
from examsite.domain.rubrics import Rubric, RubricCriterion, points_data, rubric_to_snapshot
from examsite.domain.scores import Score, mean_score, score, score_text
from examsite.domain.sittings import IncidentState
from examsite.services.allocations import allocate_third
from examsite.services.checkpoints import load_signer
from examsite.services.codes import open_codes
from examsite.services.context import LogSigner, ServiceContext
from examsite.services.draws import draw
from examsite.services.findings import note_findings_seen
from examsite.services.merging import close_appeals, publish_written
from examsite.services.publication import sign_result
from examsite.services.records import record
from examsite.storage.models.accounts import Account, RoleAssignment
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.models.dossiers import Upload
from examsite.storage.models.marking import Mark, Settlement
from examsite.storage.models.proposals import Defence, ProposalVersion
from examsite.storage.models.ranking import ResultVersion, Signature
from examsite.storage.models.sittings import Incident
from tests.factories.appeals import appeal_and_remark
from tests.factories.marking import Board, make_board
from tests.factories.people import add_account, add_role

#: One name per place; nobody but the person selected may ever be read in public.
NAMES = (
    "Vắng Thi Viết Sơn",
    "Trần Minh Khuê",
    "Ngô Thị Diệu Hiền",
    "Đồng Hạng Bích Thủy",
    "Đồng Hạng Anh Tuấn",
    "Lê Khiển Trách Dũng",
    "Phạm Chưa Đạt Vân",
    "Hoàng Đình Chỉ Long",
    "Bùi Không Nộp Hải",
    "Vũ Bảo Vệ Thấp Yến",
)
COUNCIL_NAMES = ("Vũ Đình Khôi", "Phạm Thu Lam", "Nguyễn Hoài An", "Đặng Mỹ Uyên", "Hoàng Gia Nhiên")

#: What the two markers give, and the third where their marks lie far apart; the system adds 20 to each.
ESSAYS: dict[int, tuple[str, ...]] = {
    1: ("50.00", "55.00"),
    2: ("40.00", "55.00", "55.00"),
    3: ("45.00", "45.00"),
    4: ("45.00", "45.00"),
    5: ("50.00", "50.00"),
    6: ("20.00", "20.00"),
    7: ("50.00", "52.50"),
    8: ("40.00", "40.00"),
    9: ("40.00", "42.50"),
}
#: What the members of the panel give; the second lies 13 apart, so that the head decides.
SHEETS: dict[int, tuple[int, ...]] = {
    1: (84, 87, 85),
    2: (75, 88, 84),
    3: (78, 80, 82),
    4: (80, 80, 80),
    5: (90, 92, 94),
    9: (40, 42, 44),
}
DECIDED = {2: score("82.00")}
DEDUCTED_PLACE, VOID_PLACE, WINNER_PLACE = 5, 7, 1


@dataclass
class Stage:
    """What was built, with its people at hand."""

    board: Board
    council: list[RoleAssignment] = field(default_factory=list)
    panel: list[RoleAssignment] = field(default_factory=list)
    authority: RoleAssignment = field(init=False)

    @property
    def session(self) -> Session:
        return self.board.session

    @property
    def competition(self) -> Competition:
        return self.board.room.competition

    @property
    def post(self) -> Post:
        return self.board.room.post

    def code(self, place: int) -> str:
        """The public code of a candidate."""
        return str(self.board.room.candidacies[place].public_code)

    def ctx(self, who: Role | RoleAssignment | None = None, *, at: datetime | None = None) -> ServiceContext:
        return self.board.ctx(who, at=at or self.at)

    def signs(
        self, who: RoleAssignment, version: ResultVersion, decision: Decision = Decision.AGREED, **named: Any
    ) -> Signature:
        """Read the report, then say yes or no to the version."""
        report = "0" * 64
        note_findings_seen(self.ctx(who), self.competition, findings_sha256=report, shown_sha256=report)
        values = {"sha_tail": version.sha256[-4:], **named}
        return sign_result(self.ctx(who), self.competition, version.number, decision=decision, **values)

    @property
    def at(self) -> datetime:
        """When the acts on the result happen."""
        return self.board.room.now + timedelta(days=30)


def defence_rubric(post: str) -> Rubric:
    rows = (("D1", 40, "Nội dung đề án"), ("D2", 30, "Tính khả thi"), ("D3", 10, "Trình bày"), ("D4", 20, "Trả lời"))
    return Rubric(
        "defence",
        post,
        None,
        tuple(
            RubricCriterion(name, Decimal(f"{most}.00"), score("1.00"), system=False, text=Text(words, words))
            for name, most, words in rows
        ),
    )


def known_signer(settings: Settings) -> LogSigner:
    """The signer of an installation whose key every test knows, so that one test can take up what another signed."""
    settings.log_key_path.write_bytes(bytes(range(32)))
    settings.log_key_path.chmod(0o600)
    return load_signer(settings)


def make_stage(
    session: Session,
    now: datetime,
    *,
    settings: Settings,
    vacancies: int = 1,
    code: str = "VH-2026-01",
    password_hash: str = "-",
    signer: LogSigner | None = None,
    appeals: Mapping[int, Sequence[str]] | None = None,
    draws_order: bool = False,
) -> Stage:
    """A competition at the gate of the ranking: ten candidates, one post, five on the council.

    `appeals` are re-marks by place of the candidate who asked for them; the chair decides on the mean where it is due.
    With `draws_order` the draw of who defends when stands on record.
    """
    board = make_board(
        session, now, settings=settings, candidates=len(NAMES), absent=1, code=code, password_hash=password_hash
    )
    board.room.signer = signer
    stage = Stage(board)
    for name, candidacy in zip(NAMES, board.room.candidacies, strict=True):
        candidacy.full_name = name
    post = stage.post
    post.vacancies = vacancies
    post.defence_rubric = rubric_to_snapshot(defence_rubric(post.code))
    chair = board.room.people[Role.CHAIR]
    session.get_one(Account, chair.account_id).display_name = COUNCIL_NAMES[0]
    stage.council = [chair] + [
        hold(stage, Role.COUNCIL_MEMBER, number, name, password_hash)
        for number, name in enumerate(COUNCIL_NAMES[1:], start=2)
    ]
    stage.panel = [hold(stage, Role.PANELLIST, number, f"Giám khảo {number}", password_hash) for number in (1, 2, 3)]
    board.room.people[Role.PANEL_HEAD] = hold(stage, Role.PANEL_HEAD, 1, "Trưởng ban đề án", password_hash)
    stage.authority = hold(stage, Role.AUTHORITY, 1, "Lưu Quốc Trấn", password_hash)
    board.room.people[Role.AUTHORITY] = stage.authority
    _mark_written(stage, appeals or {})
    if draws_order:
        draw(stage.ctx(Role.CHAIR), stage.competition, DrawKind.PRESENTATION_ORDER, [stage.code(one) for one in SHEETS])
    hold_defences(stage)
    session.flush()
    return stage


def hold(stage: Stage, role: Role, number: int, name: str, password_hash: str) -> RoleAssignment:
    """A person of the competition; the login is the pseudonym, e.g. c02-vh-2026-01."""
    pseudonym = f"{PSEUDONYM_LETTERS[role]}{number:02d}"
    now = stage.board.room.now
    account = add_account(stage.session, now, f"{pseudonym}-{stage.competition.code}", name, password_hash)
    return add_role(stage.session, now, stage.competition, account, role=role, pseudonym=pseudonym)


def _incident(stage: Stage, place: int, measure: str, *, percent: Score | None, void: bool) -> None:
    room = stage.board.room
    chair = room.people[Role.CHAIR]
    payload = {
        "candidate": stage.code(place),
        "part": "written",
        "measure": measure,
        "percent": None if percent is None else score_text(percent),
        "void": void,
    }
    seq = record(
        stage.board.ctx(Role.CHAIR),
        stage.competition,
        Event.INCIDENT_DECIDED,
        f"sitting/{room.sitting.code}",
        payload,
    )
    stage.session.add(
        Incident(
            sitting_id=room.sitting.id,
            candidacy_id=room.candidacies[place].id,
            state=IncidentState.DECIDED,
            measure=measure,
            minutes="Trao đổi bài.",
            recorded_at=room.now,
            recorded_by_id=chair.account_id,
            percent=percent,
            void=void,
            decided_at=room.now,
            decided_by_id=chair.account_id,
            record_seq=seq,
        )
    )
    stage.session.flush()


def _mark_written(stage: Stage, appeals: Mapping[int, Sequence[str]]) -> None:
    board, competition = stage.board, stage.competition
    _incident(stage, DEDUCTED_PLACE, "reprimand", percent=score("25.00"), void=False)
    _incident(stage, VOID_PLACE, "suspension", percent=None, void=True)
    for script in board.allocated():
        first, second, *third = ESSAYS[board.candidate_of(script.code)]
        board.lock_pair(script.code, (first, second))
        for total in third:
            allocate_third(board.ctx(Role.MARKING_HEAD), competition, script.code)
            (marker,) = board.pair(script.code, round_number=2)
            board.lock(marker, script.code, total)
    open_codes(board.ctx(Role.CHAIR), competition, words=board.sheets)
    publish_written(board.ctx(Role.ORGANISER), competition)
    after = appeal_and_remark(board, appeals)
    close_appeals(board.ctx(Role.ORGANISER, at=after), competition)


def hold_defences(stage: Stage) -> None:
    """Proposals, and sheets of the panel that are locked and settled, for everyone in `SHEETS`."""
    session, competition, room = stage.session, stage.competition, stage.board.room
    competition.state = CompetitionState.DEFENCE
    for position, (place, totals) in enumerate(SHEETS.items(), start=1):
        candidacy = room.candidacies[place]
        upload = Upload(
            sha256=f"{place:064x}",
            size_bytes=1,
            kind=UploadKind.PDF,
            original_name="de-an.pdf",
            uploaded_at=room.now,
            uploaded_by_id=candidacy.account_id,
        )
        session.add(upload)
        session.flush()
        session.add(
            ProposalVersion(
                candidacy_id=candidacy.id,
                number=1,
                title="Đề án",
                upload_id=upload.id,
                uploaded_at=room.now,
                locked_at=room.now,
            )
        )
        settled = DECIDED.get(place, mean_score(score(total) for total in totals))
        defence = Defence(
            competition_id=competition.id,
            candidacy_id=candidacy.id,
            position=position,
            state=DefenceState.SETTLED,
            score=settled,
            step="head" if place in DECIDED else "mean",
            revealed_at=room.now,
        )
        session.add(defence)
        session.flush()
        subject = f"defence/{stage.code(place)}"
        for member, total in zip(stage.panel, totals, strict=True):
            _lock_sheet(stage, member, defence, subject, score(total))
        if place in DECIDED:
            head = room.people[Role.PANEL_HEAD]
            payload = {"part": "defence", "step": "head", "score": score_text(settled), "reason": "Đã trao đổi."}
            seq = record(stage.ctx(Role.PANEL_HEAD), competition, Event.SETTLEMENT_DECIDED, subject, payload)
            session.add(
                Settlement(
                    defence_id=defence.id,
                    step="head",
                    score=settled,
                    reason="Đã trao đổi.",
                    assignment_id=head.id,
                    decided_at=room.now,
                    record_seq=seq,
                )
            )
    attendance = {"part": "defence", "absent": [stage.code(8)]}
    record(stage.ctx(Role.INVIGILATOR), competition, Event.ATTENDANCE_RECORDED, "session/DEFENCE", attendance)


def _lock_sheet(stage: Stage, member: RoleAssignment, defence: Defence, subject: str, total: Score) -> None:
    left, points = total, {}
    for criterion in defence_rubric(stage.post.code).criteria:
        points[criterion.criterion] = min(left, criterion.maximum)
        left -= points[criterion.criterion]
    payload = {
        "part": "defence",
        "round": 1,
        "content": None,
        "points": points_data(points),
        "total": score_text(total),
    }
    seq = record(stage.ctx(member), stage.competition, Event.MARK_LOCKED, subject, payload)
    stage.session.add(
        Mark(
            defence_id=defence.id,
            assignment_id=member.id,
            round=1,
            state=MarkState.LOCKED,
            points=points_data(points),
            total=total,
            updated_at=stage.at,
            locked_at=stage.at,
            record_seq=seq,
        )
    )
