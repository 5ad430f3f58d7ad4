"""Chair, members and the approving authority; the keeper of the codes."""

from __future__ import annotations

from collections.abc import Sequence

from selenium.webdriver.common.by import By

from tests.browser.pages.organiser import hash_on
from tests.browser.pages.person import Official


class Signer(Official):
    """Somebody who signs over the hash of exactly what the page shows."""

    audience = "council"

    def agrees_to_opening(self, post: str) -> None:
        """As a member: the chair may draw and open now."""
        self.goes_to(f"/council/{self.code}/papers")
        self.submits(f"agree-{post}")

    def signs(self, sha256: str) -> None:
        """Read the report, then agree with the last four digits typed from the copy in hand."""
        self.goes_to(f"/{self.audience}/{self.code}/findings")
        self.submits("confirm-read")
        self.goes_to(f"/{self.audience}/{self.code}/result")
        assert hash_on(self) == sha256
        self.ticks("decision", "agreed")
        self.fills({"sha_tail": sha256[-4:]})
        self.submits("sign")


class Authority(Signer):
    """The head of the body in charge."""

    audience = "authority"


class Chair(Signer):
    """Opens papers and codes, draws, decides incidents."""

    def opens_paper(self, post: str) -> None:
        """Draw one of the sealed versions and open it."""
        self.goes_to(f"/council/{self.code}/posts/{post}/open-paper")
        self.submits("open")

    def agrees_to_request(self) -> None:
        """The first request that waits for a second person."""
        self.goes_to(f"/council/{self.code}/room-requests")
        self.follows('[data-testid="decide-request"]')
        self.submits("approve-request")

    def decides_incident(self, measure: str) -> None:
        """The first open incident."""
        self.goes_to(f"/council/{self.code}/incidents")
        self.follows('[data-testid^="incident-"] a.button')
        self.ticks("measure", measure)
        self.submits("submit")

    def splits_codes_key(self) -> list[str]:
        """The key that opens the code map, split to everyone who may hold it; the words of the two sheets that open."""
        self.goes_to(f"/council/{self.code}/keys/codes/split")
        for box in self.finds('input[name="holders"]:not(:checked)'):
            self.ticks("holders", str(box.get_attribute("value")))
        self.fills({"needed": "2"})
        self.submits("split")
        sheets = [
            " ".join(word.text for word in sheet.find_elements(By.CSS_SELECTOR, ".key-sheet-words strong"))
            for sheet in self.finds('[data-testid="sheet"]')
        ]
        self.ticks("printed")
        self.submits("keep")
        return sheets[:2]

    def draws_codes(self) -> None:
        """Which number stands for which script."""
        self.goes_to(f"/council/{self.code}/codes")
        self.submits("draw-codes")

    def draws_allocation(self) -> None:
        """Who marks which script."""
        self.goes_to(f"/council/{self.code}/codes")
        if self.finds('textarea[name="reason"]'):
            self.fills({"reason": "Đề mới, chưa có bài chấm thử."})
        self.submits("draw-allocation")

    def opens_codes(self, sheets: Sequence[str]) -> None:
        """Scripts get their names back: each holder puts the words of the own sheet into the first box."""
        self.goes_to(f"/council/{self.code}/codes")
        self.submits("to-open")
        for number, words in enumerate(sheets, start=1):
            box = self.finds(f'input[name="share{number}"]')[0]
            self.browser.driver.execute_script("arguments[0].value = arguments[1]", box, words)
        self.submits("open")

    def draws_order(self) -> None:
        """The order of the defences."""
        self.goes_to(f"/council/{self.code}/presentation-order")
        self.submits("draw")


class Keeper(Official):
    """Keeps the code map sealed."""

    def looks_through(self) -> None:
        """Let the server look for what may tell an author; in a story nobody wrote such a thing."""
        self.goes_to(f"/keeper/{self.code}/scripts")
        self.submits("look-through")

    def seals_codes(self) -> None:
        """Cut and seal."""
        self.goes_to(f"/keeper/{self.code}/seal")
        self.submits("seal")
