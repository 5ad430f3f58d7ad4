"""From drawn questions to a paper: frozen with its hash, sealed, opened at the start.

Of the versions of a post (drawn by `blueprints`) one is opened at the start, the others stay sealed reserves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.errors import InvalidError
from examsite.domain.questions import Question, QuestionKind, question_from_data, question_to_data
from examsite.domain.rubrics import Rubric, RubricCriterion
from examsite.domain.scores import Score, score, score_text, sum_scores
from examsite.domain.state_machine import StateMachine


class PaperState(StrEnum):
    """Where one version of a paper is. A reserve stays sealed unless the versions before it are set aside."""

    DRAWN = "drawn"
    SEALED = "sealed"
    OPENED = "opened"


class PaperEvent(StrEnum):
    """What happens to a paper."""

    SEALED = "sealed"
    OPENED = "opened"


PAPER = StateMachine(
    name="paper",
    initial=PaperState.DRAWN,
    table={
        (PaperState.DRAWN, PaperEvent.SEALED): PaperState.SEALED,
        (PaperState.SEALED, PaperEvent.OPENED): PaperState.OPENED,
    },
)

#: Letters that name the versions of a post's paper, in the order in which they were drawn.
VERSION_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class PaperItem:
    """One question of a paper under its name there: Q01 … for objective ones, E1 … for essays."""

    item: str
    question: Question
    points: Score

    @property
    def is_essay(self) -> bool:
        """Whether people mark it."""
        return self.question.kind is QuestionKind.ESSAY


@dataclass(frozen=True)
class Paper:
    """One frozen version: what the candidate reads, what the system scores and what markers mark by."""

    code: str
    post: str
    minutes: int
    items: tuple[PaperItem, ...]
    rubric: Rubric

    @property
    def objective(self) -> tuple[PaperItem, ...]:
        """The items that the system scores."""
        return tuple(item for item in self.items if not item.is_essay)

    @property
    def essays(self) -> tuple[PaperItem, ...]:
        """The items that people mark."""
        return tuple(item for item in self.items if item.is_essay)

    def item_named(self, item: str) -> PaperItem | None:
        """The item of that name, or None."""
        return next((known for known in self.items if known.item == item), None)


def version_code(post: str, version: int) -> str:
    """How records name a version: P1-A is the first one of post P1 (versions count from 1)."""
    return f"{post}-{VERSION_LETTERS[version - 1]}"


def make_paper(
    questions: Sequence[Question],
    *,
    post: str,
    version: int,
    minutes: int,
    objective_points: Score,
    mark_step: Score,
    part: str = "written",
) -> Paper:
    """One version with its items named and its rubric built.

    Each objective question is one criterion, all or nothing, given by the system; each criterion of an essay is one
    criterion, given by people in `mark_step`.
    """
    code = version_code(post, version)
    items: list[PaperItem] = []
    criteria: list[RubricCriterion] = []
    objective = [item for item in questions if item.kind is not QuestionKind.ESSAY]
    for number, question in enumerate(objective, start=1):
        name = f"Q{number:02d}"
        items.append(PaperItem(name, question, objective_points))
        criteria.append(RubricCriterion(name, objective_points, objective_points, system=True, text=question.stem))
    for number, question in enumerate((item for item in questions if item.kind is QuestionKind.ESSAY), start=1):
        name = f"E{number}"
        points = sum_scores(criterion.maximum for criterion in question.criteria)
        items.append(PaperItem(name, question, points))
        criteria.extend(
            RubricCriterion(
                f"{name}.{criterion.key}",
                criterion.maximum,
                mark_step,
                system=False,
                text=criterion.text,
                levels=criterion.levels,
            )
            for criterion in question.criteria
        )
    rubric = Rubric(part=part, post=post, paper=code, criteria=tuple(criteria))
    return Paper(code=code, post=post, minutes=minutes, items=tuple(items), rubric=rubric)


def version_in_turn(outcome: Sequence[str], set_aside: Collection[str]) -> str | None:
    """The version that the draw names now: the first of its outcome that was not set aside; None when none is left.

    Reserves are numbered by the draw itself, so nobody chooses among them.

    Source: TT 22/2025 art. 13(2b) (one version at random, the others numbered reserves).
    """
    return next((code for code in outcome if code not in set_aside), None)


def paper_to_data(paper: Paper, *, mark_step: Score) -> dict[str, Any]:
    """The frozen copy, JSON material; its canonical bytes are what `paper_sha256` hashes."""
    return {
        "v": 1,
        "code": paper.code,
        "post": paper.post,
        "part": paper.rubric.part,
        "minutes": paper.minutes,
        "mark_step": score_text(mark_step),
        "items": [
            {"item": item.item, "points": score_text(item.points), "question": question_to_data(item.question)}
            for item in paper.items
        ],
    }


#: How many copies are kept beside what was read. Source: our choice, because a competition has a handful of posts.
_KEPT = 8

_read_lately: list[tuple[Mapping[str, Any], Paper]] = []


def paper_from_data(data: Mapping[str, Any]) -> Paper:
    """The paper in a frozen copy.

    A paper is read from its copy at every page and every save of a marker. Comparing two copies costs a fortieth of
    reading one, so the last few are kept beside what was read; a copy that differs anywhere is read anew.

    Raises:
        InvalidError: `paper_not_valid`, `question_malformed`.
    """
    for copy, known in tuple(_read_lately):  # other threads read papers too
        if copy == data:
            return known
    paper = _read_paper(data)
    _read_lately[:] = [(deepcopy(data), paper), *_read_lately[: _KEPT - 1]]
    return paper


def _read_paper(data: Mapping[str, Any]) -> Paper:
    try:
        rows = data["items"]
        questions = [question_from_data(row["question"]) for row in rows]
        objective = [score(row["points"]) for row in rows if row["item"].startswith("Q")]
        post, _stroke, letter = str(data["code"]).rpartition("-")
        return make_paper(
            questions,
            post=post,
            version=VERSION_LETTERS.index(letter) + 1,
            minutes=int(data["minutes"]),
            objective_points=objective[0] if objective else score(0),
            mark_step=score(data["mark_step"]),
            part=str(data["part"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidError("paper_not_valid") from error


def paper_sha256(data: Mapping[str, Any]) -> str:
    """Hash of a frozen copy: hex of SHA-256 over its canonical bytes."""
    return sha256_hex(canonical_bytes(dict(data)))
