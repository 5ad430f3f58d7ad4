"""A board in the middle of its marking: qualified first, watched by seeds, one paused, a guide that changed meanwhile.

Everything happens through the services at its own instant. What a marker gives follows from what stands in the script,
from how lenient the marker is, and from chance; so the figures about the board are those of a board.
"""

from __future__ import annotations

import heapq
from datetime import datetime
from decimal import Decimal
from typing import Any

from examsite.cli.demonstration.answers import (
    PARTS,
    comment_on,
    dice_of,
    faults_of,
    note_words,
    points_met,
    share_met,
    write_essay,
    wrong_options,
)
from examsite.cli.demonstration.marking import MARKERS
from examsite.cli.demonstration.play import DAY, HOUR, MINUTE, Play
from examsite.domain.items import Ruling
from examsite.domain.marking import NeededAct, ScriptKind
from examsite.domain.note_anchors import Span
from examsite.domain.papers import Paper, paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.questions import Level, Text
from examsite.domain.rubric_changes import MarkFate
from examsite.domain.rubrics import RubricCriterion
from examsite.services import (
    allocations,
    items,
    marker_stops,
    marking,
    marking_notes,
    rubric_changes,
    saved_comments,
    script_claims,
    script_flags,
    settling,
    standardisation,
    withdrawals,
)
from examsite.storage.queries.marking import list_standings
from examsite.storage.queries.marking_notes import list_flags
from examsite.storage.queries.papers import list_opened_papers
from examsite.storage.queries.queues import QUEUED, get_blind_script
from examsite.storage.queries.standardisation import find_hold, list_own_standards, list_standards

#: How far each marker lies above the others, in points; all three are steady until one tires.
LENIENCE = {"cham1": -1.2, "cham2": 0.6, "cham3": 0.9}
#: Who tires, after how many scripts, and by how many points.
TIRED, TIRED_AFTER, TIRED_BY = "cham3", 22, Decimal("12.5")
#: Scripts, by place in the order of their codes, on which the second marker sees something else, by how many points.
APART = {4: Decimal("7.5"), 9: Decimal("-7.5"), 15: Decimal("7.5"), 21: Decimal("12.5"), 28: Decimal("-12.5")}
#: How many scripts everybody leaves for whoever looks at the demonstration.
LEFT = 2
#: Locked marks after which the guide is changed.
CHANGED_AFTER = 10

_KEPT_COMMENTS = {
    "cham1": (
        "Nêu đủ nguyên nhân, có số liệu trong tình huống.",
        "Kế hoạch có mốc và người chịu trách nhiệm; phần rủi ro còn mỏng.",
        "Giải pháp chung, chưa gắn với tình huống.",
        "Tính sai mẫu số.",
    ),
    "cham2": ("Lập luận chặt, thừa nhận chỗ phải đánh đổi.", "Chưa nói cách kiểm tra kết quả."),
}


class LivelyBoard:
    """The board of one competition whose map of codes is sealed; scripts enough for figures."""

    def __init__(self, play: Play, ends_at: datetime) -> None:
        """Mark this play until this instant."""
        self.play = play
        self.session = play.session
        self.competition: Any = play.competition
        self.ends_at = ends_at
        self.agreed_at = play.plan.written_at + DAY + 2 * HOUR
        self.locked = 0
        self.done: dict[str, int] = dict.fromkeys(MARKERS, 0)
        self.order: list[str] = []
        self.holders: dict[str, list[str]] = {}

    def happen(self) -> None:
        """Everything from the pilot answers to the present instant."""
        self._agree_standards(self.agreed_at)
        self._qualify(self.agreed_at + 2 * HOUR)
        self.play.allocate(self.agreed_at + 6 * HOUR, without_seeds=None)
        self._mark()

    # ------------------------------------------------------------------------------------------ before the draw

    def _agree_standards(self, at: datetime) -> None:
        """The head enters pilot answers, a setter agrees; two practice scripts, two to qualify, four seeds."""
        kinds = [ScriptKind.PRACTICE, *2 * [ScriptKind.QUALIFICATION], *4 * [ScriptKind.SEED], ScriptKind.PRACTICE]
        for number, kind in enumerate(kinds):
            now = at + number * 10 * MINUTE
            proposed = self._propose_standard(kind, number, now)
            if number == len(kinds) - 1:
                continue  # this one waits for its second person
            standardisation.agree_standard(
                self.play.by("rade", Role.SETTER, now + 5 * MINUTE),
                self.competition,
                proposed.id,
                sha256=proposed.script.content_sha256,
            )

    def _propose_standard(self, kind: ScriptKind, number: int, now: datetime) -> Any:
        row = list_opened_papers(self.session, self.competition.id)[0]
        paper = paper_from_data(row.data)
        texts = {
            item.item: write_essay(item.question.id, 1000 + 17 * number + place, tells=False)
            for place, item in enumerate(paper.essays)
        }
        points = self._points(paper, texts, shift=0.0, dice=dice_of("agreed", number))
        comments = self._comments(paper, texts, dice_of("agreed", number))
        head = self.play.by("truongcham", Role.MARKING_HEAD, now)
        return standardisation.propose_standard(
            head, self.competition, kind=kind, paper=row.code, texts=texts, points=points, comments=comments
        )

    def _qualify(self, at: datetime) -> None:
        """Everybody marks the practice script and the two that decide; the head lets all go on, one with a reason."""
        for place, login in enumerate(MARKERS):
            now = at + place * 20 * MINUTE
            ctx = self.play.by(login, Role.MARKER, now)
            own = list_own_standards(self.session, self.competition.id, ctx.actor.assignment_id or 0)
            for number, row in enumerate(own):
                paper = paper_from_data(row.agreed.script.paper.data)
                texts = {part["item"]: part["text"] for part in row.agreed.script.content}
                dice = dice_of("standard", login, number)
                points = self._points(paper, texts, shift=LENIENCE[login], dice=dice)
                ctx = self.play.by(login, Role.MARKER, now + number * 12 * MINUTE)
                code = row.agreed.script.code
                if row.agreed.script.kind is not (own[number - 1].agreed.script.kind if number else None):
                    standardisation.begin_standards(ctx, self.competition, code)
                comments = self._comments(paper, texts, dice)
                draft = marking.save_draft(ctx, self.competition, code, revision=0, points=points, comments=comments)
                marking.lock_mark(ctx, self.competition, code, revision=draft.revision)
            standardisation.qualify_marker(
                self.play.by("truongcham", Role.MARKING_HEAD, now + 2 * HOUR),
                self.competition,
                str(ctx.actor.pseudonym),
                reason="Lệch ở một tiêu chí; đã cùng đọc lại hướng dẫn chấm và thống nhất cách vận dụng.",
            )

    # ------------------------------------------------------------------------------------------------- the day

    def _mark(self) -> None:
        """Script by script, all three beside each other in time, with what happens between."""
        started_at = self.ends_at - 10 * HOUR
        self._read_queues(started_at)
        self._rule_items(started_at)
        waiting = {login: self.play.queue(login, started_at) for login in MARKERS}
        clock = [(started_at + place * 3 * MINUTE, login) for place, login in enumerate(MARKERS)]
        heapq.heapify(clock)
        while clock:
            now, login = heapq.heappop(clock)
            ends_at = now + dice_of(self.play.code, login, self.done[login]).randint(9, 17) * MINUTE
            if len(waiting[login]) <= LEFT or ends_at > self.ends_at - 40 * MINUTE or self._is_paused(login):
                continue
            code = waiting[login].pop(0)
            self._mark_script(login, code, now, ends_at)
            heapq.heappush(clock, (ends_at, login))
            if self.locked == CHANGED_AFTER:
                for other, reopened in self._change_guide(ends_at + MINUTE).items():
                    waiting[other] = [*reopened, *waiting[other]]
        self._begin_next(waiting)
        self._lead()

    def _read_queues(self, at: datetime) -> None:
        for login in MARKERS:
            for code in self.play.queue(login, at):
                self.holders.setdefault(code, []).append(login)
        seeds = {row.script.code for row in list_standards(self.session, self.competition.id, ScriptKind.SEED)}
        self.order = sorted(set(self.holders) - seeds)

    def _is_paused(self, login: str) -> bool:
        ctx = self.play.by(login, Role.MARKER, self.ends_at)
        return find_hold(self.session, ctx.actor.assignment_id or 0) is not None

    def _mark_script(self, login: str, code: str, now: datetime, ends_at: datetime) -> None:
        ctx = self.play.by(login, Role.MARKER, now)
        script_claims.hold_script(ctx, self.competition, code, page=f"{login}-{code}")
        blind = get_blind_script(self.session, self.competition.id, ctx.actor.assignment_id or 0, code)
        apart = APART.get(self.order.index(code)) if code in self.order else None
        # Where two differ by so many points, they agree about all else.
        texts, dice = dict(blind.content), dice_of(self.play.code, login if apart is None else "", code)
        points = self._points(blind.paper, texts, shift=LENIENCE[login] if apart is None else 0.0, dice=dice)
        if login == TIRED and self.done[login] >= TIRED_AFTER:
            points = _moved(blind.paper, points, TIRED_BY)
        elif apart is not None and self.holders[code][-1] == login:
            points = _moved(blind.paper, points, apart)
        ctx = self.play.by(login, Role.MARKER, ends_at)
        if self.done[login] % 3 == 0:
            self._annotate(ctx, code, blind.paper, texts)
        comments = self._comments(blind.paper, texts, dice)
        revision = 0 if blind.mark is None else blind.mark.revision
        kept = marking.save_draft(ctx, self.competition, code, revision=revision, points=points, comments=comments)
        marking.lock_mark(ctx, self.competition, code, revision=kept.revision)
        self.done[login] += 1
        self.locked += 1

    def _annotate(self, ctx: Any, code: str, paper: Paper, texts: dict[str, str]) -> None:
        """A line or two marked in the text, some with words, some with the criterion they speak for."""
        for item in paper.essays:
            text, dice = texts[item.item], dice_of("note", code, item.item)
            met = points_met(item.question.id, text)
            for quote in met[: dice.randint(0, 2)]:
                start = text.index(quote)
                marking_notes.add_note(
                    ctx,
                    self.competition,
                    code,
                    span=Span(item.item, start, start + len(quote), quote),
                    text=note_words(dice) if dice.random() < 0.7 else "",
                )

    def _points(self, paper: Paper, texts: dict[str, str], *, shift: float, dice: Any) -> dict[str, Decimal]:
        """Points by what stands in the text, moved by so many points in all and by chance."""
        given = {}
        whole = float(sum(criterion.maximum for criterion in paper.rubric.human))
        for criterion, question, part in _criteria(paper):
            most = float(criterion.maximum)
            share = share_met(question, part, texts[criterion.criterion.split(".")[0]])
            wanted = most * share + shift * most / whole + dice.gauss(0, 0.18 * most**0.5)
            steps = round(min(max(wanted, 0.0), most) / float(criterion.step))
            given[criterion.criterion] = (steps * criterion.step).quantize(Decimal("0.01"))
        return given

    def _comments(self, paper: Paper, texts: dict[str, str], dice: Any) -> dict[str, str]:
        found = {}
        for criterion, question, part in _criteria(paper):
            if dice.random() < 0.4:
                share = share_met(question, part, texts[criterion.criterion.split(".")[0]])
                found[criterion.criterion] = comment_on(share, dice)
        return found

    # ------------------------------------------------------------------------------------------- between times

    def _rule_items(self, at: datetime) -> None:
        """A further key for the question with two right options is agreed; that nobody could know one, waits."""
        row = list_opened_papers(self.session, self.competition.id)[0]
        paper = paper_from_data(row.data)
        setter, chair = self.play.by("rade", Role.SETTER, at), self.play.by("chutich", Role.CHAIR, at + 30 * MINUTE)
        named = {item.item: item for item in paper.items}
        found = [named[name] for name in faults_of(paper)]
        for twice in found[1:]:
            proposed = items.propose_ruling(
                setter,
                self.competition,
                row.code,
                twice.item,
                ruling=Ruling.FURTHER_KEYS,
                keys=wrong_options(twice)[-1:],
                reason="Hai phương án cùng đúng tùy cách hiểu chữ “trước hết”; tổ ra đề thống nhất nhận cả hai.",
            )
            items.agree_ruling(chair, self.competition, proposed.id)
        for faulty in found[:1]:
            items.propose_ruling(
                setter,
                self.competition,
                row.code,
                faulty.item,
                ruling=Ruling.EVERYONE,
                reason="Văn bản mà câu hỏi dẫn đã hết hiệu lực trước ngày thi; không phương án nào còn đúng hẳn.",
            )

    def _change_guide(self, now: datetime) -> dict[str, list[str]]:
        """A criterion reads anew for everybody; who has to choose its points again, script by script."""
        row = list_opened_papers(self.session, self.competition.id)[0]
        paper = paper_from_data(row.data)
        early, late = paper.rubric.human[1], paper.rubric.human[-1]
        words = "khi có mốc thời gian thì không đòi ghi ngày cụ thể"
        reason = f"Mười bài đầu cho thấy mức cao nhất được hiểu hai cách; cả tổ thống nhất: {words}."
        change = self._propose_change(row.code, early, now, words, reason)
        # The second one waits for the setter.
        words = "ý đúng diễn đạt khác vẫn được tính"
        reason = "Hai cán bộ chấm hỏi về những bài diễn đạt khác lời của hướng dẫn mà đủ ý."
        self._propose_change(row.code, late, self.ends_at - 30 * MINUTE, words, reason)
        setter = self.play.by("rade", Role.SETTER, now + 4 * MINUTE)
        agreed = [row for row in list_standards(self.session, self.competition.id) if row.agreed_at is not None]
        before = [(row, dict(row.points)) for row in agreed]
        touched = rubric_changes.agree_change(setter, self.competition, change.id)
        for standard, points in before:
            self._agree_anew(standard, points, now + 5 * MINUTE)
        again: dict[str, list[str]] = {}
        for login in MARKERS:
            assignment = self.play.by(login, Role.MARKER, now).actor.assignment_id
            own = [row for row in touched if row.mark.assignment_id == assignment and row.script.kind in QUEUED]
            again[login] = [row.script.code for row in own if row.fate is MarkFate.WITHDRAWN]
        return again

    def _agree_anew(self, standard: Any, points: dict[str, str], now: datetime) -> None:
        """The same points stand under the new words, say both people."""
        standardisation.change_standard(
            self.play.by("truongcham", Role.MARKING_HEAD, now),
            self.competition,
            standard.id,
            texts={part["item"]: part["text"] for part in standard.script.content},
            points={name: Decimal(given) for name, given in points.items()},
            comments=standard.comments,
        )
        standardisation.agree_standard(
            self.play.by("rade", Role.SETTER, now + MINUTE),
            self.competition,
            standard.id,
            sha256=standard.script.content_sha256,
        )

    def _propose_change(self, paper: str, criterion: RubricCriterion, now: datetime, words: str, reason: str) -> Any:
        *lower, top = criterion.levels
        text = f"{top.text.vi.rstrip('.')}; {words}."
        return rubric_changes.propose_change(
            self.play.by("truongcham", Role.MARKING_HEAD, now),
            self.competition,
            paper,
            criterion.criterion,
            text=criterion.text,
            levels=[*lower, Level(top.points, Text(text, f"{top.text.en.rstrip('.')}; read as agreed by the board."))],
            reason=reason,
        )

    def _begin_next(self, waiting: dict[str, list[str]]) -> None:
        """Two have begun their next script: points for the first question, notes, a question to the head."""
        for login, comments in _KEPT_COMMENTS.items():
            ctx = self.play.by(login, Role.MARKER, self.ends_at - 20 * MINUTE)
            for number, text in enumerate(comments):
                kept = saved_comments.save_comment(ctx, self.competition, text)
                if number == 0:
                    saved_comments.use_comment(ctx, self.competition, kept.id)
            if not waiting[login]:
                continue
            code = waiting[login][0]
            script_claims.hold_script(ctx, self.competition, code, page=f"{login}-{code}")
            blind = get_blind_script(self.session, self.competition.id, ctx.actor.assignment_id or 0, code)
            texts = dict(blind.content)
            self._annotate(ctx, code, blind.paper, texts)
            points = self._points(blind.paper, texts, shift=LENIENCE[login], dice=dice_of(code))
            first = {name: given for name, given in points.items() if name.startswith("E1.")}
            revision = 0 if blind.mark is None else blind.mark.revision
            marking.save_draft(
                ctx, self.competition, code, revision=revision, points=first, comments={"": "Đang đọc dở câu 2."}
            )
            script_claims.leave_script(ctx, self.competition, code, page=f"{login}-{code}")
            script_flags.flag_script(
                ctx,
                self.competition,
                code,
                text={
                    "cham1": "Phần c) của câu 1 được viết lẫn vào bài làm câu 2. Có tính điểm cho câu 1 không?",
                    "cham2": "Thí sinh tính đúng cách nhưng sai phép chia cuối. Trừ ở ý tính toán hay cả ở kết luận?",
                }[login],
            )

    def _lead(self) -> None:
        """The head answers one question, talks about gaps, decides one, calls a third marker, asks for a mark back."""
        at = self.ends_at - 15 * MINUTE
        head = self.play.by("truongcham", Role.MARKING_HEAD, at)
        if not self._is_paused(TIRED):  # the watch may need a few scripts more than there are
            marker_stops.stop_marker(
                head,
                self.competition,
                str(self.play.by(TIRED, Role.MARKER, at).actor.pseudonym),
                reason="Các bài cuối cao hơn người chấm cùng rõ rệt; tạm dừng để cùng đọc lại hướng dẫn chấm.",
            )
        waiting = [row for row in list_flags(self.session, self.competition.id) if row.answered_at is None]
        if len(waiting) > 1:
            answer = "Trừ một lần ở ý tính toán; kết luận đúng theo số đã tính thì vẫn cho điểm."
            script_flags.answer_flag(head, self.competition, waiting[-1].id, text=answer)
        wide, talked = False, 0
        tired = self.play.by(TIRED, Role.MARKER, at).actor.assignment_id
        standings = list_standings(self.session, self.competition)
        # Whoever looks at the demonstration finds at least one gap still open, whatever the draw was.
        is_one_to_spare = sum(1 for row in standings if not row.is_settled) > 1
        for row in standings:
            code = row.script.code
            # Without the one who is paused, nobody is left as third where the other two have marked.
            met_tired = any(mark.assignment_id == tired for mark in row.marks)
            if row.standing.act is NeededAct.THIRD_MARKER and met_tired and not wide:
                allocations.allocate_third(head, self.competition, code)
                wide = True
            elif row.standing.act is NeededAct.HEAD_DISCUSSES and talked < 2:
                talked += 1
                settling.note_discussion(
                    head,
                    self.competition,
                    code,
                    text="Hai cán bộ chấm đối chiếu từng tiêu chí: lệch ở chỗ coi kế hoạch đã có mốc hay chưa.",
                )
                if talked == 1 and is_one_to_spare:
                    settling.decide_settlement(
                        head,
                        self.competition,
                        code,
                        decided=(sum(row.totals, Decimal(0)) / 2).quantize(Decimal("0.25")),
                        reason="Thống nhất tính mốc theo tuần là mốc; điểm lấy giữa hai bài chấm.",
                    )
        self._ask_back(head)

    def _ask_back(self, head: Any) -> None:
        """One mark is asked back: the chair decides whether it is withdrawn."""
        for row in list_standings(self.session, self.competition):
            marker = row.marks[0].assignment if row.marks else None
            if marker is not None and row.standing.act is NeededAct.SETTLED and not row.straddle_unseen:
                withdrawals.request_withdrawal(
                    head,
                    self.competition,
                    row.script.code,
                    marker=str(marker.pseudonym),
                    reason="Cán bộ chấm báo đã chấm nhầm mức ở tiêu chí cuối trước khi khóa; xin chấm lại từ đầu.",
                )
                return


def _moved(paper: Paper, points: dict[str, Decimal], by: Decimal) -> dict[str, Decimal]:
    """The points moved by so many in all, a step at a time, as far as the criteria allow."""
    given, left = dict(points), by
    for criterion in paper.rubric.human * 8:
        step = criterion.step if by > 0 else -criterion.step
        if abs(left) >= criterion.step and 0 <= given[criterion.criterion] + step <= criterion.maximum:
            given[criterion.criterion] += step
            left -= step
    return given


def _criteria(paper: Paper) -> list[tuple[RubricCriterion, str, str]]:
    """Each criterion that people mark, with the question and the part of it that it speaks of."""
    found = []
    for item in paper.essays:
        own = [known for known in paper.rubric.human if known.criterion.startswith(f"{item.item}.")]
        found += [(known, item.question.id, PARTS[min(number, 2)]) for number, known in enumerate(own)]
    return found
