"""Everybody on a board declares relations on a page of the own audience; the desk says so until it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from examsite.domain.competitions import CompetitionState
from examsite.domain.dossiers import CandidacyState
from examsite.storage.queries.conflicts import find_declaration
from tests.factories.candidacies_of_plan import add_candidacy
from tests.factories.competitions import make_complete_plan
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all, parse, words

CODE = "VH-2026-01"
Scene = Callable[[Callable[[Doing], Any]], Any]
LogIn = Callable[..., StrictClient]

#: Login and desk of one person per audience.
PEOPLE = [
    ("thuky-VH-2026-01", "organiser", ""),
    ("chair-1-VH-2026-01", "council", ""),
    ("council_member-2-VH-2026-01", "council", ""),
    ("setter-5-VH-2026-01", "setter", ""),
    ("keeper-6-VH-2026-01", "keeper", ""),
    ("invigilator-7-VH-2026-01", "invigilator", ""),
    ("marking_head-9-VH-2026-01", "marker", "head/gaps"),
    ("marker-10-VH-2026-01", "marker", "scripts"),
    ("panel_head-13-VH-2026-01", "panel", ""),
]


@pytest.fixture
def rostered(scene: Scene, password_hash: str) -> dict[str, int]:
    """A fixed list with one person; the keys that the form and the tests name."""

    def make(doing: Doing) -> dict[str, int]:
        plan = make_complete_plan(doing.session, doing.now, password_hash=password_hash)
        someone = add_candidacy(plan, plan.competition.posts[0], state=CandidacyState.ELIGIBLE, numbered=True)
        plan.competition.state = CompetitionState.ROSTERED
        doing.session.flush()
        return {"competition": plan.competition.id, "someone": someone.id}

    made: dict[str, int] = scene(make)
    return made


@pytest.mark.parametrize(("login", "audience", "desk"), PEOPLE)
def test_desk_asks_until_the_person_has_declared(
    rostered: dict[str, int], log_in: LogIn, login: str, audience: str, desk: str
) -> None:
    client = log_in(login.lower())
    home = f"/{audience}/{CODE}/{desk}"
    page = f"/{audience}/{CODE}/conflicts"
    assert find_all(client.page(home), "declare-first")
    assert "Hoàng Bí Mật 1" in words(client.page(page))
    assert client.submit(page, {}).status_code == 422

    done = client.submit(page, {"any_relation": "none", f"relation_{rostered['someone']}": ""})

    assert done.status_code == 302
    assert done.location.rstrip("/").endswith(home.rstrip("/"))
    assert not find_all(client.page(home), "declare-first")
    assert find_all(client.page(page), "declared")


def test_relation_is_kept_and_may_be_corrected(rostered: dict[str, int], log_in: LogIn, scene: Scene) -> None:
    client = log_in("marker-10-vh-2026-01")
    page, line = f"/marker/{CODE}/conflicts", f"relation_{rostered['someone']}"

    assert client.submit(page, {"any_relation": "some", line: "sibling"}).status_code == 302

    def declared(doing: Doing) -> Any:
        from examsite.storage.queries.accounts import find_account_by_login

        account = find_account_by_login(doing.session, "marker-10-vh-2026-01")
        found = find_declaration(doing.session, rostered["competition"], None if account is None else account.id)
        return None if found is None else found.conflicts

    assert scene(declared) == {rostered["someone"]: "sibling"}
    assert client.submit(page, {"any_relation": "some", line: "a friend"}).status_code == 422
    assert client.submit(page, {"any_relation": "none", line: ""}).status_code == 302
    assert scene(declared) == {}


def test_page_with_names_leads_to_no_script(rostered: dict[str, int], log_in: LogIn) -> None:
    page = log_in("marker-10-vh-2026-01").page(f"/marker/{CODE}/conflicts")

    links = {str(link.get("href")) for link in page.iter("a")}
    assert not [link for link in links if f"/marker/{CODE}/scripts/" in link]


def test_before_the_list_is_fixed_nothing_is_asked(scene: Scene, log_in: LogIn, password_hash: str) -> None:
    scene(lambda doing: make_complete_plan(doing.session, doing.now, password_hash=password_hash).competition.id)
    client = log_in("keeper-6-vh-2026-01")

    assert not find_all(client.page(f"/keeper/{CODE}/"), "declare-first")
    assert find_all(client.page(f"/keeper/{CODE}/conflicts"), "list-not-final")


@pytest.mark.parametrize("query", ["q=%00", "%00=1", "q=a%1Bb", "q=%C2%9B"])
def test_control_signs_in_a_query_are_refused(rostered: dict[str, int], log_in: LogIn, query: str) -> None:
    client = log_in("thuky-vh-2026-01")

    assert client.get(f"/organiser/{CODE}/candidates?{query}").status_code == 400
    assert client.get(f"/organiser/{CODE}/candidates?q=a%09b").status_code == 200


def test_long_list_is_searched_without_losing_a_choice(scene: Scene, log_in: LogIn, password_hash: str) -> None:
    def make(doing: Doing) -> list[int]:
        plan = make_complete_plan(doing.session, doing.now, password_hash=password_hash)
        posts = plan.competition.posts
        people = [
            add_candidacy(plan, posts[0], state=CandidacyState.ELIGIBLE, number=number, numbered=True)
            for number in range(1, 15)
        ]
        people[3].full_name, people[7].full_name = "Đỗ Thị Ước", "Lê Văn Hòa"
        plan.competition.state = CompetitionState.ROSTERED
        doing.session.flush()
        return [person.id for person in people]

    people = scene(make)
    client = log_in("marker-10-vh-2026-01")
    where = f"/marker/{CODE}/conflicts"

    chosen = {"any_relation": "some", f"relation_{people[7]}": "sibling"}
    answer = client.submit(where, {**chosen, "find": "do thi uoc", "seek": "1"})

    assert answer.status_code == 200
    rows = [row for row in parse(answer.text).iter("li") if row.get("data-words")]
    shown = [str(row.get("data-words")) for row in rows if row.get("hidden") is None]
    assert len(rows) == 14
    assert [name.split(" · ")[1] for name in shown] == ["Đỗ Thị Ước", "Lê Văn Hòa"]
    assert not find_all(client.page(where), "declared")
    assert client.submit(where, chosen).status_code == 302
