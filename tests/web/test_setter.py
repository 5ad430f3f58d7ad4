"""The setters' pages: plan, versions, sealing, bank; and the chair's opening of what they sealed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from examsite.domain.papers import PaperState, paper_from_data
from examsite.domain.permissions import Role
from examsite.services import papers
from examsite.storage.queries.competitions import get_competition, get_post
from examsite.storage.queries.papers import list_papers_of_post
from tests.factories.papers import make_plan_with_bank, make_sealed
from tests.web.strict_client import StrictClient, find_all, words

CODE = "VH-2026-01"
SETTER = "setter-5-vh-2026-01"
CHAIR = "chair-1-vh-2026-01"
MEMBER = "council_member-2-vh-2026-01"
PLAN_PAGE = f"/setter/{CODE}/posts/P1/blueprint"
PAPERS_PAGE = f"/setter/{CODE}/posts/P1/papers"

Scene = Callable[..., Any]
LogIn = Callable[..., StrictClient]


@pytest.fixture
def draft(scene: Scene, password_hash: str) -> None:
    def make(doing: Any) -> None:
        plan = make_plan_with_bank(doing, password_hash=password_hash)
        get_post(doing.session, plan.competition.id, "P1").blueprint = {}

    scene(make, once="draft")


@pytest.fixture
def announced(scene: Scene, password_hash: str) -> None:
    def make(doing: Any) -> None:
        from examsite.services.announcements import announce

        plan = make_plan_with_bank(doing, password_hash=password_hash)
        announce(plan.ctx(), plan.competition)

    scene(make, once="announced")


def versions(scene: Scene) -> list[tuple[str, PaperState, str, str]]:
    """Code, state, hash and the first stem of every version of P1."""

    def read(doing: Any) -> list[tuple[str, PaperState, str, str]]:
        post = get_post(doing.session, get_competition(doing.session, CODE).id, "P1")
        return [
            (row.code, row.state, row.paper_sha256, paper_from_data(row.data).items[0].question.stem.vi)
            for row in list_papers_of_post(doing.session, post.id)
        ]

    return list(scene(read))


def filled_in(page: Any) -> dict[str, Any]:
    """The values of the form of the plan as the page shows them."""
    values: dict[str, Any] = {}
    for item in page.iter("input"):
        name = item.get("name") or ""
        if name == "essay_topics":
            if "checked" in item.attrib:
                values.setdefault(name, []).append(item.get("value"))
        elif name and name != "csrf_token":
            values[name] = item.get("value") or ""
    return values


# --- the plan -------------------------------------------------------------------------------------------------------


def test_suggestion_fills_the_plan_and_saving_it_fits(draft: None, log_in: LogIn) -> None:
    client = log_in(SETTER)
    desk = client.page(f"/setter/{CODE}/")
    assert "Chưa có ma trận" in words(find_all(desk, "post-P1")[0])
    page = client.page(PLAN_PAGE + "?suggest=1")
    assert words(find_all(page, "plan-total")[0]) == "100 / 100"
    assert "Chưa có ma trận" in client.get(f"/setter/{CODE}/").text  # nothing is saved by looking
    saved = client.submit(PLAN_PAGE, filled_in(page))
    assert (saved.status_code, saved.headers["Location"]) == (302, PLAN_PAGE)
    again = client.page(PLAN_PAGE)
    assert filled_in(again) == filled_in(page)
    assert "Đã có ma trận" in words(find_all(client.page(f"/setter/{CODE}/"), "post-P1")[0])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"count-planning": "9"}, "Chủ đề “Lập kế hoạch”: ngân hàng có 6 câu, các phiên bản cần 27 câu"),
        ({"essay_count": "9"}, "Chủ đề “Tự luận”: ngân hàng có"),
        ({"objective_points": "2,5"}, "Tổng điểm của đề là 110, phải bằng đúng 100."),
        ({"objective_points": "hai"}, "Hãy điền số điểm"),
        ({"objective_points": ""}, "Chưa điền"),
        ({"objective_points": "1e9"}, "Hãy điền số điểm"),
        ({"count-planning": "-1"}, "Hãy điền một số nguyên"),
        ({"count-planning": "9" * 400}, "Hãy điền một số nguyên"),
        ({"count-planning": "<script>"}, "Hãy điền một số nguyên"),
        ({"count-planning": "500"}, "Hãy điền số từ 0 đến 99"),
        ({"essay_count": ""}, "Chưa điền"),
        ({"essay_topics": ["astrology"]}, "Có chủ đề không có trong ngân hàng"),
    ],
)
def test_plan_that_cannot_work_says_why_and_keeps_what_was_typed(
    draft: None, log_in: LogIn, changes: dict[str, Any], said: str
) -> None:
    client = log_in(SETTER)
    values = {**filled_in(client.page(PLAN_PAGE + "?suggest=1")), **changes}
    answer = client.submit(PLAN_PAGE, values)
    assert answer.status_code == 422
    assert said in answer.text
    assert "<script>9" not in answer.text
    assert "Chưa có ma trận" in client.get(f"/setter/{CODE}/").text


def test_plan_is_only_shown_after_the_announcement(announced: None, log_in: LogIn) -> None:
    client = log_in(SETTER)
    page = client.page(PLAN_PAGE)
    assert find_all(page, "plan")
    assert not find_all(page, "save")
    refused = client.submit(PLAN_PAGE, {"objective_points": "2", "essay_count": "2"}, form_at=f"/setter/{CODE}/")
    assert refused.status_code == 409
    assert "ma trận đề không sửa được nữa" in refused.text


# --- versions -------------------------------------------------------------------------------------------------------


def test_versions_are_drawn_read_and_sealed(announced: None, log_in: LogIn, scene: Scene) -> None:
    client = log_in(SETTER)
    assert find_all(client.page(PAPERS_PAGE), "no-papers")
    client.page(PAPERS_PAGE + "/draw")
    assert client.submit(PAPERS_PAGE + "/draw").headers["Location"] == PAPERS_PAGE
    (code, _state, digest, stem), *_rest = versions(scene)
    assert len(versions(scene)) == 3

    paper = client.page(f"/setter/{CODE}/papers/{code}")
    assert stem.split("\n")[0] in " ".join(paper.itertext())
    assert len([item for item in paper.iter() if (item.get("data-testid") or "").startswith("item-")]) == 22
    assert words(find_all(paper, "paper-end")[0]).startswith("HẾT")
    assert "Tổng điểm: 100" in words(paper)
    assert not find_all(paper, "keys")
    key = client.page(f"/setter/{CODE}/papers/{code}/key")
    assert len(list(find_all(key, "keys")[0].iter("tr"))) == 21

    seal = client.page(PAPERS_PAGE + "/seal")
    assert re.sub(r"\s", "", words(find_all(seal, f"hash-{code}")[0])).find(digest) >= 0
    hidden = next(item for item in seal.iter("input") if item.get("name") == "seen")
    assert client.submit(PAPERS_PAGE + "/seal", {"seen": hidden.get("value")}).status_code == 302
    assert {state for _code, state, _hash, _stem in versions(scene)} == {PaperState.SEALED}


def test_a_sealed_paper_is_closed_to_its_setters(log_in: LogIn, scene: Scene, password_hash: str) -> None:
    scene(lambda doing: make_sealed(doing, password_hash=password_hash) and None, once="sealed")
    client = log_in(SETTER)
    for code, _state, digest, stem in versions(scene):
        for address in (f"/setter/{CODE}/papers/{code}", f"/setter/{CODE}/papers/{code}/key"):
            answer = client.get(address)
            assert answer.status_code == 403
            assert stem[:40] not in answer.text
            assert digest[:8] in answer.text
    page = client.page(PAPERS_PAGE)
    assert not find_all(page, "seal")
    assert not find_all(page, "draw-again")
    assert client.get(PAPERS_PAGE + "/seal").status_code == 409
    assert client.submit(PAPERS_PAGE + "/draw").status_code == 409


def test_what_was_drawn_again_meanwhile_is_not_sealed(announced: None, log_in: LogIn, scene: Scene) -> None:
    client = log_in(SETTER)
    client.submit(PAPERS_PAGE + "/draw")
    seen = next(item for item in client.page(PAPERS_PAGE + "/seal").iter("input") if item.get("name") == "seen")
    client.submit(PAPERS_PAGE + "/draw")
    answer = client.submit(PAPERS_PAGE + "/seal", {"seen": seen.get("value")})
    assert answer.status_code == 409
    assert "vừa được lập lại" in answer.text
    assert {state for _code, state, _hash, _stem in versions(scene)} == {PaperState.DRAWN}


@pytest.mark.parametrize("seen", ["", "x" * 9000, "<b>", "\x00"])
def test_hostile_hashes_seal_nothing(announced: None, log_in: LogIn, scene: Scene, seen: str) -> None:
    client = log_in(SETTER)
    client.submit(PAPERS_PAGE + "/draw")
    assert client.submit(PAPERS_PAGE + "/seal", {"seen": seen}).status_code in {409, 422}
    assert {state for _code, state, _hash, _stem in versions(scene)} == {PaperState.DRAWN}


@pytest.mark.parametrize(
    "login",
    [CHAIR, "marker-10-vh-2026-01", "supervisor-17-vh-2026-01", "invigilator-7-vh-2026-01", "thuky-vh-2026-01"],
)
def test_nobody_else_opens_the_setters_pages(
    announced: None, log_in: LogIn, scene: Scene, login: str, password_hash: str
) -> None:
    def draw(doing: Any) -> None:
        from examsite.services.context import Actor, ServiceContext

        competition = get_competition(doing.session, CODE)
        actor = Actor(role=Role.SETTER, pseudonym="D01", competition_id=competition.id)
        ctx = ServiceContext(session=doing.session, now=doing.now, actor=actor)
        papers.draw_papers(ctx, competition, get_post(doing.session, competition.id, "P1"))

    scene(draw)
    client = log_in(login)
    stem = versions(scene)[0][3]
    for address in (
        f"/setter/{CODE}/",
        PLAN_PAGE,
        PAPERS_PAGE,
        PAPERS_PAGE + "/seal",
        f"/setter/{CODE}/papers/P1-A",
        f"/setter/{CODE}/papers/P1-A/key",
        f"/setter/{CODE}/bank",
    ):
        answer = client.get(address)
        assert answer.status_code == 403, address
        assert stem[:40] not in answer.text


# --- the bank -------------------------------------------------------------------------------------------------------


def test_bank_is_filtered_and_a_question_stands_in_both_languages(draft: None, log_in: LogIn) -> None:
    client = log_in(SETTER)
    everything = client.page(f"/setter/{CODE}/bank")
    assert len(list(find_all(everything, "questions")[0].iter("tr"))) == 26
    essays = client.page(f"/setter/{CODE}/bank?kind=essay&topic=leading")
    assert words(find_all(essays, "count")[0]) == "2 câu hỏi"
    question = client.page(f"/setter/{CODE}/bank/CW-RULES-02")
    assert words(find_all(question, "text-vi")[0]) != words(find_all(question, "text-en")[0])
    assert client.get(f"/setter/{CODE}/bank/CW-RULES-99").status_code == 404
    for hostile in ("kind=x&topic=y", "page=-5", "page=99999", "page=x"):
        assert client.get(f"/setter/{CODE}/bank?{hostile}").status_code == 200
    assert client.get(f"/setter/{CODE}/bank?topic=%00").status_code == 400


# --- the chair ------------------------------------------------------------------------------------------------------


def test_chair_opens_one_version_and_everyone_on_the_council_reads_the_draw(
    log_in: LogIn, scene: Scene, password_hash: str
) -> None:
    scene(lambda doing: make_sealed(doing, password_hash=password_hash, written=True) and None)
    chair, member = log_in(CHAIR), log_in(MEMBER)
    assert chair.get(f"/council/{CODE}/posts/P1/paper-draw").status_code == 404
    assert not find_all(member.page(f"/council/{CODE}/papers"), "open-P1")
    assert find_all(chair.page(f"/council/{CODE}/papers"), "needs-second-P1")
    assert chair.get(f"/council/{CODE}/posts/P1/open-paper").status_code == 409
    agreed = member.submit(f"/council/{CODE}/posts/P1/agree-to-opening", form_at=f"/council/{CODE}/papers")
    assert agreed.status_code == 302
    assert not find_all(member.page(f"/council/{CODE}/papers"), "agree-P1")
    assert find_all(chair.page(f"/council/{CODE}/papers"), "open-P1")
    assert member.get(f"/council/{CODE}/posts/P1/open-paper").status_code == 403
    confirmation = chair.page(f"/council/{CODE}/posts/P1/open-paper")
    assert "Không bốc lại được" in words(confirmation)
    opened = chair.submit(f"/council/{CODE}/posts/P1/open-paper")
    assert opened.headers["Location"] == f"/council/{CODE}/papers"
    code = next(code for code, state, _hash, _stem in versions(scene) if state is PaperState.OPENED)
    for client in (chair, member):
        page = client.page(f"/council/{CODE}/posts/P1/paper-draw")
        assert f"mở phiên bản {code}" in words(find_all(page, "outcome")[0])
        assert len(list(find_all(page, "contributions")[0].iter("tr"))) == 3
    assert chair.submit(f"/council/{CODE}/posts/P1/open-paper", form_at=f"/council/{CODE}/papers").status_code == 409
    stem = versions(scene)[0][3]
    assert stem[:40] not in chair.get(f"/council/{CODE}/papers").text


def test_nothing_is_opened_before_the_written_test(log_in: LogIn, scene: Scene, password_hash: str) -> None:
    scene(lambda doing: make_sealed(doing, password_hash=password_hash) and None, once="sealed")
    chair = log_in(CHAIR)
    page = chair.page(f"/council/{CODE}/papers")
    assert find_all(page, "not-yet")
    assert not find_all(page, "open-P1")
    refused = chair.submit(f"/council/{CODE}/posts/P1/open-paper", form_at=f"/council/{CODE}/papers")
    assert refused.status_code == 409
    assert {state for _code, state, _hash, _stem in versions(scene)} == {PaperState.SEALED}
