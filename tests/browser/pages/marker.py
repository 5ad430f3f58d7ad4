"""Markers and the head of marking."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from selenium.webdriver.common.by import By

from tests.browser.pages.person import Official


class Marker(Official):
    """Marks anonymous scripts, blind to the name and to the other marker."""

    def marks_queue(self, score_for: Callable[[str, str], Decimal], check: Callable[[str], None]) -> list[str]:
        """Every script given that is not locked; `score_for` gets code and text, `check` the source of each page."""
        done = []
        self.goes_to(f"/marker/{self.code}/scripts")
        check(self.browser.driver.page_source)
        while self.browser.see_all("mark-next"):
            self.submits("mark-next")
            check(self.browser.driver.page_source)
            code = str(self.browser.text_of("script-code"))
            area = "\n".join(
                str(element.get_attribute("textContent")) for element in self.browser.see_all("script-text")
            )
            self.scores(score_for(code, area))
            done.append(code)
            self.goes_to(f"/marker/{self.code}/scripts")
        return done

    def scores(self, total: Decimal) -> None:
        """Points per criterion that sum to the total, then the lock."""
        left = total
        for number, section in enumerate(self.browser.see_all("criterion")):
            most = Decimal(str(section.get_attribute("data-maximum")))
            points = min(most, left)
            left -= points
            self._opens(section.get_attribute("data-of"), number)
            field = self.browser.field(f"points_{number}")
            field.clear()
            field.send_keys(figure(points))
        assert left == 0, f"{total} is more than the criteria hold"
        wanted = figure(total)
        self.browser.until(lambda: self.browser.text_of("total") == wanted, what=f"a total of {wanted}")
        self.submits("to-lock")
        self.submits("lock")

    def _opens(self, question: str | None, number: int) -> None:
        field = self.browser.field(f"points_{number}")
        if field.is_displayed():
            return
        for button in self.finds(f'[data-question="{question}"]'):
            if button.get_attribute("aria-current") != "true":
                button.click()
        section = self.browser.see_all("criterion")[number]
        if not field.is_displayed():
            button = section.find_element(By.CSS_SELECTOR, ".criterion-open")
            self.browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
            button.click()
        self.browser.until(field.is_displayed, what=f"criterion {number}")


class HeadOfMarking(Official):
    """Settles gaps between two locked marks; marks nothing alone."""

    def settles(self, *, reason: str) -> list[str]:
        """Every open gap by the act that the page asks for; gives back the acts."""
        acts = []
        self.goes_to(f"/marker/{self.code}/head/gaps")
        seen: set[str] = set()
        while links := [
            str(link.get_attribute("href"))
            for link in self.finds('[data-testid="gap-row"] .cell-act a')
            if str(link.get_attribute("href")).split("#")[0] not in seen
        ]:
            seen.add(links[0].split("#")[0])
            self.goes_to(links[0].removeprefix(self.browser.site.url))
            for act in ("third", "seen", "decide"):
                if self.browser.see_all(act):
                    if act == "decide":
                        self.notes_the_talk()
                        totals = [Decimal(cell.text.split()[0].replace(",", ".")) for cell in self._open_row()]
                        self.fills({"score": figure(max(totals)), "reason": reason})
                    self.submits(act)
                    acts.append(act)
                    break
            self.goes_to(f"/marker/{self.code}/head/gaps")
        return acts

    def notes_the_talk(self) -> None:
        """Say what the two markers said: no decision stands before it."""
        for summary in self.finds("details:has([data-testid='note-form']) > summary"):
            summary.click()
            self.fills({"text": "Hai người chấm đối chiếu từng tiêu chí với hướng dẫn chấm."})
            self.submits("note")

    def _open_row(self) -> list:  # type: ignore[type-arg]
        return self.finds("tr.gap-open td.num")[:2]

    def sees_standings(self) -> dict[str, list[str]]:
        """Code → cells of every script that is settled."""
        self.goes_to(f"/marker/{self.code}/head/gaps?view=settled")
        rows = self.browser.see_all("gap-row")
        return {row.find_element(By.CSS_SELECTOR, ".blind-code").text: row.text.split("\n") for row in rows}


def figure(points: Decimal) -> str:
    """Points as people write them: 52,5 and 50."""
    return f"{points.normalize():f}".replace(".", ",")
