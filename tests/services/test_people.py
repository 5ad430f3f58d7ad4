"""Who may be put on a board, and taken off it, while a competition runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.accounts import AccountState
from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.permissions import Role
from examsite.services import people
from examsite.services.context import Actor, ServiceContext
from examsite.services.table_checks import check_tables
from examsite.storage.models.accounts import Account
from examsite.storage.models.competitions import Body, GatePassage
from examsite.storage.queries.accounts import list_holders
from tests.factories.competitions import make_official
from tests.factories.ranking import Stage, known_signer, make_stage
from tests.scenes import Keep


@pytest.fixture
def stage(session: Session, now: datetime, tmp_path: Path, keep: Keep) -> Stage:
    settings = Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True)
    signer = known_signer(settings)

    def build() -> Stage:
        return make_stage(session, now, settings=settings, signer=signer)

    return keep("stage", build, session, tmp_path, settings=settings, signer=signer)


@pytest.fixture
def new(stage: Stage) -> Callable[[str], str]:
    def make(login: str) -> str:
        make_official(stage.session, stage.at, login)
        return login

    return make


@pytest.mark.parametrize("role", [Role.CHAIR, Role.COUNCIL_MEMBER])
def test_nobody_chooses_who_signs_once_scores_have_names(stage: Stage, new: Callable[[str], str], role: Role) -> None:
    with pytest.raises(ConflictError, match="council_fixed"):
        people.assign_role(stage.ctx(Role.ORGANISER), stage.competition, login=new("them.nguoi"), role=role)


def test_nobody_of_the_council_is_taken_out_once_scores_have_names(stage: Stage) -> None:
    for row in list_holders(stage.session, stage.competition.id, Role.COUNCIL_MEMBER):
        with pytest.raises(ConflictError, match="council_fixed"):
            people.revoke_role(stage.ctx(Role.ORGANISER), stage.competition, row.id)


def test_somebody_always_organises(stage: Stage) -> None:
    (organiser,) = list_holders(stage.session, stage.competition.id, Role.ORGANISER)
    with pytest.raises(ConflictError, match="last_organiser"):
        people.revoke_role(stage.ctx(Role.ORGANISER), stage.competition, organiser.id)


def test_who_is_shut_out_gets_no_role(stage: Stage, new: Callable[[str], str]) -> None:
    login = new("da.nghi")
    account = stage.session.scalars(select(Account).where(Account.login == login)).one()
    account.state = AccountState.DISABLED
    stage.session.flush()
    with pytest.raises(ConflictError, match="account_not_active"):
        people.assign_role(stage.ctx(Role.ORGANISER), stage.competition, login=login, role=Role.KEEPER)


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        (Role.AUTHORITY, "not_authority_of_body"),
        (Role.ORGANISER, "not_organiser_of_body"),
        (Role.ADMINISTRATOR, "role_not_of_competition"),
    ],
)
def test_nobody_approves_or_organises_for_a_body_that_did_not_name_them(
    stage: Stage, new: Callable[[str], str], role: Role, refused: str
) -> None:
    with pytest.raises(InvalidError, match=refused):
        people.assign_role(stage.ctx(Role.ORGANISER), stage.competition, login=new("nguoi.la"), role=role)


def test_the_administrator_names_for_a_body_only_who_organises_or_approves(
    stage: Stage, new: Callable[[str], str]
) -> None:
    account = stage.session.scalars(select(Account).where(Account.login == new("nguoi.la"))).one()
    ctx = ServiceContext(
        session=stage.session,
        now=stage.at,
        actor=Actor(account_id=account.id + 1, role=Role.ADMINISTRATOR, pseudonym="Q01"),
        signer=stage.ctx().signer,
    )
    body = stage.session.get_one(Body, stage.competition.body_id)
    with pytest.raises(InvalidError, match="role_not_of_body"):
        people.grant_body_role(ctx, account.id, body, Role.MARKER)


def test_a_role_taken_back_after_the_list_keeps_other_boards_away(stage: Stage, new: Callable[[str], str]) -> None:
    ctx, competition, login = stage.ctx(Role.ORGANISER), stage.competition, new("ban.phach.cu")
    given = people.assign_role(ctx, competition, login=login, role=Role.KEEPER)
    people.revoke_role(ctx, competition, given.id)
    _fix_list(stage, at=stage.at + timedelta(minutes=1))
    people.assign_role(ctx, competition, login=login, role=Role.INVIGILATOR)

    other = new("ban.phach.moi")
    later = stage.ctx(Role.ORGANISER, at=stage.at + timedelta(minutes=2))
    given = people.assign_role(later, competition, login=other, role=Role.KEEPER)
    people.revoke_role(later, competition, given.id)
    with pytest.raises(ConflictError, match="role_held_before"):
        people.assign_role(later, competition, login=other, role=Role.MARKER)
    assert people.assign_role(later, competition, login=other, role=Role.KEEPER).pseudonym != given.pseudonym


def test_a_marker_with_scripts_stays(stage: Stage) -> None:
    stage.competition.state = CompetitionState.MARKING
    marker = list_holders(stage.session, stage.competition.id, Role.MARKER)[0]
    with pytest.raises(ConflictError, match="role_already_used"):
        people.revoke_role(stage.ctx(Role.ORGANISER), stage.competition, marker.id)


def _fix_list(stage: Stage, *, at: datetime) -> None:
    session, competition = stage.session, stage.competition
    session.query(GatePassage).filter_by(competition_id=competition.id, event=GateEvent.ROSTER_FIXED).delete()
    session.add(
        GatePassage(
            competition_id=competition.id,
            event=GateEvent.ROSTER_FIXED,
            at=at,
            account_id=list_holders(session, competition.id, Role.ORGANISER)[0].account_id,
            record_seq=0,
        )
    )
    session.flush()


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ("role = 'authority'", "role"),
        ("account_id = (SELECT min(id) FROM accounts)", "account_id"),
        ("revoked_at = NULL", "revoked_at"),
        ("pseudonym = 'K77'", ""),
    ],
)
def test_a_role_that_somebody_changed_in_the_database_is_named(
    stage: Stage, new: Callable[[str], str], change: str, column: str
) -> None:
    ctx, competition, login = stage.ctx(Role.ORGANISER), stage.competition, new("ban.phach")
    given = people.assign_role(ctx, competition, login=login, role=Role.KEEPER)
    people.revoke_role(ctx, competition, given.id)

    def named() -> list[tuple[str, str]]:
        found = check_tables(stage.session, competition)
        return [(problem.code, problem.column) for problem in found if problem.table == "role_assignments"]

    assert named() == []
    stage.session.execute(text(f"UPDATE role_assignments SET {change} WHERE id = {given.id}"))
    stage.session.expire_all()
    expected = [("value_differs", column)] if column else [("row_missing", ""), ("record_missing", "pseudonym")]
    assert named() == expected
