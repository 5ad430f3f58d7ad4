"""The marking board of the demonstration: two marks for each script, then what the head settles."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from examsite.cli.demonstration.answers import comment_on, dice_of
from examsite.cli.demonstration.points import spread_points
from examsite.cli.demonstration.watching import answer_watch
from examsite.domain.errors import ConflictError, NotFoundError
from examsite.domain.marking import NeededAct
from examsite.domain.permissions import Role
from examsite.services import allocations, marking, settling
from examsite.storage.queries.marking import list_standings
from examsite.storage.queries.queues import get_blind_script

if TYPE_CHECKING:
    from examsite.cli.demonstration.play import Play

MARKERS = ("cham1", "cham2", "cham3")

#: How far the second marker of a script stands from the first, in points, script by script: all rungs occur.
GAPS = (Decimal(5), Decimal("7.5"), Decimal("2.5"), Decimal(15), Decimal(0), Decimal(10), Decimal(5), Decimal("2.5"))

#: Points by which a marker who means well with somebody lifts a script.
LIFT = Decimal("17.5")


def give_marks(play: Play, at: datetime, *, leave: int = 0, lifted: int = 0) -> None:
    """Markers lock their marks; the last `leave` scripts of each queue stay unmarked.

    With `lifted`, two marks differ as those of careful people do, and the first marker lifts so many scripts.
    """
    queues = {login: play.queue(login, at) for login in MARKERS}
    markers: dict[str, list[str]] = defaultdict(list)
    for login in MARKERS:
        for code in queues[login]:
            markers[code].append(login)
    order = sorted(markers)
    for login in MARKERS:
        for code in queues[login][: len(queues[login]) - leave]:
            gap = Decimal(0) if markers[code][0] == login else GAPS[order.index(code) % len(GAPS)]
            if lifted:
                gap = Decimal(dice_of(code, login, "error").choice((-1, 0, 0, 1))) * Decimal("2.5")
            if login == MARKERS[0] and code in queues[login][:lifted]:
                gap += LIFT
            play.mark_one(login, code, gap, at)
            answer_watch(play, login, at)


def settle_gaps(play: Play, at: datetime) -> None:
    """The head settles every gap: talks, calls the third marker, decides, looks at marks astride the pass mark."""
    head, competition = play.by("truongcham", Role.MARKING_HEAD, at), play.competition
    for standing in list_standings(play.session, competition):
        if standing.standing.act is NeededAct.THIRD_MARKER and standing.third_allocation is None:
            code = standing.script.code
            allocations.allocate_third(head, competition, code)
            _mark_third(play, code, at + timedelta(hours=1))
    for standing in list_standings(play.session, competition):
        code = standing.script.code
        if standing.standing.act is NeededAct.HEAD_DISCUSSES:
            text = "Hai cán bộ chấm đối chiếu từng tiêu chí và thống nhất lấy điểm của bài chấm cao hơn."
            settling.note_discussion(head, competition, code, text=text)
        if standing.standing.act in (NeededAct.HEAD_DISCUSSES, NeededAct.HEAD_DECIDES_COLLECTIVE):
            reason = "Hai cán bộ chấm thống nhất sau khi đối chiếu từng tiêu chí với hướng dẫn chấm."
            settling.decide_settlement(head, competition, code, decided=max(standing.totals), reason=reason)
        elif standing.straddle_unseen:
            settling.acknowledge_straddle(head, competition, code)


def _mark_third(play: Play, code: str, at: datetime) -> None:
    for login in MARKERS:
        try:
            play.mark_one(login, code, Decimal("7.5"), at)
            answer_watch(play, login, at)
        except (NotFoundError, ConflictError):
            continue  # not this marker's script, or locked in the first round


def give_mark(play: Play, login: str, code: str, gap: Decimal, at: datetime) -> None:
    """One marker locks a mark that stands `gap` points above what the luck of the script gives."""
    ctx = play.by(login, Role.MARKER, at)
    blind = get_blind_script(play.session, play.competition.id, ctx.actor.assignment_id or 0, code)
    human = blind.paper.rubric.human
    luck = int(play.seed(code), 16)
    points = spread_points(human, Decimal(30 + 5 * (luck % 3)) + gap, human[0].step)
    comments = {human[0].criterion: comment_on(0.5 + (luck % 3) / 5, dice_of(code, login))}
    draft = marking.save_draft(ctx, play.competition, code, revision=0, points=points, comments=comments)
    marking.lock_mark(ctx, play.competition, code, revision=draft.revision)
