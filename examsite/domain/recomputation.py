"""Does every figure of a finished `result.json` follow from its marks under its own rule set?

For anyone who doubts a result. Written against the published format alone, in whole hundredths, sharing no rule with
the code that built the document: an error in one of the two shows as a difference. It cannot know what only the
record log tells: whether a mark was locked, or a score decided, as the document says.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from examsite.domain.part_recomputation import THIRD_RULES, WHOLE, recompute_part
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
    read_text_or_none,
    require_same,
    round_half_up,
)

__all__ = ["Problem", "recompute"]

_PART_MEMBERS = {
    "blind-pair": ("maximum", "pass", "weight", "mean_at_most", "third_from", "straddle", "appeal_adopt_below"),
    "panel": ("maximum", "pass", "weight", "gap_limit", "least_markers", "after_discussion"),
    "machine": ("maximum", "pass", "weight"),
}
_PART_WORDS = {"straddle": ("mean", "head"), "after_discussion": ("shown", "counts")}


@dataclass(frozen=True)
class _Rules:
    parts: dict[str, Table]
    tie_break: list[str]


@dataclass(frozen=True)
class _Computed:
    code: str
    post: str
    where: str
    stated: Table
    scores: dict[str, int]
    total: int | None
    unranked: str


def recompute(result: object) -> list[Problem]:
    """Every figure that does not follow; an empty list when all do.

    A member that the format does not name is refused, outside the notes of the rule set.
    """
    try:
        document = read_members(result, "", "v", "competition", "ruleset", "rubrics", "posts", "candidates")
        require_same("v", document["v"], 1)
        competition = read_members(document["competition"], "competition", "code", "title", "body")
        for name in ("code", "title", "body"):
            read_text(competition[name], f"competition/{name}")
        rules = _rules(document["ruleset"])
        rubrics = _rubrics(document["rubrics"], rules)
        posts = _posts(document["posts"])
        listed = read_list(document["candidates"], "candidates")
    except ProblemFoundError as found:
        return [found.problem]
    problems: list[Problem] = []
    computed: list[_Computed] = []
    for index, candidate in enumerate(listed):
        try:
            computed.append(
                _candidate(
                    candidate, f"candidates/{index}", rules=rules, rubrics=rubrics, posts=posts, problems=problems
                )
            )
        except ProblemFoundError as found:
            problems.append(found.problem)
    problems += _order_problems(computed)
    problems += _duplicates(posts, computed)
    for code, post in posts.items():
        problems += _ranking_problems(code, post, [one for one in computed if one.post == code], rules)
    return problems


# --- rule set, rubrics, posts ----------------------------------------------------------------------------------------


def _rules(value: object) -> _Rules:
    table = read_members(
        value, "ruleset", "name", "parts", "tie_break", "deductions", "minimum_candidates", "approvals", "notes"
    )
    read_text(table["name"], "ruleset/name")
    parts: dict[str, Table] = {}
    for index, stated in enumerate(read_list(table["parts"], "ruleset/parts")):
        where = f"ruleset/parts/{index}"
        kind = stated.get("kind") if isinstance(stated, dict) else None
        if not isinstance(kind, str) or kind not in _PART_MEMBERS:
            raise ProblemFoundError(f"{where}/kind", "not_known", kind)
        part = read_members(stated, where, "part", "kind", *_PART_MEMBERS[kind])
        name = read_text(part["part"], f"{where}/part")
        if name in parts:
            raise ProblemFoundError(where, "duplicate", name)
        parts[name] = {
            "kind": kind,
            **{member: _part_value(member, part[member], f"{where}/{member}") for member in _PART_MEMBERS[kind]},
        }
    third = _third_rule(table["notes"])
    for part in parts.values():
        part["third_rule"] = third
    require_same("ruleset/parts/weight", sum(part["weight"] for part in parts.values()), WHOLE)
    tie_break = read_list(table["tie_break"], "ruleset/tie_break")
    for name in tie_break:
        if read_text(name, "ruleset/tie_break") not in parts:
            raise ProblemFoundError("ruleset/tie_break", "not_known", name)
    require_same("ruleset/deductions", table["deductions"], "largest")
    read_count(table["minimum_candidates"], "ruleset/minimum_candidates", least=1)
    approvals = read_members(table["approvals"], "ruleset/approvals", "council", "authority")
    for name in ("council", "authority"):
        read_count(approvals[name], f"ruleset/approvals/{name}")
    return _Rules(parts, tie_break)


def _part_value(member: str, value: object, where: str) -> int | str:
    if member in _PART_WORDS:
        word = read_text(value, where)
        if word not in _PART_WORDS[member]:
            raise ProblemFoundError(where, "not_known", word)
        return word
    if member == "least_markers":
        return read_count(value, where, least=1)
    return read_hundredths(value, where)


def _third_rule(notes: object) -> str:
    settings = notes.get("settings") if isinstance(notes, dict) else None
    stated = settings.get("third_rule", THIRD_RULES[0]) if isinstance(settings, dict) else THIRD_RULES[0]
    if stated not in THIRD_RULES:
        raise ProblemFoundError("ruleset/notes/settings/third_rule", "not_known", stated)
    return str(stated)


def _rubrics(value: object, rules: _Rules) -> dict[tuple[str, str, str | None], dict[str, Table]]:
    rubrics: dict[tuple[str, str, str | None], dict[str, Table]] = {}
    for index, stated in enumerate(read_list(value, "rubrics")):
        where = f"rubrics/{index}"
        rubric = read_members(stated, where, "part", "post", "paper", "criteria")
        part = read_text(rubric["part"], f"{where}/part")
        if part not in rules.parts:
            raise ProblemFoundError(f"{where}/part", "not_known", part)
        key = (part, read_text(rubric["post"], f"{where}/post"), read_text_or_none(rubric["paper"], f"{where}/paper"))
        if key in rubrics:
            raise ProblemFoundError(where, "duplicate", "/".join(map(str, key)))
        criteria: dict[str, Table] = {}
        for one in read_list(rubric["criteria"], f"{where}/criteria"):
            criterion = read_members(one, f"{where}/criteria", "criterion", "maximum", "step", "system")
            name = read_text(criterion["criterion"], f"{where}/criteria")
            if name in criteria:
                raise ProblemFoundError(f"{where}/criteria", "duplicate", name)
            criteria[name] = {
                "maximum": read_hundredths(criterion["maximum"], f"{where}/criteria/{name}/maximum"),
                "step": read_hundredths(criterion["step"], f"{where}/criteria/{name}/step", least=1),
                "system": read_flag(criterion["system"], f"{where}/criteria/{name}/system"),
            }
        reached = sum(one["maximum"] for one in criteria.values())
        require_same(f"{where}/criteria/maximum", figure_text(reached), figure_text(rules.parts[part]["maximum"]))
        rubrics[key] = criteria
    return rubrics


def _posts(value: object) -> dict[str, Table]:
    posts: dict[str, Table] = {}
    for index, stated in enumerate(read_list(value, "posts")):
        where = f"posts/{index}"
        post = read_members(stated, where, "code", "title", "vacancies", "tie")
        code = read_text(post["code"], f"{where}/code")
        read_text(post["title"], f"{where}/title")
        if code in posts:
            raise ProblemFoundError(where, "duplicate", code)
        tie = None
        if post["tie"] is not None:
            tie = read_members(post["tie"], f"{where}/tie", "seq", "selected")
            read_count(tie["seq"], f"{where}/tie/seq")
            for name in read_list(tie["selected"], f"{where}/tie/selected"):
                read_text(name, f"{where}/tie/selected")
        posts[code] = {"vacancies": read_count(post["vacancies"], f"{where}/vacancies", least=1), "tie": tie}
    return posts


# --- one candidate ---------------------------------------------------------------------------------------------------


def _candidate(
    value: object,
    where: str,
    *,
    rules: _Rules,
    rubrics: dict[tuple[str, str, str | None], dict[str, Table]],
    posts: dict[str, Table],
    problems: list[Problem],
) -> _Computed:
    stated = read_members(value, where, "code", "post", "name", "parts", "total", "rank", "outcome")
    code, post = read_text(stated["code"], f"{where}/code"), read_text(stated["post"], f"{where}/post")
    where = f"candidates/{code}"
    if post not in posts:
        raise ProblemFoundError(f"{where}/post", "not_known", post)
    read_text_or_none(stated["name"], f"{where}/name")
    names: list[str] = []
    passed: dict[str, int] = {}
    flags: set[str] = set()
    for index, one in enumerate(read_list(stated["parts"], f"{where}/parts")):
        entry = read_members(
            one,
            f"{where}/parts/{index}",
            *("part", "paper", "script", "absent", "void", "marks", "settlement", "appeal", "deduction"),
            *("score", "passed"),
        )
        name = read_text(entry["part"], f"{where}/parts/{index}/part")
        if name not in rules.parts:
            raise ProblemFoundError(f"{where}/parts/{index}/part", "not_known", name)
        names.append(name)
        rubric = rubrics.get((name, post, read_text_or_none(entry["paper"], f"{where}/{name}/paper")))
        read_text_or_none(entry["script"], f"{where}/{name}/script")
        score = recompute_part(entry, rules.parts[name], rubric, f"{where}/{name}", problems)
        flags |= {flag for flag in ("void", "absent") if entry[flag]}
        if score is not None and score >= rules.parts[name]["pass"]:
            passed[name] = score
        compare(problems, f"{where}/{name}/score", entry["score"], None if score is None else figure_text(score))
        compare(problems, f"{where}/{name}/passed", entry["passed"], name in passed)
    if names != [name for name in rules.parts if name in names]:
        problems.append(Problem(f"{where}/parts", "not_sorted", ", ".join(names)))
    total = None
    if len(passed) == len(rules.parts):
        total = round_half_up(sum(rules.parts[name]["weight"] * score for name, score in passed.items()), WHOLE)
    elif len(passed) == len(names):
        problems.append(Problem(f"{where}/parts", "incomplete", ", ".join(names), ", ".join(rules.parts)))
    compare(problems, f"{where}/total", stated["total"], None if total is None else figure_text(total))
    unranked = "void" if "void" in flags else "absent" if "absent" in flags else "failed"
    return _Computed(code, post, where, stated, passed, total, unranked)


# --- the whole list --------------------------------------------------------------------------------------------------


def _ranking_problems(code: str, post: Table, candidates: list[_Computed], rules: _Rules) -> Iterator[Problem]:
    def key(one: _Computed) -> tuple[int, ...]:
        return (one.total or 0, *(one.scores[name] for name in rules.tie_break))

    groups: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for one in candidates:
        if one.total is not None:
            groups[key(one)].append(one.code)
    ranks: dict[tuple[int, ...], int] = {}
    following = 1
    for place in sorted(groups, reverse=True):
        ranks[place] = following
        following += len(groups[place])
    tie, places = post["tie"], post["vacancies"]
    crossing = False
    for one in candidates:
        rank: int | None = None
        outcome = one.unranked
        if one.total is not None:
            rank = ranks[key(one)]
            equals = set(groups[key(one)])
            free = places - rank + 1
            outcome = "selected" if len(equals) <= free else "passed"
            if 0 < free < len(equals):
                crossing = True
                selected = tie["selected"] if tie else []
                if tie and (len(selected) != free or len(set(selected)) != free or not equals.issuperset(selected)):
                    yield Problem(f"posts/{code}/tie", "differs", ", ".join(selected), f"{free}: {sorted(equals)}")
                outcome = "selected" if one.code in selected else "passed"
        found: list[Problem] = []
        compare(found, f"{one.where}/rank", one.stated["rank"], rank)
        compare(found, f"{one.where}/outcome", one.stated["outcome"], outcome)
        yield from found
    if tie and not crossing:
        yield Problem(f"posts/{code}/tie", "differs", ", ".join(tie["selected"]))


def _order_problems(candidates: list[_Computed]) -> Iterator[Problem]:
    order = [(one.post, one.code) for one in candidates]
    if order != sorted(order):
        yield Problem("candidates", "not_sorted")
    for code, times in Counter(one.code for one in candidates).items():
        if times > 1:
            yield Problem(f"candidates/{code}", "duplicate", code)


def _duplicates(posts: dict[str, Table], candidates: list[_Computed]) -> Iterator[Problem]:
    """One record is one fact, and one script is one candidate's."""
    seqs = [post["tie"]["seq"] for post in posts.values() if post["tie"]]
    scripts: list[str] = []
    for one in candidates:
        for entry in one.stated["parts"]:
            settlement, appeal = entry["settlement"] or {}, entry["appeal"] or {}
            seqs += [mark["seq"] for mark in (*entry["marks"], *appeal.get("marks", ()))]
            seqs += [each["seq"] for each in (settlement, appeal, entry["deduction"] or {}) if "seq" in each]
            scripts += [entry["script"]] if entry["script"] is not None else []
    for seq, times in Counter(seq for seq in seqs if isinstance(seq, int)).items():
        if times > 1:
            yield Problem("seq", "duplicate", str(seq))
    for script, times in Counter(scripts).items():
        if times > 1:
            yield Problem("script", "duplicate", script)
