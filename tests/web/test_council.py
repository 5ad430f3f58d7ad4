"""The council's desk and incidents: what waits is shown, nothing is preselected, only the chair decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from examsite.domain.competitions import CompetitionState
from examsite.domain.permissions import Role
from examsite.services.accounts import grant_role
from examsite.services.incidents import record_incident
from examsite.storage.queries.competitions import get_competition
from examsite.storage.queries.sittings import list_competition_incidents
from tests.factories.competitions import make_official
from tests.factories.sittings import make_room
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all, words

Scene = Callable[[Callable[[Doing], Any]], Any]
LogIn = Callable[..., StrictClient]
CODE = "VH-2026-01"


@pytest.fixture
def incident(scene: Scene, password_hash: str) -> int:
    """An incident in a running test, with its number."""

    def happen(doing: Doing) -> int:
        settings = doing.app.extensions["settings"]
        room = make_room(doing.session, doing.now, settings=settings, code=CODE, password_hash=password_hash)
        competition = get_competition(doing.session, CODE)
        member = make_official(doing.session, doing.now, "uy-vien", password_hash=password_hash)
        grant_role(room.ctx(Role.ORGANISER), member, Role.COUNCIL_MEMBER, competition=competition)
        starts_at = room.started()
        ctx = room.ctx(Role.INVIGILATOR, at=starts_at)
        record_incident(
            ctx, competition, room.sitting, seat="A1", measure="reprimand", minutes="Mang điện thoại vào phòng."
        )
        return list_competition_incidents(doing.session, competition.id)[0].id

    return int(scene(happen))


def test_incident_waits_on_the_desk(incident: int, log_in: LogIn) -> None:
    page = log_in(f"chair-{CODE}".lower()).page(f"/council/{CODE}/")

    assert "1 sự việc chờ quyết định" in words(find_all(page, "desk-card")[0])


def test_chair_must_choose(incident: int, log_in: LogIn) -> None:
    chair = log_in(f"chair-{CODE}".lower())
    where = f"/council/{CODE}/incidents/{incident}"
    page = chair.page(where)

    assert "Mang điện thoại vào phòng." in words(page)
    assert [item for item in page.iter("input") if item.get("checked") is not None] == []
    for given in ({}, {"measure": ""}, {"measure": "beheading"}):
        answer = chair.submit(where, given)
        assert answer.status_code == 422
        assert "Hãy chọn một" in answer.text


def test_decision_is_made_once_and_recorded(incident: int, log_in: LogIn, scene: Scene) -> None:
    chair = log_in(f"chair-{CODE}".lower())
    where = f"/council/{CODE}/incidents/{incident}"

    assert chair.submit(where, {"measure": "reprimand"}).status_code == 302
    page = chair.page(f"/council/{CODE}/incidents")
    assert "Khiển trách, trừ 25 % điểm bài viết" in words(find_all(page, f"incident-{incident}")[0])
    again = chair.post(where, data={"measure": "none", "csrf_token": chair.token(f"/council/{CODE}/")})
    assert again.headers["Location"].endswith("/incidents")
    assert "Khiển trách" in chair.get(f"/council/{CODE}/incidents").text


def test_member_reads_and_cannot_decide(incident: int, log_in: LogIn) -> None:
    member = log_in("uy-vien")

    page = member.page(f"/council/{CODE}/incidents")
    assert "Mang điện thoại" in words(page)
    assert [item for item in page.iter("a") if item.get("href", "").endswith(f"/incidents/{incident}")] == []
    assert member.get(f"/council/{CODE}/incidents/{incident}").status_code == 403


@pytest.mark.parametrize("number", ["0", "2147483647", "99999999999999999999", "x", "-1"])
def test_unknown_incident_is_not_found(incident: int, log_in: LogIn, number: str) -> None:
    assert log_in(f"chair-{CODE}".lower()).get(f"/council/{CODE}/incidents/{number}").status_code == 404


def test_sittings_are_planned_and_seats_assigned(scene: Scene, password_hash: str, log_in: LogIn) -> None:
    def room(doing: Doing) -> str:
        settings = doing.app.extensions["settings"]
        made = make_room(doing.session, doing.now, settings=settings, code=CODE, password_hash=password_hash)
        return str(made.people[Role.INVIGILATOR].id)

    watcher = scene(room)
    client = log_in(f"organiser-{CODE}".lower())
    values = {
        "code": "ca2",
        "room": "P.202",
        "starts_at": "2026-03-16T10:00",
        "rows": "2",
        "columns": "2",
        "invigilators": watcher,
    }
    where = f"/organiser/{CODE}/sittings"

    assert client.submit(f"{where}/new", values).status_code == 302
    twice = client.submit(f"{where}/new", values)
    assert twice.status_code == 422
    assert "P.202" in twice.text
    assert client.submit(f"{where}/new", {**values, "code": "CA3", "starts_at": "2026-03-16T08:00"}).status_code == 422
    assert client.submit(f"{where}/seats", form_at=where).status_code == 302
    assert "10:00 16/03/2026" in words(find_all(client.page(where), "sitting-CA2")[0])
    assert find_all(client.page(f"{where}/CA2"), "seat-plan")
    assert client.submit(f"{where}/CA2/start", {"starts_at": "16/03/2025 10:00"}).status_code == 422
    assert client.submit(f"{where}/CA2/start", {"starts_at": "16/03/2026 11:30"}).status_code == 302
    assert "11:30 16/03/2026" in words(find_all(client.page(where), "sitting-CA2")[0])
    door = words(client.page(f"{where}/CA1/door"))
    assert "Đặng Vũ Thục Quyên" in door
    assert client.get(f"{where}/NONE").status_code == 404


def test_seats_are_not_moved_once_the_test_has_begun(scene: Scene, password_hash: str, log_in: LogIn) -> None:
    def begun(doing: Doing) -> None:
        settings = doing.app.extensions["settings"]
        make_room(doing.session, doing.now, settings=settings, code=CODE, password_hash=password_hash)
        get_competition(doing.session, CODE).state = CompetitionState.WRITTEN

    scene(begun)
    client = log_in(f"organiser-{CODE}".lower())
    page = client.page(f"/organiser/{CODE}/sittings")

    assert find_all(page, "assign-seats") == find_all(page, "schedule-sitting") == []
    for act, values in (("seats", {}), ("CA1/start", {"starts_at": "16/04/2026 11:30"})):
        where = f"/organiser/{CODE}/sittings"
        refused = client.submit(f"{where}/{act}", values, form_at=f"{where}/new")
        assert refused.status_code in {409, 422}, act
    assert not find_all(client.page(f"/organiser/{CODE}/sittings/CA1"), "move-start")


def test_chair_alone_is_reminded_of_the_draw_that_is_owed(incident: int, log_in: LogIn, scene: Scene) -> None:
    def marking(doing: Doing) -> None:
        get_competition(doing.session, CODE).state = CompetitionState.MARKING

    scene(marking)
    chair = log_in(f"chair-{CODE}".lower()).page(f"/council/{CODE}/")
    member = log_in("uy-vien").page(f"/council/{CODE}/")

    assert any("Bốc thăm phân bài" in words(card) for card in find_all(chair, "desk-card"))
    assert not any("Bốc thăm" in words(card) for card in find_all(member, "desk-card"))
