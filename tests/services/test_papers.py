"""Papers from the plan to the opening on both databases: who may do what when, and what is written down."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from examsite.domain.blueprints import Blueprint, TopicCount, blueprint_from_data, suggest_blueprint
from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.competitions import CompetitionState
from examsite.domain.draws import check_draw
from examsite.domain.errors import DomainError, InvalidError, NotAllowedError
from examsite.domain.papers import PaperState, paper_from_data, paper_sha256
from examsite.domain.permissions import Role
from examsite.domain.questions import Text, question_from_data, question_to_data
from examsite.domain.scores import score
from examsite.services import papers
from examsite.services.announcements import announce
from examsite.services.context import ServiceContext
from examsite.storage.models.competitions import Post
from examsite.storage.models.papers import BankQuestion, OpeningConsent
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.competitions import get_post
from examsite.storage.queries.papers import list_bank, list_papers, list_papers_of_post
from examsite.storage.queries.records import get_log, list_records
from question_bank.loader import load_bank
from tests.factories.competitions import Plan, make_complete_plan
from tests.factories.records import last_about
from tests.factories.told_rows import assert_told
from tests.scenes import Keep

HUNDRED = score(100)
BANK = load_bank()


@pytest.fixture
def plan(session: Session, now: datetime, keep: Keep) -> Plan:
    """A draft with its boards, two posts and the whole bank; P1 has the suggested plan."""

    def build() -> Plan:
        plan = make_complete_plan(session, now)
        papers.load_bank(ServiceContext(session=session, now=now), BANK)
        blueprint = suggest_blueprint(list_bank(session), maximum=HUNDRED, versions=3, bank_multiple=3)
        papers.plan_blueprint(plan.ctx(Role.SETTER), plan.competition, post_of(plan), blueprint)
        return plan

    return keep("plan", build, session)


@pytest.fixture
def announced(plan: Plan) -> Plan:
    announce(plan.ctx(), plan.competition)
    return plan


@pytest.fixture
def sealed(announced: Plan) -> Plan:
    papers.draw_papers(announced.ctx(Role.SETTER), announced.competition, post_of(announced))
    papers.seal_papers(announced.ctx(Role.SETTER), announced.competition, post_of(announced))
    return announced


def post_of(plan: Plan, code: str = "P1") -> Post:
    return get_post(plan.session, plan.competition.id, code)


def records_of(plan: Plan, event: str) -> list[RecordRow]:
    log = get_log(plan.session, plan.competition.code)
    return [row for row in list_records(plan.session, log.id) if row.event == event]


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as refused:
        act()
    return refused.value.code


# --- the plan -------------------------------------------------------------------------------------------------------


def test_suggested_plan_makes_a_hundred_points_and_is_recorded(plan: Plan) -> None:
    blueprint = blueprint_from_data(post_of(plan).blueprint)
    assert (blueprint.objective_points, blueprint.objective_count, blueprint.essay_count) == (Decimal("2.00"), 20, 2)
    assert {item.count for item in blueprint.objective} <= {1, 2}
    (row,) = records_of(plan, "blueprint:planned")
    assert (row.actor, row.subject) == ("setter/D01", "post/P1")
    assert json.loads(row.payload or "") == {"blueprint": post_of(plan).blueprint}


def test_organiser_may_plan_too_and_others_may_not(plan: Plan) -> None:
    blueprint = blueprint_from_data(post_of(plan).blueprint)
    papers.plan_blueprint(plan.ctx(), plan.competition, post_of(plan, "P2"), blueprint)
    for role in (Role.CHAIR, Role.MARKER, Role.SUPERVISOR, Role.KEEPER):
        with pytest.raises(NotAllowedError):
            papers.plan_blueprint(plan.ctx(role), plan.competition, post_of(plan), blueprint)


def test_plan_that_the_bank_cannot_fill_is_refused_and_nothing_changes(plan: Plan) -> None:
    before = dict(post_of(plan).blueprint)
    bad = Blueprint(score(10), (TopicCount("planning", 10),), (), 0)
    with pytest.raises(InvalidError) as refused:
        papers.plan_blueprint(plan.ctx(Role.SETTER), plan.competition, post_of(plan), bad)
    assert refused.value.code == "blueprint_bank_too_small"
    assert refused.value.params == {"topic": "planning", "found": 6, "needed": 30}
    assert post_of(plan).blueprint == before


def test_plan_is_frozen_by_the_announcement(announced: Plan) -> None:
    blueprint = blueprint_from_data(post_of(announced).blueprint)
    ctx = announced.ctx(Role.SETTER)
    assert refusal(lambda: papers.plan_blueprint(ctx, announced.competition, post_of(announced), blueprint)) == (
        "blueprint_frozen"
    )


def test_nothing_is_suggested_from_a_small_bank() -> None:
    assert refusal(lambda: suggest_blueprint(BANK[:40], maximum=HUNDRED, versions=3, bank_multiple=3)) == (
        "blueprint_not_suggested"
    )


# --- versions -------------------------------------------------------------------------------------------------------


def test_three_versions_are_drawn_frozen_and_recorded_by_hash_only(announced: Plan) -> None:
    made = papers.draw_papers(announced.ctx(Role.SETTER), announced.competition, post_of(announced))
    assert [(row.code, row.state) for row in made] == [(f"P1-{letter}", PaperState.DRAWN) for letter in "ABC"]
    questions = [item.question.id for row in made for item in paper_from_data(row.data).items]
    assert len(questions) == len(set(questions)) == 66
    for row in made:
        assert row.paper_sha256 == paper_sha256(row.data)
        assert sum(item.points for item in paper_from_data(row.data).items) == HUNDRED
    drawn = records_of(announced, "paper:drawn")
    assert [(row.subject, json.loads(row.payload or "")) for row in drawn] == [
        (f"paper/{row.code}", {"paper_sha256": row.paper_sha256}) for row in made
    ]


def test_drawing_again_discards_what_was_not_sealed(announced: Plan) -> None:
    ctx = announced.ctx(Role.SETTER)
    first = [row.paper_sha256 for row in papers.draw_papers(ctx, announced.competition, post_of(announced))]
    second = [row.paper_sha256 for row in papers.draw_papers(ctx, announced.competition, post_of(announced))]
    assert set(first).isdisjoint(second)
    stored = list_papers_of_post(announced.session, post_of(announced).id)
    assert [row.paper_sha256 for row in stored] == second


@pytest.mark.parametrize("state", [CompetitionState.DRAFT, CompetitionState.WRITTEN, CompetitionState.MARKING])
def test_papers_are_drawn_and_sealed_between_announcement_and_test_only(
    announced: Plan, state: CompetitionState
) -> None:
    ctx = announced.ctx(Role.SETTER)
    papers.draw_papers(ctx, announced.competition, post_of(announced))
    announced.competition.state = state
    for act in (papers.draw_papers, papers.seal_papers):
        assert refusal(lambda act=act: act(ctx, announced.competition, post_of(announced))) == "papers_not_drawable"


@pytest.mark.parametrize("role", [Role.ORGANISER, Role.CHAIR, Role.MARKER, Role.SUPERVISOR, Role.INVIGILATOR])
def test_only_setters_draw_and_seal(announced: Plan, role: Role) -> None:
    for act in (papers.draw_papers, papers.seal_papers):
        with pytest.raises(NotAllowedError):
            act(announced.ctx(role), announced.competition, post_of(announced))


def test_sealing_records_hash_and_rubric_and_ends_every_change(sealed: Plan) -> None:
    rows = list_papers_of_post(sealed.session, post_of(sealed).id)
    assert [(row.state, row.sealed_at) for row in rows] == [(PaperState.SEALED, sealed.now)] * 3
    recorded = records_of(sealed, "paper:sealed")
    for row, stored in zip(recorded, rows, strict=True):
        payload = json.loads(row.payload or "")
        assert (payload["age_sha256"], payload["paper_sha256"]) == (None, stored.paper_sha256)
        assert payload["rubric"]["paper"] == stored.code
        assert sum(Decimal(item["maximum"]) for item in payload["rubric"]["criteria"]) == HUNDRED
    ctx = sealed.ctx(Role.SETTER)
    assert refusal(lambda: papers.draw_papers(ctx, sealed.competition, post_of(sealed))) == "papers_already_sealed"
    assert refusal(lambda: papers.seal_papers(ctx, sealed.competition, post_of(sealed))) == "no_papers_to_seal"


def test_only_what_was_seen_is_sealed(announced: Plan) -> None:
    ctx = announced.ctx(Role.SETTER)
    seen = [row.paper_sha256 for row in papers.draw_papers(ctx, announced.competition, post_of(announced))]
    papers.draw_papers(ctx, announced.competition, post_of(announced))
    act = lambda: papers.seal_papers(ctx, announced.competition, post_of(announced), seen=seen)  # noqa: E731 -- once
    assert refusal(act) == "papers_changed"
    assert {row.state for row in list_papers(announced.session, announced.competition.id)} == {PaperState.DRAWN}


# --- opening --------------------------------------------------------------------------------------------------------


def test_chair_opens_one_version_by_a_draw_that_anyone_can_repeat(sealed: Plan) -> None:
    sealed.competition.state = CompetitionState.WRITTEN
    papers.agree_to_opening(sealed.ctx(Role.COUNCIL_MEMBER), sealed.competition, post_of(sealed))
    opened = papers.open_paper(sealed.ctx(Role.CHAIR), sealed.competition, post_of(sealed))
    states = {row.code: row.state for row in list_papers_of_post(sealed.session, post_of(sealed).id)}
    assert states.pop(opened.code) is PaperState.OPENED
    assert set(states.values()) == {PaperState.SEALED}
    committed = last_about(sealed.session, sealed.competition.code, "draw:committed", "draw/paper-version-P1")
    held = last_about(sealed.session, sealed.competition.code, "draw:held", "draw/paper-version-P1")
    last = last_about(sealed.session, sealed.competition.code, "paper:opened", f"paper/{opened.code}")
    assert committed.seq < held.seq < last.seq
    promised, done = json.loads(committed.payload or ""), json.loads(held.payload or "")
    check_draw(
        done["document"],
        {item["by"]: item["commitment"] for item in promised["commitments"]},
        done["outcome"],
        committed_items=promised["items"],
    )
    assert done["outcome"][0] == opened.code
    assert json.loads(last.payload or "") == {"holders": ["C01"]}


def test_a_paper_is_opened_once_and_in_the_written_test_only(sealed: Plan) -> None:
    ctx, competition, post = sealed.ctx(Role.CHAIR), sealed.competition, post_of(sealed)
    assert refusal(lambda: papers.open_paper(ctx, competition, post)) == "papers_not_openable"
    competition.state = CompetitionState.WRITTEN
    assert refusal(lambda: papers.open_paper(ctx, competition, post_of(sealed, "P2"))) == "no_sealed_papers"
    papers.agree_to_opening(sealed.ctx(Role.COUNCIL_MEMBER), competition, post)
    papers.open_paper(ctx, competition, post)
    assert refusal(lambda: papers.open_paper(ctx, competition, post)) == "paper_already_opened"


def test_the_chair_opens_no_paper_without_another_person(sealed: Plan) -> None:
    member, chair, post = sealed.ctx(Role.COUNCIL_MEMBER), sealed.ctx(Role.CHAIR), post_of(sealed)
    agree = lambda ctx: refusal(lambda: papers.agree_to_opening(ctx, sealed.competition, post))  # noqa: E731 -- short
    assert agree(member) == "papers_not_openable"
    sealed.competition.state = CompetitionState.WRITTEN
    assert refusal(lambda: papers.open_paper(chair, sealed.competition, post)) == "opening_needs_second"
    assert agree(chair) == "role_needed"
    assert agree(replace(member, factor_at=None)) == "fresh_factor_needed"
    # The same account in two roles is still one person.
    both = replace(member, actor=replace(member.actor, account_id=chair.actor.account_id))
    papers.agree_to_opening(both, sealed.competition, post)
    assert refusal(lambda: papers.open_paper(chair, sealed.competition, post)) == "opening_needs_second"
    papers.agree_to_opening(member, sealed.competition, post)
    assert assert_told(sealed.session, sealed.competition, OpeningConsent) == 2
    assert agree(member) == "already_agreed"
    alone = replace(chair, factor_at=None)
    assert refusal(lambda: papers.open_paper(alone, sealed.competition, post)) == "fresh_factor_needed"
    assert papers.open_paper(chair, sealed.competition, post).state is PaperState.OPENED


@pytest.mark.parametrize("role", [Role.SETTER, Role.ORGANISER, Role.COUNCIL_MEMBER, Role.SUPERVISOR])
def test_only_the_chair_opens(sealed: Plan, role: Role) -> None:
    sealed.competition.state = CompetitionState.WRITTEN
    with pytest.raises(NotAllowedError):
        papers.open_paper(sealed.ctx(role), sealed.competition, post_of(sealed))


def test_a_chair_of_another_competition_opens_nothing(sealed: Plan) -> None:
    sealed.competition.state = CompetitionState.WRITTEN
    ctx = sealed.ctx(Role.CHAIR)
    stranger = replace(ctx, actor=replace(ctx.actor, competition_id=sealed.competition.id + 1))
    with pytest.raises(NotAllowedError):
        papers.open_paper(stranger, sealed.competition, post_of(sealed))


# --- the bank -------------------------------------------------------------------------------------------------------


def test_the_bank_follows_the_files_and_papers_keep_their_copy(announced: Plan) -> None:
    session, ctx = announced.session, ServiceContext(session=announced.session, now=announced.now)
    made = papers.draw_papers(announced.ctx(Role.SETTER), announced.competition, post_of(announced))
    before = {row.code: (row.paper_sha256, canonical_bytes(row.data)) for row in made}
    first = paper_from_data(made[0].data).items[0].question
    changed = replace(first, stem=Text("Câu này đã được viết lại.", "This one was rewritten."))
    retired = paper_from_data(made[0].data).items[1].question.id
    bank = [changed if item.id == first.id else item for item in BANK if item.id != retired]

    assert papers.load_bank(ctx, BANK) == (0, 0)
    assert papers.load_bank(ctx, bank) == (1, 1)
    in_force = {item.id: item for item in list_bank(session)}
    assert in_force[first.id] == changed
    assert retired not in in_force
    rows = session.query(BankQuestion).filter_by(code=first.id).order_by(BankQuestion.id).all()
    assert [row.retired_at is None for row in rows] == [False, True]
    session.expire_all()
    kept = list_papers_of_post(session, post_of(announced).id)
    assert {row.code: (row.paper_sha256, canonical_bytes(row.data)) for row in kept} == before

    assert papers.load_bank(ctx, BANK) == (2, 0)
    assert len(session.query(BankQuestion).filter_by(code=first.id).all()) == 2
    assert {item.id for item in list_bank(session)} == {item.id for item in BANK}


def test_bank_rows_carry_the_hash_of_their_words(plan: Plan) -> None:
    row = plan.session.query(BankQuestion).filter_by(code=BANK[0].id).one()
    assert row.sha256 == sha256_hex(canonical_bytes(question_to_data(BANK[0])))
    assert question_from_data(row.data) == BANK[0]
