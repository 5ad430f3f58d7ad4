"""What a test page notices beside the writing, and which of it is worth a look by a person.

Everything here is evidence, never a verdict: figures without text, kept for whoever decides about an incident. The
thresholds are wide on purpose, so that an honest candidate with any typing tool never stands out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from examsite.domain.errors import InvalidError
from examsite.domain.saves import MAX_NUMBER

MAX_EVENTS: Final = 64
"""Most events in one call. Source: our choice, because a page gathers a few in a minute; the rest can follow."""

MAX_EVENTS_KEPT: Final = 5000
"""Most events kept of one attempt. Source: our choice, because a page that sends more is broken, and the first ones
say so well enough."""

BURST_LETTERS: Final = 80
"""Letters that come within the window of a burst. Source: our choice, because the fastest typing known is about 18
letters a second for a few seconds, and a typing tool replaces one word of at most a dozen letters at once."""

BURST_MILLISECONDS: Final = 2000
"""Window of a burst. Unit: milliseconds. Source: our choice, as above: forty letters a second are nobody's typing."""

PASTED_LETTERS: Final = 80
"""Pasted letters from elsewhere that are worth a look. Source: our choice, because less is a name or a term."""

FOCUS_MILLISECONDS: Final = 20_000
"""Time away from the page that is worth a look. Source: our choice, because a message of the system, a wrong key or a
look at the clock takes less. Unit: milliseconds."""

_ITEM: Final = re.compile(r"[A-Za-z0-9._-]{1,20}")


class EvidenceKind(StrEnum):
    """What a page can notice. None of it is an offence."""

    FOCUS_LOST = "focus_lost"
    FULLSCREEN_LEFT = "fullscreen_left"
    PASTED = "pasted"
    BURST = "burst"
    RELOADED = "reloaded"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Noticed:
    """One thing that a page noticed; figures only."""

    kind: EvidenceKind
    #: Running number of the page within its epoch: a repeated call makes no second row.
    number: int
    #: How long it lasted, where it lasts. Unit: milliseconds.
    milliseconds: int | None = None
    #: `item`, `letters`, `own` (pasted text that was cut or copied on this very page).
    data: Mapping[str, object] = field(default_factory=dict)


def read_evidence(body: object) -> list[Noticed]:
    """The events of one call, in the order sent.

    Raises:
        InvalidError: `evidence_malformed`, with the `field` at fault.
    """
    rows = body.get("events") if isinstance(body, Mapping) else None
    if not isinstance(rows, list) or len(rows) > MAX_EVENTS:
        raise InvalidError("evidence_malformed", field="events")
    return [_read(row, f"events[{place}]") for place, row in enumerate(rows)]


def is_worth_a_look(noticed: Noticed) -> bool:
    """Whether a person should look at this one. Reloads, short absences and outages of the network never are."""
    letters = noticed.data.get("letters")
    count = letters if isinstance(letters, int) else 0
    if noticed.kind is EvidenceKind.PASTED:
        return count >= PASTED_LETTERS and noticed.data.get("own") is not True
    if noticed.kind is EvidenceKind.BURST:
        return count >= BURST_LETTERS
    if noticed.kind is EvidenceKind.FOCUS_LOST:
        return (noticed.milliseconds or 0) >= FOCUS_MILLISECONDS
    return False


def worth_a_look(events: Sequence[Noticed]) -> list[Noticed]:
    """Those of the events that a person should look at."""
    return [event for event in events if is_worth_a_look(event)]


def _read(row: object, place: str) -> Noticed:
    if not isinstance(row, Mapping):
        raise InvalidError("evidence_malformed", field=place)
    kind = row.get("kind")
    if not isinstance(kind, str) or kind not in {*EvidenceKind}:
        raise InvalidError("evidence_malformed", field=f"{place}.kind")
    lasted = row.get("milliseconds")
    return Noticed(
        kind=EvidenceKind(kind),
        number=_count(row.get("number"), f"{place}.number", least=1),
        milliseconds=None if lasted is None else _count(lasted, f"{place}.milliseconds"),
        data=_read_data(row.get("data"), f"{place}.data"),
    )


def _read_data(value: object, place: str) -> dict[str, object]:
    # Only these three, so that no text can travel in the evidence.
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not set(value) <= {"item", "letters", "own"}:
        raise InvalidError("evidence_malformed", field=place)
    data: dict[str, object] = {}
    if "item" in value:
        item = value["item"]
        if not isinstance(item, str) or _ITEM.fullmatch(item) is None:
            raise InvalidError("evidence_malformed", field=f"{place}.item")
        data["item"] = item
    if "letters" in value:
        data["letters"] = _count(value["letters"], f"{place}.letters")
    if "own" in value:
        if not isinstance(value["own"], bool):
            raise InvalidError("evidence_malformed", field=f"{place}.own")
        data["own"] = value["own"]
    return data


def _count(value: object, place: str, *, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_NUMBER:
        raise InvalidError("evidence_malformed", field=place)
    return value
