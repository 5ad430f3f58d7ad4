"""Machines of a room: who is let in, who is told why not, what a borrowed proof is worth, what the invigilator sees."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from examsite.config import with_changes
from examsite.domain import seb
from examsite.domain.permissions import Role
from examsite.services.attempt_tokens import token_of_attempt
from examsite.services.room_rules import change_room_rules
from examsite.storage.database import db
from examsite.storage.models.sittings import Sitting
from examsite.storage.queries.sittings import get_sitting
from examsite.web.proxies import TrustedProxies
from tests.factories.sittings import Room, make_room
from tests.web.conftest import Clock
from tests.web.strict_client import StrictClient, find_all, parse, words

INSIDE, OUTSIDE = "192.168.10.21", "172.16.0.9"
KEY = "4fa9af8ec8759eb7c680752ef4ee5eaf1a860628608fccae2715d519849f9292"
HOST = "http://localhost"


@pytest.fixture
def site(scene: Callable[..., Any], password_hash: str) -> dict[str, Any]:
    def build(doing: Any) -> dict[str, Any]:
        settings = doing.app.extensions["settings"]
        room = make_room(doing.session, doing.now, settings=settings, password_hash=password_hash)
        return {
            "room": room,
            "number": str(room.candidacies[0].candidate_number),
            "token": token_of_attempt(settings, room.attempt(0).id),
            "invigilator": f"invigilator-{room.competition.code.lower()}",
            "organiser": f"organiser-{room.competition.code.lower()}",
            "code": room.competition.code,
        }

    return scene(build)


@pytest.fixture
def rules(app: Flask, scene: Callable[..., Any], site: dict[str, Any], clock: Clock) -> Callable[..., None]:
    """Set rules, then begin the written test and the sitting."""

    def set_rules(*, key: str = "", ranges: str = "") -> None:
        def step(doing: Any) -> None:
            room: Room = site["room"]
            room.session = doing.session
            room.competition = doing.session.merge(room.competition)
            room.paper = doing.session.merge(room.paper)
            room.sitting = doing.session.get(Sitting, room.sitting.id)
            change_room_rules(
                room.ctx(Role.ORGANISER), room.competition, room.sitting, seb_config_key=key, address_ranges=ranges
            )
            clock.present = room.started()

        scene(step)
        app.extensions["room_rules"].read_at = float("-inf")

    return set_rules


def save(app: Flask, token: str, *, address: str = INSIDE, headers: dict[str, str] | None = None) -> Any:
    return FlaskClient(app).post(
        "/api/attempts/saves",
        json={"epoch": 0, "saves": []},
        headers={"Authorization": f"Bearer {token}", **(headers or {})},
        environ_overrides={"REMOTE_ADDR": address},
    )


def proof(path: str, key: str = KEY, host: str = HOST) -> dict[str, str]:
    return {seb.CONFIG_KEY_HEADER: seb.request_hash(host + path, key)}


def test_without_rules_any_machine_is_let_in(app: Flask, site: dict[str, Any], rules: Callable[..., None]) -> None:
    rules()
    assert save(app, site["token"], address=OUTSIDE).status_code == 200


def test_a_machine_outside_the_room_saves_nothing_and_is_told_why(
    app: Flask, site: dict[str, Any], rules: Callable[..., None]
) -> None:
    rules(ranges="192.168.10.0/24")
    assert save(app, site["token"]).status_code == 200
    refused = save(app, site["token"], address=OUTSIDE)
    assert (refused.status_code, refused.get_json()["error"]) == (403, "machine_outside_room")
    assert OUTSIDE in refused.get_json()["message"]
    # Who forges the header of a proxy stays where the connection comes from.
    forged = save(app, site["token"], address=OUTSIDE, headers={"X-Forwarded-For": INSIDE})
    assert forged.status_code == 403


def test_the_page_says_what_is_wrong_and_whom_to_call_and_the_invigilator_sees_the_seat(
    site: dict[str, Any], rules: Callable[..., None], log_in: Callable[..., StrictClient]
) -> None:
    rules(ranges="192.168.10.0/24")
    client = log_in(site["number"], door="/candidate/login")
    answer = client.get("/candidate/test", environ_overrides={"REMOTE_ADDR": OUTSIDE})
    assert answer.status_code == 403
    (card,) = find_all(parse(answer.text), "machine-refused")
    assert card.get("data-reason") == "machine_outside_room"
    assert OUTSIDE in words(card)
    assert "cán bộ coi thi" in words(card)
    assert client.get("/candidate/test", environ_overrides={"REMOTE_ADDR": INSIDE}).status_code == 200
    # Pages that are not of the room open anywhere.
    assert client.get("/candidate/", environ_overrides={"REMOTE_ADDR": OUTSIDE}).status_code == 200
    watcher = log_in(site["invigilator"])
    (table,) = find_all(watcher.page(f"/invigilator/{site['code']}/sittings/CA1/readiness"), "refused-machines")
    assert OUTSIDE in words(table)
    assert "A1" in words(table)


def test_every_request_proves_the_browser_for_its_own_address(
    app: Flask, site: dict[str, Any], rules: Callable[..., None]
) -> None:
    rules(key=KEY)
    path = "/api/attempts/saves"
    told = {
        "none": save(app, site["token"]),
        "right": save(app, site["token"], headers=proof(path)),
        "of another address": save(app, site["token"], headers=proof("/api/attempts/state")),
        "of another host": save(app, site["token"], headers=proof(path, host="http://elsewhere")),
        "of other settings": save(app, site["token"], headers=proof(path, key="0" * 64)),
        "empty": save(app, site["token"], headers={seb.CONFIG_KEY_HEADER: ""}),
    }
    assert {name: (answer.status_code, answer.get_json().get("error")) for name, answer in told.items()} == {
        "none": (403, "seb_missing"),
        "right": (200, None),
        "of another address": (403, "seb_other_settings"),
        "of another host": (403, "seb_other_settings"),
        "of other settings": (403, "seb_other_settings"),
        "empty": (403, "seb_missing"),
    }


@pytest.mark.parametrize("path", ["/candidate/test", "/candidate/test/hand-in", "/candidate/test/receipt"])
def test_pages_of_the_room_ask_for_the_browser_too(
    site: dict[str, Any], rules: Callable[..., None], log_in: Callable[..., StrictClient], path: str
) -> None:
    rules(key=KEY)
    client = log_in(site["number"], door="/candidate/login")
    refused = client.get(path)
    assert refused.status_code == 403
    (card,) = find_all(parse(refused.text), "machine-refused")
    assert card.get("data-reason") == "seb_missing"
    assert client.get(path, headers=proof(path)).status_code in {200, 302}
    query = f"{path}?lang=vi&x=%C4%91"
    assert client.get(query, headers=proof(path)).status_code == 403
    assert client.get(query, headers=proof(query)).status_code in {200, 302}


def test_rules_are_read_once_for_many_saves(app: Flask, site: dict[str, Any], rules: Callable[..., None]) -> None:
    rules(ranges="192.168.10.0/24")
    save(app, site["token"])
    read_at = app.extensions["room_rules"].read_at
    for _ in range(3):
        save(app, site["token"])
    assert app.extensions["room_rules"].read_at == read_at


def test_a_rule_that_cannot_be_read_lets_nobody_in(
    app: Flask, site: dict[str, Any], rules: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rules(ranges="192.168.10.0/24")
    app.extensions["room_rules"].read_at = float("-inf")

    def fails(_session: Any) -> None:
        raise OSError("no database")

    monkeypatch.setattr("examsite.web.machines.list_room_rules", fails)
    assert save(app, site["token"]).status_code == 500


@pytest.mark.parametrize(("peer", "counts"), [("10.0.0.2", INSIDE), ("10.0.0.3", "10.0.0.3")])
def test_forwarded_headers_count_from_a_configured_proxy_only(peer: str, counts: str) -> None:
    seen: list[tuple[str, str, str]] = []

    def app(environ: dict[str, Any], _start: Any) -> list[bytes]:
        seen.append((environ["REMOTE_ADDR"], environ["wsgi.url_scheme"], environ["HTTP_HOST"]))
        return []

    environ = {
        "REMOTE_ADDR": peer,
        "HTTP_X_FORWARDED_FOR": INSIDE,
        "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_X_FORWARDED_HOST": "thi.example",
        "HTTP_HOST": "inner",
        "wsgi.url_scheme": "http",
    }
    TrustedProxies(app, "10.0.0.2")(environ, lambda *_: None)
    expected = (counts, "https", "thi.example") if counts == INSIDE else (counts, "http", "inner")
    assert seen == [expected]


# --- the organiser sets the rules ------------------------------------------------------------------------------------


def rules_path(site: dict[str, Any]) -> str:
    return f"/organiser/{site['code']}/sittings/CA1/rules"


def stored(app: Flask, site: dict[str, Any]) -> tuple[str, str]:
    with app.app_context():
        row = get_sitting(db.session(), site["room"].competition.id, "CA1")
        return row.seb_config_key, row.address_ranges


def test_settings_made_here_are_asked_for_and_downloaded_with_their_key(
    app: Flask, site: dict[str, Any], log_in: Callable[..., StrictClient]
) -> None:
    client = log_in(site["organiser"])
    answer = client.submit(rules_path(site), {"address_ranges": "192.168.10.0/24", "makes_settings": "y"})
    assert answer.status_code == 302
    key, ranges = stored(app, site)
    assert ranges == "192.168.10.0/24"
    file = client.get(f"{rules_path(site)}.seb")
    assert file.status_code == 200
    settings = seb.read_settings(file.data)
    assert seb.config_key(settings) == key
    assert settings["startURL"] == "http://localhost/candidate/login"
    assert settings["quitURL"] == "http://localhost/seb/quit"
    # Where the room asks for other settings, this file would open nothing, and is not given.
    assert client.submit(rules_path(site), {"config_key": "ab" * 32}).status_code == 302
    assert client.get(f"{rules_path(site)}.seb").status_code == 409


def test_a_file_handed_in_gives_its_key(app: Flask, site: dict[str, Any], log_in: Callable[..., StrictClient]) -> None:
    settings = {"startURL": "https://thi.example/", "sendBrowserExamKey": True}
    client = log_in(site["organiser"])
    file = (io.BytesIO(seb.settings_file(settings)), "phong.seb")
    answer = client.submit(rules_path(site), {"address_ranges": "", "settings_file": file})
    assert answer.status_code == 302
    assert stored(app, site) == (seb.config_key(settings), "")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"address_ranges": "192.168.10.5/24"}, "192.168.10.0/24"),
        ({"address_ranges": "10.0.0.1\nphòng"}, "Dòng 2"),
        ({"config_key": "abc"}, "64"),
        ({"settings_file": (io.BytesIO(b"pswd0123"), "x.seb")}, "mã hóa"),
    ],
)
def test_a_wrong_rule_is_told_at_its_field_and_changes_nothing(
    app: Flask, site: dict[str, Any], log_in: Callable[..., StrictClient], fields: dict[str, Any], text: str
) -> None:
    client = log_in(site["organiser"])
    answer = client.submit(rules_path(site), fields)
    assert answer.status_code == 422
    assert text in words(parse(answer.text).find("body"))
    assert stored(app, site) == ("", "")


def test_a_setting_with_a_wrong_proxy_stops_the_start(site_settings: Any) -> None:
    with pytest.raises(Exception, match="trusted_proxies"):
        with_changes(site_settings, trusted_proxies="10.0.0.2, phòng")
