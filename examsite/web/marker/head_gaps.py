"""The head of marking: scripts whose two marks are locked, where each stands on the ladder, and the next act."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import DomainError, NotFoundError
from examsite.domain.marking import NeededAct
from examsite.domain.permissions import Role
from examsite.domain.rubrics import RubricCriterion
from examsite.domain.ruleset_model import BlindPairPart, Straddle
from examsite.domain.scores import ZERO, Score, score
from examsite.services import allocations, settling
from examsite.storage.database import db
from examsite.storage.queries.marking import (
    ScriptStanding,
    count_scripts,
    list_standings,
    written_part,
)
from examsite.web.access import requires
from examsite.web.errors import message_of, status_of
from examsite.web.formatting import format_points
from examsite.web.forms.marking import ActForm, DecideGapForm
from examsite.web.i18n import _
from examsite.web.marker import bp
from examsite.web.transactions import act, forget_changes, writes

#: Dots in one line of the plot.
DOTS_A_LINE = 26


@dataclass(frozen=True)
class Zone:
    """One rung of the ladder in the plot: its gaps, widest first, each with its scripts."""

    key: str
    tone: str
    title: str
    text: str
    lines: tuple[tuple[Score, tuple[ScriptStanding, ...]], ...]

    @property
    def scripts(self) -> int:
        """How many scripts stand here."""
        return sum(len(found) for _gap, found in self.lines)

    @property
    def waiting(self) -> int:
        """How many of them have no score yet, or wait for the head's word."""
        return sum(1 for _gap, found in self.lines for row in found if not row.is_settled or row.straddle_unseen)


@dataclass(frozen=True)
class CriterionGap:
    """Both marks of one criterion."""

    name: str
    criterion: RubricCriterion
    first: Score
    second: Score
    third: Score | None
    comments: tuple[str, ...]

    @property
    def gap(self) -> Score:
        """How far the two lie apart."""
        return abs(self.first - self.second)

    def place(self, points: Score) -> float:
        """Where points lie on a line from 0 to 200."""
        return float(points / self.criterion.maximum * 200)


@bp.get("/<code>/head/gaps")
@requires(Role.MARKING_HEAD)
def show_gaps(code: str) -> ResponseReturnValue:
    """The gap view; `view=settled` lists what needs nobody, `zone` one rung."""
    return _gap_view(code)


@bp.get("/<code>/head/scripts/<script>")
@requires(Role.MARKING_HEAD)
def show_gap(code: str, script: str) -> ResponseReturnValue:
    """The gap view with one script open."""
    return _gap_view(code, opened=script)


@bp.get("/<code>/head/scripts/<script>/read")
@requires(Role.MARKING_HEAD)
def read_script(code: str, script: str) -> ResponseReturnValue:
    """The script with the comments of those who marked it."""
    row = _find(list_standings(db.session(), g.competition), script)
    texts = {part["item"]: part["text"] for part in row.script.content}
    return render_template(
        "marker/read_script.html",
        row=row,
        answers=[(item, texts.get(item.item, "")) for item in row.paper.essays],
        marks=[mark for mark in (*row.marks, row.third) if mark is not None],
        gaps=_criteria(row),
        is_open=g.competition.state is CompetitionState.MARKING,
        code=code,
    )


@bp.post("/<code>/head/scripts/<script>/decide")
@requires(Role.MARKING_HEAD)
@writes
def decide_gap(code: str, script: str) -> ResponseReturnValue:
    """The head's score with a reason, after talking with both or by collective marking."""
    form = DecideGapForm()
    valid = form.validate()
    decided = form.decided()
    if not valid or decided is None:
        return _gap_view(code, opened=script, form=form), 422
    try:
        settling.decide_settlement(act(), g.competition, script, decided=decided, reason=form.reason.data or "")
    except DomainError as error:
        forget_changes()
        form.score.errors = [*form.score.errors, message_of(error)]
        return _gap_view(code, opened=script, form=form), status_of(error)
    flash(_("Đã ghi điểm chính thức của bài %(code)s.", code=script), "success")
    return redirect(url_for("marker.show_gap", code=code, script=script))


@bp.post("/<code>/head/scripts/<script>/third")
@requires(Role.MARKING_HEAD)
@writes
def allocate_third(code: str, script: str) -> ResponseReturnValue:
    """Give the script to the third marker whom the draw names."""
    if ActForm().validate_on_submit():
        allocations.allocate_third(act(), g.competition, script)
        flash(_("Đã giao bài %(code)s cho người chấm thứ ba theo kết quả bốc thăm.", code=script), "success")
    return redirect(url_for("marker.show_gap", code=code, script=script))


@bp.post("/<code>/head/scripts/<script>/seen")
@requires(Role.MARKING_HEAD)
@writes
def acknowledge_straddle(code: str, script: str) -> ResponseReturnValue:
    """Say that two close marks on the two sides of the pass mark were seen."""
    if ActForm().validate_on_submit():
        settling.acknowledge_straddle(act(), g.competition, script)
        flash(_("Đã ghi nhận bài %(code)s có hai lượt chấm ở hai phía điểm đạt.", code=script), "success")
    return redirect(url_for("marker.show_gaps", code=code))


# --- what the pages are made of --------------------------------------------------------------------------------------


def _gap_view(code: str, *, opened: str | None = None, form: DecideGapForm | None = None) -> str:
    part = written_part(g.competition)
    standings = list_standings(db.session(), g.competition)
    chosen = None if opened is None else _find(standings, opened)
    zones = _zones(part, standings)
    waiting = sorted((row for row in standings if _waits(row)), key=lambda row: (-_gap(row), row.script.code))
    settled = sorted((row for row in standings if not _waits(row)), key=lambda row: (-_gap(row), row.script.code))
    view = request.args.get("view", "")
    if chosen is not None and not _waits(chosen):
        view = "settled"
    listed = settled if view == "settled" else waiting
    zone = next((item for item in zones if item.key == request.args.get("zone")), None)
    if zone is not None:
        listed = [row for _line, found in zone.lines for row in found]
        view = "zone"
    return render_template(
        "marker/show_gaps.html",
        part=part,
        total=count_scripts(db.session(), g.competition.id),
        standings=standings,
        zones=zones,
        zone=zone,
        view=view,
        waiting=waiting,
        settled=settled,
        rows=[(row, _state(row)) for row in listed],
        opened=chosen,
        gaps=_criteria(chosen) if chosen is not None else [],
        why=_why(part, chosen) if chosen is not None else "",
        next_act=_next_act(part, chosen) if chosen is not None else None,
        form=form or DecideGapForm(formdata=None),
        dots_a_line=DOTS_A_LINE,
        is_open=g.competition.state is CompetitionState.MARKING,
        code=code,
    )


def _find(standings: list[ScriptStanding], code: str) -> ScriptStanding:
    for row in standings:
        if row.script.code == code:
            return row
    raise NotFoundError("script_not_found", script=code)


def _gap(row: ScriptStanding) -> Score:
    return row.standing.gap or ZERO


def _waits(row: ScriptStanding) -> bool:
    return not row.is_settled or row.straddle_unseen


def _zones(part: BlindPairPart, standings: list[ScriptStanding]) -> list[Zone]:
    def lines(least: Score, most: Score | None, *, open_below: bool) -> tuple[Any, ...]:
        found: dict[Score, list[ScriptStanding]] = {}
        for row in standings:
            gap = _gap(row)
            above = gap > least if open_below else gap >= least
            if above and (most is None or gap < most):
                found.setdefault(gap, []).append(row)
        order = sorted(found.items(), reverse=True)
        return tuple(
            (gap, tuple(sorted(rows, key=lambda row: (row.straddle_unseen, _waits(row))))) for gap, rows in order
        )

    mean, third = part.mean_at_most, part.third_from
    close = tuple((gap, rows) for gap, rows in lines(ZERO, third, open_below=False) if gap <= mean)
    return [
        Zone(
            "third",
            "ink",
            _("Lệch từ %(points)s điểm", points=format_points(third)),
            _("Người chấm thứ ba theo bốc thăm"),
            lines(third, None, open_below=False),
        ),
        Zone(
            "discuss",
            "amber",
            _("Lệch trên %(least)s, dưới %(most)s", least=format_points(mean), most=format_points(third)),
            _("Trao đổi hai bên, trưởng ban quyết định"),
            lines(mean, third, open_below=True),
        ),
        Zone(
            "mean",
            "green",
            _("Lệch đến %(points)s điểm", points=format_points(mean)),
            _("Lấy trung bình, hai chữ số thập phân"),
            close,
        ),
    ]


def _state(row: ScriptStanding) -> tuple[str, str, str]:
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


def _step_words(row: ScriptStanding) -> str:
    words = {
        "mean": _("trung bình"),
        "discussed": _("sau trao đổi"),
        "third-equal": _("hai điểm bằng nhau"),
        "collective": _("chấm tập thể"),
    }
    return words.get(str(row.standing.step), "")


def _why(part: BlindPairPart, row: ScriptStanding) -> str:
    first, second = row.totals
    gap = format_points(_gap(row))
    widest = max((item.gap for item in _criteria(row)), default=Decimal(0))
    names = [item.name for item in _criteria(row) if item.gap == widest and widest > 0]
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


def _next_act(part: BlindPairPart, row: ScriptStanding) -> dict[str, str]:
    """What the head does now: `kind` names the form on the page."""
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
            close = part.straddle is Straddle.HEAD and _gap(row) <= part.mean_at_most
            text = (
                _("Hai lượt ở hai phía điểm đạt: bộ quy tắc giao trưởng ban quyết định.")
                if close
                else _("Trao đổi với hai cán bộ chấm. Không thống nhất thì trưởng ban quyết định và ghi lý do.")
            )
            return {"kind": "decide", "text": text}
        case NeededAct.HEAD_DECIDES_COLLECTIVE:
            return {"kind": "decide", "text": _("Ba điểm khác nhau: tổ chức chấm tập thể, trưởng ban quyết định điểm.")}
        case _:
            if row.third_allocation is None:
                text = _(
                    "Người chấm thứ ba đã có trong kết quả bốc thăm phân công, không xung đột lợi ích, "
                    "không ai chọn được. Người ấy không thấy hai điểm trước."
                )
                return {"kind": "third", "text": text}
            text = _("Người chấm thứ ba đang chấm. Điểm hiện ra khi người ấy khóa.")
            return {"kind": "none", "text": text}


def _criteria(row: ScriptStanding) -> list[CriterionGap]:
    first, second = row.marks
    found = []
    numbers = {item.item: number for number, item in enumerate(row.paper.essays, start=1)}
    for criterion in row.paper.rubric.human:
        name = criterion.criterion
        item, _dot, letter = name.rpartition(".")
        marks = [mark for mark in (first, second, row.third) if mark is not None]
        found.append(
            CriterionGap(
                name=f"{numbers.get(item, item)}.{letter}",
                criterion=criterion,
                first=score(first.points[name]),
                second=score(second.points[name]),
                third=None if row.third is None else score(row.third.points[name]),
                comments=tuple(str(mark.comments.get(name, "")) for mark in marks),
            )
        )
    return found
