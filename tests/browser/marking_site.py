"""A site whose marking runs: two markers' worth of scripts with three essays each, made without the demonstration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from examsite.config import load_settings
from examsite.domain.marking import ScriptKind
from examsite.domain.permissions import Role
from examsite.services.allocations import draw_allocation
from examsite.services.checkpoints import load_signer
from examsite.services.context import read_clock
from examsite.services.passwords import Passwords
from examsite.services.redactions import look_through
from examsite.storage.database import open_engine, upgrade, writing
from examsite.storage.models.accounts import Account
from examsite.storage.models.marking import Allocation, Script
from examsite.storage.queries.queues import list_queue
from examsite.storage.queries.redactions import list_checks
from tests.factories.marking import ESSAYS, make_board
from tests.factories.standardisation import agree, with_rules

CODE = "VH-2026-01"
PASSWORD = "mật khẩu dài của người thử 07"
THREE = (
    *ESSAYS,
    "Thứ nhất, công khai bảng việc của phòng để ai cũng thấy việc nào đang chậm. Thứ hai, mỗi việc có một người chịu "
    "trách nhiệm và một hạn.\n\nKhi lệch quá 5,5 % so với mốc, tôi họp lại để tìm nguyên nhân; không đợi cuối kỳ.",
)


@dataclass(frozen=True)
class StandardsSite:
    """A marker with one seed left, on which the two before were missed; who leads, who agrees."""

    marker: str
    head: str
    chair: str
    paper: str
    seed: str


@dataclass(frozen=True)
class MarkingSite:
    """Who marks there, and the scripts of the first marker in the drawn order."""

    logins: tuple[str, ...]
    head: str
    scripts: tuple[str, ...]


def fill_site_of_keeper(instance: Path) -> tuple[str, str]:
    """An installation whose codes have just been drawn; the login of the keeper and the code of a script."""
    settings = load_settings(instance, environ={})
    engine = open_engine(settings)
    upgrade(engine)
    password_hash = Passwords(settings).hash(PASSWORD)
    load_signer(settings)
    with writing(engine) as session:
        board = make_board(
            session,
            read_clock() - timedelta(hours=8),
            settings=settings,
            candidates=2,
            essays=THREE,
            code=CODE,
            password_hash=password_hash,
        )
        look_through(board.ctx(Role.KEEPER), board.competition)
        code = list_checks(session, board.competition.id)[0].code
    engine.dispose()
    return f"k01-{CODE}".lower(), code


def fill_marking_site(instance: Path, *, candidates: int = 6) -> MarkingSite:
    """Make the database of an installation whose marking has just begun."""
    settings = load_settings(instance, environ={})
    engine = open_engine(settings)
    upgrade(engine)
    password_hash = Passwords(settings).hash(PASSWORD)
    load_signer(settings)
    with writing(engine) as session:
        board = make_board(
            session,
            read_clock() - timedelta(hours=8),
            settings=settings,
            candidates=candidates,
            essays=THREE,
            code=CODE,
            password_hash=password_hash,
        )
        board.allocated()
        first = board.markers[0]
        scripts = session.scalars(
            select(Script.code)
            .join(Allocation, Allocation.script_id == Script.id)
            .where(Allocation.assignment_id == first.id)
            .order_by(Allocation.position)
        ).all()
        found = MarkingSite(
            tuple(f"{row.pseudonym}-{CODE}".lower() for row in board.markers), f"h01-{CODE}".lower(), tuple(scripts)
        )
    engine.dispose()
    return found


def fill_standards_site(instance: Path) -> StandardsSite:
    """Queues with seeds, all but one script locked; the first marker must qualify before going on."""
    settings = load_settings(instance, environ={})
    engine = open_engine(settings)
    upgrade(engine)
    password_hash = Passwords(settings).hash(PASSWORD)
    load_signer(settings)
    with writing(engine) as session:
        board = make_board(
            session,
            read_clock() - timedelta(hours=8),
            settings=settings,
            candidates=6,
            essays=THREE,
            code=CODE,
            password_hash=password_hash,
        )
        board.sealed()
        with_rules(board, seed_percent="40")
        seeds = {agree(board, ScriptKind.SEED, "30").script.code for _number in range(3)}
        draw_allocation(board.ctx(Role.CHAIR), board.competition)
        first, *others = board.markers
        for marker in others:
            for entry in list_queue(session, board.competition.id, marker.id):
                board.lock(marker, entry.code, "30")
        own = [entry.code for entry in list_queue(session, board.competition.id, first.id)]
        last = max((code for code in own if code in seeds), key=own.index)
        for code in own:
            if code != last:
                board.lock(first, code, "37.5" if code in seeds else "30")
        with_rules(board, qualification_scripts="1")
        chair = session.get_one(Account, board.room.people[Role.CHAIR].account_id).login
        found = StandardsSite(
            f"m01-{CODE}".lower(), f"h01-{CODE}".lower(), str(chair), str(board.room.paper.code), last
        )
    engine.dispose()
    return found
