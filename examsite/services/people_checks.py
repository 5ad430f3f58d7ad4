"""Roles and words about relations held against the record log: who signs and who marks, and who is kept away.

A row too many is found as well as one that is gone or says something else, because whoever owns the database could let
somebody in, or let somebody near to a candidate stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.events import Event
from examsite.domain.records import plan_log_code
from examsite.domain.table_problems import TableProblem
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy, ConflictDeclaration, ConflictRuling
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.erasures import erased_candidacies
from examsite.storage.queries.records import list_records_of_events

_Records = Mapping[int, RecordRow]


def check_people(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    """Every role, declaration and ruling of a competition that its log does not know, or knows otherwise."""
    yield from _roles(session, competition, records)
    accounts = {
        str(pseudonym): account_id
        for pseudonym, account_id in session.execute(
            select(RoleAssignment.pseudonym, RoleAssignment.account_id).where(
                RoleAssignment.competition_id == competition.id
            )
        )
    }
    candidates = {
        str(code): key
        for key, code in session.execute(
            select(Candidacy.id, Candidacy.public_code).where(Candidacy.competition_id == competition.id)
        )
        if code is not None
    }
    yield from _declarations(session, competition, records, accounts=accounts, candidates=candidates)
    yield from _rulings(session, competition, records, accounts=accounts)


def _roles(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    kinds = (Event.ROLE_GRANTED, Event.ROLE_REVOKED)
    told = [
        *[(row, None) for row in list_records_of_events(session, plan_log_code(competition.code), kinds)],
        *[(row, row.seq) for row in records.values() if row.event in kinds],
    ]
    held = {
        row.pseudonym: row
        for row in session.scalars(
            select(RoleAssignment).where(RoleAssignment.competition_id == competition.id).order_by(RoleAssignment.id)
        )
    }
    ended = {row.content.get("pseudonym") for row, _seq in told if row.event == Event.ROLE_REVOKED}
    unread = any(row.payload is None for row, _seq in told if row.event == Event.ROLE_REVOKED)
    known: set[str] = set()
    blank: set[str] = set()
    for record, seq in told:
        if record.event != Event.ROLE_GRANTED:
            continue
        said = record.content
        if "pseudonym" not in said:  # erased with what was never opened
            blank.add(record.subject)
            continue
        known.add(said["pseudonym"])
        row = held.get(said["pseudonym"])
        if row is None:
            yield TableProblem("role_assignments", None, "row_missing", "", seq, record.event)
            continue
        compared = {
            "role": row.role.value == said["role"],
            "account_id": record.subject == f"account/{row.account_id}",
            "revoked_at": unread or (row.revoked_at is not None) == (row.pseudonym in ended),
        }
        for column, holds in compared.items():
            if not holds:
                yield TableProblem("role_assignments", row.id, "value_differs", column, seq, record.event)
    for pseudonym, row in held.items():
        if pseudonym not in known and f"account/{row.account_id}" not in blank:
            yield TableProblem("role_assignments", row.id, "record_missing", "pseudonym")


@dataclass
class _Word:
    """What the log says that a person declared last, as the council left it."""

    record: RecordRow
    relations: dict[str, str] = field(default_factory=dict)
    #: How many rows say that there is no relation: the word itself, and each relation that the council took back.
    nobody: int = 0
    #: Whether a content was destroyed, so that the log tells no more what was said.
    unread: bool = False


def _words(records: _Records, accounts: Mapping[str, int]) -> dict[int | None, _Word]:
    """The last word of each person, in the order of the log."""
    words: dict[int | None, _Word] = {}
    for row in records.values():
        said = row.content
        if row.event == Event.CONFLICT_DECLARED:
            account = accounts.get(row.actor.partition("/")[2])
            before = words.get(account)
            word = words[account] = _Word(row, unread=row.payload is None)
            word.relations = {one["candidate"]: one["relation"] for one in said.get("conflicts", ())}
            for code in said.get("asked_back", ()):
                word.unread = word.unread or before is None or before.unread
                word.relations[code] = "" if before is None else before.relations.get(code, "")
            word.nobody = 0 if word.relations else 1
        elif row.event == Event.CONFLICT_JUDGED:
            concerned = words.get(accounts.get(str(said.get("person"))))
            if row.payload is None:  # whose relation was taken back is not told any more
                for word in words.values():
                    word.unread = True
            elif concerned is not None and said.get("asked_back") and not said.get("pending") and not said["barred"]:
                concerned.nobody += concerned.relations.pop(said["candidate"], None) is not None
    return words


def _declarations(
    session: Session,
    competition: Competition,
    records: _Records,
    *,
    accounts: Mapping[str, int],
    candidates: Mapping[str, int],
) -> Iterator[TableProblem]:
    gone = erased_candidacies(session, competition.code)
    words = _words(records, accounts)
    codes = {key: code for code, key in candidates.items()}
    found: defaultdict[int, list[ConflictDeclaration]] = defaultdict(list)
    rows = session.execute(
        select(ConflictDeclaration, RoleAssignment.account_id)
        .join(RoleAssignment, RoleAssignment.id == ConflictDeclaration.assignment_id)
        .where(RoleAssignment.competition_id == competition.id)
        .order_by(ConflictDeclaration.id)
    )
    for row, account in rows:
        found[account].append(row)
        if account not in words:
            yield TableProblem("conflict_declarations", row.id, "record_missing", "assignment_id")
    for person, word in words.items():
        if word.unread or person is None:
            continue
        seq, event = word.record.seq, word.record.event
        left = {code: relation for code, relation in word.relations.items() if candidates.get(code) not in gone}
        nobody = [row for row in found[person] if row.candidacy_id is None]
        for row in nobody[word.nobody :]:
            yield TableProblem("conflict_declarations", row.id, "record_missing", "candidacy_id", seq, event)
        for row in found[person]:
            if row.candidacy_id is None:
                continue
            said = left.pop(codes.get(row.candidacy_id, ""), None)
            if said is None:
                yield TableProblem("conflict_declarations", row.id, "value_differs", "candidacy_id", seq, event)
            elif said != row.relation:
                yield TableProblem("conflict_declarations", row.id, "value_differs", "relation", seq, event)
        for _gone in range(len(left) + max(0, word.nobody - len(nobody))):
            yield TableProblem("conflict_declarations", None, "row_missing", "", seq, event)


def _rulings(
    session: Session, competition: Competition, records: _Records, *, accounts: Mapping[str, int]
) -> Iterator[TableProblem]:
    claimed: set[int] = set()
    rows = session.execute(
        select(ConflictRuling, Candidacy.public_code)
        .join(Candidacy, Candidacy.id == ConflictRuling.candidacy_id)
        .where(ConflictRuling.competition_id == competition.id)
        .order_by(ConflictRuling.id)
    )
    for row, code in rows:
        record = records.get(row.record_seq)
        if record is None or record.event != Event.CONFLICT_JUDGED or record.seq in claimed:
            yield TableProblem("conflict_rulings", row.id, "record_missing", "record_seq", row.record_seq)
            continue
        claimed.add(record.seq)
        if record.payload is None:
            continue
        said = record.content
        compared = {
            "account_id": accounts.get(str(said.get("person"))) == row.account_id,
            "candidacy_id": said.get("candidate") == (code or ""),
            "is_barred": said.get("barred") == row.is_barred,
            "reason": said.get("reason") == row.reason,
            "is_pending": bool(said.get("pending")) == row.is_pending,
            "decided_by_id": accounts.get(record.actor.partition("/")[2]) == row.decided_by_id,
        }
        for column, holds in compared.items():
            if not holds:
                yield TableProblem("conflict_rulings", row.id, "value_differs", column, record.seq, record.event)
    for record in records.values():
        if record.event == Event.CONFLICT_JUDGED and record.payload is not None and record.seq not in claimed:
            yield TableProblem("conflict_rulings", None, "row_missing", "", record.seq, record.event)
