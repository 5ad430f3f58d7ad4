"""Planning a competition, announcing it, and the gates of its preparation, on both databases."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from examsite.domain.competitions import COMPETITION, GATE_ROLES, SCHEDULE, CompetitionState, DelegationLevel, GateEvent
from examsite.domain.conflicts import DECLARING
from examsite.domain.dossiers import CandidacyState
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.questions import Text
from examsite.domain.rubrics import rubric_from_snapshot
from examsite.domain.rulesets import (
    ruleset_data,
    ruleset_from_data,
    ruleset_from_toml,
    ruleset_sha256,
    ruleset_to_toml,
)
from examsite.domain.scores import score
from examsite.services import announcements, posts
from examsite.services.accounts import grant_role
from examsite.services.competitions import change_notice, create_competition, set_announcement, set_schedule
from examsite.services.conflicts import declare_conflicts
from examsite.services.context import LogSigner, ServiceContext
from examsite.services.gates import check_gate, pass_gate
from examsite.services.rulesets import change_ruleset, get_preset, list_presets, ruleset_of
from examsite.storage.models.accounts import Account
from examsite.storage.models.competitions import GatePassage
from examsite.storage.models.records import CheckpointRow, RecordLog, RecordRow
from examsite.storage.queries.competitions import get_competition, get_public_competition, list_public_competitions
from examsite.storage.queries.conflicts import count_undeclared
from examsite.storage.queries.gates import list_missing
from tests import databases
from tests.factories.candidacies_of_plan import add_candidacy
from tests.factories.competitions import (
    BOARDS,
    add_boards,
    add_planned_post,
    declare_everybody,
    make_body,
    make_body_organiser,
    make_complete_plan,
    make_draft,
    make_official,
    make_receiving,
    make_schedule,
)
from tests.factories.draws import drawn_at_once


def _events(session: Session) -> list[str]:
    return [row.event for row in session.scalars(select(RecordRow).order_by(RecordRow.log_id, RecordRow.seq))]


def _payload(session: Session, event: str) -> dict[str, Any]:
    row = session.scalars(select(RecordRow).where(RecordRow.event == event)).one()
    found: dict[str, Any] = json.loads(row.payload or "")
    return found


def _missing(plan: Any, event: GateEvent, *, at: datetime | None = None) -> set[str]:
    return {item.code for item in list_missing(plan.session, plan.competition, event, now=at or plan.now)}


def _log(session: Session, code: str) -> list[tuple[str, str]]:
    statement = select(RecordRow).join(RecordLog, RecordLog.id == RecordRow.log_id).where(RecordLog.code == code)
    return [(row.event, row.actor) for row in session.scalars(statement.order_by(RecordRow.seq))]


def test_log_of_the_plan_opens_and_the_maker_becomes_organiser(session: Session, now: datetime) -> None:
    plan = make_draft(session, now)

    assert _log(session, "VH-2026-01.plan")[0] == ("competition:created", "organiser/T01")
    assert _log(session, "VH-2026-01") == []
    assert plan.organiser.pseudonym == "T01"
    assert plan.competition.state is CompetitionState.DRAFT


def test_only_an_organiser_of_the_body_opens_a_competition_there(session: Session, now: datetime) -> None:
    home, other = make_body(session, "A"), make_body(session, "B")
    ctx = make_body_organiser(session, now, home, make_official(session, now, "thu-ky"))

    with pytest.raises(NotAllowedError):
        create_competition(ctx, other, code="X-1", title="t", title_en="t", number_prefix="X", preset="tt22-2025")


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"code": "VH-2026-01"}, "competition_code_taken"), ({"number_prefix": "A"}, "number_prefix_taken")],
)
def test_codes_are_given_once(session: Session, now: datetime, changed: dict[str, str], code: str) -> None:
    make_draft(session, now)
    body = make_body(session, "Z")
    ctx = make_body_organiser(session, now, body, make_official(session, now, "thu-ky"))
    values = {"code": "VH-2026-02", "number_prefix": "B", **changed}

    with pytest.raises(InvalidError) as refused:
        create_competition(ctx, body, title="t", title_en="t", preset="tt22-2025", **values)

    assert refused.value.code == code
    assert refused.value.params["field"] in changed


def test_preset_must_exist(session: Session, now: datetime) -> None:
    body = make_body(session)
    ctx = make_body_organiser(session, now, body, make_official(session, now, "thu-ky"))

    with pytest.raises(NotFoundError):
        create_competition(ctx, body, code="X", title="t", title_en="t", number_prefix="X", preset="../secret")


def test_every_preset_is_sound() -> None:
    assert {preset.name for preset in list_presets()} == {"tt22-2025", "hai-phong-pilot"}


def test_new_competition_holds_a_copy_of_the_preset(session: Session, now: datetime) -> None:
    plan = make_draft(session, now)

    preset = drawn_at_once(ruleset_to_toml(get_preset("hai-phong-pilot")))
    assert ruleset_of(plan.competition) == ruleset_from_toml(preset)


def test_post_of_another_level_is_refused_with_both_levels(session: Session, now: datetime) -> None:
    plan = make_draft(session, now)

    with pytest.raises(InvalidError) as refused:
        posts.add_post(
            plan.ctx(),
            plan.competition,
            code="P1",
            title="t",
            title_en="t",
            unit="u",
            managed_by=DelegationLevel.CITY_COMMITTEE,
        )

    assert refused.value.code == "post_not_of_body"
    assert refused.value.params["level"] is DelegationLevel.DEPARTMENT


def test_new_post_starts_with_five_criteria_that_sum_to_the_maximum(session: Session, now: datetime) -> None:
    post = add_planned_post(make_draft(session, now))

    rubric = rubric_from_snapshot(post.defence_rubric)
    assert len(rubric.criteria) == 5
    assert rubric.maximum == score(100)
    assert all(level.points <= item.maximum for item in rubric.criteria for level in item.levels)


def test_criteria_that_do_not_sum_to_the_maximum_are_refused(session: Session, now: datetime) -> None:
    plan = make_draft(session, now)
    post = add_planned_post(plan)
    before = dict(post.defence_rubric)

    with pytest.raises(InvalidError) as refused:
        posts.set_defence_rubric(plan.ctx(), plan.competition, post, [(Text("a", "a"), score(60))])

    assert refused.value.code == "rubric_sum_wrong"
    assert post.defence_rubric == before


def test_post_goes_as_long_as_nothing_hangs_on_it(session: Session, now: datetime) -> None:
    plan = make_draft(session, now)
    post = add_planned_post(plan)
    posts.remove_post(plan.ctx(), plan.competition, post)

    assert plan.competition.posts == []


def test_post_that_somebody_stands_for_stays(session: Session, now: datetime) -> None:
    plan = make_draft(session, now)
    post = add_planned_post(plan)
    add_candidacy(plan, post)

    with pytest.raises(ConflictError) as refused:
        posts.remove_post(plan.ctx(), plan.competition, post)

    assert refused.value.code == "post_in_use"


@given(data=st.data())
def test_schedule_out_of_order_is_refused_at_the_first_wrong_instant(data: st.DataObject) -> None:
    from examsite.domain.competitions import check_schedule

    days = data.draw(st.lists(st.integers(0, 400), min_size=6, max_size=6))
    start = datetime.fromisoformat("2026-03-16T02:00:00+00:00")
    schedule = {name: start + timedelta(days=day) for name, day in zip(SCHEDULE, days, strict=True)}
    wrong = [SCHEDULE[place] for place in range(1, 6) if days[place] <= days[place - 1]]

    if not wrong:
        check_schedule(schedule)
        return
    with pytest.raises(InvalidError) as refused:
        check_schedule(schedule)
    assert refused.value.params["field"] == wrong[0]


def test_schedule_lies_ahead(session: Session, now: datetime) -> None:
    plan = make_draft(session, now)

    with pytest.raises(InvalidError) as refused:
        set_schedule(plan.ctx(at=now + timedelta(days=31)), plan.competition, make_schedule(now))

    assert refused.value.code == "schedule_in_the_past"


def test_changed_figure_is_the_competitions_own_choice(session: Session, now: datetime) -> None:
    plan = make_draft(session, now)
    change_ruleset(plan.ctx(), plan.competition, {"written_minutes": "150"})

    ruleset = ruleset_of(plan.competition)
    assert ruleset.written_minutes == 150
    assert ruleset.sources["written_minutes"].confidence == "own-choice"
    assert _payload(session, "competition:changed")["figures"] == ["written_minutes"]


def test_empty_draft_says_everything_that_is_missing(session: Session, now: datetime) -> None:
    plan = make_draft(session, now)

    assert _missing(plan, GateEvent.ANNOUNCED) == {
        "posts_missing",
        "schedule_incomplete",
        "announcement_missing",
        "role_short",
        "council_short",
    }
    short = {
        item.params["role"]
        for item in list_missing(session, plan.competition, GateEvent.ANNOUNCED, now=now)
        if item.code == "role_short"
    }
    assert Role.MARKER in short
    assert Role.COUNCIL_MEMBER not in short


def test_post_without_a_plan_of_its_paper_keeps_the_gate_shut(session: Session, now: datetime) -> None:
    plan = make_complete_plan(session, now)
    assert _missing(plan, GateEvent.ANNOUNCED) == set()
    plan.competition.posts[0].blueprint = {}
    session.flush()

    assert _missing(plan, GateEvent.ANNOUNCED) == {"blueprint_missing"}
    with pytest.raises(ConflictError) as refused:
        announcements.announce(plan.ctx(), plan.competition)
    assert refused.value.code == "gate_shut"
    assert plan.competition.state is CompetitionState.DRAFT


def test_announcement_freezes_exactly_what_the_published_format_names(session: Session, now: datetime) -> None:
    plan = make_complete_plan(session, now)
    announcements.announce(plan.ctx(), plan.competition)

    frozen = _payload(session, "ruleset:frozen")
    ruleset = ruleset_of(plan.competition)
    assert set(frozen) == {"ruleset", "posts", "rubrics"}
    assert frozen["ruleset"] == json.loads(json.dumps(ruleset_data(ruleset)))
    assert ruleset_from_data(frozen["ruleset"]) == ruleset
    assert frozen["posts"][0] == {"code": "P1", "title": "Trưởng phòng Tổ chức cán bộ", "vacancies": 1}
    assert [(item["part"], item["post"], item["paper"]) for item in frozen["rubrics"]] == [
        ("defence", "P1", None),
        ("defence", "P2", None),
    ]
    assert set(frozen["rubrics"][0]["criteria"][0]) == {"criterion", "maximum", "step", "system"}
    assert plan.competition.ruleset_sha256 == ruleset_sha256(ruleset)
    assert _events(session)[-2:] == ["ruleset:frozen", "competition:announced"]


def test_plan_cannot_change_once_announced(session: Session, now: datetime) -> None:
    plan = make_receiving(session, now)
    competition, ctx = plan.competition, plan.ctx()
    post = competition.posts[0]
    changes = [
        lambda: set_announcement(ctx, competition, text="khác", text_en="other"),
        lambda: set_schedule(ctx, competition, make_schedule(now)),
        lambda: change_ruleset(ctx, competition, {"written_minutes": "10"}),
        lambda: posts.remove_post(ctx, competition, post),
        lambda: posts.set_defence_rubric(ctx, competition, post, [(Text("a", "a"), score(100))]),
        lambda: add_planned_post(plan, "P9"),
    ]

    for change in changes:
        with pytest.raises(ConflictError):
            change()


def test_notice_changes_once_with_a_reason(session: Session, now: datetime) -> None:
    plan = make_receiving(session, now)
    later = {name: at + timedelta(days=7) for name, at in make_schedule(now).items()}
    change_notice(plan.ctx(), plan.competition, later, reason="Trùng kỳ nghỉ lễ")

    assert _payload(session, "notice:changed")["reason"] == "Trùng kỳ nghỉ lễ"
    assert plan.competition.written_at == later["written_at"]
    even_later = {name: at + timedelta(days=14) for name, at in make_schedule(now).items()}
    with pytest.raises(ConflictError) as refused:
        change_notice(plan.ctx(), plan.competition, even_later, reason="Lại trùng")
    assert refused.value.code == "notice_change_spent"


def test_unchanged_notice_does_not_spend_the_one_change(session: Session, now: datetime) -> None:
    plan = make_receiving(session, now)

    with pytest.raises(ConflictError) as refused:
        change_notice(plan.ctx(), plan.competition, make_schedule(now), reason="Không đổi gì")

    assert refused.value.code == "notice_unchanged"
    assert plan.competition.notice_changed_at is None


def test_notice_cannot_change_shortly_before_the_test(session: Session, now: datetime) -> None:
    plan = make_receiving(session, now)
    at = make_schedule(now)["written_at"] - timedelta(days=9)
    later = {name: moment + timedelta(days=60) for name, moment in make_schedule(now).items()}

    with pytest.raises(ConflictError) as refused:
        change_notice(plan.ctx(at=at), plan.competition, later, reason="Muộn")

    assert refused.value.code == "notice_change_too_late"


def test_applications_close_when_their_time_has_come_and_somebody_stands_for_each_post(
    session: Session, now: datetime
) -> None:
    plan = make_receiving(session, now)
    closes_at = make_schedule(now)["applications_close_at"]

    assert _missing(plan, GateEvent.APPLICATIONS_CLOSED) == {"applications_still_open", "applications_missing"}
    for post in plan.competition.posts:
        add_candidacy(plan, post, state=CandidacyState.SUBMITTED)
    with pytest.raises(ConflictError):
        announcements.close_applications(plan.ctx(at=closes_at - timedelta(seconds=1)), plan.competition)
    announcements.close_applications(plan.ctx(at=closes_at), plan.competition)

    assert plan.competition.state is CompetitionState.VETTING


def test_written_test_waits_for_sittings_seats_and_papers(session: Session, now: datetime) -> None:
    plan = make_complete_plan(session, now)
    for post in plan.competition.posts:
        add_candidacy(plan, post, state=CandidacyState.ELIGIBLE)

    missing = list_missing(session, plan.competition, GateEvent.WRITTEN_BEGUN, now=now)
    assert {item.code for item in missing} == {
        "sittings_missing",
        "candidates_unseated",
        "papers_unsealed",
        "conflicts_not_declared",
    }
    assert {item.owner for item in missing if item.code == "papers_unsealed"} == {Role.SETTER}
    undeclared = {item.owner: item.params["count"] for item in missing if item.code == "conflicts_not_declared"}
    assert undeclared == {role: [*BOARDS, Role.ORGANISER].count(role) for role in DECLARING}
    assert next(item.params["count"] for item in missing if item.code == "candidates_unseated") == 2


def test_one_word_of_a_person_counts_for_every_role_held(session: Session, now: datetime) -> None:
    plan = make_complete_plan(session, now)
    plan.competition.state = CompetitionState.VETTING
    with pytest.raises(ConflictError, match="list_not_final"):
        declare_conflicts(plan.ctx(), plan.competition, {})
    plan.competition.state = CompetitionState.ROSTERED
    account = session.get_one(Account, plan.organiser.account_id)
    grant_role(plan.ctx(), account, Role.COUNCIL_MEMBER, competition=plan.competition)
    before = count_undeclared(session, plan.competition.id)
    assert before[Role.COUNCIL_MEMBER] == 3

    declare_conflicts(plan.ctx(), plan.competition, {})
    declare_conflicts(plan.ctx(Role.MARKER), plan.competition, {})

    owed = count_undeclared(session, plan.competition.id)
    assert Role.ORGANISER not in owed
    assert (owed[Role.COUNCIL_MEMBER], owed[Role.MARKER]) == (2, 2)
    declare_everybody(plan)
    missing = list_missing(session, plan.competition, GateEvent.WRITTEN_BEGUN, now=now)
    assert "conflicts_not_declared" not in {item.code for item in missing}


def test_gate_names_its_actor_and_its_record(session: Session, now: datetime) -> None:
    plan = make_receiving(session, now)

    passages = list(session.scalars(select(GatePassage).order_by(GatePassage.id)))
    assert [item.event for item in passages] == [GateEvent.ANNOUNCED, GateEvent.APPLICATIONS_OPENED]
    assert {item.account_id for item in passages} == {plan.organiser.account_id}
    for passage, event in zip(passages, ("competition:announced", "applications:opened"), strict=True):
        row = session.scalars(select(RecordRow).where(RecordRow.event == event)).one()
        assert passage.record_seq == row.seq


def test_every_gate_signs_the_log_as_it_stands(session: Session, now: datetime) -> None:
    plan = make_complete_plan(session, now)
    signer = LogSigner("exam.test", b"\x01" * 32, lambda message: hashlib.sha512(message).digest())
    ctx = replace(plan.ctx(), signer=signer)
    announcements.announce(ctx, plan.competition)
    announcements.open_applications(ctx, plan.competition)

    signed = {
        log.code: list(session.scalars(select(CheckpointRow.size).where(CheckpointRow.log_id == log.id)))
        for log in session.scalars(select(RecordLog).where(RecordLog.code.like("VH-%")))
    }
    assert sorted(signed["VH-2026-01"]) == [3, 4]
    assert len(signed["VH-2026-01.plan"]) == 1


def test_organiser_of_another_competition_opens_no_gate_here(session: Session, now: datetime) -> None:
    plan = make_complete_plan(session, now)
    stranger = make_draft(session, now, code="VH-2026-02", number_prefix="Z")

    with pytest.raises(NotAllowedError):
        announcements.announce(stranger.ctx(), plan.competition)


def test_draft_does_not_exist_for_the_public(session: Session, now: datetime) -> None:
    plan = make_complete_plan(session, now)

    assert list_public_competitions(session) == []
    with pytest.raises(NotFoundError):
        get_public_competition(session, plan.competition.code)
    announcements.announce(plan.ctx(), plan.competition)
    assert get_public_competition(session, plan.competition.code).code == plan.competition.code


@given(events=st.lists(st.sampled_from(list(GateEvent)), max_size=25))
def test_no_sequence_of_events_skips_a_gate(events: list[GateEvent]) -> None:
    state, passed = COMPETITION.initial, 0
    for event in events:
        try:
            state = COMPETITION.after(state, event)
        except DomainError:
            continue
        passed += 1

    assert state.number == passed + 1


def test_services_refuse_every_gate_but_the_next(sqlite_engine: Engine, now: datetime) -> None:
    """For every state and every event: only the one event of the table is let through, and only for its role."""
    with databases.rolled_back_session(sqlite_engine) as session:
        plan = make_draft(session, now)
        add_boards(plan)
        for state in CompetitionState:
            plan.competition.state = state
            for event in GateEvent:
                if not COMPETITION.is_open(state, event):
                    with pytest.raises(ConflictError):
                        check_gate(plan.ctx(GATE_ROLES[event]), plan.competition, event)
                    with pytest.raises(ConflictError):
                        pass_gate(plan.ctx(), plan.competition, event, record_seq=0)
                else:
                    with pytest.raises(NotAllowedError):
                        check_gate(ServiceContext(session=session, now=now), plan.competition, event)
            assert plan.competition.state is state


def test_role_granted_in_the_plan_is_counted(session: Session, now: datetime) -> None:
    plan = make_draft(session, now)
    account = make_official(session, now, "chu-tich")
    grant_role(plan.ctx(), account, Role.CHAIR, competition=get_competition(session, plan.competition.code))

    short = [
        item.params["role"]
        for item in list_missing(session, plan.competition, GateEvent.ANNOUNCED, now=now)
        if item.code == "role_short"
    ]
    assert Role.CHAIR not in short


def test_frozen_rule_set_stands_first_in_the_log_and_the_opening_names_the_plan(
    session: Session, now: datetime
) -> None:
    plan = make_complete_plan(session, now)
    size = len(_log(session, "VH-2026-01.plan"))

    announcements.announce(plan.ctx(), plan.competition)

    events = [event for event, _actor in _log(session, "VH-2026-01")]
    assert events[:3] == ["log:opened", "ruleset:frozen", "competition:announced"]
    assert _payload(session, "log:opened")["plan"]["size"] == size
    assert len(_log(session, "VH-2026-01.plan")) == size
