"""What other people do, and who the candidates are, leaves no trace on anything that a marker or panel member can ask.

Two copies of one world get the same requests in the same order. In the second one the hidden things are different: the
other marker has drafted, noted, flagged and locked, or somebody else stands behind each script. Every answer must be
the same: status, headers, body, order, numbers, and how many statements it took, which is what its time betrays. New
routes are taken in by the access table; a page that may differ is named below, with the reason.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, text, update
from sqlalchemy.orm import Session

from examsite.domain.marking import MarkState, ScriptKind
from examsite.domain.permissions import Role
from examsite.services import marking
from examsite.services.checkpoints import load_signer
from examsite.services.context import Actor, ServiceContext
from examsite.storage.database import db, open_engine, writing
from examsite.storage.models import marking as rows
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import (
    Allocation,
    CodeEntry,
    DiscussionNote,
    Mark,
    MarkNote,
    MarkWithdrawal,
    SavedComment,
    Script,
    ScriptFlag,
)
from examsite.storage.models.proposals import Defence, ProposalAssessment
from examsite.storage.queries import rubric_changes
from examsite.storage.queries.queues import find_own_mark, get_blind_script
from tests.web.access_table import read_table
from tests.web.addresses import OWN, addresses
from tests.web.world import NOW, Person, World, browser_of, close_site, csrf_token_of, letters, open_site

MARKERS = ("cham1", "cham2")
#: Where those who judge read who is admitted, to declare relations; nothing else there may be anybody's.
DECLARING = "/conflicts"
#: Changes with every answer, whoever asks.
OWN_OF_THE_ANSWER = {"Date", "Set-Cookie", "Content-Security-Policy", "Content-Length", "X-Request-Id"}
#: Points and totals that nobody gives by chance.
ODD_POINTS, ODD_TOTAL = "13.37", "73.31"
#: Nothing, an old draft, what no field takes.
WRONG_FIELDS: tuple[dict[str, str], ...] = (
    {},
    {"revision": "999", "points_0": "2.5"},
    {"revision": "x", "points_0": "9999", "text": "x"},
)


@dataclass(frozen=True)
class Answer:
    """All that the asking person can observe of one answer."""

    asked: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    #: Statements that the database was asked meanwhile.
    statements: int


def _observe(app: Flask, world: World, person: Person, stand: str, requests: Any) -> list[Answer]:
    """Ask for all of it, one after the other."""
    client, counted, answers = browser_of(app, person), [0], []
    token = csrf_token_of(app, client)
    rubric_changes._frozen.clear()  # what a process read of papers before is nobody's work: both worlds begin alike

    def on_statement(*_all: Any) -> None:
        counted[0] += 1

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", on_statement)
    try:
        for method, path, named in requests(app, world, person, stand, token):
            counted[0] = 0
            response = client.open(path, method=method, **named)
            accept = named["headers"]["Accept"]
            told = sorted(named.get("data", {}))
            headers = tuple(sorted((k, v) for k, v in response.headers.items() if k not in OWN_OF_THE_ANSWER))
            body = _without_own(response.get_data().decode("utf-8", "replace"))
            answers.append(Answer(f"{method} {path} {accept} {told}", response.status_code, headers, body, counted[0]))
            response.close()
    finally:
        event.remove(engine, "before_cursor_execute", on_statement)
    return answers


def _without_own(body: str) -> str:
    return re.sub(r'(name="csrf[-_]token"[^>]*(?:value|content)=|nonce=|data-csrf=)"[^"]*"', "", body)


def _requests(
    app: Flask, world: World, person: Person, stand: str, token: str
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every address of the role, own and others', as page and as data; then forms that are empty, stale or wrong."""
    paths = _paths(app, world, person, stand)
    for path in sorted(paths.get("GET", ())):
        for accept in ("text/html", "application/json"):
            yield "GET", path, {"headers": {"Accept": accept}}
    for path in sorted(paths.get("POST", ())):
        for accept in ("text/html", "application/json"):
            for fields in WRONG_FIELDS:
                data = {"csrf_token": token, **fields}
                yield "POST", path, {"headers": {"Accept": accept}, "data": data}
        yield "POST", path, {"headers": {"Accept": "application/json", "X-CSRFToken": token}, "json": WRONG_FIELDS[1]}
    for path in sorted(paths.get("GET", ())):  # and again, after whatever the forms have done
        yield "GET", path, {"headers": {"Accept": "text/html"}}


def _marking(
    _app: Flask, world: World, person: Person, stand: str, token: str
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """A marker marks and locks whatever of the own queue is open."""
    place = world.places[stand]
    html = {"headers": {"Accept": "text/html"}}
    for script in place.queues.get(person.account_id or 0, []):
        page = f"/marker/{place.code}/scripts/{script}"
        points = {f"points_{number}": "2,5" for number in range(6)}
        yield "POST", page, {**html, "data": {"csrf_token": token, "revision": "0", **points}}
        yield "GET", f"{page}/lock", html
        yield "POST", f"{page}/lock", {**html, "data": {"csrf_token": token, "revision": "1"}}
        yield "GET", f"/marker/{place.code}/scripts", html


def _paths(app: Flask, world: World, person: Person, stand: str) -> dict[str, set[str]]:
    """By method, what the table gives to this role: own things and others'."""
    table = read_table()
    paths: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        line = table.get(rule.endpoint)
        if line is None or line.who in {"attempt_token", "public"} or not line.admits(person.role):
            continue
        if rule.endpoint.startswith("auth."):
            continue
        known = [*addresses(app, world, rule, person), *addresses(app, world, rule, person, own=False)]
        for address in known:
            if address.stand in {stand, ""}:
                for method in (rule.methods or set()) & {"GET", "POST"}:
                    paths.setdefault(method, set()).add(address.path)
    return paths


def _differences(before: list[Answer], after: list[Answer]) -> list[str]:
    """What the person could tell the two worlds apart by."""
    assert [item.asked for item in before] == [item.asked for item in after]
    found = []
    for one, other in zip(before, after, strict=True):
        if one != other:
            parts = [
                name
                for name in ("status", "headers", "statements", "body")
                if getattr(one, name) != getattr(other, name)
            ]
            shown = (
                _first_difference(one.body, other.body) if "body" in parts else f"{one.statements}/{other.statements}"
            )
            found.append(f"{one.asked}: {', '.join(parts)}: {one.status}/{other.status} {shown}")
    return found


def _first_difference(one: str, other: str) -> str:
    place = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"…{one[max(0, place - 60) : place + 60]!r} / {other[max(0, place - 60) : place + 60]!r}"


@pytest.fixture(scope="module")
def unchanged() -> dict[tuple[str, str, Any], list[Answer]]:
    """What each person observed in the world as it was, by the requests: asked once."""
    return {}


@pytest.fixture
def two_worlds(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    unchanged: dict[tuple[str, str, Any], list[Answer]],
) -> Iterator[Callable[..., list[str]]]:
    """`two_worlds(name, stand, change)`: how the answers to this person differ once `change` has been done."""
    opened: list[Flask] = []

    def compare(
        name: str,
        stand: str,
        change: Callable[[Session, World, Any], None],
        *,
        words: list[str] | None = None,
        requests: Any = _requests,
    ) -> list[str]:
        seen = []
        for number, act in enumerate((None, change)):
            if act is None and (name, stand, requests) in unchanged:
                seen.append(unchanged[name, stand, requests])
                continue
            settings = world.copy_to(tmp_path / f"{name}-{number}")
            if act is not None:
                engine = open_engine(settings)
                with writing(engine) as session:
                    act(session, world, settings)
                engine.dispose()
            app = open_site(settings)
            opened.append(app)
            # Keys of one's own notes are drawn, so that they count nothing: the same lots in both worlds.
            monkeypatch.setattr(rows, "_chance", random.Random(7))
            seen.append(_observe(app, world, world.person(name), stand, requests))
        unchanged[name, stand, requests] = seen[0]
        pages = [item for item in seen[0] if item.asked.startswith("GET") and item.status == 200]
        assert pages, "nothing was opened"
        shown = "\n".join(f"{item.asked} {item.headers} {item.body}" for item in seen[1] if DECLARING not in item.asked)
        for word in words or []:
            assert word not in shown, word
        return _differences(*seen)

    yield compare
    for app in opened:
        close_site(app)


# ------------------------------------------------------------------------------------------- the other marker's work


def _others_work(own: str, *, odd: bool = True) -> Callable[[Session, World, Any], None]:
    """Everything that people other than this marker can leave on the scripts of the marker's queue."""

    def do(session: Session, world: World, settings: Any) -> None:
        place, me = world.places["marking"], world.person(own).account_id
        competition = session.get_one(Competition, place.competition_id)
        head = session.scalars(_assignments(competition.id, Role.MARKING_HEAD)).first()
        assert head is not None
        given = session.execute(
            select(Allocation, RoleAssignment)
            .join(RoleAssignment, RoleAssignment.id == Allocation.assignment_id)
            .join(Script, Script.id == Allocation.script_id)
            .where(
                Script.competition_id == competition.id,
                Script.kind == ScriptKind.LIVE,
                Allocation.withdrawn_at.is_(None),
                RoleAssignment.account_id != me,
            )
            .order_by(Allocation.id)
        ).all()
        locked = 0
        for number, (allocation, other) in enumerate(given):
            script = session.get_one(Script, allocation.script_id)
            _leave_notes(session, number, script, other, head)
            actor = Actor(other.account_id, Role.MARKER, other.id, other.pseudonym, competition.id)
            ctx = ServiceContext(session=session, now=NOW, actor=actor, settings=settings, signer=load_signer(settings))
            mark = find_own_mark(session, allocation)
            if mark is not None and mark.state is not MarkState.DRAFT:
                continue
            human = get_blind_script(session, competition.id, other.id, script.code).paper.rubric.human
            points = {item.criterion: item.maximum - item.step * (number % 2) for item in human}
            draft = marking.save_draft(
                ctx,
                competition,
                script.code,
                revision=0 if mark is None else mark.revision,
                points=points,
                comments={"": letters(40000 + number)},
            )
            marking.lock_mark(ctx, competition, script.code, revision=draft.revision)
            locked += 1
        assert locked, "nothing was left to lock"
        for mark in session.scalars(_marks_of_others(competition.id, me or 0)) if odd else ():
            mark.points = {**mark.points, next(iter(mark.points)): ODD_POINTS}
            mark.total = Decimal(ODD_TOTAL)
            session.add(
                MarkWithdrawal(
                    mark_id=mark.id,
                    reason=letters(41000 + mark.id),
                    requested_by_id=head.id,
                    requested_at=NOW - timedelta(minutes=3),
                )
            )

    return do


def _leave_notes(session: Session, number: int, script: Script, other: RoleAssignment, head: RoleAssignment) -> None:
    word = letters(30000 + number)
    first = script.content[0]
    session.add_all(
        [
            MarkNote(
                script_id=script.id,
                assignment_id=other.id,
                item=first["item"],
                start_at=0,
                end_at=5,
                quote=first["text"][:5],
                text=word,
                updated_at=NOW - timedelta(minutes=9),
            ),
            SavedComment(assignment_id=other.id, text=f"{word} {number}", used_at=NOW - timedelta(minutes=8)),
            ScriptFlag(script_id=script.id, assignment_id=other.id, text=word, raised_at=NOW - timedelta(minutes=7)),
            ScriptFlag(
                script_id=script.id,
                assignment_id=other.id,
                text=word,
                raised_at=NOW - timedelta(minutes=6),
                answer=word,
                answered_at=NOW - timedelta(minutes=5),
                answered_by_id=head.id,
            ),
            DiscussionNote(
                script_id=script.id,
                assignment_id=head.id,
                text=word,
                written_at=NOW - timedelta(minutes=4),
                record_seq=1,
            ),
        ]
    )
    session.flush()


def _assignments(competition_id: int, role: Role) -> Any:
    return select(RoleAssignment).where(
        RoleAssignment.competition_id == competition_id,
        RoleAssignment.role == role,
        RoleAssignment.revoked_at.is_(None),
    )


def _marks_of_others(competition_id: int, account_id: int) -> Any:
    return (
        select(Mark)
        .join(Script, Script.id == Mark.script_id)
        .join(RoleAssignment, RoleAssignment.id == Mark.assignment_id)
        .where(
            Script.competition_id == competition_id,
            Mark.state == MarkState.LOCKED,
            RoleAssignment.account_id != account_id,
        )
        .order_by(Mark.id)
    )


@pytest.mark.parametrize("name", MARKERS)
def test_what_the_other_marker_does_moves_nothing(two_worlds: Callable[..., list[str]], name: str) -> None:
    words = [letters(30000 + number) for number in range(100)] + [ODD_POINTS, "13,37", ODD_TOTAL, "73,31"]

    assert "\n".join(two_worlds(name, "marking", _others_work(name), words=words)) == ""


def test_a_lock_is_answered_alike_before_and_after_the_other_one(two_worlds: Callable[..., list[str]]) -> None:
    differing = two_worlds("cham1", "marking", _others_work("cham1", odd=False), requests=_marking)

    # Only the act itself costs more when a score comes about; nothing that is asked before or after it does.
    assert "\n".join(line for line in differing if "/lock " not in line or "body" in line or "status" in line) == ""


def test_a_mark_that_cannot_stand_is_not_told_to_the_other_marker(two_worlds: Callable[..., list[str]]) -> None:
    two_worlds("cham1", "marking", _others_work("cham1"), requests=_marking, words=[ODD_POINTS, "13,37"])


# ------------------------------------------------------------------------------------------ who stands behind a script

#: Somebody else is everybody: other names, numbers, seats, times, files, and another script each.
SOMEBODY_ELSE = (
    "UPDATE candidacies SET full_name = full_name || ' Khác', unit = 'Phòng khác ' || id, phone = '0900' || id,"
    " email = 'khac' || id || '@thu.example', identity_number = 'KHAC' || id, candidate_number = 'KHAC' || id,"
    " application_code = 'HS-KHAC-' || id, public_code = 'KH' || id, born_on = '1970-01-01'",
    "UPDATE accounts SET display_name = 'Khác ' || id WHERE id IN (SELECT account_id FROM candidacies)",
    "UPDATE attempts SET seat = 'Z' || id, objective_total = objective_total - 200 WHERE objective_total > 200",
    "UPDATE attempts SET handed_in_at = datetime(handed_in_at, '-47 minutes', '-13 seconds') || '.000000'"
    " WHERE handed_in_at IS NOT NULL",
    "UPDATE answer_versions SET received_at = datetime(received_at, '-41 minutes') || '.000000'",
)


def _somebody_else(session: Session, _world: World, _settings: Any) -> None:
    session.execute(text("PRAGMA defer_foreign_keys = ON"))
    for change in SOMEBODY_ELSE:
        assert session.execute(text(change)).rowcount > 0, change
    entries = session.execute(
        select(CodeEntry.id, CodeEntry.candidacy_id).order_by(CodeEntry.competition_id, CodeEntry.id)
    ).all()
    session.execute(text("UPDATE code_entries SET candidacy_id = -candidacy_id"))
    for (entry, _own), (_other, candidacy) in zip(entries, entries[::-1], strict=True):
        session.connection().execute(update(CodeEntry).where(CodeEntry.id == entry).values(candidacy_id=candidacy))


@pytest.mark.parametrize("name", [*MARKERS[:1], "truongcham"])
def test_who_stands_behind_a_script_moves_nothing(
    two_worlds: Callable[..., list[str]], world: World, name: str
) -> None:
    differing = two_worlds(name, "marking", _somebody_else)

    assert "\n".join(line for line in differing if DECLARING not in line) == ""


# ------------------------------------------------------------------------------------------------ sheets of the panel


def _others_on_the_panel(own: str) -> Callable[[Session, World, Any], None]:
    """Other members have written, scored and locked; nothing is revealed yet."""

    def do(session: Session, world: World, _settings: Any) -> None:
        place, me = world.places["defence"], world.person(own).account_id
        defences = session.scalars(
            select(Defence).where(
                Defence.competition_id == place.competition_id, Defence.state.not_in(("revealed", "settled"))
            )
        ).all()
        others = session.scalars(
            _assignments(place.competition_id, Role.PANELLIST).where(RoleAssignment.account_id != me)
        ).all()
        assert defences
        assert others
        for defence in defences:
            for other in others:
                number = defence.id * 100 + other.id
                known = select(ProposalAssessment).where(
                    ProposalAssessment.candidacy_id == defence.candidacy_id,
                    ProposalAssessment.assignment_id == other.id,
                )
                assessment = session.scalars(known).one_or_none()
                if assessment is None:
                    assessment = ProposalAssessment(candidacy_id=defence.candidacy_id, assignment_id=other.id)
                    session.add(assessment)
                assessment.text, assessment.revision = letters(45000 + number), 7
                assessment.updated_at = NOW - timedelta(minutes=2)
        session.flush()
        changed = session.execute(
            text(
                "UPDATE marks SET points = :points, comments = :words, revision = revision + 7 WHERE defence_id IN"
                " (SELECT id FROM defences WHERE competition_id = :own AND state NOT IN ('revealed', 'settled'))"
                " AND assignment_id IN (SELECT id FROM role_assignments WHERE account_id <> :me)"
            ),
            {
                "points": json.dumps({"D1": ODD_POINTS}),
                "words": json.dumps({"": letters(46000)}),
                "own": place.competition_id,
                "me": me,
            },
        )
        assert changed.rowcount >= 0

    return do


@pytest.mark.parametrize("name", ["dean2"])
def test_what_other_members_of_the_panel_write_moves_nothing(two_worlds: Callable[..., list[str]], name: str) -> None:
    words = [letters(45000 + number) for number in range(3000)] + [letters(46000), ODD_POINTS, "13,37"]

    assert "\n".join(two_worlds(name, "defence", _others_on_the_panel(name), words=words)) == ""


def test_the_comparison_sees_a_leak(world: World, tmp_path: Path) -> None:
    """The comparison would be worth nothing if it could not fail: a page that counts the marks of all is found."""
    seen = []
    for number in range(2):
        settings = world.copy_to(tmp_path / str(number))
        if number:
            engine = open_engine(settings)
            with writing(engine) as session:
                _others_work("cham1")(session, world, settings)
            engine.dispose()
        app = open_site(settings)
        show = app.view_functions["marker.list_scripts"]

        def leaking(show: Any = show, **named: Any) -> Any:
            answer = show(**named)
            count = db.session().scalar(text("SELECT count(*) FROM mark_notes"))
            return (answer if isinstance(answer, str) else answer.get_data(as_text=True)) + f"<!--{count}-->"

        leaking.access = show.access  # type: ignore[attr-defined]
        app.view_functions["marker.list_scripts"] = leaking
        client = browser_of(app, world.person("cham1"))
        seen.append(_without_own(client.get(f"/marker/{world.places['marking'].code}/scripts").text))
        close_site(app)

    assert seen[0] != seen[1]
    assert "script" in OWN
