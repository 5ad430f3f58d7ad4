"""The machines of the demonstration's room: while the site runs they give signs of life and save, so that it lives.

A machine leaves off for good as soon as a person opens its attempt elsewhere. Nothing of this exists in an installation
without a demonstration.
"""

from __future__ import annotations

import json
import logging
import os
import random
import threading
from dataclasses import asdict, dataclass
from typing import Any

import click
from sqlalchemy import Engine

from examsite.config import Settings, load_settings
from examsite.domain.attempts import AttemptState
from examsite.domain.saves import Save
from examsite.services.attempt_tokens import token_of_attempt
from examsite.services.attempts import save_answers
from examsite.services.checkpoints import load_signer
from examsite.services.clock import open_clock
from examsite.services.context import LogSigner, ServiceContext, read_clock
from examsite.storage.database import open_engine, writing
from examsite.storage.queries.attempts import list_held_numbers
from examsite.storage.queries.boards import list_attempts_of

#: File in `instance/` that lists the machines.
LISTING = "demonstration-machines.json"

#: How often the machines speak. Unit: seconds.
PERIOD_SECONDS = 5

#: How many answers a machine revises before it goes on to the next question.
_REVISIONS = 40

_log = logging.getLogger("examsite.demonstration")


@dataclass
class Machine:
    """One machine: the attempt open on it, what it saved last, what its candidate will answer next."""

    attempt_id: int
    epoch: int
    essay: str
    number: int
    rest: list[tuple[str, str]]


def keep_machines(settings: Settings, machines: list[Machine]) -> None:
    """Leave the list for the process that will move them."""
    path = settings.instance_path / LISTING
    path.write_text(json.dumps([asdict(machine) for machine in machines], ensure_ascii=False), encoding="utf-8")
    path.chmod(0o600)


def list_machines(settings: Settings) -> list[Machine]:
    """The machines of this installation; none where there is no demonstration."""
    path = settings.instance_path / LISTING
    if not path.exists():
        return []
    return [Machine(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


@click.command(hidden=True)
def run_machines() -> None:
    """Move the machines of the demonstration until the site ends or nobody writes any more."""
    settings = load_settings()
    open_clock(settings)
    machines = list_machines(settings)
    engine = open_engine(settings)
    signer = load_signer(settings)
    parent, pause, is_first = os.getppid(), threading.Event(), True
    while machines and os.getppid() == parent:
        try:
            machines = speak(engine, settings, signer, machines, wakes_up=is_first)
            is_first = False
        except Exception:  # the site may be starting or ending; the next round must come
            _log.exception("the machines of the demonstration failed; they try again")
        pause.wait(PERIOD_SECONDS)


def speak(
    engine: Engine, settings: Settings, signer: LogSigner | None, machines: list[Machine], *, wakes_up: bool = False
) -> list[Machine]:
    """One round: a sign of life of each, a save of about every third; gives back the machines that go on.

    With `wakes_up` the time in which the site was not running is not counted as silence.
    """
    with writing(engine) as session:
        now = read_clock()
        rows = {row.id: row for row in list_attempts_of(session, [machine.attempt_id for machine in machines])}
        going = [machine for machine in machines if _goes_on(machine, rows.get(machine.attempt_id))]
        if wakes_up:
            for machine in going:
                rows[machine.attempt_id].last_seen_at = now
            session.flush()
        ctx = ServiceContext(session=session, now=now, settings=settings, signer=signer)
        for machine in going:
            token = token_of_attempt(settings, machine.attempt_id)
            held = list_held_numbers(session.connection(), machine.attempt_id)
            save_answers(ctx, token, _saves(machine, held), page_epoch=machine.epoch)
    return going


def _goes_on(machine: Machine, attempt: Any) -> bool:
    return attempt is not None and attempt.state is AttemptState.OPEN and attempt.epoch == machine.epoch


def _saves(machine: Machine, held: dict[str, tuple[int, int]]) -> tuple[Save, ...]:
    if random.random() > 1 / 3:  # noqa: S311 -- a puppet's rhythm is no secret
        return ()
    machine.number += 1
    if machine.rest and machine.number % _REVISIONS == 0:
        item, content = machine.rest.pop(0)
    else:
        words = json.loads(machine.essay).split(" ")
        shown = " ".join(words[: 20 + machine.number % max(1, len(words) - 20)])
        item, content = "E1", json.dumps(shown, ensure_ascii=False)
    # A page counts the saves of each question without a gap: a gap is a save that never came.
    epoch, number = held.get(item, (machine.epoch, 0))
    following = number + 1 if epoch == machine.epoch else 1
    return (Save(item=item, epoch=machine.epoch, number=following, content=content),)
