"""The administrator: bodies, accounts, who may organise and approve at a body."""

from __future__ import annotations

from tests.browser.pages.person import Official
from tests.web.strict_client import words


class Administrator(Official):
    """Looks after accounts and bodies, and sees nothing of a competition."""

    def creates_body(self, code: str, *, name: str, name_en: str, level: str) -> None:
        """A body that manages posts."""
        self.goes_to("/administrator/bodies/new")
        self.fills({"code": code, "name": name, "name_en": name_en})
        self.selects("level", level)
        self.submits("save")

    def opens_account(self, login: str, *, name: str, position: str, drawn: bool = True) -> str:
        """An account; gives back the password on the printed slip. Shown once, it need not be drawn again."""
        page = "/administrator/accounts/new"
        fields = {"login": login, "display_name": name, "position_title": position}
        if drawn:
            self.goes_to(page)
            self.fills(fields)
            self.submits("create")
            facts = self.reads_facts()
        else:
            facts = [words(value) for value in self.repeats(page, fields, button="create").iter("dd")]
        shown_login, password = facts[:2]
        assert shown_login == login
        return password

    def grants_at_body(self, login: str, *, role: str, body: str) -> None:
        """Who may organise or approve at a body."""
        self.goes_to(f"/administrator/?words={login}")
        self.follows('[data-testid="accounts"] a')
        self.selects_words("body", body)
        self.selects("role", role)
        self.submits("grant")
