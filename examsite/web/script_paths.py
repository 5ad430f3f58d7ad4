"""How the marks of one script became its score, as a small diagram: marks, gap, rung, third mark, decision, score.

For the head while marking runs, and for the council and the supervision board once the codes are opened.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, render_template, url_for

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import NotFoundError
from examsite.domain.marking import MarkingStep, NeededAct
from examsite.domain.ruleset_model import BlindPairPart
from examsite.domain.scores import ZERO
from examsite.storage.database import db
from examsite.storage.queries.marking import ScriptStanding, list_standings, written_part
from examsite.storage.queries.settling import list_discussion_notes
from examsite.web.formatting import format_points, format_score
from examsite.web.i18n import _

NODE_WIDTH = 158
NODE_HEIGHT = 72
NODE_GAP = 30
HEIGHT = 2 * NODE_HEIGHT + 16


@dataclass(frozen=True)
class PathNode:
    """One box: what it is, its value, a word below; `waits` where it has not come about yet."""

    title: str
    value: str
    note: str
    x: int
    y: int
    waits: bool = False
    is_score: bool = False


@dataclass(frozen=True)
class PathDiagram:
    """The boxes from left to right, the lines between them, and the same in one sentence."""

    nodes: tuple[PathNode, ...]
    lines: tuple[str, ...]
    words: str
    width: int
    height: int = HEIGHT


def path_diagram(
    part: BlindPairPart, row: ScriptStanding, *, is_named: bool = True, end: tuple[str, str] | None = None
) -> PathDiagram:
    """The path of a script whose two marks are locked; without the markers' pseudonyms for the candidate.

    A last box says the score that counts and why, where `end` gives another than the settled one (appeal, deduction).
    """
    middle = (HEIGHT - NODE_HEIGHT) // 2
    nodes = [
        PathNode(
            _("Lượt %(number)s", number=place + 1),
            format_score(total),
            _pseudonym(row, place) if is_named else "",
            0,
            place * (HEIGHT // 2 + 8),
        )
        for place, total in enumerate(row.totals)
    ]
    steps = [_gap(row), _rung(part, row)]
    if row.standing.act is NeededAct.THIRD_MARKER or row.third is not None:
        steps.append(_third(row) if is_named else (*_third(row)[:2], "", _third(row)[3]))
    steps += [_decision(row), _score(row)]
    if end is not None:
        steps.append((_("Điểm thi viết"), *end, False))
    for place, (title, value, note, waits) in enumerate(steps, start=1):
        x = place * (NODE_WIDTH + NODE_GAP)
        nodes.append(PathNode(title, value, note, x, middle, waits=waits, is_score=place == len(steps)))
    lines = [
        f"M{NODE_WIDTH} {node.y + NODE_HEIGHT // 2}H{NODE_WIDTH + NODE_GAP // 2}V{HEIGHT // 2}H{NODE_WIDTH + NODE_GAP}"
        for node in nodes[:2]
    ]
    lines += [f"M{node.x + NODE_WIDTH} {HEIGHT // 2}h{NODE_GAP}" for node in nodes[2:-1]]
    words = "; ".join(" ".join(word for word in (node.title, node.value, node.note) if word) for node in nodes)
    return PathDiagram(tuple(nodes), tuple(lines), words, width=nodes[-1].x + NODE_WIDTH)


def serve_script_paths(*, show_endpoint: str) -> str:
    """Every script with its path in words, each leading to its diagram; before the codes are opened, when that is."""
    opened = g.competition.state.has_reached(CompetitionState.MERGED)
    standings = list_standings(db.session(), g.competition) if opened else []
    return render_template(
        "scripts/list_paths.html",
        opened=opened,
        rows=[(row, _step_words(row)) for row in standings],
        show_endpoint=show_endpoint,
        code=g.competition.code,
    )


def serve_script_path(script: str, *, list_endpoint: str) -> str:
    """One script's diagram with what was noted and decided.

    Raises:
        NotFoundError: `script_not_found`, as long as the codes are not opened too.
    """
    opened = g.competition.state.has_reached(CompetitionState.MERGED)
    standings = list_standings(db.session(), g.competition) if opened else []
    row = next((row for row in standings if row.script.code == script), None)
    if row is None:
        raise NotFoundError("script_not_found", script=script)
    return render_template(
        "scripts/show_path.html",
        row=row,
        diagram=path_diagram(written_part(g.competition), row),
        notes=list_discussion_notes(db.session(), row.script.id),
        back_url=url_for(list_endpoint, code=g.competition.code),
    )


def _pseudonym(row: ScriptStanding, place: int) -> str:
    assignment = row.marks[place].assignment
    return "" if assignment is None else str(assignment.pseudonym)


def _gap(row: ScriptStanding) -> tuple[str, str, str, bool]:
    beside = _("hai phía điểm đạt") if row.standing.straddles else ""
    return _("Độ lệch"), format_points(row.standing.gap or ZERO), beside, False


def _rung(part: BlindPairPart, row: ScriptStanding) -> tuple[str, str, str, bool]:
    low, high = format_points(part.mean_at_most), format_points(part.third_from)
    gap = row.standing.gap or ZERO
    if gap >= part.third_from:
        return _("Bậc"), _("Người thứ ba"), _("lệch từ %(points)s", points=high), False
    if gap > part.mean_at_most:
        return _("Bậc"), _("Trao đổi"), _("trên %(low)s, dưới %(high)s", low=low, high=high), False
    if row.standing.step is MarkingStep.DISCUSSED:
        return _("Bậc"), _("Trưởng ban xem"), _("hai phía điểm đạt"), False
    return _("Bậc"), _("Trung bình"), _("lệch đến %(points)s", points=low), False


def _third(row: ScriptStanding) -> tuple[str, str, str, bool]:
    if row.third is not None:
        name = "" if row.third.assignment is None else str(row.third.assignment.pseudonym)
        return _("Lượt ba"), format_score((row.third.total or ZERO) + row.system_total), name, False
    if row.third_allocation is not None:
        return _("Lượt ba"), _("đang chấm"), str(row.third_allocation.assignment.pseudonym), True
    return _("Lượt ba"), _("chưa giao"), "", True


def _decision(row: ScriptStanding) -> tuple[str, str, str, bool]:
    if row.straddle_unseen:
        return _("Quyết định"), _("chờ ghi nhận"), _("trưởng ban"), True
    if not row.is_settled:
        return _("Quyết định"), _("chờ"), "", True
    seen = row.script.straddle_seen_at is not None
    return _("Quyết định"), _step_words(row), _("trưởng ban đã xem") if seen else "", False


def _score(row: ScriptStanding) -> tuple[str, str, str, bool]:
    if not row.is_settled:
        return _("Điểm đã chốt"), _("chưa có"), "", True
    return _("Điểm đã chốt"), format_score(row.standing.score), "", False


def _step_words(row: ScriptStanding) -> str:
    words = {
        MarkingStep.MEAN: _("lấy trung bình"),
        MarkingStep.DISCUSSED: _("sau trao đổi"),
        MarkingStep.THIRD_EQUAL: _("hai lượt bằng nhau"),
        MarkingStep.COLLECTIVE: _("chấm tập thể"),
    }
    return words.get(row.standing.step, "") if row.standing.step is not None and row.is_settled else ""
