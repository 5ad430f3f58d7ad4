"""Histories of time made up by chance agree with a plain model on both databases."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from tests.faults.histories import play_histories

#: How many histories a test run plays, and where in the row of all of them it begins; thousands are played by
#: `make faults FAULT=histories`.
COUNTS = {"sqlite": 24, "postgresql": 8}
FIRST = 20_000


def test_product_and_plain_model_say_the_same_of_every_history(session: Session, now: datetime, tmp_path: Path) -> None:
    count = COUNTS[session.get_bind().dialect.name]
    seen = play_histories(session, tmp_path, range(FIRST, FIRST + count), now)
    for what in ("saves that count", "saves kept beside", "closed by the server", "pause", "extension", "outages"):
        assert seen[what] > 0, what
