"""Passing a gate: the checklist must be empty, the actor must hold the role, the passage is recorded.

The state machine and the roles stand in `examsite.domain.competitions`; what is missing is read by
`examsite.storage.queries.gates`. Services that carry out the act of a gate call `pass_gate` in the same transaction.
"""

from __future__ import annotations

from examsite.domain.competitions import COMPETITION, GATE_ROLES, GateEvent
from examsite.domain.errors import ConflictError
from examsite.services.checkpoints import sign_checkpoint
from examsite.services.context import ServiceContext
from examsite.storage.models.competitions import Competition, GatePassage
from examsite.storage.queries.gates import list_missing


def check_gate(ctx: ServiceContext, competition: Competition, event: GateEvent) -> None:
    """Refuse the act unless the gate is next, the actor may open it and nothing is missing.

    Raises:
        ConflictError: `event_not_open`, `gate_shut` (with how many things are missing).
        NotAllowedError: `role_needed`.
    """
    COMPETITION.after(competition.state, event)
    ctx.require(GATE_ROLES[event], competition_id=competition.id)
    missing = list_missing(ctx.session, competition, event, now=ctx.now)
    if missing:
        raise ConflictError("gate_shut", count=len(missing), first=missing[0].code)


def pass_gate(ctx: ServiceContext, competition: Competition, event: GateEvent, *, record_seq: int) -> None:
    """Put the competition behind the gate, naming the record that says so, and sign a checkpoint of its log.

    Call `check_gate` before the act and this after its record was written.
    """
    competition.state = COMPETITION.after(competition.state, event)
    ctx.session.add(
        GatePassage(
            competition_id=competition.id,
            event=event,
            at=ctx.now,
            account_id=ctx.actor.account_id,
            record_seq=record_seq,
        )
    )
    ctx.session.flush()
    sign_checkpoint(ctx, competition.code)
