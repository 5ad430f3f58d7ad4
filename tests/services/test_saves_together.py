"""Saves of many pages in one group: after an outage a whole room sends its journals, and sends them again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, DomainError
from examsite.domain.saves import MAX_BATCH, Save
from examsite.services.attempts import HandInJob, OpenJob, SaveJob, write_jobs
from examsite.services.submissions import HandedIn
from examsite.storage.group_commit import LARGEST_GROUP
from examsite.storage.models.sittings import AnswerVersion
from tests.factories.sittings import SETTINGS_SECRET, Room, make_room


@pytest.fixture
def room(session: Session, now: object, tmp_path: Path) -> Room:
    """A room at work, every page opened once."""
    settings = Settings(instance_path=tmp_path, secret_key=SETTINGS_SECRET, database_url="sqlite://")
    made = make_room(session, now, settings=settings)  # type: ignore[arg-type]  # the fixture gives an instant
    made.now = made.started()
    _write(made, [OpenJob(made.attempt(place).id, made.now) for place in range(3)])
    return made


def _write(room: Room, jobs: list[SaveJob | OpenJob | HandInJob]) -> list[object]:
    return list(write_jobs(room.session.connection(), room.session, jobs, settings=room.settings, signer=None))


def test_the_journals_of_a_room_are_stored_once_however_often_they_come(room: Room) -> None:
    jobs: list[SaveJob | OpenJob | HandInJob] = []
    for page in range(LARGEST_GROUP):
        saves = tuple(Save("E1", 1, page * MAX_BATCH + number + 1, f'"{number}"') for number in range(MAX_BATCH))
        jobs.append(SaveJob(room.attempt(page % 3).id, saves, 1, room.now))
    for _time in range(2):
        outcomes = _write(room, jobs)
        assert all(len(done.saved) == MAX_BATCH for done in outcomes)  # type: ignore[attr-defined]  # batches
    assert room.session.scalar(select(func.count(AnswerVersion.id))) == LARGEST_GROUP * MAX_BATCH


def test_pages_of_one_attempt_in_one_group_are_served_in_order(room: Room) -> None:
    first, second = room.attempt(0).id, room.attempt(1).id
    save = SaveJob(first, (Save("E1", 1, 1, '"kịp"'),), 1, room.now)
    other = SaveJob(first, (Save("E1", 1, 1, '"khác"'),), 1, room.now)
    done = _write(
        room,
        [
            HandInJob(second, 1, room.now),
            save,
            other,
            save,
            OpenJob(first, room.now),
            OpenJob(first, room.now),
            HandInJob(first, 1, room.now),
            HandInJob(second, 1, room.now),
            SaveJob(999_999, (), 1, room.now),
        ],
    )
    assert [len(getattr(done[place], "saved", ())) for place in (1, 2, 3)] == [1, 0, 1]
    assert len(done[2].conflicts) == 1  # type: ignore[attr-defined]  # a batch
    assert [done[place].epoch for place in (4, 5)] == [2, 3]  # type: ignore[attr-defined]  # openings
    assert done[5].answers == {"E1": "kịp"}  # type: ignore[attr-defined]  # an opening
    # The page that was fenced a moment ago hands nothing in; handing in twice is one hand-in.
    assert isinstance(done[6], ConflictError)
    assert [isinstance(done[place], HandedIn) for place in (0, 7)] == [True, True]
    assert isinstance(done[8], DomainError)
    room.session.expire_all()
    assert [room.attempt(place).state.value for place in (0, 1)] == ["open", "handed_in"]
    assert room.attempt(1).record_seq is not None


def test_a_group_of_any_size_is_the_same_three_statements(room: Room) -> None:
    def statements(jobs: list[SaveJob | OpenJob | HandInJob]) -> list[str]:
        seen: list[str] = []
        connection = room.session.connection()

        def note(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
            seen.append(text)

        event.listen(connection, "before_cursor_execute", note)
        _write(room, jobs)
        event.remove(connection, "before_cursor_execute", note)
        return seen

    places = [room.attempt(place).id for place in range(3)]
    # The items of a paper are read once in a process.
    statements([SaveJob(places[0], (Save("E2", 1, 1, '"một"'),), 1, room.now)])
    room.now += timedelta(seconds=10)
    alone = statements([SaveJob(places[0], (Save("E1", 1, 1, '"một"'),), 1, room.now)])
    room.now += timedelta(seconds=10)
    together = statements(
        [
            SaveJob(place, tuple(Save("E1", 1, number, '"hai"') for number in range(2, 9)), 1, room.now)
            for place in places
        ]
    )
    assert len(alone) == 3
    assert alone[0] == together[0]
    assert len(together) == 3
