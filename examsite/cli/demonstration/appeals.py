"""Two appeals: one whose new mark is near and is adopted, one that lies far and is decided by the chair."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from examsite.cli.demonstration import cast
from examsite.cli.demonstration.play import DAY, HOUR, Play
from examsite.cli.demonstration.points import spread_points
from examsite.domain.appeals import AppealState
from examsite.domain.permissions import Role
from examsite.domain.scores import mean_score, round_score
from examsite.services import appeals, conflicts, marking, people, remarking
from examsite.services.context import Actor
from examsite.storage.queries.appeals import get_appeal_standing
from examsite.storage.queries.candidacies import get_candidacy
from examsite.storage.queries.codes import written_results
from examsite.storage.queries.queues import get_blind_script

#: Why each asks, and by how many points both re-markers stand from the settled score.
ASKED = (
    (
        "Ở câu tự luận 1 tôi đã nêu đủ nguyên nhân và kèm số liệu của tình huống, đề nghị xem lại tiêu chí này.",
        Decimal(2),
    ),
    (
        "Phần kế hoạch của tôi có mốc, người chịu trách nhiệm và cách kiểm tra; điểm tiêu chí này thấp hơn tôi nghĩ.",
        Decimal(8),
    ),
)
TALK = (
    "Hai trưởng ban đọc lại từng tiêu chí. Người chấm trước bỏ sót đoạn về cách kiểm tra ở cuối bài; người chấm phúc "
    "khảo cho đủ điểm đoạn này nhưng rộng tay ở tiêu chí lập luận."
)


def appeal_twice(play: Play) -> None:
    """Two candidates ask in the window; a fresh board marks anew; the chair decides where it must."""
    asked = ask_twice(play)
    ends_at = play.competition.appeals_close_at
    _appoint(play)
    for number, (appeal, gap) in enumerate(asked):
        at = ends_at + (1 + number) * HOUR
        chair = play.by("chutich", Role.CHAIR, at)
        remarking.name_remarkers(chair, play.competition, appeal.number)
        _mark_anew(play, appeal, gap, at)
        if appeal.state is AppealState.DECIDING:
            _decide(play, appeal, at)


def begin_remarking(play: Play) -> None:
    """The window is over: the first script is with its two fresh markers, the second waits for the council."""
    asked = ask_twice(play)
    _appoint(play)
    chair = play.by("chutich", Role.CHAIR, play.competition.appeals_close_at + HOUR)
    remarking.name_remarkers(chair, play.competition, asked[0][0].number)


def ask_twice(play: Play) -> list[tuple[Any, Decimal]]:
    """The first of the list asks, and of the others the one with the lowest score."""
    results = [row for row in written_results(play.session, play.competition) if row.settlement is not None]
    first = min(results, key=lambda row: row.candidate_number)
    results.remove(first)
    last = min(results, key=lambda row: (row.outcome.score or 0, row.public_code))
    found = []
    for number, (asker, (reason, gap)) in enumerate(zip((first, last), ASKED, strict=True)):
        candidacy = get_candidacy(play.session, asker.candidacy_id)
        actor = Actor(account_id=candidacy.account_id, role=Role.CANDIDATE, candidacy_id=candidacy.id)
        ctx = play.director.context(play.plan.written_at + 5 * DAY + (3 + number) * HOUR, actor)
        found.append((appeals.submit_appeal(ctx, candidacy, part="written", reason=reason), gap))
    return found


def _appoint(play: Play) -> None:
    """The organiser gives three more people the role; each declares that they know nobody."""
    at = play.plan.written_at + 7 * DAY
    for official in cast.REMARKERS:
        ctx = play.by("thuky", Role.ORGANISER, at)
        people.assign_role(ctx, play.competition, login=official.login, role=Role.MARKER)
        conflicts.declare_conflicts(play.by(official.login, Role.MARKER, at + HOUR), play.competition, {})


def _mark_anew(play: Play, appeal: Any, gap: Decimal, at: Any) -> None:
    standing = get_appeal_standing(play.session, play.competition, appeal.number)
    logins = {row.assignment_id for row in standing.remarkers}
    for official in cast.REMARKERS:
        ctx = play.by(official.login, Role.MARKER, at + HOUR)
        if ctx.actor.assignment_id not in logins:
            continue
        blind = get_blind_script(play.session, play.competition.id, ctx.actor.assignment_id or 0, appeal.script)
        human = blind.paper.rubric.human
        step = human[0].step
        wanted = standing.before - standing.system_total + gap
        total = min((wanted / step).to_integral_value() * step, sum((row.maximum for row in human), Decimal(0)))
        draft = marking.save_draft(
            ctx,
            play.competition,
            appeal.script,
            revision=0,
            points=spread_points(human, total, step),
            comments={"": "Đã đọc toàn bài theo hướng dẫn chấm."},
        )
        marking.lock_mark(ctx, play.competition, appeal.script, revision=draft.revision)


def _decide(play: Play, appeal: Any, at: Any) -> None:
    chair = play.by("chutich", Role.CHAIR, at + 3 * HOUR)
    standing = get_appeal_standing(play.session, play.competition, appeal.number)
    remarking.note_dialogue(chair, play.competition, appeal.number, text=TALK)
    decided = round_score(mean_score((standing.before, standing.settlement.remark or standing.before)))
    reason = "Lấy điểm phúc khảo ở tiêu chí bị bỏ sót, giữ điểm cũ ở tiêu chí lập luận, theo biên bản đối thoại."
    remarking.decide_appeal(chair, play.competition, appeal.number, decided=decided, reason=reason)
