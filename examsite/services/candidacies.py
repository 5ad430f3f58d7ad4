"""Applications, dossiers, eligibility and the fixed list of those who take part."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, select

from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.dossiers import (
    APPLICATION_CODE_LENGTH,
    APPLICATION_CODE_LETTERS,
    CANDIDACY,
    DRAFTS_MINUTES,
    MOST_NEW_DRAFTS,
    Applicant,
    CandidacyEvent,
    CandidacyState,
    candidate_numbers,
    check_born_on,
    missing_items,
    read_identity_number,
)
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.names import given_name_key
from examsite.domain.permissions import Role
from examsite.domain.working_days import ZONE
from examsite.services.accounts import create_accounts, end_all_login_sessions
from examsite.services.context import ServiceContext
from examsite.services.gates import check_gate, pass_gate
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.services.throttling import clear_failed_log_ins
from examsite.services.uploads import ReceivedFile, add_upload
from examsite.storage.models.accounts import Account, RoleAssignment
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.models.dossiers import Candidacy, DossierItem
from examsite.storage.queries.attempts import count_open_attempts
from examsite.storage.queries.candidacies import (
    count_drafts_since,
    get_application,
    get_candidacy,
    list_identity_numbers,
    list_roster,
    list_with_accounts,
)
from examsite.storage.row_sets import in_portions


def apply(
    ctx: ServiceContext, competition: Competition, post: Post, applicant: Applicant, *, password_hash: str
) -> Candidacy:
    """Take an application and give it a code to log in with; the person stands for one post of the competition.

    Raises:
        ConflictError: `applications_not_open`, `applications_too_many`.
        InvalidError: `identity_number_taken`, `identity_number_not_valid`, `born_on_not_possible`.
    """
    check_application_room(ctx, competition)
    begun = add_candidacy(ctx, competition, post, applicant, password_hash=password_hash)
    # Whoever has the database could otherwise make an application vanish before it is handed in.
    record(ctx, competition, Event.APPLICATION_BEGUN, f"application/{begun.id}", {}, actor="candidate")
    return begun


def check_application_room(ctx: ServiceContext, competition: Competition) -> None:
    """Refuse an application outside its time, or while a flood of them runs; asked before a password is hashed.

    Raises:
        ConflictError: `applications_not_open`, `applications_too_many`.
    """
    _check_receiving(ctx, competition)
    since = ctx.now - timedelta(minutes=DRAFTS_MINUTES)
    if count_drafts_since(ctx.session, competition.id, since) >= MOST_NEW_DRAFTS:
        raise ConflictError("applications_too_many", minutes=DRAFTS_MINUTES)


def add_candidacy(
    ctx: ServiceContext, competition: Competition, post: Post, applicant: Applicant, *, password_hash: str
) -> Candidacy:
    """Write an application down, without asking whether applications are open.

    Raises:
        InvalidError: `identity_number_taken`, `identity_number_not_valid`, `born_on_not_possible`.
    """
    (added,) = add_candidacies(ctx, competition, [(post, applicant)], password_hash=password_hash)
    return get_candidacy(ctx.session, added.id)


def add_candidacies(
    ctx: ServiceContext, competition: Competition, people: Sequence[tuple[Post, Applicant]], *, password_hash: str
) -> list[Candidacy]:
    """As `add_candidacy` for many people at once, in their order.

    Raises:
        InvalidError: those of `add_candidacy`.
    """
    taken = list_identity_numbers(ctx.session, competition.id)
    for _post, applicant in people:
        number = read_identity_number(applicant.identity_number)
        check_born_on(applicant.born_on, today=ctx.now.astimezone(ZONE).date())
        if number in taken:
            raise InvalidError("identity_number_taken", field="identity_number")
        taken.add(number)
    codes = _new_application_codes(ctx, len(people))
    accounts = [
        Account(login=code, display_name=applicant.full_name, password_hash=password_hash, created_at=ctx.now)
        for code, (_post, applicant) in zip(codes, people, strict=True)
    ]
    create_accounts(ctx, accounts)
    added = [
        Candidacy(
            competition_id=competition.id,
            post_id=post.id,
            account_id=account.id,
            application_code=code,
            full_name=applicant.full_name,
            born_on=applicant.born_on,
            identity_number=read_identity_number(applicant.identity_number),
            unit=applicant.unit,
            position_title=applicant.position_title,
            phone=applicant.phone,
            email=applicant.email,
            hometown=applicant.hometown,
            created_at=ctx.now,
        )
        for code, account, (post, applicant) in zip(codes, accounts, people, strict=True)
    ]
    ctx.session.add_all(added)
    ctx.session.flush()
    return added


def add_dossier_item(ctx: ServiceContext, candidacy_id: int, item: str, received: ReceivedFile) -> DossierItem:
    """Put a file into the own dossier; an older one of the same item stays behind it.

    Raises:
        ConflictError: `applications_not_open`, `application_not_open`.
        InvalidError: `dossier_item_unknown`.
        NotAllowedError: `role_needed`.
    """
    candidacy = _own(ctx, candidacy_id)
    _check_receiving(ctx, candidacy.competition)
    if candidacy.state is not CandidacyState.DRAFT:
        raise ConflictError("application_not_open")
    if item not in {known.code for known in ruleset_of(candidacy.competition).dossier_checklist}:
        raise InvalidError("dossier_item_unknown")
    added = DossierItem(candidacy_id=candidacy.id, item=item, upload_id=add_upload(ctx, received).id, added_at=ctx.now)
    ctx.session.add(added)
    ctx.session.flush()
    return added


def submit_application(ctx: ServiceContext, candidacy_id: int) -> None:
    """Hand the dossier in; from here on it is read, not changed.

    Raises:
        ConflictError: `applications_not_open`, `dossier_incomplete`, `event_not_open`.
        NotAllowedError: `role_needed`.
    """
    candidacy = _own(ctx, candidacy_id)
    _check_receiving(ctx, candidacy.competition)
    newest = {item.item: item.upload.sha256 for item in candidacy.items}
    missing = missing_items((known.code for known in ruleset_of(candidacy.competition).dossier_checklist), newest)
    if missing:
        raise ConflictError("dossier_incomplete", count=len(missing))
    _hand_in(ctx, candidacy, newest)


def submit_on_paper(ctx: ServiceContext, candidacy: Candidacy) -> None:
    """The organiser takes a dossier in that was handed over on paper or came with an imported list.

    Raises:
        ConflictError: `applications_not_open` once the list is fixed, `event_not_open`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ORGANISER, competition_id=candidacy.competition_id)
    if candidacy.competition.state not in (CompetitionState.RECEIVING, CompetitionState.VETTING):
        raise ConflictError("applications_not_open")
    _hand_in(ctx, candidacy, {})


def reopen_application(ctx: ServiceContext, candidacy: Candidacy, *, reason: str) -> None:
    """Give a dossier back to be completed, while applications are open.

    Raises:
        ConflictError: `applications_not_open`, `event_not_open`.
        InvalidError: `reason_needed`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ORGANISER, competition_id=candidacy.competition_id)
    _check_receiving(ctx, candidacy.competition)
    _check_reason(reason)
    candidacy.state = CANDIDACY.after(candidacy.state, CandidacyEvent.REOPENED)
    candidacy.submitted_at = None
    _record(ctx, candidacy, Event.APPLICATION_REOPENED, {"reason": reason})


def withdraw_application(ctx: ServiceContext, candidacy_id: int) -> None:
    """Take the own application back, for good, while no decision has been taken.

    Raises:
        ConflictError: `event_not_open`.
        NotAllowedError: `role_needed`.
    """
    candidacy = _own(ctx, candidacy_id)
    candidacy.state = CANDIDACY.after(candidacy.state, CandidacyEvent.WITHDRAWN)
    _record(ctx, candidacy, Event.APPLICATION_WITHDRAWN, {})


def accept_candidacy(ctx: ServiceContext, competition: Competition, application_code: str) -> None:
    """Decide that a person fulfils the standards and conditions.

    Raises:
        ConflictError: `vetting_not_open`, `event_not_open`.
        NotAllowedError: `role_needed`.
        NotFoundError: `candidacy_not_found`.
    """
    candidacy = _vetted(ctx, competition, application_code)
    _decide(ctx, candidacy, CandidacyEvent.ACCEPTED, reason="")


def refuse_candidacy(ctx: ServiceContext, competition: Competition, application_code: str, *, reason: str) -> None:
    """Decide that a person does not fulfil them, with the reason that the person reads.

    Raises:
        ConflictError: `vetting_not_open`, `event_not_open`.
        InvalidError: `reason_needed`.
        NotAllowedError: `role_needed`.
        NotFoundError: `candidacy_not_found`.
    """
    candidacy = _vetted(ctx, competition, application_code)
    _check_reason(reason)
    _decide(ctx, candidacy, CandidacyEvent.REFUSED, reason=reason)


def reconsider_candidacy(ctx: ServiceContext, competition: Competition, application_code: str, *, reason: str) -> None:
    """Take a decision back before the list is fixed, so that it can be taken anew; both stay in the log.

    Raises:
        ConflictError: `vetting_not_open`, `event_not_open`.
        InvalidError: `reason_needed`.
        NotAllowedError: `role_needed`.
        NotFoundError: `candidacy_not_found`.
    """
    candidacy = _vetted(ctx, competition, application_code)
    _check_reason(reason)
    candidacy.state = CANDIDACY.after(candidacy.state, CandidacyEvent.RECONSIDERED)
    candidacy.refusal_reason = ""
    candidacy.decided_at, candidacy.decided_by_id = None, None
    _record(ctx, candidacy, Event.ELIGIBILITY_DECIDED, {"decision": "reconsidered", "reason": reason})


def fix_roster(ctx: ServiceContext, competition: Competition) -> None:
    """Allot candidate numbers in the order of given names and draw public codes; the list stands from here on.

    Source: TT 22/2025/TT-BNV (numbers unique and ascending); the order by given name is the custom of posted lists.

    Raises:
        ConflictError: `event_not_open`, `gate_shut`.
        NotAllowedError: `role_needed`.
    """
    check_gate(ctx, competition, GateEvent.ROSTER_FIXED)
    found = ctx.session.scalars(
        select(Candidacy).where(Candidacy.competition_id == competition.id, Candidacy.state == CandidacyState.ELIGIBLE)
    )
    people = sorted(found, key=lambda item: (given_name_key(item.full_name), item.identity_number))
    codes = _draw_public_codes(len(people))
    for person, number, code in zip(
        people, candidate_numbers(competition.number_prefix, len(people)), codes, strict=True
    ):
        person.candidate_number, person.public_code = number, code
    ctx.session.flush()
    roster = [
        {"code": item.public_code, "post": item.post.code}
        for item in sorted(list_roster(ctx.session, competition.id), key=lambda item: str(item.public_code))
    ]
    subject = f"competition/{competition.code}"
    sequence = record(ctx, competition, Event.ROSTER_FIXED, subject, {"candidates": roster})
    record(ctx, competition, Event.ROLES_FIXED, subject, {"people": _people(ctx, competition)})
    pass_gate(ctx, competition, GateEvent.ROSTER_FIXED, record_seq=sequence)


def issue_passwords(ctx: ServiceContext, competition: Competition, hashes: Mapping[int, str]) -> None:
    """Replace the passwords of candidates by freshly printed ones (hash by candidacy); older slips stop working.

    Refused while anyone of the competition is writing: whoever holds a new slip could take over the work.

    Raises:
        ConflictError: `passwords_frozen_in_test`.
        NotAllowedError: `role_needed`, `fresh_factor_needed`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    ctx.require_fresh_factor()
    if count_open_attempts(ctx.session, competition.id):
        raise ConflictError("passwords_frozen_in_test")
    people = list_with_accounts(ctx.session, competition.id, hashes)
    if len(people) != len(hashes):
        raise NotAllowedError("role_needed", roles=Role.ORGANISER)
    for candidacy in people:
        candidacy.account.password_hash = hashes[candidacy.id]
    end_all_login_sessions(ctx, *(candidacy.account_id for candidacy in people))
    logins = {candidacy.account.login for candidacy in people}
    clear_failed_log_ins(ctx, *sorted(logins | {row.candidate_number for row in people if row.candidate_number}))
    ctx.session.flush()
    payload = {"numbers": sorted(candidacy.candidate_number or "" for candidacy in people)}
    record(ctx, competition, Event.PASSWORDS_ISSUED, f"competition/{competition.code}", payload)


def _own(ctx: ServiceContext, candidacy_id: int) -> Candidacy:
    """The candidacy of the candidate who acts."""
    actor = ctx.require(Role.CANDIDATE)
    if actor.candidacy_id != candidacy_id:
        raise NotAllowedError("role_needed", roles=Role.CANDIDATE)
    _lock(ctx, Candidacy.id == candidacy_id)
    return get_candidacy(ctx.session, candidacy_id)


def _vetted(ctx: ServiceContext, competition: Competition, application_code: str) -> Candidacy:
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    if competition.state is not CompetitionState.VETTING:
        raise ConflictError("vetting_not_open")
    known = (Candidacy.competition_id == competition.id) & (Candidacy.application_code == application_code)
    _lock(ctx, known)
    return get_application(ctx.session, competition.id, application_code)


def _lock(ctx: ServiceContext, known: ColumnElement[bool]) -> None:
    """Take the row and forget what was read of it, so that a withdrawal, a second tab and a decision never cross."""
    ctx.session.scalars(
        select(Candidacy).where(known).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).all()


def _decide(ctx: ServiceContext, candidacy: Candidacy, event: CandidacyEvent, *, reason: str) -> None:
    candidacy.state = CANDIDACY.after(candidacy.state, event)
    candidacy.refusal_reason = reason
    candidacy.decided_at, candidacy.decided_by_id = ctx.now, ctx.actor.account_id
    _record(ctx, candidacy, Event.ELIGIBILITY_DECIDED, {"decision": event.value, "reason": reason})


def _hand_in(ctx: ServiceContext, candidacy: Candidacy, items: Mapping[str, str]) -> None:
    candidacy.state = CANDIDACY.after(candidacy.state, CandidacyEvent.SUBMITTED)
    candidacy.submitted_at = ctx.now
    _record(ctx, candidacy, Event.APPLICATION_SUBMITTED, {"post": candidacy.post.code, "items": dict(items)})


def _record(ctx: ServiceContext, candidacy: Candidacy, event: Event, payload: dict[str, object]) -> None:
    # The key, not the application code: people log in with the code, and every record comes out in the end.
    record(ctx, candidacy.competition, event, f"application/{candidacy.id}", payload)


def _check_receiving(ctx: ServiceContext, competition: Competition) -> None:
    closes_at = competition.applications_close_at
    if competition.state is not CompetitionState.RECEIVING or (closes_at is not None and ctx.now >= closes_at):
        raise ConflictError("applications_not_open")


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidError("reason_needed", field="reason")


def _new_application_codes(ctx: ServiceContext, count: int) -> list[str]:
    """Codes that nobody has, in the order in which they were drawn."""
    found: dict[str, None] = {}
    while len(found) < count:
        letters = "".join(secrets.choice(APPLICATION_CODE_LETTERS) for _ in range(APPLICATION_CODE_LENGTH))
        found[f"hs-{letters}"] = None
        if len(found) == count:
            for portion in in_portions(list(found)):
                used = select(Candidacy.application_code).where(Candidacy.application_code.in_(portion))
                for code in ctx.session.scalars(used):
                    del found[code]
    return list(found)


def _draw_public_codes(count: int) -> list[str]:
    """Different codes of five digits; no candidate number looks like one, since numbers begin with letters."""
    codes: set[str] = set()
    while len(codes) < count:
        codes.add(str(10_000 + secrets.randbelow(90_000)))
    drawn = sorted(codes)
    secrets.SystemRandom().shuffle(drawn)
    return drawn


def _people(ctx: ServiceContext, competition: Competition) -> list[dict[str, str]]:
    """Who stands behind which pseudonym, for the supervision board alone."""
    held = ctx.session.scalars(
        select(RoleAssignment)
        .where(RoleAssignment.competition_id == competition.id, RoleAssignment.revoked_at.is_(None))
        .order_by(RoleAssignment.pseudonym)
    )
    return [{"pseudonym": item.pseudonym or "", "person": f"account/{item.account_id}"} for item in held]
