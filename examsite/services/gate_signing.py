"""The council signs, or refuses, what a gate is about to make final: over the hash of exactly what each has seen.

Source: NĐ 170/2025/NĐ-CP art. 8(2): the council decides by majority; before which gates, and how many sign, is data of
the rule set. The result has a signing of its own, because strangers check it (`publication`).
"""

from __future__ import annotations

from examsite.domain.competitions import GateEvent, next_event
from examsite.domain.errors import ConflictError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.publication import Decision
from examsite.domain.reasons import LEAST_REASON, checked_reason
from examsite.services.context import ServiceContext
from examsite.services.passkeys import check_signature
from examsite.services.publication import check_tail
from examsite.services.records import record
from examsite.storage.models.competitions import Competition
from examsite.storage.queries.gate_signatures import GateSigning, read_gate_signing


def why_not_sign(ctx: ServiceContext, competition: Competition, signing: GateSigning) -> str | None:
    """Why this person may not sign now, None where the form is shown: the one rule of the page and the act."""
    actor = ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    if next_event(competition.state) is not signing.event:
        return "gate_not_signable"
    own = signing.said.get(actor.account_id or 0)
    if own is not None and own.decision is Decision.AGREED:
        return "already_signed"
    if actor.account_id in signing.recused:
        return "conflict_declared"
    # A refusal stands until enough agree: of what nobody can change any more (scores), it would shut the gate for ever.
    return "gate_not_signable" if signing.outcome is Decision.AGREED else None


def sign_gate(
    ctx: ServiceContext,
    competition: Competition,
    event: GateEvent,
    *,
    decision: Decision,
    sha_tail: str,
    reason: str = "",
    signed: str | None = None,
) -> int:
    """Agree to the document of a gate, or refuse it with a reason; the number of the record.

    Who refused may agree to the same document later; who agreed has agreed.

    `signed` is what a passkey of the person signed over the hash; without it a second factor was shown a moment ago.

    Raises:
        ConflictError: `gate_not_signable` (also where the rule set asks for no signatures, or enough have agreed),
            `already_signed`, `factor_damaged`.
        InvalidError: `hash_tail_wrong`, also when the document changed since it was read; `reason_missing`,
            `reason_too_short`, `reason_too_long`, `passkey_not_valid`, each with its `field`.
        NotAllowedError: `role_needed`, `conflict_declared`, `fresh_factor_needed`.
    """
    ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    signing = read_gate_signing(ctx.session, competition, event)
    if signing is None:
        raise ConflictError("gate_not_signable")
    refusal = why_not_sign(ctx, competition, signing)
    if refusal == "conflict_declared":
        raise NotAllowedError(refusal)
    if refusal is not None:
        raise ConflictError(refusal)
    agreed = decision is Decision.AGREED
    if not agreed and ctx.actor.account_id in signing.said:
        raise ConflictError("already_signed")
    check_tail(signing.sha256, sha_tail)
    assertion = (
        check_signature(ctx, signing.sha256, answer=signed, log=competition.code).as_data()
        if agreed and signed
        else None
    )
    words = "" if agreed else checked_reason(reason, least=LEAST_REASON)
    if assertion is None:
        ctx.require_fresh_factor()
    payload = {
        "gate": event.value,
        "document_sha256": signing.sha256,
        "agreed": agreed,
        "reason": words,
        "assertion": assertion,
    }
    return record(ctx, competition, Event.GATE_SIGNED, f"competition/{competition.code}", payload)
