"""One competition played gate by gate through the services, every act at its own instant and by its own person."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from examsite.cli.demonstration import cast, ceremonies
from examsite.cli.demonstration.answers import answer_objective, faults_of, write_essay
from examsite.cli.demonstration.covering import look_and_cover
from examsite.cli.demonstration.director import Director, Plan
from examsite.cli.demonstration.keys import split_keys, words_of
from examsite.cli.demonstration.marking import give_mark, give_marks, settle_gaps
from examsite.cli.demonstration.relations import declare_all, judge_all
from examsite.cli.demonstration.signing import sign_result
from examsite.cli.demonstration.witnessing import bring_signatures, name_witnesses
from examsite.domain.blueprints import Blueprint, TopicCount
from examsite.domain.dossiers import Applicant, CandidacyState
from examsite.domain.draw_ceremonies import DrawKind
from examsite.domain.papers import Paper, PaperItem, paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.questions import QuestionKind
from examsite.domain.saves import Save
from examsite.domain.split_keys import KeyPurpose
from examsite.services import (
    accounts,
    announcements,
    attempts,
    candidacies,
    codes,
    competitions,
    incidents,
    invigilation,
    merging,
    papers,
    posts,
    publication,
    ranking,
    rehearsals,
    room_time,
    rulesets,
    seating,
    sittings,
)
from examsite.services.context import Actor, ServiceContext
from examsite.services.rulesets import ruleset_of
from examsite.services.split_keys import Sheet
from examsite.storage.queries.accounts import find_account_by_login, list_holders
from examsite.storage.queries.candidacies import list_candidacies
from examsite.storage.queries.competitions import get_competition, list_bodies
from examsite.storage.queries.queues import list_queue
from examsite.storage.queries.rooms import list_proposed_losses
from examsite.storage.queries.sittings import list_attempts, list_sittings

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)

#: Topics of the objective questions of every paper of the demonstration, two questions each.
OBJECTIVE_TOPICS = (
    "planning",
    "organising",
    "leading",
    "controlling",
    "decision-making",
    "delegation",
    "motivation",
    "change",
    "ethics",
    "digital-transformation",
)

#: A day's notice before each draw is for a real council: who tries this one has an hour.
FIGURES = {"draw_notice_minutes": "10"}


class Play:
    """One competition, played by a director; each method leads through what stands between two gates."""

    def __init__(self, director: Director, plan: Plan) -> None:
        """Play this plan."""
        self.director = director
        self.session = director.session
        self.plan = plan
        self.code = plan.code
        self.begins_at = plan.written_at - 45 * DAY
        #: Words of the sheets of keys: what each key opens, and its sheets.
        self.sheets: list[tuple[str, tuple[Sheet, ...]]] = []
        self._competition: Any = None

    @property
    def competition(self) -> Any:
        """The competition as it stands: a row, which commands know only through queries; services move this one."""
        if self._competition is None:
            self._competition = get_competition(self.session, self.code)
        return self._competition

    def by(self, login: str, role: Role, now: datetime) -> ServiceContext:
        """The context of an official of this competition."""
        return self.director.acting(login, role, now, self.code)

    # -------------------------------------------------------------------------------- plan and applications

    def draft(self) -> None:
        """The plan with its posts, people, papers' plan, schedule and announcement."""
        now = self.begins_at
        body = next(item for item in list_bodies(self.session) if item.code == self.plan.body)
        account = find_account_by_login(self.session, "thuky")
        competitions.create_competition(
            self.director.context(now, Actor(account_id=account.id if account else None)),
            body,
            code=self.code,
            title=self.plan.title,
            title_en=self.plan.title_en,
            number_prefix=self.plan.prefix,
            preset="hai-phong-pilot",
        )
        organiser = self.by("thuky", Role.ORGANISER, now)
        for post in self.plan.posts:
            posts.add_post(
                organiser,
                self.competition,
                code=post.code,
                title=post.title,
                title_en=post.title_en,
                unit=post.unit,
                unit_en=post.unit_en,
                managed_by=body.level,
                requirements=cast.REQUIREMENTS,
                requirements_en=cast.REQUIREMENTS_EN,
            )
        for official in cast.OFFICIALS:
            person = find_account_by_login(self.session, official.login)
            if official.role is not Role.ORGANISER and person is not None:
                accounts.grant_role(organiser, person, official.role, competition=self.competition)
        setter = self.by("rade", Role.SETTER, now)
        for row in self.competition.posts:
            papers.plan_blueprint(setter, self.competition, row, self._blueprint())
        at = self.plan.written_at
        rulesets.change_ruleset(organiser, self.competition, {**FIGURES, **self.plan.figures})
        schedule = {
            "applications_close_at": self.begins_at + 31 * DAY,
            "written_at": at,
            "written_results_at": at + 6 * DAY,
            "proposals_close_at": self.plan.later_at + 20 * DAY,
            "defence_at": self.plan.later_at + 22 * DAY,
            "results_at": self.plan.later_at + 26 * DAY,
        }
        competitions.set_schedule(organiser, self.competition, schedule)
        competitions.set_announcement(organiser, self.competition, text=cast.ANNOUNCEMENT, text_en=cast.ANNOUNCEMENT_EN)

    def _blueprint(self) -> Blueprint:
        return Blueprint(
            objective_points=Decimal("2.00"),
            objective=tuple(TopicCount(topic, 2) for topic in OBJECTIVE_TOPICS),
            essay_topics=self.director.essay_topics,
            essay_count=2,
        )

    def receive(self) -> None:
        """Announced, applications open, everybody has applied."""
        at = self.begins_at
        announcements.announce(self.by("thuky", Role.ORGANISER, at + HOUR), self.competition)
        announcements.open_applications(self.by("thuky", Role.ORGANISER, at + 2 * HOUR), self.competition)
        split_keys(self, at + 3 * HOUR)
        rows = list((competition := self.competition).posts)
        for number, person in enumerate(self.plan.applicants):
            now = at + DAY + number * HOUR
            # A small post and a large one, where many apply.
            post = rows[number % len(rows)] if number < 10 else rows[0]
            candidacy = candidacies.apply(
                self.director.context(now),
                competition,
                post,
                Applicant(
                    full_name=person.name,
                    born_on=person.born_on,
                    identity_number=f"0310{int(self.seed(person.name), 16) % 10**8:08d}",
                    unit=person.unit,
                    position_title=person.position,
                    phone="0225 000 000",
                    email="nguoi.du.tuyen@vanhai.example",
                ),
                password_hash=self.director.password_hash,
            )
            is_last = number == len(self.plan.applicants) - 1 and len(self.plan.applicants) >= 4
            if number < self.plan.online:
                self._send(candidacy, now + HOUR, is_whole=not is_last)
            elif not is_last:
                candidacies.submit_on_paper(self.by("thuky", Role.ORGANISER, now + HOUR), candidacy)

    def _send(self, candidacy: Any, now: datetime, *, is_whole: bool) -> None:
        """A dossier sent through the site: every paper of the list, or the first ones of somebody who is not done."""
        actor = Actor(account_id=candidacy.account_id, role=Role.CANDIDATE, candidacy_id=candidacy.id)
        listed = ruleset_of(self.competition).dossier_checklist
        for number, item in enumerate(listed if is_whole else listed[:6]):
            ctx = self.director.context(now + number * 2 * MINUTE, actor)
            candidacies.add_dossier_item(ctx, candidacy.id, item.code, self.director.letterbox.paper(item))
        if is_whole:
            candidacies.submit_application(self.director.context(now + HOUR, actor), candidacy.id)

    def vet(self) -> None:
        """Applications closed, each decided; the list is fixed and everybody has declared against it."""
        at = self.begins_at + 31 * DAY + HOUR
        organiser = self.by("thuky", Role.ORGANISER, at)
        announcements.close_applications(organiser, self.competition)
        people = list_candidacies(self.session, self.competition.id, state=CandidacyState.SUBMITTED)
        competition = self.competition
        for number, item in enumerate(people):
            ctx = self.by("thuky", Role.ORGANISER, at + DAY + number * MINUTE)
            if number == len(people) - 1 and len(people) > 6:
                reason = "Chưa đủ 12 tháng giữ chức vụ hiện tại theo tiêu chuẩn đã thông báo."
                candidacies.refuse_candidacy(ctx, competition, item.application_code, reason=reason)
            else:
                candidacies.accept_candidacy(ctx, competition, item.application_code)
        candidacies.fix_roster(self.by("thuky", Role.ORGANISER, at + 2 * DAY), self.competition)
        self.declare(at + 2 * DAY + HOUR)

    def declare(self, at: datetime) -> None:
        """Everyone who must has declared against the list."""
        declare_all(lambda login, role: self.by(login, role, at), self.competition)

    # -------------------------------------------------------------------------------------------- the test

    def prepare(self, *, every_kind: bool = False) -> None:
        """Papers drawn and sealed, sittings planned, seats given, the test begun and one version opened.

        With `every_kind` papers are drawn again until every version asks every kind of question.
        """
        at = self.begins_at + 35 * DAY
        setter = self.by("rade", Role.SETTER, at)
        organiser = self.by("thuky", Role.ORGANISER, at)
        for post in self.competition.posts:
            drawn = papers.draw_papers(setter, self.competition, post)
            while every_kind and not all(_asks_every_kind(paper_from_data(row.data)) for row in drawn):
                drawn = papers.draw_papers(setter, self.competition, post)
            papers.seal_papers(setter, self.competition, post)
        watcher = list_holders(self.session, self.competition.id, Role.INVIGILATOR)
        for room in self.plan.rooms:
            sittings.schedule_sitting(
                organiser,
                self.competition,
                code=room.code,
                room=room.name,
                rows=room.rows,
                columns=room.columns,
                starts_at=self.plan.written_at + room.later,
                invigilators=watcher,
            )
        count = seating.assign_seats(organiser, self.competition)
        before = self.plan.written_at - HOUR
        if self.plan.draws_seats:
            ceremonies.hold_draw(self, DrawKind.SEATS.value, before - HOUR)
        # Nothing is measured here, and the certificate says so: its figures name the demonstration.
        rehearsals.record_rehearsal(
            self.by("thuky", Role.ORGANISER, before),
            self.competition,
            head_count=count,
            source="demonstration",
            figures={},
        )
        announcements.begin_written(self.by("thuky", Role.ORGANISER, before), self.competition)
        for post in self.competition.posts:
            ceremonies.hold_draw(self, f"paper-version-{post.code}", before + 30 * MINUTE)

    def check_in(self, *, absent: int = 0) -> None:
        """Everybody but the last `absent` ones shows the identity card at the door."""
        now = self.plan.written_at - 20 * MINUTE
        for sitting in list_sittings(self.session, self.competition.id):
            seats = [attempt.seat for attempt in list_attempts(self.session, sitting.id)]
            for seat in seats[: len(seats) - absent]:
                ctx = self.by("coithi", Role.INVIGILATOR, now)
                invigilation.check_in(ctx, self.competition, sitting, seat=seat)

    def start(self) -> None:
        """The sittings that are due begin."""
        for sitting in list_sittings(self.session, self.competition.id):
            if sitting.starts_at <= self.plan.written_at:
                sittings.start_sitting(self.director.context(sitting.starts_at), sitting.id)

    def write(self, *, minutes: int = 150, cut_off: int = 0) -> None:
        """Those who were checked in answer, each in an own way, and hand in; so many lose their line meanwhile."""
        for sitting in list_sittings(self.session, self.competition.id):
            for number, attempt in enumerate(list_attempts(self.session, sitting.id)):
                if sitting.started_at is None or attempt.checked_in_at is None or attempt.paper is None:
                    continue
                now = self.plan.written_at + (1 + number % 9) * SECOND
                actor = Actor(attempt.candidacy.account_id, Role.CANDIDATE, candidacy_id=attempt.candidacy_id)
                opened = attempts.open_attempt(self.director.context(now, actor))
                at, paper = now + minutes * MINUTE, paper_from_data(attempt.paper.data)
                if number in range(1, 1 + cut_off):
                    loses_at = now + 20 * number * MINUTE
                    self._lose_line(sitting, attempt, opened, loses_at, is_given=number == 1)
                saves = list(self.answers(paper, attempt.candidacy.full_name, opened.epoch))
                attempt.last_seen_at = at - 5 * SECOND  # the page gave signs of life all the time
                self.session.flush()
                attempts.save_answers(self.director.context(at, actor), opened.token, saves, page_epoch=opened.epoch)
                ended = self.director.context(at + 5 * SECOND, actor)
                attempts.hand_in(ended, opened.token, page_epoch=opened.epoch)

    def _lose_line(self, sitting: Any, attempt: Any, opened: Any, now: datetime, *, is_given: bool) -> None:
        """A page falls silent for minutes; the time is given back, or refused where it was the person's own doing."""
        attempt.last_seen_at = now
        self.session.flush()
        actor = Actor(attempt.candidacy.account_id, Role.CANDIDATE, candidacy_id=attempt.candidacy_id)
        back = self.director.context(now + 215 * SECOND, actor)
        attempts.save_answers(back, opened.token, (), page_epoch=opened.epoch)
        ctx = self.by("coithi", Role.INVIGILATOR, now + 6 * MINUTE)
        for loss in list_proposed_losses(self.session, sitting, ctx.now):
            if loss.lost.attempt_id == attempt.id:
                room_time.decide_lost_time(
                    ctx,
                    self.competition,
                    sitting,
                    lost_time_id=loss.lost.id,
                    seconds=loss.lost.seconds if is_given else None,
                    reason="" if is_given else "Thí sinh tự rút dây mạng để cắm sạc; trong lúc ấy máy vẫn viết được.",
                )

    def answers(self, paper: Paper, name: str, epoch: int) -> Iterator[Save]:
        """What somebody answers, in the order of the paper."""
        luck = int(self.seed(name), 16)
        faults = faults_of(paper) if self.plan.is_large else ()
        for number, item in enumerate(paper.items):
            content = json.dumps(self._answer(item, luck, number, faults), ensure_ascii=False)
            yield Save(item=item.item, epoch=epoch, number=1, content=content)

    def _answer(self, item: PaperItem, luck: int, place: int, faults: tuple[str, ...]) -> object:
        if item.is_essay:
            return write_essay(item.question.id, luck, tells=luck % 10 < self.plan.telling)
        return answer_objective(item, luck, place, faults=faults)

    def seed(self, name: str) -> str:
        """Hexadecimal digits that a name of this competition always gives."""
        return hashlib.sha256(f"{self.code}/{name}".encode()).hexdigest()[:15]

    def close(self, *, reprimand: bool = False) -> None:
        """The server closes the sittings; the room's minutes are signed and decided."""
        if reprimand:
            sitting = list_sittings(self.session, self.competition.id)[0]
            seat = list_attempts(self.session, sitting.id)[1].seat
            incident = incidents.record_incident(
                self.by("coithi", Role.INVIGILATOR, self.plan.written_at + HOUR),
                self.competition,
                sitting,
                seat=seat,
                measure="reprimand",
                minutes="Trao đổi với người ngồi bên sau khi đã được nhắc một lần.",
                witnesses="Hai thí sinh ngồi gần",
            )
        end = self.plan.written_at + 4 * HOUR
        while sittings.close_overdue(self.director.context(end)):
            continue
        ctx = self.by("coithi", Role.INVIGILATOR, end + 10 * MINUTE)
        for sitting in list_sittings(self.session, self.competition.id):
            invigilation.sign_attendance(ctx, self.competition, sitting)
        if reprimand:
            ctx = self.by("chutich", Role.CHAIR, end + HOUR)
            incidents.decide_incident(ctx, self.competition, incident, measure=incident.measure)

    # --------------------------------------------------------------------------------------------- marking

    def look_through(self, *, leave: bool = False) -> None:
        """The code board looks through all scripts and covers what may tell an author, unless that is left."""
        look_and_cover(self.by("phach", Role.KEEPER, self.plan.written_at + 20 * HOUR), self.competition, leave=leave)

    def draw_codes(self) -> None:
        """The chair draws the script codes."""
        ceremonies.hold_draw(self, "script-codes", self.plan.written_at + DAY)

    def seal(self) -> None:
        """Hints at relations are judged while scripts have authors; then the map is closed."""
        at = self.plan.written_at + DAY
        judge_all(self.by("chutich", Role.CHAIR, at + HOUR), self.competition)
        codes.seal_codes(self.by("phach", Role.KEEPER, at + HOUR), self.competition)

    def allocate(self, at: datetime, *, without_seeds: str | None = "Đề mới, chưa có bài chấm thử.") -> None:
        """Scripts are given to markers; a board without pilot answers says why it goes without seeds."""
        ceremonies.hold_draw(self, "allocation", at, terms=without_seeds)

    def mark(self, *, leave: int = 0, lifted: int = 0) -> None:
        """Markers lock their marks, see `give_marks`."""
        give_marks(self, self.plan.written_at + 2 * DAY, leave=leave, lifted=lifted)

    def queue(self, login: str, at: datetime) -> list[str]:
        """The codes that stand before a marker, in the drawn order."""
        actor = self.by(login, Role.MARKER, at).actor
        return [entry.code for entry in list_queue(self.session, self.competition.id, actor.assignment_id or 0)]

    def mark_one(self, login: str, code: str, gap: Decimal, at: datetime) -> None:
        """One marker locks one mark, see `give_mark`."""
        give_mark(self, login, code, gap, at)

    def settle(self) -> None:
        """The head settles every gap."""
        settle_gaps(self, self.plan.written_at + 3 * DAY)

    def merge(self) -> None:
        """The council opens the map; the written results are published."""
        at = self.plan.written_at + 5 * DAY
        words = words_of(self, KeyPurpose.CODES)
        codes.open_codes(self.by("chutich", Role.CHAIR, at), self.competition, words=words)
        merging.publish_written(self.by("thuky", Role.ORGANISER, at + HOUR), self.competition)

    # ---------------------------------------------------------------------------------------------- result

    def rank(self) -> None:
        """The ranking is computed."""
        ranking.compute_result(self.by("thuky", Role.ORGANISER, self.plan.later_at + 23 * DAY), self.competition)

    def sign(self, *logins: tuple[str, Role]) -> None:
        """These people read the report and agree over the hash."""
        sign_result(self, logins, self.plan.later_at + 24 * DAY)

    def publish(self) -> None:
        """The approved result becomes public."""
        at = self.plan.later_at + 26 * DAY
        name_witnesses(self.by("giamsat", Role.SUPERVISOR, at), self.competition)
        publication.publish_result(self.by("thuky", Role.ORGANISER, at), self.competition)
        bring_signatures(self.by("giamsat", Role.SUPERVISOR, at + HOUR), self.competition)


def _asks_every_kind(paper: Paper) -> bool:
    return {item.question.kind for item in paper.items} == set(QuestionKind)
