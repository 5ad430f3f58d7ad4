"""Pages about agreed marks, pauses and statistics: what head, second person and markers can do, and cannot find out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from examsite.domain.marking import ScriptKind
from examsite.domain.permissions import Role
from examsite.domain.questions import Text
from examsite.services import marker_alarms, marker_stops
from examsite.services.allocations import draw_allocation
from examsite.services.rubric_changes import agree_change, propose_change
from examsite.statistics.drift import Alarm, Direction
from examsite.storage.models.marking import Allocation, Mark, Script
from examsite.storage.models.standardisation import AgreedMark, MarkerAlarm, MarkerStop, Qualification
from tests.factories.marking import NO_SEEDS, Board, make_board
from tests.factories.standardisation import agree, propose, with_rules
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all, words

CODE = "VH-2026-01"
Scene = Callable[[Callable[[Doing], Any]], Any]
LogIn = Callable[..., StrictClient]


@pytest.fixture
def build(scene: Scene, password_hash: str) -> Callable[[Callable[[Board], Any]], Any]:
    """A board whose codes are sealed, and what a test adds to it; gives back what the test asked for."""

    def made(more: Callable[[Board], Any]) -> Any:
        def prepare(doing: Doing) -> Board:
            settings = doing.app.extensions["settings"]
            board = make_board(doing.session, doing.now, settings=settings, password_hash=password_hash)
            board.sealed()
            return board

        return scene(prepare, once="board", then=more)

    return made


def _login(pseudonym: str) -> str:
    return f"{pseudonym}-{CODE}".lower()


def _sheet(page: str, points: str = "5") -> dict[str, str]:
    """Points for every criterion on a page with a sheet, none above its maximum."""
    found = {}
    for name in re.findall(r'name="(points_\d+)"', page):
        found[name] = points
    return found


def _seeded(board: Board) -> tuple[str, list[str]]:
    seed = agree(board, ScriptKind.SEED, "40", text=board.session.scalars(select(Script)).first().content[0]["text"])
    draw_allocation(board.ctx(Role.CHAIR), board.competition, without_seeds=NO_SEEDS)
    live = board.session.scalars(select(Script.code).where(Script.kind == ScriptKind.LIVE)).all()
    return str(seed.script.code), list(live)


def _normal(page: str, code: str) -> str:
    """A page without what is its own: the code, the place in the queue, tokens, the clock."""
    page = re.sub(r'(name="csrf_token"[^>]*value|nonce|data-page)="[^"]*"', "", page)
    page = re.sub(r'<svg class="marking-progress.*?</svg>', "", page, flags=re.S)
    page = re.sub(r'<nav class="marking-steps.*?</nav>', "", page, flags=re.S)
    return re.sub(r"\d+", "#", page.replace(code, "CODE"))


# --- seeds -----------------------------------------------------------------------------------------------------------


def test_nothing_on_the_page_of_a_seed_tells_it_from_a_script(
    build: Callable[[Callable[[Board], Any]], Any], log_in: LogIn
) -> None:
    seed, live = build(_seeded)
    client = log_in(_login("M01"))
    queue = client.get(f"/marker/{CODE}/scripts").text
    own = [code for code in live if code in queue]
    assert seed in queue

    pages = {code: client.get(f"/marker/{CODE}/scripts/{code}") for code in (seed, own[1])}

    assert _shape(pages[seed].text, seed) == _shape(pages[own[1]].text, own[1])
    assert [name for name, _value in pages[seed].headers] == [name for name, _value in pages[own[1]].headers]
    for word in ("seed", "bài mẫu", "standard", "agreed", "thống nhất"):
        assert word not in pages[seed].text.lower()


def _shape(page: str, code: str) -> str:
    """The page without the answers, which are the person's own."""
    page = re.sub(r'<ol class="script-text.*?</ol>', "", page, flags=re.S)
    page = re.sub(r'<a [^>]*rel="(?:prev|next)".*?</a>', "", page, flags=re.S)
    return re.sub(r"\s+", " ", _normal(page, code))


# --- entering and agreeing -------------------------------------------------------------------------------------------


def test_the_head_enters_a_script_and_the_chair_agrees(
    build: Callable[[Callable[[Board], Any]], Any], log_in: LogIn, scene: Scene
) -> None:
    paper, chair = build(lambda board: (board.room.paper.code, _chair_login(board)))
    head = log_in(_login("H01"))
    address = f"/marker/{CODE}/head/standards/new/{paper}"
    page = head.get(address).text
    sheet = {"kind": "practice", "text_0": "Tôi nêu hai phương án.", "text_1": "Tôi đánh giá lại sau một tháng."}

    assert head.submit(address, data={**sheet, **_sheet(page, "999")}).status_code == 422
    assert head.submit(address, data={**sheet, **_sheet(page)}).status_code == 302
    listed = words(head.page(f"/marker/{CODE}/head/standards"))
    assert "LT01" in listed
    assert "Chờ người thứ hai" in listed

    second = log_in(chair)
    answer = f"/council/{CODE}/standards/LT01"
    shown = second.get(answer).text
    assert "Tôi nêu hai phương án." in shown
    (sha256,) = re.findall(r'name="sha256"[^>]*value="(\w+)"', shown)
    assert second.submit(answer, data={"answer": "agree", "sha256": sha256}).status_code == 302

    agreed = scene(lambda doing: doing.session.scalars(select(AgreedMark)).one().agreed_at)
    assert agreed is not None
    assert "LT01" in log_in(_login("M01")).get(f"/marker/{CODE}/practice").text


def test_after_a_change_of_the_guide_both_people_read_the_new_words_and_markers_find_nothing(
    build: Callable[[Callable[[Board], Any]], Any], log_in: LogIn
) -> None:
    def changed(board: Board) -> tuple[str, int]:
        agree(board, ScriptKind.PRACTICE, "40")
        known = board.rubric.human[0]
        change = propose_change(
            board.ctx(Role.MARKING_HEAD),
            board.competition,
            board.room.paper.code,
            known.criterion,
            text=Text("Nêu đúng hai việc phải tách", "Separates the two issues"),
            levels=known.levels,
            reason="Mức 3 nói hai điều trái nhau.",
        )
        agree_change(board.ctx(Role.SETTER), board.competition, change.id)
        return _chair_login(board), change.id

    chair, change = build(changed)
    head = log_in(_login("H01"))

    assert "LT01" in words(find_all(head.page(f"/marker/{CODE}/head/rubric/changes/{change}"), "standards")[0])
    page = head.page(f"/marker/{CODE}/head/standards/LT01")
    assert "Nêu đúng hai việc phải tách" in words(page)
    assert "Hướng dẫn chấm đã đổi, thống nhất lại" in words(page)
    assert "Nêu đúng hai việc phải tách" in words(log_in(chair).page(f"/council/{CODE}/standards/LT01"))
    assert "LT01" not in log_in(_login("M01")).get(f"/marker/{CODE}/practice").text


def _chair_login(board: Board) -> str:
    from examsite.storage.models.accounts import Account

    held = board.room.people[Role.CHAIR]
    return str(board.session.get_one(Account, held.account_id).login)


def _opened(marker: StrictClient, code: str) -> str:
    """The scoring page of a practice or qualification script, opened from the list."""
    listed = f"/marker/{CODE}/practice"
    begun = marker.submit(f"{listed}/{code}", form_at=listed)
    assert begun.headers["Location"].endswith(f"/scripts/{code}")
    return marker.get(begun.headers["Location"]).text


def _lock_standard(marker: StrictClient, code: str, page: str) -> None:
    address = f"/marker/{CODE}/scripts/{code}"
    assert (
        marker.submit(address, data={**_sheet(page), "revision": "0", "then": "lock"})
        .headers["Location"]
        .endswith("/lock")
    )
    assert marker.submit(f"{address}/lock", data={"revision": "1"}).headers["Location"].endswith(f"/practice/{code}")


def test_a_draft_and_a_note_on_a_practice_script_are_there_again(
    build: Callable[[Callable[[Board], Any]], Any], log_in: LogIn
) -> None:
    build(lambda board: agree(board, ScriptKind.PRACTICE, "40", text="Tôi nêu hai phương án và chọn một."))
    marker = log_in(_login("M01"))
    page = _opened(marker, "LT01")
    address = f"/marker/{CODE}/scripts/LT01"
    item = re.findall(r'data-answer="(\w+)"', page)[0]

    assert marker.submit(address, data={"revision": "0", "points_0": "5", "comment_0": "Rõ."}).status_code == 302
    note = {"item": item, "start": "0", "end": "3", "quote": "Tôi", "text": "Ai?", "criterion": ""}
    assert marker.submit(f"{address}/notes", data=note, form_at=address).status_code == 200

    again = _opened(marker, "LT01")
    assert ("Rõ." in again, "Ai?" in again) == (True, True)
    assert "Đang chấm" in words(marker.page(f"/marker/{CODE}/practice"))
    assert log_in(_login("M02")).get(address).status_code == 404


def test_a_practice_script_shows_the_agreed_mark_only_once_locked(
    build: Callable[[Callable[[Board], Any]], Any], log_in: LogIn, scene: Scene
) -> None:
    build(lambda board: agree(board, ScriptKind.PRACTICE, "40"))
    marker = log_in(_login("M01"))
    address = f"/marker/{CODE}/practice/LT01"
    assert marker.get(f"/marker/{CODE}/scripts/LT01").status_code == 404
    assert marker.get(address).headers["Location"].endswith("/practice")

    page = _opened(marker, "LT01")
    assert "chưa nêu người phối hợp" not in page
    assert "data-sheet" in page
    assert "Chấm thử" in page
    _lock_standard(marker, "LT01", page)

    shown = words(marker.page(address))
    assert "chưa nêu người phối hợp" in shown
    assert "thống nhất 40" in shown
    assert "LT01" not in marker.get(f"/marker/{CODE}/scripts").text
    assert (
        scene(
            lambda doing: len(
                doing.session.scalars(select(Mark).where(Mark.locked_at.is_not(None), Mark.round == 1)).all()
            )
        )
        == 1
    )


def test_a_proposal_that_nobody_agreed_to_is_not_there_for_markers(
    build: Callable[[Callable[[Board], Any]], Any], log_in: LogIn
) -> None:
    build(lambda board: propose(board, ScriptKind.PRACTICE, "40"))
    marker = log_in(_login("M01"))

    assert "LT01" not in marker.get(f"/marker/{CODE}/practice").text
    assert marker.get(f"/marker/{CODE}/practice/LT01").status_code == 404


# --- qualification ---------------------------------------------------------------------------------------------------


def _qualifying(board: Board) -> str:
    draw_allocation(board.ctx(Role.CHAIR), board.competition, without_seeds=NO_SEEDS)
    with_rules(board, qualification_scripts="1")
    agree(board, ScriptKind.QUALIFICATION, "40")
    own = (
        select(Script.code)
        .join(Allocation, Allocation.script_id == Script.id)
        .where(Script.kind == ScriptKind.LIVE, Allocation.assignment_id == board.markers[0].id)
    )
    return str(board.session.scalars(own).first())


def test_scripts_are_shut_until_the_head_has_qualified_the_marker(
    build: Callable[[Callable[[Board], Any]], Any], log_in: LogIn, scene: Scene
) -> None:
    live = build(_qualifying)
    marker = log_in(_login("M01"))
    for address in (f"/marker/{CODE}/scripts", f"/marker/{CODE}/scripts/{live}"):
        assert marker.get(address).headers["Location"].endswith("/practice")
    refused = marker.submit(f"/marker/{CODE}/scripts/{live}", form_at=f"/marker/{CODE}/practice")
    assert refused.status_code == 403
    assert "blind-code" not in refused.text
    _lock_standard(marker, "SH01", _opened(marker, "SH01"))
    assert "chưa nêu người phối hợp" not in marker.get(f"/marker/{CODE}/practice/SH01").text

    head = log_in(_login("H01"))
    address = f"/marker/{CODE}/head/markers/M01/qualification"
    assert "SH01" in head.get(address).text
    assert head.submit(address, data={"answer": "qualify", "reason": "Đã trao đổi."}).status_code == 302

    assert scene(lambda doing: doing.session.scalars(select(Qualification)).one().is_qualified)
    assert log_in(_login("M01")).get(f"/marker/{CODE}/scripts").status_code == 200


# --- pauses and statistics -------------------------------------------------------------------------------------------


def test_a_paused_marker_reads_that_the_head_calls_and_goes_on_after_the_decision(
    build: Callable[[Callable[[Board], Any]], Any], log_in: LogIn, scene: Scene
) -> None:
    def paused(board: Board) -> int:
        draw_allocation(board.ctx(Role.CHAIR), board.competition, without_seeds=NO_SEEDS)
        head = board.ctx(Role.MARKING_HEAD)
        return marker_stops.stop_marker(head, board.competition, "M01", reason="Cần trao đổi câu 2.").id

    stop = build(paused)
    marker = log_in(_login("M01"))
    assert marker.get(f"/marker/{CODE}/scripts").headers["Location"].endswith("/pause")
    assert "Trưởng ban sẽ liên hệ" in marker.get(f"/marker/{CODE}/pause").text

    head = log_in(_login("H01"))
    address = f"/marker/{CODE}/head/stops/{stop}"
    assert "Cần trao đổi câu 2." in head.get(address).text
    assert head.submit(address, data={"answer": "resume"}).status_code == 422
    assert head.submit(address, data={"answer": "resume", "reason": "Đã trao đổi."}).status_code == 302

    assert scene(lambda doing: doing.session.scalars(select(MarkerStop)).one().outcome) == "resumed"
    assert log_in(_login("M01")).get(f"/marker/{CODE}/scripts").status_code == 200


def test_statistics_say_that_there_is_too_little_before_they_say_anything(
    build: Callable[[Callable[[Board], Any]], Any], log_in: LogIn
) -> None:
    def some(board: Board) -> None:
        draw_allocation(board.ctx(Role.CHAIR), board.competition, without_seeds=NO_SEEDS)
        code = board.session.scalars(select(Script.code).where(Script.kind == ScriptKind.LIVE)).first()
        board.lock_pair(str(code), ("40", "42.5"))

    build(some)
    page = log_in(_login("H01")).get(f"/marker/{CODE}/head/statistics")

    assert page.status_code == 200
    assert '<h1 class="title-28">Chưa đủ bài để ước lượng</h1>' in page.text
    assert "ICC dưới 0" in page.text
    assert "stat-dot" not in page.text.split("</style>")[-1].replace("stat-dot--", "")
    assert log_in(_login("M01")).get(f"/marker/{CODE}/head/statistics").status_code == 403


def test_the_draw_says_what_is_missing_and_takes_a_reason(
    build: Callable[[Callable[[Board], Any]], Any], log_in: LogIn, scene: Scene
) -> None:
    chair = log_in(build(_chair_login))
    address = f"/council/{CODE}/codes"
    shown = words(chair.page(address))
    assert "Bài mẫu đã thống nhất: 0, bộ quy tắc cần 1" in shown

    refused = chair.submit(f"{address}/allocate", form_at=address, data={"reason": ""})
    assert refused.status_code == 422
    assert "Hãy ghi lý do" in refused.text
    drawn = chair.submit(f"{address}/allocate", form_at=address, data={"reason": "Đề mới, chưa có bài chấm thử."})

    assert drawn.status_code == 302
    assert "Bài mẫu đã thống nhất" not in words(chair.page(address))


def test_the_head_reads_an_alarm_that_names_two_and_leaves_both(
    build: Callable[[Callable[[Board], Any]], Any], log_in: LogIn, scene: Scene
) -> None:
    def alarmed(board: Board) -> int:
        moves = {
            "M01": Alarm(Direction.LENIENT, 26, 6.0, ("M02",)),
            "M02": Alarm(Direction.STRICT, 26, -6.0, ("M01",)),
        }
        alarm = marker_alarms.name_markers(board.ctx(), board.competition, moves)
        assert alarm is not None
        return alarm.id

    alarm = build(alarmed)
    head = log_in(_login("H01"))
    statistics = f"/marker/{CODE}/head/statistics"
    assert "Mức chấm đã chuyển: M01, M02" in words(head.page(statistics))
    address = f"/marker/{CODE}/head/alarms/{alarm}"
    shown = words(head.page(address))
    assert "Nếu là M01: Từ bài thứ 26 đã khóa (tính cả bài mẫu), chấm cao hơn trước khoảng 6 điểm." in shown
    assert "Nếu là M02: Từ bài thứ 26 đã khóa (tính cả bài mẫu), chấm thấp hơn trước khoảng 6 điểm." in shown

    assert head.submit(address, data={"reason": ""}).status_code == 422
    assert head.submit(address, data={"reason": "Đã đọc lại ba bài chung."}).status_code == 302

    assert "Mức chấm đã chuyển" not in words(head.page(statistics))
    assert scene(lambda doing: doing.session.scalars(select(MarkerAlarm)).one().outcome) == "left"


def test_whoever_has_locked_every_qualification_script_reads_that_the_head_is_next(
    build: Callable[[Callable[[Board], Any]], Any], log_in: LogIn
) -> None:
    def prepare(board: Board) -> None:
        with_rules(board, qualification_scripts="1")
        agree(board, ScriptKind.QUALIFICATION, "40")

    build(prepare)
    marker = log_in(_login("M01"))
    listed = f"/marker/{CODE}/practice"
    assert "Chấm xong 1 bài sát hạch" in words(marker.page(listed))
    (code,) = re.findall(r"SH[0-9]+", marker.get(listed).text)[:1]

    _lock_standard(marker, code, _opened(marker, code))

    text = words(marker.page(listed))
    assert "Đã khóa 1 bài sát hạch, chờ trưởng ban" in text
    assert "Chấm xong" not in text
