"""A keeper with a keyboard and nothing else marks in a script what the search missed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.browser.browser import Browser, Site
from tests.browser.marking_site import CODE, PASSWORD, fill_site_of_keeper
from tests.browser.pages.keyboard import Keyboard
from tests.browser.pages.person import Official


@pytest.fixture(scope="module")
def site(new_site: Callable[..., Site]) -> tuple[Site, str, str]:
    site = new_site()
    login, script = fill_site_of_keeper(site.instance)
    site.start()
    return site, login, script


def test_words_are_selected_reasoned_and_confirmed_by_keys_alone(
    site: tuple[Site, str, str], people: Callable[[Site, str], Browser]
) -> None:
    running, login, script = site
    browser = people(running, "ban phách")
    person = Official(browser, login=login, password=PASSWORD, code=CODE)
    person.logs_in()
    person.goes_to(f"/keeper/{CODE}/scripts/{script}")
    keys = Keyboard(browser)
    keys.goes_to('[data-testid="to-mark"]')
    keys.leaves_by(Keys.ENTER)

    keys.goes_to('[data-testid="text-E3"]')
    ActionChains(browser.driver).key_down(Keys.CONTROL).send_keys(Keys.HOME).key_up(Keys.CONTROL).perform()
    chords = ActionChains(browser.driver).key_down(Keys.SHIFT)
    for _letter in "Thứ nhất":
        chords = chords.send_keys(Keys.ARROW_RIGHT)
    chords.key_up(Keys.SHIFT).perform()
    keys.press("x", Keys.BACKSPACE)  # the text takes no change
    keys.press(Keys.ENTER)  # takes what is selected and leads to the reason
    form = browser.see("mark-form")
    assert form.find_element("name", "words").get_property("value") == "Thứ nhất"
    assert form.find_element("name", "start").get_property("value") == "0"
    assert form.find_element("name", "item").get_property("value") == "E3"
    keys.press("Cách viết riêng của một người")
    keys.leaves_by(Keys.ENTER)

    person.is_not_refused()
    assert browser.text_of("after").startswith("[…], công khai bảng việc")
    keys.goes_to('[data-testid="confirm-script"] button, button[data-testid="confirm-script"]')
    keys.leaves_by(Keys.ENTER)
    person.is_not_refused()
    assert script in person.reads()
