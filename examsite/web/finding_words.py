"""One finding of the report before a result is signed, in words: a function for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from examsite.statistics.findings import Finding, FindingKind, Strength
from examsite.web.formatting import format_datetime, format_points, format_time
from examsite.web.i18n import _
from examsite.web.labels import label, shown_number
from examsite.web.labels.anomalies import ADVICE
from examsite.web.marking_statistics import plain, signed


@dataclass(frozen=True)
class FindingRow:
    """One finding in words."""

    title: str
    strength: Strength
    strength_text: str
    text: str
    chance: str
    advice: str
    seqs: tuple[int, ...]


def finding_row(row: Finding) -> FindingRow:
    """One finding in words."""
    return FindingRow(
        title=label(row.kind),
        strength=row.strength,
        strength_text=label(row.strength),
        text=_TOLD[row.kind](row),
        chance="" if row.chance is None else chance_words(row.chance),
        advice=str(ADVICE[row.kind]),
        seqs=row.seqs,
    )


def chance_words(chance: float) -> str:
    """How often chance alone shows as much, as people count."""
    if chance <= 0.0015:
        return _("Kỳ thi sạch cùng cỡ cho thấy như vậy ít hơn 2 lần trong 1.000")
    return _("Kỳ thi sạch cùng cỡ cho thấy như vậy khoảng %(times)s lần trong 1.000", times=round(chance * 1000))


def _record_differs(row: Finding) -> str:
    return _(
        "%(script)s, %(marker)s: sổ ghi %(recorded)s điểm, đang lưu %(stands)s điểm.",
        script=row.about[0],
        marker=row.about[1],
        recorded=format_points(row.values["recorded"]),
        stands=format_points(row.values["stands"]),
    )


def _mark_withdrawn(row: Finding) -> str:
    values = row.values
    return _(
        "%(script)s, %(marker)s: %(before)s thành %(after)s. Lý do: %(reason)s",
        script=row.about[0],
        marker=row.about[1],
        before=format_points(values["before"]),
        after=_("chưa chấm lại") if values["after"] is None else format_points(values["after"]),
        reason=values["reason"],
    )


def _decided_outside(row: Finding) -> str:
    return _(
        "%(script)s: quyết định %(score)s, hai lượt chấm từ %(low)s đến %(high)s.",
        script=row.about[0],
        score=format_points(row.values["score"]),
        low=format_points(row.values["low"]),
        high=format_points(row.values["high"]),
    )


def _gap(row: Finding) -> str:
    words = {
        "script": row.about[0],
        "marker": row.about[1],
        "gap": plain(abs(row.values["gap"])),
        "times": plain(abs(row.values["strength"])),
    }
    if row.values["gap"] > 0:
        return _(
            "%(script)s: điểm của %(marker)s cao hơn người cùng chấm %(gap)s điểm, gấp %(times)s lần sai số thường.",
            **words,
        )
    return _(
        "%(script)s: điểm của %(marker)s thấp hơn người cùng chấm %(gap)s điểm, gấp %(times)s lần sai số thường.",
        **words,
    )


def _lifted_marker(row: Finding) -> str:
    return _(
        "%(marker)s, %(scripts)s bài chấm chung; rõ nhất ở: %(suspects)s.",
        marker=row.about[0],
        scripts=row.values["scripts"],
        suspects=", ".join(row.values["suspects"]) or "–",
    )


def _drift(row: Finding) -> str:
    others = ", ".join(row.values["rivals"])
    said = _(
        "%(marker)s: %(points)s điểm từ bài thứ %(since)s.",
        marker=row.about[0],
        points=signed(row.values["points"]),
        since=row.values["since"],
    )
    return said + (" " + _("Cũng có thể là: %(others)s.", others=others) if others else "")


def _jump(row: Finding) -> str:
    return _(
        "Trong 3 điểm quanh mức %(limit)s: %(above)s bài ngay trên, %(below)s bài ngay dưới; "
        "điểm trải đều thì chờ đợi khoảng %(expected)s bài ở trên.",
        limit=format_points(row.values["pass_mark"]),
        above=row.values["above"],
        below=row.values["below"],
        expected=plain(row.values["expected"], 0),
    )


def _decided_upwards(row: Finding) -> str:
    return _(
        "%(above)s quyết định trên giữa hai lượt, %(below)s quyết định dưới.",
        above=row.values["above"],
        below=row.values["below"],
    )


def _same_mistakes(row: Finding) -> str:
    values = row.values
    said = _(
        "%(first)s và %(second)s cùng sai %(both)s câu, %(same)s câu chọn cùng đáp án sai (chờ đợi %(expected)s).",
        first=row.about[0],
        second=row.about[1],
        both=values["both_wrong"],
        same=values["same"],
        expected=plain(values["expected"]),
    )
    return said + " " + (_("Cùng phòng.") if values["is_same_room"] else _("Khác phòng."))


def _same_passage(row: Finding) -> str:
    values = row.values
    return _(
        "%(first)s và %(second)s, câu %(item)s: %(share)s %% của bài ngắn hơn, đoạn dài nhất %(words)s tiếng: "
        "“%(passage)s”. Câu này có %(pairs)s cặp như vậy.",
        first=row.about[0],
        second=row.about[1],
        item=shown_number(values["item"]),
        share=round(values["share"] * 100),
        words=values["words"],
        passage=values["passage"],
        pairs=values["pairs"],
    )


def _key_passage(row: Finding) -> str:
    return _(
        "%(script)s, câu %(item)s: đoạn dài nhất %(words)s tiếng: “%(passage)s”.",
        script=row.about[0],
        item=shown_number(row.values["item"]),
        words=row.values["words"],
        passage=row.values["passage"],
    )


def _out_of_hours(row: Finding) -> str:
    return _(
        "%(who)s: %(acts)s việc và %(logins)s lượt đăng nhập, từ %(first)s đến %(last)s.",
        who=row.about[0],
        acts=row.values["acts"],
        logins=row.values["log_ins"],
        first=format_datetime(row.values["first"]),
        last=format_time(row.values["last"]),
    )


_TOLD: Final[Mapping[FindingKind, Callable[[Finding], str]]] = {
    FindingKind.RECORD_DIFFERS: _record_differs,
    FindingKind.MARK_WITHDRAWN: _mark_withdrawn,
    FindingKind.DECIDED_OUTSIDE: _decided_outside,
    FindingKind.SINGLE_GAP: _gap,
    FindingKind.PANEL_GAP: _gap,
    FindingKind.LIFTED_MARKER: _lifted_marker,
    FindingKind.DRIFT: _drift,
    FindingKind.JUMP: _jump,
    FindingKind.DECIDED_UPWARDS: _decided_upwards,
    FindingKind.SAME_MISTAKES: _same_mistakes,
    FindingKind.SAME_PASSAGE: _same_passage,
    FindingKind.KEY_PASSAGE: _key_passage,
    FindingKind.OUT_OF_HOURS: _out_of_hours,
}
