"""Chair, members and the approving authority; the keeper of the codes."""

from __future__ import annotations

from tests.browser.pages.organiser import hash_on
from tests.browser.pages.person import Official


class Signer(Official):
    """Somebody who signs over the hash of exactly what the page shows."""

    audience = "council"

    def signs(self, sha256: str) -> None:
        """Agree, with the last four digits typed from the copy in hand and the own password."""
        self.goes_to(f"/{self.audience}/{self.code}/result")
        assert hash_on(self) == sha256
        self.ticks("decision", "agreed")
        self.fills({"sha_tail": sha256[-4:], "password": self.password})
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

    def opens_codes(self) -> None:
        """Scripts get their names back."""
        self.goes_to(f"/council/{self.code}/codes")
        self.submits("to-open")
        self.submits("open")

    def draws_order(self) -> None:
        """The order of the defences."""
        self.goes_to(f"/council/{self.code}/presentation-order")
        self.submits("draw")


class Keeper(Official):
    """Keeps the code map sealed."""

    def seals_codes(self) -> None:
        """Cut and seal."""
        self.goes_to(f"/keeper/{self.code}/seal")
        self.submits("seal")
