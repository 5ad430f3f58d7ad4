"""Destroying the data of those not selected: asked for by the organiser, done by an administrator, once, on record.

The rows and the contents of the log go in one transaction with the record of it. Files, free pages and the write-ahead
log can only be cleaned once that stands on the disk, so they follow at once or in the next round of the closer, and a
second record says that it was done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.accounts import AccountState
from examsite.domain.canonical import instant_text
from examsite.domain.competitions import CompetitionState
from examsite.domain.erasure import ERASURE, ErasureEvent, ErasureState, backups_until, runs
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.personal_data import is_known_place
from examsite.services.backups import remove_leftovers
from examsite.services.context import ServiceContext
from examsite.services.erasure_plans import (
    Doomed,
    ErasureReading,
    contents_of,
    doomed_of,
    due_of,
    list_people,
    read_erasure,
)
from examsite.services.records import record
from examsite.storage import erasing
from examsite.storage.database import writing
from examsite.storage.models.competitions import Competition
from examsite.storage.models.erasures import Erasure
from examsite.storage.queries.corrections import find_standing_correction
from examsite.storage.queries.erasures import (
    count_running,
    find_open_erasure,
    list_accounts_of,
    list_shared_files,
    list_unfinished,
)
from examsite.storage.traces import overwrite_what_is_deleted


def ask_erasure(ctx: ServiceContext, competition: Competition) -> Erasure:
    """Ask, as organiser, that the data of those not selected be destroyed; nothing is destroyed yet.

    Raises:
        ConflictError: `erasure_not_published`, `erasure_not_due`, `erasure_result_open`, `erasure_asked_already`,
            `erasure_nobody_left`.
        NotAllowedError: `role_needed`.

    Source: rule set, `erase_after_days`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    if find_open_erasure(ctx.session, competition.id) is not None:
        raise ConflictError("erasure_asked_already")
    due = check_due(ctx, competition)
    people = len(list_people(ctx.session, competition))
    if not people:
        raise ConflictError("erasure_nobody_left")
    erasure = Erasure(
        competition_id=competition.id,
        asked_by=ctx.actor.record_name,
        asked_by_id=ctx.actor.account_id,
        asked_at=ctx.now,
    )
    ctx.session.add(erasure)
    payload = {"people": people, "due": instant_text(due)}
    record(ctx, competition, Event.ERASURE_ASKED, f"competition/{competition.code}", payload)
    ctx.session.flush()
    return erasure


def withdraw_erasure(ctx: ServiceContext, competition: Competition) -> Erasure:
    """Take the wish back, as organiser, as long as nobody has done it.

    Raises:
        ConflictError: `event_not_open`.
        NotAllowedError: `role_needed`.
        NotFoundError: `erasure_not_asked`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    erasure = _open_one(ctx.session, competition)
    erasure.state = ERASURE.after(erasure.state, ErasureEvent.WITHDRAWN)
    record(ctx, competition, Event.ERASURE_WITHDRAWN, f"competition/{competition.code}", {})
    ctx.session.flush()
    return erasure


def erase_people(
    ctx: ServiceContext, competition: Competition, *, typed: str, reading: ErasureReading | None = None
) -> Erasure:
    """Destroy the data of those not selected, as administrator or by a command on the server. It cannot be undone.

    Rows and contents of the log go now; `finish_erasures` cleans files and free pages once this is on the disk. The
    caller holds the row of the competition: a wish that is withdrawn at this instant is withdrawn, or it is done. With
    a `reading` only what was written since is looked through under the lock.

    Raises:
        ConflictError: `erasure_not_published`, `erasure_not_due`, `erasure_result_open`, `event_not_open`,
            `erasure_room_writes`, `changed_meanwhile`: it was read for other people.
        InvalidError: `erasure_code_differs`, when what was typed is not the code of the competition.
        NotAllowedError: `role_needed`, `fresh_factor_needed`; `second_person_needed` when it is the one who asked.
        NotFoundError: `erasure_not_asked`.

    Source: record format, section on erasure; two people, because it is the one act that nothing brings back.
    """
    if ctx.actor.role is not None:
        ctx.require(Role.ADMINISTRATOR)
        ctx.require_fresh_factor()
    erasure = _open_one(ctx.session, competition)
    if ctx.actor.account_id is not None and ctx.actor.account_id == erasure.asked_by_id:
        raise NotAllowedError("second_person_needed")
    if typed.strip().upper() != competition.code.upper():
        raise InvalidError("erasure_code_differs", field="typed", wanted=competition.code)
    check_due(ctx, competition)
    _destroy(ctx, competition, erasure, reading)
    return erasure


def erase_again(ctx: ServiceContext, competition: Competition, *, reading: ErasureReading | None = None) -> Erasure:
    """Destroy once more what an old backup brought back; two people had decided it before that backup was put back.

    The caller holds the row of the competition; `reading` as in `erase_people`.

    Raises:
        ConflictError: as `check_due`; `erasure_nobody_left`, `event_not_open` while an earlier one is not finished,
            `erasure_room_writes`, `changed_meanwhile`.
        NotFoundError: `erasure_not_asked`, when this installation never erased anything of this competition.
    """
    settings = ctx.settings
    known = [] if settings is None else erasing.read_ledger(settings.instance_path)
    before = next((line for line in reversed(known) if line.get("competition") == competition.code), None)
    if before is None:
        raise NotFoundError("erasure_not_asked")
    if not list_people(ctx.session, competition):
        raise ConflictError("erasure_nobody_left")
    check_due(ctx, competition)
    erasure = find_open_erasure(ctx.session, competition.id)
    if erasure is None:
        erasure = Erasure(competition_id=competition.id, asked_by=str(before["asked_by"]), asked_at=ctx.now)
        ctx.session.add(erasure)
        ctx.session.flush()
    _destroy(ctx, competition, erasure, reading)
    return erasure


def finish_erasures(engine: Engine, settings: Settings, *, now: datetime) -> list[int]:
    """Clean files, folders and free pages of every erasure whose rows are gone; which ones are finished now.

    None as long as a room writes anywhere: the database is written anew as a whole, and saves must not wait for that.

    Raises:
        TimeoutError: somebody reads all the time; the next call goes on.
    """
    with Session(engine) as session:
        waiting = list_unfinished(session)
        is_busy = bool(waiting) and count_running(session) > 0
        session.rollback()
    if not waiting or is_busy:
        return []
    with Session(engine) as session:
        named = {key: set(session.get_one(Erasure, key).files) for key in waiting}
        shared = list_shared_files(session, set().union(*named.values()))
        session.rollback()
    removed = {key: erasing.remove_files(settings.uploads_path, sorted(files - shared)) for key, files in named.items()}
    for folder in (settings.pages_path, settings.bundles_path):
        erasing.empty_folder(folder)
    remove_leftovers(settings, now=now)
    steps = erasing.write_free_pages_anew(engine)
    with writing(engine) as session:
        ctx = ServiceContext(session=session, now=now, settings=settings)
        for key in waiting:
            _finish(ctx, session.get_one(Erasure, key, with_for_update=True), removed[key], steps)
    if engine.dialect.name == "sqlite":
        # Nothing of the rows is left to be seen in what was just written; the log is emptied for what lies behind it.
        erasing.write_free_pages_anew(engine)
    return waiting


def check_due(ctx: ServiceContext, competition: Competition) -> datetime:
    """From when on the data may be destroyed, when that is now or before.

    Raises:
        ConflictError: `erasure_not_published`, `erasure_result_open`, `erasure_not_due`, `correction_stands`.
    """
    due = due_of(ctx.session, competition)
    if due is None:
        raise ConflictError("erasure_not_published")
    if competition.state not in (CompetitionState.PUBLISHED, CompetitionState.CLOSED):
        raise ConflictError("erasure_result_open")
    if ctx.now < due:
        raise ConflictError("erasure_not_due", due=due)
    if find_standing_correction(ctx.session, competition) is not None:
        raise ConflictError("correction_stands")
    return due


def _open_one(session: Session, competition: Competition) -> Erasure:
    erasure = find_open_erasure(session, competition.id)
    if erasure is None:
        raise NotFoundError("erasure_not_asked")
    return erasure


def _destroy(ctx: ServiceContext, competition: Competition, erasure: Erasure, reading: ErasureReading | None) -> None:
    """Blank and destroy in the order in which nothing is looked for in what is gone already, and record it."""
    session = ctx.session
    # Thousands of rows go under the lock of whoever writes: no save of a room is to wait for that.
    if count_running(session):
        raise ConflictError("erasure_room_writes")
    state = ERASURE.after(erasure.state, ErasureEvent.AGREED)
    overwrite_what_is_deleted(session)
    doomed = doomed_of(session, competition)
    if reading is None:
        reading = read_erasure(session, competition)
    elif (reading.erased, reading.kept) != (doomed.erased, doomed.kept):
        raise ConflictError("changed_meanwhile")
    contents = {code: set(numbers) for code, numbers in reading.contents.items()}
    for code, numbers in contents_of(session, competition, doomed, start=reading.sizes).items():
        contents.setdefault(code, set()).update(numbers)
    seqs = erasing.blank_contents(session, contents)
    payload = _payload_of(erasure, doomed, seqs)
    for candidacy in doomed.candidacies:
        candidacy.created_at = competition.created_at
    for account in list_accounts_of(session, doomed.belongings.emptied["accounts"]):
        account.state, account.created_at = AccountState.DISABLED, competition.created_at
    session.flush()
    erasing.empty_rows(session, doomed.belongings.emptied)
    erasing.destroy_rows(session, doomed.belongings.rows, doomed.belongings.logins)
    session.expire_all()
    seq = record(ctx, competition, Event.DATA_ERASED, f"competition/{competition.code}", payload)
    erasure.state, erasure.record_seq = state, seq
    erasure.erased_by, erasure.erased_at = ctx.actor.record_name, ctx.now
    erasure.files = doomed.belongings.files
    erasure.counts = {
        "people": len(doomed.candidacies),
        "coded": len(payload["candidacies"]),
        "records": sum(len(numbers) for numbers in seqs.values()),
        "files": len(doomed.belongings.files),
        "rows": payload["rows"],
        "emptied": {table: len(keys) for table, keys in doomed.belongings.emptied.items() if keys},
        "left": {place: count for place, count in reading.left.items() if not is_known_place(place)},
    }
    session.flush()
    if ctx.settings is not None:
        # Before the commit: a line too many warns of a backup in vain, a missing one lets it bring people back unsaid.
        line = {
            "competition": competition.code,
            "erased_at": instant_text(ctx.now),
            "asked_by": erasure.asked_by,
            "erased_by": erasure.erased_by,
            "backups_until": instant_text(backups_until(ctx.now)),
        }
        erasing.note_in_ledger(ctx.settings.instance_path, line)


def _payload_of(erasure: Erasure, doomed: Doomed, seqs: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """What the record of an erasure says: numbers of rows and records, never a name."""
    return {
        "asked_by": erasure.asked_by,
        "candidacies": [row.id for row in doomed.candidacies if row.public_code is not None],
        "removed": [row.id for row in doomed.candidacies if row.public_code is None],
        "records": {code: runs(numbers) for code, numbers in seqs.items()},
        "rows": {table: len(keys) for table, keys in doomed.belongings.rows.items() if keys},
        "files": len(doomed.belongings.files),
    }


def _finish(ctx: ServiceContext, erasure: Erasure, files: int, steps: list[str]) -> None:
    if erasure.state is not ErasureState.DESTROYED or erasure.erased_at is None:
        return
    competition = ctx.session.get_one(Competition, erasure.competition_id)
    until = backups_until(erasure.erased_at)
    payload = {
        "erased_seq": erasure.record_seq,
        "files": files,
        "steps": steps,
        "backups_until": instant_text(until),
    }
    record(ctx, competition, Event.ERASURE_FINISHED, f"competition/{competition.code}", payload, actor="system")
    erasure.state = ERASURE.after(erasure.state, ErasureEvent.CLEANED)
    erasure.files, erasure.steps, erasure.finished_at = [], steps, ctx.now
    ctx.session.flush()
