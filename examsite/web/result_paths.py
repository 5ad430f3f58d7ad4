"""How several marks became one score, told as a path, beside the ladder that was published before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from examsite.domain.scores import Score, score
from examsite.web.formatting import format_points, format_score
from examsite.web.i18n import _


@dataclass(frozen=True)
class PathStep:
    """One step: what happened, by which record, and the value it led to."""

    title: str
    text: str
    value: str


@dataclass(frozen=True)
class Rung:
    """One line of the published ladder; `applies` where this script stood."""

    limit: str
    act: str
    applies: bool


def path_of(rule: Mapping[str, Any], stated: Mapping[str, Any], system: Score) -> tuple[PathStep, ...]:
    """The steps from the marks to the score; empty where nothing was scored."""
    if stated["settlement"] is None:
        return ()
    tellers = {"blind-pair": _blind_pair, "panel": _panel, "machine": _machine}
    steps = tellers[rule["kind"]](rule, stated, system)
    return (*steps, *_appeal(stated, system), *_deduction(stated))


def ladder_of(rule: Mapping[str, Any], stated: Mapping[str, Any], system: Score) -> tuple[Rung, ...]:
    """The rungs of the rule set with the one that applied to these marks."""
    if stated["settlement"] is None:
        return ()
    step = stated["settlement"]["step"]
    if rule["kind"] == "panel":
        limit = format_points(rule["gap_limit"])
        return (
            Rung(_("Chênh không quá %(limit)s", limit=limit), _("Lấy trung bình"), step == "mean"),
            Rung(_("Chênh trên %(limit)s", limit=limit), _("Trưởng ban quyết định, ghi lý do"), step == "head"),
        )
    if rule["kind"] != "blind-pair":
        return ()
    totals = _totals(stated, system)
    gap = max(totals) - min(totals)
    low, high = score(rule["mean_at_most"]), score(rule["third_from"])
    words = {"low": format_points(low), "high": format_points(high)}
    return (
        Rung(_("Lệch không quá %(low)s", **words), _("Lấy trung bình"), step == "mean"),
        Rung(
            _("Trên %(low)s và dưới %(high)s", **words),
            _("Trưởng ban trao đổi với hai người, rồi quyết định"),
            step == "discussed",
        ),
        Rung(_("Từ %(high)s trở lên", **words), _("Người chấm thứ ba"), gap >= high),
    )


def _blind_pair(rule: Mapping[str, Any], stated: Mapping[str, Any], system: Score) -> list[PathStep]:
    first = _of_round(stated, 1)
    totals = _totals(stated, system)
    gap = max(totals) - min(totals)
    step, settled = stated["settlement"]["step"], stated["settlement"]
    steps = [
        PathStep(
            _(
                "%(first)s và %(second)s chấm độc lập, lệch %(gap)s điểm",
                first=first[0]["marker"],
                second=first[1]["marker"],
                gap=format_points(gap),
            ),
            _records(*first),
            " – ".join(format_score(total) for total in totals),
        )
    ]
    for third in _of_round(stated, 2):
        title = _("%(third)s chấm lại, không thấy hai điểm trước", third=third["marker"])
        steps.append(PathStep(title, _records(third), format_score(score(third["total"]) + system)))
    limit = format_points(rule["mean_at_most"])
    titles = {
        "mean": _("Lệch không quá %(limit)s: lấy trung bình", limit=limit),
        "discussed": _("Trưởng ban trao đổi với hai người chấm rồi quyết định"),
        "third-equal": _("Hai trong ba điểm bằng nhau, lấy điểm đó"),
        "collective": _("Ba điểm khác nhau: chấm tập thể, trưởng ban quyết định"),
    }
    steps.append(_outcome(titles[step], settled))
    return steps


def _panel(rule: Mapping[str, Any], stated: Mapping[str, Any], _system: Score) -> list[PathStep]:
    marks = _of_round(stated, 1)
    later = {mark["marker"]: mark for mark in _of_round(stated, 2)}
    counted = [
        score((later.get(mark["marker"], mark) if rule["after_discussion"] == "counts" else mark)["total"])
        for mark in marks
    ]
    gap = format_points(max(counted) - min(counted))
    span = f"{format_points(min(counted))} – {format_points(max(counted))}"
    steps = [
        PathStep(
            _("%(count)s giám khảo chấm riêng, khóa, rồi cùng mở", count=len(marks)),
            _("Không ai thấy điểm của người khác trước khi khóa.") + " " + _records(*marks),
            span,
        )
    ]
    if later:
        steps.append(PathStep(_("Sau trao đổi, có người đổi điểm"), _records(*later.values()), ""))
    limit = format_points(rule["gap_limit"])
    titles = {
        "mean": _("Chênh %(gap)s điểm, không quá %(limit)s: lấy trung bình", gap=gap, limit=limit),
        "head": _("Chênh %(gap)s điểm, trên %(limit)s: trưởng ban quyết định", gap=gap, limit=limit),
    }
    steps.append(_outcome(titles[stated["settlement"]["step"]], stated["settlement"]))
    return steps


def _machine(_rule: Mapping[str, Any], stated: Mapping[str, Any], _system: Score) -> list[PathStep]:
    return [PathStep(_("Hệ thống chấm theo đáp án"), _records(*stated["marks"]), format_score(stated["score"]))]


def _appeal(stated: Mapping[str, Any], system: Score) -> list[PathStep]:
    appeal = stated["appeal"]
    if appeal is None:
        return []
    totals = " – ".join(format_score(score(mark["total"]) + system) for mark in appeal["marks"])
    titles = {
        "adopted": _("Kết quả phúc khảo thay điểm đã chấm"),
        "chair": _("Phúc khảo lệch nhiều: chủ tịch hội đồng quyết định"),
    }
    return [
        PathStep(_("Phúc khảo: người chấm mới, không thấy điểm trước"), _records(*appeal["marks"]), totals),
        _outcome(titles[appeal["step"]], appeal),
    ]


def _deduction(stated: Mapping[str, Any]) -> list[PathStep]:
    deduction = stated["deduction"]
    if deduction is None:
        return []
    title = _("Trừ %(percent)s %% theo quyết định của hội đồng", percent=format_points(deduction["percent"]))
    text = _("Áp dụng khi ghép phách. Mục %(number)s", number=deduction["seq"])
    return [PathStep(title, text, format_score(stated["score"]))]


def _outcome(title: str, settled: Mapping[str, Any]) -> PathStep:
    text = (
        _("Hệ thống áp dụng quy tắc, không ai chọn.")
        if settled["seq"] is None
        else _("Có lý do trong sổ. Mục %(number)s", number=settled["seq"])
    )
    return PathStep(title, text, format_score(settled["score"]))


def _of_round(stated: Mapping[str, Any], number: int) -> list[Mapping[str, Any]]:
    return [mark for mark in stated["marks"] if mark["round"] == number]


def _totals(stated: Mapping[str, Any], system: Score) -> list[Score]:
    return [score(mark["total"]) + system for mark in _of_round(stated, 1)]


def _records(*marks: Mapping[str, Any]) -> str:
    return _("Mục %(numbers)s", numbers=", ".join(str(mark["seq"]) for mark in marks))
