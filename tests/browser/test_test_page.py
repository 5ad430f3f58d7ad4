"""The test page: what is typed is kept, whatever happens to the page, the network or the server."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from examsite.cli.demonstration import PASSWORD
from tests.browser.browser import Browser, Site
from tests.browser.pages.candidate import Candidate

#: Longest time until a page that lost its server asks again: the cap of its back-off, and a call.
COMES_BACK_SECONDS = 40
MOST_TABS = 60


@pytest.fixture
def sits(demonstration: Site, people: Callable[[Site, str], Browser]) -> Callable[[str], Candidate]:
    """Seats a candidate of the running test of the demonstration at a machine of its own, the test open."""

    def seat(number: str, machine: str = "") -> Candidate:
        person = Candidate(people(demonstration, machine or number), name=number, login=f"E{number}", password=PASSWORD)
        person.logs_in()
        person.goes_to("/candidate/test")
        person.is_writing()
        return person

    return seat


def refused(person: Candidate) -> list[int]:
    """Answers to saves that were neither a success nor the want of a connection."""
    script = """return performance.getEntriesByType("resource")
        .filter((entry) => entry.name.endsWith("/attempts/saves")).map((entry) => entry.responseStatus)"""
    statuses = person.browser.driver.execute_script(script)
    return [status for status in statuses if status not in (0, 200)]


def first_essay(person: Candidate) -> str:
    """The first essay of the paper."""
    return next(item for item, kind in person.lists_questions().items() if kind == "essay")


def test_what_is_typed_is_acknowledged_by_the_server_and_there_after_a_reload(
    sits: Callable[[str], Candidate],
) -> None:
    person = sits("001")
    essay = first_essay(person)
    before = person.reads_answer(essay)
    person.writes(essay, " Trước hết phải nghe người dân: ắ ệ ỗ ữ.")
    person.is_saved()
    text = person.reads_answer(essay)
    assert text == before + " Trước hết phải nghe người dân: ắ ệ ỗ ữ."
    person.browser.driver.refresh()
    person.is_writing()
    assert person.reads_answer(essay) == text
    assert refused(person) == []


def test_every_kind_of_question_keeps_its_answer(sits: Callable[[str], Candidate]) -> None:
    person = sits("002")
    kinds: dict[str, str] = {}
    for item, kind in person.lists_questions().items():
        if kind != "essay":
            kinds.setdefault(kind, item)
    for item in kinds.values():
        person.answers(item)
    person.is_saved()
    given = {item: person.reads_answer(item) for item in kinds.values()}
    person.browser.driver.refresh()
    person.is_writing()
    assert {item: person.reads_answer(item) for item in given} == given
    answered = [person.finds(f'#navigator [data-goto="{item}"].is-answered') for item in given]
    assert all(answered)
    assert refused(person) == []


def test_navigator_tells_where_one_is_and_what_is_flagged(sits: Callable[[str], Candidate]) -> None:
    person = sits("003")
    first, second, *_rest = person.lists_questions()
    person.turns_to(first)
    cell = person.finds(f'#navigator [data-goto="{first}"]')[0]
    assert "đang làm" in str(cell.get_attribute("aria-label"))
    person.finds("[data-flag]")[0].click()
    assert "đánh dấu xem lại" in str(cell.get_attribute("aria-label"))
    person.finds("[data-next]")[0].click()
    assert person.finds(f'[data-item="{second}"]')[0].is_displayed()
    assert not person.finds(f'[data-item="{first}"]')[0].is_displayed()
    person.is_saved()
    person.browser.driver.refresh()
    person.is_writing()
    cell = person.finds(f'#navigator [data-goto="{first}"]')[0]
    assert "đánh dấu xem lại" in str(cell.get_attribute("aria-label"))
    person.browser.press("hand-in")
    flags = person.finds("[data-hand-in-flags]")[0]
    assert flags.text.strip() == "1"
    person.browser.press("hand-in-cancel")


def test_the_keyboard_alone_answers_and_hands_in(sits: Callable[[str], Candidate]) -> None:
    person = sits("004")
    driver = person.browser.driver

    def types(*keys: str) -> None:
        ActionChains(driver).send_keys(*keys).perform()

    def is_focused(selector: str) -> bool:
        return bool(driver.execute_script("return document.activeElement.matches(arguments[0])", selector))

    def tabs_to(selector: str) -> None:
        for _number in range(MOST_TABS):
            if is_focused(selector):
                return
            types(Keys.TAB)
        raise AssertionError(f"{selector} is not reached by Tab")

    single = next(item for item, kind in person.lists_questions().items() if kind in ("single", "true_false"))
    tabs_to("#navigator [data-goto]")
    types(Keys.HOME)
    while not is_focused(f'[data-goto="{single}"]'):
        types(Keys.ARROW_RIGHT)
    types(Keys.ENTER)
    person.browser.until(lambda: person.finds(f'[data-item="{single}"]:not([hidden])'), what=single)
    assert is_focused(f'[data-item="{single}"] *')
    tabs_to(f'[data-item="{single}"] input')
    types(Keys.SPACE)
    types(Keys.ARROW_DOWN)
    chosen = person.reads_answer(single)
    assert chosen
    tabs_to("[data-flag]")
    types(Keys.SPACE)
    assert person.finds('[data-flag][aria-pressed="true"]')
    person.is_saved()

    tabs_to("[data-hand-in]")
    types(Keys.ENTER)
    assert is_focused("[data-hand-in-cancel]")  # the safe button
    types(Keys.ESCAPE)
    person.browser.until(lambda: not person.finds("dialog[open]"), what="the dialog closed")
    tabs_to("[data-hand-in]")
    types(Keys.ENTER)
    tabs_to("[data-hand-in-confirm]")
    types(Keys.ENTER)
    assert person.sees_receipt()


def test_a_second_window_fences_the_first(sits: Callable[..., Candidate]) -> None:
    first = sits("003", machine="máy cũ")
    essay = first_essay(first)
    first.writes(essay, " Viết ở máy cũ.")
    first.is_saved()
    second = sits("003", machine="máy mới")
    assert second.reads_answer(essay).endswith("Viết ở máy cũ.")
    second.writes(essay, " Viết ở máy mới.")
    second.is_saved()
    text = second.reads_answer(essay)

    first.writes(essay, " Máy cũ viết tiếp.")
    first.browser.wait_for_text("Trang này chỉ còn để đọc")
    assert first.finds(f'[data-item="{essay}"] textarea[readonly]')
    second.browser.driver.refresh()
    second.is_writing()
    assert second.reads_answer(essay) == text  # nothing was put over the newer text
    assert refused(first) == []


def test_without_a_network_all_is_kept_and_comes_to_the_server_by_itself(sits: Callable[[str], Candidate]) -> None:
    person = sits("001")
    driver = person.browser.driver
    person.browser.expect_in_console("net::ERR_")
    essay = first_essay(person)
    driver.execute_cdp_cmd("Network.enable", {})
    network = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": True, **network})
    person.writes(essay, " Viết khi mất mạng.")
    person.browser.wait_for_text("Mất kết nối. Bài làm vẫn được giữ trên máy này. Cứ viết tiếp.")
    assert "Chỉ giữ trên máy này" in person.browser.text_of("saved-state")
    person.writes(essay, " Viết tiếp.")
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": False, **network})
    person.browser.until(lambda: person.waiting_items() == [], what="all sent", patience_seconds=COMES_BACK_SECONDS)
    person.is_saved()
    text = person.reads_answer(essay)
    driver.refresh()
    person.is_writing()
    assert person.reads_answer(essay) == text
    assert text.endswith(" Viết khi mất mạng. Viết tiếp.")
    assert refused(person) == []


def test_saved_is_never_said_over_words_that_wait(sits: Callable[[str], Candidate]) -> None:
    person = sits("007")
    driver = person.browser.driver
    person.browser.expect_in_console("net::ERR_")
    essay = first_essay(person)
    driver.execute_script(
        """window.untrue = 0; window.seen = {};
        const badge = document.querySelector("[data-saved-state]");
        const look = () => {
          const state = badge.dataset.savedState;
          window.seen[state] = true;
          if (state === "saved" && examsite.room.unsaved()) window.untrue += 1;
          requestAnimationFrame(look);
        };
        look();"""
    )
    person.writes(essay, " Một câu, rồi lưu.")
    person.is_saved()
    driver.execute_cdp_cmd("Network.enable", {})
    network = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": True, **network})
    person.writes(essay, " Viết khi mất mạng.")
    person.browser.until(lambda: driver.execute_script("return window.seen.kept"), what="kept on this machine")
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": False, **network})
    person.browser.until(lambda: person.waiting_items() == [], what="all sent", patience_seconds=COMES_BACK_SECONDS)
    person.is_saved()
    assert driver.execute_script("return [window.untrue, Object.keys(window.seen).sort()]") == [
        0,
        ["kept", "saved", "saving"],
    ]


def test_a_server_that_dies_and_comes_back_has_everything(
    demonstration: Site, sits: Callable[[str], Candidate]
) -> None:
    person = sits("002")
    # The browser asks for the worker of the page now and then, too.
    person.browser.expect_in_console("when fetching the script")
    person.browser.expect_in_console("net::ERR_")
    essay = first_essay(person)
    person.writes(essay, " Đã tới máy chủ.")
    person.is_saved()
    held_at = person.saved_at()
    demonstration.kill()
    person.writes(essay, " Viết khi máy chủ tắt.")
    person.browser.wait_for_text("Chỉ giữ trên máy này")
    assert person.saved_at() in ("", held_at)  # no time of this machine is ever shown as saved
    assert person.waiting_items() == [essay]
    demonstration.start()
    person.browser.until(lambda: person.waiting_items() == [], what="all sent", patience_seconds=COMES_BACK_SECONDS)
    person.is_saved()
    person.browser.driver.refresh()
    person.is_writing()
    assert person.reads_answer(essay).endswith(" Đã tới máy chủ. Viết khi máy chủ tắt.")
