"""The head's page of loads: what stands still, passing work on, and what it never shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from examsite.services import marking
from examsite.storage.queries.queues import list_queue
from tests.factories.marking import make_board
from tests.web.conftest import Clock, Doing
from tests.web.strict_client import StrictClient, find_all, words

CODE = "VH-2026-01"
BASE = f"/marker/{CODE}/head/allocation"
HEAD = f"h01-{CODE}".lower()


@dataclass(frozen=True)
class Loads:
    """The first marker has one draft; one script of the second one is locked."""

    begun: str
    locked: str
    first: str
    second: str
    open_of_first: int


@pytest.fixture
def loads(scene: Callable[[Callable[[Doing], Any]], Any], password_hash: str) -> Loads:
    def build(doing: Doing) -> Loads:
        board = make_board(
            doing.session,
            doing.now,
            settings=doing.app.extensions["settings"],
            password_hash=password_hash,
            candidates=5,
            markers=4,
        )
        board.allocated()
        first, second = board.markers[:2]
        own = [row.code for row in list_queue(doing.session, board.competition.id, first.id)]
        marking.save_draft(
            board.ctx(first), board.competition, own[0], revision=0, points=board.points("10.00"), comments={}
        )
        queue = list_queue(doing.session, board.competition.id, second.id)
        locked = next(row.code for row in queue if row.code != own[0])
        board.lock(second, locked, "37.50")
        return Loads(own[0], locked, str(first.pseudonym), str(second.pseudonym), len(own))

    made: Loads = scene(build)
    return made


def test_loads_by_pseudonym_and_what_stands_still(
    loads: Loads, log_in: Callable[..., StrictClient], clock: Clock
) -> None:
    clock.present += timedelta(hours=30)
    client = log_in(HEAD)
    page = client.page(BASE)

    rows = [words(row) for row in find_all(page, "still-row")]
    assert len(rows) == 1
    assert loads.begun in rows[0]
    assert loads.first in rows[0]
    assert loads.locked not in words(page)
    assert "37,5" not in words(page)
    assert "Cán bộ" not in words(find_all(page, f"load-{loads.first}")[0])


def test_one_script_is_passed_on_after_saying_what_will_happen(
    loads: Loads, log_in: Callable[..., StrictClient], clock: Clock
) -> None:
    clock.present += timedelta(hours=30)
    client = log_in(HEAD)
    path = f"{BASE}/{loads.first}/{loads.begun}/take-over"
    assert "Không hoàn tác" in words(find_all(client.page(path), "what-happens")[0])

    assert client.submit(path, {"expected": "1", "reason": ""}).status_code == 422
    assert client.submit(path, {"expected": "1", "reason": "Nghỉ ốm."}).status_code == 302
    after = client.page(BASE)
    assert loads.begun in words(find_all(after, "changed-row")[0])
    assert find_all(after, "still-row") == []
    assert log_in(f"{loads.first}-{CODE}".lower()).get(f"/marker/{CODE}/scripts/{loads.begun}").status_code == 404


def test_a_whole_marker_is_passed_on_and_a_stale_page_changes_nothing(
    loads: Loads, log_in: Callable[..., StrictClient]
) -> None:
    client = log_in(HEAD)
    path = f"{BASE}/{loads.first}/take-over"
    stale = client.submit(path, {"expected": str(loads.open_of_first + 1), "reason": "Nghỉ ốm."})
    assert stale.status_code == 409
    assert find_all(client.page(BASE), "changed-row") == []

    done = client.submit(path, {"expected": str(loads.open_of_first), "reason": "Nghỉ ốm."})
    assert done.status_code == 302
    assert len(find_all(client.page(BASE), "changed-row")) == loads.open_of_first
    marker = log_in(f"{loads.first}-{CODE}".lower())
    assert loads.begun not in words(marker.page(f"/marker/{CODE}/pause"))
    assert marker.get(f"/marker/{CODE}/scripts/{loads.begun}").status_code == 404
    assert marker.get(BASE).status_code == 403
