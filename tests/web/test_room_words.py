"""The room's scripts and their words: whatever a script asks for is there, in both languages, with its places."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from examsite.web.candidate.words import room_words

SCRIPTS = Path(__file__).resolve().parents[2] / "examsite/web/static/js/room"


@pytest.fixture(params=["vi", "en"])
def words(request: pytest.FixtureRequest, app: Flask) -> dict[str, Any]:
    with app.test_request_context(headers={"Cookie": f"locale={request.param}"}):
        return room_words()


def test_every_word_that_a_script_says_is_sent_with_the_page(words: dict[str, Any]) -> None:
    said = {
        name
        for script in SCRIPTS.glob("*.js")
        for name in re.findall(r"\bwords\.([a-z_]+)", script.read_text(encoding="utf-8"))
    }
    assert len(said) > 60
    assert said - set(words) == set()


def test_every_gate_says_why_what_is_safe_and_what_to_do(words: dict[str, Any]) -> None:
    scripts = "".join(script.read_text(encoding="utf-8") for script in SCRIPTS.glob("*.js"))
    shown = set(re.findall(r'views\.gate\("(\w+)"', scripts))
    assert shown >= {"locked", "unreachable", "closing"}
    for kind in shown | {"elsewhere", "fenced"}:
        gate = words["gates"][kind]
        assert gate["title"]
        assert gate["reason"]
        assert gate["safe"]
        assert gate["steps"]


def test_values_have_their_places(words: dict[str, Any]) -> None:
    for name, places in {"saved_at": 1, "until_given": 2, "moved": 3, "retry_in": 1, "gate_code": 1}.items():
        assert words[name].count("%s") == places, name
