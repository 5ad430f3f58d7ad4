"""What a post's paper is planned to hold, whether the bank can fill the plan, and the questions drawn for each version.

A blueprint says how many objective questions of which topic and how many essays a paper has. Several versions are
drawn so that no two share a question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from examsite.domain.draws import permute, seed_of_part
from examsite.domain.errors import InvalidError
from examsite.domain.questions import Question, QuestionKind
from examsite.domain.scores import Score, score, score_text


@dataclass(frozen=True)
class TopicCount:
    """How many objective questions of one topic."""

    topic: str
    count: int


@dataclass(frozen=True)
class Blueprint:
    """The plan of a post's paper: objective questions by topic, each worth the same, and essays by topic."""

    objective_points: Score
    objective: tuple[TopicCount, ...]
    essay_topics: tuple[str, ...]
    essay_count: int

    @property
    def objective_count(self) -> int:
        """How many objective questions one version has."""
        return sum(item.count for item in self.objective)


def blueprint_to_data(blueprint: Blueprint) -> dict[str, Any]:
    """The blueprint as JSON material."""
    return {
        "objective_points": score_text(blueprint.objective_points),
        "objective": [{"topic": item.topic, "count": item.count} for item in blueprint.objective],
        "essay_topics": list(blueprint.essay_topics),
        "essay_count": blueprint.essay_count,
    }


def blueprint_from_data(data: Mapping[str, Any]) -> Blueprint:
    """The blueprint that `blueprint_to_data` wrote.

    Raises:
        InvalidError: `blueprint_not_valid`.
    """
    try:
        return Blueprint(
            objective_points=score(data["objective_points"]),
            objective=tuple(TopicCount(str(row["topic"]), int(row["count"])) for row in data["objective"]),
            essay_topics=tuple(str(topic) for topic in data["essay_topics"]),
            essay_count=int(data["essay_count"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidError("blueprint_not_valid") from error


def check_blueprint(
    blueprint: Blueprint, bank: Iterable[Question], *, maximum: Score, versions: int, bank_multiple: int
) -> None:
    """Refuse a plan that does not give the maximum or that the bank cannot fill with disjoint versions.

    Raises:
        InvalidError: `blueprint_empty`, `blueprint_topic_twice`, `blueprint_points_wrong` (sum and maximum),
            `blueprint_bank_too_small` (topic, how many there are, how many are needed).

    Source: TT 22/2025 art. 10(4a) (the bank holds at least three times the questions of a paper), 13(2b) (at least
    three versions); that versions share no question is our choice, because a reserve must help after a leak.
    """
    questions = tuple(bank)
    if blueprint.objective_count + blueprint.essay_count < 1 or any(item.count < 1 for item in blueprint.objective):
        raise InvalidError("blueprint_empty")
    topics = [item.topic for item in blueprint.objective]
    if len(set(topics)) != len(topics) or len(set(blueprint.essay_topics)) != len(blueprint.essay_topics):
        raise InvalidError("blueprint_topic_twice")
    for item in blueprint.objective:
        _check_supply(item.topic, len(_objective(questions, item.topic)), item.count, versions, bank_multiple)
    essays = _essays(questions, blueprint.essay_topics)
    if blueprint.essay_count:
        _check_supply("essay", len(essays), blueprint.essay_count, versions, bank_multiple)
    points = {question.points for question in essays} or {score(0)}
    total = blueprint.objective_points * blueprint.objective_count
    sums = {total + (value or score(0)) * blueprint.essay_count for value in points}
    if sums != {maximum}:
        shown: object = min(sums) if len(sums) == 1 else ", ".join(map(score_text, sorted(sums)))
        raise InvalidError("blueprint_points_wrong", total=shown, maximum=maximum)


@dataclass(frozen=True)
class TopicSupply:
    """What the bank holds of one topic, and how many of it one version may have at most."""

    topic: str
    found: int
    most: int


def objective_supply(bank: Iterable[Question], *, versions: int, bank_multiple: int) -> tuple[TopicSupply, ...]:
    """The objective questions of the bank by topic, topics in alphabetical order."""
    return _supply((item.topic for item in bank if item.kind is not QuestionKind.ESSAY), max(versions, bank_multiple))


def essay_supply(bank: Iterable[Question], *, versions: int, bank_multiple: int) -> tuple[TopicSupply, ...]:
    """The essays of the bank by topic, topics in alphabetical order."""
    return _supply((item.topic for item in bank if item.kind is QuestionKind.ESSAY), max(versions, bank_multiple))


def _supply(topics: Iterable[str], times: int) -> tuple[TopicSupply, ...]:
    counts = Counter(topics)
    return tuple(TopicSupply(topic, counts[topic], counts[topic] // times) for topic in sorted(counts))


SUGGESTED_OBJECTIVE_POINTS = Decimal("2.00")
"""Points of an objective question in a suggested plan.

Source: our choice, because twenty of them beside two essays of thirty points make a paper of a hundred."""

SUGGESTED_ESSAYS = 2
"""Essays in a suggested plan. Source: our choice, because three hours leave an hour or more for each."""


def suggest_blueprint(bank: Iterable[Question], *, maximum: Score, versions: int, bank_multiple: int) -> Blueprint:
    """A plan that the bank can fill: two essays, the rest in objective questions spread evenly over the topics.

    Raises:
        InvalidError: `blueprint_not_suggested`: the bank is too small for any such plan.
    """
    questions = tuple(bank)
    times = max(versions, bank_multiple)
    essay_topics = tuple(sorted({item.topic for item in questions if item.kind is QuestionKind.ESSAY}))
    essays = _essays(questions, essay_topics)
    essay_points = (essays[0].points or score(0)) if essays else score(0)
    essay_count = SUGGESTED_ESSAYS if len(essays) >= SUGGESTED_ESSAYS * times else 0
    wanted, rest = divmod(maximum - essay_points * essay_count, SUGGESTED_OBJECTIVE_POINTS)
    supply = objective_supply(questions, versions=versions, bank_multiple=bank_multiple)
    counts = dict.fromkeys((item.topic for item in supply), 0)
    # One more of each topic in turn, those with the most left first, until the paper is full.
    while sum(counts.values()) < wanted:
        open_topics = [item for item in supply if counts[item.topic] < item.most]
        if not open_topics:
            raise InvalidError("blueprint_not_suggested")
        chosen = min(open_topics, key=lambda item: (counts[item.topic], counts[item.topic] - item.most, item.topic))
        counts[chosen.topic] += 1
    blueprint = Blueprint(
        objective_points=SUGGESTED_OBJECTIVE_POINTS,
        objective=tuple(TopicCount(topic, count) for topic, count in counts.items() if count),
        essay_topics=essay_topics if essay_count else (),
        essay_count=essay_count,
    )
    try:
        check_blueprint(blueprint, questions, maximum=maximum, versions=versions, bank_multiple=bank_multiple)
    except InvalidError as error:
        raise InvalidError("blueprint_not_suggested") from error
    if rest:
        raise InvalidError("blueprint_not_suggested")
    return blueprint


def _check_supply(topic: str, found: int, count: int, versions: int, bank_multiple: int) -> None:
    needed = count * max(versions, bank_multiple)
    if found < needed:
        raise InvalidError("blueprint_bank_too_small", topic=topic, found=found, needed=needed)


def _objective(questions: Sequence[Question], topic: str) -> list[Question]:
    found = [item for item in questions if item.kind is not QuestionKind.ESSAY and item.topic == topic]
    return sorted(found, key=lambda item: item.id)


def _essays(questions: Sequence[Question], topics: Sequence[str]) -> list[Question]:
    found = [item for item in questions if item.kind is QuestionKind.ESSAY and item.topic in topics]
    return sorted(found, key=lambda item: item.id)


def draw_versions(
    blueprint: Blueprint, bank: Iterable[Question], *, seed: bytes, versions: int
) -> tuple[tuple[Question, ...], ...]:
    """The questions of each version: disjoint, objective ones first in the order of the plan, then essays.

    `check_blueprint` must have passed. The same seed and bank give the same versions; essays of one version come
    from different topics as long as there are topics enough.
    """
    questions = tuple(bank)
    drawn: list[list[Question]] = [[] for _ in range(versions)]
    for plan in blueprint.objective:
        order = permute(_objective(questions, plan.topic), seed_of_part(seed, f"objective/{plan.topic}"))
        for version in range(versions):
            drawn[version].extend(order[version * plan.count : (version + 1) * plan.count])
    remaining = permute(_essays(questions, blueprint.essay_topics), seed_of_part(seed, "essay"))
    for version in range(versions):
        topics: set[str] = set()
        for _ in range(blueprint.essay_count):
            chosen = next((item for item in remaining if item.topic not in topics), remaining[0])
            remaining.remove(chosen)
            topics.add(chosen.topic)
            drawn[version].append(chosen)
    return tuple(tuple(items) for items in drawn)
