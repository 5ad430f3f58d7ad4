"""Rows that must be there because the log says that something happened, beside those that name their own record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.domain.competitions import GateEvent
from examsite.domain.draw_ceremonies import DrawKind
from examsite.domain.events import Event
from examsite.domain.marking import ScriptKind
from examsite.domain.table_problems import TableProblem
from examsite.services.people_checks import check_people
from examsite.services.room_checks import check_rooms
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.code_maps import CodeMap, ScriptCut
from examsite.storage.models.competitions import Competition, GatePassage
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.erasures import Erasure
from examsite.storage.models.marking import CodeEntry, Script
from examsite.storage.models.proposals import Defence
from examsite.storage.models.records import RecordRow
from examsite.storage.models.rooms import Rehearsal
from examsite.storage.models.sittings import Incident, Sitting
from examsite.storage.models.split_keys import KeyShare, SplitKey
from examsite.storage.queries.erasures import list_recorded_erasures

_Records = Mapping[int, RecordRow]


def check_presence(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    """Every row of a competition that is gone although its log or its state says that it was there."""
    erasures = [one for one in list_recorded_erasures(session) if one.code == competition.code]
    coded = {key for one in erasures for key in one.candidacies}
    removed = {key for one in erasures for key in one.removed}
    yield from _gates(session, competition)
    yield from _candidacies(session, competition, records, removed)
    yield from _scripts(session, competition, records, coded)
    yield from _defences(session, competition, records)
    yield from check_people(session, competition, records)
    yield from check_rooms(session, competition, records)
    yield from _shares(session, competition, records)
    named: tuple[tuple[Event, str, Any], ...] = (
        (Event.APPEAL_SUBMITTED, "appeals", select(Appeal.record_seq).where(Appeal.competition_id == competition.id)),
        (Event.DATA_ERASED, "erasures", select(Erasure.record_seq).where(Erasure.competition_id == competition.id)),
    )
    noted = select(Incident.recorded_seq).join(Sitting, Sitting.id == Incident.sitting_id)
    named += ((Event.INCIDENT_RECORDED, "incidents", noted.where(Sitting.competition_id == competition.id)),)
    for event, table, numbers in named:
        there = set(session.scalars(numbers))
        for row in _of(records, event):
            if row.seq not in there:
                yield _missing(table, row)
    yield from _rehearsals(session, competition, records)


def _gates(session: Session, competition: Competition) -> Iterator[TableProblem]:
    passed = set(session.scalars(select(GatePassage.event).where(GatePassage.competition_id == competition.id)))
    for event in list(GateEvent)[: competition.state.number - 1]:
        if event not in passed:
            yield TableProblem("gate_passages", None, "row_missing", "event", None, event.value)


def _candidacies(
    session: Session, competition: Competition, records: _Records, removed: set[int]
) -> Iterator[TableProblem]:
    there = set(session.scalars(select(Candidacy.id).where(Candidacy.competition_id == competition.id)))
    known = {f"application/{key}" for key in there | removed}
    told = (*_of(records, Event.APPLICATION_BEGUN), *_of(records, Event.APPLICATION_SUBMITTED))
    for subject, row in {row.subject: row for row in told}.items():
        if subject not in known:
            yield _missing("candidacies", row)


def _scripts(session: Session, competition: Competition, records: _Records, coded: set[int]) -> Iterator[TableProblem]:
    sealed = _of(records, Event.CODES_SEALED)[-1:]
    if not sealed:
        return
    if session.scalars(select(CodeMap.id).where(CodeMap.competition_id == competition.id)).first() is None:
        yield _missing("code_maps", sealed[0])
    rows: Sequence[Any] = session.execute(
        select(Script.code, Script.kind, ScriptCut.id, CodeEntry.candidacy_id)
        .outerjoin(ScriptCut, ScriptCut.script_id == Script.id)
        .outerjoin(CodeEntry, CodeEntry.script_id == Script.id)
        .where(Script.competition_id == competition.id)
    ).all()
    there = {code for code, *_rest in rows}
    for code in _codes_of_map(sealed[0]):
        if code not in there:
            yield _missing("scripts", sealed[0])
    # While the map is closed, too: what is cut says who is kept away from the script.
    for _code, kind, key, candidacy in rows:
        if kind is ScriptKind.LIVE and key is None and candidacy not in coded:
            yield _missing("script_cuts", sealed[0])


def _codes_of_map(row: RecordRow) -> list[str]:
    """The scripts of a code map; none while it is closed or where it cannot be read."""
    try:
        return [str(entry["script"]) for entry in row.content["map"]]
    except (KeyError, TypeError):
        return []


def _defences(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    there = set(
        session.scalars(
            select(Candidacy.public_code)
            .join(Defence, Defence.candidacy_id == Candidacy.id)
            .where(Defence.competition_id == competition.id)
        )
    )
    marked = {row.subject: row for row in _of(records, Event.MARK_LOCKED) if row.subject.startswith("defence/")}
    for subject, row in marked.items():
        if subject.removeprefix("defence/") not in there:
            yield _missing("defences", row)
    drawn = f"draw/{DrawKind.PRESENTATION_ORDER.value}"
    for row in [row for row in _of(records, Event.DRAW_HELD) if row.subject.startswith(drawn)]:
        outcome = row.content.get("outcome", ())
        if not there.issuperset(outcome if isinstance(outcome, list) else ()):
            yield _missing("defences", row)


def _shares(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    """Who holds which sheet of each key, as it was recorded when the key was split."""
    rows = session.execute(
        select(KeyShare, SplitKey, RoleAssignment.pseudonym)
        .join(SplitKey, SplitKey.id == KeyShare.split_key_id)
        .join(RoleAssignment, RoleAssignment.id == KeyShare.assignment_id)
        .where(SplitKey.competition_id == competition.id)
        .order_by(KeyShare.id)
    )
    left: dict[tuple[int | None, int], tuple[str, RecordRow]] = {
        (row.seq, number): (name, row)
        for row in _of(records, Event.KEY_SPLIT)
        for number, name in enumerate(row.content.get("holders", ()), start=1)
    }
    taken = _taken(records)
    for share, key, pseudonym in rows:
        seq = key.record_seq
        said = left.pop((seq, share.number), None)
        if said is None:
            yield TableProblem("key_shares", share.id, "record_missing", "number", seq)
        elif said[0] != pseudonym:
            yield TableProblem("key_shares", share.id, "value_differs", "assignment_id", seq, said[1].event)
        row = taken.get((seq, share.number))
        if row is not None and (share.taken_at is None or share.waiting is not None):  # a former row was put back
            yield TableProblem("key_shares", share.id, "value_differs", "taken_at", row.seq, row.event)
    for _name, row in left.values():
        yield _missing("key_shares", row)
    given_up = {row.content.get("split_seq"): row for row in _of(records, Event.KEY_DISCARDED)}
    for key in session.scalars(select(SplitKey).where(SplitKey.competition_id == competition.id).order_by(SplitKey.id)):
        row = given_up.get(key.record_seq)
        if (key.discarded_at is not None) != (row is not None) and None not in given_up:  # None: a content is gone
            yield TableProblem("split_keys", key.id, "value_differs", "discarded_at", None if row is None else row.seq)


def _rehearsals(session: Session, competition: Competition, records: _Records) -> Iterator[TableProblem]:
    """As many rehearsals of each outcome as were recorded: a certificate that nobody earned lets a sitting start.

    What was rehearsed before the announcement stands in the log of the plan.
    """
    since = datetime.fromisoformat(next(iter(records.values())).at) if records else None
    left: defaultdict[tuple[object, ...], list[RecordRow]] = defaultdict(list)
    for row in _of(records, Event.REHEARSAL_FINISHED):
        left[tuple(row.content.get(name) for name in ("passed", "candidates", "code_sha256", "settings_sha256"))] += [
            row
        ]
    finished = select(Rehearsal).where(Rehearsal.competition_id == competition.id, Rehearsal.finished_at.is_not(None))
    for one in session.scalars(finished.order_by(Rehearsal.id)):
        said = left[one.passed, one.head_count, one.code_sha256, one.settings_sha256]
        if said:
            said.pop()
        elif since is not None and one.finished_at is not None and one.finished_at >= since:
            yield TableProblem("rehearsals", one.id, "record_missing", "passed")
    for rows in left.values():
        for row in rows:
            yield _missing("rehearsals", row)


def _taken(records: _Records) -> dict[tuple[int | None, int], RecordRow]:
    """The record that a sheet was taken, by the record of its key's splitting and the number of the sheet."""
    found: dict[tuple[int | None, int], RecordRow] = {}
    split: dict[str, int] = {}
    for row in records.values():  # in the order of the log
        said = row.content
        if row.event == Event.KEY_SPLIT and "purpose" in said:
            split[said["purpose"]] = row.seq
        elif row.event == Event.KEY_TAKEN and "number" in said:
            found[split.get(said["purpose"]), said["number"]] = row
    return found


def _of(records: _Records, event: Event) -> list[RecordRow]:
    return [row for row in records.values() if row.event == event.value]


def _missing(table: str, row: RecordRow) -> TableProblem:
    return TableProblem(table, None, "row_missing", "", row.seq, row.event)
