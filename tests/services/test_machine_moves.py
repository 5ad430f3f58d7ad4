"""A candidate at two machines, on both databases: no acknowledged word is lost or written over by an older page."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from tests.faults.moves import play_moves

#: How many of the 500 interleavings a test run plays; `make faults FAULT=moves` plays all of them.
COUNTS = {"sqlite": 12, "postgresql": 4}


def test_no_order_of_pages_and_moves_loses_a_word(session: Session, now: datetime, tmp_path: Path) -> None:
    count = COUNTS[session.get_bind().dialect.name]
    seen = play_moves(session, tmp_path, range(1, count + 1), now)
    assert min(seen["saves that count"], seen["saves kept beside"], seen["moves"], seen["answers lost"]) > count
