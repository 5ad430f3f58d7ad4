"""Who may open what: the table against the routes and the views, then the running site asked as everybody.

To add a route: run `python -m tests.web.access_table`, read its line, and copy it into `TABLE` of access_table.py if it
says what was meant. A new parameter in an address needs a provider in addresses.py. A page of which no stand of the
world shows a 200 needs a line in `NOT_SEEN` below that says why, or better a stand that shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from flask import Flask

from examsite.domain.permissions import Role
from tests.web.access_table import declared_lines, read_table
from tests.web.addresses import addresses
from tests.web.crawl import MOVED, REFUSED, Walk, changes_of, is_entitled, only_changes
from tests.web.world import NOBODY, World, browser_of, close_site, csrf_token_of, open_site

#: Reading routes that answer nobody with a page in any stand of the world, and why.
NOT_SEEN = {
    "administrator.print_erasure": "nobody's data were erased",
    "auth.find_door": "always leads on to the list of doors",
    "auth.switch_language": "always leads back to the page",
    "authority.decide_tie": "no tie across the last vacancy",
    "council.answer_withdrawal": "no head asks to withdraw a mark",
    "council.decide_adjustments": "nobody asks for adjustments",
    "council.discard_key": "every sheet of each key was taken",
    "council.split_key": "every competition with a log has its keys split",
    "council.show_sheet": "every sheet of each key was taken",
    "supervisor.show_sheet": "every sheet of each key was taken",
    "council.open_numbers": "no number is kept back in a draw",
    "council.open_paper": "every sealed post has its paper open",
    "council.open_sealed_paper": "every sealed post has its paper open",
    "council.open_reserve": "no version was set aside",
    "council.commit_draw": "no draw gathers commitments",
    "council.drop_draw": "no draw gathers commitments",
    "candidate.withdraw_own_appeal": "no appeal stands while its window is open",
    "invigilator.confirm_answers": "nobody carries a file",
    "council.answer_standard": "nobody has entered a script with an agreed mark",
    "keeper.mark_place": "no scripts wait for their sealing",
    "marker.change_standard": "nobody has entered a script with an agreed mark",
    "marker.lock_mark": "no marker has a whole draft",
    "marker.mark_standard": "nobody has entered a script with an agreed mark",
    "marker.show_alarm": "no alarm was raised",
    "council.decide_appeal": "no appeal waits for the chair",
    "marker.show_pause": "no marker is paused",
    "marker.show_stop": "no marker is paused",
    "setter.answer_standard": "nobody has entered a script with an agreed mark",
    "marker.show_rubric_change": "no head asks to change a rubric",
    "marker.take_over_script": "no script stands still",
    "invigilator.show_results": "the rule set tells objective points with the written score only",
    "organiser.call_defence": "nobody passes the written part because of a correction",
    "organiser.lock_called_proposals": "nobody passes the written part because of a correction",
    "organiser.download_settings": "no room asks for Safe Exam Browser",
    "organiser.print_erasure": "nobody's data were erased",
    "organiser.publish_result": "no result is approved and unpublished",
    "organiser.publish_written_results": "no competition stands between the opened codes and the appeals",
    "panel.change_sheet": "no shown scores are being talked about",
    "panel.decide_score": "no gap waits for the head",
    "panel.lock_sheet": "no member has a whole draft",
    "panel.move_clock": "no defence that is asked for stands before one of these steps",
    "panel.show_picture": "proposals of the demonstration have no pictures",
    "public.download_authority": "the world speaks plain HTTP",
    "setter.answer_rubric_change": "no head asks to change a rubric",
    "setter.seal_papers": "every drawn paper is sealed",
    "setter.show_paper": "every drawn paper is sealed",
    "setter.show_paper_key": "every drawn paper is sealed",
}


def test_table_and_routes_are_the_same(world_site: Flask) -> None:
    declared, promised = declared_lines(world_site), read_table()
    missing = [str(line) for endpoint, line in declared.items() if endpoint not in promised]
    surplus = [str(line) for endpoint, line in promised.items() if endpoint not in declared]
    differing = [
        f"promised {promised[endpoint]}, declared {line}"
        for endpoint, line in declared.items()
        if endpoint in promised and promised[endpoint] != line
    ]

    assert (missing, surplus, differing) == ([], [], [])


def test_a_view_that_declares_nothing_is_refused(world: World, tmp_path: Path) -> None:
    app = open_site(world.copy_to(tmp_path / "world"))
    try:
        app.add_url_rule("/planted", "planted", lambda: "open", methods=["GET", "POST"])

        for person in (NOBODY, *(world.holder(role) for role in Role if role is not Role.CANDIDATE)):
            client = browser_of(app, person)
            assert client.get("/planted").status_code == 403
            assert client.post("/planted", data={"csrf_token": csrf_token_of(app, client)}).status_code == 403
        assert str(declared_lines(app)["planted"]).endswith("nothing")
    finally:
        close_site(app)


def test_the_world_reaches_every_reading_route(walked: Walk) -> None:
    seen = {visit.address.endpoint for visit in walked.visits if visit.status == 200}
    reading = {
        endpoint for endpoint, line in read_table().items() if "GET" in line.methods and line.who != "attempt_token"
    }

    assert reading - seen == set(NOT_SEEN)


def test_the_entitled_get_an_answer(walked: Walk) -> None:
    """A page, a way on, or a refusal that has to do with the stand of things, never the door."""
    turned_away = [
        str(visit)
        for visit in walked.visits
        if visit.is_entitled
        and (visit.status in {401, 405} or visit.location.startswith(("/login", "/candidate/login")))
    ]
    forbidden = {visit.address.endpoint for visit in walked.visits if visit.is_entitled and visit.status == 403}

    assert turned_away == []
    # Papers are sealed even from those who drew them; a member decides an incident only where the chair may not.
    assert forbidden <= {"setter.show_paper", "setter.show_paper_key", "council.decide_incident"}


def test_everybody_else_is_refused(walked: Walk) -> None:
    asked = [visit for visit in walked.visits if not visit.is_entitled]
    let_in = [
        str(visit)
        for visit in asked
        if visit.status not in REFUSED
        and not (visit.status in MOVED and visit.location in {"/login", "/candidate/login"} and not visit.person.token)
    ]

    assert len(asked) > 1_000
    assert let_in == []


def test_nothing_crashes(walked: Walk) -> None:
    assert [str(visit) for visit in walked.visits if visit.status >= 500] == []


def test_unentitled_acts_are_refused_and_change_nothing(world_site: Flask, world: World) -> None:
    asked, wrong = 0, []
    with changes_of(world_site) as seen:
        for path, person, strange in _foreign_acts(world_site, world):
            client = browser_of(world_site, person)
            token = csrf_token_of(world_site, client)
            seen.clear()
            response = client.post(path, data={"csrf_token": token})
            asked += 1
            good = {403, 404, 409, 422, 302} if strange else {401, 403, 404}
            if response.status_code not in good or only_changes(seen):
                wrong.append(f"{person} {path} -> {response.status_code} {only_changes(seen)[:1]}")

    assert asked > 300
    assert wrong == []


def _foreign_acts(app: Flask, world: World) -> Iterator[tuple[str, object, bool]]:
    """Writing addresses with somebody who may not; the flag says that only the object is another's."""
    table = read_table()
    first_of_role = {person.role: person for person in reversed(world.people) if not person.is_stranger}
    for rule in app.url_map.iter_rules():
        line = table.get(rule.endpoint)
        if "POST" not in (rule.methods or ()) or line is None or line.who in {"public", "attempt_token"}:
            continue
        for person in world.people:
            is_admitted = line.admits(person.role)
            if is_admitted and any(is_entitled(line, person, item) for item in addresses(app, world, rule, person)):
                for address in islice(addresses(app, world, rule, person, own=False), 2):
                    yield address.path, person, True
            elif person is first_of_role.get(person.role) or (is_admitted and person.is_stranger):
                for address in islice(addresses(app, world, rule, person), 1):
                    yield address.path, person, False


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "Bearer " + "x" * 4000, "Basic eDp5", "Bearer ơ"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/attempts/saves"), ("POST", "/api/attempts/hand-in"), ("GET", "/api/attempts/state")],
)
def test_the_api_knows_the_token_of_an_attempt_only(
    world_site: Flask, world: World, method: str, path: str, token: str
) -> None:
    client = browser_of(world_site, world.person("candidate 1 of written"))
    with changes_of(world_site) as seen:
        response = client.open(
            path,
            method=method,
            headers={"Authorization": token.encode().decode("latin-1")},
            json={"epoch": 1, "saves": []},
        )

    assert (response.status_code, only_changes(seen)) == (401, [])
