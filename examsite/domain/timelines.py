"""What happened to one attempt, and what a room's incident report says of it: counted from rows and records only.

Nothing here is typed by anyone, nothing is judged, and nothing looks into an answer. What the server cannot know, it
does not claim: a save that never arrived is known only by the number that is missing before a later one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from examsite.domain.attempts import AttemptState
from examsite.domain.competitions import CompetitionState
from examsite.domain.evidence import EvidenceKind, Noticed, is_worth_a_look
from examsite.domain.permissions import Role
from examsite.domain.rooms import LostTimeState

REPLAY_ROLES: Final = frozenset({Role.CHAIR, Role.SUPERVISOR})
"""Who may see a text grow, besides its author. Source: our choice, because an invigilator never reads answers and a
marker never learns whose script it is."""


class HappeningKind(StrEnum):
    """What can happen to an attempt beside its saves."""

    CHECKED_IN = "checked_in"
    OPENED = "opened"
    REOPENED = "reopened"
    FREED = "freed"
    MOVED = "moved"
    KEPT_OUT = "kept_out"
    SILENT = "silent"
    OUTAGE = "outage"
    PAUSED = "paused"
    EXTENDED = "extended"
    LOST = "lost"
    MESSAGE = "message"
    CALLED = "called"
    INCIDENT = "incident"
    NOTICED = "noticed"
    CARRIED = "carried"
    LATE_ACCEPTED = "late_accepted"
    HANDED_IN = "handed_in"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One stored save without its text. Unit of `letters`: signs of the content."""

    item: str
    epoch: int
    number: int
    received_at: datetime
    letters: int
    set_aside: bool
    by_file: bool


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened; which fields say something depends on the kind.

    `word` is a word of some closed list (state of lost time, kind of evidence or of a call, measure, refusal code),
    `reason` what a person wrote.
    """

    kind: HappeningKind
    at: datetime
    ended_at: datetime | None = None
    seconds: int = 0
    count: int = 0
    word: str = ""
    item: str = ""
    reason: str = ""

    def length(self, until: datetime) -> timedelta:
        """How long it lasted; what has no end yet lasts until the instant given."""
        return max(timedelta(0), (self.ended_at or until) - self.at)


@dataclass(frozen=True)
class AttemptFacts:
    """Everything that rows and records say of an attempt, oldest first."""

    number: str
    seat: str
    state: AttemptState
    epoch: int
    started_at: datetime | None
    deadline_at: datetime | None
    ended_at: datetime | None
    added_seconds: int
    versions: tuple[StoredVersion, ...] = ()
    happenings: tuple[Happening, ...] = ()

    def of(self, kind: HappeningKind) -> list[Happening]:
        """The happenings of one kind, in order."""
        return [one for one in self.happenings if one.kind is kind]


@dataclass(frozen=True)
class AttemptReport:
    """One line of the incident report. Units: seconds where the name says so, otherwise counts."""

    number: str
    seat: str
    state: AttemptState
    #: Saves that came from the page, and those of them that count.
    saves: int
    counted: int
    #: Saves known to have failed: their numbers never came, although later ones did.
    never_arrived: int
    #: Kept beside: from a page that another one had replaced; after the end.
    fenced: int
    late: int
    carried: int
    silences: int
    silent_seconds: int
    #: The longest stretch without a word: for so long the newest words were on one machine only.
    longest_silence_seconds: int
    outages: int
    outage_seconds: int
    lost_waiting_seconds: int
    lost_given_seconds: int
    lost_refused_seconds: int
    paused_seconds: int
    extended_seconds: int
    #: Ways in which a candidate stood before a closed door: page opened anew, machine freed, seat moved, kept out.
    reopenings: int
    freed: int
    moved: int
    kept_out: int
    calls: int
    longest_call_seconds: int
    incidents: int
    evidence: Mapping[str, int] = field(default_factory=dict)
    worth_a_look: int = 0
    #: Whether extensions and ended pauses add up to the time that was added in fact.
    adds_up: bool = True

    @property
    def is_absent(self) -> bool:
        """Whether nobody came to this seat."""
        return self.state is AttemptState.ABSENT

    @property
    def lock_outs(self) -> int:
        """How often the candidate had to get in anew."""
        return self.reopenings + self.freed + self.moved + self.kept_out

    @property
    def failed_saves(self) -> int:
        """Saves that did not become the answer when they were sent."""
        return self.never_arrived + self.fenced + self.late

    @property
    def has_trouble(self) -> bool:
        """Whether anything at this seat is worth a line in the report."""
        figures = (self.failed_saves, self.silences, self.outages, self.lock_outs, self.calls, self.incidents)
        return any(figures) or bool(self.carried or self.lost_waiting_seconds) or not self.adds_up


def may_replay(role: Role, state: CompetitionState) -> bool:
    """Whether the text of an attempt may be played to the holder of a role at this step.

    Chair and supervision once the code map is open, so that it can betray no script; never invigilators or markers.
    """
    return role in REPLAY_ROLES and state.has_reached(CompetitionState.MERGED)


def shows_letters(state: CompetitionState) -> bool:
    """Whether lengths of saves may be shown beside a candidate's number.

    Source: our choice, because the exact length of a text finds its script among others until the codes are open.
    """
    return state.has_reached(CompetitionState.MERGED)


def count_missing(versions: Iterable[StoredVersion]) -> int:
    """How many numbers are missing: each page counts the saves of each item from one without a gap."""
    highest: dict[tuple[str, int], int] = {}
    stored: dict[tuple[str, int], int] = {}
    for version in versions:
        key = (version.item, version.epoch)
        highest[key] = max(highest.get(key, 0), version.number)
        stored[key] = stored.get(key, 0) + 1
    return sum(highest[key] - stored[key] for key in highest)


def report_of(facts: AttemptFacts, *, now: datetime) -> AttemptReport:
    """The line of an attempt as it stands at an instant."""
    until = facts.ended_at or now
    of = facts.of
    sent = [version for version in facts.versions if not version.by_file]
    beside = [version for version in sent if version.set_aside]
    fenced = [version for version in beside if version.epoch != facts.epoch]
    evidence: dict[str, int] = {}
    worth = 0
    for one in of(HappeningKind.NOTICED):
        evidence[one.word] = evidence.get(one.word, 0) + 1
        worth += is_worth_a_look(noticed_of(one))
    lost = of(HappeningKind.LOST)
    extended = sum(one.seconds for one in of(HappeningKind.EXTENDED))
    paused = sum(one.seconds for one in of(HappeningKind.PAUSED) if one.ended_at is not None)
    calls = of(HappeningKind.CALLED)
    return AttemptReport(
        number=facts.number,
        seat=facts.seat,
        state=facts.state,
        saves=len(sent),
        counted=len(sent) - len(beside),
        never_arrived=count_missing(facts.versions),
        fenced=len(fenced),
        late=len(beside) - len(fenced),
        carried=len(of(HappeningKind.CARRIED)),
        silences=len(of(HappeningKind.SILENT)),
        silent_seconds=_whole(one.length(until) for one in of(HappeningKind.SILENT)),
        longest_silence_seconds=_longest(of(HappeningKind.SILENT), until),
        outages=len(of(HappeningKind.OUTAGE)),
        outage_seconds=_whole(one.length(until) for one in of(HappeningKind.OUTAGE)),
        lost_waiting_seconds=sum(one.seconds for one in lost if one.word == LostTimeState.PROPOSED),
        lost_given_seconds=sum(one.count for one in lost if one.word == LostTimeState.GIVEN),
        lost_refused_seconds=sum(one.seconds for one in lost if one.word == LostTimeState.REFUSED),
        paused_seconds=paused,
        extended_seconds=extended,
        reopenings=len(of(HappeningKind.REOPENED)),
        freed=len(of(HappeningKind.FREED)),
        moved=len(of(HappeningKind.MOVED)),
        kept_out=len(of(HappeningKind.KEPT_OUT)),
        calls=len(calls),
        longest_call_seconds=_longest(calls, until),
        incidents=len(of(HappeningKind.INCIDENT)),
        evidence=evidence,
        worth_a_look=worth,
        adds_up=extended + paused == facts.added_seconds,
    )


def noticed_of(happening: Happening) -> Noticed:
    """The evidence behind a happening, for its thresholds."""
    data: dict[str, object] = {"letters": happening.count}
    if happening.reason == "own":
        data["own"] = True
    return Noticed(EvidenceKind(happening.word), 1, happening.seconds * 1000, data)


def overlap(
    began_at: datetime, ended_at: datetime, first: datetime, last: datetime
) -> tuple[datetime, datetime] | None:
    """What two stretches of time share; nothing when they only touch."""
    start, end = max(began_at, first), min(ended_at, last)
    return (start, end) if start < end else None


def _whole(lengths: Iterable[timedelta]) -> int:
    return int(sum(lengths, timedelta(0)).total_seconds())


def _longest(happenings: Sequence[Happening], until: datetime) -> int:
    return int(max((one.length(until) for one in happenings), default=timedelta(0)).total_seconds())
