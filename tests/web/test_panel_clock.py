"""No step of the defence's clock is one click away, and the last one is taken back from the page of the head."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from examsite.domain.panels import UNDO_SECONDS
from examsite.services import assessments
from tests.factories.defence import Hall, make_hall
from tests.web.conftest import Clock
from tests.web.strict_client import StrictClient, find_all, words

CODE = "VH-2026-01"
HEAD = f"/panel/{CODE}/head/1"


@pytest.fixture
def leader(
    scene: Callable[..., Any], password_hash: str, now: datetime, app: Flask, log_in: Callable[..., StrictClient]
) -> StrictClient:
    """The head before the first defence; one of three members has written about it."""

    def make(doing: Any) -> None:
        hall: Hall = make_hall(
            doing.session, now, settings=app.extensions["settings"], code=CODE, password_hash=password_hash
        )
        hall.drawn()
        assessments.save_assessment(hall.ctx(hall.members[0]), hall.competition, 1, "Đã viết.", revision=0)

    scene(make)
    return log_in(f"b01-{CODE.lower()}")


def test_the_start_names_who_has_not_written_and_only_then_runs(leader: StrictClient) -> None:
    page = leader.page(HEAD)
    assert find_all(page, "move-start")[0].tag == "a"
    assert not find_all(page, "undo")
    asked = words(leader.page(f"{HEAD}/start"))
    assert "G02, G03" in asked
    assert "G01" not in asked
    assert "20 phút" in asked
    assert find_all(leader.page(HEAD), "move-start"), "to look at the question is no act"
    assert leader.submit(f"{HEAD}/start").headers["Location"] == HEAD
    assert find_all(leader.page(HEAD), "move-questions")
    assert leader.get(f"{HEAD}/start").headers["Location"] == HEAD


def test_a_slip_is_taken_back_for_two_minutes(leader: StrictClient, clock: Clock) -> None:
    leader.submit(f"{HEAD}/start")
    assert find_all(leader.page(HEAD), "undo")
    done = leader.submit(f"{HEAD}/start/undo", form_at=HEAD, follow_redirects=True)
    assert "Đã lùi lại" in done.text
    assert find_all(leader.page(HEAD), "move-start")
    leader.submit(f"{HEAD}/start")
    other = leader.submit(f"{HEAD}/questions/undo", form_at=HEAD, follow_redirects=True)
    assert "không làm được ở bước hiện tại" in other.text
    clock.present += timedelta(seconds=UNDO_SECONDS + 1)
    assert not find_all(leader.page(HEAD), "undo")
    late = leader.submit(f"{HEAD}/start/undo", form_at=HEAD, follow_redirects=True)
    assert "Chỉ lùi lại được trong 120 giây" in late.text
