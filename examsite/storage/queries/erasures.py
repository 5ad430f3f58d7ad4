"""Reads about erasures: whose data they are, by what the log may speak of them, and which rows hang on them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.orm import Session

from examsite.domain.erasure import ErasureState, Traces, in_runs
from examsite.domain.events import Event
from examsite.domain.payloads import read_payload
from examsite.domain.personal_data import ROWS_DESTROYED, ROWS_EMPTIED
from examsite.domain.publication import ResultState
from examsite.domain.sittings import SittingState
from examsite.storage.database import Base
from examsite.storage.models.accounts import Account
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.erasures import Erasure
from examsite.storage.models.marking import Script
from examsite.storage.models.ranking import ResultVersion
from examsite.storage.models.records import RecordLog, RecordRow
from examsite.storage.models.sittings import Attempt, Sitting
from examsite.storage.queries.code_maps import list_withheld
from examsite.storage.row_sets import in_portions

#: Shorter texts are found by chance in what has nothing to do with a person. Unit: letters.
_LEAST_WORD = 6

#: What invigilators wrote about a room as a whole, by table; where the column names somebody, the row is that one's.
_ABOUT_ROOMS = {
    "handover_notes": None,
    "room_messages": "attempt_id",
    "room_requests": "attempt_id",
    "incidents": "candidacy_id",
}

#: How many contents of a log are held at once.
_RECORDS_AT_ONCE = 1000


@dataclass
class Belongings:
    """Everything that hangs on some people: keys by table, and the files that lie in the folder of uploads."""

    #: Rows to be destroyed, owners before what they own.
    rows: dict[str, list[int]] = field(default_factory=dict)
    #: Rows that stay without their words.
    emptied: dict[str, list[int]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class RecordedErasure:
    """What one `data:erased` record says."""

    code: str
    seq: int
    #: Candidacies whose rows stay in codes, and those whose rows are gone.
    candidacies: tuple[int, ...]
    removed: tuple[int, ...]
    #: Numbers of records without content, by log.
    records: dict[str, set[int]]


def find_open_erasure(session: Session, competition_id: int) -> Erasure | None:
    """The erasure that was asked for or is not yet finished."""
    return session.scalars(
        select(Erasure).where(
            Erasure.competition_id == competition_id,
            Erasure.state.in_((ErasureState.ASKED, ErasureState.DESTROYED)),
        )
    ).one_or_none()


def list_erasures(session: Session, competition_id: int) -> list[Erasure]:
    """Every erasure of a competition, newest first."""
    return list(
        session.scalars(select(Erasure).where(Erasure.competition_id == competition_id).order_by(Erasure.id.desc()))
    )


def list_all_erasures(session: Session) -> list[tuple[Erasure, Competition]]:
    """Every erasure of the installation with its competition, newest first."""
    rows = session.execute(
        select(Erasure, Competition)
        .join(Competition, Competition.id == Erasure.competition_id)
        .order_by(Erasure.id.desc())
    )
    return [(erasure, competition) for erasure, competition in rows]


def list_unfinished(session: Session) -> list[int]:
    """Erasures whose rows are gone and whose files and free pages may not be."""
    return list(session.scalars(select(Erasure.id).where(Erasure.state == ErasureState.DESTROYED).order_by(Erasure.id)))


def count_running(session: Session) -> int:
    """How many rooms write at this moment."""
    return session.scalar(select(func.count(Sitting.id)).where(Sitting.state == SittingState.STARTED)) or 0


def list_candidacy_ids(session: Session, competition_id: int) -> tuple[list[int], list[int]]:
    """Candidacies of those who were ever published as selected, and of all others."""
    chosen = _published_as_selected(session, competition_id)
    kept: list[int] = []
    others: list[int] = []
    rows = session.execute(
        select(Candidacy.id, Candidacy.public_code)
        .where(Candidacy.competition_id == competition_id)
        .order_by(Candidacy.id)
    )
    for key, code in rows:
        (kept if code in chosen else others).append(key)
    return kept, others


def _published_as_selected(session: Session, competition_id: int) -> set[str]:
    documents = session.scalars(
        select(ResultVersion.document).where(
            ResultVersion.competition_id == competition_id, ResultVersion.state == ResultState.PUBLISHED
        )
    )
    return {
        candidate["code"]
        for document in documents
        for candidate in json.loads(document)["candidates"]
        if candidate["outcome"] == "selected"
    }


def list_identities(session: Session, candidacy_ids: Sequence[int]) -> list[Candidacy]:
    """The candidacies with these keys."""
    return [
        row
        for chunk in in_portions(candidacy_ids)
        for row in session.scalars(select(Candidacy).where(Candidacy.id.in_(chunk)).order_by(Candidacy.id))
    ]


def list_accounts_of(session: Session, account_ids: Sequence[int]) -> list[Account]:
    """The accounts with these keys."""
    return [
        row
        for chunk in in_portions(account_ids)
        for row in session.scalars(select(Account).where(Account.id.in_(chunk)).order_by(Account.id))
    ]


def traces_of(session: Session, candidacies: Sequence[Candidacy], belongings: Belongings) -> Traces:
    """By what the log may speak of these people."""
    codes: set[str] = set()
    words: set[str] = set()
    subjects: set[str] = set()
    for row in candidacies:
        codes |= {str(code) for code in (row.public_code, row.candidate_number, row.application_code) if code}
        words |= {row.full_name, row.identity_number, row.phone, row.email, row.application_code}
        subjects |= {f"application/{row.id}", f"account/{row.account_id}"}
        if row.public_code:
            subjects |= {f"{kind}/{row.public_code}" for kind in ("candidate", "proposal", "defence")}
    for chunk in in_portions(belongings.emptied.get("scripts", [])):
        for code in session.scalars(select(Script.code).where(Script.id.in_(chunk))):
            codes.add(code)
            subjects.add(f"script/{code}")
    seats: set[tuple[str, str]] = set()
    for chunk in in_portions(belongings.rows.get("attempts", [])):
        taken = select(Sitting.code, Attempt.seat).join(Sitting, Sitting.id == Attempt.sitting_id)
        for sitting, seat in session.execute(taken.where(Attempt.id.in_(chunk))):
            seats.add((f"sitting/{sitting}", seat))
    long_enough = sorted(word for word in words if len(word) >= _LEAST_WORD)
    return Traces(frozenset(codes), tuple(long_enough), frozenset(subjects), frozenset(seats))


def find_belongings(session: Session, candidacies: Sequence[Candidacy]) -> Belongings:
    """Every row and file that hangs on these people, whether it goes or stays without its words."""
    found = Belongings()
    owners: dict[str, list[int]] = {
        "candidacies": [row.id for row in candidacies],
        "accounts": [row.account_id for row in candidacies],
    }
    for owned in ROWS_EMPTIED:
        owners[owned.table] = found.emptied[owned.table] = _hanging_on(
            session, owned.table, owned.column, owners[owned.owner]
        )
    entries = _table("code_entries")
    owners["scripts"] = found.emptied["scripts"] = _values(session, entries.c.script_id, owners["code_entries"])
    marks = {*_hanging_on(session, "marks", "script_id", owners["scripts"])}
    marks |= {*_hanging_on(session, "marks", "defence_id", owners["defences"])}
    found.emptied["marks"] = sorted(marks)
    for owned in ROWS_DESTROYED:
        owners[owned.table] = found.rows[owned.table] = _hanging_on(
            session, owned.table, owned.column, owners[owned.owner]
        )
    entered = [row.id for row in candidacies if row.public_code is not None]
    found.emptied["candidacies"] = entered
    found.emptied["accounts"] = [row.account_id for row in candidacies if row.public_code is not None]
    competitions = sorted({row.competition_id for row in candidacies})
    found.emptied["code_maps"] = _hanging_on(session, "code_maps", "competition_id", competitions)
    sittings = _hanging_on(session, "sittings", "competition_id", competitions)
    for table, person in _ABOUT_ROOMS.items():
        rows = _hanging_on(session, table, "sitting_id", sittings, unless=person)
        found.emptied[table] = sorted({*found.emptied.get(table, ()), *rows})
    found.rows["uploads"] = _uploads(session, found.rows, owners["accounts"])
    found.rows["candidacies"] = [row.id for row in candidacies if row.public_code is None]
    found.rows["accounts"] = [row.account_id for row in candidacies if row.public_code is None]
    found.files = sorted(set(_values(session, _table("uploads").c.sha256, found.rows["uploads"])))
    numbers = [row.candidate_number for row in candidacies if row.candidate_number]
    logins = [login for login in _values(session, _table("accounts").c.login, owners["accounts"]) if login]
    found.logins = sorted({*logins, *numbers, *(number.lower() for number in numbers)})
    return found


def _uploads(session: Session, rows: dict[str, list[int]], accounts: Sequence[int]) -> list[int]:
    """Uploads that only these people's rows name, and what they uploaded themselves."""
    named: set[int] = set()
    for table, column in (
        ("dossier_items", "upload_id"),
        ("proposal_versions", "upload_id"),
        ("proposal_versions", "cleaned_id"),
        ("attempts", "photo_id"),
    ):
        named |= {key for key in _values(session, _table(table).c[column], rows[table]) if key is not None}
    return sorted(named | set(_hanging_on(session, "uploads", "uploaded_by_id", accounts)))


def list_shared_files(session: Session, files: Collection[str]) -> set[str]:
    """Of these files the ones that some row still names."""
    uploads = _table("uploads")
    return {
        sha
        for chunk in in_portions(sorted(files))
        for sha in session.scalars(select(uploads.c.sha256).where(uploads.c.sha256.in_(chunk)))
    }


def iterate_contents(session: Session) -> Iterator[tuple[str, RecordRow]]:
    """Every record that has a content, with the code of its log."""
    logs = {key: code for key, code in session.execute(select(RecordLog.id, RecordLog.code))}  # noqa: C416 -- rows are no pairs
    rows = session.scalars(
        select(RecordRow)
        .where(RecordRow.payload.is_not(None) | RecordRow.salt.is_not(None))
        .order_by(RecordRow.log_id, RecordRow.seq)
    )
    for row in rows:
        yield logs[row.log_id], row


def map_log_sizes(session: Session) -> dict[str, int]:
    """How many records each log of the installation has."""
    return {code: size for code, size in session.execute(select(RecordLog.code, RecordLog.size))}  # noqa: C416 -- rows are no pairs


def iterate_payloads(session: Session, start: Mapping[str, int]) -> Iterator[tuple[str, int, str, str, str]]:
    """Every content of every log with its log, number, event and subject; of some logs only from a number on."""
    statement = (
        select(RecordRow.seq, RecordRow.event, RecordRow.subject, RecordRow.payload)
        .where(
            RecordRow.log_id == bindparam("log"), RecordRow.seq >= bindparam("first"), RecordRow.payload.is_not(None)
        )
        .order_by(RecordRow.seq)
        .execution_options(yield_per=_RECORDS_AT_ONCE)
    )
    for log_id, code in session.execute(select(RecordLog.id, RecordLog.code).order_by(RecordLog.id)).all():
        for seq, event, subject, payload in session.execute(statement, {"log": log_id, "first": start.get(code, 0)}):
            yield code, seq, event, subject, payload or ""


def list_content_keys(session: Session, numbers: Mapping[str, Collection[int]]) -> list[tuple[int, int]]:
    """The same records by the key of their log and their number."""
    logs = {code: key for key, code in session.execute(select(RecordLog.id, RecordLog.code))}
    return [(logs[code], seq) for code, seqs in numbers.items() for seq in seqs]


def list_contentless(session: Session) -> list[tuple[str, RecordRow]]:
    """Every record that lost its content or its salt and not to the closed code map, with the code of its log."""
    rows = session.execute(
        select(RecordLog.code, RecordLog.competition_id, RecordRow)
        .join(RecordLog, RecordLog.id == RecordRow.log_id)
        .where(RecordRow.payload.is_(None) | RecordRow.salt.is_(None))
        .order_by(RecordLog.code, RecordRow.seq)
    ).all()
    closed = {competition: list_withheld(session, competition) for competition in {row[1] for row in rows} - {None}}
    return [(code, row) for code, competition, row in rows if row.seq not in closed.get(competition, ())]


def list_recorded_erasures(session: Session) -> list[RecordedErasure]:
    """What every log says was destroyed; a record that cannot be read says nothing."""
    rows = session.execute(
        select(RecordLog.code, RecordRow.seq, RecordRow.payload)
        .join(RecordLog, RecordLog.id == RecordRow.log_id)
        .where(RecordRow.event == Event.DATA_ERASED.value)
        .order_by(RecordLog.code, RecordRow.seq)
    )
    found = []
    for code, seq, payload in rows:
        try:
            said = read_payload(payload)
            records = {str(log): in_runs(spans) for log, spans in said["records"].items()}
            people = tuple(map(int, said["candidacies"])), tuple(map(int, said["removed"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        found.append(RecordedErasure(code, seq, *people, records))
    return found


def erased_candidacies(session: Session, code: str) -> set[int]:
    """Candidacies of a competition whose data were destroyed on record."""
    return {key for one in list_recorded_erasures(session) if one.code == code for key in one.candidacies}


def erased_contents(session: Session, code: str) -> set[int]:
    """Numbers of the records of a log whose contents were destroyed on record."""
    return {seq for one in list_recorded_erasures(session) for seq in one.records.get(code, ())}


def find_finish_seq(session: Session, code: str, erased_seq: int) -> int | None:
    """The record that says that files and free pages of an erasure are clean."""
    rows = session.execute(
        select(RecordRow.seq, RecordRow.payload)
        .join(RecordLog, RecordLog.id == RecordRow.log_id)
        .where(RecordLog.code == code, RecordRow.event == Event.ERASURE_FINISHED.value)
        .order_by(RecordRow.seq)
    )
    for seq, payload in rows:
        if read_payload(payload).get("erased_seq") == erased_seq:
            return int(seq)
    return None


def display_name_of(session: Session, account_id: int | None) -> str:
    """The name of an official for a certificate; empty where there is none."""
    found = None if account_id is None else session.get(Account, account_id)
    return "" if found is None else found.display_name


def _table(name: str) -> Table:
    return Base.metadata.tables[name]


def _hanging_on(
    session: Session, table: str, column: str, owners: Sequence[int], *, unless: str | None = None
) -> list[int]:
    rows = _table(table)
    (key,) = rows.primary_key
    wanted = select(key) if unless is None else select(key).where(rows.c[unless].is_(None))
    return [
        found
        for chunk in in_portions(owners)
        for found in session.scalars(wanted.where(rows.c[column].in_(chunk)).order_by(key))
    ]


def _values(session: Session, column: Any, keys: Sequence[int]) -> list[Any]:
    (key,) = column.table.primary_key
    return [
        found
        for chunk in in_portions(keys)
        for found in session.scalars(select(column).where(key.in_(chunk)).order_by(key))
    ]
