"""A version that proves unusable, through the pages: set aside with a reason, the next of the draw opened."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from examsite.domain.permissions import Role
from examsite.services import papers
from examsite.services.context import ServiceContext
from examsite.storage.queries.competitions import get_competition, get_post
from tests.factories.reserves import with_reserves
from tests.factories.sittings import make_room
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all, words

CODE = "VH-2026-01"
PAPERS = f"/council/{CODE}/papers"
POST = f"/council/{CODE}/posts/P1"
WHY = "Trang 2 in thiếu nửa câu 7, không làm được."


def test_the_chair_sets_a_version_aside_and_opens_the_next_with_a_member(
    scene: Callable[..., Any], log_in: Callable[..., StrictClient], password_hash: str
) -> None:
    def build(doing: Doing) -> Any:
        settings = doing.app.extensions["settings"]
        room = make_room(doing.session, doing.now, settings=settings, password_hash=password_hash)
        return with_reserves(room)

    member = scene(build)
    chair = log_in(f"{Role.CHAIR.value}-{CODE}".lower())
    (link,) = find_all(chair.page(PAPERS), "set-aside-P1")
    assert chair.get(f"{POST}/open-reserve").status_code == 409
    page = chair.page(link.get("href"))
    assert "CA1" in words(page)
    refused = chair.submit(link.get("href"), {"reason": "hỏng"})
    assert (refused.status_code, "ít nhất 20 ký tự" in refused.text) == (422, True)
    assert chair.submit(link.get("href"), {"reason": WHY}).headers["Location"] == PAPERS
    shown = chair.page(PAPERS)
    assert "Đã bỏ dùng" in words(shown)
    assert find_all(shown, "needs-second-P1")
    assert chair.get(f"{POST}/open-reserve").status_code == 409

    def agree(doing: Doing) -> None:
        competition = get_competition(doing.session, CODE)
        ctx: ServiceContext = doing.ctx(member)
        papers.agree_to_opening(ctx, competition, get_post(doing.session, competition.id, "P1"))

    scene(agree)
    assert find_all(chair.page(PAPERS), "open-reserve-P1")
    done = chair.submit(f"{POST}/open-reserve")
    assert done.headers["Location"] == PAPERS
    assert "Đã mở đề dự phòng" in words(chair.page(PAPERS))
    told = words(chair.page(f"{POST}/paper-draw"))
    assert re.search(r"Hội đồng đã bỏ dùng: P1-[ABC]", told)
