"""Somebody holds the turn to write and does not go on: pages and the calls of a test page say so, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from examsite.services.attempt_tokens import token_of_attempt
from examsite.storage import database
from examsite.storage.database import db, writing
from tests.factories.sittings import make_room
from tests.web.strict_client import StrictClient


@pytest.fixture
def token(scene: Callable[[Callable[[Any], Any]], Any]) -> str:
    """Of somebody who writes a test."""

    def build(doing: Any) -> str:
        settings = doing.app.extensions["settings"]
        return token_of_attempt(settings, make_room(doing.session, doing.now, settings=settings).attempt().id)

    return str(scene(build))


@pytest.fixture
def held(app: Flask, token: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The turn to write, in hands that do not let go."""
    del token  # written before
    monkeypatch.setattr(database, "QUEUE_PATIENCE_SECONDS", 0.05)
    with app.app_context():
        engine = db.engine
    with writing(engine):
        yield


@pytest.mark.usefixtures("held")
def test_a_page_says_that_nothing_changed_and_when_to_come_again(client: StrictClient) -> None:
    answer = client.submit("/login", {"login": "ngan", "password": "một mật khẩu nào đó 11"})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Chưa có gì thay đổi" in answer.text
    assert "báo quản trị" in answer.text


@pytest.mark.usefixtures("held")
def test_a_call_of_a_test_page_is_answered_like_every_write_that_was_not_stored(app: Flask, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    answer = FlaskClient(app).post("/api/attempts/help", json={"kind": "machine", "item": ""}, headers=headers)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.get_json()["error"] == "not_stored"
    assert "tự gửi lại" in answer.get_json()["message"]
