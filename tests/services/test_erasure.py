"""Erasure: what leads from a code to a person is gone, every proof still holds, and nothing hides behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from examsite.config import Settings, load_settings
from examsite.domain.bundles import Audience
from examsite.domain.competitions import CompetitionState
from examsite.domain.dossiers import CandidacyState, UploadKind
from examsite.domain.erasure import BACKUPS_KEPT_DAYS, ErasureState
from examsite.domain.errors import ConflictError, DomainError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.personal_data import ERASED_WORDS
from examsite.domain.rooms import RequestKind
from examsite.domain.sittings import SittingState
from examsite.services.backup_catalogue import destroy_overdue, list_backups
from examsite.services.backups import make_backup
from examsite.services.bundles import build_bundle, keep_bundle
from examsite.services.context import Actor, ServiceContext
from examsite.services.corrections import ask_correction
from examsite.services.erasure import (
    ask_erasure,
    erase_again,
    erase_people,
    finish_erasures,
    withdraw_erasure,
)
from examsite.services.erasure_checks import check_erasures, list_erasure_notes
from examsite.services.erasure_plans import plan_erasure, read_erasure
from examsite.services.records import record
from examsite.services.table_checks import check_seals, check_tables
from examsite.services.verification import verify_log
from examsite.storage import erasing
from examsite.storage.database import open_engine, upgrade
from examsite.storage.models.accounts import Account
from examsite.storage.models.dossiers import Candidacy, DossierItem, Upload
from examsite.storage.models.erasures import Erasure
from examsite.storage.models.marking import Mark, Script
from examsite.storage.models.ranking import ResultVersion
from examsite.storage.models.records import RecordRow
from examsite.storage.models.rooms import HandoverNote, RoomMessage, RoomRequest
from examsite.storage.models.sittings import AnswerVersion, Attempt
from examsite.storage.queries.records import get_log, list_logs
from examsite.storage.uploads import stored_path
from tests.factories.ranking import WINNER_PLACE, Stage, known_signer, make_stage
from tests.scenes import Keep
from tests.services.test_bundles import DATA, files, published

OVER_A_YEAR = timedelta(days=400)


@pytest.fixture
def stage(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Stage:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    signer = known_signer(settings)
    return keep(
        "erasable",
        lambda: peopled(published(make_stage(session, now, settings=settings, signer=signer)), tmp_path),
        session,
        tmp_path,
        settings=settings,
        signer=signer,
    )


#: Words about people in what was written about a room as a whole.
ROOM_WORDS = ("Chim ốm, gọi mẹ 0988777666", "Chim Giao Phòng", "Mời bạn Chim ra ngoài", "Chim ngất nên cả phòng dừng")


def canaries(place: int) -> dict[str, str]:
    return {
        "full_name": f"Chim Yến Số {place:03d}",
        "identity_number": f"0310900{place:05d}",
        "phone": f"09123{place:05d}",
        "email": f"chim{place:05d}@thu.example",
        "hometown": f"Làng Chim {place:05d}",
        "unit": f"Phòng Chim {place:05d}",
    }


def peopled(stage: Stage, folder: Path) -> Stage:
    """Everyone with data of their own, a dossier in the folder, something said about them in the log."""
    session, room = stage.session, stage.board.room
    for place, candidacy in enumerate(room.candidacies):
        for name, value in canaries(place).items():
            setattr(candidacy, name, value)
        content = f"giấy tờ của {canaries(place)['full_name']}".encode()
        sha256 = f"{place + 1:02x}" * 32
        path = folder / "uploads" / sha256[:2] / sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        upload = Upload(
            sha256=sha256,
            size_bytes=len(content),
            kind=UploadKind.PDF,
            original_name=f"{canaries(place)['full_name']}.pdf",
            uploaded_at=room.now,
            uploaded_by_id=candidacy.account_id,
        )
        session.add(upload)
        session.flush()
        session.add(
            DossierItem(candidacy_id=candidacy.id, item="so-yeu-ly-lich", upload_id=upload.id, added_at=room.now)
        )
        record(
            stage.ctx(Role.INVIGILATOR),
            stage.competition,
            Event.MESSAGE_SENT,
            f"sitting/{room.sitting.code}",
            {"number": candidacy.candidate_number, "text": f"Mời {canaries(place)['full_name']} ra ngoài."},
        )
    session.add(withdrawn(stage))
    about_the_room(stage)
    session.flush()
    return stage


def about_the_room(stage: Stage) -> None:
    """What an invigilator wrote about nobody in particular, with words about somebody."""
    room, by = stage.board.room, stage.council[0].account_id
    written: dict[str, Any] = {"sitting_id": room.sitting.id}
    stage.session.add_all(
        [
            HandoverNote(**written, text=ROOM_WORDS[0], handed_to=ROOM_WORDS[1], written_at=room.now, written_by_id=by),
            RoomMessage(**written, text=ROOM_WORDS[2], sent_at=room.now, sent_by_id=by),
            RoomRequest(
                **written,
                kind=RequestKind.EXTEND_ROOM,
                data={"seconds": 60},
                reason=ROOM_WORDS[3],
                asked_at=room.now,
                asked_by_id=by,
            ),
        ]
    )
    payload = {"kind": RequestKind.EXTEND_ROOM.value, "seconds": 60, "reason": ROOM_WORDS[3]}
    subject = f"sitting/{room.sitting.code}"
    record(stage.ctx(Role.INVIGILATOR), stage.competition, Event.REQUEST_ASKED, subject, payload)


def withdrawn(stage: Stage) -> Candidacy:
    """Somebody who never came into the roster, and so has no public code."""
    room = stage.board.room
    account = Account(login="rut01", display_name="Chim Rút Hồ Sơ", password_hash="-", created_at=room.now)
    stage.session.add(account)
    stage.session.flush()
    return Candidacy(
        competition_id=stage.competition.id,
        post_id=stage.post.id,
        account_id=account.id,
        state=CandidacyState.WITHDRAWN,
        application_code="RUT01",
        full_name="Chim Rút Hồ Sơ",
        born_on=date(1990, 1, 1),
        identity_number="031090099999",
        unit="Phòng Rút",
        position_title="Chuyên viên",
        created_at=room.now,
    )


def administrator(stage: Stage, *, at: datetime) -> ServiceContext:
    account = stage.session.scalars(select(Account).where(Account.login == "quantri-xoa")).one_or_none()
    if account is None:
        account = Account(login="quantri-xoa", display_name="Quản trị", password_hash="-", created_at=stage.at)
        stage.session.add(account)
        stage.session.flush()
    room = stage.board.room
    return ServiceContext(
        session=stage.session,
        now=at,
        actor=Actor(account_id=account.id, role=Role.ADMINISTRATOR, pseudonym="Q01"),
        settings=room.settings,
        signer=room.signer,
        factor_at=at,
    )


def erased(stage: Stage) -> Erasure:
    at = stage.at + OVER_A_YEAR
    ask_erasure(stage.ctx(Role.ORGANISER, at=at), stage.competition)
    return erase_people(administrator(stage, at=at), stage.competition, typed=stage.competition.code)


def code_of(refusal: pytest.ExceptionInfo[DomainError]) -> str:
    return refusal.value.code


def all_problems(stage: Stage) -> list[Any]:
    session = stage.session
    session.flush()
    session.expire_all()
    signer = stage.board.room.signer
    assert signer is not None
    return [
        *check_seals(session),
        # The factory opens the paper without a record and leaps over gates.
        *(one for one in check_tables(session, stage.competition) if one.table not in ("papers", "gate_passages")),
        *check_erasures(session),
        *(problem for log in list_logs(session) for problem in verify_log(session, log, signer).problems),
    ]


def test_it_takes_the_time_of_the_rule_set_two_people_and_the_code(stage: Stage) -> None:
    early, late = stage.at + timedelta(days=364), stage.at + OVER_A_YEAR
    organiser = stage.ctx(Role.ORGANISER, at=late)
    with pytest.raises(ConflictError) as refusal:
        ask_erasure(stage.ctx(Role.ORGANISER, at=early), stage.competition)
    assert code_of(refusal) == "erasure_not_due"
    with pytest.raises(DomainError) as refusal:
        erase_people(administrator(stage, at=late), stage.competition, typed=stage.competition.code)
    assert code_of(refusal) == "erasure_not_asked"
    ask_erasure(organiser, stage.competition)
    with pytest.raises(DomainError) as refusal:
        ask_erasure(organiser, stage.competition)
    assert code_of(refusal) == "erasure_asked_already"
    with pytest.raises(DomainError) as refusal:
        erase_people(organiser, stage.competition, typed=stage.competition.code)
    assert code_of(refusal) == "role_needed"
    same = administrator(stage, at=late)
    as_both = ServiceContext(
        session=same.session,
        now=late,
        actor=Actor(account_id=organiser.actor.account_id, role=Role.ADMINISTRATOR, pseudonym="Q01"),
        settings=same.settings,
        factor_at=late,
    )
    with pytest.raises(DomainError) as refusal:
        erase_people(as_both, stage.competition, typed=stage.competition.code)
    assert code_of(refusal) == "second_person_needed"
    with pytest.raises(DomainError) as refusal:
        erase_people(replace(same, factor_at=None), stage.competition, typed=stage.competition.code)
    assert code_of(refusal) == "fresh_factor_needed"
    with pytest.raises(DomainError) as refusal:
        erase_people(same, stage.competition, typed="XX-2026-01")
    assert code_of(refusal) == "erasure_code_differs"
    assert withdraw_erasure(organiser, stage.competition).state is ErasureState.WITHDRAWN
    assert plan_erasure(stage.session, stage.competition).people == len(stage.board.room.candidacies)


@pytest.mark.parametrize(
    ("state", "published", "refused"),
    [
        (CompetitionState.APPROVED, True, "erasure_result_open"),
        (CompetitionState.RANKED, True, "erasure_result_open"),
        (CompetitionState.PUBLISHED, False, "erasure_not_published"),
    ],
)
def test_nothing_is_destroyed_while_the_result_is_open(
    stage: Stage, state: CompetitionState, *, published: bool, refused: str
) -> None:
    stage.competition.state = state
    if not published:
        for version in stage.session.scalars(select(ResultVersion)):
            version.published_at = None
    stage.session.flush()
    late = stage.at + OVER_A_YEAR
    with pytest.raises(ConflictError) as refusal:
        ask_erasure(stage.ctx(Role.ORGANISER, at=late), stage.competition)
    assert code_of(refusal) == refused


def test_nobody_asks_for_a_correction_of_what_was_erased(stage: Stage) -> None:
    erased(stage)
    late = stage.ctx(Role.ORGANISER, at=stage.at + OVER_A_YEAR)
    with pytest.raises(DomainError) as refusal:
        ask_correction(late, stage.competition, candidates=[stage.code(1)], reason="Bài bị bỏ sót một trang khi chấm.")
    assert code_of(refusal) == "data_erased"


def test_nothing_is_erased_while_a_room_writes(stage: Stage) -> None:
    late = stage.at + OVER_A_YEAR
    ask_erasure(stage.ctx(Role.ORGANISER, at=late), stage.competition)
    room = stage.board.room
    before, closed_at = room.sitting.state, room.sitting.closed_at
    room.sitting.state, room.sitting.closed_at = SittingState.STARTED, None
    stage.session.flush()
    with pytest.raises(ConflictError) as refusal:
        erase_people(administrator(stage, at=late), stage.competition, typed=stage.competition.code)
    assert code_of(refusal) == "erasure_room_writes"
    assert plan_erasure(stage.session, stage.competition).people == len(room.candidacies)
    room.sitting.state, room.sitting.closed_at = before, closed_at
    stage.session.flush()
    assert erase_people(administrator(stage, at=late), stage.competition, typed=stage.competition.code)


def test_what_is_written_after_the_reading_goes_too_and_other_people_want_another_reading(stage: Stage) -> None:
    late, session, room = stage.at + OVER_A_YEAR, stage.session, stage.board.room
    ask_erasure(stage.ctx(Role.ORGANISER, at=late), stage.competition)
    before = read_erasure(session, stage.competition)
    loser = next(row for place, row in enumerate(room.candidacies) if place != WINNER_PLACE)
    name = loser.full_name
    seq = record(
        stage.ctx(Role.INVIGILATOR),
        stage.competition,
        Event.MESSAGE_SENT,
        f"sitting/{room.sitting.code}",
        {"number": loser.candidate_number, "text": f"Mời {name} quay lại."},
    )
    loser.full_name = "Chim Yến Tên Mới"
    session.flush()
    with pytest.raises(ConflictError) as refusal:
        erase_people(administrator(stage, at=late), stage.competition, typed=stage.competition.code, reading=before)
    assert code_of(refusal) == "changed_meanwhile"
    loser.full_name = name
    session.flush()
    done = erase_people(administrator(stage, at=late), stage.competition, typed=stage.competition.code, reading=before)
    own = {
        number for first, last in _recorded(stage, done)[stage.competition.code] for number in range(first, last + 1)
    }
    assert seq in own
    assert len(own) == len(before.contents[stage.competition.code]) + 1
    assert erasing.find_words(session, {name}) == {}
    assert all_problems(stage) == []


def _recorded(stage: Stage, done: Erasure) -> dict[str, list[list[int]]]:
    statement = select(RecordRow.payload).where(RecordRow.event == Event.DATA_ERASED, RecordRow.seq == done.record_seq)
    found: dict[str, list[list[int]]] = json.loads(stage.session.scalars(statement).one() or "")["records"]
    return found


def test_every_proof_holds_after_an_erasure_and_the_bundles_are_the_same(stage: Stage) -> None:
    before = {audience: files(build_bundle(stage.session, stage.competition, audience)) for audience in Audience}
    assert all_problems(stage) == []
    plan = plan_erasure(stage.session, stage.competition)
    done = erased(stage)

    assert all_problems(stage) == []
    after = {audience: files(build_bundle(stage.session, stage.competition, audience)) for audience in Audience}
    for audience, entries in before.items():
        for name in entries:
            if name.startswith(DATA):
                assert after[audience][name] == entries[name], (audience, name)
    (note,) = list_erasure_notes(stage.session)
    people = len(stage.board.room.candidacies)  # the winner stays, the one who withdrew goes
    assert (note.code, note.seq, note.people) == (stage.competition.code, done.record_seq, people)
    assert note.records == plan.records == done.counts["records"]
    assert done.counts["rows"] == plan.rows
    assert done.counts["left"] == {}


def test_nothing_in_any_table_speaks_of_those_not_selected_and_the_winner_is_whole(stage: Stage) -> None:
    session, room = stage.session, stage.board.room
    words = {
        word for place in range(len(room.candidacies)) if place != WINNER_PLACE for word in canaries(place).values()
    }
    words |= {"Chim Rút Hồ Sơ", "RUT01", *ROOM_WORDS}
    numbers = {str(row.candidate_number) for row in room.candidacies if row is not room.candidacies[WINNER_PLACE]}
    winner = room.candidacies[WINNER_PLACE].id
    assert erasing.find_words(session, words)
    erased(stage)

    assert erasing.find_words(session, words) == {}
    assert not {value for value in session.scalars(select(Candidacy.candidate_number)) if value in numbers}
    kept = session.get_one(Candidacy, winner)
    assert kept.full_name == canaries(WINNER_PLACE)["full_name"]
    assert session.scalars(select(Attempt.candidacy_id)).all() == [winner]
    owners = session.scalars(select(Attempt.candidacy_id).join(AnswerVersion, AnswerVersion.attempt_id == Attempt.id))
    assert set(owners) == {winner}
    assert [len(content) > 0 for content in session.scalars(select(Script.content))].count(True) == 1
    others = session.scalars(select(Candidacy).where(Candidacy.id != winner)).all()
    assert {row.full_name for row in others} == {ERASED_WORDS}
    assert all(row.public_code for row in others)


def test_a_change_that_hides_behind_an_erasure_is_named(stage: Stage) -> None:
    session = stage.session
    done = erased(stage)
    log = get_log(session, stage.competition.code)
    mine = RecordRow.log_id == log.id

    def problems_after(statement: Any) -> list[Any]:
        with session.begin_nested() as undo:
            session.connection().execute(statement)
            found = all_problems(stage)
            undo.rollback()
        session.expire_all()
        return found

    open_seq = session.scalars(
        select(RecordRow.seq).where(mine, RecordRow.event == Event.RESULT_COMPUTED.value)
    ).first()
    empty = {"payload": None, "salt": None}
    records = RecordRow.__table__
    found = problems_after(update(records).where(records.c.log_id == log.id, records.c.seq == open_seq).values(**empty))
    assert ("records", "erased_unrecorded", open_seq) in {(one.table, one.code, one.seq) for one in found}

    locked = session.scalars(select(RecordRow.seq).where(mine, RecordRow.event == Event.MARK_LOCKED.value)).first()
    found_codes = {
        one.code
        for one in problems_after(
            update(records).where(records.c.log_id == log.id, records.c.seq == locked).values(**empty)
        )
    }
    assert "opening_missing" in found_codes

    gone = session.scalars(select(RecordRow.seq).where(mine, RecordRow.payload.is_(None))).first()
    back = update(records).where(records.c.log_id == log.id, records.c.seq == gone).values(payload="{}", salt="00" * 32)
    assert ("records", "not_erased", done.record_seq) in {
        (getattr(one, "table", ""), one.code, one.seq) for one in problems_after(back)
    }

    mark = session.scalars(select(Mark.id).where(Mark.total.is_not(None)).order_by(Mark.id)).first()
    marks = Mark.__table__
    changed = problems_after(update(marks).where(marks.c.id == mark).values(total=marks.c.total + 1))
    assert ("marks", mark, "row_changed") in {(one.table, one.row, one.code) for one in changed}

    someone = session.scalars(select(Candidacy).where(Candidacy.full_name == ERASED_WORDS)).first()
    assert someone is not None
    with session.begin_nested() as undo:
        someone.full_name = "Ai Đó"  # through the product, so that its seal is good
        (found,) = all_problems(stage)
        assert (found.table, found.row, found.code, found.column) == (
            "candidacies",
            someone.id,
            "not_erased",
            "full_name",
        )
        undo.rollback()


@pytest.fixture
def installation(tmp_path: Path, now: datetime) -> Iterator[tuple[Engine, Settings, Stage]]:
    """An installation of its own on SQLite, with everything on the disk."""
    settings = load_settings(tmp_path / "instance", environ={})
    engine = open_engine(settings)
    upgrade(engine)
    with Session(engine, expire_on_commit=False) as session:
        stage = published(make_stage(session, now, settings=settings, signer=known_signer(settings)))
        peopled(stage, settings.instance_path)
        session.commit()
        yield engine, settings, stage
    engine.dispose()


def scan(folder: Path, words: set[str]) -> set[str]:
    """The words that stand in the bytes of any file but backups: database, free pages, write-ahead log, uploads …"""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file() and "backups" not in path.parts:
            content = path.read_bytes()
            found |= {word for word in words if word.encode() in content or json.dumps(word)[1:-1].encode() in content}
    return found


def test_no_file_holds_a_word_of_those_not_selected(installation: tuple[Engine, Settings, Stage]) -> None:
    engine, settings, stage = installation
    session, competition = stage.session, stage.competition
    places = [place for place in range(len(stage.board.room.candidacies)) if place != WINNER_PLACE]
    words = {word for place in places for word in canaries(place).values()} | {"Chim Rút Hồ Sơ"}
    page = settings.pages_path / "ab" / "ab" / "1.txt"
    page.parent.mkdir(parents=True)
    page.write_text(f"trang vẽ của {canaries(places[0])['full_name']}", encoding="utf-8")
    for audience in Audience:
        keep_bundle(session, competition, audience, settings.bundles_path)
    session.commit()
    assert scan(settings.instance_path, words) == words
    at = stage.at + OVER_A_YEAR
    backup = make_backup(engine, settings, now=at).path

    seq = erased(stage).record_seq
    session.commit()
    session.close()
    (entry,) = list_backups(settings)
    assert [one.code for one in entry.held] == [competition.code], "known from the moment the rows are gone"
    # While somebody reads, nothing is claimed to be clean.
    assert len(finish_erasures(engine, settings, now=at + timedelta(seconds=2))) == 1

    assert scan(settings.instance_path, words) == set()
    with Session(engine) as reading:
        (row,) = reading.scalars(select(Erasure))
        assert (row.state, row.files, row.record_seq) == (ErasureState.FINISHED, [], seq)
        assert "wal_emptied" in row.steps
        assert reading.scalar(text("PRAGMA freelist_count")) == 0
        uploads = {path.name for path in settings.uploads_path.rglob("*") if path.is_file()}
        assert {f"{WINNER_PLACE + 1:02x}" * 32} == uploads
    assert finish_erasures(engine, settings, now=at) == []

    (entry,) = list_backups(settings)
    assert (entry.path, [one.code for one in entry.held]) == (backup, [competition.code])
    until = at + timedelta(days=BACKUPS_KEPT_DAYS)
    assert entry.until == until
    assert destroy_overdue(settings, now=until) == []
    assert destroy_overdue(settings, now=until + timedelta(seconds=1)) == [backup]


def test_files_that_an_interrupted_cleaning_removed_count_when_it_is_taken_up_again(tmp_path: Path) -> None:
    names = [character * 64 for character in "abc"]
    for name in names:
        path = stored_path(tmp_path, name)
        path.parent.mkdir(parents=True)
        path.touch()
    stored_path(tmp_path, names[0]).unlink()

    assert erasing.remove_files(tmp_path, names) == 3
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_an_old_backup_brings_back_is_erased_again(stage: Stage) -> None:
    """The restored tables know nothing of the erasure; the list beside the database does."""
    at = stage.at + OVER_A_YEAR
    with pytest.raises(DomainError) as refusal:
        erase_again(administrator(stage, at=at), stage.competition)
    assert code_of(refusal) == "erasure_not_asked"
    line = {"competition": stage.competition.code, "asked_by": "organiser/T01", "erased_at": "", "backups_until": ""}
    settings = stage.board.room.settings
    erasing.note_in_ledger(settings.instance_path, line)
    erase_again(administrator(stage, at=at), stage.competition)
    assert all_problems(stage) == []


def test_postgresql_writes_its_tables_anew_and_says_what_that_does_not_reach(postgresql_engine: Engine) -> None:
    assert erasing.write_free_pages_anew(postgresql_engine) == ["vacuum_full", "wal_not_reached"]


test_postgresql_writes_its_tables_anew_and_says_what_that_does_not_reach = pytest.mark.postgres(
    test_postgresql_writes_its_tables_anew_and_says_what_that_does_not_reach
)
