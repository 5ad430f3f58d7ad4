"""Appeals on the pages: asked, taken back, marked anew without a trace, decided, told; the check against the log."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from examsite.domain.permissions import Role
from examsite.services import codes, merging
from examsite.storage.models.accounts import Account, RoleAssignment
from tests.factories.appeals import appoint, ask
from tests.factories.marking import Board, make_board
from tests.web.conftest import Clock, Doing
from tests.web.strict_client import StrictClient, find_all, parse
from tests.web.strict_client import words as words_of
from tests.web.test_marking import read_maxima

CODE = "VH-2026-01"
COUNCIL = f"/council/{CODE}/appeals"
REASON = "Câu 2 tôi nêu đủ hai phương án và được, mất của mỗi phương án."
#: What the first markers gave and wrote; nobody who marks anew may come across it.
TRACES = ("37,5", "57,5", "Đã đọc kỹ", "M01", "M02", "M03")
Scene = Callable[..., Any]
LogIn = Callable[..., StrictClient]


def words(page: str) -> str:
    """What people read on a page."""
    return str(words_of(parse(page)))


def _published(doing: Doing, password_hash: str) -> Board:
    settings = doing.app.extensions["settings"]
    board = make_board(doing.session, doing.now, settings=settings, candidates=2, password_hash=password_hash)
    board.room.signer = doing.app.extensions["signer"]
    for script in board.allocated():
        board.lock_pair(script.code, ("37.50", "37.50"))
    codes.open_codes(board.ctx(Role.CHAIR), board.competition, words=board.sheets)
    merging.publish_written(board.ctx(Role.ORGANISER), board.competition)
    return board


@pytest.fixture
def candidate(scene: Scene, password_hash: str) -> str:
    """The number of a candidate whose written result is told."""

    def build(doing: Doing) -> str:
        board = _published(doing, password_hash)
        return str(board.room.candidacies[0].candidate_number)

    made: str = scene(build)
    return made


def test_asking_needs_a_reason_and_a_confirmation_and_gives_a_receipt(
    candidate: str, log_in: LogIn, client: StrictClient
) -> None:
    browser = log_in(candidate, door="/candidate/login")
    assert "Phúc khảo" in words(browser.get("/candidate/").text)
    refused = browser.submit("/candidate/appeal", {"part": "written", "reason": REASON})
    assert refused.status_code == 422
    assert "đánh dấu" in words(refused.text)

    done = browser.submit("/candidate/appeal", {"part": "written", "reason": REASON, "confirmed": "y"})
    assert done.status_code == 302
    page = words(browser.get("/candidate/appeal").text)
    assert "PK-01" in page
    assert re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", page)
    assert REASON in page
    receipt = browser.get("/candidate/appeal/1/receipt")
    assert "Biên nhận đề nghị phúc khảo" in words(receipt.text)
    assert browser.get("/candidate/appeal/2/receipt").status_code == 404
    # The second one is refused, whatever the page showed.
    again = browser.submit("/candidate/appeal", {"part": "written", "reason": REASON, "confirmed": "y"})
    assert again.status_code == 409

    assert browser.submit("/candidate/appeal/withdrawal", {}, form_at="/candidate/appeal").status_code == 302
    assert "Đã rút" in words(browser.get("/candidate/appeal").text)


def test_the_window_closes_for_the_page_too(candidate: str, log_in: LogIn, clock: Clock) -> None:
    clock.present += timedelta(days=8)
    browser = log_in(candidate, door="/candidate/login")
    assert "appeal-form" not in browser.get("/candidate/appeal").text
    asked = {"part": "written", "reason": REASON, "confirmed": "y"}
    late = browser.submit("/candidate/appeal", asked, form_at="/account")
    assert late.status_code == 409
    assert "đã hết" in words(late.text)


def test_who_marks_anew_comes_across_no_trace_and_the_council_leads_to_the_end(
    scene: Scene, password_hash: str, log_in: LogIn, clock: Clock
) -> None:
    def build(doing: Doing) -> tuple[str, str]:
        board = _published(doing, password_hash)
        appeal = ask(board, 0)
        for person in appoint(board, "M11", "M12", "M13"):
            doing.session.get_one(Account, person.account_id).password_hash = password_hash
        return appeal.script, str(board.room.candidacies[0].candidate_number)

    script, number = scene(build)
    maxima = read_maxima(scene)
    chair = log_in(f"chair-{CODE}".lower())
    assert "chưa hết" in words(chair.get(f"{COUNCIL}/1").text)
    clock.present += timedelta(days=8)
    chair = log_in(f"chair-{CODE}".lower())
    early = chair.get(f"{COUNCIL}/1/decision")
    assert early.status_code == 409, "no form over figures that are not there yet"
    assert "không chờ quyết định" in early.text
    assert chair.submit(f"{COUNCIL}/1/markers", {}, form_at=f"{COUNCIL}/1").status_code == 302
    named = re.findall(r"\bM1[123]\b", words(chair.get(f"{COUNCIL}/1").text))
    pair = sorted(set(named))
    assert len(pair) == 2

    for name in pair:
        marker = log_in(f"{name}-{CODE}".lower())
        pages = [f"/marker/{CODE}/scripts", f"/marker/{CODE}/scripts/{script}", f"/marker/{CODE}/comments"]
        read = " ".join(words(marker.get(page).text) for page in pages)
        assert script in read
        assert [trace for trace in TRACES if trace in read] == []
        assert marker.get(f"{COUNCIL}/1").status_code == 403
        _mark_on_the_page(marker, script, maxima)
        if name == pair[0]:
            # The other one reads nothing of the mark that is locked now, and neither does the council.
            other = log_in(f"{pair[1]}-{CODE}".lower())
            assert all("70,00" not in words(other.get(page).text) for page in pages)
            assert "70,00" not in words(chair.get(f"{COUNCIL}/1").text)
    page = words(chair.get(f"{COUNCIL}/1").text)
    assert "70,00" in page
    assert chair.submit(f"{COUNCIL}/1/decision", {"score": "66", "reason": REASON}).status_code == 409
    assert chair.submit(f"{COUNCIL}/1/dialogue", {"text": REASON}).status_code == 302
    outside = chair.submit(f"{COUNCIL}/1/decision", {"score": "71", "reason": REASON})
    assert outside.status_code == 422
    assert chair.submit(f"{COUNCIL}/1/decision", {"score": "66,5", "reason": REASON}).status_code == 302

    browser = log_in(number, door="/candidate/login")
    told = words(browser.get("/candidate/written").text)
    assert "66,50" in told
    assert not re.search(r"\bM\d\d\b", told)
    assert "66,50" in words(browser.get("/candidate/appeal").text)


def _mark_on_the_page(marker: StrictClient, script: str, maxima: tuple[int, ...]) -> None:
    """50 points, as the sheet sends them."""
    here = f"/marker/{CODE}/scripts/{script}"
    left, fields = 50, {}
    for number, most in enumerate(maxima):
        fields[f"points_{number}"] = str(min(left, most))
        left -= min(left, most)
    saved = marker.submit(here, {**fields, "revision": "0", "rubric": "0"})
    assert saved.status_code == 302, words(saved.text)[-400:]
    assert marker.submit(f"{here}/lock", {"revision": "1", "rubric": "0"}).status_code == 302


def test_the_check_names_a_mark_that_somebody_changed(candidate: str, scene: Scene, log_in: LogIn) -> None:
    browser = log_in(candidate, door="/candidate/login")
    page = browser.get("/candidate/check").text
    (compared,) = find_all(parse(page), "check-good")
    assert "notice--success" not in str(compared.get("class"))  # green comes from the reader's own machine only
    assert "check-broken" not in page
    file = json.loads(browser.get("/candidate/records.json").data)
    assert {row["record"]["event"] for row in file["records"]} >= {"answers:submitted", "mark:locked"}

    def change(doing: Doing) -> None:
        doing.session.execute(
            text("UPDATE marks SET points = replace(points, '\"10.00\"', '\"7.50\"') WHERE assignment_id IS NOT NULL")
        )

    scene(change)
    page = browser.get("/candidate/check").text
    assert "check-broken" in page
    assert "Lượt chấm 1: điểm trên trang khác" in words(page)


def test_the_administrator_swaps_a_day(scene: Scene, password_hash: str, log_in: LogIn) -> None:
    def build(doing: Doing) -> None:
        account = Account(login="quantri", display_name="Quản trị", password_hash=password_hash, created_at=doing.now)
        doing.session.add(account)
        doing.session.flush()
        doing.session.add(
            RoleAssignment(account_id=account.id, role=Role.ADMINISTRATOR, pseudonym="Q01", granted_at=doing.now)
        )

    scene(build)
    admin = log_in("quantri")
    here = "/administrator/working-days"
    assert "Quốc khánh" in words(admin.get(here).text)
    assert admin.submit(here, {"day": "2026-05-02", "kind": "worked", "reason": ""}).status_code == 422
    assert admin.submit(here, {"day": "2026-05-01", "kind": "rest", "reason": "CV 1"}).status_code == 409
    assert admin.submit(here, {"day": "2026-05-02", "kind": "worked", "reason": "CV 1"}).status_code == 302
    assert "02/05/2026" in words(admin.get(here).text)
    assert admin.submit(f"{here}/2026-05-02/removal", {}, form_at=here).status_code == 302
    assert "CV 1" not in words(admin.get(here).text)
