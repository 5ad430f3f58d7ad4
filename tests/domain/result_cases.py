"""Whole small competitions for tests of ladders, rankings and results; no surprises, every seq is its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from examsite.domain.questions import Text
from examsite.domain.result_entries import (
    AppealEntry,
    CandidateEntry,
    CompetitionEntry,
    DecisionEntry,
    DeductionEntry,
    MarkEntry,
    PartEntry,
    PostEntry,
    TieEntry,
)
from examsite.domain.results import result_data
from examsite.domain.rubrics import Rubric, RubricCriterion
from examsite.domain.ruleset_drafts import with_changes
from examsite.domain.rulesets import RuleSet, ruleset_from_toml
from examsite.domain.ties import open_ties

WORDS = Text("Tiêu chí", "Criterion")
COMPETITION = CompetitionEntry("HP-2026-01", "Thi tuyển Trưởng phòng", "Thành ủy Hải Phòng")


@cache
def preset_text(name: str) -> str:
    return (Path(__file__).parents[2] / f"examsite/services/presets/{name}.toml").read_text(encoding="utf-8")


@cache
def preset(name: str) -> RuleSet:
    return ruleset_from_toml(preset_text(name))


@cache
def with_straddle(name: str, straddle: str) -> RuleSet:
    return with_changes(preset(name), {"written.straddle": straddle})


def criterion(name: str, maximum: int, step: str, *, system: bool = False) -> RubricCriterion:
    return RubricCriterion(name, Decimal(f"{maximum}.00"), Decimal(step), system, WORDS)


def written_rubric(post: str) -> Rubric:
    essays = (criterion("E1", 40, "0.25"), criterion("E2", 40, "0.25"))
    return Rubric("written", post, "V1", (*essays, criterion("Q1", 20, "10.00", system=True)))


def defence_rubric(post: str) -> Rubric:
    return Rubric("defence", post, None, (criterion("D1", 60, "1.00"), criterion("D2", 40, "1.00")))


@dataclass
class Book:
    """Hands out record numbers and makes entries whose script totals are the ones asked for."""

    seqs: Iterator[int] = field(default_factory=lambda: count(1))

    def essay(self, marker: str, essays: str, round_: int | str = 1) -> MarkEntry:
        first = min(Decimal(essays), Decimal(40))
        points = {"E1": first + Decimal("0.00"), "E2": Decimal(essays) - first + Decimal("0.00")}
        return MarkEntry(next(self.seqs), marker, round_, points)

    def system(self, points: str = "20.00") -> MarkEntry:
        return MarkEntry(next(self.seqs), "system", 0, {"Q1": Decimal(points)})

    def member(self, marker: str, points: str, round_: int = 1) -> MarkEntry:
        first = min(Decimal(points), Decimal(60))
        given = {"D1": first + Decimal("0.00"), "D2": Decimal(points) - first + Decimal("0.00")}
        return MarkEntry(next(self.seqs), marker, round_, given)

    def decision(self, score: str) -> DecisionEntry:
        return DecisionEntry(next(self.seqs), Decimal(score))

    def deduction(self, percent: str) -> DeductionEntry:
        return DeductionEntry(next(self.seqs), Decimal(percent))

    def written(self, script: str, *essays: str, **rest: Any) -> PartEntry:
        """Essay totals without the system's 20: the first two of round 1, a third of round 2."""
        rounds = (1, 1, 2)
        people = [self.essay(f"M0{index + 1}", one, rounds[index]) for index, one in enumerate(essays)]
        return PartEntry("written", "V1", script, marks=(self.system(), *people), **rest)

    def defence(self, *points: str, **rest: Any) -> PartEntry:
        members = [self.member(f"G0{index + 1}", one) for index, one in enumerate(points)]
        return PartEntry("defence", marks=tuple(members), **rest)


@dataclass(frozen=True)
class Case:
    """Everything a result is built from."""

    ruleset: RuleSet
    posts: tuple[PostEntry, ...]
    candidates: tuple[CandidateEntry, ...]

    @property
    def rubrics(self) -> list[Rubric]:
        return [make(post.code) for post in self.posts for make in (written_rubric, defence_rubric)]

    def result(self) -> dict[str, Any]:
        return result_data(
            competition=COMPETITION,
            ruleset=self.ruleset,
            rubrics=self.rubrics,
            posts=self.posts,
            candidates=self.candidates,
        )


def quarters(least: int, most: int) -> st.SearchStrategy[str]:
    return st.integers(least * 4, most * 4).map(lambda quarter: str(Decimal(quarter) / 4))


@st.composite
def written_entries(draw: st.DrawFn, book: Book, script: str, ruleset: RuleSet) -> PartEntry:
    """Any way through the ladder, an appeal and deductions."""
    state = draw(st.sampled_from(["marked"] * 8 + ["absent", "void"]))
    if state != "marked":
        return PartEntry("written", "V1", script, absent=state == "absent", void=state == "void")
    first = draw(quarters(20, 80))
    second = draw(st.one_of(st.just(first), quarters(20, 80)))
    essays = [first, second]
    if abs(Decimal(first) - Decimal(second)) >= ruleset.blind_pair().third_from:
        essays.append(draw(st.one_of(st.sampled_from(essays), quarters(20, 80))))
    appeal = None
    if draw(st.integers(0, 4)) == 0:
        near = draw(st.sampled_from(essays))
        remarks = [near, draw(st.one_of(st.just(near), quarters(20, 80)))]
        if remarks[0] != remarks[1]:
            remarks.append(draw(st.one_of(st.sampled_from(remarks), quarters(20, 80))))
        marks = [book.essay(f"N0{number}", one, f"appeal-{number}") for number, one in enumerate(remarks, 1)]
        appeal = AppealEntry(tuple(marks), book.decision(draw(quarters(40, 100))))
    percents = draw(st.lists(st.sampled_from(["25.00", "50.00"]), max_size=2)) if draw(st.booleans()) else []
    return book.written(
        script,
        *essays,
        decision=book.decision(draw(quarters(40, 100))),
        appeal=appeal,
        deductions=tuple(book.deduction(percent) for percent in percents),
    )


@st.composite
def defence_entries(draw: st.DrawFn, book: Book) -> PartEntry:
    """Any defence of two to five members, with changes after discussion."""
    if draw(st.integers(0, 9)) == 0:
        return PartEntry("defence", absent=True)
    base = draw(st.integers(45, 90))
    points = [str(base + draw(st.integers(-6, 6))) for _member in range(draw(st.integers(2, 5)))]
    entry = book.defence(*points, decision=book.decision(draw(quarters(0, 100))))
    if draw(st.booleans()):
        changed = book.member("G01", str(base), 2)
        entry = PartEntry("defence", marks=(*entry.marks, changed), decision=entry.decision)
    return entry


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """One or two posts with up to five candidates each; open ties are sometimes decided."""
    names = st.sampled_from(["tt22-2025", "hai-phong-pilot"])
    ruleset = with_straddle(draw(names), draw(st.sampled_from(["mean", "head"])))
    book = Book()
    posts: list[PostEntry] = []
    candidates: list[CandidateEntry] = []
    for code in draw(st.sampled_from([["P1"], ["P1", "P2"]])):
        posts.append(PostEntry(code, f"Trưởng phòng {code}", draw(st.integers(1, 3))))
        twin: tuple[str, ...] | None = None
        for number in range(draw(st.integers(0, 5))):
            name = f"{code}{number}"
            if draw(st.integers(0, 2)) == 0:
                # Candidates with the same marks, so that ties are common.
                twin = twin or (draw(quarters(50, 80)), str(draw(st.integers(60, 90))))
                parts = (book.written(f"S{name}", twin[0], twin[0]), book.defence(twin[1], twin[1]))
            else:
                written = draw(written_entries(book, f"S{name}", ruleset))
                parts = (written, draw(defence_entries(book)))
            candidates.append(CandidateEntry(name, code, f"Người {name}", parts))
    case = Case(ruleset, tuple(posts), tuple(draw(st.permutations(candidates))))
    if draw(st.booleans()):
        case = Case(ruleset, tuple(decided_ties(case, book)), case.candidates)
    return case


def decided_ties(case: Case, book: Book) -> Iterator[PostEntry]:
    """The posts, with each tie across the last vacancy decided for the first codes."""
    ties = {tie.post: tie for tie in open_ties(case.result())}
    for post in case.posts:
        tie = ties.get(post.code)
        yield post if tie is None else replace(post, tie=TieEntry(next(book.seqs), tie.codes[: tie.places]))
