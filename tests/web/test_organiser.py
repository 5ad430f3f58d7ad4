"""The organiser walks a competition from nothing to applications, and hostile values change nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from examsite.domain.competitions import CompetitionState
from examsite.domain.dossiers import CandidacyState
from examsite.domain.permissions import Role
from examsite.services import announcements
from examsite.storage.queries.competitions import get_competition
from tests.factories.candidacies_of_plan import add_candidacy
from tests.factories.competitions import (
    add_boards,
    blueprint_data,
    make_body,
    make_body_organiser,
    make_complete_plan,
    make_draft,
    make_official,
    make_receiving,
)
from tests.web.conftest import Clock, Doing
from tests.web.strict_client import StrictClient, find_all, words

Scene = Callable[..., Any]
LogIn = Callable[..., StrictClient]

CODE = "VH-2026-01"
HOSTILE = (
    "",
    "   ",
    "x" * 30_000,
    "<script>alert(1)</script>",
    "'; DROP TABLE posts; --",
    "\x00\x07null",
    "../../etc/passwd",
    "%(day)s {0} %s",
    "٣٤٥",
    "-1",
    "1e9",
    "9" * 40,
    "NaN",
    "0001-01-01T00:00",
    "2026-13-45T99:99",
    "e\u0301\u202e",
)


@pytest.fixture
def draft(scene: Scene, password_hash: str, log_in: LogIn) -> StrictClient:
    """The organiser of an empty plan."""
    scene(lambda doing: make_draft(doing.session, doing.now, password_hash=password_hash).competition.id, once="draft")
    return log_in(f"thuky-{CODE}".lower())


@pytest.fixture
def complete(scene: Scene, password_hash: str, log_in: LogIn) -> StrictClient:
    """The organiser of a plan of which nothing is missing."""

    def make(doing: Doing) -> int:
        return make_complete_plan(doing.session, doing.now, password_hash=password_hash).competition.id

    scene(make, once="complete")
    return log_in(f"thuky-{CODE}".lower())


def _state(scene: Scene) -> CompetitionState:
    return scene(lambda doing: get_competition(doing.session, CODE).state)


POST = {
    "code": "p1",
    "title": "Trưởng phòng Tài chính",
    "title_en": "Head of Finance",
    "unit": "Sở Nội vụ",
    "unit_en": "",
    "managed_by": "department",
    "vacancies": "1",
    "requirements": "Có bằng đại học.",
    "requirements_en": "A degree.",
}
SCHEDULE = {
    "applications_close_at": "2026-04-20T17:00",
    "written_at": "2026-05-10T08:00",
    "written_results_at": "2026-05-25T17:00",
    "proposals_close_at": "2026-06-10T17:00",
    "defence_at": "2026-06-20T08:00",
    "results_at": "2026-07-01T09:00",
}


def test_plan_is_written_from_nothing_to_the_open_door(scene: Scene, password_hash: str, log_in: LogIn) -> None:
    def body_and_organiser(doing: Doing) -> None:
        account = make_official(doing.session, doing.now, "thu-ky", password_hash=password_hash)
        make_body_organiser(doing.session, doing.now, make_body(doing.session), account)

    scene(body_and_organiser)
    client = log_in("thu-ky")
    assert find_all(client.page("/organiser/"), "no-competitions")
    made = client.submit(
        "/organiser/new",
        {
            "body": "SNV",
            "code": " vh-2026-01 ",
            "title": "Thi tuyển 2026",
            "title_en": "Selection 2026",
            "number_prefix": "a",
            "preset": "hai-phong-pilot",
        },
    )
    assert made.headers["Location"] == f"/organiser/{CODE}/plan"
    assert client.submit(f"/organiser/{CODE}/posts/new", POST).status_code == 302
    assert client.submit(f"/organiser/{CODE}/plan/schedule", SCHEDULE).status_code == 302
    words_of_it = {"title": "T", "title_en": "T", "announcement": "Một\r\n\r\nHai", "announcement_en": "One"}
    assert client.submit(f"/organiser/{CODE}/plan/announcement", words_of_it).status_code == 302

    missing = [words(item) for item in find_all(client.page(f"/organiser/{CODE}/"), "missing")]
    assert missing
    assert all("Lịch" not in text and "thông báo" not in text for text in missing)

    def others_do_their_part(doing: Doing) -> None:
        competition = get_competition(doing.session, CODE)
        competition.posts[0].blueprint = blueprint_data()
        from tests.factories.competitions import Plan

        organiser = make_official(doing.session, doing.now, "khac")
        plan = Plan(doing.session, doing.now, competition, organiser)  # type: ignore[arg-type]
        from examsite.storage.queries.accounts import list_holders

        plan.organiser = list_holders(doing.session, competition.id, Role.ORGANISER)[0]
        add_boards(plan)

    scene(others_do_their_part)
    desk = client.page(f"/organiser/{CODE}/")
    assert find_all(desk, "missing") == []
    assert client.submit(f"/organiser/{CODE}/gates/announced").status_code == 302
    assert _state(scene) is CompetitionState.ANNOUNCED
    shown = client.page(f"/competitions/{CODE}")
    assert "17:00 20/04/2026" in words(find_all(shown, "schedule")[0])
    assert [words(item) for item in find_all(shown, "announcement")[0]] == ["Một", "Hai"]


def test_gate_stays_shut_and_says_what_is_missing(draft: StrictClient, scene: Scene) -> None:
    page = draft.page(f"/organiser/{CODE}/gates/announced")
    assert "Chưa có chức danh nào" in words(find_all(page, "gate-missing")[0])
    assert find_all(page, "confirm-gate") == []

    refused = draft.submit(f"/organiser/{CODE}/gates/announced", form_at=f"/organiser/{CODE}/plan/schedule")
    assert refused.status_code == 409
    assert _state(scene) is CompetitionState.DRAFT


@pytest.mark.parametrize("event", ["applications_opened", "written_begun", "closed", "written_published"])
def test_no_gate_opens_out_of_its_turn(complete: StrictClient, scene: Scene, event: str) -> None:
    answer = complete.submit(f"/organiser/{CODE}/gates/{event}", form_at=f"/organiser/{CODE}/gates/announced")

    assert answer.status_code == 409
    assert _state(scene) is CompetitionState.DRAFT


@pytest.mark.parametrize("event", ["codes_sealed", "codes_opened", "result_approved", "nonsense", "draft"])
def test_gates_of_others_have_no_page_here(complete: StrictClient, event: str) -> None:
    assert complete.get(f"/organiser/{CODE}/gates/{event}").status_code == 404


def test_post_of_another_body_is_refused_with_the_reason(draft: StrictClient) -> None:
    answer = draft.submit(f"/organiser/{CODE}/posts/new", {**POST, "managed_by": "city_committee"})

    assert answer.status_code == 422
    assert "Theo phân cấp" in answer.text
    assert "Trưởng phòng Tài chính" in answer.text, "what was typed is kept"


def test_criteria_must_sum_to_the_maximum(draft: StrictClient) -> None:
    draft.submit(f"/organiser/{CODE}/posts/new", POST)
    where = f"/organiser/{CODE}/posts/P1/rubric"
    rows = {"rows-0-vi": "Nội dung", "rows-0-en": "Content", "rows-0-maximum": "60"}

    short = draft.submit(where, rows)
    assert short.status_code == 422
    assert "cộng lại là 60" in short.text
    half = draft.submit(where, {**rows, "rows-1-vi": "Trình bày", "rows-1-maximum": "bốn mươi"})
    assert half.status_code == 422
    assert "Hãy điền mục này." in half.text
    full = {**rows, "rows-1-vi": "Trình bày", "rows-1-en": "Form", "rows-1-maximum": "40,0"}
    assert draft.submit(where, full).status_code == 302
    assert "Nội dung" in draft.get(where).text


def test_figures_change_while_a_draft_and_are_marked_as_own_choice(draft: StrictClient) -> None:
    where = f"/organiser/{CODE}/plan/ruleset"
    page = draft.page(where)
    typed = {
        item.get("name", ""): item.get("value", "") for item in page.iter("input") if item.get("type") == "text"
    } | {
        select.get("name", ""): next(o.get("value", "") for o in select.iter("option") if o.get("selected") is not None)
        for select in page.iter("select")
    }
    assert len(typed) > 30

    wrong = draft.submit(where, {**typed, "written__weight": "55"})
    assert wrong.status_code == 422
    assert "cộng lại bằng 100" in wrong.text
    assert draft.submit(where, {**typed, "written_minutes": "150"}).status_code == 302
    assert "Kỳ thi này tự quyết định" in draft.get(where).text
    warned = draft.submit(where, {**typed, "written_mark_step": "5"})
    assert warned.status_code == 302
    assert find_all(draft.page(where), "ruleset-warning")


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_values_get_an_answer_and_change_nothing_unseen(draft: StrictClient, value: str) -> None:
    draft.submit(f"/organiser/{CODE}/posts/new", POST)
    forms = {
        f"/organiser/{CODE}/posts/new": dict.fromkeys(POST, value),
        f"/organiser/{CODE}/posts/P1": dict.fromkeys(POST, value),
        f"/organiser/{CODE}/plan/schedule": dict.fromkeys(SCHEDULE, value),
        f"/organiser/{CODE}/plan/announcement": dict.fromkeys(
            ("title", "title_en", "announcement", "announcement_en"), value
        ),
        f"/organiser/{CODE}/plan/ruleset": {"written_minutes": value, "written__straddle": value},
        f"/organiser/{CODE}/posts/P1/rubric": {
            f"rows-{row}-{name}": value for row in range(3) for name in ("vi", "en", "maximum")
        },
        f"/organiser/{CODE}/sittings/new": dict.fromkeys(
            ("code", "room", "starts_at", "rows", "columns", "invigilators"), value
        ),
    }
    for path, fields in forms.items():
        answer = draft.submit(path, fields)
        assert answer.status_code in {302, 422}, path
        assert "<script>alert" not in draft.get(f"/organiser/{CODE}/plan").text
        for said in ("Not a valid", "Invalid", "This field"):
            assert said not in answer.text, "every message is in the reader's language"


def test_missing_fields_are_named_one_by_one(draft: StrictClient) -> None:
    answer = draft.submit(f"/organiser/{CODE}/plan/schedule", {})

    assert answer.status_code == 422
    assert answer.text.count("Hãy điền ngày và giờ hợp lệ.") >= len(SCHEDULE)


def test_schedule_out_of_order_points_at_the_instant(draft: StrictClient) -> None:
    answer = draft.submit(f"/organiser/{CODE}/plan/schedule", {**SCHEDULE, "defence_at": "2026-05-01T08:00"})

    assert answer.status_code == 422
    assert "Bảo vệ đề án: Mốc này phải sau mốc đứng trước nó." in answer.text


def test_announced_notice_changes_once(scene: Scene, password_hash: str, log_in: LogIn) -> None:
    scene(lambda doing: make_receiving(doing.session, doing.now, password_hash=password_hash).competition.id)
    client = log_in(f"thuky-{CODE}".lower())
    later = {**SCHEDULE, "written_at": "2026-05-12T08:00"}

    assert client.submit(f"/organiser/{CODE}/plan/schedule", later).status_code == 422
    assert client.submit(f"/organiser/{CODE}/plan/schedule", {**later, "reason": "Trùng lịch"}).status_code == 302
    again = client.submit(f"/organiser/{CODE}/plan/schedule", {**SCHEDULE, "reason": "Lần nữa"})
    assert (again.status_code, "đã dùng hết" in again.text) == (409, True)
    assert "Lịch đã được sửa một lần" in client.get(f"/competitions/{CODE}").text


def test_announced_plan_shows_no_form(scene: Scene, password_hash: str, log_in: LogIn) -> None:
    scene(lambda doing: make_receiving(doing.session, doing.now, password_hash=password_hash).competition.id)
    client = log_in(f"thuky-{CODE}".lower())

    for page in ("plan/announcement", "posts/new", "posts/P1", "posts/P1/rubric"):
        assert client.get(f"/organiser/{CODE}/{page}").headers["Location"] == f"/organiser/{CODE}/plan"
    assert [
        item for item in client.page(f"/organiser/{CODE}/plan/ruleset").iter("input") if item.get("type") == "text"
    ] == []


def test_post_can_be_taken_out_until_somebody_stands_for_it(draft: StrictClient, scene: Scene) -> None:
    draft.submit(f"/organiser/{CODE}/posts/new", POST)
    where = f"/organiser/{CODE}/posts/P1"

    assert draft.submit(f"{where}/remove", form_at=where).status_code == 302
    assert draft.get(where).status_code == 404


def test_desk_counts_people_and_shows_no_names(scene: Scene, password_hash: str, log_in: LogIn, clock: Clock) -> None:
    def people_stand(doing: Doing) -> None:
        plan = make_receiving(doing.session, doing.now, password_hash=password_hash)
        for post in plan.competition.posts:
            for number in (1, 2):
                add_candidacy(plan, post, number=number)
        add_candidacy(plan, plan.competition.posts[0], number=3, state=CandidacyState.WITHDRAWN)

    scene(people_stand)
    client = log_in(f"thuky-{CODE}".lower())
    page = client.page(f"/organiser/{CODE}/")

    assert [words(cell) for cell in find_all(page, "post-P1")[0].iter("td")] == ["2", "0", "0", "0"]
    assert "Bí Mật" not in client.get(f"/organiser/{CODE}/").text
    assert "Mở nhận hồ sơ" in words(find_all(page, "record-list")[0])
    assert "Thông báo hứa nhận hồ sơ đến" in words(find_all(page, "missing")[0])
    clock.present += timedelta(days=31)
    client = log_in(f"thuky-{CODE}".lower())
    assert client.submit(f"/organiser/{CODE}/gates/applications_closed").status_code == 302
    assert _state(scene) is CompetitionState.VETTING


def test_log_has_pages_and_never_a_payload(complete: StrictClient, scene: Scene) -> None:
    first = complete.page(f"/organiser/{CODE}/log")
    assert len(find_all(first, "record")) > 15
    for page in ("0", "-5", "999999999999999999999", "x"):
        assert complete.get(f"/organiser/{CODE}/log?page={page}").status_code == 200
    text = complete.get(f"/organiser/{CODE}/log").text
    assert "hai-phong-pilot" not in text


def test_organiser_of_another_competition_is_kept_out(scene: Scene, password_hash: str, log_in: LogIn) -> None:
    def two(doing: Doing) -> None:
        make_draft(doing.session, doing.now, password_hash=password_hash)
        make_draft(doing.session, doing.now, password_hash=password_hash, code="VH-2026-02", number_prefix="B")

    scene(two)
    client = log_in("thuky-vh-2026-02")
    for page in ("", "plan", "plan/ruleset", "plan/schedule", "posts/new", "gates/announced", "sittings", "log"):
        assert client.get(f"/organiser/{CODE}/{page}").status_code == 403


def test_official_without_a_body_cannot_open_a_competition(scene: Scene, password_hash: str, log_in: LogIn) -> None:
    def organiser_of_one(doing: Doing) -> None:
        make_draft(doing.session, doing.now, password_hash=password_hash)
        make_body(doing.session, "OTHER")

    scene(organiser_of_one)
    client = log_in(f"thuky-{CODE}".lower())
    values = {
        "body": "OTHER",
        "code": "X-1",
        "title": "t",
        "title_en": "t",
        "number_prefix": "X",
        "preset": "tt22-2025",
    }

    assert client.submit("/organiser/new", values).status_code == 422


def test_english_reader_gets_the_english_texts(complete: StrictClient, scene: Scene) -> None:
    complete.submit(f"/organiser/{CODE}/gates/announced")
    complete.get("/language/en?next=/")
    page = complete.get(f"/competitions/{CODE}").text

    assert 'lang="en"' in page
    assert "The department announces a selection for two posts." in page
    assert "Analysis of the unit as it is, with figures" in page


def test_gates_are_acts_of_the_service_as_well(scene: Scene, password_hash: str, complete: StrictClient) -> None:
    complete.submit(f"/organiser/{CODE}/gates/announced")
    complete.submit(f"/organiser/{CODE}/gates/applications_opened")

    assert _state(scene) is CompetitionState.RECEIVING
    assert announcements.open_applications.__doc__
