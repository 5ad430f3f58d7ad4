"""Blueprints, disjoint versions, frozen copies and their hash."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain import blueprints, papers
from examsite.domain.errors import InvalidError
from examsite.domain.rubrics import check_rubric
from question_bank.loader import load_bank

BANK = load_bank()
TOPICS = (
    "planning",
    "organising",
    "leading",
    "controlling",
    "change",
    "personnel-work",
    "motivation",
    "delegation",
    "ethics",
    "performance",
)
PLAN = blueprints.Blueprint(
    objective_points=Decimal("2.00"),
    objective=tuple(blueprints.TopicCount(topic, 2) for topic in TOPICS),
    essay_topics=tuple(sorted({item.topic for item in BANK if item.kind == "essay"})),
    essay_count=2,
)
HUNDRED = Decimal("100.00")


def test_plan_of_the_demonstration_fits_the_bank() -> None:
    blueprints.check_blueprint(PLAN, BANK, maximum=HUNDRED, versions=3, bank_multiple=3)


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (replace(PLAN, objective=(), essay_count=0), "blueprint_empty"),
        (replace(PLAN, objective=(blueprints.TopicCount("planning", 0),)), "blueprint_empty"),
        (replace(PLAN, objective=(*PLAN.objective, blueprints.TopicCount("planning", 1))), "blueprint_topic_twice"),
        (replace(PLAN, essay_topics=("change", "change")), "blueprint_topic_twice"),
        (replace(PLAN, objective_points=Decimal("2.50")), "blueprint_points_wrong"),
        (replace(PLAN, objective=(blueprints.TopicCount("planning", 9),)), "blueprint_bank_too_small"),
        (replace(PLAN, objective=(blueprints.TopicCount("astrology", 1),)), "blueprint_bank_too_small"),
        (replace(PLAN, essay_topics=("planning",)), "blueprint_bank_too_small"),
    ],
)
def test_plan_that_cannot_work_is_refused(plan: blueprints.Blueprint, code: str) -> None:
    with pytest.raises(InvalidError) as refused:
        blueprints.check_blueprint(plan, BANK, maximum=HUNDRED, versions=3, bank_multiple=3)
    assert refused.value.code == code


def test_plan_without_essays_is_possible() -> None:
    plan = replace(PLAN, objective_points=Decimal("5.00"), essay_count=0, essay_topics=())
    blueprints.check_blueprint(plan, BANK, maximum=HUNDRED, versions=3, bank_multiple=3)


def test_blueprint_survives_storage() -> None:
    assert blueprints.blueprint_from_data(blueprints.blueprint_to_data(PLAN)) == PLAN


@pytest.mark.parametrize("data", [{}, {"objective_points": "x"}, {"objective_points": "2.00", "objective": 3}])
def test_broken_blueprint_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(InvalidError):
        blueprints.blueprint_from_data(data)


@given(st.binary(min_size=1, max_size=32))
def test_versions_share_no_question_and_follow_the_plan(seed: bytes) -> None:
    versions = blueprints.draw_versions(PLAN, BANK, seed=seed, versions=3)
    ids = [item.id for version in versions for item in version]
    assert len(ids) == len(set(ids)) == 3 * 22
    for version in versions:
        topics = [item.topic for item in version if item.kind != "essay"]
        assert topics == [topic for topic in TOPICS for _ in range(2)]
        essays = [item.topic for item in version if item.kind == "essay"]
        assert len(essays) == len(set(essays)) == 2
    assert versions == blueprints.draw_versions(PLAN, tuple(reversed(BANK)), seed=seed, versions=3)


def test_frozen_copy_gives_back_the_same_paper_and_hash() -> None:
    questions = blueprints.draw_versions(PLAN, BANK, seed=b"seed", versions=3)[1]
    paper = papers.make_paper(
        questions, post="P1", version=2, minutes=180, objective_points=Decimal("2.00"), mark_step=Decimal("2.50")
    )
    check_rubric(paper.rubric, HUNDRED)
    data = papers.paper_to_data(paper, mark_step=Decimal("2.50"))
    assert papers.paper_from_data(data) == paper
    assert paper.code == "P1-B"
    assert [item.item for item in paper.essays] == ["E1", "E2"]
    assert len(paper.objective) == 20
    assert paper.item_named("Q20") == paper.objective[-1]
    assert paper.item_named("Q21") is None
    assert papers.paper_sha256(data) != papers.paper_sha256({**data, "minutes": 179})


def test_a_copy_that_was_changed_is_read_anew() -> None:
    questions = blueprints.draw_versions(PLAN, BANK, seed=b"seed", versions=3)[0]
    paper = papers.make_paper(
        questions, post="P1", version=1, minutes=180, objective_points=Decimal("2.00"), mark_step=Decimal("2.50")
    )
    data = papers.paper_to_data(paper, mark_step=Decimal("2.50"))
    assert papers.paper_from_data(data).minutes == 180

    data["minutes"] = 179
    data["items"][-1]["question"]["stem"]["vi"] = "Câu chữ mới"
    again = papers.paper_from_data(data)

    assert again.minutes == 179
    assert "Câu chữ mới" in str(again.essays[-1])


@pytest.mark.parametrize("data", [{}, {"items": [], "code": 1}, {"items": [{"item": "Q01"}], "code": "P1-A"}])
def test_broken_copy_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(InvalidError):
        papers.paper_from_data(data)
