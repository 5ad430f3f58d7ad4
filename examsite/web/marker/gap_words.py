"""A script whose two marks are locked in words: its criteria, its state, why it stands there, the next act."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from examsite.domain.errors import NotFoundError
from examsite.domain.marking import NeededAct
from examsite.domain.rubrics import RubricCriterion, criterion_from_data
from examsite.domain.ruleset_model import BlindPairPart, Straddle
from examsite.domain.scores import ZERO, Score, score
from examsite.storage.queries.marking import ScriptStanding
from examsite.web.formatting import format_points
from examsite.web.i18n import _, ngettext

if TYPE_CHECKING:
    from examsite.storage.models.papers import RubricChange
    from examsite.storage.queries.allocations import Outlook


class GapNotFoundError(NotFoundError):
    """A script that is not among those with two locks; which of the reasons it is, nobody learns."""


@dataclass(frozen=True)
class CriterionGap:
    """Both marks of one criterion, in its words of now."""

    name: str
    criterion: RubricCriterion
    first: Score
    second: Score
    third: Score | None
    comments: tuple[str, ...]
    change: RubricChange | None = None

    @property
    def gap(self) -> Score:
        """How far the two lie apart."""
        return abs(self.first - self.second)

    def place(self, points: Score) -> float:
        """Where points lie on a line from 0 to 200."""
        return float(points / self.criterion.maximum * 200)


def criteria_of(row: ScriptStanding, changes: Iterable[RubricChange] = ()) -> list[CriterionGap]:
    """Both marks, and the third, criterion by criterion with their comments, under the agreed `changes` in order."""
    first, second = row.marks
    found = []
    newest = {change.criterion: change for change in changes}
    numbers = {item.item: number for number, item in enumerate(row.paper.essays, start=1)}
    for criterion in row.paper.rubric.human:
        name = criterion.criterion
        item, _dot, letter = name.rpartition(".")
        marks = [mark for mark in (first, second, row.third) if mark is not None]
        change = newest.get(name)
        found.append(
            CriterionGap(
                name=f"{numbers.get(item, item)}.{letter}",
                criterion=criterion if change is None else criterion_from_data(change.after),
                first=score(first.points[name]),
                second=score(second.points[name]),
                third=None if row.third is None else score(row.third.points[name]),
                comments=tuple(str(mark.comments.get(name, "")) for mark in marks),
                change=change,
            )
        )
    return found


def gap_of(row: ScriptStanding) -> Score:
    """How far the two totals lie apart."""
    return row.standing.gap or ZERO


def state_words(row: ScriptStanding) -> tuple[str, str, str]:
    """Kind of tag, its word, and what is said beside it."""
    beside = _("hai phía điểm đạt") if row.standing.straddles else ""
    if row.straddle_unseen:
        return "open", _("Chờ ghi nhận"), beside
    match row.standing.act:
        case NeededAct.SETTLED:
            return "done", _("Có điểm %(score)s", score=format_points(row.standing.score)), _step_words(row)
        case NeededAct.HEAD_DISCUSSES:
            return "open", _("Chờ trao đổi"), beside
        case NeededAct.HEAD_DECIDES_COLLECTIVE:
            return "open", _("Chờ chấm tập thể"), _("ba điểm khác nhau")
        case _:
            if row.third_allocation is None:
                return "open", _("Chưa giao"), beside
            pseudonym = row.third_allocation.assignment.pseudonym
            return "running", _("%(marker)s đang chấm", marker=pseudonym), beside


def why_here(part: BlindPairPart, row: ScriptStanding) -> str:
    """Why a script stands on its rung, in sentences."""
    first, second = row.totals
    gap = format_points(gap_of(row))
    widest = max((item.gap for item in criteria_of(row)), default=Decimal(0))
    names = [item.name for item in criteria_of(row) if item.gap == widest and widest > 0]
    sentences = [_("Lệch %(gap)s điểm.", gap=gap)]
    if row.standing.straddles:
        low, high = sorted((first, second))
        sentences.append(
            _(
                "Một lượt %(low)s, một lượt %(high)s: ở hai phía điểm đạt %(mark)s.",
                low=format_points(low),
                high=format_points(high),
                mark=format_points(part.pass_mark),
            )
        )
    if names:
        sentences.append(_("Lệch nhiều nhất ở %(names)s.", names=", ".join(names)))
    return " ".join(sentences)


def next_act(part: BlindPairPart, row: ScriptStanding, outlook: Outlook | None = None) -> dict[str, str]:
    """What the head does now: `kind` names the form on the page; `outlook` says whether a third marker is there."""
    if row.straddle_unseen:
        return {
            "kind": "seen",
            "text": _(
                "Hai lượt chấm gần nhau nên lấy trung bình %(score)s. Bộ quy tắc yêu cầu trưởng ban xem và ghi nhận.",
                score=format_points(row.standing.score),
            ),
        }
    match row.standing.act:
        case NeededAct.SETTLED:
            text = _("Đã có điểm chính thức %(score)s.", score=format_points(row.standing.score))
            return {"kind": "none", "text": text}
        case NeededAct.HEAD_DISCUSSES:
            close = part.straddle is Straddle.HEAD and gap_of(row) <= part.mean_at_most
            text = (
                _("Hai lượt ở hai phía điểm đạt: bộ quy tắc giao trưởng ban quyết định.")
                if close
                else _(
                    "Trao đổi với hai cán bộ chấm và ghi biên bản trao đổi. Không thống nhất thì trưởng ban quyết định "
                    "và ghi lý do."
                )
            )
            return {"kind": "decide", "text": text}
        case NeededAct.HEAD_DECIDES_COLLECTIVE:
            return {"kind": "decide", "text": _("Ba điểm khác nhau: tổ chức chấm tập thể, trưởng ban quyết định điểm.")}
        case _:
            if row.third_allocation is None and outlook is not None and not outlook.is_open:
                return {"kind": "none", "text": _no_third(outlook)}
            if row.third_allocation is None:
                text = _(
                    "Người chấm thứ ba đã có trong kết quả bốc thăm phân công, không xung đột lợi ích, "
                    "không ai chọn được. Người ấy không thấy hai điểm trước."
                )
                return {"kind": "third", "text": text}
            text = _("Người chấm thứ ba đang chấm. Điểm hiện ra khi người ấy khóa.")
            return {"kind": "none", "text": text}


def _no_third(outlook: Outlook) -> str:
    """Why no third marker can be given now, and what is to be done."""
    if outlook.paused:
        return ngettext(
            "Chưa giao được người chấm thứ ba. Có %(num)d cán bộ chấm đang tạm dừng: quyết định các lần tạm dừng ấy ở "
            "trang Thống kê; vẫn chưa giao được thì đề nghị ban tổ chức bổ sung cán bộ chấm.",
            "Chưa giao được người chấm thứ ba. Có %(num)d cán bộ chấm đang tạm dừng: quyết định các lần tạm dừng ấy ở "
            "trang Thống kê; vẫn chưa giao được thì đề nghị ban tổ chức bổ sung cán bộ chấm.",
            outlook.paused,
        )
    return _(
        "Chưa giao được người chấm thứ ba: mọi cán bộ chấm đã được giao bài này, đã có người thay hoặc không được chấm "
        "bài này. Đề nghị ban tổ chức bổ sung cán bộ chấm; khi có người mới, nút giao bài hiện ở đây."
    )


def _step_words(row: ScriptStanding) -> str:
    words = {
        "mean": _("trung bình"),
        "discussed": _("sau trao đổi"),
        "third-equal": _("hai điểm bằng nhau"),
        "collective": _("chấm tập thể"),
    }
    return words.get(str(row.standing.step), "")
