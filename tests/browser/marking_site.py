"""A site whose marking runs: two markers' worth of scripts with three essays each, made without the demonstration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from examsite.config import load_settings
from examsite.domain.permissions import Role
from examsite.services.checkpoints import load_signer
from examsite.services.codes import draw_script_codes
from examsite.services.context import read_clock
from examsite.services.passwords import Passwords
from examsite.storage.database import make_engine, upgrade, writing
from examsite.storage.models.marking import Allocation, Script
from examsite.storage.queries.redactions import list_checks
from tests.factories.marking import ESSAYS, make_board

CODE = "VH-2026-01"
PASSWORD = "mật khẩu dài của người thử 07"
THREE = (
    *ESSAYS,
    "Thứ nhất, công khai bảng việc của phòng để ai cũng thấy việc nào đang chậm. Thứ hai, mỗi việc có một người chịu "
    "trách nhiệm và một hạn.\n\nKhi lệch quá 5,5 % so với mốc, tôi họp lại để tìm nguyên nhân; không đợi cuối kỳ.",
)


@dataclass(frozen=True)
class MarkingSite:
    """Who marks there, and the scripts of the first marker in the drawn order."""

    logins: tuple[str, ...]
    head: str
    scripts: tuple[str, ...]


def fill_site_of_keeper(instance: Path) -> tuple[str, str]:
    """An installation whose codes have just been drawn; the login of the keeper and the code of a script."""
    settings = load_settings(instance, environ={})
    engine = make_engine(settings.database_url)
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
        draw_script_codes(board.ctx(Role.CHAIR), board.competition)
        code = list_checks(session, board.competition.id)[0].code
    engine.dispose()
    return f"k01-{CODE}".lower(), code


def fill_marking_site(instance: Path, *, candidates: int = 6) -> MarkingSite:
    """Make the database of an installation whose marking has just begun."""
    settings = load_settings(instance, environ={})
    engine = make_engine(settings.database_url)
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
