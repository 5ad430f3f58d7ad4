"""A marking board: a written test that is over, with keeper, head and markers, up to locked marks of chosen totals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.attempts import AttemptState
from examsite.domain.events import Event
from examsite.domain.papers import paper_from_data
from examsite.domain.permissions import PSEUDONYM_LETTERS, Role
from examsite.domain.rubrics import Rubric
from examsite.domain.scores import Score, score
from examsite.domain.sittings import SittingState
from examsite.domain.split_keys import KeyPurpose
from examsite.services.allocations import draw_allocation
from examsite.services.codes import draw_script_codes, open_codes, seal_codes
from examsite.services.context import Actor, ServiceContext
from examsite.services.marking import lock_mark, save_draft
from examsite.services.records import record
from examsite.services.redactions import look_through
from examsite.services.settling import note_discussion
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.marking import Allocation, Mark, Script
from examsite.storage.models.sittings import AnswerVersion
from examsite.storage.queries.sittings import list_sittings
from tests.factories.code_maps import code_sheets, codes_key, owners
from tests.factories.people import add_account, add_role, declares_nobody
from tests.factories.sittings import Room, make_room
from tests.factories.split_keys import make_split_key

ESSAYS = (
    "Trước hết, tôi tách hai việc đang bị gộp làm một: tiến độ chậm và mâu thuẫn giữa hai chuyên viên. "
    "Nếu chỉ hòa giải mà không sửa cách giao việc thì mâu thuẫn sẽ quay lại ở nhiệm vụ sau.\n\n"
    "Về tiến độ, tôi rà lại bảng phân công: ai chịu trách nhiệm chính, ai phối hợp, sản phẩm nào, hạn nào.",
    "Việc điều chuyển không thuộc thẩm quyền trưởng phòng. Tôi đề xuất hai phương án: giữ nguyên nhóm và đổi người "
    "chủ trì, hoặc chuyển một phần việc sang bộ phận tổng hợp; nêu rõ được, mất của mỗi phương án.\n\n"
    "Sau một tháng tôi đánh giá lại.",
)


#: Boards have pilot scripts only where a test is about them.
NO_SEEDS = "Kỳ này không có bài chấm thử."


@dataclass
class Board:
    """What was built, with the acts of its people at hand."""

    room: Room
    markers: list[RoleAssignment] = field(default_factory=list)

    @property
    def sheets(self) -> list[str]:
        """The words of two sheets of the key of the codes, which are enough."""
        return code_sheets()

    @property
    def session(self) -> Session:
        return self.room.session

    @property
    def competition(self):  # type: ignore[no-untyped-def]
        return self.room.competition

    @property
    def rubric(self) -> Rubric:
        return paper_from_data(self.room.paper.data).rubric

    def codes(self) -> list[str]:
        """The codes of all scripts, in order."""
        return list(self.session.scalars(select(Script.code).order_by(Script.code)))

    def script(self, code: str) -> Script:
        """A script as it stands now."""
        statement = select(Script).where(Script.code == code).execution_options(populate_existing=True)
        return self.session.scalars(statement).one()

    def ctx(self, who: Role | RoleAssignment | None = None, *, at: datetime | None = None) -> ServiceContext:
        """A context of the system, of the one holder of a role, or of a marker."""
        if not isinstance(who, RoleAssignment):
            return self.room.ctx(who, at=at)
        actor = Actor(
            account_id=who.account_id,
            role=who.role,
            assignment_id=who.id,
            pseudonym=who.pseudonym,
            competition_id=self.competition.id,
        )
        return self.room.ctx(actor, at=at)

    def sealed(self) -> list[Script]:
        """Scripts looked through, codes drawn and sealed: marking has begun."""
        look_through(self.ctx(Role.KEEPER), self.competition)
        draw_script_codes(self.ctx(Role.CHAIR), self.competition)
        return seal_codes(self.ctx(Role.KEEPER), self.competition)

    def codes_opened(self) -> None:
        """The holders of the key of the codes open the map with the chair."""
        open_codes(self.ctx(Role.CHAIR), self.competition, words=self.sheets)

    def allocated(self) -> list[Script]:
        """Codes sealed and scripts given to their markers."""
        scripts = self.sealed()
        draw_allocation(self.ctx(Role.CHAIR), self.competition, without_seeds=NO_SEEDS)
        return scripts

    def pair(self, code: str, *, round_number: int = 1) -> list[RoleAssignment]:
        """The markers of a script in a round, by pseudonym."""
        return list(
            self.session.scalars(
                select(RoleAssignment)
                .join(Allocation, Allocation.assignment_id == RoleAssignment.id)
                .join(Script, Script.id == Allocation.script_id)
                .where(Script.code == code, Allocation.round == round_number)
                .order_by(RoleAssignment.pseudonym)
            )
        )

    def points(self, total: str | Score) -> dict[str, Score]:
        """Points per criterion that sum up to the total, filled from the first criterion on."""
        left = score(total)
        found = {}
        for criterion in self.rubric.human:
            found[criterion.criterion] = min(left, criterion.maximum)
            left -= found[criterion.criterion]
        assert left == 0, f"{total} cannot be given"
        return found

    def lock(self, marker: RoleAssignment, code: str, total: str) -> Mark:
        """A marker fills in and locks."""
        ctx = self.ctx(marker)
        points = self.points(total)
        draft = save_draft(ctx, self.competition, code, revision=0, points=points, comments={"": "Đã đọc kỹ."})
        return lock_mark(ctx, self.competition, code, revision=draft.revision)

    def lock_pair(self, code: str, totals: Sequence[str]) -> None:
        """Both markers of a script lock."""
        for marker, total in zip(self.pair(code), totals, strict=True):
            self.lock(marker, code, total)

    def talked(self, code: str) -> None:
        """The head writes down a talk with both markers."""
        note_discussion(self.ctx(Role.MARKING_HEAD), self.competition, code, text="Đã trao đổi với cả hai người chấm.")

    def owners(self) -> dict[str, int]:
        """Whose script each is, as a candidacy by code, which only a test may ask."""
        return owners(self.session, self.competition.id, self.sheets)

    def candidate_of(self, code: str) -> int:
        """Place of the candidate behind a script, which only a test may ask."""
        return [row.id for row in self.room.candidacies].index(self.owners()[code])


def hold_codes_key(board: Board, password_hash: str = "-") -> None:
    """The chair and two supervisors hold the key to which the code map is closed."""
    letter = PSEUDONYM_LETTERS[Role.SUPERVISOR]
    holders = [board.room.people[Role.CHAIR]]
    holders += [assigned(board, Role.SUPERVISOR, f"{letter}{number}", password_hash) for number in (88, 89)]
    make_split_key(board.ctx(Role.CHAIR), board.competition, KeyPurpose.CODES, made=codes_key(), holders=holders)


def make_board(
    session: Session,
    now: datetime,
    *,
    settings: Settings,
    candidates: int = 4,
    absent: int = 0,
    markers: int = 3,
    right: int = 10,
    essays: Sequence[str] = ESSAYS,
    code: str = "VH-2026-01",
    password_hash: str = "-",
    sittings: int = 1,
) -> Board:
    """Sittings closed and signed; each present candidate has `right` objective questions right (2 points each)."""
    room = make_room(
        session,
        now,
        settings=settings,
        candidates=candidates,
        rows=4,
        columns=5,
        code=code,
        password_hash=password_hash,
        sittings=sittings,
        essays=max(len(essays), len(ESSAYS)),
    )
    board = Board(room)
    for role, pseudonym in ((Role.KEEPER, "K01"), (Role.MARKING_HEAD, "H01"), (Role.SETTER, "D01")):
        room.people[role] = assigned(board, role, pseudonym, password_hash)
    for number in range(1, markers + 1):
        board.markers.append(
            assigned(board, Role.MARKER, f"{PSEUDONYM_LETTERS[Role.MARKER]}{number:02d}", password_hash)
        )
    hold_codes_key(board, password_hash)
    room.opened()
    closed_at = now + timedelta(hours=4)
    for sitting in list_sittings(session, room.competition.id):
        sitting.state = SittingState.CLOSED
        sitting.started_at = now
        sitting.closed_at = closed_at
        sitting.attendance_signed_at = closed_at
    for place in range(candidates):
        attempt = room.attempt(place)
        attempt.paper_id = room.paper.id
        if place < absent:
            attempt.state = AttemptState.ABSENT
            continue
        attempt.state = AttemptState.HANDED_IN
        attempt.handed_in_at = closed_at
        objective = [criterion.criterion for criterion in board.rubric.system]
        attempt.objective_points = {name: "2.00" if number < right else "0.00" for number, name in enumerate(objective)}
        attempt.objective_total = Decimal(2 * right)
        for number, text in enumerate(essays, start=1):
            item = f"E{number}"
            content = json.dumps(text.replace("{n}", str(place)), ensure_ascii=False)
            session.add(
                AnswerVersion(attempt_id=attempt.id, item=item, epoch=1, number=1, content=content, received_at=now)
            )
        answers = [
            {"item": f"E{number}", "content": text.replace("{n}", str(place))}
            for number, text in enumerate(essays, start=1)
        ]
        payload = {"candidate": str(room.candidacies[place].public_code), "answers": answers}
        subject = f"sitting/{room.sitting.code}"
        attempt.record_seq = record(
            room.ctx(), room.competition, Event.ANSWERS_SUBMITTED, subject, payload, actor="candidate"
        )
    session.flush()
    return board


def assigned(board: Board, role: Role, pseudonym: str, password_hash: str = "-") -> RoleAssignment:
    """A person of the competition; markers and their head have declared that they know nobody."""
    room = board.room
    session, competition = room.session, room.competition
    login = f"{pseudonym}-{competition.code}"
    account = add_account(session, room.now, login, f"Cán bộ {pseudonym}", password_hash)
    held = add_role(session, room.now, competition, account, role=role, pseudonym=pseudonym)
    if role in (Role.MARKER, Role.MARKING_HEAD):
        declares_nobody(session, room.now, competition, held)
    return held
