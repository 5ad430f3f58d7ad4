"""A competition while it is planned: created, scheduled, worded; and its one change of notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from examsite.domain.canonical import instant_text
from examsite.domain.competitions import SCHEDULE, CompetitionState, check_schedule
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.permissions import PSEUDONYM_LETTERS, Role
from examsite.domain.reasons import checked_reason
from examsite.domain.rulesets import ruleset_to_toml
from examsite.services.accounts import grant_role
from examsite.services.context import Actor, ServiceContext
from examsite.services.records import record
from examsite.services.rulesets import get_preset, ruleset_of
from examsite.storage.models.competitions import Body, Competition
from examsite.storage.queries.accounts import get_account
from examsite.storage.queries.competitions import get_competition, is_body_organiser


def create_competition(
    ctx: ServiceContext, body: Body, *, code: str, title: str, title_en: str, number_prefix: str, preset: str
) -> Competition:
    """Open the plan of a competition at a body; its rule set is a copy of the preset, its first organiser the maker.

    Raises:
        InvalidError: `competition_code_taken`, `number_prefix_taken`, each with its `field`.
        NotAllowedError: `role_needed`, to whoever is not organiser at this body.
        NotFoundError: `preset_not_found`.
    """
    if not is_body_organiser(ctx.session, ctx.actor.account_id, body.id):
        raise NotAllowedError("role_needed", roles=Role.ORGANISER)
    ruleset = get_preset(preset)
    if ctx.session.scalars(select(Competition.id).where(Competition.code == code)).first() is not None:
        raise InvalidError("competition_code_taken", field="code", competition=code)
    if ctx.session.scalars(select(Competition.id).where(Competition.number_prefix == number_prefix)).first():
        raise InvalidError("number_prefix_taken", field="number_prefix", prefix=number_prefix)
    competition = Competition(
        code=code,
        title=title,
        title_en=title_en,
        body_id=body.id,
        number_prefix=number_prefix,
        ruleset_toml=ruleset_to_toml(ruleset),
        created_at=ctx.now,
    )
    ctx.session.add(competition)
    ctx.session.flush()
    subject = f"competition/{code}"
    # The maker is the first organiser, so the pseudonym is known before it is granted.
    first = f"{PSEUDONYM_LETTERS[Role.ORGANISER]}01"
    maker = Actor(ctx.actor.account_id, role=Role.ORGANISER, pseudonym=first, competition_id=competition.id)
    acting = replace(ctx, actor=maker)
    record(
        acting, competition, Event.COMPETITION_CREATED, subject, {"title": title, "body": body.code, "preset": preset}
    )
    grant_role(acting, get_account(ctx.session, maker.account_id or 0), Role.ORGANISER, competition=competition)
    return get_competition(ctx.session, code)


def set_titles(ctx: ServiceContext, competition: Competition, *, title: str, title_en: str) -> None:
    """Word the title of a draft.

    Raises:
        ConflictError: `competition_announced`.
        NotAllowedError: `role_needed`.
    """
    require_draft(ctx, competition)
    if (title, title_en) != (competition.title, competition.title_en):
        competition.title, competition.title_en = title, title_en
        _record_change(ctx, competition, "titles")


def set_announcement(ctx: ServiceContext, competition: Competition, *, text: str, text_en: str) -> None:
    """Word the announcement of a draft.

    Raises:
        ConflictError: `competition_announced`.
        NotAllowedError: `role_needed`.
    """
    require_draft(ctx, competition)
    if (text, text_en) != (competition.announcement, competition.announcement_en):
        competition.announcement, competition.announcement_en = text, text_en
        _record_change(ctx, competition, "announcement")


def set_schedule(ctx: ServiceContext, competition: Competition, schedule: Mapping[str, datetime]) -> None:
    """Set the planned instants of a draft, each after the one before and all still to come.

    Raises:
        ConflictError: `competition_announced`.
        InvalidError: `schedule_incomplete`, `schedule_not_in_order`, `schedule_in_the_past`, with the `field`.
        NotAllowedError: `role_needed`.
    """
    require_draft(ctx, competition)
    _check_future(ctx, schedule)
    if _write_schedule(competition, schedule):
        _record_change(ctx, competition, "schedule")


def change_notice(
    ctx: ServiceContext, competition: Competition, schedule: Mapping[str, datetime], *, reason: str
) -> None:
    """Change the schedule after the announcement, as often as the rule set allows, and say so in the log.

    Raises:
        ConflictError: `notice_not_announced`, `notice_change_spent`, `notice_change_too_late`, `notice_unchanged`.
        InvalidError: as `set_schedule`; `reason_missing`.
        NotAllowedError: `role_needed`.

    Source: NĐ 170/2025/NĐ-CP art. 15(3): one change, before the applications close; the figures are data of the rule
    set, which says how many changes and how many days before the test.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    if competition.state not in (CompetitionState.ANNOUNCED, CompetitionState.RECEIVING):
        raise ConflictError("notice_not_announced")
    ruleset = ruleset_of(competition)
    # One instant is kept, so that a rule set which allows more than one change is read as allowing one.
    if ruleset.notice_changes < 1 or competition.notice_changed_at is not None:
        raise ConflictError("notice_change_spent", allowed=ruleset.notice_changes)
    if competition.written_at is not None and (competition.written_at - ctx.now).days < ruleset.notice_change_days:
        raise ConflictError("notice_change_too_late", days=ruleset.notice_change_days)
    words = checked_reason(reason)
    _check_future(ctx, schedule)
    before = _schedule_data(competition)
    if not _write_schedule(competition, schedule):
        raise ConflictError("notice_unchanged")
    competition.notice_changed_at = ctx.now
    payload = {"before": before, "after": _schedule_data(competition), "reason": words}
    record(ctx, competition, Event.NOTICE_CHANGED, f"competition/{competition.code}", payload)


def require_draft(ctx: ServiceContext, competition: Competition) -> None:
    """Refuse a change of the plan to everyone but an organiser of a draft.

    Raises:
        ConflictError: `competition_announced`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    if competition.state is not CompetitionState.DRAFT:
        raise ConflictError("competition_announced")


def _check_future(ctx: ServiceContext, schedule: Mapping[str, datetime]) -> None:
    check_schedule(schedule)
    if schedule[SCHEDULE[0]] <= ctx.now:
        raise InvalidError("schedule_in_the_past", field=SCHEDULE[0])


def _write_schedule(competition: Competition, schedule: Mapping[str, datetime]) -> bool:
    changed = any(getattr(competition, name) != schedule[name] for name in SCHEDULE)
    for name in SCHEDULE:
        setattr(competition, name, schedule[name])
    return changed


def _schedule_data(competition: Competition) -> dict[str, str | None]:
    return {name: None if (at := getattr(competition, name)) is None else instant_text(at) for name in SCHEDULE}


def _record_change(ctx: ServiceContext, competition: Competition, part: str) -> None:
    ctx.session.flush()
    record(ctx, competition, Event.COMPETITION_CHANGED, f"competition/{competition.code}", {"part": part})
