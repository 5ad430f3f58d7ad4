"""When are the data of those not selected destroyed, by whom, and which contents of the log go with them?

Two different people: the organiser asks, an administrator does it and types the code of the competition. It cannot be
undone. A content of the log goes where it speaks of somebody who is erased, and where nobody can tell of whom it
speaks; contents that every bundle opens and those about the work of officials stay.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from examsite.domain.events import Event
from examsite.domain.state_machine import StateMachine

BACKUPS_KEPT_DAYS: Final = 30
"""How long a backup from before an erasure may still be kept. Unit: days.

Source: our choice, because a backup is there for the weeks after a mishap, and every day more is a day on which what
was destroyed still exists."""


class ErasureState(StrEnum):
    """Where an erasure is."""

    ASKED = "asked"
    WITHDRAWN = "withdrawn"
    #: No row and no content of the log holds the data; files and free pages may.
    DESTROYED = "destroyed"
    FINISHED = "finished"


class ErasureEvent(StrEnum):
    """What happens to an erasure."""

    WITHDRAWN = "withdrawn"
    AGREED = "agreed"
    CLEANED = "cleaned"


_S, _E = ErasureState, ErasureEvent

ERASURE = StateMachine(
    name="erasure",
    initial=_S.ASKED,
    table={
        (_S.ASKED, _E.WITHDRAWN): _S.WITHDRAWN,
        (_S.ASKED, _E.AGREED): _S.DESTROYED,
        (_S.DESTROYED, _E.CLEANED): _S.FINISHED,
    },
)

OFFICIAL_EVENTS: Final = frozenset(
    {
        *(Event.LOG_OPENED, Event.ROLES_FIXED, Event.COMPETITION_CREATED, Event.COMPETITION_CHANGED),
        *(Event.COMPETITION_ANNOUNCED, Event.COMPETITION_CLOSED, Event.NOTICE_CHANGED, Event.GATE_SIGNED),
        *(Event.APPLICATIONS_OPENED, Event.APPLICATIONS_CLOSED, Event.WRITTEN_BEGUN, Event.MARKING_BEGUN),
        *(Event.APPEALS_CLOSED, Event.PROPOSALS_OPENED, Event.PROPOSALS_LOCKED, Event.RESULT_COMPUTED),
        *(Event.CORRECTION_ASKED, Event.CORRECTION_DECIDED, Event.CORRECTION_TAKEN_BACK),
        Event.CORRECTION_DEFENCE_CALLED,
        *(Event.BUNDLE_REPLACED, Event.FINDINGS_SEEN, Event.BODY_CREATED, Event.BODY_CHANGED),
        *(Event.REMARKERS_NAMED, Event.CALENDAR_CHANGED, Event.KEY_SPLIT, Event.KEY_CHECKED),
        *(Event.KEY_SHOWN, Event.KEY_TAKEN, Event.KEY_DISCARDED),
        *(Event.WITNESS_NAMED, Event.WITNESS_ENDED, Event.DRAW_REVEALED, Event.BLUEPRINT_PLANNED),
        *(Event.PAPER_DRAWN, Event.SITTING_SCHEDULED, Event.SITTING_CHANGED, Event.CLOCK_ANCHORED),
        *(Event.REHEARSAL_FINISHED, Event.ALLOCATION_DRAWN, Event.ALLOCATION_CHANGED, Event.STANDARD_AGREED),
        *(Event.STANDARD_MARKED, Event.MARKER_QUALIFIED, Event.MARKER_STOPPED, Event.MARKER_DECIDED),
        *(Event.MARKERS_NAMED, Event.NAMING_DECIDED, Event.RUBRIC_CHANGED, Event.RUBRIC_TAKEN_BACK),
        *(Event.ERASURE_ASKED, Event.ERASURE_WITHDRAWN, Event.DATA_ERASED, Event.ERASURE_FINISHED),
    }
)
"""Facts about the work of officials, in codes. Source: our choice; what is not here is taken to be about somebody."""


@dataclass(frozen=True)
class Traces:
    """By what a content of the log may speak of some people."""

    #: Codes and numbers, each a whole value or a name of a member: public code, candidate number, script code …
    codes: frozenset[str]
    #: Names, identity numbers, telephones, addresses: anywhere in a text.
    words: tuple[str, ...]
    #: Subjects that are these people or their work, e.g. `application/12`, `defence/K7M2`.
    subjects: frozenset[str]
    #: Subjects of sittings with a seat there.
    seats: frozenset[tuple[str, str]]


def due_at(published_at: datetime, days: int) -> datetime:
    """From when on the data of those not selected may be destroyed."""
    return published_at + timedelta(days=days)


def backups_until(erased_at: datetime) -> datetime:
    """By when every backup from before an erasure must be destroyed."""
    return erased_at + timedelta(days=BACKUPS_KEPT_DAYS)


def is_content_destroyed(event: str, subject: str, payload: str, *, erased: Traces, kept: Traces, whole: bool) -> bool:
    """Whether the content of a record goes with the data of those who are erased.

    `whole` is the log of the competition itself, where every fact that is not official is about somebody; of the
    other logs only what speaks of those people goes.
    """
    try:
        known = Event(event)
    except ValueError:
        return False
    if known.must_be_opened:
        return False
    if any(word in payload for word in erased.words):
        return True
    if known in OFFICIAL_EVENTS:
        return False
    if subject in erased.subjects:
        return True
    if not whole:
        return False
    if _is_about(subject, payload, erased):
        return True
    return not (subject in kept.subjects or _is_about(subject, payload, kept))


def _is_about(subject: str, payload: str, people: Traces) -> bool:
    said = set(_texts(_read(payload)))
    return not said.isdisjoint(people.codes) or any(subject == where and seat in said for where, seat in people.seats)


def _read(payload: str) -> object:
    try:
        value: object = json.loads(payload)
    except (ValueError, RecursionError):
        return payload
    return value


def _texts(value: object) -> Iterator[str]:
    """Every text of a content, names of members included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield str(name)
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)


def runs(numbers: Iterable[int]) -> list[list[int]]:
    """Numbers in order as runs of first and last: what a record can hold of thousands."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def in_runs(found: Iterable[Iterable[int]]) -> set[int]:
    """The numbers of runs."""
    return {number for first, last in found for number in range(first, last + 1)}
