"""What the marks of one part come to under the published rule set: a part of computing a `result.json` again.

Whole hundredths, written against the published format like `recomputation`, which reads the rules and ranks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from examsite.domain.result_reading import (
    Problem,
    ProblemFoundError,
    Table,
    compare,
    figure_text,
    read_count,
    read_flag,
    read_hundredths,
    read_list,
    read_members,
    read_text,
    require_same,
    round_half_up,
)

# Source: the published format of `result.json`: one whole in hundredths, for weights and percentages.
WHOLE = 10000
# Source: the same for the three below.
_APPEAL_ROUNDS = ["appeal-1", "appeal-2", "appeal-3"]
_DECIDED_STEPS = ("discussed", "collective", "head", "chair")
_SYSTEM = 0
# What three different marks come to; the first leaves it to people. It stands in the notes of the rule set, because
# the format has no member for it.
THIRD_RULES = ("collective", "mean", "median", "closest")


def recompute_part(
    entry: Table, part: Table, rubric: dict[str, Table] | None, where: str, problems: list[Problem]
) -> int | None:
    """The score of a part in hundredths, after settlement, appeal and deduction; None where there is none.

    Figures that differ are added to `problems`.

    Raises:
        ProblemFoundError: what stands there cannot be computed with.
    """
    missing = [read_flag(entry["absent"], f"{where}/absent"), read_flag(entry["void"], f"{where}/void")]
    stated_marks = read_list(entry["marks"], f"{where}/marks")
    if rubric is None and (stated_marks or not any(missing)):
        raise ProblemFoundError(f"{where}/paper", "not_known", entry["paper"])
    marks = [_mark(mark, f"{where}/marks/{index}", rubric or {}, problems) for index, mark in enumerate(stated_marks)]
    if any(missing):
        for name in ("settlement", "appeal", "deduction"):
            require_same(f"{where}/{name}", entry[name], None)
        return None
    needs_system = any(criterion["system"] for criterion in (rubric or {}).values())
    rounds = Counter(mark["round"] for mark in marks)
    if rounds[_SYSTEM] != int(needs_system) or any(mark["round"] != _SYSTEM for mark in marks[: int(needs_system)]):
        raise ProblemFoundError(f"{where}/marks", "incomplete", rounds[_SYSTEM], int(needs_system))
    system = sum(mark["total"] for mark in marks if mark["round"] == _SYSTEM)
    people = [{**mark, "total": mark["total"] + system} for mark in marks if mark["round"] != _SYSTEM]
    step, score = _KINDS[part["kind"]](part, people, system, f"{where}/marks")
    score = _settled(entry["settlement"], f"{where}/settlement", part=part, step=step, score=score, problems=problems)
    if entry["appeal"] is not None:
        score = _appeal(
            entry["appeal"],
            f"{where}/appeal",
            part=part,
            settled=score,
            system=system,
            rubric=rubric or {},
            earlier=marks,
            problems=problems,
        )
    if entry["deduction"] is not None:
        deduction = read_members(entry["deduction"], f"{where}/deduction", "seq", "percent")
        read_count(deduction["seq"], f"{where}/deduction/seq")
        percent = read_hundredths(deduction["percent"], f"{where}/deduction/percent", most=WHOLE)
        score = round_half_up(score * (WHOLE - percent), WHOLE)
    return score


def _mark(value: object, where: str, rubric: dict[str, Table], problems: list[Problem]) -> Table:
    mark = read_members(value, where, "seq", "marker", "round", "points", "total")
    read_count(mark["seq"], f"{where}/seq")
    read_text(mark["marker"], f"{where}/marker")
    number = mark["round"]
    if number not in (0, 1, 2, *_APPEAL_ROUNDS) or isinstance(number, bool):
        raise ProblemFoundError(f"{where}/round", "not_known", number)
    wanted = {name for name, criterion in rubric.items() if criterion["system"] is (number == _SYSTEM)}
    points = read_members(mark["points"], f"{where}/points", *wanted)
    for name, given in points.items():
        value_given = read_hundredths(given, f"{where}/points/{name}", most=rubric[name]["maximum"])
        if value_given % rubric[name]["step"]:
            problems.append(
                Problem(f"{where}/points/{name}", "off_step", str(given), figure_text(rubric[name]["step"]))
            )
    total = sum(read_hundredths(given, where) for given in points.values())
    compare(problems, f"{where}/total", mark["total"], figure_text(total))
    return {"marker": mark["marker"], "round": number, "total": total}


def _blind_pair(part: Table, people: list[Table], _system: int, where: str) -> tuple[str, int | None]:
    first = [mark for mark in people if mark["round"] == 1]
    third = [mark for mark in people if mark["round"] == 2]
    if len(first) != 2 or len(third) > 1 or len(people) != len(first) + len(third):
        raise ProblemFoundError(where, "incomplete", len(people), 2)
    _different(people, where)
    low, high = sorted(mark["total"] for mark in first)
    straddle = low < part["pass"] <= high and part["straddle"] == "head"
    if high - low <= part["mean_at_most"] and not straddle:
        return "mean", round_half_up(low + high, 2)
    if high - low < part["third_from"]:
        return "discussed", None
    if not third:
        raise ProblemFoundError(where, "incomplete", len(people), 3)
    agreed = third[0]["total"]
    if agreed in (low, high):
        return "third-equal", agreed
    return "collective", _of_three(part["third_rule"], sorted((low, high, agreed)))


def _of_three(rule: str, totals: list[int]) -> int | None:
    """What the rule set makes of three different totals in rising order, or None where people decide."""
    low, middle, high = totals
    if rule == THIRD_RULES[0]:
        return None
    if rule == "median":
        return middle
    if rule == "closest" and middle - low != high - middle:
        pair = low + middle if middle - low < high - middle else middle + high
        return round_half_up(pair, 2)
    return round_half_up(low + middle + high, 3)


def _panel(part: Table, people: list[Table], _system: int, where: str) -> tuple[str, int | None]:
    first = [mark for mark in people if mark["round"] == 1]
    later = [mark for mark in people if mark["round"] == 2]
    _different(first, where)
    _different(later, where)
    totals = {mark["marker"]: mark["total"] for mark in first}
    if len(first) + len(later) != len(people) or any(mark["marker"] not in totals for mark in later):
        raise ProblemFoundError(where, "not_known")
    if len(first) < part["least_markers"]:
        raise ProblemFoundError(where, "incomplete", len(first), part["least_markers"])
    if part["after_discussion"] == "counts":
        totals.update({mark["marker"]: mark["total"] for mark in later})
    given = sorted(totals.values())
    if given[-1] - given[0] <= part["gap_limit"]:
        return "mean", round_half_up(sum(given), len(given))
    return "head", None


def _machine(_part: Table, people: list[Table], system: int, where: str) -> tuple[str, int | None]:
    if people:
        raise ProblemFoundError(where, "not_known", people[0]["marker"])
    return "machine", system


_KINDS: dict[str, Callable[[Table, list[Table], int, str], tuple[str, int | None]]] = {
    "blind-pair": _blind_pair,
    "panel": _panel,
    "machine": _machine,
}


def _settled(value: object, where: str, *, part: Table, step: str, score: int | None, problems: list[Problem]) -> int:
    stated = read_members(value, where, "step", "seq", "score")
    return _stated_score(stated, where, part=part, step=step, score=score, problems=problems)


def _stated_score(
    stated: Table, where: str, *, part: Table, step: str, score: int | None, problems: list[Problem]
) -> int:
    """The computed score, or the stated one where a person decided it."""
    compare(problems, f"{where}/step", stated["step"], step)
    if step in _DECIDED_STEPS:
        read_count(stated["seq"], f"{where}/seq")
    else:
        compare(problems, f"{where}/seq", stated["seq"], None)
    if score is None:
        return read_hundredths(stated["score"], f"{where}/score", most=part["maximum"])
    compare(problems, f"{where}/score", stated["score"], figure_text(score))
    return score


def _appeal(
    value: object,
    where: str,
    *,
    part: Table,
    settled: int,
    system: int,
    rubric: dict[str, Table],
    earlier: list[Table],
    problems: list[Problem],
) -> int:
    if part["kind"] != "blind-pair":
        raise ProblemFoundError(where, "not_known", part["kind"])
    appeal = read_members(value, where, "step", "marks", "seq", "score")
    marks = [
        _mark(mark, f"{where}/marks/{index}", rubric, problems)
        for index, mark in enumerate(read_list(appeal["marks"], f"{where}/marks"))
    ]
    _different([*earlier, *marks], f"{where}/marks")
    totals = [mark["total"] + system for mark in marks]
    enough = len(totals) == 3 or (len(totals) == 2 and totals[0] == totals[1])
    if not enough or [mark["round"] for mark in marks] != _APPEAL_ROUNDS[: len(marks)]:
        raise ProblemFoundError(f"{where}/marks", "incomplete", len(marks))
    agreed, times = Counter(totals).most_common(1)[0]
    remark = agreed if times > 1 else round_half_up(sum(totals), 3)
    adopted = abs(remark - settled) < part["appeal_adopt_below"]
    return _stated_score(
        appeal,
        where,
        part=part,
        step="adopted" if adopted else "chair",
        score=remark if adopted else None,
        problems=problems,
    )


def _different(marks: list[Table], where: str) -> None:
    markers = [mark["marker"] for mark in marks]
    if len(set(markers)) != len(markers):
        raise ProblemFoundError(where, "duplicate", ", ".join(markers))
