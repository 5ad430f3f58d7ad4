"""Around a defence as its people open it: written before, asked, changed after the talk, projected, in the minutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from examsite.domain.permissions import Role
from examsite.services import assessments, reveals
from examsite.services import defence as acts
from tests.factories.defence import Hall, make_hall
from tests.web.strict_client import StrictClient, find_all, parse, words

CODE = "VH-2026-01"
HERE = f"/panel/{CODE}"


@pytest.fixture
def stage(scene: Callable[..., Any], password_hash: str, now: Any, app: Flask) -> Callable[..., list[str]]:
    """Builds a hall in the site's own database up to a point, and gives back the public codes."""

    def build(steps: Callable[[Hall], Any]) -> list[str]:
        def make(doing: Any) -> Hall:
            hall = make_hall(
                doing.session, now, settings=app.extensions["settings"], code=CODE, password_hash=password_hash
            )
            hall.drawn()
            return hall

        def go_on(hall: Hall) -> list[str]:
            steps(hall)
            return [str(row.public_code) for row in hall.candidacies]

        return scene(make, once="hall", then=go_on)

    return build


def member(log_in: Callable[..., StrictClient], number: int) -> StrictClient:
    return log_in(f"g{number:02d}-{CODE.lower()}")


def head(log_in: Callable[..., StrictClient]) -> StrictClient:
    return log_in(f"b01-{CODE.lower()}")


def written(hall: Hall) -> None:
    ctx = hall.ctx(hall.members[0])
    assessments.save_assessment(ctx, hall.competition, 1, "chim-vang-viet-truoc", revision=0)


def test_an_assessment_saves_itself_and_two_pages_never_overwrite(stage: Any, log_in: Any) -> None:
    stage(written)
    client = member(log_in, 1)
    address = f"{HERE}/defences/1/assessment"
    token = client.token(address)
    asks = {"headers": {"Accept": "application/json"}}
    saved = client.post(address, data={"csrf_token": token, "revision": "1", "text": "Bản hai"}, **asks)
    assert saved.json == {"revision": 2, "saved_at": "09:00:00"}
    stale = client.post(address, data={"csrf_token": token, "revision": "1", "text": "Bản ba"}, **asks)
    assert (stale.status_code, stale.json["conflict"]) == (409, True)
    page = client.submit(address, {"revision": "1", "text": "Bản ba"})
    assert page.status_code == 409
    assert "Bản hai" in page.text
    assert "Bản ba" in page.text
    locked = client.submit(address, {"revision": "2", "text": "Bản cuối", "then": "lock"})
    assert locked.status_code == 302
    assert find_all(client.page(address), "locked")
    assert client.submit(address, {"revision": "3", "text": "x"}, form_at=f"{HERE}/conflicts").status_code == 409


def test_nobody_reads_it_before_the_scores_are_shown_and_the_head_gets_a_count(stage: Any, log_in: Any) -> None:
    stage(written)
    leader = head(log_in)
    assert "1 trong 3 thành viên đã viết" in words(find_all(leader.page(f"{HERE}/head/1"), "written")[0])
    pages = ("", "defences/1", "defences/1/assessment", "defences/1/minutes", "defences/1/proposal", "projector")
    for client in (leader, member(log_in, 2)):
        for path in pages:
            assert "chim-vang-viet-truoc" not in client.get(f"{HERE}/{path}").text


def talked(hall: Hall) -> None:
    written(hall)
    hall.scoring()
    for number, total in enumerate(("61.00", "64.00", "69.00")):
        hall.lock(number, total)
    hall.shown()


def test_an_incident_about_a_member_stands_in_the_minutes(stage: Any, log_in: Any) -> None:
    stage(talked)
    leader = head(log_in)
    address = f"{HERE}/head/1/incident"
    assert find_all(leader.page(f"{HERE}/head/1"), "note-incident")
    entry = {"member": "G02", "what": "G02 và thí sinh cùng đứng tên một công ty.", "reason": "ngắn"}
    assert leader.submit(address, entry).status_code == 422
    noted = leader.submit(address, {**entry, "reason": "Báo cho hội đồng xem xét phiếu của G02."})
    assert noted.headers["Location"] == f"{HERE}/head/1"
    minutes = words(find_all(leader.page(f"{HERE}/defences/1/minutes"), "minutes-incidents")[0])
    assert "G02 và thí sinh cùng đứng tên một công ty." in minutes
    assert "B01" in minutes
    council = log_in(f"c09-{CODE.lower()}")
    order = f"/council/{CODE}/presentation-order"
    assert find_all(council.page(order), "incident-1")
    assert not find_all(council.page(order), "incident-2")
    assert "B01" in words(find_all(council.page(f"{order}/1/incident"), "noted")[0])
    assert member(log_in, 1).get(f"/council/{CODE}/presentation-order/1/incident").status_code == 403


def test_after_the_talk_a_change_stands_beside_and_the_score_is_sealed(stage: Any, log_in: Any) -> None:
    stage(talked)
    client, leader = member(log_in, 3), head(log_in)
    page = client.page(f"{HERE}/defences/1")
    assert words(find_all(page, "total-G01")[0]) == "61,00"
    assert "chim-vang-viet-truoc" in words(find_all(page, "assessment-G01")[0])
    address = f"{HERE}/defences/1/change"
    points = {"points_D1": "25", "points_D2": "25", "points_D3": "17", "points_D4": "0", "points_D5": "0"}
    assert client.submit(address, points).status_code == 422
    review = client.submit(address, {**points, "reason": "Nghe số liệu"})
    assert review.status_code == 200
    assert "19 → 17" in review.text
    done = client.submit(address, {**points, "reason": "Nghe số liệu", "confirmed": "yes"})
    assert done.headers["Location"] == f"{HERE}/defences/1"
    page = leader.page(f"{HERE}/head/1")
    assert words(find_all(page, "changed-G03")[0]) == "67,00"
    assert words(find_all(page, "total-G03")[0]) == "69,00"
    assert leader.get(f"{HERE}/head/1/decision").headers["Location"] == f"{HERE}/head/1"
    assert leader.submit(f"{HERE}/head/1/close", form_at=f"{HERE}/head/1").status_code == 302
    assert "64,67" in words(leader.page(f"{HERE}/defences/1"))
    for path in ("", "defences/1", "projector"):
        text = words(member(log_in, 1).page(f"{HERE}/{path}"))
        assert "64,67" not in text
        assert "64,00" not in text
    minutes = member(log_in, 1).page(f"{HERE}/defences/1/minutes")
    signed = words(find_all(minutes, "minutes-scores")[0])
    assert all(total in signed for total in ("61,00", "64,00", "69,00", "67,00", "Nghe số liệu"))
    assert "64,67" not in words(minutes), "what the scores came to waits for the end of the session"
    own = words(find_all(client.page(f"{HERE}/defences/1"), "own-total")[0])
    assert "khóa 69,00" in own
    assert "Sau trao đổi: 67,00" in own
    assert find_all(leader.page(f"{HERE}/defences/1/minutes"), "minutes-scores")
    row = words(find_all(leader.page(f"{HERE}/"), "deviations")[0])
    assert "G03" in row
    assert "+6,50" in row
    assert not find_all(client.page(f"{HERE}/"), "deviations")


def test_the_session_over_everything_is_open_to_the_panel(stage: Any, log_in: Any) -> None:
    def over(hall: Hall) -> None:
        talked(hall)
        reveals.close_discussion(hall.ctx(Role.PANEL_HEAD), hall.competition, 1)
        acts.record_attendance(hall.ctx(Role.INVIGILATOR), hall.competition, [2, 3])

    stage(over)
    assert "64,67" in words(find_all(member(log_in, 1).page(f"{HERE}/defences/1"), "settled")[0])


def test_the_question_log_is_the_panels_and_ends_in_the_minutes(stage: Any, log_in: Any) -> None:
    stage(lambda hall: hall.scoring())
    client, leader = member(log_in, 1), head(log_in)
    address = f"{HERE}/defences/1/questions"
    assert client.submit(address, {"text": ""}).status_code == 422
    assert client.submit(address, {"text": "Vì sao trễ hạn?", "answer": "", "asked_by": "G02"}).status_code == 302
    assert "G01" in words(find_all(member(log_in, 2).page(address), "question-1")[0]), (
        "the own pseudonym, not the one sent"
    )
    assert leader.submit(address, {"text": "Ai chịu trách nhiệm?", "asked_by": "G02"}).status_code == 302
    client.submit(f"{address}/1", {"answer": "Thiếu người", "seen": ""}, form_at=address)
    stale = client.submit(f"{address}/1", {"answer": "Một ý khác", "seen": ""}, form_at=address)
    assert stale.status_code == 409
    again = find_all(parse(stale.text), "question-1")[0]
    assert "vừa được ghi từ một trang khác" in words(again)
    assert "Thiếu người" in words(again)
    assert "Một ý khác" in words(again), "what was typed is not lost"
    leader.submit(f"{HERE}/head/1/recording", {"reference": "Thẻ nhớ 7", "seen": ""}, form_at=f"{HERE}/head/1")
    minutes = words(leader.page(f"{HERE}/defences/1/minutes"))
    for told in ("Vì sao trễ hạn?", "Thiếu người", "Ai chịu trách nhiệm?", "Thẻ nhớ 7"):
        assert told in minutes


def test_the_projector_follows_the_session_and_tells_no_code(stage: Any, log_in: Any) -> None:
    codes = stage(written)
    leader = head(log_in)
    address = f"{HERE}/projector"
    assert leader.get(f"{address}/clock").json["state"] == "1:scheduled"
    leader.submit(f"{HERE}/head/1/start", form_at=f"{HERE}/head/1")
    page = leader.page(address)
    assert "20:00" in words(find_all(page, "time")[0])
    name = words(find_all(page, "who")[0])
    assert name not in words(leader.page(f"{address}?name=0"))
    for view in ("clock", "pages", "text", "nonsense"):
        text = leader.get(f"{address}?view={view}&page=99").text
        assert not any(code in text for code in codes)
    leader.submit(f"{HERE}/head/1/questions", form_at=f"{HERE}/head/1")
    leader.submit(f"{HERE}/head/1/scoring", form_at=f"{HERE}/head/1")
    assert leader.get(f"{address}/clock").json["state"] == "1:scoring"
    assert find_all(leader.page(address), "scoring")
