"""Coming in, staying in and going out, as people and as thieves try it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from examsite.domain.permissions import Role
from examsite.services.accounts import create_account, end_all_login_sessions, grant_role
from examsite.services.passwords import Passwords
from examsite.storage.models.accounts import Account
from tests.web.conftest import PASSWORD, Clock
from tests.web.strict_client import StrictClient, find_all, words


@pytest.fixture
def ngan(scene: Callable[..., Any], password_hash: str) -> int:
    """An administrator with a log-in."""

    def make(doing: Any) -> int:
        account = create_account(doing.ctx(), login="ngan", display_name="Lê Thị Ngân", password_hash=password_hash)
        return account.id

    return int(scene(make))


def test_a_person_comes_in_and_goes_out(client: StrictClient, ngan: int) -> None:
    assert client.get("/home").headers["Location"] == "/login"
    come = client.submit("/login", {"login": " NGAN ", "password": PASSWORD})
    assert (come.status_code, come.headers["Location"]) == (302, "/home")
    page = client.page("/home")
    assert "Lê Thị Ngân" in words(page)
    gone = client.submit("/log-out", form_at="/home")
    assert gone.headers["Location"] == "/login"
    assert client.get("/home").headers["Location"] == "/login"


def test_after_the_log_in_the_wanted_page_opens(client: StrictClient, ngan: int) -> None:
    client.get("/account?x=1")
    come = client.submit("/login", {"login": "ngan", "password": PASSWORD})
    assert come.headers["Location"] == "/account?x=1"


@pytest.mark.parametrize("login", ["ngan", "nobody"])
def test_wrong_password_and_unknown_name_get_the_same_answer(client: StrictClient, ngan: int, login: str) -> None:
    response = client.submit("/login", {"login": login, "password": "wrong wrong wrong"})
    assert response.status_code == 401
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng" in response.text


def test_nobody_is_kept_outside_by_the_wrong_tries_of_others(
    client: StrictClient, app: Flask, scene: Callable[..., Any]
) -> None:
    printed = app.extensions["passwords"].hash("abcd-efgh-jkmn")
    scene(lambda doing: create_account(doing.ctx(), login="lan", display_name="Lê Lan", password_hash=printed).id)
    for _number in range(12):
        client.submit("/login", {"login": "lan", "password": "wrong wrong wrong"})
    assert client.submit("/login", {"login": "lan", "password": "wrong wrong wrong"}).status_code == 429
    assert client.submit("/login", {"login": "lan", "password": "zzzz-zzzz-zzzz"}).status_code == 401
    assert client.submit("/login", {"login": "lan", "password": "ABCD EFGH jkmn"}).status_code == 302


def test_waiting_grows_by_name_and_ends_by_itself(client: StrictClient, ngan: int, clock: Clock) -> None:
    for _number in range(5):
        answer = client.submit("/login", {"login": "ngan", "password": "wrong"})
    assert answer.headers["Retry-After"] == "2"
    blocked = client.submit("/login", {"login": "NGAN", "password": PASSWORD})
    assert blocked.status_code == 429
    assert "Thử lại sau 2 giây" in blocked.text
    clock.present += timedelta(seconds=2)
    assert client.submit("/login", {"login": "ngan", "password": PASSWORD}).status_code == 302


def test_one_address_is_never_blocked(
    app: Flask, scene: Callable[..., Any], password_hash: str, log_in: Callable[..., StrictClient]
) -> None:
    def make(doing: Any) -> None:
        for number in range(30):
            create_account(doing.ctx(), login=f"p{number}", display_name="Người", password_hash=password_hash)

    scene(make)
    for number in range(30):
        if number % 5 == 0:
            app.test_client().submit("/login", {"login": f"p{number}", "password": "typo"})
        log_in(f"p{number}")


def test_a_copied_cookie_is_dead_after_log_out(app: Flask, log_in: Callable[..., StrictClient], ngan: int) -> None:
    victim = log_in("ngan")
    stolen = victim.get_cookie("examsite")
    assert stolen is not None
    victim.submit("/log-out", form_at="/account")
    thief = app.test_client()
    thief.set_cookie("examsite", stolen.value)
    assert thief.get("/account").headers["Location"] == "/login"


def test_a_new_token_at_each_log_in(client: StrictClient, ngan: int) -> None:
    client.get("/login")
    client.submit("/login", {"login": "ngan", "password": PASSWORD})
    with client.session_transaction() as first:
        before = first["_user_id"]
    client.submit("/login", {"login": "ngan", "password": PASSWORD})
    with client.session_transaction() as second:
        assert second["_user_id"] != before


def test_ended_and_old_log_ins_are_dead_at_once(
    log_in: Callable[..., StrictClient], ngan: int, scene: Callable[..., Any], clock: Clock
) -> None:
    client = log_in("ngan")
    scene(lambda doing: end_all_login_sessions(doing.ctx(), ngan))
    assert client.get("/account").status_code == 302
    client = log_in("ngan")
    clock.present += timedelta(hours=10)
    assert client.get("/account").status_code == 302


def test_a_hash_with_old_costs_is_made_anew(
    app: Flask, ngan: int, log_in: Callable[..., StrictClient], scene: Callable[..., Any]
) -> None:
    settings = app.extensions["settings"]
    from examsite.config import with_changes

    app.extensions["passwords"] = Passwords(with_changes(settings, password_hash_time_cost=2))
    log_in("ngan")
    stored = scene(lambda doing: doing.session.get(Account, ngan).password_hash)
    assert "t=2" in stored
    log_in("ngan")


def test_the_password_is_changed_and_other_log_ins_end(log_in: Callable[..., StrictClient], ngan: int) -> None:
    here, there = log_in("ngan"), log_in("ngan")
    new = "cà phê sữa đá lúc năm giờ"
    bad = here.submit("/account", {"current": PASSWORD, "new": "matkhau123456789", "again": "matkhau123456789"})
    assert bad.status_code == 422
    assert "dễ đoán" in bad.text
    done = here.submit("/account", {"current": PASSWORD, "new": new, "again": new})
    assert done.status_code == 302
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302
    log_in("ngan", new)


def test_own_log_ins_are_listed_and_ended_and_others_left_alone(
    log_in: Callable[..., StrictClient], ngan: int, scene: Callable[..., Any], password_hash: str
) -> None:
    scene(lambda d: create_account(d.ctx(), login="tu", display_name="Tú", password_hash=password_hash).id)
    stranger = log_in("tu")
    here, there = log_in("ngan"), log_in("ngan")
    lists = find_all(here.page("/account"), "log-ins")
    assert len(list(lists[0].iter("li"))) == 2
    assert here.submit("/account/log-ins/1/end", form_at="/account").status_code == 404
    assert stranger.get("/account").status_code == 200
    assert here.submit("/account/log-ins/3/end", form_at="/account").status_code == 302
    assert there.get("/account").status_code == 302


def test_one_door_opens_by_itself(log_in: Callable[..., StrictClient], ngan: int, scene: Callable[..., Any]) -> None:
    scene(lambda d: grant_role(d.ctx(), d.session.get(Account, ngan), Role.ADMINISTRATOR).id)
    client = log_in("ngan")
    answer = client.get("/home")
    assert answer.status_code in {200, 302}  # straight through once the desk exists


@pytest.mark.parametrize("login", ["", "a" * 500, "\x00", "' OR 1=1 --", "ngan\u202e", "😀", "a\nb", "%s%n"])
@pytest.mark.parametrize("password", ["", "\x00", "x" * 5000, "\ufffd"])
@pytest.mark.parametrize("door", ["/login", "/candidate/login"])
def test_hostile_values_are_answered(client: StrictClient, ngan: int, login: str, password: str, door: str) -> None:
    assert client.submit(door, {"login": login, "password": password}).status_code in {401, 422, 429}


def test_a_foreign_request_is_refused(client: StrictClient, ngan: int) -> None:
    assert client.post("/login", data={"login": "ngan", "password": PASSWORD}).status_code == 400
