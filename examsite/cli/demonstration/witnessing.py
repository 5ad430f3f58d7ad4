"""The witnesses of the demonstration: two keys that everybody can make again, and what they sign at the publication."""

from __future__ import annotations

import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from examsite.domain.checkpoints import VerifierKey, parse_note
from examsite.domain.cosignatures import COSIGNATURE, cosign, with_cosignatures
from examsite.services.context import ServiceContext
from examsite.services.witnesses import add_cosignatures, name_witness
from examsite.storage.queries.records import find_last_checkpoint

#: Name of the key and who holds it.
WITNESSES = (
    ("giam-sat.vanhai.example/2026", "Ban giám sát"),
    ("thi-sinh.vanhai.example/2026", "Đại diện thí sinh"),
)


def name_witnesses(ctx: ServiceContext, competition: Any) -> None:
    """The supervision board lets both keys count."""
    for name, holder in WITNESSES:
        name_witness(ctx, competition, key=_key(name)[0].as_text(), holder=holder)


def bring_signatures(ctx: ServiceContext, competition: Any) -> None:
    """Both sign the newest checkpoint, as if each had done so on a machine of its own."""
    newest = find_last_checkpoint(ctx.session, competition.code)
    if newest is None:
        return
    note = newest.note
    for name, _holder in WITNESSES:
        key, private = _key(name)
        at_seconds = int(ctx.now.timestamp())
        line = cosign(parse_note(note), name, public_key=key.public_key, sign=private.sign, at_seconds=at_seconds)
        note = with_cosignatures(note, [line])
    add_cosignatures(ctx, competition, note)


def _key(name: str) -> tuple[VerifierKey, Ed25519PrivateKey]:
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    return VerifierKey(name, private.public_key().public_bytes_raw(), COSIGNATURE), private
