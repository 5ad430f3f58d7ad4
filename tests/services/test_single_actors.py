"""No sequence of acts of one account, in all its roles, does alone what takes two people.

A scene stands right before an act that cannot be undone. One account tries everything it can think of, in any order,
also things that are somebody else's; whatever is refused leaves nothing. `make soak` tries ten thousand sequences.
Each scene can be won: the same acts by the people whom the rules name reach the effect, and so does one account where
a rule is taken out.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.competitions import GateEvent
from examsite.domain.errors import DomainError
from examsite.domain.marking import MarkState
from examsite.domain.papers import PaperState
from examsite.domain.permissions import Role
from examsite.domain.publication import Decision, ResultState
from examsite.domain.rooms import RequestKind
from examsite.domain.split_keys import KeyPurpose
from examsite.services import (
    candidacies,
    codes,
    corrections,
    invigilation,
    merging,
    papers,
    people,
    publication,
    ranking,
    room_requests,
    withdrawals,
)
from examsite.services.context import Actor, ServiceContext
from examsite.services.findings import note_findings_seen
from examsite.storage.models.accounts import Account, RoleAssignment
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.competitions import Competition, GatePassage, Post
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.marking import Mark, MarkWithdrawal, Script
from examsite.storage.models.papers import Paper
from examsite.storage.models.ranking import ResultVersion
from examsite.storage.models.rooms import RoomRequest
from examsite.storage.models.sittings import Attempt, Sitting
from examsite.storage.queries.corrections import find_standing_correction
from examsite.storage.queries.split_keys import get_split_key
from tests import databases
from tests.factories.marking import assigned, make_board
from tests.factories.papers import make_sealed
from tests.factories.ranking import known_signer, make_stage
from tests.factories.sittings import add_person, make_room
from tests.factories.withdrawals import withdraw_mark

#: Sequences of a normal run, over all scenes; of a soak.
SEQUENCES = 10_000 if os.environ.get("EXAMSITE_SOAK") else 300
REASON = "Lý do ghi trong biên bản."
REPORT = "0" * 64

Act = Callable[[ServiceContext], object]


@dataclass
class Scene:
    """Where somebody might act alone."""

    session: Session
    competition: Competition
    now: datetime
    settings: Settings
    signer: Any
    #: Whatever somebody might try here.
    acts: dict[str, Act]
    #: Something that changes when the effect is there.
    effect: Callable[[], object] = lambda: None
    #: Who does what, in this order, to reach it as the rules want it; each role by the next of its holders.
    way: list[tuple[str, Role]] = field(default_factory=list)
    #: Whether the holders of sheets sit together.
    is_together: bool = False

    def actors(self) -> dict[int, list[Actor]]:
        """The accounts that hold a role here, each in all its roles."""
        rows = self.session.scalars(
            select(RoleAssignment)
            .where(RoleAssignment.competition_id == self.competition.id, RoleAssignment.revoked_at.is_(None))
            .order_by(RoleAssignment.id)
        )
        found: dict[int, list[Actor]] = {}
        for row in rows:
            actor = Actor(row.account_id, row.role, row.id, row.pseudonym, self.competition.id)
            found.setdefault(row.account_id, []).append(actor)
        return found

    def tries(self, name: str, actor: Actor) -> bool:
        """One act, a second factor just shown; whatever is refused leaves nothing."""
        ctx = ServiceContext(self.session, self.now, actor, self.settings, self.signer, factor_at=self.now)
        step = self.session.begin_nested()
        try:
            self.acts[name](ctx)
            self.session.flush()
        except (DomainError, LookupError):
            step.rollback()
            self.session.expire_all()
            return False
        step.commit()
        return True

    def is_won(self) -> bool:
        """Whether the people whom the rules name get through, each act by another of the holders of its role."""
        self.is_together = True
        used: Counter[tuple[str, Role]] = Counter()
        for name, role in self.way:
            held = [actor for own in self.actors().values() for actor in own if actor.role is role]
            if not self.tries(name, held[used[name, role] % len(held)]):
                return False
            used[name, role] += 1
        self.is_together = False
        return True


Build = Callable[[Session, datetime, Path], Scene]


def _settings(folder: Path) -> Settings:
    return Settings(folder, secret_key="0" * 64, database_url="sqlite://", testing=True)


@dataclass
class Tries:
    """Whatever may be tried anywhere: roles, gates, the list, papers, time, marks, the result."""

    session: Session
    competition: Competition

    def rows(self, kind: type[Any]) -> list[Any]:
        return list(self.session.scalars(select(kind).order_by(kind.id)))

    def one(self, kind: type[Any], place: int = 0) -> Any:
        rows = self.rows(kind)
        if not rows:
            raise LookupError(kind.__name__)
        return rows[place]

    def becomes(self, ctx: ServiceContext, role: Role) -> object:
        login = self.session.get_one(Account, ctx.actor.account_id).login
        return people.assign_role(ctx, self.competition, login=login, role=role)

    def signs(self, ctx: ServiceContext, decision: Decision) -> object:
        version = self.one(ResultVersion, -1)
        said = {"decision": decision, "sha_tail": version.sha256[-4:], "reason": REASON}
        return publication.sign_result(ctx, self.competition, version.number, **said)

    def asks_to_withdraw(self, ctx: ServiceContext) -> object:
        mark = next((row for row in self.rows(Mark) if row.assignment_id is not None), None)
        if mark is None:
            raise LookupError
        marker = str(self.session.get_one(RoleAssignment, mark.assignment_id).pseudonym)
        code = self.session.get_one(Script, mark.script_id).code
        return withdrawals.request_withdrawal(ctx, self.competition, code, marker=marker, reason=REASON)

    def asks_for_time(self, ctx: ServiceContext) -> object:
        kind, sitting = RequestKind.EXTEND_ROOM, self.one(Sitting)
        return room_requests.ask_room_request(ctx, self.competition, sitting, kind=kind, reason=REASON, minutes=10)

    def gives_time(self, ctx: ServiceContext) -> None:
        """Seat by seat, as far as it goes."""
        for attempt in self.rows(Attempt):
            with contextlib.suppress(DomainError):
                invigilation.extend_time(
                    ctx, self.competition, self.one(Sitting), seat=attempt.seat, minutes=10, reason=REASON
                )

    def asks_for_a_correction(self, ctx: ServiceContext) -> object:
        codes = [str(row.public_code) for row in self.rows(Candidacy)]
        return corrections.ask_correction(ctx, self.competition, candidates=codes[4:5], reason=REASON)

    def agrees_to_a_correction(self, ctx: ServiceContext) -> object:
        asked = find_standing_correction(self.session, self.competition)
        seq = 0 if asked is None else asked.asked_seq
        return corrections.decide_correction(ctx, self.competition, asked_seq=seq, agreed=True)

    def application(self) -> str:
        return str(self.one(Candidacy).application_code)

    def acts(self) -> dict[str, Act]:
        here = self.competition
        roles = (Role.CHAIR, Role.COUNCIL_MEMBER, Role.ORGANISER, Role.AUTHORITY, Role.INVIGILATOR, Role.MARKING_HEAD)
        return {
            "agrees to open": lambda ctx: papers.agree_to_opening(ctx, here, self.one(Post)),
            "opens paper": lambda ctx: papers.open_paper(ctx, here, self.one(Post)),
            "asks for time": self.asks_for_time,
            "agrees to time": lambda ctx: room_requests.decide_room_request(
                ctx, here, self.one(RoomRequest, -1).id, approve=True
            ),
            "gives time": self.gives_time,
            "asks to withdraw": self.asks_to_withdraw,
            "withdraws": lambda ctx: withdraw_mark(ctx, here, self.one(MarkWithdrawal, -1).id),
            "computes": lambda ctx: ranking.compute_result(ctx, here),
            "reads": lambda ctx: note_findings_seen(ctx, here, findings_sha256=REPORT, shown_sha256=REPORT),
            "signs": lambda ctx: self.signs(ctx, Decision.AGREED),
            "refuses": lambda ctx: self.signs(ctx, Decision.REFUSED),
            "publishes": lambda ctx: publication.publish_result(ctx, here),
            "asks for a correction": self.asks_for_a_correction,
            "agrees to a correction": self.agrees_to_a_correction,
            "publishes written": lambda ctx: merging.publish_written(ctx, here),
            "fixes roster": lambda ctx: candidacies.fix_roster(ctx, here),
            "reconsiders": lambda ctx: candidacies.reconsider_candidacy(ctx, here, self.application(), reason=REASON),
            "refuses candidate": lambda ctx: candidacies.refuse_candidacy(ctx, here, self.application(), reason=REASON),
            "accepts candidate": lambda ctx: candidacies.accept_candidacy(ctx, here, self.application()),
            **{f"becomes {role.value}": partial(self.becomes, role=role) for role in roles},
        }


def _count(session: Session, column: Any, value: object) -> int:
    return session.scalar(select(func.count()).where(column == value)) or 0


def paper(session: Session, now: datetime, folder: Path) -> Scene:
    """Sealed versions wait for the draw."""
    plan = make_sealed(_Doing(session, now, _settings(folder)), written=True)
    found = _scene(session, plan.competition, now, folder)
    found.effect = lambda: _count(session, Paper.state, PaperState.OPENED)
    found.way = [("agrees to open", Role.COUNCIL_MEMBER), ("opens paper", Role.CHAIR)]
    return found


def time_for_a_room(session: Session, now: datetime, folder: Path) -> Scene:
    """A sitting runs; two watch it."""
    room = make_room(session, now, settings=_settings(folder))
    add_person(room, Role.INVIGILATOR, "V02")
    add_person(room, Role.COUNCIL_MEMBER, "C02")
    found = _scene(session, room.competition, room.started() + timedelta(minutes=1), folder)
    # Seat by seat is the whole room, too.
    found.effect = lambda: session.scalar(select(func.min(Attempt.added_seconds)))
    found.way = [("asks for time", Role.INVIGILATOR), ("agrees to time", Role.CHAIR)]
    return found


def locked_mark(session: Session, now: datetime, folder: Path) -> Scene:
    """Two locked marks on a script; the member of the council leads nothing."""
    board = make_board(session, now, settings=_settings(folder), candidates=2)
    board.allocated()
    board.lock_pair(board.codes()[0], ("40.00", "42.50"))
    assigned(board, Role.COUNCIL_MEMBER, "C02")
    found = _scene(session, board.competition, board.room.now + timedelta(hours=9), folder)
    found.effect = lambda: _count(session, Mark.state, MarkState.WITHDRAWN)
    found.way = [("asks to withdraw", Role.MARKING_HEAD), ("withdraws", Role.CHAIR)]
    return found


def code_map(session: Session, now: datetime, folder: Path) -> Scene:
    """Every mark is locked; three hold a sheet each, and everybody who acts types what is at hand."""
    board = make_board(session, now, settings=_settings(folder), candidates=2)
    board.allocated()
    for code in board.codes():
        board.lock_pair(code, ("40.00", "42.50"))
    key = get_split_key(session, board.competition.id, KeyPurpose.CODES)
    held = {share.assignment.account_id: words for share, words in zip(key.shares, board.sheets, strict=False)}
    found = _scene(session, board.competition, board.room.now + timedelta(hours=9), folder)

    def opens(ctx: ServiceContext) -> object:
        present = list(held.values()) if found.is_together else [held.get(ctx.actor.account_id or 0, "")] * 2
        return codes.open_codes(ctx, board.competition, words=present)

    found.acts["opens codes"] = opens
    found.effect = lambda: _count(session, GatePassage.event, GateEvent.CODES_OPENED)
    found.way = [("opens codes", Role.CHAIR)]
    return found


def roster(session: Session, now: datetime, folder: Path) -> Scene:
    """The list is fixed: nobody changes it any more, not even two."""
    room = make_room(session, now, settings=_settings(folder))
    add_person(room, Role.COUNCIL_MEMBER, "C02")
    found = _scene(session, room.competition, now, folder)
    columns = (
        Candidacy.full_name,
        Candidacy.state,
        Candidacy.candidate_number,
        Candidacy.public_code,
        Candidacy.post_id,
    )
    found.effect = lambda: session.execute(select(*columns).order_by(Candidacy.id)).all()
    return found


def result(session: Session, now: datetime, folder: Path) -> Scene:
    """Everything is ready for the ranking."""
    settings = _settings(folder)
    stage = make_stage(session, now, settings=settings, signer=known_signer(settings))
    found = _scene(session, stage.competition, stage.at, folder)
    found.effect = lambda: _count(session, ResultVersion.state, ResultState.PUBLISHED)
    found.way = [("computes", Role.ORGANISER)]
    for role in (Role.CHAIR, Role.COUNCIL_MEMBER, Role.COUNCIL_MEMBER, Role.AUTHORITY):
        found.way += [("reads", role), ("signs", role)]
    found.way.append(("publishes", Role.ORGANISER))
    return found


def published(session: Session, now: datetime, folder: Path) -> Scene:
    """A result is public; nobody puts another one in its place, or has a script marked anew, alone."""
    found = result(session, now, folder)
    assert found.is_won()
    versions = select(ResultVersion.number, ResultVersion.published_at)
    found.effect = lambda: (session.execute(versions).all(), len(session.scalars(select(Appeal.id)).all()))
    found.way = [("asks for a correction", Role.ORGANISER), ("agrees to a correction", Role.COUNCIL_MEMBER)]
    return found


@dataclass
class _Doing:
    session: Session
    now: datetime
    settings: Settings

    def ctx(self) -> ServiceContext:
        return ServiceContext(self.session, self.now, settings=self.settings, factor_at=self.now)


def _scene(session: Session, competition: Competition, now: datetime, folder: Path) -> Scene:
    settings = _settings(folder)
    return Scene(session, competition, now, settings, known_signer(settings), Tries(session, competition).acts())


SCENES = (paper, time_for_a_room, locked_mark, code_map, roster, result, published)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with (
        databases.sqlite_server(tmp_path_factory.mktemp("alone")) as url,
        databases.migrated_engine(url) as migrated,
    ):
        yield migrated


def search(scene: Scene, sequences: int) -> None:
    """Fail with a sequence of one account that reaches the effect."""
    before = scene.effect()
    accounts = sorted(scene.actors())
    likely = [name for name, _role in scene.way]
    names = st.sampled_from(sorted(scene.acts))
    steps = st.tuples(st.one_of(names, st.sampled_from(likely)) if likely else names, st.integers(0, 2))

    @settings(max_examples=sequences, database=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(accounts), st.lists(steps, min_size=2, max_size=10))
    def one_account(account: int, tried: list[tuple[str, int]]) -> None:
        outer = scene.session.begin_nested()
        try:
            for name, place in tried:
                own = scene.actors().get(account, [])
                if own:
                    scene.tries(name, own[place % len(own)])
            assert scene.effect() == before, f"account {account} alone: {tried}"
        finally:
            outer.rollback()
            scene.session.expire_all()

    one_account()


@pytest.mark.parametrize("build", SCENES)
def test_no_account_alone_does_what_takes_two(build: Build, engine: Engine, now: datetime, tmp_path: Path) -> None:
    with databases.rolled_back_session(engine) as session:
        search(build(session, now, tmp_path), SEQUENCES // len(SCENES))


@pytest.mark.parametrize("build", [one for one in SCENES if one is not roster])
def test_the_people_whom_the_rules_name_reach_it(build: Build, engine: Engine, now: datetime, tmp_path: Path) -> None:
    with databases.rolled_back_session(engine) as session:
        scene = build(session, now, tmp_path)
        before = scene.effect()

        assert scene.is_won()
        assert scene.effect() != before


def test_the_search_finds_a_rule_that_was_taken_out(
    engine: Engine, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papers, "needs_second_person", lambda *_all: False)
    with databases.rolled_back_session(engine) as session, pytest.raises(AssertionError, match="alone"):
        search(paper(session, now, tmp_path), 300)
