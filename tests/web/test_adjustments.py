"""The pages of adjustments: the organiser asks, the council decides, candidate and room see what became of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from examsite.domain.permissions import Role
from tests.factories.sittings import make_room
from tests.web.strict_client import StrictClient, find_all, words

LogIn = Callable[..., StrictClient]


@pytest.fixture
def place(app: Flask, scene: Callable[..., Any], password_hash: str) -> dict[str, str]:
    def build(doing: Any) -> dict[str, str]:
        room = make_room(doing.session, doing.now, settings=app.extensions["settings"], password_hash=password_hash)
        return {
            "code": room.competition.code,
            "application": room.candidacies[0].application_code,
            "number": str(room.candidacies[0].candidate_number),
            "name": room.candidacies[0].full_name,
        }

    made: dict[str, str] = scene(build)
    return made


def staff(log_in: LogIn, place: dict[str, str], role: Role) -> StrictClient:
    return log_in(f"{role.value}-{place['code'].lower()}")


def test_asked_by_one_decided_by_another_and_seen_by_the_candidate_and_the_room(
    log_in: LogIn, place: dict[str, str]
) -> None:
    organiser = staff(log_in, place, Role.ORGANISER)
    ready = f"/organiser/{place['code']}/sittings/CA1/readiness"
    assert "Không ai trong ca này cần điều chỉnh." in words(find_all(organiser.page(ready), "check-adjustments")[0])
    page = f"/organiser/{place['code']}/candidates/{place['application']}/adjustments"
    asked = {"extra_percent": "25", "size": "22", "note": "chỗ gần cửa", "reason": "giấy xác nhận của bệnh viện"}
    assert organiser.submit(page, {**asked, "reason": ""}).status_code == 422
    assert organiser.submit(page, asked).status_code == 302
    assert "Chờ người thứ hai" in words(find_all(organiser.page(page), "newest-request")[0])
    row = find_all(organiser.page(ready), "check-adjustments")[0]
    assert (row.get("data-level"), "1 đề nghị điều chỉnh chưa có quyết định" in words(row)) == ("attention", True)

    candidate = log_in(place["number"], door="/candidate/login")
    card = find_all(candidate.page("/candidate/"), "home-adjustments")[0]
    assert "Hội đồng chưa quyết định" in words(card)
    assert find_all(card, "approved") == []

    chair = staff(log_in, place, Role.CHAIR)
    desk = chair.get(f"/council/{place['code']}/adjustments")
    assert place["name"] not in desk.text, "the need is decided, not the person"
    assert place["number"] in desk.text
    assert "1 đề nghị điều chỉnh chờ" in chair.get(f"/council/{place['code']}/").text
    decision = f"/council/{place['code']}/adjustments/1"
    assert "45 phút trên 180 phút" in words(find_all(chair.page(decision), "wanted")[0])
    refused = chair.submit(decision, {"reason": "", "decision": "approve"})
    assert (refused.status_code, "Hãy ghi lý do." in refused.text) == (422, True)
    assert chair.submit(decision, {"reason": "đúng giấy tờ", "decision": "approve"}).status_code == 302
    assert chair.get(decision).status_code == 302, "it is decided once"

    card = find_all(candidate.page("/candidate/"), "home-adjustments")[0]
    assert "đúng giấy tờ" in words(card)
    assert "45 phút trên 180 phút" in words(find_all(card, "approved")[0])
    row = find_all(organiser.page(ready), "check-adjustments")[0]
    assert (row.get("data-level"), "1 thí sinh có điều chỉnh đã duyệt" in words(row)) == ("good", True)
    assert "chỗ gần cửa" in words(find_all(organiser.page(page), "approved")[0])


def test_a_refusal_is_told_with_its_reason(log_in: LogIn, place: dict[str, str]) -> None:
    organiser = staff(log_in, place, Role.ORGANISER)
    page = f"/organiser/{place['code']}/candidates/{place['application']}/adjustments"
    organiser.submit(page, {"extra_percent": "100", "size": "", "note": "", "reason": "xin thêm giờ"})
    chair = staff(log_in, place, Role.CHAIR)
    decision = f"/council/{place['code']}/adjustments/1"
    assert chair.submit(decision, {"reason": "không có giấy tờ", "decision": "refuse"}).status_code == 302
    card = find_all(log_in(place["number"], door="/candidate/login").page("/candidate/"), "home-adjustments")[0]
    assert "không có giấy tờ" in words(card)
    assert "làm bài như mọi thí sinh" in words(card)
    assert organiser.get(decision).status_code in {403, 404}
