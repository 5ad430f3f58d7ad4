"""The gates that the organiser opens alone: announced, applications opened and closed, test begun, closed."""

from __future__ import annotations

from typing import Any

from examsite.domain.canonical import instant_text
from examsite.domain.competitions import SCHEDULE, GateEvent
from examsite.domain.events import Event
from examsite.domain.merkle import TreeState
from examsite.domain.records import plan_log_code
from examsite.domain.rubrics import rubric_data, rubric_from_snapshot
from examsite.domain.rulesets import ruleset_data, ruleset_sha256
from examsite.services.checkpoints import sign_checkpoint
from examsite.services.context import ServiceContext
from examsite.services.gates import check_gate, pass_gate
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.storage.models.competitions import Competition
from examsite.storage.queries.records import get_log


def announce(ctx: ServiceContext, competition: Competition) -> None:
    """Make the competition public and freeze its rule set; from here on only the notice may change, once.

    Raises:
        ConflictError: `event_not_open`, `gate_shut`.
        NotAllowedError: `role_needed`.
    """
    check_gate(ctx, competition, GateEvent.ANNOUNCED)
    ruleset = ruleset_of(competition)
    subject = f"competition/{competition.code}"
    frozen = {
        "ruleset": ruleset_data(ruleset),
        "posts": [{"code": post.code, "title": post.title, "vacancies": post.vacancies} for post in competition.posts],
        "rubrics": [rubric_data(rubric_from_snapshot(post.defence_rubric)) for post in competition.posts],
    }
    sign_checkpoint(ctx, plan_log_code(competition.code))
    plan = get_log(ctx.session, plan_log_code(competition.code))
    opening = {"plan": {"size": plan.size, "root": TreeState.from_json(plan.tree).root().hex()}}
    record(ctx, competition, Event.LOG_OPENED, subject, opening, actor="system")
    record(ctx, competition, Event.RULESET_FROZEN, subject, frozen)
    competition.ruleset_sha256 = ruleset_sha256(ruleset)
    competition.announced_at = ctx.now
    payload = {
        "title": competition.title,
        "announcement": competition.announcement,
        "ruleset_sha256": competition.ruleset_sha256,
        "schedule": {name: instant_text(getattr(competition, name)) for name in SCHEDULE},
    }
    seq = record(ctx, competition, Event.COMPETITION_ANNOUNCED, subject, payload)
    pass_gate(ctx, competition, GateEvent.ANNOUNCED, record_seq=seq)


def open_applications(ctx: ServiceContext, competition: Competition) -> None:
    """Take applications from now until the time said in the announcement.

    Raises:
        ConflictError: `event_not_open`, `gate_shut`.
        NotAllowedError: `role_needed`.
    """
    _pass(ctx, competition, GateEvent.APPLICATIONS_OPENED, Event.APPLICATIONS_OPENED, {})


def close_applications(ctx: ServiceContext, competition: Competition) -> None:
    """Take no further applications; refused before the time said in the announcement has come.

    Raises:
        ConflictError: `event_not_open`, `gate_shut`.
        NotAllowedError: `role_needed`.
    """
    _pass(ctx, competition, GateEvent.APPLICATIONS_CLOSED, Event.APPLICATIONS_CLOSED, {})


def begin_written(ctx: ServiceContext, competition: Competition) -> None:
    """Let the sittings begin: from here on papers may be opened and seats taken.

    Raises:
        ConflictError: `event_not_open`, `gate_shut`.
        NotAllowedError: `role_needed`.
    """
    _pass(ctx, competition, GateEvent.WRITTEN_BEGUN, Event.WRITTEN_BEGUN, {})


def close_competition(ctx: ServiceContext, competition: Competition) -> None:
    """End a published competition; its files go to the archive, nothing in it changes any more.

    Raises:
        ConflictError: `event_not_open`, `gate_shut`.
        NotAllowedError: `role_needed`.
    """
    _pass(ctx, competition, GateEvent.CLOSED, Event.COMPETITION_CLOSED, {})


def _pass(
    ctx: ServiceContext, competition: Competition, gate: GateEvent, event: Event, payload: dict[str, Any]
) -> None:
    check_gate(ctx, competition, gate)
    seq = record(ctx, competition, event, f"competition/{competition.code}", payload)
    pass_gate(ctx, competition, gate, record_seq=seq)
