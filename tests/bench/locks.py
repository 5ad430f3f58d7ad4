"""`python -m tests.bench.locks`: for how long each act of a large competition keeps everybody else from writing.

One competition on a database of its own goes from the list of candidates to the erasure, as pages and closer do it.
Beside each act somebody else writes every few milliseconds, as the saves of another room do. For each act: how long it
took, the longest time that one of its transactions was open for writing (and how much of a processor that one used),
and the longest that the other one waited. A wait over the limit ends with 1.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, Table, event, insert, select, update

from examsite.config import load_settings
from examsite.domain.attempts import AttemptState
from examsite.domain.bundles import Audience
from examsite.domain.candidate_import import COLUMNS
from examsite.domain.competitions import CompetitionState
from examsite.domain.dossiers import CandidacyState
from examsite.domain.items import Ruling
from examsite.domain.permissions import PSEUDONYM_LETTERS, Role
from examsite.domain.rubrics import rubric_to_snapshot
from examsite.services import codes
from examsite.services.allocations import draw_allocation
from examsite.services.backups import make_backup
from examsite.services.bundles import keep_bundle
from examsite.services.candidacies import fix_roster, issue_passwords
from examsite.services.candidate_imports import import_candidates, keep_list
from examsite.services.checkpoints import load_signer, sign_checkpoint
from examsite.services.context import Actor, ServiceContext
from examsite.services.erasure import ask_erasure, erase_people, finish_erasures
from examsite.services.erasure_plans import read_erasure
from examsite.services.invigilation import check_in, sign_attendance, sign_objective_results
from examsite.services.items import agree_ruling, propose_ruling
from examsite.services.merging import close_appeals, publish_written
from examsite.services.publication import publish_result
from examsite.services.ranking import compute_result
from examsite.services.redactions import look_through, search_scripts
from examsite.services.sittings import close_overdue_in, start_sitting
from examsite.storage.database import open_engine, reading, upgrade, writing, writing_plainly
from examsite.storage.models.accounts import Account
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.sittings import AnswerVersion, Attempt, Sitting
from examsite.storage.queries.competitions import get_competition
from examsite.storage.queries.items import list_paper_items
from examsite.storage.row_seals import with_seals
from tests import databases
from tests.bench.installation import COLUMNS as SEAT_COLUMNS
from tests.bench.installation import ROWS as SEAT_ROWS
from tests.factories.competitions import Plan, make_receiving
from tests.factories.marking import NO_SEEDS, Board, assigned, hold_codes_key
from tests.factories.ranking import COUNCIL_NAMES, Stage, defence_rubric, hold, hold_defences
from tests.factories.sittings import make_room, shows_points_at_once

ActT = TypeVar("ActT")

CODE = "VH-2026-09"
#: The longest that an act may keep others from writing. Source: our choice, because a save that waits so long is sent
#: again. Unit: seconds.
AT_MOST = 3.0
#: How often the other one writes. Unit: seconds.
BESIDE_EVERY = 0.005
#: An essay grows by so much between two saves; a candidate stops at eight times this on average. Unit: letters.
TYPED = "Tôi rà lại bảng phân công: ai chịu trách nhiệm chính, ai phối hợp, sản phẩm nào, hạn nào. "
#: Who passes the written part: so many, and the others fail by far.
PASSING = 10
OVER_A_YEAR = timedelta(days=430)


@dataclass
class Locks:
    """When transactions that write were open on an engine."""

    engine: Engine
    #: Of each: how long, and how much of a processor it used meanwhile.
    held: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen from the lock that a transaction takes first to the connection's way back to the pool."""

        @event.listens_for(self.engine, "begin")
        def _begun(connection: Any) -> None:
            if connection.get_execution_options().get("writes"):
                connection.info["bench_began"] = time.perf_counter(), time.thread_time()

        @event.listens_for(self.engine, "checkin")
        def _ended(_connection: Any, record: Any) -> None:
            began = record.info.pop("bench_began", None)
            if began is not None:
                self.held.append((time.perf_counter() - began[0], time.thread_time() - began[1]))


@dataclass
class Figure:
    """What one act cost."""

    name: str
    seconds: float
    held: float
    #: Of the longest one: on a machine that does other things too, the act itself takes no longer than this.
    processor: float
    waited: float


@dataclass
class Bench:
    """The competition and the figures so far."""

    home: Path
    url: str | None
    candidates: int
    versions: int
    figures: list[Figure] = field(default_factory=list)

    def __post_init__(self) -> None:
        """An installation of its own."""
        environment = {"EXAMSITE_DATABASE_URL": self.url} if self.url else {}
        self.settings = load_settings(self.home / "instance", environ=environment)
        self.engine = open_engine(self.settings)
        self.beside = open_engine(self.settings)
        upgrade(self.engine)
        self.locks = Locks(self.engine)
        self.signer = load_signer(self.settings)

    def measure(self, name: str, act: Callable[[], ActT]) -> ActT:
        """Do an act while somebody else writes."""
        self.locks.held.clear()
        with self._somebody_beside() as waits:
            began = time.perf_counter()
            done = act()
            seconds = time.perf_counter() - began
        held, processor = max(self.locks.held, default=(0.0, 0.0))
        figure = Figure(name, seconds, held, processor, max(waits, default=0.0))
        self.figures.append(figure)
        told = f"held {held:6.2f} s (processor {processor:6.2f} s)  waited {figure.waited:6.2f} s"
        print(f"  {name:36} {seconds:7.2f} s  {told}", flush=True)
        return done

    @contextmanager
    def _somebody_beside(self) -> Iterator[list[float]]:
        over, waits = threading.Event(), list[float]()

        def write() -> None:
            while not over.wait(BESIDE_EVERY):
                began = time.perf_counter()
                with writing_plainly(self.beside) as connection:
                    connection.execute(update(Account).where(Account.id == 0).values(display_name=""))
                waits.append(time.perf_counter() - began)

        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        try:
            yield waits
        finally:
            over.set()
            thread.join()

    # ------------------------------------------------------------------------------------- before the room

    def prepare(self) -> None:
        """The list of candidates of a competition that is being planned."""
        with writing(self.engine) as session:
            plan = make_receiving(session, datetime(2026, 3, 2, 2, 0, tzinfo=UTC), code="VH-2026-01")
            token = keep_list(self._of(plan), self._list(), competition_id=plan.competition.id)

        def act(name: str, work: Callable[[ServiceContext, Plan], object]) -> None:
            def run() -> None:
                with writing(self.engine) as session:
                    plan.session, plan.competition = session, get_competition(session, "VH-2026-01")
                    work(self._of(plan), plan)

            self.measure(name, run)

        act("import the list of candidates", lambda ctx, plan: import_candidates(ctx, plan.competition, token))
        with writing(self.engine) as session:
            for row in session.scalars(select(Candidacy).where(Candidacy.competition_id == plan.competition.id)):
                row.state, row.decided_at = CandidacyState.ELIGIBLE, plan.now
            get_competition(session, "VH-2026-01").state = CompetitionState.VETTING
        act("fix the roster", lambda ctx, plan: fix_roster(ctx, plan.competition))
        with reading(self.engine) as session:
            keys = session.scalars(select(Candidacy.id).where(Candidacy.competition_id == plan.competition.id)).all()
        hashes = dict.fromkeys(keys, "-")
        act("issue passwords", lambda ctx, plan: issue_passwords(ctx, plan.competition, hashes))

    def _of(self, plan: Plan) -> ServiceContext:
        ctx = plan.ctx(at=plan.now)
        return ServiceContext(
            session=plan.session,
            now=ctx.now,
            actor=ctx.actor,
            settings=self.settings,
            signer=self.signer,
            factor_at=ctx.now,
        )

    def _list(self) -> io.BytesIO:
        lines = [",".join(names[0] for names in COLUMNS.values())]
        for number in range(self.candidates):
            person = f"Trần Quốc {_letters(number)},05/09/1985,0310850{number:05d}"
            lines.append(f"{person},Sở Nội vụ,Chuyên viên,P{1 + number % 2},,,Vĩnh Bảo")
        return io.BytesIO("\n".join(lines).encode() + b"\n")

    # ------------------------------------------------------------------------------------------- the room

    def sit(self) -> None:
        """A written test from the seats to the signed lists."""
        now = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
        rooms = -(-self.candidates // (SEAT_ROWS * SEAT_COLUMNS))
        with writing(self.engine) as session:
            room = make_room(
                session,
                now,
                settings=self.settings,
                candidates=self.candidates,
                rows=SEAT_ROWS,
                columns=SEAT_COLUMNS,
                sittings=rooms,
                code=CODE,
            )
            shows_points_at_once(room.competition)
            room.signer = self.signer
            self.board = Board(room)
            for role, pseudonym in ((Role.KEEPER, "K01"), (Role.MARKING_HEAD, "H01"), (Role.SETTER, "D01")):
                room.people[role] = assigned(self.board, role, pseudonym)
            letter = PSEUDONYM_LETTERS[Role.MARKER]
            self.board.markers = [assigned(self.board, Role.MARKER, f"{letter}{number:02d}") for number in range(1, 5)]
            hold_codes_key(self.board)
            room.opened()
            sittings = session.scalars(
                select(Sitting.id).where(Sitting.competition_id == room.competition.id).order_by(Sitting.id)
            ).all()
            for sitting in session.scalars(select(Sitting).where(Sitting.id.in_(sittings))).all():
                for seat in session.scalars(select(Attempt.seat).where(Attempt.sitting_id == sitting.id)).all():
                    check_in(room.ctx(Role.INVIGILATOR), room.competition, sitting, seat=seat)
        starts_at = now + timedelta(minutes=30)
        over = starts_at + timedelta(minutes=room.sitting.duration_minutes, seconds=120)
        self.now = now

        def start() -> None:
            for key in sittings:
                self.write(lambda _board, key=key: start_sitting(room.ctx(at=starts_at), key))

        self.measure(f"start {rooms} rooms", start)
        self._type(starts_at)

        def close() -> None:
            for key in sittings:
                while self.write(lambda _board, key=key: close_overdue_in(room.ctx(at=over), key)):
                    pass

        self.measure(f"close {rooms} rooms", close)

        def sign() -> None:
            for key in sittings:

                def both(board: Board, key: int = key) -> None:
                    sitting = board.session.get_one(Sitting, key)
                    ctx = room.ctx(Role.INVIGILATOR, at=over)
                    sign_attendance(ctx, room.competition, sitting)
                    sign_objective_results(ctx, room.competition, sitting)

                self.write(both)

        self.measure("sign attendance and results", sign)

    def _type(self, at: datetime) -> None:
        """What everybody wrote: essays that grow from save to save."""
        with writing(self.engine) as session:
            table: Table = AnswerVersion.__table__  # type: ignore[assignment]
            attempts = session.scalars(select(Attempt.id).where(Attempt.state == AttemptState.OPEN)).all()
            for start in range(0, len(attempts), 50):
                rows = []
                for attempt in attempts[start : start + 50]:
                    for number in range(1, self.versions + 1):
                        text = f"Bài của {attempt}. " + TYPED * (1 + number * 16 // self.versions)
                        rows.append(
                            {
                                "attempt_id": attempt,
                                "item": f"E{1 + number % 2}",
                                "epoch": 1,
                                "number": number,
                                "content": json.dumps(text, ensure_ascii=False),
                                "received_at": at + timedelta(seconds=number),
                                "set_aside": False,
                                "by_file": False,
                            }
                        )
                if rows:
                    session.execute(insert(table), with_seals(session.connection(), table, rows))

    def write(self, act: Callable[[Board], ActT]) -> ActT:
        """One act in a transaction of its own, as `@writes` makes it."""
        room = self.board.room
        with writing(self.engine) as session:
            room.session, room.competition = session, get_competition(session, CODE)
            return act(self.board)

    def read(self, act: Callable[[Board], ActT]) -> ActT:
        """What a page reads before it writes."""
        room = self.board.room
        with reading(self.engine) as session:
            room.session, room.competition = session, get_competition(session, CODE)
            return act(self.board)

    # ------------------------------------------------------------------------------------------- marking

    def mark(self) -> None:
        """From the search for names to the published written results."""
        keeper, chair, organiser = Role.KEEPER, Role.CHAIR, Role.ORGANISER
        at = self.now + timedelta(days=1)

        def look() -> None:
            searched = self.read(lambda board: search_scripts(board.ctx(keeper, at=at), board.competition))
            self.write(lambda board: look_through(board.ctx(keeper, at=at), board.competition, searched=searched))

        self.measure("look through all scripts", look)
        self.measure(
            "draw the codes",
            lambda: self.write(lambda board: codes.draw_script_codes(board.ctx(chair, at=at), board.competition)),
        )

        def seal() -> None:
            sealing = self.read(lambda board: codes.prepare_sealing(board.ctx(keeper, at=at), board.competition))
            self.write(lambda board: codes.seal_codes(board.ctx(keeper, at=at), board.competition, sealing=sealing))

        self.measure(f"seal the codes, {self.versions} versions each", seal)
        self.measure(
            "draw who marks what",
            lambda: self.write(
                lambda board: draw_allocation(board.ctx(chair, at=at), board.competition, without_seeds=NO_SEEDS)
            ),
        )
        owners = self.read(lambda board: board.owners())
        places = {row.id: place for place, row in enumerate(self.board.room.candidacies)}
        waiting = sorted(owners)
        for start in range(0, len(waiting), 20):

            def lock(board: Board, start: int = start) -> None:
                for code in waiting[start : start + 20]:
                    total = "50.00" if places[owners[code]] < PASSING else "10.00"
                    board.lock_pair(code, (total, total))

            self.write(lock)

        self._decide_items(at)

        def open_map() -> None:
            words = self.board.sheets
            opened = self.read(
                lambda board: codes.prepare_opening(board.ctx(chair, at=at), board.competition, words=words)
            )
            self.write(lambda board: codes.open_codes(board.ctx(chair, at=at), board.competition, opened=opened))

        self.measure("open the codes", open_map)
        self.measure(
            "publish the written results",
            lambda: self.write(lambda board: publish_written(board.ctx(organiser, at=at), board.competition)),
        )
        self.measure(
            "close the appeals",
            lambda: self.write(
                lambda board: close_appeals(board.ctx(organiser, at=at + timedelta(days=25)), board.competition)
            ),
        )

    def _decide_items(self, at: datetime) -> None:
        """Two people keep every question that nobody, or everybody, has right."""
        owed = self.read(
            lambda board: [
                (items.paper.code, line.item.item)
                for items in list_paper_items(board.session, board.competition.id)
                for line in items.owed
            ]
        )

        def decide(board: Board, owed: list[tuple[str, str]], ruling: Ruling) -> None:
            for paper, item in owed:
                setter = board.ctx(Role.SETTER, at=at)
                asked = propose_ruling(setter, board.competition, paper, item, ruling=ruling, reason=NO_SEEDS)
                agree_ruling(board.ctx(Role.CHAIR, at=at), board.competition, asked.id)

        self.measure(
            "give everybody a question's points",
            lambda: self.write(lambda board: decide(board, owed[:1], Ruling.EVERYONE)),
        )
        self.write(lambda board: decide(board, owed[1:], Ruling.KEEP))

    # -------------------------------------------------------------------------------------------- result

    def publish(self) -> None:
        """From the ranking to the erasure."""
        organiser = Role.ORGANISER
        stage = Stage(self.board)

        def build(board: Board) -> None:
            room = board.room
            chair = room.people[Role.CHAIR]
            room.post = room.competition.posts[0]
            room.post.defence_rubric = rubric_to_snapshot(defence_rubric(room.post.code))
            stage.council = [chair] + [
                hold(stage, Role.COUNCIL_MEMBER, number, name, "-")
                for number, name in enumerate(COUNCIL_NAMES[1:], start=2)
            ]
            stage.panel = [hold(stage, Role.PANELLIST, number, f"Giám khảo {number}", "-") for number in (1, 2, 3)]
            room.people[Role.PANEL_HEAD] = hold(stage, Role.PANEL_HEAD, 1, "Trưởng ban đề án", "-")
            stage.authority = room.people[Role.AUTHORITY] = hold(stage, Role.AUTHORITY, 1, "Lưu Quốc Trấn", "-")
            hold_defences(stage)

        self.write(build)
        version = self.measure(
            "compute the result",
            lambda: self.write(lambda board: compute_result(stage.ctx(organiser), board.competition)),
        )

        def sign() -> None:
            for who in (*stage.council[:3], stage.authority):
                self.write(lambda _board, who=who: stage.signs(who, version))

        self.measure("sign the result", sign)
        self.measure(
            "publish the result",
            lambda: self.write(lambda board: publish_result(stage.ctx(organiser), board.competition)),
        )
        folder = self.settings.instance_path / "bundles"
        self.measure(
            "build the bundle",
            lambda: self.read(lambda board: keep_bundle(board.session, board.competition, Audience.PUBLIC, folder)),
        )
        self.measure(
            "sign a checkpoint", lambda: self.write(lambda board: sign_checkpoint(board.ctx(organiser), "system"))
        )
        self.measure("back up", lambda: make_backup(self.engine, self.settings, now=stage.at))
        late = stage.at + OVER_A_YEAR
        self.write(lambda board: ask_erasure(stage.ctx(organiser, at=late), board.competition))

        def erase() -> None:
            found = self.read(lambda board: read_erasure(board.session, board.competition))

            def destroy(board: Board) -> None:
                ctx = ServiceContext(
                    session=board.session,
                    now=late,
                    actor=Actor(account_id=1, role=Role.ADMINISTRATOR, pseudonym="Q01"),
                    settings=self.settings,
                    signer=self.signer,
                    factor_at=late,
                )
                erase_people(ctx, board.competition, typed=CODE, reading=found)

            self.write(destroy)

        self.measure("erase", erase)
        self.measure(
            "clean what was erased", lambda: finish_erasures(self.engine, self.settings, now=late + timedelta(hours=1))
        )

    def run(self) -> list[str]:
        """Everything; the acts that held others up for too long."""
        self.prepare()
        self.sit()
        self.mark()
        self.publish()
        self.engine.dispose()
        self.beside.dispose()
        return [one.name for one in self.figures if one.waited > AT_MOST]


def _letters(number: int) -> str:
    """A given name for a number."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number)).capitalize()


def main() -> int:
    """Measure each database."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.locks", description=__doc__)
    parser.add_argument("--candidates", type=int, default=1000, help="default 1,000")
    parser.add_argument("--versions", type=int, default=120, help="saved versions of each candidate (default 120)")
    parser.add_argument("--databases", default="sqlite", help="default sqlite; or postgresql")
    options = parser.parse_args()
    over: list[str] = []
    for name in options.databases.split(","):
        server = databases.postgresql_server(durable=True) if name == "postgresql" else nullcontext(None)
        with server as url, tempfile.TemporaryDirectory(prefix="examsite-bench-") as home:
            print(f"→ {options.candidates} candidates, {options.versions} versions each, {name}", flush=True)
            over += Bench(Path(home), url, options.candidates, options.versions).run()
    print(f"somebody waited for more than {AT_MOST:g} s: {', '.join(over) or 'no act'}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
