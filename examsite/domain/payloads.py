"""What must the content of a record say, where the published result format fixes it?

A bundle opens these contents and strangers read them by the names of their members, so a service that says more, less
or something else is refused at the moment of the act, not found out years later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from examsite.domain.errors import InvalidError
from examsite.domain.events import Event

MEMBERS: Final[Mapping[Event, frozenset[str]]] = MappingProxyType(
    {
        event: frozenset(names.split())
        for event, names in {
            Event.RULESET_FROZEN: "ruleset posts rubrics",
            Event.ROLES_FIXED: "people",
            Event.ROSTER_FIXED: "candidates",
            Event.PAPER_SEALED: "age_sha256 paper_sha256 rubric",
            Event.PAPER_OPENED: "holders",
            Event.SITTING_STARTED: "papers",
            Event.SITTING_CLOSED: "papers",
            Event.ATTENDANCE_RECORDED: "part absent",
            Event.ANSWERS_SUBMITTED: "candidate answers",
            Event.ANSWERS_AMENDED: "candidate answers reason",
            Event.INCIDENT_DECIDED: "candidate part measure percent void",
            Event.DRAW_COMMITTED: "items commitments public",
            Event.DRAW_HELD: "document outcome",
            Event.DRAW_REVEALED: "numbers holders",
            Event.CODES_SEALED: "map",
            Event.CODES_OPENED: "sealed_seq holders",
            Event.ITEM_DECIDED: "criterion ruling second",
            Event.MARK_LOCKED: "part round content points total",
            Event.MARK_WITHDRAWN: "seq reason second",
            Event.SETTLEMENT_DECIDED: "part step score reason",
            Event.WRITTEN_PUBLISHED: "part",
            Event.DEDUCTION_APPLIED: "part percent incident_seq",
            Event.APPEAL_DECIDED: "part score reason",
            Event.TIE_DECIDED: "selected reason",
            Event.RESULT_APPROVED: "result_sha256 assertion",
            Event.RESULT_REFUSED: "result_sha256 reason",
            Event.RESULT_PUBLISHED: "result_sha256",
            # Our own facts: what was refused while marking, and how a talk of the panel ended.
            Event.RUBRIC_REFUSED: "criterion reason proposed_by",
            Event.RULING_REFUSED: "criterion ruling reason proposed_by",
            Event.WITHDRAWAL_REFUSED: "seq reason asked_by",
            Event.DISCUSSION_CLOSED: "part step score",
            Event.ABSENCE_WITHDRAWN: "part candidate reason",
            # Our own facts: second persons and second factors.
            Event.OPENING_AGREED: "",
            Event.PAPER_SET_ASIDE: "reason",
            Event.FACTOR_ADDED: "kind factor",
            Event.FACTOR_REMOVED: "kind factor",
            Event.FACTOR_SHOWN: "factor step",
            Event.FACTORS_RESET: "reason",
            # Our own facts: sheets of keys, taken by their holders.
            Event.KEY_SHOWN: "purpose number",
            Event.KEY_TAKEN: "purpose number",
            Event.KEY_DISCARDED: "purpose split_seq reason",
            # Our own facts: the council signs before a gate.
            Event.GATE_SIGNED: "gate document_sha256 agreed reason assertion",
            # Our own facts: a published result is corrected.
            Event.CORRECTION_ASKED: "reason candidates",
            Event.CORRECTION_DECIDED: "asked_seq agreed reason",
            Event.CORRECTION_TAKEN_BACK: "asked_seq",
            Event.CORRECTION_DEFENCE_CALLED: "asked_seq candidates proposals_close_at defence_at",
            # Our own facts: appeals and the working calendar.
            Event.APPEAL_SUBMITTED: "candidate part reason",
            Event.APPEAL_WITHDRAWN: "candidate part submitted_seq",
            Event.REMARKERS_NAMED: "part markers from reason",
            Event.DIALOGUE_NOTED: "part text",
            Event.CALENDAR_CHANGED: "day kind reason kept",
            # Our own facts: erasure. What was recorded is what the tables are compared with for ever.
            Event.ERASURE_ASKED: "people due",
            Event.ERASURE_WITHDRAWN: "",
            Event.DATA_ERASED: "asked_by candidacies removed records rows files",
            Event.ERASURE_FINISHED: "erased_seq files steps backups_until",
        }.items()
    }
)
"""The members of each content that the format fixes, and of our own facts where they are fixed too.

Source: result format, table of events and payloads."""


def check_payload(event: Event, payload: Mapping[str, object]) -> None:
    """Nothing happens when the content has exactly the members of the format, or the format leaves it to us.

    Raises:
        InvalidError: `payload_not_valid`.
    """
    wanted = MEMBERS.get(event)
    if wanted is not None and set(payload) != wanted:
        raise InvalidError("payload_not_valid", event=event, wanted=", ".join(sorted(wanted)))


def read_payload(text: str | None) -> dict[str, Any]:
    """What the stored content of a record says; nothing where it was destroyed, cannot be read or is no object.

    Whether a content is the one that was recorded, its commitment says: whoever relies on a content compares that.
    """
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
