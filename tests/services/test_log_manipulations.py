"""Whatever somebody does to the rows of a log is found, and as exactly as the evidence allows the record is named.

Three insiders: one who changes rows, one who also makes hashes, runs and head agree, and one who owns the key of the
log, signs everything anew, or puts yesterday's backup in its place. Only a checkpoint kept outside convicts the last.
"""

from __future__ import annotations

import json
import os
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from examsite.config import load_settings
from examsite.domain.canonical import canonical_bytes
from examsite.domain.events import Event
from examsite.domain.merkle import BLOCK_LEAVES, TreeState
from examsite.domain.records import commitment, leaf_hash
from examsite.services.checkpoints import load_signer, sign_checkpoint
from examsite.services.context import LogSigner, ServiceContext
from examsite.services.receipts import record_of
from examsite.services.records import record
from examsite.services.table_checks import check_seals
from examsite.services.verification import verify_log
from examsite.storage.models.records import CheckpointRow, RecordBlock, RecordLog, RecordRow
from examsite.storage.queries.records import get_log, list_checkpoints, list_records
from tests.factories.ranking import known_signer, make_stage
from tests.services.test_bundles import published

#: How many manipulations are tried; all of them in a long run.
TIMES = 10_000 if "EXAMSITE_SOAK" in os.environ else 300
SIZE, SIGNED_EVERY = 40, 8


@pytest.fixture
def signer(tmp_path: Path) -> LogSigner:
    return load_signer(load_settings(tmp_path / "instance", environ={}))


def _fill(session: Session, now: datetime, signer: LogSigner) -> None:
    for number in range(SIZE):
        ctx = ServiceContext(session=session, now=now + timedelta(seconds=number), signer=signer)
        record(ctx, None, Event.ACCOUNT_CREATED, f"account/{number}", {"login": f"người {number}"})
        if (number + 1) % SIGNED_EVERY == 0:
            sign_checkpoint(ctx, "system")


class Insider:
    """Somebody with the database in hand, and a number of steps to go."""

    def __init__(
        self, session: Session, chance: random.Random, signer: LogSigner, now: datetime, *, code: str = "system"
    ) -> None:
        self.session, self.chance, self.signer, self.now = session, chance, signer, now
        self.log = get_log(session, code)

    def change(self, kind: str) -> int:
        """Do it; the number of the first record that is no longer what it was."""
        rows = list_records(self.session, self.log.id)
        place = self.chance.randrange(len(rows))
        if kind == "edit":
            row = rows[place]
            column = self.chance.choice(("at", "actor", "subject", "payload"))
            value = {
                "at": row.at[:-2] + ("1Z" if row.at[-2] != "1" else "2Z"),
                "actor": "administrator/Q77",
                "subject": "account/9999",
                "payload": canonical_bytes({"login": f"kẻ khác {self.chance.random()}"}).decode(),
            }[column]
            setattr(row, column, value)
        elif kind == "delete":
            self._take_out(rows[place])
        elif kind == "insert":
            new = rows[place]
            later = rows[place:]
            for row in reversed(later):
                self._move(row, row.seq + 1)
            copy = {name: getattr(new, name) for name in ("at", "event", "actor", "subject", "commit", "leaf", "salt")}
            payload = canonical_bytes({"login": f"thêm {self.chance.random()}"}).decode()
            self.session.execute(insert(RecordRow).values(log_id=self.log.id, seq=place, payload=payload, **copy))
        elif kind == "reorder":
            other = self.chance.choice([number for number in range(len(rows)) if number != place])
            first, second = rows[place], rows[other]
            numbers = first.seq, second.seq
            self._move(first, 10_000)
            self._move(second, numbers[0])
            self._move(first, numbers[1])
            place = min(place, other)
        elif kind == "truncate":
            for row in rows[place:]:
                self.session.delete(row)
        self.session.flush()
        self.session.expire_all()
        return place

    def _take_out(self, row: RecordRow) -> None:
        later = [each for each in list_records(self.session, self.log.id) if each.seq > row.seq]
        self.session.delete(row)
        self.session.flush()
        for each in later:
            self._move(each, each.seq - 1)

    def _move(self, row: RecordRow, seq: int) -> None:
        row.seq = seq
        self.session.flush()

    def make_agree(self) -> None:
        """Commitments, hashes, runs and head as if nothing had happened."""
        tree = TreeState()
        latest = ""
        self.session.execute(delete(RecordBlock).where(RecordBlock.log_id == self.log.id))
        for place, row in enumerate(list_records(self.session, self.log.id)):
            row.at = latest = max(latest, row.at)
            row.commit = commitment(bytes.fromhex(row.salt or ""), json.loads(row.payload or ""))
            leaf = leaf_hash(record_of(row))
            row.leaf = leaf.hex()
            filled = tree.block_filled_by(leaf)
            if filled is not None:
                block = {"log_id": self.log.id, "number": place // BLOCK_LEAVES, "root": filled.hex()}
                self.session.execute(insert(RecordBlock).values(**block))
            tree = tree.append(leaf)
        self.log.size, self.log.tree = tree.size, tree.to_json()
        self.session.flush()

    def sign_anew(self) -> None:
        """With the key of the log: every checkpoint of what stands there now, and none beyond it."""
        sizes = [row.size for row in list_checkpoints(self.session, self.log.id)]
        for checkpoint in list_checkpoints(self.session, self.log.id):
            self.session.delete(checkpoint)
        self.session.flush()
        whole, tree = self.log.size, self.log.tree
        states = TreeState()
        for row in list_records(self.session, self.log.id):
            states = states.append(bytes.fromhex(row.leaf))
            if states.size in sizes or states.size == whole:
                self.log.size, self.log.tree = states.size, states.to_json()
                self.session.flush()
                sign_checkpoint(ServiceContext(session=self.session, now=self.now, signer=self.signer), "system")
        self.log.size, self.log.tree = whole, tree
        self.session.flush()


def _covers(problems: tuple[object, ...], place: int) -> bool:
    """Whether some problem names the record, alone or in the range that its evidence allows."""
    return any(
        problem.seq == place  # type: ignore[attr-defined]
        or problem.params.get("first", place + 1) <= place <= problem.params.get("last", place - 1)  # type: ignore[attr-defined]
        for problem in problems
    )


def test_every_manipulation_is_found_and_names_its_record(session: Session, now: datetime, signer: LogSigner) -> None:
    _fill(session, now, signer)
    exported = [row.note for row in list_checkpoints(session, get_log(session, "system").id)]
    assert verify_log(session, get_log(session, "system"), signer, against=exported).problems == ()
    chance = random.Random(7)
    # What is found is no matter of the database; the other one gets enough to see that its rows are read as well.
    times = TIMES if session.get_bind().dialect.name == "sqlite" else 15
    for number in range(times):
        kind = ("edit", "delete", "insert", "reorder", "truncate")[number % 5]
        depth = number // 5 % 3
        with session.begin_nested() as undo:
            insider = Insider(session, chance, signer, now)
            place = insider.change(kind)
            if depth:
                insider.make_agree()
            if depth == 2:
                insider.sign_anew()
                # What the server itself holds is of one mind: nothing inside tells.
                assert verify_log(session, insider.log, signer).problems == (), (kind, place)
            kept = exported if depth == 2 else []
            problems = verify_log(session, insider.log, signer, against=kept).problems
            assert _covers(problems, place), (kind, depth, place, problems)
            undo.rollback()
        session.expire_all()


def test_a_log_set_back_to_an_old_backup_is_convicted_by_what_was_kept_outside(
    session: Session, now: datetime, signer: LogSigner
) -> None:
    """Yesterday's backup is sound in itself; the newest checkpoint that somebody holds is longer than it."""
    _fill(session, now, signer)
    log = get_log(session, "system")
    kept = [row.note for row in list_checkpoints(session, log.id)]
    old = SIZE - SIGNED_EVERY
    for row in list_records(session, log.id, first=old):
        session.delete(row)
    session.delete(list_checkpoints(session, log.id)[-1])
    tree = TreeState()
    for row in list_records(session, log.id, limit=old):
        tree = tree.append(bytes.fromhex(row.leaf))
    log.size, log.tree = tree.size, tree.to_json()
    session.flush()
    assert verify_log(session, log, signer).problems == ()
    (problem,) = verify_log(session, log, signer, against=kept).problems
    assert (problem.seq, problem.code, problem.params["last"]) == (old, "log_shorter_than_kept", SIZE - 1)
    # Grown again on another way it is as long as before, and no longer the same.
    for number in range(SIGNED_EVERY):
        ctx = ServiceContext(session=session, now=now + timedelta(days=1), signer=signer)
        record(ctx, None, Event.ACCOUNT_CREATED, f"account/{number}", {"login": "khác"})
    problems = verify_log(session, log, signer, against=kept).problems
    assert [each.code for each in problems] == ["history_differs"]


def test_a_changed_root_of_a_run_is_found(session: Session, now: datetime, signer: LogSigner) -> None:
    log = RecordLog(code="x", size=0, tree=TreeState().to_json())
    session.add(log)
    session.flush()
    session.add(RecordBlock(log_id=log.id, number=3, root="0" * 64))
    session.flush()
    assert [each.code for each in verify_log(session, log, signer).problems] == ["block_differs"]
    assert session.query(CheckpointRow).count() == 0


def test_tables_and_log_of_yesterday_are_of_one_mind_and_convicted_by_what_was_kept_outside(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    """A whole installation put back: everything in it agrees, and whoever kept today's checkpoint sees what is gone."""
    settings = load_settings(tmp_path, environ={})
    signer = known_signer(settings)
    stage = make_stage(session, now, settings=settings, signer=signer)
    sign_checkpoint(stage.ctx(), stage.competition.code)
    log = get_log(session, stage.competition.code)
    yesterday = log.size
    with session.begin_nested() as undo:
        published(stage)
        sign_checkpoint(ServiceContext(session=session, now=stage.at, signer=signer), stage.competition.code)
        kept = list_checkpoints(session, log.id)[-1].note
        undo.rollback()
    session.expire_all()

    assert check_seals(session) == []
    assert verify_log(session, log, signer).problems == ()
    (problem,) = verify_log(session, log, signer, against=[kept]).problems
    assert (problem.code, problem.params["size"] > yesterday) == ("log_shorter_than_kept", True)
