"""The freeze: once the written test has begun nobody edits what a sitting depends on, on both databases.

Each line of the table is an act that was possible a moment before; people are only added, and on record.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from examsite.config import Settings, load_settings
from examsite.domain.blueprints import Blueprint
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError
from examsite.domain.permissions import Role
from examsite.services import (
    candidacies,
    competitions,
    papers,
    people,
    posts,
    room_rules,
    rulesets,
    seating,
    sittings,
)
from examsite.services.sittings import assign_invigilator
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.queries.records import get_log, list_records
from examsite.storage.queries.sittings import get_sitting
from tests.factories.sittings import Room, add_person, make_room

LATER = timedelta(hours=2)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "instance", environ={})


@pytest.fixture
def frozen(session: Session, now, settings: Settings) -> Room:
    room = make_room(session, now, settings=settings)
    room.opened()
    return room


def _schedule(room: Room) -> dict[str, object]:
    names = (
        "applications_close_at",
        "written_at",
        "written_results_at",
        "proposals_close_at",
        "defence_at",
        "results_at",
    )
    return {name: room.now + timedelta(days=30 + place) for place, name in enumerate(names)}


def _setter(room: Room):
    organiser = room.ctx(Role.ORGANISER)
    return replace(organiser, actor=replace(organiser.actor, role=Role.SETTER, pseudonym="D01"))


def _application(room: Room) -> str:
    return room.candidacies[0].application_code


ACTS: dict[str, tuple[Callable[[Room], object], str]] = {
    "plan another sitting": (
        lambda room: sittings.schedule_sitting(
            room.ctx(Role.ORGANISER),
            room.competition,
            code="CA9",
            room="09",
            rows=1,
            columns=1,
            starts_at=room.now + LATER,
        ),
        "sittings_frozen",
    ),
    "move the start": (
        lambda room: sittings.move_start(
            room.ctx(Role.ORGANISER), room.competition, room.sitting, starts_at=room.now + LATER
        ),
        "sittings_frozen",
    ),
    "seat everyone anew": (
        lambda room: seating.assign_seats(room.ctx(Role.ORGANISER), room.competition),
        "sittings_frozen",
    ),
    "change the rules of the machines": (
        lambda room: room_rules.change_room_rules(
            room.ctx(Role.ORGANISER), room.competition, room.sitting, seb_config_key="", address_ranges="10.0.0.0/8"
        ),
        "sittings_frozen",
    ),
    "take an invigilator away": (
        lambda room: people.revoke_role(room.ctx(Role.ORGANISER), room.competition, room.people[Role.INVIGILATOR].id),
        "sittings_frozen",
    ),
    "change the rule set": (
        lambda room: rulesets.change_ruleset(room.ctx(Role.ORGANISER), room.competition, {"written.minutes": "90"}),
        "ruleset_frozen",
    ),
    "set the schedule": (
        lambda room: competitions.set_schedule(room.ctx(Role.ORGANISER), room.competition, _schedule(room)),
        "competition_announced",
    ),
    "change the notice": (
        lambda room: competitions.change_notice(
            room.ctx(Role.ORGANISER), room.competition, _schedule(room), reason="Lùi ngày"
        ),
        "notice_not_announced",
    ),
    "plan the papers": (
        lambda room: papers.plan_blueprint(
            _setter(room), room.competition, room.post, Blueprint(Decimal("2.00"), (), (), 0)
        ),
        "blueprint_frozen",
    ),
    "draw papers": (
        lambda room: papers.draw_papers(_setter(room), room.competition, room.post),
        "papers_not_drawable",
    ),
    "seal papers": (
        lambda room: papers.seal_papers(_setter(room), room.competition, room.post),
        "papers_not_drawable",
    ),
    "remove a post": (
        lambda room: posts.remove_post(room.ctx(Role.ORGANISER), room.competition, room.post),
        "competition_announced",
    ),
    "refuse a candidate": (
        lambda room: candidacies.refuse_candidacy(
            room.ctx(Role.ORGANISER), room.competition, _application(room), reason="Đổi ý"
        ),
        "vetting_not_open",
    ),
    "reconsider a candidate": (
        lambda room: candidacies.reconsider_candidacy(
            room.ctx(Role.ORGANISER), room.competition, _application(room), reason="Đổi ý"
        ),
        "vetting_not_open",
    ),
    "fix the list anew": (
        lambda room: candidacies.fix_roster(room.ctx(Role.ORGANISER), room.competition),
        "event_not_open",
    ),
    "withdraw as a candidate": (
        lambda room: candidacies.withdraw_application(room.ctx(room.candidacies[0]), room.candidacies[0].id),
        "event_not_open",
    ),
    "apply late": (
        lambda room: candidacies.check_application_room(room.ctx(), room.competition),
        "applications_not_open",
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_a_sitting_depends_on_is_frozen(frozen: Room, act: str) -> None:
    do, code = ACTS[act]
    size = get_log(frozen.session, frozen.competition.code).size
    with pytest.raises(ConflictError) as error:
        do(frozen)
    assert error.value.code == code
    assert get_log(frozen.session, frozen.competition.code).size == size


def test_the_rules_of_the_machines_change_until_then_and_on_record(session: Session, now, settings: Settings) -> None:
    room = make_room(session, now, settings=settings)
    assert room.competition.state is CompetitionState.ROSTERED
    for _ in range(2):
        room_rules.change_room_rules(
            room.ctx(Role.ORGANISER),
            room.competition,
            room.sitting,
            seb_config_key="AB" * 32,
            address_ranges="192.168.10.0/24\n10.0.0.7",
        )
    assert (room.sitting.seb_config_key, room.sitting.address_ranges) == ("ab" * 32, "10.0.0.7/32\n192.168.10.0/24")
    log = get_log(session, room.competition.code)
    changed = [row for row in list_records(session, log.id) if row.event == "sitting:changed"]
    assert [(row.actor, row.subject, json.loads(row.payload)) for row in changed] == [
        ("organiser/T01", "sitting/CA1", {"seb": "abababab", "address_ranges": ["10.0.0.7/32", "192.168.10.0/24"]})
    ]


def test_an_invigilator_is_added_on_record(frozen: Room) -> None:
    actor = add_person(frozen, Role.INVIGILATOR, "V02", watches=False)
    held = frozen.session.get_one(RoleAssignment, actor.assignment_id)
    for _ in range(2):
        assign_invigilator(frozen.ctx(Role.ORGANISER), frozen.competition, frozen.sitting, held)
    log = get_log(frozen.session, frozen.competition.code)
    changed = [row for row in list_records(frozen.session, log.id) if row.event == "sitting:changed"]
    assert [json.loads(row.payload) for row in changed] == [{"invigilator": "V02"}]
    frozen.session.expire_all()
    sitting = get_sitting(frozen.session, frozen.competition.id, "CA1")
    assert sorted(item.assignment.pseudonym or "" for item in sitting.invigilators) == ["V01", "V02"]
