"""The way through the queue: script by script in the drawn order, or one question of all scripts at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response, g, make_response, request, url_for

from examsite.storage.database import db
from examsite.storage.queries.marking_walks import Step, list_steps
from examsite.storage.queries.queues import BlindScript, QueueEntry

BY_SCRIPT: Final = "script"
BY_QUESTION: Final = "question"
_COOKIE: Final = "marking_by"
_YEAR_SECONDS: Final = 365 * 24 * 3600


@dataclass(frozen=True)
class Walk:
    """Where a marker stands on the chosen way, and what comes before and after."""

    by: str
    #: Of the present question when the way goes by questions, else all scripts.
    steps: tuple[Step, ...]
    here: Step
    place: int
    before: Step | None
    after: Step | None

    @property
    def is_by_question(self) -> bool:
        """Whether one question of all scripts is marked before the next one."""
        return self.by == BY_QUESTION


def chosen_way() -> str:
    """What the address asks for, else what was chosen last on this machine, else script by script."""
    asked = request.args.get("by") or request.cookies.get(_COOKIE)
    return BY_QUESTION if asked == BY_QUESTION else BY_SCRIPT


def keep_way(page: str | tuple[str, int]) -> Response:
    """The page as an answer; a way that was asked for by the address is remembered."""
    response = make_response(page)
    if request.args.get("by") in (BY_SCRIPT, BY_QUESTION):
        response.set_cookie(
            _COOKIE, chosen_way(), max_age=_YEAR_SECONDS, secure=request.is_secure, httponly=True, samesite="Lax"
        )
    return response


def steps_of(queue: Sequence[QueueEntry], by: str) -> list[Step]:
    """All stops of a way in their order."""
    if by == BY_SCRIPT:
        return [Step(entry.code, "", kind_of(entry)) for entry in queue]
    return list_steps(db.session(), g.competition.id, g.actor.assignment_id, marker=str(g.actor.pseudonym))


def walk_of(queue: Sequence[QueueEntry], blind: BlindScript, *, item: str) -> Walk:
    """The way as it looks from a script (and, by questions, from one of its questions); practice goes by scripts."""
    by = chosen_way() if blind.is_queued else BY_SCRIPT
    steps = steps_of(queue, by)
    own = [step for step in steps if step.code == blind.code]
    here = next((step for step in own if step.item == item), None)
    if here is None:
        here = next((step for step in own if step.kind != "done"), own[0])
    place = steps.index(here)
    shown = tuple(step for step in steps if step.item == here.item)
    return Walk(
        by=by,
        steps=shown,
        here=here,
        place=shown.index(here) + 1,
        before=steps[place - 1] if place else None,
        after=steps[place + 1] if place + 1 < len(steps) else None,
    )


def next_step(queue: Sequence[QueueEntry], *, after: str | None = None) -> Step | None:
    """The stop that is not done: the first one behind a script, else the first of all; None when everything is locked.

    By questions, a script of which every question is marked still waits for its lock.
    """
    steps = steps_of(queue, chosen_way())
    unlocked = {entry.code for entry in queue if not entry.is_locked}
    last = max((number for number, step in enumerate(steps) if step.code == after), default=-1)
    order = [*steps[last + 1 :], *steps[: last + 1]]
    waiting = [step for step in order if step.code in unlocked]
    return next((step for step in waiting if step.kind != "done"), waiting[0] if waiting else None)


def step_url(step: Step) -> str:
    """The scoring page of a stop."""
    return url_for("marker.mark_script", code=g.competition.code, script=step.code, question=step.item or None)


def kind_of(entry: QueueEntry) -> str:
    """done, work or todo, as tags name it."""
    if entry.is_locked:
        return "done"
    return "work" if entry.is_begun else "todo"
