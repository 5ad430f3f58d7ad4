"""The rehearsal: the whole room once, on this machine, with this program and these settings, and nobody's data in it.

Decision: a rehearsal has an installation of its own inside the instance folder, with a database of the same kind, and
the real server in front of it; simulated candidates come in over real connections. What they were told as stored is
looked up afterwards one by one. The play is that of the demonstration. Everything is removed at the end; what stays is
the certificate in the real installation: for which program, which settings and how many people it speaks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

from examsite.cli.rehearsal.installation import RehearsalInstallation
from examsite.cli.rehearsal.load import Load, Outcome
from examsite.cli.rehearsal.play import RehearsalPlay
from examsite.config import Settings
from examsite.services.checkpoints import load_signer
from examsite.services.context import ServiceContext, read_clock
from examsite.services.rehearsals import finish_rehearsal, tell_progress
from examsite.storage.database import writing
from examsite.storage.queries.competitions import get_competition

Say = Callable[[str], None]

#: Steps of a rehearsal as the page names them, in their order.
STEPS = ("prepare", "log_in", "seat", "start", "save", "hand_in", "close", "compare", "mark")


class Reporter:
    """Tells the command line and the page where a rehearsal is."""

    def __init__(self, engine: Engine, settings: Settings, rehearsal_id: int, say: Say) -> None:
        """Report about this row of the real installation."""
        self._engine = engine
        self._settings = settings
        self._rehearsal_id = rehearsal_id
        self._say = say

    def step(self, name: str, **figures: Any) -> None:
        """A step begins; figures of the one before are known."""
        told = ", ".join(f"{key} {value}" for key, value in figures.items())
        self._say(f"{name}{': ' + told if told else ''}")
        with writing(self._engine) as session:
            ctx = ServiceContext(session=session, now=read_clock(), settings=self._settings)
            tell_progress(ctx, self._rehearsal_id, {"step": name, **figures})


def rehearse(
    engine: Engine, settings: Settings, *, code: str, rehearsal_id: int, head_count: int, seconds: int, say: Say
) -> bool:
    """Carry out a rehearsal that was begun, and finish it with its certificate or with what failed."""
    reporter = Reporter(engine, settings, rehearsal_id, say)
    figures: dict[str, Any] = {}
    faults: list[str] = []
    try:
        with RehearsalInstallation(settings, rehearsal_id) as installation:
            outcome = _carry_out(installation, reporter, head_count, seconds)
        figures, faults = outcome.figures, outcome.faults
    except Exception as error:  # whatever it was, the row must not stay open and the page must say it
        faults = [f"{type(error).__name__}: {error}"[:300]]
    passed = not faults
    with writing(engine) as session:
        ctx = ServiceContext(session=session, now=read_clock(), settings=settings, signer=load_signer(settings))
        finish_rehearsal(
            ctx,
            get_competition(session, code),
            rehearsal_id,
            passed=passed,
            figures={**figures, "source": "rehearsal", "faults": faults[:10], "step": "done"},
        )
    for fault in faults:
        say(f"✗ {fault}")
    return passed


def _carry_out(installation: RehearsalInstallation, reporter: Reporter, head_count: int, seconds: int) -> Outcome:
    reporter.step("prepare")
    play = RehearsalPlay(installation, head_count=head_count)
    numbers = play.prepare_people()
    with installation.server() as door, asyncio.Runner() as runner:
        load = Load(door, numbers, password=installation.password)
        reporter.step("log_in")
        runner.run(load.log_in())
        reporter.step("seat", **load.told("log_in"))
        starts_at = play.seat_and_open()
        reporter.step("start")
        runner.run(load.start(starts_at))
        reporter.step("save", **load.told("start"))
        runner.run(load.save(seconds=seconds))
        reporter.step("hand_in", **load.told("save"))
        runner.run(load.hand_in())
        reporter.step("close", **load.told("hand_in"))
        play.wait_until_closed()
    reporter.step("compare")
    lost = play.count_lost(load.acknowledged)
    reporter.step("mark", lost=lost)
    play.mark_two()
    return load.outcome(lost=lost)
