"""Handing in a proposal through the door: kinds, sizes, the deadline, versions, and other people's files."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from examsite.domain.competitions import CompetitionState
from examsite.domain.permissions import Role
from examsite.domain.receipts import check_receipt, parse_receipt
from examsite.services.checkpoints import list_due_logs, sign_checkpoint
from examsite.services.context import ServiceContext
from examsite.services.proposals import draw_presentation_order
from examsite.storage.database import db, writing
from examsite.storage.queries.candidacies import get_candidacy
from examsite.storage.queries.competitions import get_competition
from examsite.storage.queries.conflicts import list_final_candidacies
from examsite.web.candidate import HOME_TOPICS
from tests.factories import files, hidden_leaks
from tests.factories.defence import Hall, make_hall
from tests.web.conftest import Clock
from tests.web.strict_client import StrictClient, find_all, words

CODE = "VH-2026-01"
HERE = "/candidate/proposal"


@pytest.fixture
def stage(scene: Callable[..., Any], password_hash: str, now: datetime, app: Flask, clock: Clock) -> Callable[..., Any]:
    """Builds a hall up to a point; the clock then stands a minute before the deadline."""

    def build(steps: Callable[[Hall], Any] | None = None) -> datetime:
        def make(doing: Any) -> Hall:
            return make_hall(
                doing.session, now, settings=app.extensions["settings"], code=CODE, password_hash=password_hash
            )

        def go_on(hall: Hall) -> datetime:
            if steps is not None:
                steps(hall)
            return hall.closes_at

        closes_at: datetime = scene(make, once="hall", then=go_on)
        clock.present = closes_at - timedelta(minutes=1)
        return closes_at

    return build


@pytest.fixture
def candidate(log_in: Callable[..., StrictClient]) -> Callable[[int], StrictClient]:
    return lambda number: log_in(f"hs-{CODE.lower()}-{number:03d}", door="/candidate/login")


def hand_in(
    client: StrictClient, data: bytes, *, name: str = "de-an.pdf", title: str = "Giao việc theo kết quả"
) -> Any:
    return client.submit(HERE, {"title": title, "file": (io.BytesIO(data), name)})


@pytest.mark.parametrize("data", [files.pdf(), files.docx(), files.pptx()], ids=["pdf", "docx", "pptx"])
def test_the_three_kinds_are_taken_whatever_the_name_says(stage: Any, candidate: Any, data: bytes) -> None:
    stage()
    client = candidate(1)
    assert hand_in(client, data, name="../../bất kỳ.exe").status_code == 302
    page = client.page(HERE)
    assert "Giao việc theo kết quả" in words(find_all(page, "version-1")[0])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (files.png(), "PNG"),
        (files.xlsx(), "chỉ nhận"),
        (b"", "rỗng"),
        (b"%PDF-1.7 half", "hỏng"),
        (b"MZ not a proposal", "chỉ nhận"),
        (files.pdf(script=True), "mã chạy được"),
        (files.pdf(password="x"), "mật khẩu"),
        (b"0" * (2 * 1024 * 1024 + 1), "2 MB"),
    ],
    ids=["png", "xlsx", "empty", "half", "exe", "script", "locked", "large"],
)
def test_wrong_files_get_a_clear_answer_and_leave_nothing(stage: Any, candidate: Any, data: bytes, says: str) -> None:
    stage()
    client = candidate(1)
    answer = hand_in(client, data)
    assert answer.status_code == 422
    assert says in answer.text
    assert not find_all(client.page(HERE), "versions")


@pytest.mark.parametrize("title", ["", " \u200b ", "x" * 301])
def test_a_title_is_asked_for(stage: Any, candidate: Any, title: str) -> None:
    stage()
    answer = hand_in(candidate(1), files.pdf(), title=title)
    assert answer.status_code == 422


def test_a_request_after_the_deadline_is_refused_and_what_was_there_stays(
    stage: Any, candidate: Any, clock: Clock
) -> None:
    closes_at = stage()
    client = candidate(1)
    clock.present = closes_at - timedelta(milliseconds=1)
    assert hand_in(client, files.pdf(text="trước")).status_code == 302
    token = client.token(HERE)
    clock.present = closes_at
    late = client.post(
        HERE, data={"csrf_token": token, "title": "Muộn", "file": (io.BytesIO(files.pdf(text="muộn")), "muon.pdf")}
    )
    assert late.status_code == 409
    assert "Đã hết giờ nộp đề án" in late.text
    page = client.page(HERE)
    assert find_all(page, "version-1")
    assert not find_all(page, "version-2")
    assert not find_all(page, "hand-in")


def test_own_versions_come_back_as_downloads_and_others_do_not(stage: Any, candidate: Any) -> None:
    stage()
    first, second = candidate(1), candidate(2)
    data = files.pdf(text="của tôi")
    hand_in(first, data)
    own = first.get(f"{HERE}/1")
    assert own.data == data
    assert own.headers["Content-Disposition"].startswith("attachment")
    assert own.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in own.headers["Content-Security-Policy"]
    assert second.get(f"{HERE}/1").status_code == 404
    assert first.get(f"{HERE}/2").status_code == 404
    assert first.get(f"{HERE}/99999999999999999999").status_code == 404


def test_a_version_has_a_receipt_of_its_own(stage: Any, candidate: Any, app: Any, clock: Any) -> None:
    stage()
    first, second = candidate(1), candidate(2)
    hand_in(first, files.pdf(text="của tôi"))
    assert find_all(first.page(f"{HERE}/1/receipt"), "receipt-waits")
    assert first.get(f"{HERE}/1/receipt.txt").status_code == 404
    with app.app_context(), writing(db.engine) as session:
        for code in list_due_logs(ServiceContext(session=session, now=clock() + timedelta(minutes=1))):
            sign_checkpoint(ServiceContext(session=session, now=clock(), signer=app.extensions["signer"]), code)
    assert not find_all(first.page(f"{HERE}/1/receipt"), "receipt-waits")
    receipt = parse_receipt(first.get(f"{HERE}/1/receipt.txt").text)
    check_receipt(receipt)
    assert receipt.record.event == "proposal:uploaded"
    for path in ("1/receipt", "1/receipt.txt"):
        assert second.get(f"{HERE}/{path}").status_code == 404


def test_who_failed_the_written_part_has_no_form(stage: Any, candidate: Any) -> None:
    stage()
    client = candidate(4)
    assert not find_all(client.page(HERE), "hand-in")
    answer = client.submit(HERE, {"title": "x", "file": (io.BytesIO(files.pdf()), "a.pdf")}, form_at="/candidate/")
    assert answer.status_code == 403
    assert not find_all(client.page("/candidate/"), "home-proposal")


def test_the_panel_reads_what_is_locked_and_a_pdf_runs_nothing(
    stage: Any, candidate: Any, log_in: Any, scene: Any, clock: Clock, now: datetime
) -> None:
    closes_at = stage()
    hand_in(candidate(1), files.pdf(text="LoDanhTinh"))
    clock.present = closes_at
    assert log_in(f"organiser-{CODE.lower()}").submit(f"/organiser/{CODE}/gates/proposals_locked").status_code == 302
    log_in(f"chair-{CODE.lower()}").submit(f"/council/{CODE}/presentation-order")
    member = log_in(f"g01-{CODE.lower()}")
    here = f"/panel/{CODE}/defences/1/proposal"
    down = member.get(f"{here}/file")
    assert down.headers["Content-Disposition"] == "attachment; filename=de-an.pdf"
    assert b"LoDanhTinh" not in down.data, "the copy without its author is all that the panel gets"
    page = member.page(here)
    assert words(find_all(page, "where")[0]) == "1 / 1"
    picture = next(item for item in page.iter("img") if item.get("alt") == "Trang 1")
    shown = member.get(picture.get("src") or "")
    assert shown.mimetype == "image/webp"
    assert shown.data[8:12] == b"WEBP"
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert shown.headers["Cache-Control"] == "private, no-cache"
    again = member.get(f"{here}/page-1-1400.webp", headers={"If-None-Match": shown.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert member.get(f"{here}/page-2-1400.webp").status_code == 404
    assert member.get(f"{here}/page-1-1401.webp").status_code == 404
    assert member.get(f"{here}/picture-1.webp").status_code == 404


def test_words_that_nobody_sees_are_told_to_who_hands_in_and_to_who_reads(
    stage: Any, candidate: Any, log_in: Any, clock: Clock
) -> None:
    closes_at = stage()
    client = candidate(1)
    hand_in(client, files.pdf(text="nhìn thấy"))
    assert not find_all(client.page(HERE), "unseen")
    hand_in(client, hidden_leaks.unseen()["white"][0])
    told = words(find_all(client.page(HERE), "unseen")[0])
    assert "Trang 1: " in told
    assert "chữ cái trùng màu nền" in told
    clock.present = closes_at
    log_in(f"organiser-{CODE.lower()}").submit(f"/organiser/{CODE}/gates/proposals_locked")
    log_in(f"chair-{CODE.lower()}").submit(f"/council/{CODE}/presentation-order")
    page = log_in(f"g01-{CODE.lower()}").page(f"/panel/{CODE}/defences/1/proposal")
    assert "chữ cái trùng màu nền" in words(find_all(page, "unseen")[0])


def test_the_own_turn_is_told_and_no_score_before_the_publication(
    stage: Any, candidate: Any, scene: Any, app: Flask
) -> None:
    def settled(hall: Hall) -> None:
        hall.drawn()
        for position in (1, 2, 3):
            hall.revealed(["61.00", "62.00", "66.00"], position=position)

    stage(settled)
    client = candidate(1)
    card = words(find_all(client.page("/candidate/"), "home-proposal")[0])
    assert "theo thứ tự rút thăm" in card
    assert "63,00" not in client.get("/candidate/").text

    def own_card(state: CompetitionState) -> Any:
        topic = next(item for item in HOME_TOPICS if item.name == "proposal")

        def read(doing: Any) -> Any:
            competition = get_competition(doing.session, CODE)
            competition.state = state
            mine = next(row for row in list_final_candidacies(doing.session, competition.id))
            with app.test_request_context():
                return topic.read(get_candidacy(doing.session, mine.id), doing.now)

        return scene(read)

    assert own_card(CompetitionState.APPROVED)["score"] is None


def test_the_order_is_the_chairs_to_draw(stage: Any, log_in: Any) -> None:
    def drawn(hall: Hall) -> None:
        hall.locked()
        draw_presentation_order(hall.ctx(Role.CHAIR), hall.competition)

    stage(drawn)
    organiser = log_in(f"organiser-{CODE.lower()}")
    assert organiser.get(f"/council/{CODE}/presentation-order").status_code == 403
