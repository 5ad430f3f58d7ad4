"""What everyone may read without a log-in: announcements, criteria, rule sets; never a draft, never a name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from examsite.domain.competitions import CompetitionState
from examsite.domain.dossiers import CandidacyState
from examsite.services.rulesets import list_presets
from examsite.storage.queries.competitions import get_competition
from tests.factories.candidacies_of_plan import add_candidacy
from tests.factories.competitions import make_complete_plan, make_receiving
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all, words

Scene = Callable[[Callable[[Doing], Any]], Any]
CODE = "VH-2026-01"


def _announced(doing: Doing) -> str:
    return str(make_receiving(doing.session, doing.now).competition.ruleset_sha256)


def test_front_page_without_competitions_says_what_will_stand_there(client: StrictClient) -> None:
    page = client.page("/")

    assert find_all(page, "no-competitions")
    assert "Điều hệ thống bảo đảm" in words(page)


def test_draft_is_not_there_for_the_public(client: StrictClient, scene: Scene) -> None:
    scene(lambda doing: make_complete_plan(doing.session, doing.now).competition.id)

    assert find_all(client.page("/"), f"competition-{CODE}") == []
    for path in (f"/competitions/{CODE}", f"/competitions/{CODE}/ruleset"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "Trưởng phòng" not in words(client.page(path, status=404).find("body/main") or client.page("/"))


def test_front_page_names_the_competition_its_step_and_the_next_date(client: StrictClient, scene: Scene) -> None:
    scene(_announced)
    row = words(find_all(client.page("/"), f"competition-{CODE}")[0])

    assert "Trưởng phòng Tổ chức cán bộ" in row
    assert "Đang nhận hồ sơ" in row
    assert "Bước 3 trên 15" in row
    assert "Nhận hồ sơ đến 09:00 15/04/2026" in row


def test_competition_page_shows_all_that_decides(client: StrictClient, scene: Scene) -> None:
    digest = scene(_announced)
    page = client.page(f"/competitions/{CODE}")
    text = words(page)

    for said in (
        "Có bằng đại học trở lên.",
        "Lập kế hoạch",
        "Phân tích thực trạng của đơn vị, có số liệu",
        "Đang nhận hồ sơ",
        "Đơn đăng ký dự tuyển",
    ):
        assert said in text
    assert digest[:8] in text


def test_rule_set_page_shows_every_figure_with_its_source(client: StrictClient, scene: Scene) -> None:
    scene(_announced)
    preset = next(item for item in list_presets() if item.name == "hai-phong-pilot")
    page = client.page(f"/competitions/{CODE}/ruleset")

    for figure in preset.figures():
        (row,) = find_all(page, f"figure-{figure.key}")
        assert figure.label.vi in words(row)
        assert figure.source.text.vi in words(row) or "Lựa chọn của hệ thống" in words(row)


def test_presets_can_be_read_and_others_not(client: StrictClient) -> None:
    assert "hai-phong-pilot" in words(client.page("/rulesets"))
    assert client.get("/rulesets/tt22-2025").status_code == 200
    for path in ("/rulesets/none", "/rulesets/..%2f..%2fconfig", "/competitions/%00", "/competitions/" + "x" * 3000):
        assert client.get(path).status_code == 404


def test_list_of_the_eligible_gives_numbers_and_no_names(client: StrictClient, scene: Scene) -> None:
    def roster(doing: Doing) -> None:
        plan = make_receiving(doing.session, doing.now)
        post = plan.competition.posts[0]
        for number in (1, 2):
            add_candidacy(plan, post, number=number, state=CandidacyState.ELIGIBLE, numbered=True)
        plan.competition.state = CompetitionState.ROSTERED

    scene(roster)
    page = client.page(f"/competitions/{CODE}")
    row = words(find_all(page, "post-P1")[0])
    text = client.get(f"/competitions/{CODE}").text

    assert "Đủ điều kiện dự thi" in row
    for canary in ("Bí Mật", "031085", "K101X7", "HS-VH", "Người chair"):
        assert canary not in text


def test_before_the_roster_nobody_is_listed(client: StrictClient, scene: Scene) -> None:
    def standing(doing: Doing) -> None:
        plan = make_receiving(doing.session, doing.now)
        add_candidacy(plan, plan.competition.posts[0], numbered=True, state=CandidacyState.ELIGIBLE)

    scene(standing)

    assert "Đủ điều kiện dự thi" not in client.get(f"/competitions/{CODE}").text


@pytest.mark.parametrize("state", [state for state in CompetitionState if state is not CompetitionState.DRAFT])
def test_page_stands_at_every_step(client: StrictClient, scene: Scene, state: CompetitionState) -> None:
    def reach(doing: Doing) -> None:
        make_receiving(doing.session, doing.now)
        competition = get_competition(doing.session, CODE)
        competition.state = state
        competition.appeals_close_at = doing.now + timedelta(days=9)

    scene(reach)
    client.page("/")
    page = client.page(f"/competitions/{CODE}")

    assert find_all(page, "state")
    asked_to_apply = "Đăng ký trên trang này" in words(page)
    assert asked_to_apply == bool(find_all(page, "apply-offer"))
    client.get("/language/en?next=/")
    client.page("/")
    client.page(f"/competitions/{CODE}")


def test_unknown_address_answers_kindly(client: StrictClient) -> None:
    page = client.page("/khong-co", status=404)

    assert "Không tìm thấy" in words(find_all(page, "error")[0])
