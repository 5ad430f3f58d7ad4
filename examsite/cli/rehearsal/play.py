"""The people around the simulated candidates: everything that must be done before a start and after a close.

The play is that of the demonstration, gate by gate through the services; only what grows with the number of candidates
is done here in its own way.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil

from sqlalchemy.orm import Session

from examsite.cli.demonstration import cast, ceremonies
from examsite.cli.demonstration.director import Director, Plan, PostPlan
from examsite.cli.demonstration.keys import split_keys
from examsite.cli.demonstration.marking import MARKERS
from examsite.cli.demonstration.play import DAY, HOUR, Play
from examsite.cli.rehearsal.installation import RehearsalInstallation
from examsite.cli.rehearsal.load import Acknowledged, RehearsalError
from examsite.domain.dossiers import Applicant, CandidacyState
from examsite.domain.permissions import Role
from examsite.domain.sittings import SittingState
from examsite.services import announcements, candidacies, invigilation, papers, rehearsals, seating, sittings
from examsite.services.checkpoints import load_signer
from examsite.services.context import read_clock
from examsite.storage.database import reading, writing
from examsite.storage.queries.accounts import list_holders
from examsite.storage.queries.attempts import list_versions
from examsite.storage.queries.candidacies import get_candidacy, list_candidacies, list_roster
from examsite.storage.queries.marking import list_standings
from examsite.storage.queries.sittings import list_attempts, list_sittings
from question_bank.loader import load_bank

CODE = "TD-2000-01"
COLUMNS = 30
#: Between the opened paper and the start: everyone has the waiting page by then. Unit: seconds.
LEAD_SECONDS = 4.0
#: And so much more for each candidate. Unit: seconds.
LEAD_SECONDS_EACH = 0.02
#: How long the server may take to close the sitting after the last hand-in. Unit: seconds.
CLOSE_PATIENCE_SECONDS = 30
#: Scripts that are marked, each by two people.
MARKED_SCRIPTS = 2

_POST = PostPlan("P1", "Trưởng phòng tổng duyệt", "Head of Rehearsals", "Phòng tổng duyệt", "Rehearsal Section")


class RehearsalPlay:
    """What is done in the database of the rehearsal beside the simulated candidates."""

    def __init__(self, installation: RehearsalInstallation, *, head_count: int) -> None:
        """Play before so many candidates, with a written test that is about to begin."""
        self._installation = installation
        self._signer = load_signer(installation.settings)
        self._head_count = head_count
        self._plan = Plan(
            code=CODE,
            prefix="A",
            body=cast.BODIES[0].code,
            title="Tổng duyệt",
            title_en="Rehearsal",
            posts=(_POST,),
            applicants=tuple(
                cast.Applicant(f"Thí sinh giả {number}", date(1985, 1, 1), "Tổng duyệt", "Thử")
                for number in range(1, head_count + 1)
            ),
            written_at=read_clock() + HOUR,
            # A rehearsal measures machines; nobody sits there to give numbers.
            figures={"draw_contributors": "one"},
        )

    def prepare_people(self) -> list[str]:
        """The competition up to its fixed list and its sealed papers; gives the candidates' numbers."""
        password_hash = self._installation.password_hash()
        with writing(self._installation.engine) as session:
            director = Director(session, self._installation.settings, self._signer, password_hash)
            papers.load_bank(director.context(self._plan.written_at - 210 * DAY), load_bank())
            director.make_people(self._plan.written_at - 200 * DAY)
            play = _ManyPlay(director, self._plan)
            play.draft()
            play.receive()
            play.vet()
            play.seal_papers()
            return [str(item.candidate_number) for item in list_roster(session, play.competition.id)]

    def seat_and_open(self) -> datetime:
        """Everyone has a seat and is checked in, the paper is opened; gives the instant of the start."""
        starts_at = read_clock() + timedelta(seconds=LEAD_SECONDS + LEAD_SECONDS_EACH * self._head_count)
        with writing(self._installation.engine) as session:
            play = self._play(session)
            play.seat(starts_at, self._head_count)
        return starts_at

    def wait_until_closed(self) -> None:
        """The server closes the sitting by itself once everyone has handed in.

        Raises:
            RehearsalError: it did not.
        """
        deadline = time.monotonic() + CLOSE_PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with reading(self._installation.engine) as session:
                competition = self._play(session).competition
                states = {sitting.state for sitting in list_sittings(session, competition.id)}
            if states == {SittingState.CLOSED}:
                return
            time.sleep(0.5)
        raise RehearsalError("the server did not close the sitting")

    def count_lost(self, acknowledged: Iterable[Acknowledged]) -> int:
        """How many saves that the server called stored are not in the database, letter for letter."""
        expected: dict[int, dict[tuple[str, int, int], object]] = defaultdict(dict)
        for save in acknowledged:
            expected[save.attempt_id][save.item, save.epoch, save.number] = save.content
        lost = 0
        with reading(self._installation.engine) as session:
            for attempt_id, saves in expected.items():
                held = {
                    (row.item, row.epoch, row.number): json.loads(row.content)
                    for row in list_versions(session, attempt_id)
                }
                lost += sum(held.get(key) != content for key, content in saves.items())
        return lost

    def mark_two(self) -> None:
        """Codes are drawn and sealed, and two scripts are marked by two people each.

        Raises:
            RehearsalError: a mark did not stand.
        """
        with writing(self._installation.engine) as session:
            play = self._play(session)
            play.sign_attendance()
            split_keys(play, play.plan.written_at + 19 * HOUR)
            play.look_through()
            play.draw_codes()
            play.seal()
            play.allocate(play.plan.written_at + 2 * DAY)
            play.mark_some(MARKED_SCRIPTS)
            marked = sum(len(item.totals) >= 2 for item in list_standings(session, play.competition))
            if marked < min(MARKED_SCRIPTS, self._head_count):
                raise RehearsalError(f"{marked} scripts were marked, {MARKED_SCRIPTS} should be")

    def _play(self, session: Session) -> _ManyPlay:
        return _ManyPlay(Director(session, self._installation.settings, self._signer, "-"), self._plan)


class _ManyPlay(Play):
    """The demonstration's play for a list of any length, in one room that is as large as it must be."""

    def receive(self) -> None:
        """Everybody applies and is taken in, one second after the other."""
        at = self.begins_at
        announcements.announce(self.by("thuky", Role.ORGANISER, at + HOUR), self.competition)
        announcements.open_applications(self.by("thuky", Role.ORGANISER, at + 2 * HOUR), self.competition)
        competition = self.competition
        (post,) = competition.posts
        for number, person in enumerate(self.plan.applicants):
            now = at + DAY + number * timedelta(seconds=1)
            applicant = Applicant(
                full_name=person.name,
                born_on=person.born_on,
                identity_number=f"{number:012d}",
                unit=person.unit,
                position_title=person.position,
                phone="0000 000 000",
                email="thu@example.invalid",
            )
            made = candidacies.apply(
                self.director.context(now),
                competition,
                post,
                applicant,
                password_hash=self.director.password_hash,
            )
            organiser = self.by("thuky", Role.ORGANISER, now)
            candidacies.submit_on_paper(organiser, get_candidacy(self.session, made.id))

    def vet(self) -> None:
        """Everybody is eligible; the list is fixed and everybody has declared against it."""
        at = self.begins_at + 31 * DAY + HOUR
        organiser = self.by("thuky", Role.ORGANISER, at)
        announcements.close_applications(organiser, self.competition)
        for item in list_candidacies(self.session, self.competition.id, state=CandidacyState.SUBMITTED):
            candidacies.accept_candidacy(organiser, self.competition, item.application_code)
        candidacies.fix_roster(self.by("thuky", Role.ORGANISER, at + 2 * DAY), self.competition)
        self.declare(at + 2 * DAY + HOUR)

    def seal_papers(self) -> None:
        """Papers are drawn and sealed."""
        setter = self.by("rade", Role.SETTER, self.begins_at + 35 * DAY)
        for post in self.competition.posts:
            papers.draw_papers(setter, self.competition, post)
            papers.seal_papers(setter, self.competition, post)

    def seat(self, starts_at: datetime, head_count: int) -> None:
        """The room is planned, everyone is seated, the test begun, the paper opened, everyone checked in."""
        now = read_clock()
        organiser = self.by("thuky", Role.ORGANISER, now)
        sitting = sittings.schedule_sitting(
            organiser,
            self.competition,
            code="TD1",
            room="Tổng duyệt",
            rows=ceil(head_count / COLUMNS),
            columns=COLUMNS,
            starts_at=starts_at,
            invigilators=list_holders(self.session, self.competition.id, Role.INVIGILATOR),
        )
        seating.assign_seats(organiser, self.competition)
        # The start of a rehearsal needs a certificate too: its own, which says what it is.
        rehearsals.record_rehearsal(
            organiser, self.competition, head_count=head_count, source="rehearsal-of-itself", figures={}
        )
        announcements.begin_written(organiser, self.competition)
        for post in self.competition.posts:
            ceremonies.hold_draw(self, f"paper-version-{post.code}", now)
        competition, watcher = self.competition, self.by("coithi", Role.INVIGILATOR, now)
        for attempt in list_attempts(self.session, sitting.id):
            invigilation.check_in(watcher, competition, sitting, seat=attempt.seat)

    def sign_attendance(self) -> None:
        """The list of the room is signed."""
        for sitting in list_sittings(self.session, self.competition.id):
            ctx = self.by("coithi", Role.INVIGILATOR, self.plan.written_at + 5 * HOUR)
            invigilation.sign_attendance(ctx, self.competition, sitting)

    def mark_some(self, count: int) -> None:
        """The first scripts get a mark of each of their two markers."""
        at = self.plan.written_at + 2 * DAY
        queues = {login: self.queue(login, at) for login in MARKERS}
        for code in sorted({code for queue in queues.values() for code in queue})[:count]:
            for login in MARKERS:
                if code in queues[login]:
                    self.mark_one(login, code, Decimal(0), at)
