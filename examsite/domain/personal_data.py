"""What does the product know about people, and what becomes of each piece of it?

One list for three readers: the page that tells everyone what is kept and why, the erasure, which does what is written
here and nothing else, and the check that finds out afterwards whether it was done. A test of the house refuses a new
column that holds text, a date or bytes and stands nowhere below.

Decision: erasure takes away what leads from a code to a person, and every word that a person said, wrote or had
written about them. What stays is coded: the public code, marks, scores, ranks and what every bundle opens, so that an
old bundle still verifies. Source: record format, section on erasure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class DataKind(StrEnum):
    """Kinds of data about people, as the register tells them apart."""

    IDENTITY = "identity"
    CONTACT = "contact"
    DOSSIER = "dossier"
    LOGIN = "login"
    PHOTO = "photo"
    ROOM = "room"
    ADJUSTMENTS = "adjustments"
    ANSWERS = "answers"
    PROPOSAL = "proposal"
    REMARKS = "remarks"
    CONFLICTS = "conflicts"
    LOG = "log"
    CODED = "coded"
    OFFICIALS = "officials"


class Fate(StrEnum):
    """What the erasure does with a kind of data about those not selected."""

    DESTROYED = "destroyed"
    STAYS = "stays"


class Reader(StrEnum):
    """Who may read a kind of data, in the words of the register."""

    PERSON = "person"
    ORGANISER = "organiser"
    COUNCIL = "council"
    INVIGILATORS = "invigilators"
    KEEPERS = "keepers"
    MARKERS = "markers"
    PANEL = "panel"
    SUPERVISORS = "supervisors"
    ADMINISTRATORS = "administrators"
    PUBLIC = "public"


@dataclass(frozen=True)
class Holding:
    """One kind of data: where it stands, who reads it and what the erasure does with it."""

    kind: DataKind
    fate: Fate
    readers: tuple[Reader, ...]
    #: `table.column`, or `table.*` for all columns of a table.
    columns: tuple[str, ...]


_K, _F, _R = DataKind, Fate, Reader


def _holding(kind: DataKind, fate: Fate, readers: tuple[Reader, ...], columns: str) -> Holding:
    return Holding(kind, fate, readers, tuple(columns.split()))


REGISTER: Final[tuple[Holding, ...]] = (
    _holding(
        _K.IDENTITY,
        _F.DESTROYED,
        (_R.PERSON, _R.ORGANISER, _R.COUNCIL, _R.INVIGILATORS),
        "candidacies.full_name candidacies.born_on candidacies.identity_number candidacies.unit"
        " candidacies.position_title candidacies.hometown candidacies.application_code candidacies.candidate_number"
        " candidacies.refusal_reason",
    ),
    _holding(_K.CONTACT, _F.DESTROYED, (_R.PERSON, _R.ORGANISER), "candidacies.phone candidacies.email"),
    _holding(
        _K.DOSSIER,
        _F.DESTROYED,
        (_R.PERSON, _R.ORGANISER, _R.COUNCIL),
        "dossier_items.* uploads.original_name uploads.sha256",
    ),
    _holding(
        _K.LOGIN,
        _F.DESTROYED,
        (_R.ADMINISTRATORS,),
        "accounts.login accounts.display_name accounts.position_title accounts.password_hash login_sessions.*"
        " login_throttles.* second_factors.*",
    ),
    _holding(_K.PHOTO, _F.DESTROYED, (_R.INVIGILATORS,), "attempts.photo_id"),
    _holding(
        _K.ROOM,
        _F.DESTROYED,
        (_R.PERSON, _R.INVIGILATORS, _R.ORGANISER, _R.SUPERVISORS),
        "attempts.seat attempts.option_orders attempts.shuffle_seed attempts.preferences attempts.objective_points"
        " evidence.* extensions.* help_calls.* lost_times.* pauses.* silences.* refused_machines.* room_messages.*"
        " room_requests.* incidents.minutes incidents.witnesses handover_notes.text handover_notes.handed_to",
    ),
    _holding(
        _K.ADJUSTMENTS,
        _F.DESTROYED,
        (_R.PERSON, _R.ORGANISER, _R.COUNCIL, _R.INVIGILATORS),
        "candidacies.adjustments adjustment_requests.*",
    ),
    _holding(
        _K.ANSWERS,
        _F.DESTROYED,
        (_R.PERSON, _R.KEEPERS, _R.MARKERS),
        "answer_versions.* closed_answers.* script_cuts.* answer_files.* scripts.content code_entries.content_salt"
        " script_checks.* identity_hints.*",
    ),
    _holding(
        _K.PROPOSAL,
        _F.DESTROYED,
        (_R.PERSON, _R.ORGANISER, _R.PANEL),
        "proposal_versions.* defences.recording_reference panel_questions.* proposal_assessments.*",
    ),
    _holding(
        _K.REMARKS,
        _F.DESTROYED,
        (_R.PERSON, _R.MARKERS, _R.PANEL, _R.COUNCIL),
        "marks.comments marks.reason mark_notes.* script_flags.* discussion_notes.* appeals.reason appeals.dialogue",
    ),
    _holding(
        _K.CONFLICTS,
        _F.DESTROYED,
        (_R.COUNCIL,),
        "conflict_declarations.* conflict_rulings.* code_maps.recusals",
    ),
    _holding(_K.LOG, _F.DESTROYED, (_R.SUPERVISORS,), "records.payload records.salt"),
    _holding(
        _K.CODED,
        _F.STAYS,
        (_R.PUBLIC,),
        "candidacies.public_code marks.points marks.earlier_points scripts.code scripts.content_sha256 scripts.step"
        " settlements.step settlements.reason incidents.measure deductions.part defences.step tie_decisions.selected"
        " tie_decisions.reason appeals.part appeals.script appeals.decision_reason result_versions.document",
    ),
    _holding(
        _K.OFFICIALS,
        _F.STAYS,
        (_R.ADMINISTRATORS, _R.ORGANISER, _R.COUNCIL, _R.SUPERVISORS),
        "role_assignments.pseudonym allocations.reason explanations.* signatures.reason mark_withdrawals.reason"
        " item_decisions.reason rubric_changes.reason marker_stops.* marker_alarms.* qualifications.* saved_comments.*"
        " swapped_days.reason witnesses.holder witnesses.name claims.* draw_ceremonies.opened_by"
        " draw_contributions.by erasures.*",
    ),
)
"""Every kind of data about people. Source: our choice, in the words of Law 91/2025/QH15 on personal data."""

NOT_ABOUT_PEOPLE: Final = frozenset(
    (
        *("bank_questions.*", "bodies.*", "competitions.*", "posts.*", "papers.*", "paper_files.*"),
        *("server_outages.*", "server_pulse.*", "server_faults.*", "rehearsals.*", "sittings.*", "split_keys.*"),
        *(
            "key_shares.*",
            "checkpoints.*",
            "cosignatures.*",
            "code_maps.content",
            "code_maps.age_sha256",
            "code_maps.withheld",
            "record_logs.*",
            "record_blocks.*",
            "records.at",
        ),
        *("records.event", "records.actor", "records.subject", "records.commit", "records.leaf"),
        *("draw_ceremonies.name", "draw_ceremonies.items", "draw_ceremonies.terms", "draw_contributions.commitment"),
        *("draw_contributions.deposit", "draw_contributions.substitute", "draw_contributions.nonce"),
        *("draw_contributions.holders", "agreed_marks.*", "item_decisions.item", "item_decisions.ruling"),
        *("item_decisions.keys", "rubric_changes.criterion", "rubric_changes.before", "rubric_changes.after"),
        *("result_versions.sha256", "signatures.sha256", "swapped_days.day", "witnesses.public_key"),
    )
)
"""Columns with words that say nothing about a candidate or an official: questions, rules, keys, hashes, machines."""

ERASED_WORDS: Final = "(đã xóa)"
"""What stands in the place of a name. Source: our choice, because an empty place in a list reads like a fault."""

ERASED_DATE: Final = date(1900, 1, 1)
"""What stands in the place of a date of birth. Source: our choice, because the column must hold a date."""


@dataclass(frozen=True)
class Owned:
    """Rows of a table that hang on rows of another one."""

    table: str
    column: str
    owner: str


ROWS_DESTROYED: Final[tuple[Owned, ...]] = (
    Owned("attempts", "candidacy_id", "candidacies"),
    Owned("script_checks", "attempt_id", "attempts"),
    Owned("identity_hints", "check_id", "script_checks"),
    Owned("closed_answers", "attempt_id", "attempts"),
    Owned("answer_versions", "attempt_id", "attempts"),
    Owned("answer_files", "attempt_id", "attempts"),
    Owned("evidence", "attempt_id", "attempts"),
    Owned("extensions", "attempt_id", "attempts"),
    Owned("silences", "attempt_id", "attempts"),
    Owned("lost_times", "attempt_id", "attempts"),
    Owned("pauses", "attempt_id", "attempts"),
    Owned("help_calls", "attempt_id", "attempts"),
    Owned("refused_machines", "attempt_id", "attempts"),
    Owned("room_messages", "attempt_id", "attempts"),
    Owned("room_requests", "attempt_id", "attempts"),
    Owned("dossier_items", "candidacy_id", "candidacies"),
    Owned("adjustment_requests", "candidacy_id", "candidacies"),
    Owned("conflict_declarations", "candidacy_id", "candidacies"),
    Owned("conflict_rulings", "candidacy_id", "candidacies"),
    Owned("proposal_versions", "candidacy_id", "candidacies"),
    Owned("proposal_assessments", "candidacy_id", "candidacies"),
    Owned("panel_questions", "defence_id", "defences"),
    Owned("script_cuts", "script_id", "scripts"),
    Owned("mark_notes", "script_id", "scripts"),
    Owned("script_flags", "script_id", "scripts"),
    Owned("discussion_notes", "script_id", "scripts"),
    Owned("login_sessions", "account_id", "accounts"),
    Owned("second_factors", "account_id", "accounts"),
)
"""Rows that are gone afterwards; an owner stands before what it owns. Source: record format, section on erasure."""

ROWS_EMPTIED: Final[tuple[Owned, ...]] = (
    Owned("defences", "candidacy_id", "candidacies"),
    Owned("code_entries", "candidacy_id", "candidacies"),
    Owned("incidents", "candidacy_id", "candidacies"),
    Owned("appeals", "candidacy_id", "candidacies"),
)
"""Rows that stay without their words. Scripts, marks, accounts and candidacies are found by the erasure itself."""

EMPTIED: Final[Mapping[str, Mapping[str, object]]] = MappingProxyType(
    {
        "candidacies": {
            "full_name": ERASED_WORDS,
            "born_on": ERASED_DATE,
            "identity_number": "xoa-{id}",
            "application_code": "xoa-{id}",
            "candidate_number": None,
            "unit": "",
            "position_title": "",
            "phone": "",
            "email": "",
            "hometown": "",
            "submitted_at": None,
            "decided_at": None,
            "adjustments": {},
        },
        "accounts": {"login": "xoa-{id}", "display_name": ERASED_WORDS, "position_title": "", "password_hash": "-"},
        "scripts": {"content": []},
        "code_entries": {"content_salt": ""},
        "marks": {"comments": {}, "reason": ""},
        "defences": {"recording_reference": ""},
        "incidents": {"minutes": ERASED_WORDS, "witnesses": ""},
        "handover_notes": {"text": ERASED_WORDS, "handed_to": ""},
        "room_messages": {"text": ERASED_WORDS},
        "room_requests": {"reason": ERASED_WORDS, "decision_reason": ""},
        "appeals": {"reason": ERASED_WORDS, "dialogue": ""},
        "code_maps": {"recusals": [], "content": ""},
    }
)
"""What each column of a row that stays holds afterwards; `{id}` is the key of the row, where values must differ.

Of messages and requests only those to a whole room stay."""


def erased_value(table: str, column: str, key: int) -> object:
    """What a column of an erased row holds."""
    value = EMPTIED[table][column]
    if isinstance(value, str):
        return value.replace("{id}", str(key))
    return value.copy() if isinstance(value, dict | list) else value


def kind_of_table(table: str) -> DataKind | None:
    """The kind of data that most columns of a table are; None where they say nothing about people."""
    counted = {
        holding.kind: sum(column.partition(".")[0] == table for column in holding.columns) for holding in REGISTER
    }
    kind = max(counted, key=lambda one: counted[one])
    return kind if counted[kind] else None


def is_known_place(entry: str) -> bool:
    """Whether a name in this column is somebody's own, so that another person of the same name explains it."""
    kinds = (DataKind.IDENTITY, DataKind.CONTACT, DataKind.LOGIN)
    return any(entry in holding.columns for holding in REGISTER if holding.kind in kinds)
