"""A body, its officials, and a competition planned through the services, up to any gate of the preparation."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy.orm import Session

from examsite.domain.blueprints import Blueprint, TopicCount, blueprint_to_data
from examsite.domain.competitions import CompetitionState, DelegationLevel
from examsite.domain.conflicts import DECLARING
from examsite.domain.permissions import Role
from examsite.domain.scores import score
from examsite.services.accounts import create_account, grant_role
from examsite.services.announcements import announce, open_applications
from examsite.services.competitions import create_competition, set_announcement, set_schedule
from examsite.services.conflicts import declare_conflicts
from examsite.services.context import Actor, ServiceContext
from examsite.services.posts import add_post
from examsite.storage.models.accounts import Account, RoleAssignment
from examsite.storage.models.competitions import Body, Competition, Post
from tests.factories.draws import drawn_at_once

#: Everyone whom a plan needs before it may be announced, in the order of the boards.
BOARDS: tuple[Role, ...] = (
    Role.CHAIR,
    *[Role.COUNCIL_MEMBER] * 2,
    Role.AUTHORITY,
    Role.SETTER,
    Role.KEEPER,
    *[Role.INVIGILATOR] * 2,
    Role.MARKING_HEAD,
    *[Role.MARKER] * 3,
    Role.PANEL_HEAD,
    *[Role.PANELLIST] * 3,
    Role.SUPERVISOR,
)


@cache
def blueprint_data() -> dict[str, object]:
    """A plan of a paper: 40 points of objective questions and two essays of 30."""
    topics = (TopicCount("planning", 5), TopicCount("ethics", 5))
    return blueprint_to_data(Blueprint(score(4), topics, ("leading", "change"), 2))


@dataclass
class Plan:
    """A competition with its people; `ctx` gives the context of an act of one of them."""

    session: Session
    now: datetime
    competition: Competition
    organiser: RoleAssignment
    people: dict[Role, list[RoleAssignment]] = field(default_factory=dict)

    def ctx(self, role: Role = Role.ORGANISER, *, at: datetime | None = None) -> ServiceContext:
        """A context of the first holder of the role."""
        held = self.organiser if role is Role.ORGANISER else self.people[role][0]
        actor = Actor(
            account_id=held.account_id,
            role=role,
            assignment_id=held.id,
            pseudonym=held.pseudonym,
            competition_id=self.competition.id,
        )
        now = at or self.now
        return ServiceContext(session=self.session, now=now, actor=actor, factor_at=now)


def make_body(session: Session, code: str = "SNV", *, level: DelegationLevel = DelegationLevel.DEPARTMENT) -> Body:
    """A competent body."""
    body = Body(
        code=code, name="Sở Nội vụ thành phố Vân Hải", name_en="Van Hai Department of Home Affairs", level=level
    )
    session.add(body)
    session.flush()
    return body


def make_official(session: Session, now: datetime, login: str, *, password_hash: str = "-") -> Account:
    """An account with a name of its own."""
    return create_account(
        ServiceContext(session=session, now=now),
        login=login,
        display_name=f"Người {login}",
        password_hash=password_hash,
    )


def make_body_organiser(session: Session, now: datetime, body: Body, account: Account) -> ServiceContext:
    """The context of somebody who may open competitions at the body."""
    administrator = ServiceContext(session=session, now=now, actor=Actor(role=Role.ADMINISTRATOR, pseudonym="Q01"))
    held = grant_role(administrator, account, Role.ORGANISER, body=body)
    actor = Actor(account_id=account.id, role=Role.ORGANISER, assignment_id=held.id, pseudonym=held.pseudonym or "T01")
    return ServiceContext(session=session, now=now, actor=actor)


def make_schedule(now: datetime) -> dict[str, datetime]:
    """Six instants in their order, the first a month away."""
    return {
        "applications_close_at": now + timedelta(days=30),
        "written_at": now + timedelta(days=50),
        "written_results_at": now + timedelta(days=64),
        "proposals_close_at": now + timedelta(days=85),
        "defence_at": now + timedelta(days=92),
        "results_at": now + timedelta(days=105),
    }


def make_draft(
    session: Session,
    now: datetime,
    *,
    code: str = "VH-2026-01",
    number_prefix: str = "A",
    password_hash: str = "-",
    preset: str = "hai-phong-pilot",
) -> Plan:
    """An empty plan with its first organiser, whose login is `thuky-` and the code."""
    body = make_body(session, f"B-{code}")
    account = make_official(session, now, f"thuky-{code}", password_hash=password_hash)
    ctx = make_body_organiser(session, now, body, account)
    competition = create_competition(
        ctx,
        body,
        code=code,
        title="Thi tuyển trưởng phòng, phó trưởng phòng năm 2026",
        title_en="Selection of heads and deputy heads of section 2026",
        number_prefix=number_prefix,
        preset=preset,
    )
    competition.ruleset_toml = drawn_at_once(competition.ruleset_toml)
    organiser = session.query(RoleAssignment).filter_by(competition_id=competition.id).one()
    return Plan(session, now, competition, organiser)


def add_boards(plan: Plan, *, password_hash: str = "-") -> None:
    """Everyone whom the plan needs, each with a login of role, number and code."""
    for number, role in enumerate(BOARDS, start=1):
        login = f"{role.value}-{number}-{plan.competition.code}"
        account = make_official(plan.session, plan.now, login, password_hash=password_hash)
        held = grant_role(plan.ctx(), account, role, competition=plan.competition)
        plan.people.setdefault(role, []).append(held)


def add_planned_post(plan: Plan, code: str = "P1", title: str = "Trưởng phòng Tổ chức cán bộ") -> Post:
    """A post with criteria of the defence and a plan of its paper."""
    post = add_post(
        plan.ctx(),
        plan.competition,
        code=code,
        title=title,
        title_en=f"Head of section {code}",
        unit="Sở Nội vụ",
        unit_en="Department of Home Affairs",
        managed_by=plan.competition.body.level,
        requirements="Có bằng đại học trở lên.\nĐã giữ ngạch chuyên viên từ 5 năm.",
        requirements_en="A university degree.\nFive years as an official.",
    )
    post.blueprint = blueprint_data()
    plan.session.flush()
    return post


def make_complete_plan(session: Session, now: datetime, *, password_hash: str = "-", code: str = "VH-2026-01") -> Plan:
    """A draft of which nothing is missing."""
    plan = make_draft(
        session,
        now,
        code=code,
        password_hash=password_hash,
        number_prefix=code[:1] + code[-1:].translate({ord(str(digit)): chr(ord("A") + digit) for digit in range(10)}),
    )
    add_boards(plan, password_hash=password_hash)
    add_planned_post(plan)
    add_planned_post(plan, "P2", "Phó trưởng phòng Cải cách hành chính")
    set_schedule(plan.ctx(), plan.competition, make_schedule(now))
    set_announcement(
        plan.ctx(),
        plan.competition,
        text="Sở Nội vụ thông báo thi tuyển hai chức danh cấp phòng.\nHồ sơ nộp tại bộ phận một cửa.",
        text_en="The department announces a selection for two posts.\nApplications go to the front office.",
    )
    return plan


def make_receiving(session: Session, now: datetime, *, password_hash: str = "-", code: str = "VH-2026-01") -> Plan:
    """A competition that takes applications."""
    plan = make_complete_plan(session, now, password_hash=password_hash, code=code)
    announce(plan.ctx(), plan.competition)
    open_applications(plan.ctx(), plan.competition)
    assert plan.competition.state is CompetitionState.RECEIVING
    return plan


def declare_everybody(plan: Plan) -> None:
    """Everybody who must declares to stand near to nobody on the list."""
    for held in (plan.organiser, *[row for role in DECLARING for row in plan.people.get(role, [])]):
        actor = Actor(held.account_id, held.role, held.id, held.pseudonym, plan.competition.id)
        declare_conflicts(ServiceContext(session=plan.session, now=plan.now, actor=actor), plan.competition, {})
