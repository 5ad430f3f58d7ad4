"""The setter: the plan of a paper, its versions, the seal."""

from __future__ import annotations

from tests.browser.pages.person import Official


class Setter(Official):
    """Makes papers and cannot open a sealed one."""

    def plans_as_suggested(self, post: str) -> None:
        """The plan that the suggestion fills in, saved."""
        self.goes_to(f"/setter/{self.code}/posts/{post}/blueprint")
        self.submits("suggest")
        self.submits("save")

    def draws_and_seals(self, post: str) -> None:
        """Versions drawn from the bank, then sealed over the hashes shown."""
        self.goes_to(f"/setter/{self.code}/posts/{post}/papers/draw")
        self.submits("draw")
        self.submits("seal")
        self.submits("seal")
