"""Members and head of the panel."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tests.browser.pages.person import Official


class Panellist(Official):
    """Scores a defence alone and locks."""

    def sees_turns(self) -> dict[int, str]:
        """Position → who defends."""
        self.goes_to(f"/panel/{self.code}/")
        rows = self.finds('[data-testid^="defence-"]')
        return {
            int(str(row.get_attribute("data-testid")).removeprefix("defence-")): str(
                row.find_element("css selector", ".cell-title").text
            )
            for row in rows
        }

    def scores(self, position: int, total: int) -> None:
        """Points per criterion that sum to the total, by typing; then the lock."""
        self.goes_to(f"/panel/{self.code}/defences/{position}/sheet")
        left = Decimal(total)
        for section in self.finds("[data-criterion]"):
            name = str(section.get_attribute("data-criterion"))
            points = min(Decimal(str(section.get_attribute("data-maximum"))), left)
            left -= points
            field = self.browser.field(f"points_{name}")
            if not field.is_displayed():
                section.find_element("css selector", ".panel-criterion-head").click()
                self.browser.until(field.is_displayed, what=f"criterion {name}")
            field.clear()
            field.send_keys(f"{int(points)}")
        assert left == 0
        self.browser.until(lambda: self.browser.text_of("total") == str(total), what=f"a total of {total}")
        self.browser.until(lambda: self.browser.see("lock").is_enabled(), what="a sheet that can be locked")
        self.submits("lock")
        self.submits("lock")


class PanelHead(Panellist):
    """Runs the clock, reveals, decides a gap."""

    def leads(self, position: int, *, wait: Callable[[int], None], drawn: bool = True) -> None:
        """Presentation, questions, then scoring; `wait` lets minutes pass. What was shown once need not be drawn."""
        self._moves(position, "start", drawn=drawn)
        wait(20)
        self._moves(position, "questions", drawn=drawn)
        wait(30)
        self._moves(position, "scoring", drawn=drawn)

    def _moves(self, position: int, step: str, *, drawn: bool) -> None:
        page = f"/panel/{self.code}/head/{position}/{step}"
        if not drawn:
            self.repeats(page, {}, button=f"confirm-{step}")
            return
        self.goes_to(page)
        self.submits(f"confirm-{step}")

    def reveals(self, position: int) -> str:
        """All locked sheets at once; gives back what the page says of the gap."""
        self.goes_to(f"/panel/{self.code}/head/{position}/reveal")
        self.submits("reveal")
        return str(self.browser.text_of("gap"))

    def closes_discussion(self, position: int) -> None:
        """The mean of sheets that lie close enough becomes the score."""
        self.goes_to(f"/panel/{self.code}/head/{position}")
        self.submits("close")

    def decides(self, position: int, score: str, reason: str) -> None:
        """The score where the sheets lie too far apart, once the talk is on record."""
        self.goes_to(f"/panel/{self.code}/head/{position}")
        self.fills({"reference": "Thẻ nhớ số 2, phong bì niêm phong"})
        self.submits("note-recording")
        self.goes_to(f"/panel/{self.code}/head/{position}/decision")
        self.fills({"score": score, "reason": reason})
        self.submits("review")
        self.submits("decide")
