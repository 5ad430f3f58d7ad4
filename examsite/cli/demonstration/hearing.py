"""Proposals and their defence: read before, presented, asked about, scored alone, shown at once, talked over."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from examsite.cli.demonstration import ceremonies
from examsite.cli.demonstration.answers import dice_of
from examsite.cli.demonstration.handing_in import assessment_words, programmes
from examsite.cli.demonstration.play import DAY, HOUR, MINUTE, Play
from examsite.cli.demonstration.points import spread_points
from examsite.domain.draw_ceremonies import DrawKind
from examsite.domain.marking import NeededAct
from examsite.domain.permissions import Role
from examsite.services import assessments, defence, merging, panel_questions, proposals, reveals
from examsite.services.context import Actor
from examsite.storage.queries.candidacies import get_candidacy, list_roster
from examsite.storage.queries.defence import get_defence, list_defences, list_locked_marks
from examsite.storage.queries.proposals import list_passed_ids

PANEL = ("dean1", "dean2", "dean3")

#: How far the three members of the panel stand from each other, defence by defence: the second one needs the head.
SPREADS = ((0, 3, 6), (0, 4, 13), (2, 0, 5), (0, 6, 4), (3, 1, 0))


class Hearing:
    """The second half of a competition."""

    def __init__(self, play: Play) -> None:
        """Continue this play; its written part is published."""
        self.play = play
        self.session = play.session
        self.programmes: dict[int, int] = {}

    def hand_in(self) -> None:
        """Appeals over, proposals handed in and locked, the order of presentation drawn."""
        play, competition, at = self.play, self.play.competition, self.play.plan.later_at + 15 * DAY
        merging.close_appeals(play.by("thuky", Role.ORGANISER, at), competition)
        passed = list_passed_ids(self.session, competition)
        kinds = proposals.allowed_kinds(competition)
        standing = [item for item in list_roster(self.session, competition.id) if item.id in passed]
        for number, item in enumerate(standing):
            actor = Actor(account_id=item.account_id, role=Role.CANDIDATE, candidacy_id=item.id)
            received = play.director.letterbox.proposal(number, kinds=kinds)
            self.programmes[item.id] = number % len(programmes())
            proposals.upload_proposal(
                play.director.context(at + DAY + number * HOUR, actor),
                get_candidacy(self.session, item.id),
                received,
                title=f"{programmes()[self.programmes[item.id]]['title']} – {item.post.title}",
            )
        end = play.plan.later_at + 20 * DAY + HOUR
        proposals.lock_proposals(play.by("thuky", Role.ORGANISER, end), competition)
        # One member keeps the number back; it is opened by two holders of the key.
        ceremonies.hold_draw(play, DrawKind.PRESENTATION_ORDER, end + HOUR, kept_back=True)

    def defend(self, *, finished: int | None = None, open_next: bool = False) -> None:
        """So many defences (None: all) are presented, scored alone, revealed; then the next one is being scored."""
        rows = list_defences(self.session, self.play.competition.id)
        last = len(rows) if finished is None else finished
        self._read_before(rows)
        for number, row in enumerate(rows[: last + open_next]):
            now = self.play.plan.later_at + 22 * DAY + number * HOUR
            self._present(row, now)
            for place, login in enumerate(PANEL):
                if number == last and place > 0:
                    continue
                self._score(login, row.position, number, place, now + 51 * MINUTE)
            if number < last:
                self._settle(row.position, number, now + 55 * MINUTE)
        if finished is None:
            ctx = self.play.by("coithi", Role.INVIGILATOR, self.play.plan.later_at + 22 * DAY + 10 * HOUR)
            defence.record_attendance(ctx, self.play.competition, ())

    def _read_before(self, rows: list[Any]) -> None:
        """Two members have written about every proposal; the third only about the first ones, and not locked yet."""
        before = self.play.plan.later_at + 21 * DAY
        for number, row in enumerate(rows):
            programme = self.programmes[row.candidacy_id]
            for place, login in enumerate(PANEL[: 3 if number < 2 else 2]):
                ctx = self.play.by(login, Role.PANELLIST, before + (number * 3 + place) * 7 * MINUTE)
                text = assessment_words(programme, place)
                kept = assessments.save_assessment(ctx, self.play.competition, row.position, text, revision=0)
                if (number + place) % 3 != 1:
                    assessments.lock_assessment(ctx, self.play.competition, row.position, revision=kept.revision)

    def _present(self, row: Any, now: datetime) -> None:
        play, competition = self.play, self.play.competition
        defence.start_presentation(play.by("truongdean", Role.PANEL_HEAD, now), competition, row.position)
        asked_at = now + 20 * MINUTE
        head = play.by("truongdean", Role.PANEL_HEAD, asked_at)
        defence.start_questions(head, competition, row.position)
        for number, (text, answer) in enumerate(programmes()[self.programmes[row.candidacy_id]]["questions"]):
            asks = play.by(PANEL[number], Role.PANELLIST, asked_at + (2 + 6 * number) * MINUTE)
            panel_questions.note_question(asks, competition, row.position, text=text, answer=answer)
        reference = f"Tệp ghi âm BV-{row.position:02d}, thẻ nhớ số 2, phong bì niêm phong cùng biên bản"
        panel_questions.note_recording(head, competition, row.position, reference=reference, seen="")
        defence.open_scoring(play.by("truongdean", Role.PANEL_HEAD, now + 50 * MINUTE), competition, row.position)

    def _score(self, login: str, position: int, number: int, place: int, now: datetime) -> None:
        ctx = self.play.by(login, Role.PANELLIST, now)
        rubric = defence.rubric_of(get_defence(self.session, self.play.competition.id, position))
        quality = Decimal(72 + dice_of(self.play.code, number).randrange(18))
        points = spread_points(rubric.human, min(quality + SPREADS[number % 5][place], Decimal(98)), Decimal(1))
        draft = defence.save_sheet(ctx, self.play.competition, position, points, {}, revision=0)
        defence.lock_sheet(ctx, self.play.competition, position, revision=draft.revision)

    def _settle(self, position: int, number: int, now: datetime) -> None:
        """Shown at once; after the talk about the first one a member thinks again; a wide gap is the head's."""
        play, competition = self.play, self.play.competition
        head = play.by("truongdean", Role.PANEL_HEAD, now)
        done = reveals.reveal_scores(head, competition, position)
        marks = list_locked_marks(self.session, [done.id])
        if number == 0:
            self._think_again(position, marks, now)
        if reveals.outlook(competition, list_locked_marks(self.session, [done.id])).act is NeededAct.SETTLED:
            reveals.close_discussion(head, competition, position)
            return
        reveals.decide_gap(
            head,
            competition,
            position,
            decided=sorted(mark.total for mark in marks if mark.total is not None)[len(marks) // 2],
            reason="Trưởng ban nghe ba thành viên nêu căn cứ từng tiêu chí rồi quyết định.",
        )

    def _think_again(self, position: int, marks: list[Any], now: datetime) -> None:
        ctx = self.play.by(PANEL[0], Role.PANELLIST, now + MINUTE)
        own = next(mark for mark in marks if mark.assignment_id == ctx.actor.assignment_id)
        points = defence.points_of(own)
        criterion = max(points, key=lambda name: (points[name], name))
        points[criterion] -= 1
        reveals.change_sheet(
            ctx,
            self.play.competition,
            position,
            points,
            reason="Khi nghe lại phần hỏi đáp, tôi thấy câu trả lời về nguồn lực chưa đủ căn cứ như lúc đầu tôi hiểu.",
        )
