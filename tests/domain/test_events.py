"""Only known facts enter the log, stated by those who may, about what they concern."""

from __future__ import annotations

import re

import pytest

from examsite.domain import events
from examsite.domain.errors import DomainError
from examsite.domain.events import ACTORS, MUST_BE_OPENED, SUBJECTS, Event, check_event

# The table of the published format, copied from it: event, actors, subjects, must be opened.
PUBLISHED = """
ruleset:frozen       organiser          competition      yes
roles:fixed          organiser          competition      no
roster:fixed         organiser          competition      yes
paper:sealed         setter             paper            yes
paper:opened         council            paper            yes
sitting:started      system             sitting          yes
sitting:closed       system             sitting          yes
attendance:recorded  invigilator        sitting,session  yes
answers:submitted    candidate,system   sitting          no
incident:decided     council            sitting          yes
draw:committed       council            draw             yes
draw:held            council            draw             yes
codes:sealed         keeper             codes            yes
codes:opened         council            codes            yes
item:decided         setter             paper            yes
mark:locked          marker,panel,system  script,defence  yes
mark:withdrawn       head               script,defence   yes
settlement:decided   head               script,defence   yes
written:published    organiser          competition      yes
deduction:applied    council            candidate        yes
appeal:decided       council            script           yes
tie:decided          authority          post             yes
result:approved      council,authority  competition      yes
result:refused       council,authority  competition      yes
result:published     organiser          competition      yes
"""


@pytest.mark.parametrize("row", PUBLISHED.strip().splitlines())
def test_event_stands_as_published(row: str) -> None:
    name, actors, subjects, must_be_opened = row.split()
    event = Event(name)
    assert ACTORS[event] == set(actors.split(","))
    assert SUBJECTS[event] == set(subjects.split(","))
    assert (event in MUST_BE_OPENED) == (must_be_opened == "yes")


def test_must_be_opened_holds_nothing_that_is_not_published() -> None:
    published = {row.split()[0] for row in PUBLISHED.strip().splitlines() if row.endswith("yes")}
    assert set(MUST_BE_OPENED) == published


@pytest.mark.parametrize("event", list(Event))
def test_event_is_a_subject_and_a_fact_with_known_kinds(event: Event) -> None:
    assert re.fullmatch(r"[a-z]+:[a-z]+(-[a-z]+)*", event)
    assert event.name == re.sub(r"[:-]", "_", event.value).upper()
    assert set() < ACTORS[event] <= events.ACTOR_KINDS
    assert set() < SUBJECTS[event] <= events.SUBJECT_KINDS


def test_no_fact_of_the_room_names_a_candidate() -> None:
    for event in (Event.CANDIDATE_CHECKED_IN, Event.ATTEMPT_OPENED, Event.TIME_EXTENDED, Event.ANSWERS_SUBMITTED):
        assert SUBJECTS[event] == {"sitting"}


@pytest.mark.parametrize(
    ("event", "actor", "subject"),
    [
        ("log:opened", "system", "competition/HP-2026-01"),
        ("answers:submitted", "candidate", "sitting/S1"),
        ("mark:locked", "marker/M03", "script/0421"),
        ("paper:sealed", "setter/D1", "paper/v1.2_a"),
    ],
)
def test_check_event_accepts(event: str, actor: str, subject: str) -> None:
    assert check_event(event, actor, subject) is Event(event)


@pytest.mark.parametrize(
    ("event", "actor", "subject", "code"),
    [
        ("mark:guessed", "marker/M03", "script/0421", "event_unknown"),
        ("mark:locked", "marker", "script/0421", "actor_not_valid"),
        ("mark:locked", "marker/", "script/0421", "actor_not_valid"),
        ("mark:locked", "marker/Trần", "script/0421", "actor_not_valid"),
        ("mark:locked", "marker/M03/x", "script/0421", "actor_not_valid"),
        ("mark:locked", "king/K", "script/0421", "actor_not_valid"),
        ("answers:submitted", "candidate/TS01", "sitting/S1", "actor_not_valid"),
        ("answers:submitted", "candidate/", "sitting/S1", "actor_not_valid"),
        ("mark:locked", "organiser/T1", "script/0421", "event_not_for_actor"),
        ("mark:locked", "marker/M03", "script", "subject_not_valid"),
        ("mark:locked", "marker/M03", "script/", "subject_not_valid"),
        ("mark:locked", "marker/M03", "script/0421\n", "subject_not_valid"),
        ("mark:locked", "marker/M03", "thing/0421", "subject_not_valid"),
        ("mark:locked", "marker/M03", "candidate/TS01", "event_not_about_subject"),
    ],
)
def test_check_event_refuses(event: str, actor: str, subject: str, code: str) -> None:
    with pytest.raises(DomainError) as caught:
        check_event(event, actor, subject)
    assert caught.value.code == code
