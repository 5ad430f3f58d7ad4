"""The code board decides, page by page, what markers will not read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from examsite.domain.permissions import Role
from examsite.services.redactions import look_through
from examsite.storage.models.marking import Script
from examsite.storage.queries.redactions import list_checks
from tests.factories.marking import make_board
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all

CODE = "VH-2026-01"
Scene = Callable[[Callable[[Doing], Any]], Any]
LogIn = Callable[..., StrictClient]
TELLING = "Câu riêng số {n}. Tôi là Nguyễn Văn Kín ở đây. Hỏi ông Lê Văn Hở, Câu cuối."


@pytest.fixture
def codes(scene: Scene, password_hash: str) -> list[tuple[str, list[int]]]:
    """Codes drawn for two scripts with two places each."""

    def build(doing: Doing) -> list[tuple[str, list[int]]]:
        board = make_board(
            doing.session,
            doing.now,
            settings=doing.app.extensions["settings"],
            password_hash=password_hash,
            candidates=2,
            essays=(TELLING, "Không có gì."),
        )
        look_through(board.ctx(Role.KEEPER), board.competition)
        return [
            (check.code, [hint.id for hint in check.hints])
            for check in list_checks(doing.session, board.competition.id)
        ]

    made: list[tuple[str, list[int]]] = scene(build)
    return made


def _draw(log_in: LogIn) -> None:
    """The chair draws the codes."""
    chair = log_in(f"chair-{CODE}".lower())
    assert chair.submit(f"/council/{CODE}/codes/draw", form_at=f"/council/{CODE}/codes").status_code == 302


def test_keeper_decides_confirms_and_seals(codes: list[tuple[str, list[int]]], log_in: LogIn, scene: Scene) -> None:
    keeper = log_in(f"k01-{CODE}".lower())
    assert "2 bài có chỗ có thể lộ người viết chờ quyết định" in keeper.get(f"/keeper/{CODE}/").text
    assert "2 bài có chỗ cần xem, 0 bài đã quyết định" in keeper.get(f"/keeper/{CODE}/scripts").text
    for place, (code, hints) in enumerate(codes):
        address = f"/keeper/{CODE}/scripts/{code}"
        page = keeper.get(address).text
        assert "Câu riêng" not in page, "only the sentence of a place is shown"
        assert " checked" not in page, "nothing is chosen beforehand"
        assert keeper.submit(address).status_code == 422
        fields = {f"choice_{hint}": "cover" for hint in hints}
        wrong = keeper.submit(address, {**fields, **{f"words_{hint}": "nơi khác" for hint in hints}})
        assert wrong.status_code == 422
        assert "chạm vào chỗ đã tìm thấy" in wrong.text
        fields |= {f"words_{hints[0]}": "Nguyễn Văn Kín", f"choice_{hints[1]}": "leave"}
        assert keeper.submit(address, fields).location.endswith("/confirm")
        assert "Tôi là […] ở đây." in keeper.get(f"{address}/confirm").text
        following = f"/scripts/{codes[1][0]}" if place == 0 else "/scripts"
        assert keeper.submit(f"{address}/confirm").location.endswith(following)
    decided = keeper.get(f"/keeper/{CODE}/scripts").text
    assert "2 bài đã quyết định" in decided
    assert "to-desk" in decided
    _draw(log_in)
    assert keeper.submit(f"/keeper/{CODE}/seal").status_code == 302

    def read(doing: Doing) -> list[str]:
        return [script.content[0]["text"] for script in doing.session.scalars(select(Script))]

    texts = scene(read)
    assert len(texts) == 2
    assert all("Tôi là […] ở đây. Hỏi ông Lê Văn Hở" in text and "Kín" not in text for text in texts)
    page = keeper.get(f"/keeper/{CODE}/scripts/{codes[0][0]}").text
    assert "Xem trước và sau" not in page, "nothing can be decided any more"


def test_a_script_that_does_not_exist(codes: list[tuple[str, list[int]]], log_in: LogIn) -> None:
    keeper = log_in(f"k01-{CODE}".lower())
    assert keeper.get(f"/keeper/{CODE}/scripts/nothing").status_code == 404
    assert keeper.get(f"/keeper/{CODE}/scripts/{codes[0][0]}/confirm").location.endswith(f"/scripts/{codes[0][0]}")


def test_keeper_marks_by_hand_what_the_search_missed(
    codes: list[tuple[str, list[int]]], log_in: LogIn, scene: Scene
) -> None:
    keeper = log_in(f"k01-{CODE}".lower())
    code, hints = codes[0]
    address = f"/keeper/{CODE}/scripts/{code}"
    assert f"{address}/mark" in keeper.get(address).text
    read = keeper.page(f"{address}/mark")
    (text,) = find_all(read, "text-E1")
    assert text.text == TELLING.format(n=1) or "Câu riêng số" in str(text.text)
    assert text.get("name") is None, "nothing of it is sent"
    empty = keeper.submit(f"{address}/mark", {"item": "E1"})
    assert empty.status_code == 422
    assert "Hãy chọn hoặc chép đoạn cần thay." in empty.text
    wrong = keeper.submit(f"{address}/mark", {"item": "E1", "words": "nơi khác", "reason": "x"})
    assert "Câu hỏi này không có đúng đoạn ấy" in wrong.text
    data = {"item": "E1", "words": "Câu riêng", "reason": "Chỉ  một người viết thế", "start": "0"}
    done = keeper.submit(f"{address}/mark", data)
    assert done.location.endswith(f"/scripts/{code}"), "the places that were found still wait"
    page = keeper.get(address).text
    assert "Lý do đánh dấu: Chỉ một người viết thế" in page
    fields = {f"choice_{hint}": "leave" for hint in hints}

    def hand(doing: Doing) -> int:
        return max(hint.id for check in list_checks(doing.session, 1) for hint in check.hints)

    number = scene(hand)
    fields |= {f"choice_{number}": "cover", f"words_{number}": "Câu riêng"}
    assert keeper.submit(address, fields).location.endswith("/confirm")
    confirm = keeper.get(f"{address}/confirm").text
    assert "Ban phách đánh dấu" in confirm
    assert "[…] số" in confirm
    assert keeper.submit(f"{address}/confirm").status_code == 302
    for hint in codes[1][1]:
        fields |= {f"choice_{hint}": "leave"}
    other = f"/keeper/{CODE}/scripts/{codes[1][0]}"
    keeper.submit(other, fields)
    keeper.submit(f"{other}/confirm")
    _draw(log_in)
    assert keeper.submit(f"/keeper/{CODE}/seal").status_code == 302
    assert keeper.get(f"{address}/mark").status_code == 404, "after the sealing no text is read"
    assert keeper.submit(f"{address}/mark", data, form_at=f"/keeper/{CODE}/").status_code == 404
