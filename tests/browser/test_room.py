"""A room from the door to the signed lists, as its two invigilators live it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from examsite.cli.demonstration import PASSWORD
from examsite.cli.demonstration.portraits import portrait
from tests.browser.browser import Browser, Site
from tests.browser.pages.candidate import Candidate
from tests.browser.pages.invigilator import Invigilator
from tests.browser.pages.person import VIETNAM

SITTING = "S2"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def site(new_demonstration: Callable[..., Site]) -> Site:
    """The demonstration, on a server whose clock goes where the story wants it."""
    return new_demonstration(moved_clock=True)


def said(browser: Browser) -> str:
    """What a screen reader was given to say last."""
    return str(browser.driver.execute_script("return document.querySelector('[data-announce]').textContent"))


def shown_veil(browser: Browser) -> str:
    """The words over a board that has lost the server, once they are there."""
    found = browser.driver.find_elements(By.CSS_SELECTOR, "[data-veil]:not([hidden])")
    return found[0].text if found else ""


def walks_with_arrows(browser: Browser) -> None:
    """The plan is one stop of the tabulator; arrows go from seat to seat."""
    stops = browser.driver.find_elements(By.CSS_SELECTOR, '[data-seats] a.seat[tabindex="0"]')
    assert len(stops) == 1
    browser.driver.execute_script("document.querySelector('[data-seats] a[data-key=A1]').focus()")
    browser.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    browser.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    # A2 is empty since its candidate moved, and nothing to stop at.
    assert browser.driver.switch_to.active_element.get_attribute("data-key") == "B3"


def test_a_room_from_the_door_to_the_signed_lists(
    site: Site, people: Callable[[Site, str], Browser], tmp_path: Path
) -> None:
    code = f"VH-{site.now().astimezone(VIETNAM):%Y}-05"
    starts_at = site.now().replace(second=0, microsecond=0) + 20 * MINUTE
    desk = people(site, "bàn coi thi")
    first = Invigilator(desk, login="coithi", password=PASSWORD, code=code)
    other_desk = people(site, "bàn thứ hai")
    second = Invigilator(other_desk, login="coithi2", password=PASSWORD, code=code)
    first.logs_in()
    second.logs_in()

    seats = first.sees_seats(SITTING)
    number = "E" + seats["A1"]
    face = tmp_path / "mat.png"
    face.write_bytes(portrait(1))
    first.photographs(SITTING, "A1", face)
    shown = desk.see("photo")
    assert desk.driver.execute_script("return arguments[0].naturalWidth", shown) > 0
    for seat in ("A2", "A3"):
        first.checks_in(SITTING, seat)

    site.move_clock_to(starts_at + MINUTE)
    desk_of_exam = people(site, "máy thi")
    # The server is gone for a while in this story; the page says so and goes on.
    desk_of_exam.expect_in_console("net::ERR_CONNECTION_REFUSED")
    candidate = Candidate(desk_of_exam, name="", login=number, password=PASSWORD)
    candidate.logs_in()
    candidate.goes_to("/candidate/test")
    candidate.is_writing()
    site.move_clock_to(starts_at + 4 * MINUTE)  # to the server the machine was silent for three minutes
    desk.until(lambda: first.sees_cards(SITTING, "lost"), what="the lost time of A1")
    assert "Chỗ A2" in " ".join(first.sees_cards(SITTING, "silent"))  # checked in, not yet at the test
    first.gives_back(SITTING, "A1")
    assert first.sees_cards(SITTING, "lost") == []

    first.moves(SITTING, "A2", "C4", "Màn hình nhấp nháy")
    assert "C4" in first.sees_seats(SITTING)
    first.says(SITTING, "A1", "Máy của anh/chị đã được bù giờ.")
    first.asks_for_room_time(SITTING, 5, "Mất điện cả phòng")
    assert "không tự duyệt" in first.sees_cards(SITTING, "request")[0]

    # The board of the first one is open and follows what the second one does, without a touch.
    desk.driver.execute_script("window.untouched = true")
    second.grants_request(SITTING)
    desk.until(lambda: not desk.see_all("card-request"), what="the request gone from the open board")
    second.records_incident(SITTING, "A3", minutes="Điện thoại reo.", measure="warning")
    desk.until(lambda: "Sự việc mới. Chỗ A3." in said(desk), what="the incident announced")
    assert "Điện thoại reo." in desk.text_of("card-incident")
    assert desk.driver.execute_script("return window.untouched")
    walks_with_arrows(desk)

    site.move_clock_to(starts_at + 200 * MINUTE)

    def is_signable() -> bool:
        second.goes_to(f"/invigilator/{code}/sittings/{SITTING}")
        return bool(other_desk.see_all("sign-attendance"))

    other_desk.until(is_signable, what="the sitting closed by the server", patience_seconds=60)
    second.signs_attendance(SITTING)
    for paper in ("plan", "minutes"):
        with pikepdf.open(io.BytesIO(second.prints(SITTING, paper))) as printed:
            assert printed.pages
    assert "chuyển từ chỗ A2 sang chỗ C4" in second.reads_minutes(SITTING)

    second.goes_to(f"/invigilator/{code}/sittings/{SITTING}")
    other_desk.expect_in_console("ERR_CONNECTION_REFUSED")
    desk.expect_in_console("ERR_CONNECTION_REFUSED")
    desk_of_exam.expect_in_console("net::ERR_FAILED")  # the receipt looks for its proof while the server ends
    site.stop()
    veil = other_desk.until(lambda: shown_veil(other_desk), what="the veil over old figures", patience_seconds=40)
    assert "Mất kết nối với máy chủ" in veil
