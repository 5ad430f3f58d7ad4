"""The supervisors of the demonstration ask about a record."""

from __future__ import annotations

from datetime import datetime

from examsite.cli.demonstration.play import HOUR, Play
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.services import explanations
from examsite.storage.queries.records import list_records_of_events


def ask(play: Play, event: Event, question: str, answer: str = "", *, at: datetime, actor: str = "") -> None:
    """The supervisors ask about the newest record of this fact; without an answer it waits for whoever acted.

    With `actor`, about the first record of this fact by that one.
    """
    rows = list_records_of_events(play.session, play.code, (event,))
    row = next(row for row in rows if row.actor == actor) if actor else rows[-1]
    supervisor = play.by("giamsat", Role.SUPERVISOR, at)
    asked = explanations.ask_explanation(supervisor, play.competition, row.seq, question=question)
    if answer:
        organiser = play.by("thuky", Role.ORGANISER, at + HOUR)
        explanations.give_explanation(organiser, play.competition, asked.number, answer=answer)
