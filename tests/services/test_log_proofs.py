"""The log between its gates: signed in time by whoever comes first, and proofs out of rows as out of leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from examsite.closer import Closer
from examsite.config import Settings, load_settings
from examsite.domain.errors import InvalidError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.merkle import BLOCK_LEAVES, consistency_proof, inclusion_proof, root_hash
from examsite.services.checkpoints import list_due_logs, load_signer
from examsite.services.context import LogSigner, ServiceContext
from examsite.services.log_proofs import prove_consistency, prove_inclusion, root_at
from examsite.services.records import record, record_all
from examsite.services.verification import verify_log
from examsite.storage.database import reading, writing
from examsite.storage.models.records import CheckpointRow, RecordBlock, RecordLog, RecordRow
from examsite.storage.queries.checkpoints import list_leaves
from examsite.storage.queries.records import get_checkpoint, get_log, get_record, list_checkpoints

ACCOUNTS = ("account/1", {"login": "a"})
PAYLOAD = {"candidate": "ABC", "answers": []}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "instance", environ={})


@pytest.fixture
def signer(settings: Settings) -> LogSigner:
    return load_signer(settings)


@pytest.fixture
def committed(engine: Engine) -> Iterator[Engine]:
    """A database in which a test commits logs; nothing of them stays."""
    yield engine
    with writing(engine) as session:
        for table in (RecordBlock, CheckpointRow, RecordRow, RecordLog):
            session.execute(delete(table))


def _append(session: Session, now: datetime, count: int) -> None:
    ctx = ServiceContext(session=session, now=now)
    record_all(ctx, None, Event.ACCOUNT_CREATED, [ACCOUNTS] * count)


def test_proofs_out_of_kept_roots_are_those_out_of_all_leaves(session: Session, now: datetime) -> None:
    size = 3 * BLOCK_LEAVES + 7
    for part in (BLOCK_LEAVES - 1, 2, BLOCK_LEAVES, size - 2 * BLOCK_LEAVES - 1):
        _append(session, now, part)
    log = get_log(session, "system")
    leaves = list_leaves(session, log.id, first=0, end=size)
    places = (1, BLOCK_LEAVES - 1, BLOCK_LEAVES, BLOCK_LEAVES + 1, 2 * BLOCK_LEAVES, 600, 3 * BLOCK_LEAVES, size)
    for with_blocks in (True, False):
        for place in places:
            assert root_at(session, log.id, place) == root_hash(leaves[:place])
            assert prove_inclusion(session, log.id, place - 1, size=size) == inclusion_proof(leaves, place - 1)
            assert prove_consistency(session, log.id, first_size=place, second_size=size) == consistency_proof(
                leaves, place
            )
        if with_blocks:
            session.execute(delete(RecordBlock))
    assert prove_consistency(session, log.id, first_size=0, second_size=size) == []
    with pytest.raises(InvalidError, match="size_not_in_tree"):
        prove_consistency(session, log.id, first_size=9, second_size=8)


def test_the_closer_signs_in_time_and_once_whoever_comes(
    committed: Engine, now: datetime, settings: Settings, signer: LogSigner
) -> None:
    present = [now]
    closers = [Closer(committed, settings, signer, clock=lambda: present[0]) for _worker in range(2)]

    def sizes_after(seconds: float) -> list[int]:
        present[0] += timedelta(seconds=seconds)
        for closer in closers:
            closer._asked_ns = None
            closer.sign_what_is_due()
        with reading(committed) as session:
            return [row.size for row in list_checkpoints(session, get_log(session, "system").id)]

    with writing(committed) as session:
        _append(session, now, 3)
    assert sizes_after(59) == []
    assert sizes_after(1) == [3]
    assert sizes_after(600) == [3]
    with writing(committed) as session:
        _append(session, present[0], 100)
    assert sizes_after(0) == [3, 103]
    with reading(committed) as session:
        assert verify_log(session, get_log(session, "system"), signer).problems == ()


def test_a_log_with_a_receipt_in_it_is_signed_soon(session: Session, now: datetime) -> None:
    ctx = ServiceContext(session=session, now=now)
    record(ctx, None, Event.ANSWERS_SUBMITTED, "sitting/S1", PAYLOAD, actor="candidate")
    later = [ServiceContext(session=session, now=now + timedelta(seconds=seconds)) for seconds in (4, 5)]
    assert [list_due_logs(each) for each in later] == [[], ["system"]]


@pytest.mark.parametrize("number", [2**31, 2**53 - 1, 2**63])
def test_a_number_that_no_table_holds_is_not_found(session: Session, now: datetime, number: int) -> None:
    """Receipts and checkpoints that people bring may name any number."""
    ctx = ServiceContext(session=session, now=now)
    record(ctx, None, Event.ANSWERS_SUBMITTED, "sitting/S1", PAYLOAD, actor="candidate")
    log = get_log(session, "system")
    for find in (get_record, get_checkpoint):
        with pytest.raises(NotFoundError):
            find(session, log.id, number)
