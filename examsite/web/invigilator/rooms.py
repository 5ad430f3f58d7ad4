"""A room at one instant, read once: everything that the board, the open seat and the cards are made of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import g

from examsite.domain.attempts import AttemptState, deadline_of, remaining
from examsite.domain.errors import NotAllowedError
from examsite.domain.sittings import INCIDENT, IncidentEvent, SittingState, seat_codes
from examsite.services.rulesets import ruleset_of
from examsite.storage.database import db
from examsite.storage.queries.boards import (
    Progress,
    count_items,
    count_kept_beside,
    list_board_attempts,
    list_open_calls,
    list_waiting_requests,
)
from examsite.storage.queries.machines import list_refused_machines
from examsite.storage.queries.pauses import RoomPause, list_room_pauses
from examsite.storage.queries.rooms import (
    ProposedLoss,
    RunningSilence,
    list_proposed_losses,
    list_running_silences,
)
from examsite.storage.queries.sittings import (
    get_sitting,
    is_invigilator_of,
    list_incidents,
)
from examsite.web.formatting import format_time_seconds
from examsite.web.i18n import _
from examsite.web.invigilator.progress import read_progress
from examsite.web.labels import error_text

#: How long a refusal of a machine is told after its last try. Unit: seconds.
_REFUSAL_SECONDS = 600

#: Attempts that nobody writes in any more.
DONE = frozenset({AttemptState.HANDED_IN, AttemptState.CLOSED})


@dataclass(frozen=True)
class Room:
    """A sitting with everything around it at one instant."""

    sitting: Any
    competition: Any
    now: datetime
    attempts: list[Any]
    progress: dict[int, Progress]
    items: dict[int, int]
    beside: dict[int, int]
    incidents: list[Any]
    calls: list[Any]
    #: Lost time that waits for a person, with its figure at this instant.
    losses: list[ProposedLoss]
    #: Machines that do not speak, longest first, and what has been lost there so far.
    silences: list[RunningSilence]
    requests: list[Any]
    #: Machines that the rules of the room kept out in the last minutes.
    refused: list[Any]
    #: Pauses of the whole room so far; while clocks stand, everyone who watches sees who stopped them and why.
    room_pauses: list[RoomPause]

    @property
    def stops(self) -> list[RoomPause]:
        """Pauses of the whole room that have not ended at every seat."""
        return [] if self.is_over else [item for item in self.room_pauses if item.standing and self.paused]

    @property
    def seats(self) -> tuple[str, ...]:
        """Codes of all seats, row by row."""
        return seat_codes(self.sitting.seat_rows, self.sitting.seat_columns)

    @property
    def by_seat(self) -> dict[str, Any]:
        """Who sits where."""
        return {attempt.seat: attempt for attempt in self.attempts}

    @property
    def free_seats(self) -> list[str]:
        """Seats with nobody, for whoever has to move."""
        taken = self.by_seat
        return [seat for seat in self.seats if seat not in taken]

    @property
    def is_running(self) -> bool:
        """Whether the test is being written."""
        return bool(self.sitting.state is SittingState.STARTED)

    @property
    def is_planned(self) -> bool:
        """Whether the test has not begun."""
        return bool(self.sitting.state is SittingState.SCHEDULED)

    @property
    def is_over(self) -> bool:
        """Whether the server has closed the sitting."""
        return bool(self.sitting.state is SittingState.CLOSED)

    @property
    def working(self) -> list[Any]:
        """Attempts that are being written."""
        return [attempt for attempt in self.attempts if attempt.state is AttemptState.OPEN]

    @property
    def running(self) -> list[Any]:
        """Attempts whose clock runs."""
        return [attempt for attempt in self.working if attempt.paused_at is None]

    @property
    def paused(self) -> list[Any]:
        """Attempts whose clock stands still."""
        return [attempt for attempt in self.working if attempt.paused_at is not None]

    @property
    def waiting_incidents(self) -> list[Any]:
        """Incidents that the council has not decided, newest first."""
        return [item for item in self.incidents if INCIDENT.is_open(item.state, IncidentEvent.DECIDED)]

    @property
    def unchecked(self) -> list[Any]:
        """Attempts that are being written by somebody whose papers nobody has seen, longest first."""
        writing = [item for item in self.working if item.opened_at is not None and item.checked_in_at is None]
        return sorted(writing, key=lambda item: (item.opened_at, item.id))

    @property
    def present(self) -> int:
        """How many came."""
        return sum(1 for item in self.attempts if item.checked_in_at is not None or item.opened_at is not None)

    def silence(self, attempt: Any) -> RunningSilence | None:
        """The silence of a machine, or None while it speaks."""
        return next((item for item in self.silences if item.attempt.id == attempt.id), None)

    def silent_seconds(self, attempt: Any) -> int | None:
        """How long a machine has been silent, or None while it speaks. Unit: seconds."""
        found = self.silence(attempt)
        return None if found is None else seconds_between(found.began_at, self.now)

    def deadline(self, attempt: Any) -> datetime:
        """The end of one attempt; while its clock stands still, as if it went on now."""
        end = deadline_of(
            self.sitting.started_at or self.sitting.starts_at, self.sitting.duration_minutes, attempt.added_seconds
        )
        return end if attempt.paused_at is None else end + (self.now - attempt.paused_at)

    def left_seconds(self, attempt: Any) -> int:
        """What remains to write at one seat. Unit: seconds."""
        started_at = self.sitting.started_at or self.sitting.starts_at
        end = deadline_of(started_at, self.sitting.duration_minutes, attempt.added_seconds)
        return int(remaining(max(self.now, started_at), end, attempt.paused_at).total_seconds())

    @property
    def planned_end(self) -> datetime:
        """The end of everyone who was given nothing."""
        return deadline_of(self.sitting.started_at or self.sitting.starts_at, self.sitting.duration_minutes)

    @property
    def ends_at(self) -> datetime:
        """The end that most of those who write share; the later one where two are shared alike."""
        counted = Counter(self.deadline(attempt) for attempt in self.working)
        return max(counted, key=lambda end: (counted[end], end), default=self.planned_end)

    @property
    def last_end(self) -> tuple[str, datetime] | None:
        """The seat that writes longest and its end, where that is later than the end of the room."""
        last = max(self.working, key=lambda attempt: (self.deadline(attempt), attempt.id), default=None)
        if last is None or self.deadline(last) <= self.ends_at:
            return None
        return last.seat, self.deadline(last)

    @property
    def late_minutes(self) -> int:
        """Until how long after the start somebody may still come in. Unit: minutes."""
        return int(ruleset_of(self.competition).late_minutes)

    @property
    def last_entry_at(self) -> datetime:
        """The last instant at which somebody may still come in."""
        return (self.sitting.started_at or self.sitting.starts_at) + timedelta(minutes=self.late_minutes)

    def is_too_late(self, attempt: Any = None) -> bool:
        """Whether somebody may not come in any more; who has opened the test came then, whoever looks at it later."""
        came_at = self.now if attempt is None else attempt.opened_at or self.now
        return not self.is_planned and came_at > self.last_entry_at


def read_room(sitting: Any, competition: Any, now: datetime) -> Room:
    """The room now."""
    session = db.session()
    return Room(
        sitting=sitting,
        competition=competition,
        now=now,
        attempts=list_board_attempts(session, sitting.id),
        progress=read_progress(session, sitting.id, now),
        items=count_items(session, sitting.id),
        beside=count_kept_beside(session, sitting.id),
        incidents=list_incidents(session, sitting.id),
        calls=list_open_calls(session, sitting.id),
        losses=list_proposed_losses(session, sitting, now),
        silences=list_running_silences(session, sitting, now),
        requests=list_waiting_requests(session, sitting.id),
        refused=[
            item
            for item in list_refused_machines(session, sitting.id)
            if seconds_between(item.last_at, now) < _REFUSAL_SECONDS
        ],
        room_pauses=list_room_pauses(session, sitting.id),
    )


def own_sitting(code: str) -> Any:
    """The sitting of that code, if this person watches it.

    Raises:
        NotAllowedError: `not_in_this_room`.
        NotFoundError: `sitting_not_found`.
    """
    found = get_sitting(db.session(), g.competition.id, code)
    if not is_invigilator_of(db.session(), found.id, g.actor.assignment_id):
        raise NotAllowedError("not_in_this_room")
    return found


def seconds_between(since: datetime | None, now: datetime) -> int:
    """Whole seconds since an instant, never less than none."""
    return 0 if since is None else max(0, int((now - since).total_seconds()))


def age_words(seconds: int) -> str:
    """4 giây; 3 phút: how long ago, no finer than anyone needs."""
    if seconds < 100:
        return _("%(count)s giây", count=seconds)
    return _("%(count)s phút", count=seconds // 60)


def short_age(seconds: int) -> str:
    """28 s; 3 ph: how long ago, for the narrowest cells."""
    if seconds < 100:
        return _("%(count)s s", count=seconds)
    return _("%(count)s ph", count=seconds // 60)


def length_words(seconds: int) -> str:
    """1 phút 17 giây: a length that is given back, to the second."""
    minutes, rest = divmod(seconds, 60)
    if minutes and rest:
        return _("%(minutes)s phút %(seconds)s giây", minutes=minutes, seconds=rest)
    if minutes:
        return _("%(minutes)s phút", minutes=minutes)
    return _("%(seconds)s giây", seconds=rest)


def left_words(seconds: int) -> str:
    """01:12:27."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def refusal_words(room: Room, machine: Any) -> str:
    """The sentence that the candidate saw at a machine that was kept out."""
    params = {"seat": machine.attempt.seat, "room": room.sitting.room, "address": machine.address}
    return error_text(machine.reason, params)


def end_words(room: Room, attempt: Any) -> str:
    """11:04:00 (bù 4 phút)."""
    ends = format_time_seconds(room.deadline(attempt))
    if not attempt.added_seconds:
        return ends
    return _("%(time)s (đã bù %(length)s)", time=ends, length=length_words(attempt.added_seconds))
