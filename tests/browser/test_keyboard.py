"""A candidate and an invigilator who have a keyboard and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import repeat

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from examsite.cli.demonstration import PASSWORD
from tests.browser.browser import Browser, Site
from tests.browser.pages.candidate import Candidate
from tests.browser.pages.keyboard import Keyboard
from tests.browser.pages.person import VIETNAM, Official
from tests.browser.pages.watcher import Watcher

#: In the sitting that begins twenty minutes after the demonstration was made.
NUMBER = "E065"
MINUTE = timedelta(minutes=1)
HEARS_SECONDS = 40


@pytest.fixture(scope="module")
def site(new_demonstration: Callable[..., Site]) -> Site:
    """The demonstration, on a server whose clock goes where the story wants it."""
    return new_demonstration(moved_clock=True)


def test_an_invigilator_checks_in_answers_records_and_gives_time(
    site: Site, people: Callable[[Site, str], Browser]
) -> None:
    code = f"VH-{site.now().astimezone(VIETNAM):%Y}-05"
    browser = people(site, "bàn coi thi")
    keys = Keyboard(browser)
    person = Official(browser, login="coithi", password=PASSWORD, code=code)
    browser.open("/login")
    keys.goes_to('input[name="login"]')
    keys.press("coithi", Keys.TAB, PASSWORD)
    keys.leaves_by(Keys.ENTER)

    keys.goes_to(f'main a[href*="/invigilator/{code}"]')
    keys.leaves_by(Keys.ENTER)
    keys.goes_to('main a[href$="/sittings/S2"]')
    keys.leaves_by(Keys.ENTER)

    opens_seat(keys, "A3")
    keys.goes_to('.board-tabs a[href*="check-in"]')
    keys.leaves_by(Keys.ENTER)
    keys.goes_to('[data-testid="check-in"]')
    keys.leaves_by(Keys.ENTER)
    person.is_not_refused()
    assert "đã đối chiếu" in person.finds('a.seat[data-key="A3"]')[0].get_attribute("textContent")

    keys.goes_to("nav a", "Ca thi")
    keys.leaves_by(Keys.ENTER)
    keys.goes_to('main a[href$="/sittings/S1"]')
    keys.leaves_by(Keys.ENTER)
    calls = len(browser.see_all("card-call"))
    assert calls
    keys.goes_to('[data-testid="card-call"] a', "Trả lời")
    keys.leaves_by(Keys.ENTER)
    keys.goes_to('[name="text"]')
    keys.press("Đang đến.")
    keys.goes_to('[data-testid="answer-call"]')
    keys.leaves_by(Keys.ENTER)
    person.is_not_refused()
    browser.until(lambda: len(browser.see_all("card-call")) == calls - 1, what="one call less")

    opens_seat(keys, "A2")
    keys.goes_to('.board-tabs a[href*="act=incident"]')
    keys.leaves_by(Keys.ENTER)
    # A refusal is read where the focus is, and what was typed stays.
    browser.expect_in_console("422")
    keys.goes_to('[data-testid="record-incident"]')
    keys.leaves_by(Keys.ENTER)
    keys.sees_focus()
    assert keys.is_at("[data-error-summary]")
    keys.goes_to('[name="minutes"]')
    keys.press("Điện thoại reo trong túi.")
    keys.goes_to('[name="witnesses"]')
    keys.press("Hai thí sinh ngồi gần")
    keys.goes_to('[name="measure"]')
    keys.press(Keys.ARROW_DOWN)
    keys.goes_to('[data-testid="record-incident"]')
    keys.leaves_by(Keys.ENTER)
    person.is_not_refused()
    assert "Điện thoại reo trong túi." in person.reads()

    # The seat stays open; its next act is a tab away.
    keys.goes_to('.board-tabs a[href*="act=extend"]')
    keys.leaves_by(Keys.ENTER)
    keys.goes_to('[name="minutes"]')
    keys.press("3")
    keys.goes_to('[name="reason"]')
    keys.press("Bàn phím hỏng, đã thay")
    keys.goes_to('[data-testid="extend"]')
    keys.leaves_by(Keys.ENTER)
    keys.goes_to('[data-testid="confirm-act"]')
    keys.leaves_by(Keys.ENTER)
    person.is_not_refused()
    assert "(đã bù 3 phút)" in person.reads()


def test_a_candidate_sits_the_whole_test(site: Site, people: Callable[[Site, str], Browser]) -> None:
    browser = people(site, "máy thi")
    # At the very instant a page may ask a little before the server has begun; it asks again by itself.
    browser.expect_in_console("status of 409")
    keys = Keyboard(browser)
    person = Candidate(browser, name=NUMBER, login=NUMBER, password=PASSWORD)
    browser.open("/candidate/login")
    keys.goes_to('input[name="login"]')
    keys.press(NUMBER, Keys.TAB, PASSWORD)
    keys.leaves_by(Keys.ENTER)
    if not person.finds("[data-room]"):
        keys.goes_to('main a[href$="/candidate/test"]')
        keys.leaves_by(Keys.ENTER)

    browser.see("countdown")
    keys.goes_to("[data-typing]")

    def tried() -> list[WebElement]:
        keys.press("ắệ")  # again, should the page have listened a moment later than it was seen
        return person.finds('[data-check="keyboard"][data-state="good"]')

    browser.until(tried, what="the keyboard tried")
    site.move_clock_to(site.now() + 25 * MINUTE)
    browser.until(lambda: person.finds("textarea[data-answer]:not([readonly])"), patience_seconds=HEARS_SECONDS)
    keys.sees_focus()  # the page changed by itself, and the focus went with it

    kinds: dict[str, str] = {}
    for item, kind in person.lists_questions().items():
        kinds.setdefault(kind, item)
    assert set(kinds) == {"single", "multiple", "true_false", "numeric", "ordering", "essay"}
    for kind, item in kinds.items():
        goes_to_question(keys, item)
        answers(keys, kind, item)
    browser.until(lambda: not browser.driver.execute_script("return examsite.room.unsaved()"), what="all saved")
    for item in kinds.values():
        cell = f'#navigator [data-goto="{item}"].is-answered'
        browser.until(lambda cell=cell: person.finds(cell), what=cell)

    keys.goes_to("[data-flag]")
    keys.press(Keys.SPACE)
    assert person.finds('[data-flag][aria-pressed="true"]')
    keys.goes_to("[data-next]") if person.finds("[data-next]:not([disabled])") else keys.goes_to("[data-previous]")
    keys.press(Keys.ENTER)
    assert keys.is_at("[data-item]:not([hidden]) *")

    keys.goes_to("[data-item]:not([hidden]) [data-help]")
    keys.press(Keys.ENTER)
    assert keys.is_at("dialog[open] input")
    keys.press(Keys.ARROW_DOWN)
    keys.goes_to('[data-testid="help-send"]')
    keys.press(Keys.ENTER)
    assert keys.is_at("[data-help]")
    browser.until(lambda: "Đã gọi lúc" in browser.text_of("help-state"), what="the call at the server")

    attempt = int(browser.driver.execute_script("return examsite.room.attempt"))
    watcher = Watcher(site, attempt)
    watcher.says("Câu 3: đọc là 05 ngày làm việc.")
    browser.until(browser.see_all("message")[0].is_displayed, what="the message", patience_seconds=HEARS_SECONDS)
    keys.sees_focus()
    while browser.see_all("message")[0].is_displayed():
        keys.goes_to("[data-message-close]")
        keys.press(Keys.ENTER)
    assert keys.is_at("[data-item]:not([hidden]) *")
    browser.until(lambda: watcher.read_message_id() is not None, what="the receipt of the message")

    keys.goes_to("[data-sheet-larger]")
    for _step in range(5):  # one more than there are: the last one changes nothing and keeps the focus
        keys.press(Keys.SPACE)
    assert browser.driver.execute_script("return examsite.room.root.dataset.size") == "26"
    keys.goes_to("[data-reading-toggle]")
    keys.press(Keys.ENTER)
    keys.goes_to('.reading-panel [data-choose="spacing"]')
    keys.press(Keys.SPACE)
    keys.press(Keys.ESCAPE)
    assert keys.is_at("[data-reading-toggle]")
    assert browser.driver.execute_script("return examsite.room.root.dataset.spacing") == "wide"

    keys.goes_to("[data-hand-in]")
    keys.press(Keys.ENTER)
    assert keys.is_at("[data-hand-in-cancel]")  # the safe way out
    assert person.finds("[data-hand-in-flags]")[0].text.strip() != "0"
    keys.goes_to("[data-hand-in-missing] a")
    keys.press(Keys.ENTER)  # a missing question is one step away
    assert not person.finds("dialog[open]")
    assert keys.is_at("[data-item]:not([hidden]) *")
    keys.goes_to("[data-hand-in]")
    keys.press(Keys.ENTER)
    keys.press(Keys.ESCAPE)
    assert keys.is_at("[data-hand-in]")
    keys.press(Keys.ENTER)
    keys.goes_to("[data-hand-in-confirm]")
    keys.leaves_by(Keys.ENTER)
    assert person.sees_receipt()
    keys.goes_to("[data-print-page]")


def opens_seat(keys: Keyboard, seat: str) -> None:
    """A seat of the first row: the plan is one stop, from which arrows go up to the row and along it."""
    keys.goes_to("[data-seats] a.seat")
    keys.press(Keys.HOME, *repeat(Keys.ARROW_UP, 5))
    keys.walks_to(f'a.seat[data-key="{seat}"]', repeat(Keys.ARROW_RIGHT, 9))
    keys.leaves_by(Keys.ENTER)


def goes_to_question(keys: Keyboard, item: str) -> None:
    """Through the navigator: one stop, arrows inside."""
    keys.goes_to("#navigator [data-goto].cell, #navigator [data-goto].essay-cell")
    keys.press(Keys.HOME)
    keys.walks_to(f'#navigator [data-goto="{item}"]', repeat(Keys.ARROW_RIGHT, 60))
    keys.press(Keys.ENTER)
    assert keys.is_at(f'[data-item="{item}"] *')


def answers(keys: Keyboard, kind: str, item: str) -> None:
    """One question, by the keys that its kind takes."""
    here = f'[data-item="{item}"]'
    if kind == "essay":
        assert keys.is_at(f"{here} textarea")
        keys.press("Trước hết phải nghe người dân.", Keys.ENTER, "Sau đó mới nói.")
    elif kind == "numeric":
        keys.goes_to(f"{here} [data-answer]")
        keys.press("12,5")
    elif kind == "ordering":
        keys.goes_to(f'{here} [data-move="1"]')
        for _step in range(8):  # down to the last place, where the way back takes the focus
            keys.press(Keys.ENTER)
            if keys.is_at('[data-move="-1"]'):
                break
        assert keys.is_at('[data-move="-1"]')
    elif kind == "multiple":
        keys.goes_to(f"{here} input")
        keys.press(Keys.SPACE)
        keys.press(Keys.TAB)
        keys.press(Keys.SPACE)
    else:
        keys.goes_to(f"{here} input")
        keys.press(Keys.SPACE)
        keys.press(Keys.ARROW_DOWN)
