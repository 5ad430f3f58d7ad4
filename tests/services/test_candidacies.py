"""Applications, decisions and the fixed list on both databases: who may, when, and what the log keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, inspect
from sqlalchemy.orm import Session

from examsite.domain.competitions import CompetitionState
from examsite.domain.dossiers import DRAFTS_MINUTES, LEAST_AGE, MOST_NEW_DRAFTS, Applicant, CandidacyState, UploadKind
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.permissions import Role
from examsite.services import candidacies, people
from examsite.services.accounts import grant_role, open_login_session
from examsite.services.context import Actor, ServiceContext
from examsite.services.presence_checks import check_presence
from examsite.services.rulesets import ruleset_of
from examsite.services.throttling import clear_failed_log_ins, note_failed_log_in, seconds_to_wait
from examsite.services.uploads import ReceivedFile
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.accounts import find_account_by_login, find_login_session
from examsite.storage.queries.candidacies import list_candidacies, list_roster
from examsite.storage.queries.records import get_log, list_records
from tests.factories.competitions import Plan, make_official, make_receiving
from tests.scenes import Keep

FILE = ReceivedFile("a" * 64, 10, UploadKind.PDF, "a.pdf")


@pytest.fixture
def plan(session: Session, now: datetime, keep: Keep) -> Plan:
    return keep("plan", lambda: make_receiving(session, now), session)


def _applicant(number: int, name: str = "Trần Quốc Bảo") -> Applicant:
    return Applicant(name, date(1985, 9, 5), f"0310850{number:05d}", "Sở", "Chuyên viên")


def _apply(plan: Plan, number: int, name: str = "Trần Quốc Bảo", post: int = 0) -> Candidacy:
    ctx = ServiceContext(session=plan.session, now=plan.now)
    posts = sorted(plan.competition.posts, key=lambda item: item.code)
    return candidacies.apply(ctx, plan.competition, posts[post], _applicant(number, name), password_hash="-")


def _self(plan: Plan, candidacy: Candidacy, now: datetime | None = None) -> ServiceContext:
    actor = Actor(account_id=candidacy.account_id, role=Role.CANDIDATE, candidacy_id=candidacy.id)
    return ServiceContext(session=plan.session, now=now or plan.now, actor=actor)


def _records(session: Session, event: str) -> list[dict[str, Any]]:
    rows = session.query(RecordRow).filter_by(event=event).order_by(RecordRow.id)
    return [{**json.loads(row.payload or "{}"), "actor": row.actor, "subject": row.subject} for row in rows]


def _vetting(plan: Plan, *people_named: str) -> list[Candidacy]:
    """Everyone has handed in, applications are closed."""
    found = [_apply(plan, number, name, number % 2) for number, name in enumerate(people_named)]
    for item in found:
        candidacies.submit_on_paper(plan.ctx(), item)
    plan.competition.state = CompetitionState.VETTING
    plan.session.flush()
    return found


def test_a_dossier_is_handed_in_when_it_is_complete(plan: Plan) -> None:
    me = _apply(plan, 1)
    ctx = _self(plan, me)
    with pytest.raises(ConflictError, match="dossier_incomplete"):
        candidacies.submit_application(ctx, me.id)
    for item in ruleset_of(plan.competition).dossier_checklist:
        candidacies.add_dossier_item(ctx, me.id, item.code, FILE)
    candidacies.submit_application(ctx, me.id)
    said = _records(plan.session, "application:submitted")[0]
    assert me.state is CandidacyState.SUBMITTED
    assert me.submitted_at == plan.now
    assert (said["actor"], said["subject"]) == ("candidate", f"application/{me.id}")
    assert not any(word in json.dumps(said, ensure_ascii=False) for word in ("Trần", me.application_code))
    with pytest.raises(ConflictError, match="application_not_open"):
        candidacies.add_dossier_item(ctx, me.id, "letter", FILE)
    candidacies.reopen_application(plan.ctx(), me, reason="Thiếu trang 2")
    assert me.state is CandidacyState.DRAFT
    candidacies.withdraw_application(ctx, me.id)
    assert me.state is CandidacyState.WITHDRAWN


def test_nobody_touches_the_dossier_of_another(plan: Plan) -> None:
    me, other = _apply(plan, 1), _apply(plan, 2)
    for act in (candidacies.submit_application, candidacies.withdraw_application):
        with pytest.raises(NotAllowedError):
            act(_self(plan, me), other.id)
        with pytest.raises(NotAllowedError):
            act(plan.ctx(), other.id)
    with pytest.raises(NotAllowedError):
        candidacies.add_dossier_item(_self(plan, me), other.id, "letter", FILE)


def test_applications_end_at_the_published_instant(plan: Plan) -> None:
    me = _apply(plan, 1)
    closes_at = plan.competition.applications_close_at
    assert closes_at is not None
    candidacies.add_dossier_item(_self(plan, me, closes_at - timedelta(seconds=1)), me.id, "letter", FILE)
    with pytest.raises(ConflictError, match="applications_not_open"):
        candidacies.add_dossier_item(_self(plan, me, closes_at), me.id, "letter", FILE)


def test_one_identity_number_stands_once_in_a_competition(plan: Plan) -> None:
    _apply(plan, 1)
    with pytest.raises(InvalidError, match="identity_number_taken"):
        _apply(plan, 1, "Người Khác", 1)


def test_age_is_that_of_the_day_in_vietnam(plan: Plan) -> None:
    midnight = plan.now.replace(hour=17, minute=0)  # UTC: the day after begins in Vietnam
    tomorrow = (plan.now + timedelta(days=1)).date()
    comes_of_age = replace(_applicant(1), born_on=tomorrow.replace(year=tomorrow.year - LEAST_AGE))
    post = plan.competition.posts[0]

    def apply_at(now: datetime) -> Candidacy:
        ctx = ServiceContext(session=plan.session, now=now)
        return candidacies.apply(ctx, plan.competition, post, comes_of_age, password_hash="-")

    with pytest.raises(InvalidError, match="born_on_not_possible"):
        apply_at(midnight - timedelta(seconds=1))
    assert apply_at(midnight).born_on == comes_of_age.born_on


def test_decisions_name_who_when_and_why(plan: Plan) -> None:
    first, second = _vetting(plan, "An", "Bình")
    ctx = plan.ctx()
    candidacies.accept_candidacy(ctx, plan.competition, first.application_code)
    with pytest.raises(InvalidError, match="reason_needed"):
        candidacies.refuse_candidacy(ctx, plan.competition, second.application_code, reason=" ")
    candidacies.refuse_candidacy(ctx, plan.competition, second.application_code, reason="Thiếu bằng")
    assert (second.state, second.refusal_reason, second.decided_by_id) == (
        CandidacyState.REFUSED,
        "Thiếu bằng",
        ctx.actor.account_id,
    )
    candidacies.reconsider_candidacy(ctx, plan.competition, second.application_code, reason="Đã bổ sung")
    assert (second.state, second.refusal_reason, second.decided_at) == (CandidacyState.SUBMITTED, "", None)
    decisions = [item["decision"] for item in _records(plan.session, "eligibility:decided")]
    assert decisions == ["accepted", "refused", "reconsidered"]
    with pytest.raises(NotAllowedError):
        candidacies.accept_candidacy(_self(plan, first), plan.competition, second.application_code)


def test_the_list_stays_open_until_all_are_decided_and_enough_compete(plan: Plan) -> None:
    everyone = _vetting(plan, "An", "Bình", "Chi")
    with pytest.raises(ConflictError, match="gate_shut"):
        candidacies.fix_roster(plan.ctx(), plan.competition)
    for item in everyone:
        candidacies.accept_candidacy(plan.ctx(), plan.competition, item.application_code)
    with pytest.raises(ConflictError, match="gate_shut"):  # the second post has one person
        candidacies.fix_roster(plan.ctx(), plan.competition)


def test_the_fixed_list_goes_by_given_name_and_keeps_codes_apart(plan: Plan) -> None:
    for item in _vetting(plan, "Trần Văn Ước", "Lê Thị Ánh", "Đặng Văn Ân", "Bùi Ất"):
        candidacies.accept_candidacy(plan.ctx(), plan.competition, item.application_code)
    candidacies.fix_roster(plan.ctx(), plan.competition)
    roster = list_roster(plan.session, plan.competition.id)
    assert [item.full_name for item in roster] == ["Lê Thị Ánh", "Đặng Văn Ân", "Bùi Ất", "Trần Văn Ước"]
    assert [item.candidate_number for item in roster] == [
        f"{plan.competition.number_prefix}{n:03d}" for n in (1, 2, 3, 4)
    ]
    codes = {str(item.public_code) for item in roster}
    assert len(codes) == 4
    assert plan.competition.state is CompetitionState.ROSTERED
    said = _records(plan.session, "roster:fixed")[0]
    assert [item["code"] for item in said["candidates"]] == sorted(codes)
    assert {frozenset(item) for item in said["candidates"]} == {frozenset({"code", "post"})}
    persons = _records(plan.session, "roles:fixed")[0]["people"]
    assert len({item["pseudonym"] for item in persons}) == len(persons)
    assert [item.full_name for item in list_candidacies(plan.session, plan.competition.id, words="uoc")] == [
        "Trần Văn Ước"
    ]
    found = find_account_by_login(plan.session, str(roster[0].candidate_number).lower())
    assert found is not None
    assert found.id == roster[0].account_id


def test_new_passwords_take_a_second_factor(plan: Plan) -> None:
    me, ctx = _apply(plan, 1), plan.ctx()
    with pytest.raises(NotAllowedError, match="fresh_factor_needed"):
        candidacies.issue_passwords(replace(ctx, factor_at=None), plan.competition, {me.id: "new"})
    assert (me.account.password_hash, _records(plan.session, "passwords:issued")) == ("-", [])
    candidacies.issue_passwords(ctx, plan.competition, {me.id: "new"})
    assert (me.account.password_hash, len(_records(plan.session, "passwords:issued"))) == ("new", 1)


def test_wrong_tries_are_counted_by_name_on_both_databases(session: Session, now: datetime) -> None:
    ctx = ServiceContext(session=session, now=now)
    waits = [note_failed_log_in(ctx, " NGAN ") for _ in range(14)]
    assert waits == [0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert seconds_to_wait(session, "ngan", now=now) == 300
    assert seconds_to_wait(session, "other", now=now) == 0
    assert seconds_to_wait(session, "ngan", now=now + timedelta(seconds=300)) == 0
    clear_failed_log_ins(ctx, "Ngan")
    session.expire_all()
    assert seconds_to_wait(session, "ngan", now=now) == 0


def test_a_changed_role_ends_the_log_ins_of_its_holder(plan: Plan) -> None:
    person = make_official(plan.session, plan.now, "moi.ve")
    ctx = plan.ctx()
    token = open_login_session(ctx, person, hours=1, address="", user_agent="")
    given = people.assign_role(ctx, plan.competition, login="MOI.VE", role=Role.MARKER)
    assert find_login_session(plan.session, token, now=plan.now) is None
    again = open_login_session(ctx, person, hours=1, address="", user_agent="")
    people.revoke_role(ctx, plan.competition, given.id)
    assert find_login_session(plan.session, again, now=plan.now) is None
    new = people.assign_role(ctx, plan.competition, login="moi.ve", role=Role.MARKER)
    assert new.pseudonym != given.pseudonym


def test_a_role_that_was_used_stays(plan: Plan) -> None:
    second = make_official(plan.session, plan.now, "thu.ky.hai")
    admin = ServiceContext(session=plan.session, now=plan.now, actor=Actor(role=Role.ADMINISTRATOR, pseudonym="Q01"))
    people.grant_body_role(admin, second.id, plan.competition.body, Role.ORGANISER)
    people.assign_role(plan.ctx(), plan.competition, login="thu.ky.hai", role=Role.ORGANISER)
    with pytest.raises(ConflictError, match="role_already_used"):
        people.revoke_role(plan.ctx(), plan.competition, plan.organiser.id)


def test_candidates_and_administrators_get_no_role(plan: Plan) -> None:
    candidate = _apply(plan, 1)
    with pytest.raises(InvalidError, match="candidate_holds_no_role"):
        people.assign_role(plan.ctx(), plan.competition, login=candidate.application_code, role=Role.MARKER)
    administrator = make_official(plan.session, plan.now, "quan.tri")
    grant_role(ServiceContext(session=plan.session, now=plan.now), administrator, Role.ADMINISTRATOR)
    with pytest.raises(ConflictError, match="roles_not_compatible"):
        people.assign_role(plan.ctx(), plan.competition, login="quan.tri", role=Role.MARKER)


def test_a_flood_of_unfinished_applications_is_held_back_for_minutes(plan: Plan, now: datetime) -> None:
    begun = [_apply(plan, number) for number in range(MOST_NEW_DRAFTS)]
    with pytest.raises(ConflictError, match="applications_too_many"):
        _apply(plan, 100)

    candidacies.submit_on_paper(plan.ctx(), begun[0])
    _apply(plan, 101)
    with pytest.raises(ConflictError, match="applications_too_many"):
        _apply(plan, 102)

    plan.now = now + timedelta(minutes=DRAFTS_MINUTES, seconds=1)
    _apply(plan, 103)


def test_an_application_that_vanishes_before_it_is_handed_in_is_named(plan: Plan) -> None:
    mine = _apply(plan, 1)
    records = {row.seq: row for row in list_records(plan.session, get_log(plan.session, plan.competition.code).id)}
    assert list(check_presence(plan.session, plan.competition, records)) == []

    plan.session.connection().execute(delete(inspect(Candidacy).local_table))
    plan.session.expunge(mine)
    (found,) = check_presence(plan.session, plan.competition, records)
    assert (found.table, found.code, found.event) == ("candidacies", "row_missing", "application:begun")
