"""The incident report says exactly what happened: no more, no less, whatever went wrong."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.timelines import report_of
from examsite.storage.queries.timeline import list_facts
from tests.factories.sittings import SETTINGS_SECRET, make_room
from tests.services.fault_days import FaultDay, as_truth

#: Days on each database: what is told follows from the rows; the second one shows that it keeps the same rows.
DAYS = {"sqlite": range(180 if "EXAMSITE_SOAK" in os.environ else 60), "postgresql": range(180, 200)}


def test_the_report_equals_the_injected_truth_on_random_fault_days(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    settings = Settings(instance_path=tmp_path, secret_key=SETTINGS_SECRET, database_url="sqlite:///unused")
    seeds = DAYS[session.get_bind().dialect.name]
    differences = []
    seen: Counter[str] = Counter()
    for seed in seeds:
        room = make_room(
            session, now + timedelta(days=seed), settings=settings, candidates=2, code=f"VH-2026-{seed:03d}"
        )
        day = FaultDay(room, random.Random(seed))
        truth = day.play()
        session.expire_all()
        facts = list_facts(session, room.sitting)
        told = [as_truth(report_of(one, now=day.instant(100_000))) for one in facts]
        for meant in truth:
            seen.update(name for name, value in meant.items() if value)
        for said, meant in zip(told, truth, strict=True):
            differences += [
                f"day {seed}, {meant['number']}: {name} is {said[name]!r}, was {meant[name]!r}"
                for name in meant
                if said[name] != meant[name]
            ]

    assert differences == [], differences[:20]
    assert {name for name in seen if seen[name] < len(seeds) // 20} == set(), (
        "a fault that hardly ever happens proves nothing"
    )
