"""Draws (bốc thăm): one permutation of a list, committed and held on the record, by the council.

Each contributor's nonce is made on the server at the moment of the act. The commitment is recorded before the draw is
held; contributors who commit from their own machines beforehand take the same two records.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from examsite.domain.draws import NONCE_BYTES, Contribution, commitment_of, draw_document, hold_draw
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.competitions import Competition


@dataclass(frozen=True)
class HeldDraw:
    """What a draw decided, with the document that anyone can repeat it from."""

    document: dict[str, object]
    outcome: list[str]
    record_seq: int


def draw(ctx: ServiceContext, competition: Competition, name: str, items: Sequence[str]) -> HeldDraw:
    """Hold a draw over the items: the acting council member and the server contribute.

    Records `draw:committed` and `draw:held`; the payloads are private until something may be disclosed, so a draw
    whose outcome must stay secret shows only its commitments.

    Raises:
        NotAllowedError: `role_needed`: only the council draws.
        InvalidError: the list is empty or has repeats.
    """
    ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    contributions = [
        Contribution(by=ctx.actor.record_name, nonce=secrets.token_bytes(NONCE_BYTES)),
        Contribution(by="system", nonce=secrets.token_bytes(NONCE_BYTES)),
    ]
    document = draw_document(competition=competition.code, draw=name, items=items, contributions=contributions)
    subject = f"draw/{name}"
    commitments = [{"by": item.by, "commitment": commitment_of(item.nonce)} for item in contributions]
    record(
        ctx,
        competition,
        Event.DRAW_COMMITTED,
        subject,
        {"items": list(items), "commitments": commitments, "public": document["public"]},
    )
    outcome = hold_draw(document)
    seq = record(ctx, competition, Event.DRAW_HELD, subject, {"document": document, "outcome": outcome})
    return HeldDraw(document=document, outcome=outcome, record_seq=seq)
