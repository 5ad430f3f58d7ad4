"""Signing a result over the hash of exactly what was seen, and publishing what enough people signed.

Nobody signs twice, nobody signs for another, and a signature belongs to one version: a new version starts with none.
Who agrees shows a second factor with it: a passkey signs the hash itself, and what it signed stands in the record, so
that a stranger can check it; a code of an app proves it to this server alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from examsite.domain.canonical import sha256_hex
from examsite.domain.competitions import GATE_ROLES, GateEvent
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.publication import RESULT, Decision, ResultEvent, ResultState, council_outcome
from examsite.domain.reasons import LEAST_REASON, checked_reason
from examsite.domain.ties import open_ties
from examsite.services.bundles import bundle_hashes
from examsite.services.checkpoints import sign_checkpoint
from examsite.services.context import ServiceContext
from examsite.services.corrections import check_next_step
from examsite.services.findings import list_readers
from examsite.services.gates import check_gate, pass_gate
from examsite.services.passkeys import check_signature
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.storage.models.competitions import Competition
from examsite.storage.models.ranking import ResultVersion, Signature
from examsite.storage.queries.conflicts import list_recused_accounts
from examsite.storage.queries.corrections import is_correcting, takes_signatures
from examsite.storage.queries.results import (
    COUNCIL,
    council_approvals,
    find_newest_version,
    list_published_versions,
    list_signers,
    result_document,
)

#: How many of the last hex digits of the hash a signer types from the copy in hand. Source: our choice, because four
#: digits are quick to type and one version differs from another with 65535 chances in 65536.
TAIL_LENGTH = 4

#: In which states of a version a role may still sign it.
SIGNABLE = {
    Role.CHAIR: (ResultState.PROPOSED, ResultState.COUNCIL_SIGNED),
    Role.COUNCIL_MEMBER: (ResultState.PROPOSED, ResultState.COUNCIL_SIGNED),
    Role.AUTHORITY: (ResultState.COUNCIL_SIGNED,),
}


@dataclass(frozen=True)
class SigningRight:
    """Whether a person may sign a version now; `code` says why not (None: may)."""

    code: str | None

    @property
    def may_sign(self) -> bool:
        """Whether the form is shown."""
        return self.code is None


def signing_right(ctx: ServiceContext, competition: Competition, version: ResultVersion) -> SigningRight:
    """Whether the actor may sign this version now: the one rule that the page and the act share."""
    actor = ctx.require(*SIGNABLE, competition_id=competition.id)
    newest = find_newest_version(ctx.session, competition.id)
    if newest is None or newest.id != version.id:
        return SigningRight("result_superseded")
    if any(signature.assignment.account_id == actor.account_id for signature in newest.signatures):
        return SigningRight("already_signed")
    if actor.account_id in list_recused_accounts(ctx.session, competition.id):
        return SigningRight("conflict_declared")
    signable = SIGNABLE[actor.role or Role.CHAIR]
    if not takes_signatures(ctx.session, competition) or newest.state not in SIGNABLE[Role.CHAIR]:
        return SigningRight("result_not_signable")
    if open_ties(result_document(newest)):
        return SigningRight("tie_not_decided")
    if newest.state not in signable:
        return SigningRight("council_signs_first")
    if actor.pseudonym not in list_readers(ctx.session, competition, newest):
        return SigningRight("findings_not_read")
    return SigningRight(None)


def check_tail(sha256: str, sha_tail: str) -> None:
    """Refuse the last signs of another document's hash; `sha256` is in hex.

    Raises:
        InvalidError: `hash_tail_wrong`, with the `field`.
    """
    if sha_tail.strip().lower() != sha256[-TAIL_LENGTH:]:
        raise InvalidError("hash_tail_wrong", field="sha_tail")


def sign_result(
    ctx: ServiceContext,
    competition: Competition,
    number: int,
    *,
    decision: Decision,
    sha_tail: str,
    reason: str = "",
    signed: str | None = None,
) -> Signature:
    """Agree to, or refuse, the version with this number; the last signature that was needed opens the gate.

    Council members sign until enough have agreed, or until so many have refused that it cannot be enough; then the
    authority signs alone. `signed` is what a passkey of the person signed over the hash, as the browser gave it;
    without it a second factor was shown a moment ago.

    Raises:
        ConflictError: `result_superseded`, `already_signed`, `result_not_signable`, `tie_not_decided`,
            `council_signs_first`, `findings_not_read`, `result_damaged`, `factor_damaged`.
        InvalidError: `hash_tail_wrong`, `reason_missing`, `reason_too_short`, `reason_too_long`, `passkey_not_valid`,
            each with its `field`.
        NotAllowedError: `role_needed`, `conflict_declared`, `fresh_factor_needed`.
    """
    actor = ctx.require(*SIGNABLE, competition_id=competition.id)
    version = find_newest_version(ctx.session, competition.id, for_update=True)
    if version is None or version.number != number:
        raise ConflictError("result_superseded")
    refusal = signing_right(ctx, competition, version).code
    if refusal == "conflict_declared":
        raise NotAllowedError(refusal)
    if refusal is not None:
        raise ConflictError(refusal)
    if sha256_hex(version.document.encode("utf-8")) != version.sha256:
        raise ConflictError("result_damaged")
    check_tail(version.sha256, sha_tail)
    agreed = decision is Decision.AGREED
    assertion = (
        check_signature(ctx, version.sha256, answer=signed, log=competition.code).as_data()
        if agreed and signed
        else None
    )
    reason = "" if agreed else checked_reason(reason, least=LEAST_REASON)
    if assertion is None:
        ctx.require_fresh_factor()
    if agreed and actor.role is Role.AUTHORITY:
        _check_step(ctx, competition, GateEvent.RESULT_APPROVED)
    event = Event.RESULT_APPROVED if agreed else Event.RESULT_REFUSED
    said: dict[str, object] = {"assertion": assertion} if agreed else {"reason": reason}
    payload = {"result_sha256": version.sha256, **said}
    seq = record(ctx, competition, event, f"competition/{competition.code}", payload)
    signature = Signature(
        result_version_id=version.id,
        assignment_id=actor.assignment_id,
        decision=decision,
        reason=reason,
        sha256=version.sha256,
        signed_at=ctx.now,
        record_seq=seq,
    )
    ctx.session.add(signature)
    ctx.session.flush()
    _go_on(ctx, competition, agreed=agreed, seq=seq)
    return signature


def publish_result(ctx: ServiceContext, competition: Competition) -> ResultVersion:
    """Publish the approved version: exactly the bytes whose hash was signed, by another person than who approved it.

    Of a correction it takes the place of what was published, and ends the correction.

    Raises:
        ConflictError: `event_not_open`, `gate_shut`, `result_damaged`.
        NotAllowedError: `role_needed`, `fresh_factor_needed`, `second_person_needed`.

    Source: result format: a bundle names the one that it replaces; what was given out is put into the log before.
    """
    corrects = is_correcting(ctx.session, competition)
    _check_step(ctx, competition, GateEvent.RESULT_PUBLISHED)
    ctx.require_fresh_factor()
    version = find_newest_version(ctx.session, competition.id, for_update=True)
    if version is None or sha256_hex(version.document.encode("utf-8")) != version.sha256:
        raise ConflictError("result_damaged")
    if ctx.actor.account_id in _approvers(version):
        raise NotAllowedError("second_person_needed")
    for replaced in list_published_versions(ctx.session, competition.id)[-1:]:
        hashes = {} if ctx.settings is None else bundle_hashes(ctx.session, competition, ctx.settings.bundles_path)
        kept = {"version": replaced.number, "result_sha256": replaced.sha256, "bundles": hashes}
        record(ctx, competition, Event.BUNDLE_REPLACED, f"competition/{competition.code}", kept)
    version.state = RESULT.after(version.state, ResultEvent.PUBLISHED)
    version.published_at = ctx.now
    payload = {"result_sha256": version.sha256}
    seq = record(ctx, competition, Event.RESULT_PUBLISHED, f"competition/{competition.code}", payload)
    _pass_step(ctx, competition, GateEvent.RESULT_PUBLISHED, seq=seq, corrects=corrects)
    return version


def _check_step(ctx: ServiceContext, competition: Competition, event: GateEvent) -> None:
    """The gate of the first version; in a correction it stands open, and only its checklist is asked."""
    if is_correcting(ctx.session, competition):
        check_next_step(ctx, competition, event, GATE_ROLES[event])
    else:
        check_gate(ctx, competition, event)


def _pass_step(ctx: ServiceContext, competition: Competition, event: GateEvent, *, seq: int, corrects: bool) -> None:
    """Through the gate; in a correction only a checkpoint is signed, as at every gate."""
    if corrects:
        ctx.session.flush()
        sign_checkpoint(ctx, competition.code)
    else:
        pass_gate(ctx, competition, event, record_seq=seq)


def _go_on(ctx: ServiceContext, competition: Competition, *, agreed: bool, seq: int) -> None:
    """What the signature just given changes."""
    version = find_newest_version(ctx.session, competition.id)
    if version is None:
        return
    if ctx.actor.role is Role.AUTHORITY:
        version.state = RESULT.after(version.state, ResultEvent.APPROVED if agreed else ResultEvent.REFUSED)
        if agreed:
            corrects = is_correcting(ctx.session, competition)
            _pass_step(ctx, competition, GateEvent.RESULT_APPROVED, seq=seq, corrects=corrects)
        return
    if version.state is not ResultState.PROPOSED:
        return
    outcome = _council_outcome(ctx, competition, version)
    if outcome is Decision.AGREED:
        version.state = RESULT.after(version.state, ResultEvent.COUNCIL_SIGNED)
    elif outcome is Decision.REFUSED:
        version.state = RESULT.after(version.state, ResultEvent.REFUSED)
    ctx.session.flush()


def _approvers(version: ResultVersion) -> set[int]:
    """The people whose word as authority stands for the version; roles may have been given to others since."""
    return {
        signature.assignment.account_id
        for signature in version.signatures
        if signature.decision is Decision.AGREED and signature.assignment.role is Role.AUTHORITY
    }


def _council_outcome(ctx: ServiceContext, competition: Competition, version: ResultVersion) -> Decision | None:
    """What those of the council who said something have decided; whoever declared a conflict does not count."""
    said = {row.assignment.account_id: row for row in version.signatures if row.assignment.role in COUNCIL}
    chair = next((row.decision for row in said.values() if row.assignment.role is Role.CHAIR), None)
    conflicted = list_recused_accounts(ctx.session, competition.id)
    holders = {row.account_id for row in list_signers(ctx.session, competition.id, *COUNCIL)}
    agreed = len(council_approvals(version))
    return council_outcome(
        agreed=agreed,
        refused=len(said) - agreed,
        waiting=len(holders - said.keys() - conflicted),
        needed=ruleset_of(competition).approvals_council,
        chair=chair,
    )
