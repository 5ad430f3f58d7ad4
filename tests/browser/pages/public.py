"""Anyone, without an account."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass

from selenium.webdriver.common.by import By

from tests.browser.browser import Browser
from tests.browser.pages.person import Official, leave


@dataclass(frozen=True)
class Line:
    """One line of a ranking as the page shows it."""

    rank: str
    total: str
    outcome: str
    parts: tuple[str, ...]


class Reader(Official):
    """Somebody of the public."""

    def __init__(self, browser: Browser, code: str) -> None:
        super().__init__(browser, login="", password="", code=code)

    def reads_ranking(self, post: str) -> dict[str, Line]:
        """Public code → what the page says of it."""
        leave(self.browser)
        self.goes_to(f"/competitions/{self.code}/ranking")
        lines = {}
        for group in self.finds(f'[data-testid="ranking-{post}"] > tbody.rank-group'):
            rank = group.find_element(By.CSS_SELECTOR, ".rank-number").text
            for row in group.find_elements(By.CSS_SELECTOR, '[data-testid^="row-"]'):
                code = str(row.get_attribute("data-testid")).removeprefix("row-")
                parts = [cell.text.split("\n")[0] for cell in row.find_elements(By.CSS_SELECTOR, "td.num[data-label]")]
                outcome = row.find_element(By.CSS_SELECTOR, ".rank-outcome").text
                lines[code] = Line(rank, parts[-1], outcome, tuple(parts[:-1]))
        return lines

    def downloads_result(self) -> bytes:
        """The file behind the button, as it is."""
        button = self.browser.see("download")
        address = str(button.get_attribute("href"))
        assert address == f"{self.browser.site.url}/competitions/{self.code}/result.json"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return bytes(answer.read())
