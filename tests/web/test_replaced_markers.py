"""The head's pages around a replaced marker: what waits is named, what cannot be done is not offered, ways back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from examsite.domain.permissions import Role
from examsite.services import marker_stops
from examsite.storage.queries.queues import list_queue
from examsite.storage.queries.withdrawals import list_open_withdrawals
from tests.factories.marking import make_board
from tests.factories.withdrawals import withdraw_mark
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all, parse, words

CODE = "VH-2026-01"
BASE = f"/marker/{CODE}/head"
HEAD = f"h01-{CODE}".lower()
REASON = "Lệch mức chấm."


@dataclass(frozen=True)
class Stuck:
    """Three markers: a wide gap on one script, one marker replaced while the third is paused."""

    wide: str
    withdrawn: str
    fallen: str
    paused: str
    paused_stop: int


@pytest.fixture
def stuck(scene: Callable[[Callable[[Doing], Any]], Any], password_hash: str) -> Stuck:
    def build(doing: Doing) -> Stuck:
        board = make_board(
            doing.session,
            doing.now,
            settings=doing.app.extensions["settings"],
            password_hash=password_hash,
            candidates=6,
            markers=3,
        )
        board.allocated()
        pairs = {code: board.pair(code) for code in board.codes()}
        paused = board.markers[2]
        wide, withdrawn = [code for code, pair in pairs.items() if paused not in pair][:2]
        fallen = pairs[wide][0]
        board.lock_pair(wide, ("20.00", "40.00"))
        board.lock(fallen, withdrawn, "40.00")
        head = board.ctx(Role.MARKING_HEAD)
        stop = marker_stops.stop_marker(head, board.competition, str(paused.pseudonym), reason=REASON)
        own = marker_stops.stop_marker(head, board.competition, str(fallen.pseudonym), reason=REASON)
        marker_stops.replace_marker(head, board.competition, own.id, reason=REASON)
        for wish in list_open_withdrawals(doing.session, board.competition.id):
            script = wish.mark.script
            if script is not None and script.code == withdrawn:
                withdraw_mark(board.ctx(Role.CHAIR), board.competition, wish.id)
        assert list_queue(doing.session, board.competition.id, fallen.id)
        return Stuck(wide, withdrawn, str(fallen.pseudonym), str(paused.pseudonym), stop.id)

    made: Stuck = scene(build)
    return made


def test_waiting_scripts_are_named_with_what_to_do_and_go_on_when_somebody_is_back(
    stuck: Stuck, log_in: Callable[..., StrictClient]
) -> None:
    client = log_in(HEAD)
    page = client.page(f"{BASE}/allocation")
    rows = {words(row).split(" ")[0]: words(row) for row in find_all(page, "unassigned-row")}
    assert stuck.withdrawn in rows
    assert stuck.paused not in rows[stuck.withdrawn]
    assert "1 cán bộ chấm đang tạm dừng" in rows[stuck.withdrawn]
    assert "bổ sung cán bộ chấm" in rows[stuck.withdrawn]

    path = f"{BASE}/allocation/{stuck.fallen}/take-over"
    refused = client.submit(path, {"expected": str(len(rows)), "reason": REASON})
    assert refused.status_code == 409

    # Whoever is paused is decided about on the page of the pause: one way to replace a marker.
    other = client.get(f"{BASE}/allocation/{stuck.paused}/take-over")
    assert other.status_code == 302
    assert other.location.endswith(f"/head/stops/{stuck.paused_stop}")

    answer = {"answer": "resume", "reason": "Đã trao đổi."}
    assert client.submit(f"{BASE}/stops/{stuck.paused_stop}", answer).status_code == 302
    assert client.submit(path, {"expected": str(len(rows)), "reason": REASON}).status_code == 302
    left = [words(row) for row in find_all(client.page(f"{BASE}/allocation"), "unassigned-row")]
    assert not any(stuck.withdrawn in row for row in left)


def test_a_third_marker_is_not_offered_while_the_only_one_is_paused(
    stuck: Stuck, log_in: Callable[..., StrictClient]
) -> None:
    client = log_in(HEAD)
    path = f"{BASE}/scripts/{stuck.wide}"
    (detail,) = find_all(client.page(path), "gap-detail")
    assert find_all(detail, "third") == []
    assert "1 cán bộ chấm đang tạm dừng" in words(detail)

    refused = client.submit(f"{path}/third", {}, form_at=path)
    assert refused.status_code == 409
    assert find_all(parse(refused.text), "gap-detail")

    answer = {"answer": "resume", "reason": "Đã trao đổi."}
    client.submit(f"{BASE}/stops/{stuck.paused_stop}", answer)
    assert find_all(client.page(path), "third")


def test_a_script_without_two_locks_has_the_heads_own_words_and_a_way_back(
    stuck: Stuck, log_in: Callable[..., StrictClient]
) -> None:
    client = log_in(HEAD)
    answers = []
    for code in (stuck.withdrawn, "ZZZZ"):
        for tail in ("", "/read", "/withdraw"):
            answer = client.get(f"{BASE}/scripts/{code}{tail}")
            assert answer.status_code == 404
            page = parse(answer.text)
            assert find_all(page, "back-to-gaps")
            told = words(find_all(page, "no-gap")[0])
            assert "được giao" not in told
            answers.append(told.replace(code, "…"))
    assert len(set(answers)) == 1
