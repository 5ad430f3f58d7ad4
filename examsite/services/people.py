"""Who does what: roles in a competition, roles at a body, administrators.

Decision: a role may be revoked while nothing in the competition's record log was done under its pseudonym, and always
in a draft. After that the pseudonym must keep meaning the person who acted; somebody new gets a pseudonym of their own.
What a person saw on a board stays seen: a role taken back after the list was fixed still keeps other boards away. Once
scores have names, the council that signs them stays as it is.
"""

from __future__ import annotations

from examsite.domain.accounts import AccountState
from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.errors import ConflictError, InvalidError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.permissions import BODY_ROLES, COMPETITION_ROLES, Role, actor_name, are_compatible
from examsite.services.accounts import end_all_login_sessions, grant_role
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.accounts import Account, RoleAssignment
from examsite.storage.models.competitions import Body, Competition
from examsite.storage.queries.accounts import (
    find_account_by_login,
    find_candidacy_id,
    get_account,
    get_assignment,
    has_acted,
    has_begun_sheets,
    has_scripts,
    list_assignments,
    list_former_roles,
    list_holders,
)
from examsite.storage.queries.sittings import is_watching

#: Who signs the result as the council.
_COUNCIL = (Role.CHAIR, Role.COUNCIL_MEMBER)

#: Acts that do not yet bind a pseudonym to the result.
_PREPARING = (Event.COMPETITION_CREATED, Event.CONFLICT_DECLARED)


def assign_role(ctx: ServiceContext, competition: Competition, *, login: str, role: Role) -> RoleAssignment:
    """The organiser gives a person a role in the competition; the person's log-ins end, so that the role counts anew.

    Raises:
        ConflictError: `roles_not_compatible`, `role_held_before`, `role_has_holder`, `account_not_active`,
            `council_fixed`.
        InvalidError: `login_unknown`, `candidate_holds_no_role`, `role_not_of_competition`, `not_authority_of_body`,
            `not_organiser_of_body`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    if role not in COMPETITION_ROLES:
        raise InvalidError("role_not_of_competition", field="role")
    account = find_account_by_login(ctx.session, login)
    if account is None:
        raise InvalidError("login_unknown", field="login", login=login)
    _check_may_serve(ctx, account, role)
    _check_competent(ctx, competition, account, role)
    _check_council_open(competition, role)
    _check_former_roles(ctx, competition, account, role)
    assignment = grant_role(ctx, account, role, competition=competition)
    _end_log_ins_of(ctx, account.id)
    return assignment


def revoke_role(ctx: ServiceContext, competition: Competition, assignment_id: int) -> None:
    """The organiser takes back a role under which nothing was done yet; the person's log-ins end.

    Raises:
        ConflictError: `role_already_used`, also for a marker who was given scripts, and for a member of the panel who
            has begun a sheet: whose mark is left out is no choice of one person; `last_organiser`, `council_fixed`;
            `sittings_frozen` for an invigilator whose sitting is about to begin or runs.
        NotAllowedError: `role_needed`.
        NotFoundError: `assignment_not_found`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    assignment = get_assignment(ctx.session, assignment_id)
    if assignment.competition_id != competition.id:
        raise NotFoundError("assignment_not_found")
    pseudonym = assignment.pseudonym or ""
    if assignment.role is Role.ORGANISER and len(list_holders(ctx.session, competition.id, Role.ORGANISER)) == 1:
        raise ConflictError("last_organiser")
    _check_council_open(competition, assignment.role)
    if competition.state is CompetitionState.WRITTEN and is_watching(ctx.session, assignment.id):
        raise ConflictError("sittings_frozen")
    name = actor_name(assignment.role, pseudonym)
    is_draft = competition.state is CompetitionState.DRAFT
    has_worked = has_acted(ctx.session, competition.id, name, apart_from=_PREPARING)
    has_worked = has_worked or has_scripts(ctx.session, assignment.id) or has_begun_sheets(ctx.session, assignment.id)
    if not is_draft and has_worked:
        raise ConflictError("role_already_used", pseudonym=pseudonym)
    assignment.revoked_at = ctx.now
    payload = {"role": assignment.role.value, "pseudonym": pseudonym, "body": None}
    record(ctx, competition, Event.ROLE_REVOKED, f"account/{assignment.account_id}", payload)
    _end_log_ins_of(ctx, assignment.account_id)


def grant_body_role(ctx: ServiceContext, account_id: int, body: Body, role: Role) -> RoleAssignment:
    """The administrator notes who may open competitions at a body, or approve for it.

    Raises:
        ConflictError: `account_not_active`, `roles_not_compatible`.
        InvalidError: `role_not_of_body`, `candidate_holds_no_role`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ADMINISTRATOR)
    if role not in BODY_ROLES:
        raise InvalidError("role_not_of_body", field="role")
    account = get_account(ctx.session, account_id)
    _check_may_serve(ctx, account, role)
    assignment = grant_role(ctx, account, role, body=body)
    _end_log_ins_of(ctx, account.id)
    return assignment


def revoke_body_role(ctx: ServiceContext, assignment_id: int) -> None:
    """The administrator takes back a role at a body; competitions already open keep their people.

    Raises:
        NotAllowedError: `role_needed`.
        NotFoundError: `assignment_not_found`.
    """
    ctx.require(Role.ADMINISTRATOR)
    assignment = get_assignment(ctx.session, assignment_id)
    if assignment.body_id is None:
        raise NotFoundError("assignment_not_found")
    assignment.revoked_at = ctx.now
    body = ctx.session.get_one(Body, assignment.body_id)
    payload = {"role": assignment.role.value, "pseudonym": assignment.pseudonym, "body": body.code}
    record(ctx, None, Event.ROLE_REVOKED, f"account/{assignment.account_id}", payload)
    _end_log_ins_of(ctx, assignment.account_id)


def _check_may_serve(ctx: ServiceContext, account: Account, role: Role) -> None:
    """Candidates and administrators stay what they are; somebody shut out gets no role."""
    if account.state is not AccountState.ACTIVE:
        raise ConflictError("account_not_active", login=account.login)
    if find_candidacy_id(ctx.session, account.id) is not None:
        raise InvalidError("candidate_holds_no_role", field="login")
    if any(item.role is Role.ADMINISTRATOR for item in list_assignments(ctx.session, account.id)):
        raise ConflictError("roles_not_compatible", held=Role.ADMINISTRATOR, added=role)


def _check_council_open(competition: Competition, role: Role) -> None:
    """From the merging on everybody can see who won: nobody may choose any more who signs that."""
    if role in _COUNCIL and competition.state.has_reached(CompetitionState.MERGED):
        raise ConflictError("council_fixed")


def _check_former_roles(ctx: ServiceContext, competition: Competition, account: Account, role: Role) -> None:
    """Separation of duties reaches back to the fixed list: who was on a board then may have seen its secrets."""
    for former in list_former_roles(ctx.session, competition.id, account.id, since=GateEvent.ROSTER_FIXED):
        if not are_compatible(former, role):
            raise ConflictError("role_held_before", held=former, added=role)


def _check_competent(ctx: ServiceContext, competition: Competition, account: Account, role: Role) -> None:
    """The authority comes from the body in charge or the one above it, organisers from the body itself.

    Source: ND 170/2025/ND-CP art. 17: the head of the competent body approves; the pilot's principle of delegation.
    """
    body = ctx.session.get_one(Body, competition.body_id)
    held = {(item.role, item.body_id) for item in list_assignments(ctx.session, account.id) if item.body_id is not None}
    if role is Role.AUTHORITY and not held & {(role, body.id), (role, body.parent_id)}:
        raise InvalidError("not_authority_of_body", field="login", login=account.login, body=body.name)
    if role is Role.ORGANISER and (role, body.id) not in held:
        raise InvalidError("not_organiser_of_body", field="login", login=account.login, body=body.name)


def _end_log_ins_of(ctx: ServiceContext, account_id: int) -> None:
    if account_id != ctx.actor.account_id:
        end_all_login_sessions(ctx, account_id)
