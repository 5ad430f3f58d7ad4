"""A small country for the web tests: competitions at every stand, everybody who takes part, and what nobody may see.

The demonstration is played once per test run into a SQLite file; every candidate carries unique words (name, unit,
telephone, address, identity number, answer, file name), so that a word found on a page says whose it is. A test that
writes works on a copy. Log-ins are rows made beforehand: no password is hashed here.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask import Flask
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from examsite.app import create_app
from examsite.cli.demonstration import cast, plans, play_until
from examsite.cli.demonstration.director import Director, Plan
from examsite.cli.demonstration.keys import words_of
from examsite.cli.demonstration.marking import MARKERS
from examsite.cli.demonstration.play import Play
from examsite.cli.demonstration.points import spread_points
from examsite.config import Settings
from examsite.domain.marking import ScriptKind
from examsite.domain.papers import PaperState
from examsite.domain.permissions import COMPETITION_ROLES, Role
from examsite.domain.saves import Save
from examsite.domain.split_keys import KeyPurpose
from examsite.services import accounts, attempts, codes, marking, papers
from examsite.services.checkpoints import load_signer
from examsite.services.competitions import create_competition
from examsite.services.context import Actor
from examsite.services.rulesets import ruleset_of
from examsite.services.script_flags import flag_script
from examsite.services.uploads import add_upload
from examsite.storage.database import db, open_engine, upgrade, writing
from examsite.storage.log_in_tokens import factor_mac, token_mac
from examsite.storage.models.accounts import Account, LoginSession, RoleAssignment, SecondFactor
from examsite.storage.models.competitions import Body, Competition, Post
from examsite.storage.models.dossiers import Candidacy, DossierItem
from examsite.storage.models.marking import Allocation, Mark, Script, ScriptFlag
from examsite.storage.models.papers import BankQuestion, Paper
from examsite.storage.models.proposals import Defence
from examsite.storage.models.ranking import ResultVersion
from examsite.storage.models.records import CheckpointRow, RecordRow
from examsite.storage.models.rooms import HelpCall, LostTime, RoomRequest
from examsite.storage.models.sittings import Attempt, Incident, Sitting
from examsite.storage.models.split_keys import SplitKey
from examsite.storage.queries.allocations import list_marker_loads
from examsite.storage.queries.conflicts import list_hinted_pairs
from examsite.storage.queries.marking import list_markers
from examsite.storage.queries.queues import get_blind_script
from examsite.storage.queries.records import get_log
from examsite.storage.queries.redactions import list_checks
from examsite.storage.queries.rehearsals import list_rehearsals
from question_bank.loader import load_bank
from tests.factories.code_maps import owners

NOW = datetime(2026, 3, 16, 2, 0, tzinfo=UTC)
STANDS = ("published", "ranked", "defence", "marking", "written", "receiving", "draft")
#: Most candidates of a competition here; the room of the demonstration is fuller, and slower to fill.
MOST = 12
#: Code of the competition in which the officials of nobody else's competition sit.
STRANGE = "LA-2026-01"


@dataclass(frozen=True)
class Person:
    """Somebody at a browser; `name` is how a red test calls this person."""

    name: str
    role: Role | None
    stand: str
    token: str | None = None
    account_id: int | None = None
    login: str = ""
    display_name: str = ""
    candidacy_id: int | None = None
    is_stranger: bool = False

    def __str__(self) -> str:
        return self.name


NOBODY = Person("nobody", None, "")


@dataclass(frozen=True)
class CandidateWords:
    """What belongs to one candidate, kind by kind; every word occurs once in the world."""

    stand: str
    account_id: int
    candidacy_id: int
    words: dict[str, str]


@dataclass
class Place:
    """What the addresses of one competition may name."""

    code: str
    stand: str
    competition_id: int
    posts: list[str] = field(default_factory=list)
    papers: list[str] = field(default_factory=list)
    opened_papers: list[str] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    applications: list[str] = field(default_factory=list)
    files: dict[str, list[int]] = field(default_factory=dict)
    sittings: list[str] = field(default_factory=list)
    seats: list[str] = field(default_factory=list)
    incidents: list[int] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    lost_times: list[int] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    #: Working numbers under which scripts were looked through.
    looks: list[str] = field(default_factory=list)
    standards: list[str] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    markers: list[str] = field(default_factory=list)
    candidacies: list[int] = field(default_factory=list)
    queues: dict[int, list[str]] = field(default_factory=dict)
    positions: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    rehearsals: list[int] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    public_codes: list[str] = field(default_factory=list)
    hinted: list[tuple[int, int]] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class World:
    """Everything the web tests need to know; `settings` belongs to the first copy, which nobody writes to."""

    settings: Settings
    people: list[Person] = field(default_factory=list)
    candidates: list[CandidateWords] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    comments: dict[tuple[str, str, str], str] = field(default_factory=dict)
    official_names: dict[str, str] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    account_ids: list[int] = field(default_factory=list)
    log_ins: dict[int, list[int]] = field(default_factory=dict)
    #: Second factors by account.
    factors: dict[int, int] = field(default_factory=dict)
    attempt_tokens: dict[int, tuple[str, int]] = field(default_factory=dict)
    sealed_words: dict[str, str] = field(default_factory=dict)
    #: Whose script: candidacy → code, also where the map is closed.
    owners: dict[int, str] = field(default_factory=dict)

    def person(self, name: str) -> Person:
        return next(item for item in self.people if item.name == name)

    def holder(self, role: Role) -> Person:
        """An official with this role in every competition."""
        return next(item for item in self.people if item.role is role and not item.is_stranger)

    def copy_to(self, folder: Path) -> Settings:
        """The world again, in a folder of its own, for whoever writes."""
        shutil.copytree(self.settings.instance_path, folder, dirs_exist_ok=True)
        return replace(self.settings, instance_path=folder, database_url=f"sqlite:///{folder / 'examsite.db'}")


class Clock:
    """Stands still."""

    def __init__(self, present: datetime) -> None:
        self.present = present

    def __call__(self) -> datetime:
        return self.present


def open_site(settings: Settings) -> Flask:
    """The whole site over a copy of the world, its clock at the world's instant."""
    app = create_app(settings)
    app.extensions["clock"] = Clock(NOW)
    return app


def close_site(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def browser_of(app: Flask, person: Person, *, locale: str = "vi") -> FlaskClient:
    """A browser in which this person has logged in, in one of the two languages."""
    client = app.test_client()
    client.set_cookie("locale", locale)
    if person.token is not None:
        with client.session_transaction() as session:
            session["_user_id"] = person.token
            session["_fresh"] = True
    return client


def csrf_token_of(app: Flask, client: FlaskClient) -> str:
    """A token that forms of this browser carry."""
    from flask import g, session

    with client.session_transaction() as stored:
        stored.setdefault("csrf_token", "0" * 40)
        raw = stored["csrf_token"]
    with app.test_request_context("/"):
        g.pop("csrf_token", None)
        session["csrf_token"] = raw
        return str(generate_csrf())


# ------------------------------------------------------------------------------------------------ playing the world


def letters(number: int) -> str:
    """A word of letters that no text contains by chance."""
    word = ""
    for place in range(4):
        word += "bcdghkmnpqtvxz"[number // 14**place % 14]
    return f"Zw{word}qj"


def applicants(stand_number: int, count: int) -> tuple[cast.Applicant, ...]:
    """Invented people, each with a name and a unit of their own."""
    return tuple(
        cast.Applicant(
            f"Trần Văn {letters(stand_number * 100 + number)}",
            date(1980 + number, 1 + stand_number, 1 + number),
            f"Phòng {letters(5000 + stand_number * 100 + number)}",
            "Chuyên viên",
        )
        for number in range(count)
    )


class MarkedPlay(Play):
    """The play of the demonstration in which everything personal is unique."""

    def __init__(self, director: Director, plan: Plan, world: World) -> None:
        super().__init__(director, plan)
        self.world = world

    def receive(self) -> None:
        super().receive()
        for row in self.session.scalars(
            select(Candidacy).where(Candidacy.competition_id == self.competition.id).order_by(Candidacy.id)
        ):
            row.phone = f"09{row.id:04d}7{(row.id * 7919) % 1000:03d}"
            row.email = f"{letters(9000 + row.id).lower()}@thu.example"
            actor = Actor(account_id=row.account_id, role=Role.CANDIDATE, candidacy_id=row.id)
            ctx = self.director.context(self.begins_at + timedelta(days=2), actor)
            # Every paper has a name of its own; a program looks at their one content, once.
            received = replace(
                self.director.letterbox.paper(ruleset_of(self.competition).dossier_checklist[0]),
                original_name=f"{letters(12000 + row.id)}.pdf",
            )
            item = DossierItem(
                candidacy_id=row.id, item="curriculum-vitae", upload_id=add_upload(ctx, received).id, added_at=ctx.now
            )
            self.session.add(item)
        self.session.flush()

    def answers(self, paper: Any, name: str, epoch: int) -> Iterator[Save]:
        for save in super().answers(paper, name, epoch):
            content = json.loads(save.content)
            if save.item.startswith("E"):
                content = f"{content} {answer_word(name)}"
            yield Save(item=save.item, epoch=save.epoch, number=save.number, content=json.dumps(content))

    def mark(self, *, leave: int = 0, lifted: int = 0) -> None:
        super().mark(leave=leave, lifted=lifted)
        at = self.plan.written_at + timedelta(days=2, hours=1)
        asks = MARKERS[0]
        flag_script(
            self.by(asks, Role.MARKER, at), self.competition, self.queue(asks, at)[0], text="Câu 2 có hai cách hiểu."
        )

    def mark_one(self, login: str, code: str, gap: Decimal, at: datetime) -> None:
        ctx = self.by(login, Role.MARKER, at)
        blind = get_blind_script(self.session, self.competition.id, ctx.actor.assignment_id or 0, code)
        human = blind.paper.rubric.human
        luck = int(self.seed(code), 16)
        points = spread_points(human, Decimal(30 + 5 * (luck % 3)) + gap, human[0].step)
        comment = letters(15000 + len(self.world.comments))
        draft = marking.save_draft(
            ctx, self.competition, code, revision=0, points=points, comments={human[0].criterion: comment}
        )
        marking.lock_mark(ctx, self.competition, code, revision=draft.revision)
        self.world.comments[self.code, code, login] = comment


def answer_word(name: str) -> str:
    """What a candidate writes into every essay."""
    return f"vb{name.rsplit(maxsplit=1)[-1][::-1]}"


def settings_of(folder: Path) -> Settings:
    """An installation on SQLite, quick at hashing passwords."""
    folder.mkdir(parents=True, exist_ok=True)
    return Settings(
        instance_path=folder,
        secret_key="0" * 64,
        database_url=f"sqlite:///{folder / 'examsite.db'}",
        password_hash_memory_kib=64,
        password_hash_time_cost=1,
        upload_limit_megabytes=2,
        testing=True,
    )


@contextmanager
def directing(engine: Engine, settings: Settings) -> Iterator[Director]:
    """A new database with the bank of questions and the people of the demonstration."""
    upgrade(engine)
    signer = load_signer(settings)
    with writing(engine) as session:
        director = Director(session, settings, signer, "no password fits")
        papers.load_bank(director.context(NOW - timedelta(days=210)), load_bank())
        director.make_people(NOW - timedelta(days=200))
        yield director


def build_world(folder: Path) -> World:
    """Play every competition up to its stand; about ten seconds."""
    settings = settings_of(folder)
    world = World(settings)
    engine = open_engine(settings)
    known = plans(NOW)
    with directing(engine, settings) as director:
        session = director.session
        for number, stand in enumerate(STANDS):
            people = applicants(number, min(MOST, len(known[stand].applicants)))
            plan = replace(known[stand], applicants=people, figures={}, is_large=False)
            # Codes so long that no page shows one by chance.
            with patch.object(codes, "CODE_DIGITS", 9):
                play = MarkedPlay(director, plan, world)
                play_until(play, stand)
                if any(subject == KeyPurpose.CODES for subject, _sheets in play.sheets):
                    found = owners(session, play.competition.id, words_of(play, KeyPurpose.CODES))
                    world.owners |= {candidacy: code for code, candidacy in found.items()}
        strangers = _strangers(director)
        _tokens_of_the_test(director, world, known["written"].code)
        for stand in STANDS:
            world.places[stand] = _place(session, known[stand].code, stand)
        world.places["strange"] = _place(session, STRANGE, "strange")
        _read_candidates(session, world)
        _log_people_in(director, world, strangers)
        world.questions = list(session.scalars(select(BankQuestion.code).order_by(BankQuestion.code).limit(2)))
        world.bodies = list(session.scalars(select(Body.code).order_by(Body.id).limit(1)))
        world.account_ids = list(session.scalars(select(Account.id).where(Account.login == "cham1")))
        world.sealed_words = _mark_sealed_papers(session)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return world


def _strangers(director: Director) -> list[tuple[Role, Account]]:
    """One official per role who works in a competition of their own only."""
    session = director.session
    now = NOW - timedelta(days=90)
    admin = director.acting("quantri", Role.ADMINISTRATOR, now)
    body = session.scalars(select(Body).order_by(Body.id)).first()
    assert body is not None
    made: list[tuple[Role, Account]] = []
    for role in COMPETITION_ROLES:
        account = accounts.create_account(
            admin, login=f"la-{role.value.replace('_', '-')}", display_name=f"Lạ {role.value}", password_hash="none"
        )
        made.append((role, account))
    organiser = next(account for role, account in made if role is Role.ORGANISER)
    accounts.grant_role(admin, organiser, Role.ORGANISER, body=body)
    create_competition(
        director.context(now, Actor(account_id=organiser.id)),
        body,
        code=STRANGE,
        title="Kỳ thi lạ",
        title_en="Strange",
        number_prefix="LA",
        preset="hai-phong-pilot",
    )
    competition = session.scalars(select(Competition).where(Competition.code == STRANGE)).one()
    ctx = director.acting(organiser.login, Role.ORGANISER, now, STRANGE)
    for role, account in made:
        if role is not Role.ORGANISER:
            accounts.grant_role(ctx, account, role, competition=competition)
    return made


def _tokens_of_the_test(director: Director, world: World, code: str) -> None:
    """Pages of the running test that save by themselves."""
    rows = director.session.scalars(
        select(Attempt)
        .join(Attempt.sitting)
        .join(Sitting.competition)
        .where(Competition.code == code, Attempt.opened_at.is_not(None))
        .order_by(Attempt.id)
    ).all()
    for attempt in rows[:2]:
        candidacy = director.session.get_one(Candidacy, attempt.candidacy_id)
        actor = Actor(account_id=candidacy.account_id, role=Role.CANDIDATE, candidacy_id=candidacy.id)
        opened = attempts.open_attempt(director.context(NOW, actor))
        world.attempt_tokens[candidacy.id] = (opened.token, opened.epoch)


def _place(session: Session, code: str, stand: str) -> Place:
    competition = session.scalars(select(Competition).where(Competition.code == code)).one()
    own = competition.id
    place = Place(code, stand, own)
    place.posts = list(session.scalars(select(Post.code).where(Post.competition_id == own).order_by(Post.code)))
    place.papers = list(session.scalars(select(Paper.code).where(Paper.competition_id == own).order_by(Paper.code)))
    place.keys = list(session.scalars(select(SplitKey.id).where(SplitKey.competition_id == own).order_by(SplitKey.id)))
    opened = select(Paper.code).where(Paper.competition_id == own, Paper.state == PaperState.OPENED)
    place.opened_papers = list(session.scalars(opened.order_by(Paper.code)))
    people = session.scalars(select(Candidacy).where(Candidacy.competition_id == own).order_by(Candidacy.id)).all()
    place.applications = [row.application_code for row in people]
    place.public_codes = [row.public_code for row in people if row.public_code]
    place.candidacies = [row.id for row in people]
    place.markers = [str(row.pseudonym) for row in list_markers(session, own)]
    for row in people:
        found = select(DossierItem.id).where(DossierItem.candidacy_id == row.id).order_by(DossierItem.id)
        place.files[row.application_code] = list(session.scalars(found))
    sittings = session.scalars(select(Sitting).where(Sitting.competition_id == own).order_by(Sitting.id)).all()
    place.sittings = [row.code for row in sittings]
    ids = [row.id for row in sittings]
    place.seats = list(session.scalars(select(Attempt.seat).where(Attempt.sitting_id.in_(ids)).order_by(Attempt.id)))
    place.incidents = list(session.scalars(select(Incident.id).where(Incident.sitting_id.in_(ids))))
    seated = select(Attempt.id).where(Attempt.sitting_id.in_(ids))
    place.calls = list(session.scalars(select(HelpCall.id).where(HelpCall.attempt_id.in_(seated))))
    place.lost_times = list(session.scalars(select(LostTime.id).where(LostTime.attempt_id.in_(seated))))
    place.requests = list(session.scalars(select(RoomRequest.id).where(RoomRequest.sitting_id.in_(ids))))
    scripts = session.scalars(select(Script).where(Script.competition_id == own).order_by(Script.code)).all()
    place.scripts = [row.code for row in scripts if row.kind is ScriptKind.LIVE]
    # Their codes are drawn: first, whatever the draw gave, one in which everything that was found is decided.
    checks = sorted(
        list_checks(session, own), key=lambda row: not row.hints or any(hint.is_covered is None for hint in row.hints)
    )
    place.looks = [row.code for row in checks]
    place.flags = list(
        session.scalars(select(ScriptFlag.id).where(ScriptFlag.script_id.in_([row.id for row in scripts])))
    )
    place.standards = [row.code for row in scripts if row.kind is not ScriptKind.LIVE]
    queue = (
        select(RoleAssignment.account_id, Script.code)
        .join(Allocation, Allocation.assignment_id == RoleAssignment.id)
        .join(Script, Script.id == Allocation.script_id)
        .where(Script.competition_id == own)
        .order_by(Allocation.position)
    )
    for account_id, script in session.execute(queue):
        place.queues.setdefault(account_id, []).append(script)
    place.hinted = [(row.holder.account_id, row.candidacy.id) for row in list_hinted_pairs(session, own)]
    place.waiting = [
        (load.pseudonym, row.code) for load in list_marker_loads(session, own) for row in load.open_scripts
    ]
    place.positions = list(
        session.scalars(select(Defence.position).where(Defence.competition_id == own).order_by(Defence.position))
    )
    place.numbers = list(session.scalars(select(ResultVersion.number).where(ResultVersion.competition_id == own)))
    place.rehearsals = [row.id for row in list_rehearsals(session, own)]
    log = get_log(session, code)
    place.seqs = list(session.scalars(select(RecordRow.seq).where(RecordRow.log_id == log.id).order_by(RecordRow.seq)))
    place.sizes = list(session.scalars(select(CheckpointRow.size).where(CheckpointRow.log_id == log.id)))
    return place


def _read_candidates(session: Session, world: World) -> None:
    by_id = {place.competition_id: place.stand for place in world.places.values()}
    for row in session.scalars(select(Candidacy).order_by(Candidacy.id)):
        words = {
            "name": row.full_name.split()[-1],
            "unit": row.unit.split()[-1],
            "phone": row.phone,
            "email": row.email,
            "identity": row.identity_number,
            "application": row.application_code,
            "answer": answer_word(row.full_name),
            "file": letters(12000 + row.id),
        }
        if row.candidate_number:
            words["number"] = row.candidate_number
        if row.public_code:
            words["public code"] = row.public_code
        if row.id in world.owners:
            words["script"] = world.owners[row.id]
        world.candidates.append(CandidateWords(by_id[row.competition_id], row.account_id, row.id, words))


def _log_people_in(director: Director, world: World, strangers: list[tuple[Role, Account]]) -> None:
    ctx = director.context(NOW - timedelta(minutes=30))
    session = director.session

    def log_in(account: Account) -> str:
        token = accounts.open_login_session(ctx, account, hours=10, address="127.0.0.1", user_agent="test")
        log_in = session.scalars(select(LoginSession).where(LoginSession.token_mac == token_mac(session, token))).one()
        log_in.factor_at = NOW + timedelta(days=9999)
        log_in.factor_mac = factor_mac(session, log_in.token_mac, log_in.factor_at)
        session.flush()
        return token

    world.people.append(NOBODY)
    for official in (cast.ADMINISTRATOR, *cast.OFFICIALS):
        account = session.scalars(select(Account).where(Account.login == official.login)).one()
        world.official_names[official.login] = official.name
        world.people.append(
            Person(official.login, official.role, "", log_in(account), account.id, account.login, account.display_name)
        )
    for role, account in strangers:
        world.people.append(
            Person(
                account.login,
                role,
                "strange",
                log_in(account),
                account.id,
                account.login,
                account.display_name,
                is_stranger=True,
            )
        )
    for stand in STANDS:
        rows = [item for item in world.candidates if item.stand == stand]
        chosen = [*rows[:2], *rows[-1:]] if len(rows) > 2 else rows
        chosen += [item for item in rows if item.candidacy_id in world.attempt_tokens and item not in chosen]
        for number, item in enumerate(chosen):
            account = session.get_one(Account, item.account_id)
            name = f"candidate {number + 1} of {stand}"
            world.people.append(
                Person(
                    name,
                    Role.CANDIDATE,
                    stand,
                    log_in(account),
                    account.id,
                    account.login,
                    account.display_name,
                    item.candidacy_id,
                )
            )
    for log_in_id, account_id in session.execute(select(LoginSession.id, LoginSession.account_id)):
        world.log_ins.setdefault(account_id, []).append(log_in_id)
    world.factors = {row.account_id: row.id for row in session.scalars(select(SecondFactor))}


def _mark_sealed_papers(session: Session) -> dict[str, str]:
    """A word of its own in every stem of every paper that is still sealed, by competition code/paper code.

    The questions themselves stand in the open bank; which of them are on a sealed paper is the secret.
    """
    found: dict[str, str] = {}
    rows = session.execute(
        select(Paper, Competition.code)
        .join(Competition, Competition.id == Paper.competition_id)
        .where(Paper.state == PaperState.SEALED)
        .order_by(Paper.id)
    )
    for paper, code in rows:
        if not paper.data:
            continue  # a sealed file: its text is nowhere on the server
        word = letters(20000 + paper.id)
        data = json.loads(json.dumps(paper.data))
        for item in data["items"]:
            stem = item["question"]["stem"]
            stem.update({language: f"{text} {word}" for language, text in stem.items()})
        paper.data = data
        found[f"{code}/{paper.code}"] = word
    return found


def marks_of(session: Session, code: str) -> list[Mark]:
    """Marks of the scripts with this code, oldest first."""
    return list(session.scalars(select(Mark).join(Mark.script).where(Script.code == code).order_by(Mark.id)))
