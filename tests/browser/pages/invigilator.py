"""The invigilator in the room and at the door of the defence."""

from __future__ import annotations

import base64
from pathlib import Path

from tests.browser.pages.person import Official


class Invigilator(Official):
    """Watches the room; reads no answers."""

    def _at_seat(self, sitting: str, seat: str, act: str) -> None:
        self.goes_to(f"/invigilator/{self.code}/sittings/{sitting}?seat={seat}&act={act}")

    def sees_seats(self, sitting: str) -> dict[str, str]:
        """Seat → candidate number without its letters, from the plan on the board."""
        self.goes_to(f"/invigilator/{self.code}/sittings/{sitting}")
        codes, numbers = (self.finds(f"[data-seats] a .seat-{part}") for part in ("code", "second"))
        pairs = ((code.text, number.text) for code, number in zip(codes, numbers, strict=True))
        return {code: number for code, number in pairs if number.isdigit()}

    def checks_in(self, sitting: str, seat: str) -> None:
        """The person at the seat is who the list says."""
        self._at_seat(sitting, seat, "check-in")
        self.submits("check-in")

    def gives_time(self, sitting: str, seat: str, minutes: int, reason: str) -> None:
        """Time for one candidate."""
        self._at_seat(sitting, seat, "extend")
        self.fills({"minutes": str(minutes), "reason": reason})
        self.submits("extend")
        self.submits("confirm-act")

    def photographs(self, sitting: str, seat: str, file: Path) -> None:
        """The person at the seat is who the list says, and here is the photo."""
        self._at_seat(sitting, seat, "check-in")
        self.browser.attach("photo", file)
        self.submits("check-in")

    def sees_cards(self, sitting: str, kind: str) -> list[str]:
        """What the board says of this kind: call, incident, silent, lost, request."""
        self.goes_to(f"/invigilator/{self.code}/sittings/{sitting}")
        return [str(card.text) for card in self.browser.see_all(f"card-{kind}")]

    def gives_back(self, sitting: str, seat: str) -> None:
        """Lost time as it was measured."""
        self.goes_to(f"/invigilator/{self.code}/sittings/{sitting}")
        self.submits(f"give-all-{seat}")

    def moves(self, sitting: str, seat: str, to: str, reason: str) -> None:
        """To a spare seat."""
        self._at_seat(sitting, seat, "move")
        self.ticks("to", to)
        assert to in self.browser.driver.find_element("css selector", "[data-echo]").text
        self.fills({"reason": reason})
        self.submits("move")

    def says(self, sitting: str, seat: str, text: str) -> None:
        """A message to one candidate."""
        self._at_seat(sitting, seat, "message")
        self.fills({"text": text})
        self.submits("send-message")

    def asks_for_room_time(self, sitting: str, minutes: int, reason: str) -> None:
        """Time for everybody, which a second person must grant."""
        self.goes_to(f"/invigilator/{self.code}/sittings/{sitting}?act=room-time")
        self.fills({"minutes": str(minutes), "reason": reason})
        self.submits("ask-room-time")

    def grants_request(self, sitting: str) -> None:
        """Be the second person for what waits on the board."""
        self.goes_to(f"/invigilator/{self.code}/sittings/{sitting}")
        self.follows('[data-testid="card-request"] a')
        self.submits("approve-request")

    def prints(self, sitting: str, paper: str) -> bytes:
        """A paper of the room as the printer gets it: plan or minutes."""
        self.goes_to(f"/invigilator/{self.code}/sittings/{sitting}/{paper}")
        page = self.browser.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
        return base64.b64decode(page["data"])

    def records_incident(self, sitting: str, seat: str, *, minutes: str, measure: str) -> None:
        """Minutes of what happened, with a proposal to the council."""
        self._at_seat(sitting, seat, "incident")
        self.fills({"minutes": minutes, "witnesses": "Hai thí sinh ngồi gần"})
        self.selects("measure", measure)
        self.submits("record-incident")

    def signs_attendance(self, sitting: str) -> None:
        """Who was there and who was not."""
        self.goes_to(f"/invigilator/{self.code}/sittings/{sitting}")
        self.submits("sign-attendance")

    def reads_minutes(self, sitting: str) -> str:
        """The minutes of the sitting."""
        self.goes_to(f"/invigilator/{self.code}/sittings/{sitting}/minutes")
        return self.reads()

    def records_defence_attendance(self) -> None:
        """Nobody is missing at the defence."""
        self.goes_to(f"/invigilator/{self.code}/defence")
        self.submits("record")
