"""Who has which script, as the record log tells it: drawn, given as third or re-marker, passed on with a reason.

A row of an allocation names no record, because one record gives out a whole batch; so the log is told from its
beginning, and what comes out must be what the table holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from examsite.domain.events import Event

ALLOCATING: Final = (Event.ALLOCATION_DRAWN, Event.ALLOCATION_CHANGED, Event.REMARKERS_NAMED)
"""The records that give scripts to markers. Source: our choice, because these are the acts that do."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One record of `ALLOCATING` with its content."""

    seq: int
    event: str
    #: As records name it, e.g. script/K7M2.
    subject: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """A script in the hands of a marker, as the last record about the two says."""

    #: None: a re-marker, who is numbered by the order of locking.
    round: int | None
    #: Place in the marker's queue; None: not recorded.
    position: int | None
    #: Why it was taken away; None: it stands.
    reason: str | None
    seq: int
    event: str


def allocations_of(facts: Iterable[Fact]) -> dict[tuple[str, str], Given]:
    """What the records come to, by script and marker; the facts in the order of the log."""
    found: dict[tuple[str, str], Given] = {}
    for fact in facts:
        payload = fact.payload
        if fact.event == Event.ALLOCATION_CHANGED:
            for row in payload["scripts"]:
                _take(found, (row["script"], payload["from"]), fact)
                found[row["script"], row["to"]] = Given(row["round"], None, None, fact.seq, fact.event)
        elif fact.event == Event.REMARKERS_NAMED:
            script = fact.subject.partition("/")[2]
            if payload["from"] is not None:
                _take(found, (script, payload["from"]), fact)
            for marker in payload["markers"]:
                found[script, marker] = Given(None, None, None, fact.seq, fact.event)
        elif "script" in payload:
            found[payload["script"], payload["marker"]] = Given(payload["round"], None, None, fact.seq, fact.event)
        else:
            for marker, queue in payload.get("queues", payload["orders"]).items():
                for position, script in enumerate(queue, start=1):
                    found[script, marker] = Given(payload["round"], position, None, fact.seq, fact.event)
    return found


def _take(found: dict[tuple[str, str], Given], pair: tuple[str, str], fact: Fact) -> None:
    if pair in found:
        found[pair] = replace(found[pair], reason=str(fact.payload["reason"]), seq=fact.seq, event=fact.event)
