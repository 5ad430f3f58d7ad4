"""Chair, members and the approving authority; the keeper of the codes."""

from __future__ import annotations

from collections.abc import Sequence

from tests.browser.pages.organiser import hash_on
from tests.browser.pages.person import Official


class Signer(Official):
    """Somebody who signs over the hash of exactly what the page shows."""

    audience = "council"

    def agrees_to_opening(self, post: str) -> None:
        """As a member: the chair may draw and open now."""
        self.goes_to(f"/council/{self.code}/papers")
        self.submits(f"agree-{post}")

    def takes_key_sheet(self) -> str:
        """The own sheet, on paper now; its words."""
        self.goes_to(f"/{self.audience}/{self.code}/keys")
        self.follows('[data-testid^="take-"]')
        self.submits("show-sheet")
        words = " ".join(word.text for word in self.finds(".key-sheet-words strong"))
        self.ticks("printed")
        self.submits("confirm-sheet")
        return words

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

    def splits_codes_key(self) -> None:
        """The key that opens the code map, split to the three who are suggested: the chair and two members."""
        self.goes_to(f"/council/{self.code}/keys/codes/split")
        self.fills({"needed": "2"})
        self.submits("split")

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
