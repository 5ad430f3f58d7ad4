"""What lies on the disk of a server: database, write-ahead log, everything else in its folder, and its backups."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.permissions import Role
from examsite.services import codes
from examsite.services.backups import make_backup
from examsite.services.redactions import look_through
from examsite.storage.database import open_engine, upgrade
from examsite.storage.models.draws import DrawContribution
from examsite.storage.traces import leave_no_trace
from tests.services.test_code_maps import CANARY as SET_ASIDE
from tests.services.test_code_maps import make_answers
from tests.services.test_sealed_papers import CANARY, make_sealed


@dataclass
class Server:
    """An installation of its own with a database in a file."""

    settings: Settings
    engine: Engine
    now: datetime

    def bytes_of_all(self) -> bytes:
        """Every byte in the folder of the server, and of a backup made now, unpacked."""
        backup = make_backup(self.engine, self.settings, now=self.now).path
        with tarfile.open(backup) as archive:
            inside = [archive.extractfile(member) for member in archive.getmembers() if member.isfile()]
            unpacked = b"".join(file.read() for file in inside if file is not None)
        backup.unlink()
        files = [path for path in sorted(self.settings.instance_path.rglob("*")) if path.is_file()]
        return unpacked + b"".join(path.read_bytes() for path in files)


@pytest.fixture
def server(tmp_path: Path, now: datetime) -> Iterator[Server]:
    settings = Settings(
        tmp_path, secret_key="0" * 64, database_url=f"sqlite:///{tmp_path / 'examsite.db'}", testing=True
    )
    engine = open_engine(settings)
    upgrade(engine)
    yield Server(settings, engine, now)
    engine.dispose()


def test_before_it_is_opened_no_word_of_a_sealed_paper_lies_anywhere(server: Server) -> None:
    with Session(server.engine, expire_on_commit=False) as session:
        sealed = make_sealed(session, server.now)
        sealed.bring_in()
        session.commit()
        assert CANARY.encode() not in server.bytes_of_all()
        drawn = sealed.draw()
        session.commit()
        assert CANARY.encode() not in server.bytes_of_all()
        sealed.open(sealed.sheets_of(drawn.code)[1:])
        session.commit()
        assert CANARY.encode() in server.bytes_of_all(), "else the search is blind"


def test_after_the_cut_no_byte_and_no_backup_keeps_what_was_put_away(server: Server) -> None:
    with Session(server.engine, expire_on_commit=False) as session:
        board = make_answers(session, server.now, server.settings)
        look_through(board.ctx(Role.KEEPER), board.competition)
        codes.draw_script_codes(board.ctx(Role.CHAIR), board.competition)
        nonces = [row.nonce.encode() for row in session.scalars(select(DrawContribution))]
        secrets = [*nonces, *(SET_ASIDE.replace("{n}", str(place)).encode() for place in range(4))]
        session.commit()
        before = server.bytes_of_all()
        assert [secret for secret in secrets if secret not in before] == []
        codes.seal_codes(board.ctx(Role.KEEPER), board.competition)
        session.commit()
    after = server.bytes_of_all()
    assert [secret for secret in secrets if secret in after] == []


def test_each_transaction_that_deleted_is_cleaned_after_once_and_no_other(server: Server) -> None:
    taken: list[object] = []
    event.listen(server.engine, "checkout", lambda *given: taken.append(given))
    with Session(server.engine) as session:
        for ending in (session.commit, session.rollback, session.commit):
            session.execute(text("SELECT 1"))
            leave_no_trace(session, "key_shares")
            leave_no_trace(session, "scripts")
            ending()
        session.execute(text("SELECT 1"))
        session.commit()
    assert len(taken) == 4 + 2, "one connection for each transaction, and one more after each that deleted"
