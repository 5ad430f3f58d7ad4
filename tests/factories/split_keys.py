"""Keys whose sheets are in the hands of their holders already: how they take them is told elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from examsite.domain.split_keys import KeyPurpose
from examsite.services.context import ServiceContext
from examsite.services.split_keys import Sheet, SplitSecret, add_split_key, split_secret
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition


def make_split_key(
    chair: ServiceContext,
    competition: Competition,
    purpose: KeyPurpose,
    *,
    holders: Sequence[RoleAssignment],
    needed: int = 2,
    made: SplitSecret | None = None,
) -> list[Sheet]:
    """A key in force, and the words of its sheets."""
    made = made or split_secret(needed=needed, holders=len(holders))
    add_split_key(chair, competition, purpose, made=made, holders=holders)
    return [
        Sheet(number, held.pseudonym or "", words)
        for number, (held, words) in enumerate(zip(holders, made.shares, strict=False), start=1)
    ]
