"""A person without a mouse: keys alone, and after each of them the focus is looked for as this person looks for it."""

from __future__ import annotations

from collections.abc import Iterable

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.browser.browser import Browser

#: More stops than any page of the room has.
MOST_STOPS = 120

#: What is wrong with the focus, or nothing. A sheet shows it by its ink edge, a choice or a summary by a ring near by.
FOCUS = """
const element = document.activeElement;
const said = element?.outerHTML.slice(0, 160);
if (!element || element === document.body || element === document.documentElement) return "the focus is lost";
if (!element.matches(":focus-visible")) {
  // Where the page itself leads without a key, a part of the page takes the focus and a control never does.
  return element.tabIndex < 0 ? "" : `no visible focus on ${said}`;
}
const ring = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
const ink = getComputedStyle(document.documentElement).getPropertyValue("--ink").trim().toLowerCase();
const hex = (colour) => "#" + (colour.match(/\\d+/g) || []).slice(0, 3)
  .map((part) => Number(part).toString(16).padStart(2, "0")).join("");
const sheet = element.matches("textarea") && element.closest(".sheet");
const edge = sheet && getComputedStyle(sheet);
const isEdged = edge && parseFloat(edge.borderTopWidth) >= 2 && hex(edge.borderTopColor) === ink;
if (!ring(getComputedStyle(element)) && !isEdged) return `no ring on ${said}`;
const box = element.getBoundingClientRect();
const left = Math.max(0, box.left), right = Math.min(innerWidth, box.right);
const top = Math.max(0, box.top), bottom = Math.min(innerHeight, box.bottom);
if (left >= right || top >= bottom) return `out of sight: ${said}`;
const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
if (hit && !element.contains(hit) && !hit.contains(element)) return `${said} lies under ${hit.outerHTML.slice(0, 80)}`;
return "";
"""

#: Which way a stop lies from where the focus is: 1 onward, -1 back, 0 here, null where there is none.
WHERE = """
const [selector, words] = arguments;
const here = document.activeElement;
const fits = (element) => element.checkVisibility({checkVisibilityCSS: true}) && element.tabIndex >= 0
  && (!words || element.textContent.includes(words));
const all = [...document.querySelectorAll(selector)].filter(fits);
if (!all.length) return null;
if (all.includes(here)) return 0;
if (here === document.body) return 1;
return here.compareDocumentPosition(all[0]) & Node.DOCUMENT_POSITION_PRECEDING ? -1 : 1;
"""


class Keyboard:
    """Keys at one browser. Nothing here clicks or sets the focus."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.stops = 0

    def press(self, *keys: str) -> None:
        """Press keys one after the other; afterwards the focus is somewhere and can be seen."""
        ActionChains(self.browser.driver).send_keys(*keys).perform()
        self.sees_focus()

    def leaves_by(self, *keys: str) -> None:
        """Press keys that lead to another page."""
        page = self.browser.driver.find_element("tag name", "html")
        ActionChains(self.browser.driver).send_keys(*keys).perform()
        self.browser.until(lambda: self.browser.has_left(page), what="the next page")

    def sees_focus(self) -> None:
        """Fail where the focus is lost, shows nothing or lies under something else."""
        wrong = self.browser.driver.execute_script(FOCUS)
        assert not wrong, f"{self.browser.name} at {self.browser.driver.current_url}: {wrong}"

    def goes_to(self, selector: str, words: str = "") -> None:
        """Tab, or Shift and Tab, to the stop that the selector and its words name; every stop on the way is seen."""
        self.browser.until(lambda: self._where(selector, words) is not None, what=f"{selector} {words}")
        for _stop in range(MOST_STOPS):
            way = self._where(selector, words)
            if way == 0:
                return
            chain = ActionChains(self.browser.driver)
            if way == -1:
                chain.key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT)
            else:
                chain.send_keys(Keys.TAB)
            chain.perform()
            self.stops += 1
            self.sees_focus()
        raise AssertionError(f"{self.browser.name}: {selector} {words} is not reached by Tab")

    def walks_to(self, selector: str, arrows: Iterable[str]) -> None:
        """Arrows inside one stop until the selector has the focus."""
        for arrow in arrows:
            if self._where(selector, "") == 0 or self.is_at(selector):
                return
            self.press(arrow)
        assert self.is_at(selector), f"{selector} is not reached by arrows"

    def is_at(self, selector: str) -> bool:
        """Whether the focus is on what the selector names."""
        return bool(self.browser.driver.execute_script("return document.activeElement.matches(arguments[0])", selector))

    def _where(self, selector: str, words: str) -> int | None:
        found: int | None = self.browser.driver.execute_script(WHERE, selector, words)
        return found
