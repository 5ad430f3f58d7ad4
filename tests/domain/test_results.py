"""The result document: exactly the published form, and whoever recomputes it finds the same or finds the change."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examsite.domain.canonical import canonical_bytes, parse_canonical
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotFoundError
from examsite.domain.marking import NeededAct
from examsite.domain.result_entries import AppealEntry, CandidateEntry, PartEntry, PostEntry, TieEntry
from examsite.domain.results import recompute, result_data, result_sha256, settle_part
from examsite.domain.rubrics import Rubric
from examsite.domain.ruleset_drafts import with_changes
from examsite.domain.rulesets import OWN_CHOICE, AfterDiscussion, MachinePart, RuleSet
from examsite.domain.ties import open_ties
from tests.domain.result_cases import (
    COMPETITION,
    Book,
    Case,
    cases,
    criterion,
    defence_rubric,
    preset,
    written_rubric,
)

#: Random exams of which every figure is computed again: of a normal run, and of a long one.
EXAMS = 10_000 if "EXAMSITE_SOAK" in os.environ else 60

RULES = preset("hai-phong-pilot")
POST = PostEntry("P1", "Trưởng phòng Tổng hợp", 1)


def case_of(*parts_of: tuple[PartEntry, ...], ruleset: RuleSet = RULES, post: PostEntry = POST) -> Case:
    people = (CandidateEntry(f"C{n}", "P1", f"Nguyễn Văn {n}", parts) for n, parts in enumerate(parts_of, 1))
    return Case(ruleset, (post,), tuple(people))


def sample() -> Case:
    """One of each: a winner by mean, a third marker with an appeal, a decision with a deduction, absent, void."""
    book = Book()
    third = book.written("S2", "40", "60", "60")
    remarks = tuple(book.essay(f"N{n}", one, f"appeal-{n}") for n, one in ((1, "61"), (2, "62"), (3, "62")))
    far = tuple(book.essay(f"N{n}", "70", f"appeal-{n}") for n in (1, 2))
    return case_of(
        (book.written("S1", "65", "66"), book.defence("88", "90", "91")),
        (replace(third, appeal=AppealEntry(remarks)), book.defence("60", "80", decision=book.decision("72.00"))),
        (
            book.written("S3", "40", "47", decision=book.decision("64.00"), deductions=(book.deduction("25.00"),)),
            PartEntry("defence", absent=True),
        ),
        (book.written("S4", "40", "41", appeal=AppealEntry(far, book.decision("75.00"))), book.defence("50", "50")),
        (PartEntry("written", "V1", "S5", void=True, marks=(book.system(),)),),
        (PartEntry("written", absent=True),),
        (book.written("S7", "10", "11"),),
        (book.written("S8", "40", "60", "50", decision=book.decision("70.00")), book.defence("60", "61")),
    )


def result_of(case: Case) -> dict[str, Any]:
    """The result as a stranger reads it from its bytes."""
    result: Any = parse_canonical(canonical_bytes(case.result()))
    return result  # type: ignore[no-any-return]


def test_result_explains_every_candidate() -> None:
    lines = [
        (
            one["code"],
            [part["settlement"] and part["settlement"]["step"] for part in one["parts"]],
            [part["score"] for part in one["parts"]],
            one["total"],
            one["rank"],
            one["outcome"],
        )
        for one in result_of(sample())["candidates"]
    ]
    assert lines == [
        ("C1", ["mean", "mean"], ["85.50", "89.67"], "88.00", 1, "selected"),
        ("C2", ["third-equal", "head"], ["82.00", "72.00"], "76.00", 2, "passed"),
        ("C3", ["discussed", None], ["48.00", None], None, None, "absent"),
        ("C4", ["mean", "mean"], ["75.00", "50.00"], "60.00", 4, "passed"),
        ("C5", [None], [None], None, None, "void"),
        ("C6", [None], [None], None, None, "absent"),
        ("C7", ["mean"], ["30.50"], None, None, "failed"),
        ("C8", ["collective", "mean"], ["70.00", "60.50"], "64.30", 3, "passed"),
    ]


def test_result_has_exactly_the_published_members() -> None:
    result = result_of(sample())
    assert set(result) == {"v", "competition", "ruleset", "rubrics", "posts", "candidates"}
    assert result["posts"] == [{"code": "P1", "title": "Trưởng phòng Tổng hợp", "vacancies": 1, "tie": None}]
    second = result["candidates"][1]
    assert set(second) == {"code", "post", "name", "parts", "total", "rank", "outcome"}
    written = second["parts"][0]
    assert [(mark["marker"], mark["round"], mark["total"]) for mark in written["marks"]] == [
        ("system", 0, "20.00"),
        ("M01", 1, "40.00"),
        ("M02", 1, "60.00"),
        ("M03", 2, "60.00"),
    ]
    assert set(written["marks"][0]) == {"seq", "marker", "round", "points", "total"}
    assert written["settlement"] == {"step": "third-equal", "seq": None, "score": "80.00"}
    assert {name: written["appeal"][name] for name in ("step", "seq", "score")} == {
        "step": "adopted",
        "seq": None,
        "score": "82.00",
    }
    third = result["candidates"][2]["parts"][0]
    assert third["settlement"]["step"] == "discussed"
    assert isinstance(third["settlement"]["seq"], int)
    assert third["deduction"]["percent"] == "25.00"
    assert result["candidates"][3]["parts"][0]["appeal"]["step"] == "chair"


def test_only_the_winner_is_named_and_only_where_the_rule_set_says_so() -> None:
    names = [one["name"] for one in result_of(sample())["candidates"]]
    assert names == ["Nguyễn Văn 1", *[None] * 7]
    silent = replace(sample(), ruleset=replace(RULES, winner_name=False))
    assert "Nguyễn" not in json.dumps(result_of(silent), ensure_ascii=False)


def test_sample_recomputes() -> None:
    assert recompute(result_of(sample())) == []


def test_largest_of_several_deductions_is_the_one_shown() -> None:
    book = Book()
    deductions = (book.deduction("25.00"), book.deduction("50.00"), book.deduction("50.00"))
    result = result_of(case_of((book.written("S1", "60", "60", deductions=deductions),)))
    assert result["candidates"][0]["parts"][0]["deduction"] == {"seq": deductions[1].seq, "percent": "50.00"}
    assert result["candidates"][0]["parts"][0]["score"] == "40.00"


def test_a_tie_is_open_until_it_is_decided() -> None:
    book = Book()
    tied = [(book.written(f"S{n}", "60", "60"), book.defence("80", "80")) for n in (1, 2)]
    case = case_of(*tied)
    before = result_of(case)
    assert [(one["rank"], one["outcome"]) for one in before["candidates"]] == [(1, "passed")] * 2
    assert [tie.codes for tie in open_ties(before)] == [("C1", "C2")]
    decided = case_of(*tied, post=replace(POST, tie=TieEntry(900, ("C2",))))
    result = result_of(decided)
    assert result["posts"][0]["tie"] == {"seq": 900, "selected": ["C2"]}
    assert [one["outcome"] for one in result["candidates"]] == ["passed", "selected"]
    assert open_ties(result) == ()
    assert recompute(result) == []


def machine_case(points: str) -> tuple[Case, Rubric]:
    whole = Decimal("100.00")
    part = MachinePart("test", RULES.title, whole, Decimal("50.00"), whole)
    own = {f"test.{name}": OWN_CHOICE for name in ("maximum", "pass", "weight")}
    rules = replace(RULES, parts=(part,), tie_break=(), appeal_parts=(), sources={**RULES.sources, **own})
    rubric = Rubric("test", "P1", "V1", (replace(criterion("Q1", 100, "0.25"), system=True),))
    marks = (replace(Book().system(points), points={"Q1": Decimal(points)}),)
    return case_of((PartEntry("test", "V1", None, marks=marks),), ruleset=rules), rubric


def machine_result(case: Case, rubric: Rubric) -> dict[str, Any]:
    data = result_data(
        competition=COMPETITION, ruleset=case.ruleset, rubrics=[rubric], posts=case.posts, candidates=case.candidates
    )
    return json.loads(json.dumps(data))  # type: ignore[no-any-return]


def test_part_of_objective_questions_alone_is_settled_by_the_machine() -> None:
    case, rubric = machine_case("80.25")
    result = machine_result(case, rubric)
    part = result["candidates"][0]["parts"][0]
    assert part["settlement"] == {"step": "machine", "seq": None, "score": "80.25"}
    assert recompute(result) == []
    entry = case.candidates[0].parts[0]
    assert settle_part(case.ruleset.parts[0], rubric, replace(entry, marks=())).act is NeededAct.WAIT
    human = replace(entry, marks=(*entry.marks, Book().essay("M01", "10")))
    with pytest.raises(InvalidError) as refused:
        settle_part(case.ruleset.parts[0], rubric, human)
    assert refused.value.code == "mark_not_expected"
    part["marks"].append({"seq": 9, "marker": "M01", "round": 1, "points": {}, "total": "0.00"})
    assert [problem.code for problem in recompute(result)] == ["not_known"]
    part["marks"].pop()
    part["appeal"] = part["settlement"]
    assert [problem.code for problem in recompute(result)] == ["not_known"]


# --- what the builder refuses ----------------------------------------------------------------------------------------


def refusal(case: Case, rubrics: list[Rubric] | None = None) -> str:
    with pytest.raises(DomainError) as refused:
        result_data(
            competition=COMPETITION,
            ruleset=case.ruleset,
            rubrics=case.rubrics if rubrics is None else rubrics,
            posts=case.posts,
            candidates=case.candidates,
        )
    return refused.value.code


def written_with(make: Callable[[Book, PartEntry], PartEntry]) -> Case:
    book = Book()
    return case_of((make(book, book.written("S1", "60", "60")), book.defence("80", "80")))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda b, p: replace(p, marks=p.marks[:2]), "part_not_settled"),
        (lambda b, p: replace(p, marks=p.marks[1:]), "part_not_settled"),
        (lambda b, p: b.written("S1", "40", "46"), "part_not_settled"),
        (lambda b, p: b.written("S1", "40", "60"), "part_not_settled"),
        (lambda b, p: b.written("S1", "40", "60", "50"), "part_not_settled"),
        (lambda b, p: replace(p, appeal=AppealEntry(())), "part_not_settled"),
        (lambda b, p: replace(p, marks=(*p.marks, b.system())), "system_mark_twice"),
        (lambda b, p: replace(p, marks=(*p.marks, b.essay("M09", "60"))), "too_many_marks"),
        (lambda b, p: replace(p, marks=(*p.marks, b.essay("M01", "60"))), "marked_twice"),
        (lambda b, p: replace(p, marks=(*p.marks, b.essay("M01", "60", 2))), "marked_twice"),
        (
            lambda b, p: replace(p, marks=(*p.marks, b.essay("M08", "60", 2), b.essay("M09", "60", 2))),
            "too_many_marks",
        ),
        (
            lambda b, p: replace(p, marks=(*p.marks, b.essay("M08", "60", 2), b.essay("M08", "60", 2))),
            "marked_twice",
        ),
        (lambda b, p: replace(p, marks=(*p.marks, b.essay("M09", "60", 3))), "mark_not_expected"),
        (lambda b, p: replace(p, marks=(*p.marks, b.essay("M09", "60", "appeal-1"))), "mark_not_expected"),
        (lambda b, p: b.written("S1", "60.10", "60"), "points_off_step"),
        (lambda b, p: b.written("S1", "90", "60"), "points_above_maximum"),
        (lambda b, p: replace(p, marks=(b.system("15.00"), *p.marks[1:])), "points_off_step"),
        (lambda b, p: replace(p, paper="V9"), "rubric_missing"),
        (lambda b, p: replace(p, paper="V9", void=True), "rubric_missing"),
        (lambda b, p: replace(p, part="interview"), "part_not_found"),
        (lambda b, p: replace(p, deductions=(b.deduction("101.00"),)), "percent_out_of_range"),
        (lambda b, p: replace(p, appeal=AppealEntry((b.essay("N1", "60", "appeal-2"),))), "mark_not_expected"),
        (lambda b, p: replace(p, appeal=AppealEntry((b.essay("M01", "60", "appeal-1"),))), "marked_twice"),
        (
            lambda b, p: replace(
                p, appeal=AppealEntry((b.essay("N1", "60", "appeal-1"), b.essay("N1", "60", "appeal-2")))
            ),
            "marked_twice",
        ),
        (lambda b, p: replace(p, appeal=AppealEntry((b.essay("N1", "60.10", "appeal-1"),))), "points_off_step"),
        (lambda b, p: replace(p, marks=(p.marks[0], p.marks[1], replace(p.marks[2], seq=1))), "record_used_twice"),
    ],
)
def test_written_part_that_cannot_stand_is_refused(make: Callable[[Book, PartEntry], PartEntry], code: str) -> None:
    assert refusal(written_with(make)) == code


def test_defence_part_that_cannot_stand_is_refused() -> None:
    book = Book()
    written, defence = book.written("S1", "60", "60"), book.defence("80", "80")
    stranger = replace(defence, marks=(*defence.marks, book.member("G09", "80", 2)))
    assert refusal(case_of((written, stranger))) == "mark_not_expected"
    with_system = replace(defence, marks=(*defence.marks, book.system()))
    assert refusal(case_of((written, with_system))) == "system_mark_not_expected"
    appealed = replace(defence, appeal=AppealEntry(()))
    assert refusal(case_of((written, appealed))) == "appeal_part_not_known"


def test_list_that_cannot_stand_is_refused() -> None:
    book = Book()
    written, defence = book.written("S1", "60", "60"), book.defence("80", "80")
    assert refusal(case_of((defence, written))) == "parts_out_of_order"
    assert refusal(case_of((written, written))) == "record_used_twice"
    assert refusal(case_of((written,))) == "part_not_entered"
    assert refusal(case_of(())) == "part_not_entered"
    twin = book.written("S1", "60", "60")
    assert refusal(case_of((written, defence), (twin, book.defence("80", "80")))) == "script_twice"
    good = case_of((written, defence))
    assert refusal(replace(good, candidates=good.candidates * 2)) == "record_used_twice"
    assert refusal(good, [*good.rubrics, *good.rubrics]) == "rubric_twice"
    assert refusal(good, [written_rubric("P1")]) == "rubric_missing"
    short = replace(defence_rubric("P1"), criteria=defence_rubric("P1").criteria[:1])
    assert refusal(good, [written_rubric("P1"), short]) == "rubric_sum_wrong"
    assert refusal(good, [replace(short, part="interview")]) == "part_not_found"
    assert refusal(replace(good, posts=())) == "rubric_missing"


def test_change_after_discussion_replaces_the_first_mark_where_the_rule_set_says_so() -> None:
    book = Book()
    defence = book.defence("60", "80", decision=book.decision("70.00"))
    defence = replace(defence, marks=(*defence.marks, book.member("G01", "76", 2)))
    case = case_of((book.written("S1", "60", "60"), defence))
    assert result_of(case)["candidates"][0]["parts"][1]["settlement"]["step"] == "head"
    panel = replace(RULES.panel(), after_discussion=AfterDiscussion.COUNTS)
    counting = result_of(replace(case, ruleset=replace(RULES, parts=(RULES.parts[0], panel))))
    assert counting["candidates"][0]["parts"][1]["settlement"] == {"step": "mean", "seq": None, "score": "78.00"}
    assert recompute(counting) == []


# --- builder and recomputation ---------------------------------------------------------------------------------------


@given(cases())
@settings(max_examples=EXAMS, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_built_always_recomputes(case: Case) -> None:
    result = result_of(case)
    assert recompute(result) == []
    assert result_sha256(result) == result_sha256(case.result())
    order = [(one["post"], one["code"]) for one in result["candidates"]]
    assert order == sorted(order)


@given(case=cases(), data=st.data())
@settings(max_examples=25)
def test_result_does_not_depend_on_the_order_of_input(case: Case, data: st.DataObject) -> None:
    other = replace(
        case,
        posts=tuple(data.draw(st.permutations(case.posts))),
        candidates=tuple(data.draw(st.permutations(case.candidates))),
    )
    assert result_sha256(other.result()) == result_sha256(case.result())


def figures_that_follow(result: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every place whose value follows from others in the document, or from which others follow."""
    for one in result["candidates"]:
        yield from ((one, name) for name in ("total", "rank", "outcome"))
        for part in one["parts"]:
            yield from ((part, name) for name in ("score", "passed"))
            appeal = part["appeal"] or {"marks": []}
            for mark in (*part["marks"], *appeal["marks"]):
                yield mark, "total"
                yield from ((mark["points"], name) for name in mark["points"])
            # A score that a person decided is only known from its record.
            for settled in (part["settlement"], part["appeal"]):
                if settled and settled["seq"] is None:
                    yield from ((settled, name) for name in ("score", "step", "seq"))
                elif settled:
                    yield from ((settled, name) for name in ("step", "seq"))


def other_value(value: object, draw: Callable[[Any], Any]) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return draw(st.sampled_from([value + 1, None]))
    if value is None:
        return draw(st.sampled_from(["50.00", 1, "selected"]))
    if isinstance(value, str) and value[-1].isdigit():
        hundredths = draw(st.integers(0, 10_000).filter(lambda number: Decimal(number) / 100 != Decimal(value)))
        return draw(st.sampled_from([f"{Decimal(hundredths) / 100:.2f}", None]))
    return draw(st.sampled_from([word for word in ("selected", "passed", "failed", "mean", "head") if word != value]))


@given(case=cases(), data=st.data())
@settings(max_examples=100)
def test_any_changed_figure_is_found(case: Case, data: st.DataObject) -> None:
    result = result_of(case)
    places = list(figures_that_follow(result))
    if not places:
        return
    owner, name = data.draw(st.sampled_from(places))
    if name == "seq" and owner[name] is not None:
        owner[name] = None
    else:
        owner[name] = other_value(owner[name], data.draw)
    assert recompute(result) != []


FIGURES = ("candidates", 0, "parts", 0)


def change(result: dict[str, Any], path: tuple[str | int, ...], value: object) -> None:
    owner: Any = result
    for step in path[:-1]:
        owner = owner[step]
    owner[path[-1]] = value


def changed(result: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    result = copy.deepcopy(result)
    change(result, path, value)
    return result


@pytest.mark.parametrize(
    ("path", "value", "where", "code"),
    [
        (("v",), 2, "v", "differs"),
        (("v",), True, "v", "differs"),
        (("extra",), 1, "", "malformed"),
        (("competition", "title"), None, "competition/title", "malformed"),
        (("candidates",), {}, "candidates", "malformed"),
        (("ruleset", "extra"), 1, "ruleset", "malformed"),
        (("ruleset", "parts", 0, "kind"), "duel", "ruleset/parts/0/kind", "not_known"),
        (("ruleset", "parts", 0, "kind"), [], "ruleset/parts/0/kind", "not_known"),
        (("ruleset", "parts", 0), 1, "ruleset/parts/0/kind", "not_known"),
        (("ruleset", "parts", 0, "extra"), "1.00", "ruleset/parts/0", "malformed"),
        (("ruleset", "parts", 0, "part"), "defence", "ruleset/parts/1", "duplicate"),
        (("ruleset", "parts", 0, "straddle"), "coin", "ruleset/parts/0/straddle", "not_known"),
        (("ruleset", "parts", 0, "pass"), "50", "ruleset/parts/0/pass", "malformed"),
        (("ruleset", "parts", 0, "pass"), "050.00", "ruleset/parts/0/pass", "malformed"),
        (("ruleset", "parts", 0, "pass"), 50, "ruleset/parts/0/pass", "malformed"),
        (("ruleset", "parts", 0, "weight"), "41.00", "ruleset/parts/weight", "differs"),
        (("ruleset", "parts", 1, "least_markers"), 0, "ruleset/parts/1/least_markers", "malformed"),
        (("ruleset", "tie_break"), ["interview"], "ruleset/tie_break", "not_known"),
        (("ruleset", "tie_break"), [[]], "ruleset/tie_break", "malformed"),
        (("ruleset", "deductions"), "added", "ruleset/deductions", "differs"),
        (("ruleset", "minimum_candidates"), True, "ruleset/minimum_candidates", "malformed"),
        (("ruleset", "approvals", "council"), -1, "ruleset/approvals/council", "malformed"),
        (("rubrics", 0, "part"), "interview", "rubrics/0/part", "not_known"),
        (("rubrics", 1, "criteria", 0, "maximum"), "41.00", "rubrics/1/criteria/maximum", "differs"),
        (("rubrics", 1, "criteria", 0, "criterion"), "E2", "rubrics/1/criteria", "duplicate"),
        (("rubrics", 1, "criteria", 0, "step"), "0.00", "rubrics/1/criteria/E1/step", "out_of_range"),
        (("rubrics", 1, "criteria", 0, "system"), 1, "rubrics/1/criteria/E1/system", "malformed"),
        (("posts", 0, "vacancies"), 0, "posts/0/vacancies", "malformed"),
        (("posts", 0, "tie"), {"seq": 999, "selected": ["C1"]}, "posts/P1/tie", "differs"),
        (("posts", 0, "tie"), {"seq": 999, "selected": [1]}, "posts/0/tie/selected", "malformed"),
        (("candidates", 0), 1, "candidates/0", "malformed"),
        (("candidates", 0, "post"), "P9", "candidates/C1/post", "not_known"),
        (("candidates", 0, "name"), 1, "candidates/C1/name", "malformed"),
        (("candidates", 0, "code"), "C2", "candidates/C2", "duplicate"),
        (("candidates", 0, "code"), "C9", "candidates", "not_sorted"),
        ((*FIGURES, "part"), "interview", "candidates/C1/parts/0/part", "not_known"),
        ((*FIGURES, "paper"), "V9", "candidates/C1/written/paper", "not_known"),
        ((*FIGURES, "script"), "S2", "script", "duplicate"),
        ((*FIGURES, "absent"), 0, "candidates/C1/written/absent", "malformed"),
        ((*FIGURES, "void"), True, "candidates/C1/written/settlement", "differs"),
        ((*FIGURES, "marks"), [], "candidates/C1/written/marks", "incomplete"),
        ((*FIGURES, "settlement"), None, "candidates/C1/written/settlement", "malformed"),
        ((*FIGURES, "settlement", "seq"), [], "candidates/C1/written/settlement/seq", "differs"),
        ((*FIGURES, "marks", 1, "round"), 2, "candidates/C1/written/marks", "incomplete"),
        ((*FIGURES, "marks", 1, "round"), 3, "candidates/C1/written/marks/1/round", "not_known"),
        ((*FIGURES, "marks", 1, "round"), True, "candidates/C1/written/marks/1/round", "not_known"),
        ((*FIGURES, "marks", 1, "round"), "appeal-1", "candidates/C1/written/marks", "incomplete"),
        ((*FIGURES, "marks", 1, "marker"), "M02", "candidates/C1/written/marks", "duplicate"),
        ((*FIGURES, "marks", 1, "seq"), 1, "seq", "duplicate"),
        ((*FIGURES, "marks", 1, "points", "E1"), "39.90", "candidates/C1/written/marks/1/points/E1", "off_step"),
        ((*FIGURES, "marks", 1, "points", "E1"), "40.25", "candidates/C1/written/marks/1/points/E1", "out_of_range"),
        ((*FIGURES, "marks", 1, "points"), {"E1": "40.00"}, "candidates/C1/written/marks/1/points", "malformed"),
        (("candidates", 0, "parts", 1, "marks", 0, "round"), 2, "candidates/C1/defence/marks", "not_known"),
        (("candidates", 0, "parts", 1, "marks"), [], "candidates/C1/defence/marks", "incomplete"),
        (
            ("candidates", 2, "parts", 0, "deduction", "percent"),
            "101.00",
            "candidates/C3/written/deduction/percent",
            "out_of_range",
        ),
        (("candidates", 2, "parts", 0, "settlement", "score"), "100.01", None, "out_of_range"),
        (("candidates", 1, "parts", 0, "marks", 3, "round"), 1, "candidates/C2/written/marks", "incomplete"),
        (("candidates", 1, "parts", 0, "appeal", "marks"), [], "candidates/C2/written/appeal/marks", "incomplete"),
        (
            ("candidates", 1, "parts", 0, "appeal", "marks", 0, "round"),
            "appeal-3",
            "candidates/C2/written/appeal/marks",
            "incomplete",
        ),
        (
            ("candidates", 1, "parts", 0, "appeal", "marks", 0, "marker"),
            "M01",
            "candidates/C2/written/appeal/marks",
            "duplicate",
        ),
        (("candidates", 0, "parts", 1, "appeal"), {}, "candidates/C1/defence/appeal", "not_known"),
    ],
)
def test_what_does_not_hold_is_named(path: tuple[str | int, ...], value: object, where: str | None, code: str) -> None:
    problems = recompute(changed(result_of(sample()), path, value))
    assert (where, code) in {(where and problem.where, problem.code) for problem in problems}


def test_removed_third_mark_and_parts_out_of_order_are_found() -> None:
    result = result_of(sample())
    second = result["candidates"][1]["parts"][0]["marks"]
    del second[3]
    first = result["candidates"][0]["parts"]
    first.reverse()
    result["candidates"][7]["parts"].pop()
    found = {(problem.where, problem.code) for problem in recompute(result)}
    assert {
        ("candidates/C2/written/marks", "incomplete"),
        ("candidates/C1/parts", "not_sorted"),
        ("candidates/C8/parts", "incomplete"),
    } <= found


def test_rubric_or_post_named_twice_is_found() -> None:
    for name, where in (("rubrics", "rubrics/2"), ("posts", "posts/1")):
        result = result_of(sample())
        result[name].append(result[name][0])
        assert [(problem.where, problem.code) for problem in recompute(result)] == [(where, "duplicate")]


@pytest.mark.parametrize("selected", [[], ["C1", "C2"], ["C3"]])
def test_wrong_choice_out_of_a_tie_is_found(selected: list[str]) -> None:
    book = Book()
    tied = [(book.written(f"S{n}", "60", "60"), book.defence("80", "80")) for n in (1, 2)]
    result = result_of(case_of(*tied, post=replace(POST, tie=TieEntry(900, ("C2",)))))
    result["posts"][0]["tie"]["selected"] = selected
    assert {"posts/P1/tie"} <= {problem.where for problem in recompute(result)}


@pytest.mark.parametrize("junk", [None, 1, "x", [], {}, [1], {"v": 1}])
def test_something_else_entirely_is_malformed(junk: object) -> None:
    assert [problem.code for problem in recompute(junk)] == ["malformed"]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path[:2] == ("ruleset", "notes"):
        return
    if path:
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in members:
        yield from places(item, (*path, key))


SAMPLE = canonical_bytes(sample().result())
ALL_PLACES = list(places(json.loads(SAMPLE)))
JUNK: st.SearchStrategy[object] = st.sampled_from(
    [None, True, -1, 0, 10**30, "", "0.00", "999999999.99", [], [[]], {}, {"seq": []}, "mean"]
)


@given(st.lists(st.tuples(st.sampled_from(ALL_PLACES), JUNK), min_size=1, max_size=2))
@settings(max_examples=150)
def test_junk_anywhere_is_answered_with_problems_never_with_a_crash(
    changes: list[tuple[tuple[str | int, ...], object]],
) -> None:
    result = json.loads(SAMPLE)
    for path, junk in changes:
        try:
            change(result, path, copy.deepcopy(junk))
        except (KeyError, IndexError, TypeError):
            continue
    assert all(problem.code for problem in recompute(result))


def test_notes_of_the_rule_set_are_free() -> None:
    assert recompute(changed(result_of(sample()), ("ruleset", "notes"), {"anything": [1, "two"]})) == []


def test_head_decides_marks_on_both_sides_of_the_pass_mark_where_the_rule_set_says_so() -> None:
    book = Book()
    rules = with_changes(RULES, {"written.straddle": "head"})
    entry = book.written("S1", "28", "32", decision=book.decision("50.00"))
    result = result_of(case_of((entry, book.defence("80", "80")), ruleset=rules))
    assert result["candidates"][0]["parts"][0]["settlement"]["step"] == "discussed"
    assert recompute(result) == []
    result["ruleset"]["parts"][0]["straddle"] = "mean"
    assert {problem.where for problem in recompute(result)} >= {"candidates/C1/written/settlement/step"}


def test_conflict_names_the_candidate_and_the_act_that_is_owed() -> None:
    book = Book()
    with pytest.raises(ConflictError) as refused:
        case_of((book.written("S1", "40", "60"),)).result()
    assert refused.value.params == {"part": "written", "candidate": "C1", "act": NeededAct.THIRD_MARKER}
    with pytest.raises(NotFoundError):
        RULES.part_named("interview")
