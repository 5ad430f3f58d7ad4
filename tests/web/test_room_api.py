"""What the test page says to the invigilator and hears from there: by the token alone, whatever stands in the body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from examsite.domain.permissions import Role
from examsite.services.attempt_tokens import token_of_attempt
from examsite.services.room_messages import send_message
from examsite.storage.database import db
from examsite.storage.models.rooms import HelpCall
from examsite.storage.models.sittings import Attempt
from tests.factories.sittings import make_room

MESSAGES = "/api/attempts/messages"
READ = "/api/attempts/messages/read"
HELP = "/api/attempts/help"


@pytest.fixture
def seats(scene: Callable[[Callable[[Any], Any]], Any]) -> list[tuple[int, str]]:
    """Number and token of the three attempts of a room that has had two messages, one of them for A2 alone."""

    def build(doing: Any) -> list[tuple[int, str]]:
        settings = doing.app.extensions["settings"]
        room = make_room(doing.session, doing.now, settings=settings)
        ctx = room.ctx(Role.INVIGILATOR)
        send_message(ctx, room.competition, room.sitting, seat=None, text="Cả phòng chú ý")
        send_message(ctx, room.competition, room.sitting, seat="A2", text="Riêng chỗ A2")
        attempts = [room.attempt(place).id for place in range(3)]
        return [(number, token_of_attempt(settings, number)) for number in attempts]

    return scene(build)


@pytest.fixture
def api(app: Flask) -> FlaskClient:
    """A page without a cookie."""
    return FlaskClient(app)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_messages_are_those_of_the_room_and_of_the_own_seat(api: FlaskClient, seats: list[tuple[int, str]]) -> None:
    heard = [api.get(MESSAGES, headers=bearer(token)).get_json()["messages"] for _number, token in seats]
    assert [[item["text"] for item in messages] for messages in heard] == [
        ["Cả phòng chú ý"],
        ["Cả phòng chú ý", "Riêng chỗ A2"],
        ["Cả phòng chú ý"],
    ]
    first, second = heard[1]
    assert (first["for_room"], second["for_room"]) == (True, False)
    assert set(first) == {"id", "text", "sent_at", "for_room"}
    newer = api.get(f"{MESSAGES}?after={first['id']}", headers=bearer(seats[1][1])).get_json()["messages"]
    assert [item["id"] for item in newer] == [second["id"]]


def test_read_messages_are_remembered(app: Flask, api: FlaskClient, seats: list[tuple[int, str]]) -> None:
    number, token = seats[0]
    newest = api.get(MESSAGES, headers=bearer(token)).get_json()["messages"][-1]["id"]
    assert api.post(READ, json={"id": newest}, headers=bearer(token)).status_code == 200
    with app.app_context():
        assert db.session().get_one(Attempt, number).read_message_id == newest


def test_call_for_help_is_one_until_it_is_answered(app: Flask, api: FlaskClient, seats: list[tuple[int, str]]) -> None:
    number, token = seats[0]
    first = api.post(HELP, json={"kind": "machine", "item": "Q07"}, headers=bearer(token))
    again = api.post(HELP, json={"kind": "health"}, headers=bearer(token))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.get_json() == again.get_json()
    with app.app_context():
        (call,) = db.session().scalars(select(HelpCall)).all()
        assert (call.attempt_id, call.kind.value) == (number, "health")


@pytest.mark.parametrize("item", ["\ud800", "Q07\0", "<b>Q07</b>", "Q" * 21, "Q07\n"])
def test_a_call_about_something_that_is_no_item_still_comes_through(
    app: Flask, api: FlaskClient, seats: list[tuple[int, str]], item: str
) -> None:
    for _again in range(2):
        answer = api.post(HELP, json={"kind": "machine", "item": item}, headers=bearer(seats[0][1]))
        assert answer.status_code == 200
    with app.app_context():
        (call,) = db.session().scalars(select(HelpCall)).all()
        assert call.item == ""


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (HELP, b"", 400),
        (HELP, b"[]", 422),
        (HELP, b"{}", 422),
        (HELP, b'{"kind": 5}', 422),
        (HELP, b'{"kind": "fire"}', 422),
        (HELP, b'{"kind": "other", "item": {}}', 422),
        (READ, b"null", 422),
        (READ, b'{"id": -1}', 422),
        (READ, b'{"id": true}', 422),
        (READ, b'{"id": 1e3}', 422),
        (READ, b'{"id": 99999999999999999999}', 422),
        (READ, b'{"id": "' + b"9" * 30 + b'"}', 422),
        (READ, b"\xff", 400),
    ],
)
def test_every_body_gets_an_answer(
    api: FlaskClient, seats: list[tuple[int, str]], path: str, body: bytes, status: int
) -> None:
    assert api.post(path, data=body, headers=bearer(seats[0][1])).status_code == status


def test_body_that_is_too_large_is_not_read(api: FlaskClient, seats: list[tuple[int, str]]) -> None:
    body = b'{"kind": "other", "item": "' + b"x" * 5_000 + b'"}'
    assert api.post(HELP, data=body, headers=bearer(seats[0][1])).status_code == 413


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "9" * 40])
def test_number_that_is_none_is_refused(api: FlaskClient, seats: list[tuple[int, str]], after: str) -> None:
    assert api.get(f"{MESSAGES}?after={after}", headers=bearer(seats[0][1])).status_code == 422


@pytest.mark.parametrize("forged", ["", "x", "1", "1.x", "{number}.", "{other}.{proof}"])
def test_nobody_hears_or_calls_for_somebody_else(api: FlaskClient, seats: list[tuple[int, str]], forged: str) -> None:
    (number, token), (other, _token) = seats[:2]
    headers = bearer(forged.format(number=number, other=other, proof=token.partition(".")[2]))
    assert api.get(MESSAGES, headers=headers).status_code == 401
    assert api.post(HELP, json={"kind": "other"}, headers=headers).status_code == 401
    assert api.post(READ, json={"id": 1}, headers=headers).status_code == 401
    assert api.get(MESSAGES).status_code == 401
