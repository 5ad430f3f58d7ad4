"""A marker who has never seen the scoring page, with a keyboard and nothing else; and what a second page does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.browser import Browser, Site
from tests.browser.marking_site import CODE, PASSWORD, MarkingSite, fill_marking_site
from tests.browser.pages.keyboard import Keyboard
from tests.browser.pages.person import Official

#: Nine criteria take a level each and eight ways to the next one; then the lock and its confirmation. The list of keys
#: is opened and closed once, and one word is said about one criterion's text: all that a newcomer cannot do without.
MOST_KEYSTROKES = 9 + 8 + 2 + 2


@pytest.fixture(scope="module")
def site(new_site: Callable[..., Site]) -> tuple[Site, MarkingSite]:
    site = new_site()
    filled = fill_marking_site(site.instance)
    site.start()
    return site, filled


class CountingKeyboard(Keyboard):
    """Counts what is pressed; a chord is one."""

    def __init__(self, browser: Browser) -> None:
        super().__init__(browser)
        self.pressed = 0

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        self.pressed += len(keys)
        super().press(*keys)

    def chord(self, modifier: str, key: str) -> None:
        """Two keys at once that lead to another page."""
        self.pressed += 1
        page = self.browser.driver.find_element("tag name", "html")
        ActionChains(self.browser.driver).key_down(modifier).send_keys(key).key_up(modifier).perform()
        self.browser.until(lambda: self.browser.has_left(page), what="the next page")

    def leaves_by(self, *keys: str) -> None:
        """Press keys that lead to another page."""
        self.pressed += len(keys)
        super().leaves_by(*keys)


def _comes_in(browser: Browser, login: str) -> Official:
    person = Official(browser, login=login, password=PASSWORD, code=CODE)
    person.logs_in()
    return person


def _rungs(person: Official) -> list[str]:
    return [str(row.get_attribute("value")) for row in person.finds(".criterion--open .rung-input")]


def test_three_essays_are_marked_by_keys_alone(
    site: tuple[Site, MarkingSite], people: Callable[[Site, str], Browser]
) -> None:
    running, filled = site
    browser = people(running, "người chấm mới")
    person = _comes_in(browser, filled.logins[0])
    person.goes_to(f"/marker/{CODE}/scripts/{filled.scripts[0]}")
    keys = CountingKeyboard(browser)
    criteria = browser.see_all("criterion")
    assert len(browser.see_all("script-text")) == 3
    assert len(criteria) == 9

    keys.press("?")  # the list says everything that follows
    listed = browser.text_of("keys-list")
    assert all(f"{key}" in listed for key in ("J", "H", "N", "C", "Enter"))
    keys.press(Keys.ESCAPE)
    total = 0.0
    for place in range(len(criteria)):
        level = min(2 + place % 3, len(_rungs(person)))
        total += float(_rungs(person)[level - 1])
        keys.press(str(level))
        if place + 1 < len(criteria):
            keys.press("j")
    keys.chord(Keys.CONTROL, Keys.ENTER)
    assert filled.scripts[0] in person.reads()
    keys.leaves_by(Keys.ENTER)

    person.is_not_refused()
    assert browser.text_of("script-code") == filled.scripts[1]  # the next script is open
    person.goes_to(f"/marker/{CODE}/scripts/{filled.scripts[0]}")
    assert float(browser.text_of("total").replace(",", ".")) == total
    print(f"three essays, {len(criteria)} criteria: {keys.pressed} keystrokes, 0 clicks")
    assert keys.pressed <= MOST_KEYSTROKES


def test_notes_by_keys_hang_on_their_words_and_come_back(
    site: tuple[Site, MarkingSite], people: Callable[[Site, str], Browser]
) -> None:
    running, filled = site
    browser = people(running, "người ghi chú")
    person = _comes_in(browser, filled.logins[0])
    address = f"/marker/{CODE}/scripts/{filled.scripts[1]}"
    person.goes_to(address)
    keys = Keyboard(browser)

    def marked() -> list[str]:
        return [row.text for row in person.finds("article:not([hidden]) .script-mark")]

    keys.press("t", Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    keys.press("h")
    browser.until(lambda: len(marked()) == 1, what="a highlight")
    assert marked()[0].startswith("Nếu chỉ hòa giải")
    keys.press("t", Keys.ARROW_DOWN)
    keys.press("n")
    browser.until(lambda: keys.is_at(".margin-words"), what="the words of a note")
    keys.press("Không dừng ở biểu hiện: j, 1, h")
    keys.press(Keys.ESCAPE)
    assert keys.is_at(".criterion-open")
    saved = "return Array.from(document.querySelectorAll('.margin-words')).map((area) => area.value)"
    words = ["", "Không dừng ở biểu hiện: j, 1, h"]
    browser.until(lambda: browser.driver.execute_script(saved) in (words, words[::-1]), what="the words in the margin")
    browser.until(lambda: person.finds('[data-testid="note"][data-state="kept"]'), what="the words kept")
    before = (marked(), browser.driver.execute_script(saved))
    browser.driver.refresh()
    browser.until(lambda: (marked(), browser.driver.execute_script(saved)) == before, what="the notes again")

    keys.goes_to(".margin-away")
    keys.press(Keys.ENTER)
    browser.until(lambda: len(marked()) == 1, what="one note less")
    assert keys.is_at('[data-testid="note-undo"]')
    keys.press(Keys.ENTER)
    browser.until(lambda: (marked(), browser.driver.execute_script(saved)) == before, what="the note back")
    assert browser.text_of("total") == "0"  # letters and digits typed in a note gave no points


def test_bank_puts_a_sentence_in_by_two_keys(
    site: tuple[Site, MarkingSite], people: Callable[[Site, str], Browser]
) -> None:
    running, filled = site
    browser = people(running, "người có kho")
    person = _comes_in(browser, filled.logins[1])
    person.goes_to(f"/marker/{CODE}/scripts")
    person.submits("mark-next")
    keys = Keyboard(browser)
    keys.press("n", "Rõ và có số liệu.")
    keys.goes_to("[data-keep-comment]")
    keys.press(Keys.ENTER)
    browser.until(lambda: person.finds("[data-insert]"), what="the sentence in the bank")
    keys.press(Keys.ESCAPE, "j", "c")
    keys.press("1")
    said = person.finds(".criterion--open textarea")[0]
    assert said.get_attribute("value") == "Rõ và có số liệu."
    assert keys.is_at(".criterion-open")


def test_second_page_of_one_marker_says_so_and_nothing_is_overwritten(
    site: tuple[Site, MarkingSite], people: Callable[[Site, str], Browser]
) -> None:
    running, filled = site
    first, second = people(running, "trang thứ nhất"), people(running, "trang thứ hai")
    second.expect_in_console("409")
    address = f"/marker/{CODE}/scripts/{filled.scripts[2]}"
    one, two = (_comes_in(browser, filled.logins[0]) for browser in (first, second))
    one.goes_to(address)
    first.see("held")
    Keyboard(first).press("2")
    first.wait_for_text("Nháp đã lưu")
    before = first.driver.find_element(By.CSS_SELECTOR, "[name=revision]").get_attribute("value")

    two.goes_to(address)
    second.see("other-page")
    assert second.driver.execute_script("return document.querySelector('[data-sheet]').inert")
    # The first page goes on, and the second one does not know of it.
    Keyboard(first).press("3")
    first.until(
        lambda: first.driver.find_element(By.CSS_SELECTOR, "[name=revision]").get_attribute("value") != before,
        what="the second save of the first page",
    )
    second.press("take")
    second.until(lambda: not second.driver.execute_script("return document.querySelector('[data-sheet]').inert"))
    Keyboard(second).press("1")
    second.until(lambda: two.finds("[data-keep]:not([hidden])"), what="the way to compare")
    two.submits("save")
    # Both versions are in sight; the first page's stands until this person decides.
    saved_by_first = first.driver.find_element(By.CSS_SELECTOR, "[name=points_0]").get_attribute("value")
    assert str(saved_by_first) in second.text_of("elsewhere")
    assert second.driver.find_element(By.CSS_SELECTOR, "[name=points_1]").get_attribute("value") == "0"


def test_draft_is_sent_again_when_the_server_stumbles(
    site: tuple[Site, MarkingSite], people: Callable[[Site, str], Browser]
) -> None:
    running, filled = site
    browser = people(running, "lúc máy chủ bận")
    person = _comes_in(browser, filled.logins[2])
    person.goes_to(f"/marker/{CODE}/scripts")
    person.submits("mark-next")
    browser.see("held")
    browser.driver.execute_script(
        "const real = window.fetch, own = document.querySelector('[data-sheet]').action; window.stumbled = 0;"
        "window.fetch = (address, ...rest) => {"
        "  if (address !== own || window.stumbled) return real(address, ...rest);"
        "  window.stumbled = 1;"
        "  return Promise.resolve(Response.json({ error: 'writer_hangs' }, { status: 503 }));"
        "};"
    )

    Keyboard(browser).press("2")

    browser.until(lambda: browser.driver.execute_script("return window.stumbled"), what="the save that fails")
    browser.wait_for_text("Nháp đã lưu")
