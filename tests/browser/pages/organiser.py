"""The organiser: plan, gates, people, candidates, sittings, result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from tests.browser.pages.person import Official


class Organiser(Official):
    """Leads a competition from its plan to its publication, alone at no gate that others answer for."""

    def at(self, rest: str = "") -> str:
        """An address of this competition."""
        return f"/organiser/{self.code}/{rest}"

    # -------------------------------------------------------------------------------------------------- the plan

    def creates_competition(self, *, body: str, title: str, title_en: str, prefix: str, preset: str) -> None:
        """A new competition with a preset rule set."""
        self.goes_to("/organiser/new")
        self.fills({"code": self.code, "title": title, "title_en": title_en, "number_prefix": prefix})
        self.selects_words("body", body)
        self.selects("preset", preset)
        self.submits("submit")

    def changes_figure(self, key: str, value: str) -> None:
        """One figure of the rule set becomes the competition's own choice."""
        self.goes_to(self.at("plan/ruleset"))
        self.fills({key.replace(".", "__"): value})
        self.submits("submit")

    def chooses_figure(self, key: str, value: str) -> None:
        """The same for a figure that is one of a few words."""
        self.goes_to(self.at("plan/ruleset"))
        self.selects(key.replace(".", "__"), value)
        self.submits("submit")

    def adds_post(self, code: str, *, title: str, title_en: str, unit: str, level: str, requirements: str) -> None:
        """A post to be filled."""
        self.goes_to(self.at("posts/new"))
        self.fills({"code": code, "title": title, "title_en": title_en, "unit": unit, "requirements": requirements})
        self.selects("managed_by", level)
        self.submits("submit")

    def writes_criteria(self, post: str, criteria: Sequence[tuple[str, str, str]]) -> None:
        """The criteria of the defence: Vietnamese, English, most points; rows that stood there are emptied."""
        self.goes_to(self.at(f"posts/{post}/rubric"))
        rows = len(self.finds('[data-testid^="criterion-"]'))
        for number in range(rows):
            texts = criteria[number] if number < len(criteria) else ("", "", "")
            for name, text in zip(("vi", "en", "maximum"), texts, strict=True):
                self.browser.fill(f"rows-{number}-{name}", text)
        self.submits("submit")

    def appoints(self, login: str, role: str, *, drawn: bool = True) -> None:
        """A role in this competition; what was shown once need not be drawn again."""
        if not drawn:
            self.repeats(self.at("people"), {"login": login, "role": role}, button="assign-role")
            return
        self.goes_to(self.at("people"))
        self.fills({"login": login})
        self.selects("role", role)
        self.submits("assign-role")

    def sets_schedule(self, instants: Mapping[str, datetime]) -> None:
        """The planned instants."""
        self.goes_to(self.at("plan/schedule"))
        self.fills_instants(instants)
        self.submits("submit")

    def writes_announcement(self, text: str, text_en: str) -> None:
        """The words of the announcement."""
        self.goes_to(self.at("plan/announcement"))
        self.fills({"announcement": text, "announcement_en": text_en})
        self.submits("submit")

    # ---------------------------------------------------------------------------------------------------- gates

    def sees_missing(self) -> list[str]:
        """What the desk says is missing before the next gate."""
        self.goes_to(self.at())
        return [str(element.text) for element in self.browser.see_all("missing")]

    def opens_next_gate(self) -> None:
        """The next gate, from the desk through its confirmation."""
        self.goes_to(self.at())
        assert (missing := [element.text for element in self.browser.see_all("missing")]) == [], missing
        self.submits("open-gate")
        self.submits("confirm-gate")

    def announces(self) -> None:
        """The competition becomes public; its rule set is frozen."""
        self.opens_next_gate()

    # ----------------------------------------------------------------------------------------------- candidates

    def imports_candidates(self, file: Path, *, expected: int) -> None:
        """A list from a file, looked at first."""
        self.goes_to(self.at("candidates/import"))
        self.browser.attach("file", file)
        self.submits("preview")
        rows = self.finds('[data-testid="readable"] tbody tr')
        assert len(rows) == expected
        self.submits("confirm-import")

    def decides(self, name: str, decision: str, reason: str = "") -> None:
        """A decision on one person's dossier."""
        self.goes_to(self.at("candidates"))
        link = next(link for link in self.finds('[data-testid="candidacies"] a.cell-title') if link.text == name)
        self.goes_to(str(link.get_attribute("href")).removeprefix(self.browser.site.url))
        self.ticks("decision", decision)
        if reason:
            self.fills({"reason": reason})
        self.submits("decide")

    def fixes_roster(self) -> None:
        """Numbers are given; nobody comes or goes any more."""
        self.goes_to(self.at("candidates"))
        self.submits("fix-roster")
        self.submits("fix-roster")

    def prints_slips(self) -> dict[str, tuple[str, str]]:
        """Name → (number, password) as on the printed slips."""
        self.goes_to(self.at("roster/slips"))
        self.submits("issue-slips")
        slips = {}
        for slip in self.finds('[data-testid="slips"] .slip'):
            name = str(slip.find_element("css selector", ".slip-name").text)
            number, password = (element.text for element in slip.find_elements("css selector", "dd"))
            slips[name] = (number, password)
        return slips

    # ------------------------------------------------------------------------------------------------- sittings

    def schedules_sitting(self, code: str, *, room: str, starts_at: datetime) -> None:
        """A sitting in one room, watched by everyone who is offered."""
        self.goes_to(self.at("sittings/new"))
        self.fills({"code": code, "room": room, "rows": "2", "columns": "3"})
        self.fills_instants({"starts_at": starts_at})
        for box in self.finds('input[name="invigilators"]'):
            self.ticks("invigilators", str(box.get_attribute("value")))
        self.submits("submit")

    def asks_to_start_without_rehearsal(self, sitting: str, reason: str) -> None:
        """Nothing was tried beforehand: the page of the sitting says so, and the council is asked."""
        self.goes_to(self.at(f"sittings/{sitting}/readiness"))
        assert self.finds('[data-testid="verdict"][data-level="stop"]')
        assert self.finds('[data-testid="check-rehearsal"][data-level="stop"]')
        self.fills({"reason": reason})
        self.submits("ask-override")

    def gives_seats(self) -> None:
        """Everybody on the list gets a seat."""
        self.goes_to(self.at("sittings"))
        self.submits("assign-seats")

    # --------------------------------------------------------------------------------------------------- result

    def computes_result(self) -> str:
        """The ranking from the locked marks; gives back the hash that is to be signed."""
        self.goes_to(self.at("result"))
        self.submits("compute")
        return hash_on(self)

    def publishes_result(self) -> None:
        """The approved version becomes public."""
        self.goes_to(self.at("result"))
        self.submits("publish-open")
        self.submits("publish")


def hash_on(person: Official) -> str:
    """The SHA-256 that the page shows, as 64 digits."""
    code = person.browser.see("result-hash").find_element("css selector", "code")
    text = "".join(str(code.text).split())
    assert is_hash(text), text
    return text


def is_hash(text: str) -> bool:
    """Whether this is a SHA-256 in hexadecimal digits."""
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
