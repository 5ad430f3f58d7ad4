"""Setting the clock of the installation: an administrator's act, on record, never while a sitting runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from examsite.config import Settings, load_settings
from examsite.domain.errors import ConflictError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.services import context
from examsite.services.clock import anchor_clock, clock_difference, last_known_instant, open_clock
from examsite.services.context import Actor, ServiceContext, read_clock, use_clock
from examsite.services.outages import beat
from examsite.storage.database import open_engine, upgrade, writing
from examsite.storage.queries.records import get_log, list_records
from examsite.storage.queries.rooms import find_pulse
from tests.factories.sittings import Room, make_room

ADMINISTRATOR = Actor(role=Role.ADMINISTRATOR, pseudonym="Q01")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "instance", environ={})


@pytest.fixture(autouse=True)
def no_clock_of_another_test() -> Iterator[None]:
    use_clock(None)
    yield
    use_clock(None)


@pytest.fixture
def room(session: Session, now: datetime, settings: Settings) -> Room:
    return make_room(session, now, settings=settings)


def administrator(session: Session, settings: Settings) -> ServiceContext:
    return ServiceContext(session=session, now=read_clock(), actor=ADMINISTRATOR, settings=settings)


def test_clock_of_an_installation_is_opened_once_and_read_everywhere(settings: Settings) -> None:
    assert clock_difference() == timedelta(0)
    clock = open_clock(settings)
    assert open_clock(settings) is clock is context.installation_clock()
    clock.set(datetime(2030, 1, 1, tzinfo=UTC))
    assert read_clock().year == 2030
    assert clock_difference() < timedelta(days=-300)


def test_administrator_sets_it_to_the_wall_clock_on_record(session: Session, settings: Settings) -> None:
    clock = open_clock(settings)
    clock.set(datetime.now(UTC) + timedelta(hours=2))
    beat(ServiceContext(session=session, now=read_clock()), was_alive=True)
    moved = anchor_clock(administrator(session, settings))
    assert abs(moved + timedelta(hours=2)) < timedelta(seconds=5)
    assert abs(clock_difference()) < timedelta(seconds=1)
    row = list_records(session, get_log(session, "system").id)[-1]
    assert (row.event, row.subject, row.actor) == ("clock:anchored", "installation/clock", "administrator/Q01")
    assert abs(json.loads(row.payload)["milliseconds"] + 7_200_000) < 5_000
    pulse = find_pulse(session)
    # The sign of life follows, so that the jump is no outage.
    assert pulse is not None
    assert abs(pulse.at - read_clock()) < timedelta(seconds=5)
    with pytest.raises(ConflictError, match="clock_right"):
        anchor_clock(administrator(session, settings))


def test_nobody_else_sets_it_and_nobody_while_a_sitting_runs(room: Room, settings: Settings) -> None:
    open_clock(settings).set(datetime.now(UTC) + timedelta(hours=2))
    with pytest.raises(NotAllowedError, match="role_needed"):
        anchor_clock(room.ctx(Role.ORGANISER))
    room.started()
    with pytest.raises(ConflictError, match="clock_anchored_in_sitting"):
        anchor_clock(administrator(room.session, settings))
    assert clock_difference() < timedelta(hours=-1)


def test_last_instant_known_is_the_sign_of_life(settings: Settings) -> None:
    assert last_known_instant(settings) is None
    engine = open_engine(settings)
    assert last_known_instant(settings) is None
    upgrade(engine)
    assert last_known_instant(settings) is None
    at = datetime(2026, 3, 16, 2, 0, tzinfo=UTC)
    with writing(engine) as session:
        beat(ServiceContext(session=session, now=at), was_alive=True)
    assert last_known_instant(settings) == at
    engine.dispose()
