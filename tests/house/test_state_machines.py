"""Every declared workflow is walked: nothing unreachable, nothing stuck, nothing without words."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest

from examsite.domain.state_machine import StateMachine
from examsite.web.labels import LABELS
from tests.house.machines import declared_machines
from tests.house.source import python_files

#: Where a workflow may end. A state missing here must have a way out.
FINAL_STATES = {
    "appeal": {"settled", "withdrawn"},
    "attempt": {"handed_in", "closed", "absent"},
    "candidacy": {"withdrawn"},
    "competition": {"closed"},
    "defence": {"settled"},
    "draw": {"held"},
    "erasure": {"finished", "withdrawn"},
    "incident": {"decided", "dismissed"},
    "lost_time": {"given", "refused"},
    "mark": {"withdrawn"},
    "paper": {"opened"},
    "result": {"published", "refused", "superseded"},
    "room_request": {"approved", "refused", "withdrawn"},
    "script": {"opened"},
    "sitting": {"closed"},
}


MACHINES = declared_machines()
every_machine = pytest.mark.parametrize("machine", MACHINES.values(), ids=list(MACHINES))


def _states(machine: StateMachine[Any, Any]) -> type[StrEnum]:
    return type(machine.initial)


def _events(machine: StateMachine[Any, Any]) -> set[type[StrEnum]]:
    return {type(event) for _state, event in machine.table}


@every_machine
def test_every_listed_state_is_reached(machine: StateMachine[Any, Any]) -> None:
    assert machine.reachable() == set(_states(machine))


@every_machine
def test_every_listed_event_happens_somewhere(machine: StateMachine[Any, Any]) -> None:
    for events in _events(machine):
        assert {event for _state, event in machine.table if isinstance(event, events)} == set(events)


@every_machine
def test_every_listed_event_is_fired_by_an_act(machine: StateMachine[Any, Any]) -> None:
    acts = "".join(path.read_text(encoding="utf-8") for path in python_files("examsite/services"))
    names = {f"{events.__name__}.{event.name}" for events in _events(machine) for event in events}
    assert {name for name in names if name not in acts} == set()


@every_machine
def test_only_declared_states_are_an_end(machine: StateMachine[Any, Any]) -> None:
    assert {str(state) for state in machine.final_states()} == FINAL_STATES[machine.name]


@every_machine
def test_every_state_and_event_has_words(machine: StateMachine[Any, Any]) -> None:
    for members in (_states(machine), *_events(machine)):
        assert members in LABELS, f"no labels for {members.__name__}"
        assert set(LABELS[members]) == set(members)


def test_no_machine_is_forgotten_among_the_final_states() -> None:
    assert set(FINAL_STATES) == set(MACHINES)


def test_labels_never_miss_a_member() -> None:
    missing = {kind.__name__: set(kind) - set(texts) for kind, texts in LABELS.items() if set(kind) != set(texts)}

    assert missing == {}
