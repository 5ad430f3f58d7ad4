"""The invigilator in the room and at the door of the defence."""

from __future__ import annotations

from tests.browser.pages.person import Official


class Invigilator(Official):
    """Watches the room; reads no answers."""

    def _at_seat(self, sitting: str, seat: str, act: str) -> None:
        self.goes_to(f"/invigilator/{self.code}/sittings/{sitting}?seat={seat}&act={act}")

    def sees_seats(self, sitting: str) -> dict[str, str]:
        """Seat → candidate number without its letters, from the plan on the board."""
        self.goes_to(f"/invigilator/{self.code}/sittings/{sitting}")
        lines = [str(place.text).split("\n") for place in self.finds("[data-seats] a")]
        return {line[0]: line[1] for line in lines if line[1].isdigit()}

    def checks_in(self, sitting: str, seat: str) -> None:
        """The person at the seat is who the list says."""
        self._at_seat(sitting, seat, "check-in")
        self.submits("check-in")

    def gives_time(self, sitting: str, seat: str, minutes: int, reason: str) -> None:
        """Time for one candidate."""
        self._at_seat(sitting, seat, "extend")
        self.fills({"minutes": str(minutes), "reason": reason})
        self.submits("extend")

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

    def records_defence_attendance(self) -> None:
        """Nobody is missing at the defence."""
        self.goes_to(f"/invigilator/{self.code}/defence")
        self.submits("record")
