"""A candidate: applies, sits the test, reads the own result, hands in the proposal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.browser import Browser
from tests.browser.pages.person import Person, leave

#: Reads the journal that the test page keeps; an entry goes when the server has acknowledged it.
JOURNAL = """
const done = arguments[arguments.length - 1];
const request = indexedDB.open("examsite");
request.onerror = () => done([["no journal", ""]]);
request.onsuccess = () => {
  const rows = request.result.transaction("journal").objectStore("journal").getAll();
  rows.onsuccess = () => { request.result.close(); done(rows.result.map((row) => [row.item, String(row.content)])); };
};
"""


class Candidate(Person):
    """Logs in with the application code, later with the candidate number."""

    log_in_path = "/candidate/login"

    def __init__(self, browser: Browser, *, name: str, login: str = "", password: str = "") -> None:
        super().__init__(browser, login=login, password=password)
        self.name = name

    # -------------------------------------------------------------------------------------------- the dossier

    def applies(self, competition: str, post: str, fields: Mapping[str, str]) -> None:
        """The public form; code and password are read from the page that shows them once."""
        leave(self.browser)
        self.goes_to(f"/competitions/{competition}")
        self.goes_to(f"/competitions/{competition}/apply")
        self.ticks("post", post)
        self.fills({"full_name": self.name, **fields})
        self.ticks("consent")
        self.submits("apply")
        shown_name, self.login, self.password = self.reads_facts()[:3]
        assert shown_name == self.name

    def submits_dossier(self, file: Path) -> None:
        """One file for every item of the checklist, then the dossier is handed in."""
        self.goes_to("/candidate/dossier")
        for item in [str(a.get_attribute("href")) for a in self.finds('[data-testid="checklist"] .cell-act a')]:
            self.goes_to(item.removeprefix(self.browser.site.url))
            self.browser.attach("file", file)
            self.submits("upload")
        self.ticks("truthful")
        self.submits("submit-application")

    # ----------------------------------------------------------------------------------------------- the test

    def waits_for_the_start(self) -> None:
        """The waiting page; nothing of the paper is there."""
        self.goes_to("/candidate/test")
        self.browser.see("countdown")
        assert self.finds("[data-item]") == []

    def is_writing(self) -> None:
        """The test page is there and takes answers."""
        self.browser.see("time-left")
        self.browser.until(lambda: self.finds("[data-item]:not([hidden])"), what="a question")
        ready = "textarea[data-answer]:not([disabled], [readonly])"
        self.browser.until(lambda: self.finds(ready), what="a page that takes answers")

    def lists_questions(self) -> dict[str, str]:
        """Item → kind, in the order of the paper."""
        found = self.finds("[data-item]")
        return {str(item.get_attribute("data-item")): str(item.get_attribute("data-kind")) for item in found}

    def turns_to(self, item: str) -> WebElement:
        """The question, through the navigator."""
        self.finds(f'#navigator [data-goto="{item}"]')[0].click()
        return self.browser.until(lambda: self.finds(f'[data-item="{item}"]:not([hidden])'), what=item)[0]

    def answers(self, item: str, choice: int = 0) -> None:
        """An objective question: the choice at this place, the number, or the order as it stands."""
        section = self.turns_to(item)
        kind = section.get_attribute("data-kind")
        if kind == "ordering":
            section.find_element(By.CSS_SELECTOR, "[data-keep-order]").click()
        elif kind == "numeric":
            section.find_element(By.CSS_SELECTOR, "[data-answer]").send_keys(str(choice))
        else:
            section.find_elements(By.CSS_SELECTOR, "input")[choice].click()

    def writes(self, item: str, text: str) -> None:
        """An essay, typed behind what stands there."""
        self.turns_to(item).find_element(By.CSS_SELECTOR, "textarea").send_keys(text)

    def reads_answer(self, item: str) -> str:
        """What stands in an essay or a number, or which choices are set."""
        section = self.finds(f'[data-item="{item}"]')[0]
        if fields := section.find_elements(By.CSS_SELECTOR, "[data-answer]"):
            return str(fields[0].get_attribute("value"))
        chosen = [box.get_attribute("value") for box in section.find_elements(By.CSS_SELECTOR, "input:checked")]
        return " ".join(map(str, chosen))

    def saved_at(self) -> str:
        """The hour of the last acknowledgement that the page shows, empty before the first."""
        title = self.finds("[data-saved-title]")[0].text
        return title.split()[-1] if ":" in title else ""

    def is_saved(self) -> None:
        """The server holds everything that was typed: nothing of it waits in this browser's journal."""

        def done() -> bool:
            state = self.finds("[data-saved-state]")[0].get_attribute("data-saved-state")
            if self.browser.driver.execute_script("return window.examsite.room.unsaved()"):
                return False
            return state == "saved" and bool(self.saved_at()) and self.waiting_items() == []

        self.browser.until(done, what="everything on the server")

    def waiting_items(self) -> list[str]:
        """Items of which this browser still keeps something that the server has not acknowledged."""
        return [item for item, _content in self.browser.driver.execute_async_script(JOURNAL)]

    def keeps_words(self, words: str) -> bool:
        """Whether these words are kept by this browser and wait for the server."""
        return any(words in content for _item, content in self.browser.driver.execute_async_script(JOURNAL))

    def hands_in(self) -> str:
        """Through the dialog; gives back the code of the receipt."""
        self.browser.press("hand-in")
        self.browser.press("hand-in-confirm", leaves_page=True)
        return self.sees_receipt()

    def sees_receipt(self) -> str:
        """The code of the receipt."""
        self.browser.see("receipt")
        return str(self.browser.text_of("receipt-code"))

    # ------------------------------------------------------------------------------------------------- later

    def reads_written_score(self) -> str:
        """The own written result."""
        self.goes_to("/candidate/written")
        return str(self.browser.text_of("written-score"))

    def checks_own_result(self) -> str:
        """The server finds every line right; what this browser computes by itself out of the records."""
        self.goes_to("/candidate/check")
        self.browser.see("check-good")
        self.browser.press("own-check")
        return str(self.browser.until(self._computed, what="own records computed again"))

    def _computed(self) -> str:
        said = self.browser.text_of("own-said")
        return "" if said.endswith("…") else said

    def uploads_proposal(self, title: str, file: Path) -> None:
        """A version of the proposal."""
        self.goes_to("/candidate/proposal")
        self.fills({"title": title})
        self.browser.attach("file", file)
        self.submits("hand-in")
