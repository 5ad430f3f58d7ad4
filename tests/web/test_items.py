"""Pages of objective questions and of changed rubrics: who sees what, and what is said before agreeing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from examsite.domain.permissions import Role
from examsite.storage.models.accounts import Account
from examsite.storage.queries.queues import list_queue
from tests.factories.marking import make_board
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all, parse, words

CODE = "VH-2026-01"
SETTER = f"d01-{CODE}".lower()
HEAD = f"h01-{CODE}".lower()


@dataclass(frozen=True)
class Marked:
    """A board on which the first marker has locked one script."""

    paper: str
    locked: str
    marker: str
    chair: str


@pytest.fixture
def marked(scene: Callable[[Callable[[Doing], Any]], Any], password_hash: str) -> Marked:
    def build(doing: Doing) -> Marked:
        settings = doing.app.extensions["settings"]
        board = make_board(
            doing.session, doing.now, settings=settings, password_hash=password_hash, candidates=3, right=12
        )
        board.allocated()
        marker = board.markers[0]
        code = list_queue(doing.session, board.competition.id, marker.id)[0].code
        board.lock(marker, code, "37.50")
        chair = board.room.people[Role.CHAIR]
        return Marked(board.room.paper.code, code, f"{marker.pseudonym}-{CODE}".lower(), _login(doing, chair))

    made: Marked = scene(build)
    return made


def _login(doing: Doing, held: Any) -> str:
    return str(doing.session.get_one(Account, held.account_id).login)


def test_two_people_decide_a_question_and_see_who_changes(marked: Marked, log_in: Callable[..., StrictClient]) -> None:
    setter = log_in(SETTER)
    listed = setter.page(f"/setter/{CODE}/items")
    assert find_all(listed, "weak")
    path = f"/setter/{CODE}/items/{marked.paper}/Q20"
    page = setter.page(path)
    assert find_all(page, "propose-form")

    nothing = setter.post(path, data={"csrf_token": setter.token(path), "reason": "x"})
    assert nothing.status_code == 422
    sent = setter.post(
        path, data={"csrf_token": setter.token(path), "ruling": "everyone", "reason": "Câu hỏi in thiếu một dòng."}
    )
    assert sent.status_code == 302
    own = setter.page(path)
    assert find_all(own, "needs-second")
    assert not find_all(own, "answer-form")

    chair = log_in(marked.chair)
    path = f"/council/{CODE}/items/{marked.paper}/Q20"
    assert path in chair.get(f"/council/{CODE}/").get_data(as_text=True)
    page = chair.page(path)
    assert words(find_all(page, "reason")[0]) == "Câu hỏi in thiếu một dòng."
    assert len(find_all(page, "effect")) == 3
    assert "3 bài tăng, 0 bài giảm" in words(find_all(page, "effects")[0])
    seen = next(field.get("value") for field in page.iter("input") if field.get("name") == "seen")
    answer = {"csrf_token": chair.token(path), "answer": "agree", "seen": seen}
    unseen = chair.post(path, data={**answer, "seen": str(int(seen) + 1)}, follow_redirects=True)
    assert "không còn chờ" in unseen.get_data(as_text=True)
    answered = chair.post(path, data=answer, follow_redirects=True)
    assert "3 bài đổi điểm trắc nghiệm" in answered.get_data(as_text=True)

    late = chair.post(path, data=answer, follow_redirects=True)
    assert "không còn chờ" in late.get_data(as_text=True)


def test_a_key_that_is_no_answer_is_said_at_its_field(marked: Marked, log_in: Callable[..., StrictClient]) -> None:
    setter = log_in(SETTER)
    path = f"/setter/{CODE}/items/{marked.paper}/Q01"

    page = setter.post(
        path,
        data={"csrf_token": setter.token(path), "ruling": "further-keys", "keys": "zz", "reason": "Hai đáp án."},
    )

    assert page.status_code in {409, 422}
    assert "không phải là câu trả lời" in page.get_data(as_text=True)


def test_a_changed_rubric_is_seen_by_head_setter_and_marker(
    marked: Marked, log_in: Callable[..., StrictClient]
) -> None:
    head = log_in(HEAD)
    path = f"/marker/{CODE}/head/rubric/{marked.paper}/E1.a"
    page = head.page(path)
    assert "(1) mở lại" in words(find_all(page, "counts")[0])
    form = find_all(page, "change-form")[0]
    fields = {
        str(field.get("name")): str(field.get("value") or field.text or "").strip()
        for field in (*form.iter("input"), *form.iter("textarea"))
    }
    fields.update(vi="Nêu đúng hai việc phải tách", reason="Mức 3 nói hai điều trái nhau.")
    sent = head.post(path, data=fields)
    assert sent.status_code == 302
    shown = sent.location

    setter = log_in(SETTER)
    listed = setter.page(f"/setter/{CODE}/rubric-changes")
    assert len(find_all(listed, "rubric-change")) == 1
    answer = f"/setter/{CODE}/rubric-changes/{shown.rsplit('/', 1)[1]}"
    said = words(setter.page(answer))
    assert "Nêu đúng hai việc phải tách" in said
    assert marked.locked not in said
    done = setter.post(answer, data={"csrf_token": setter.token(answer), "answer": "agree"}, follow_redirects=True)
    assert "1 lượt chấm mở lại" in done.get_data(as_text=True)

    reopened = words(find_all(head.page(shown), "reopened")[0])
    assert marked.locked in reopened
    assert "M01" in reopened

    marker = log_in(marked.marker)
    page = marker.page(f"/marker/{CODE}/scripts/{marked.locked}")
    notes = find_all(page, "rubric-changed")
    assert len(notes) == 1
    assert "Điểm cũ" in words(notes[0])
    assert "Nêu đúng hai việc phải tách" in words(notes[0])

    # A page from before the change: nothing is kept by itself; sent by hand it comes back with the new words.
    here = f"/marker/{CODE}/scripts/{marked.locked}"
    known = {str(field.get("name")): str(field.get("value") or "") for field in page.iter("input")}
    old = {
        "csrf_token": known["csrf_token"],
        "revision": known["revision"],
        "points_0": "5",
        "comment_0": "Nêu một việc.",
    }
    kept = marker.post(here, data=old, headers={"Accept": "application/json"})
    assert (kept.status_code, kept.get_json()["error"]) == (409, "rubric_changed")
    assert "1.a" in kept.get_json()["message"]
    back = marker.post(here, data=old)
    assert back.status_code == 409
    assert "Nêu một việc." in back.text
    fresh = {str(field.get("name")): str(field.get("value") or "") for field in parse(back.text).iter("input")}
    assert (fresh["rubric"], fresh["points_0"]) == ("1", "")
    assert marker.post(here, data={**old, "rubric": "1"}, headers={"Accept": "application/json"}).status_code == 200
    late = marker.post(f"{here}/lock", data={"csrf_token": known["csrf_token"], "revision": "9"}, follow_redirects=True)
    assert "Hướng dẫn chấm đã đổi: tiêu chí" in late.text


def test_only_the_board_of_papers_and_the_chair_read_the_figures(
    marked: Marked, log_in: Callable[..., StrictClient]
) -> None:
    for login in (HEAD, marked.marker, f"k01-{CODE}".lower()):
        client = log_in(login)
        assert client.get(f"/setter/{CODE}/items").status_code in {403, 404}
        assert client.get(f"/council/{CODE}/items").status_code in {403, 404}
