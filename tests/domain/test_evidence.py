"""What is worth a look: never an honest candidate, whatever the typing tool; always a text that nobody typed."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.errors import InvalidError
from examsite.domain.evidence import (
    BURST_LETTERS,
    MAX_EVENTS,
    EvidenceKind,
    Noticed,
    is_worth_a_look,
    read_evidence,
    worth_a_look,
)
from tests.domain.typing_days import TypingStep, find_bursts, honest_sitting


def honest_day(seed: int) -> list[Noticed]:
    """What the page notices of an honest candidate: short absences, own words moved, a reload, a bad network."""
    chance = random.Random(1000 + seed)
    noticed = [
        Noticed(EvidenceKind.BURST, number + 1, step.milliseconds, {"letters": step.letters})
        for number, step in enumerate(find_bursts(honest_sitting(seed)))
    ]
    for _ in range(chance.randint(0, 8)):
        number = len(noticed) + 1
        noticed.append(
            chance.choice(
                [
                    Noticed(EvidenceKind.FOCUS_LOST, number, chance.randint(100, 15_000)),
                    Noticed(EvidenceKind.PASTED, number, None, {"letters": chance.randint(1, 900), "own": True}),
                    Noticed(EvidenceKind.PASTED, number, None, {"letters": chance.randint(1, 60), "own": False}),
                    Noticed(EvidenceKind.RELOADED, number),
                    Noticed(EvidenceKind.OFFLINE, number, chance.randint(5000, 600_000)),
                    Noticed(EvidenceKind.FULLSCREEN_LEFT, number),
                ]
            )
        )
    return noticed


def test_a_hundred_honest_sittings_raise_no_alarm() -> None:
    assert {seed: found for seed in range(100) if (found := worth_a_look(honest_day(seed)))} == {}


@pytest.mark.parametrize("seed", range(20))
def test_a_text_that_nobody_typed_is_found_among_honest_typing(seed: int) -> None:
    steps = honest_sitting(seed)
    place = len(steps) // 2
    steps.insert(place, TypingStep(steps[place].milliseconds, 400))

    found = find_bursts(steps)

    assert len(found) == 1
    assert found[0].letters >= BURST_LETTERS


def test_a_slow_machine_that_types_in_pieces_is_found() -> None:
    assert find_bursts([TypingStep(time * 100, 10) for time in range(40)])


@given(st.lists(st.integers(-5, 1), max_size=400), st.integers(55, 500))
def test_one_letter_for_a_key_is_never_a_burst(letters: list[int], key: int) -> None:
    assert find_bursts(TypingStep(place * key, growth) for place, growth in enumerate(letters)) == []


def test_thresholds_hold_at_their_edge() -> None:
    assert is_worth_a_look(Noticed(EvidenceKind.FOCUS_LOST, 1, 20_000))
    assert not is_worth_a_look(Noticed(EvidenceKind.FOCUS_LOST, 1, 19_999))
    assert is_worth_a_look(Noticed(EvidenceKind.PASTED, 1, None, {"letters": 80}))
    assert not is_worth_a_look(Noticed(EvidenceKind.PASTED, 1, None, {"letters": 79}))
    assert not is_worth_a_look(Noticed(EvidenceKind.PASTED, 1, None, {"letters": 800, "own": True}))
    assert not is_worth_a_look(Noticed(EvidenceKind.OFFLINE, 1, 10**7))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5))
def test_nothing_from_outside_breaks_the_reader(value: object) -> None:
    for body in (value, {"events": [value]}, {"events": [{"kind": "pasted", "number": "1", "data": value}]}):
        with pytest.raises(InvalidError) as error:
            read_evidence(body)
        assert error.value.code == "evidence_malformed"


def test_a_call_has_a_most() -> None:
    event = {"kind": "reloaded", "number": 1}
    assert len(read_evidence({"events": [event] * MAX_EVENTS})) == MAX_EVENTS
    with pytest.raises(InvalidError):
        read_evidence({"events": [event] * (MAX_EVENTS + 1)})
