"""What a council member's own machine does for a draw: makes a number, its hash, and the number encrypted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyrage

from examsite.domain.draws import commitment_of
from examsite.domain.split_keys import KeyPurpose
from examsite.services.context import ServiceContext
from examsite.services.draws import commit_draw, contribute_number, reveal_number
from examsite.storage.models.competitions import Competition
from examsite.storage.queries.split_keys import get_split_key


@dataclass(frozen=True)
class Machine:
    """One number with what is given away of it before it is shown."""

    nonce: bytes
    commitment: str
    deposit: str


def make_number(recipient: str, fill: int, *, deposited: bytes | None = None) -> Machine:
    """A number whose bytes are all alike, so that a test repeats itself; a broken deposit holds something else."""
    nonce = bytes([fill]) * 32
    to = pyrage.x25519.Recipient.from_str(recipient)
    sealed = pyrage.encrypt(nonce if deposited is None else deposited, [to], armored=True)
    return Machine(nonce, commitment_of(nonce), sealed.decode("ascii"))


def give_numbers(competition: Competition, name: str, people: Sequence[ServiceContext]) -> list[Machine]:
    """Each gives a number; the machines in the same order."""
    key = get_split_key(people[0].session, competition.id, KeyPurpose.DRAWS)
    machines = [make_number(key.recipient, fill) for fill in range(1, len(people) + 1)]
    for ctx, machine in zip(people, machines, strict=True):
        contribute_number(ctx, competition, name, commitment=machine.commitment, deposit=machine.deposit)
    return machines


def number_all(
    competition: Competition, name: str, people: Sequence[ServiceContext], later: Sequence[ServiceContext]
) -> None:
    """Numbers given by all, the list closed by the first of them (the chair), and all shown at the later instant."""
    machines = give_numbers(competition, name, people)
    commit_draw(people[0], competition, name)
    for ctx, machine in zip(later, machines, strict=True):
        reveal_number(ctx, competition, name, machine.nonce)


def drawn_at_once(ruleset_toml: str) -> str:
    """The rule set with draws of one step, for tests that are about what comes after a draw."""
    changed = ruleset_toml.replace('draw_contributors = { value = "council"', 'draw_contributors = { value = "one"')
    assert changed != ruleset_toml
    return changed
