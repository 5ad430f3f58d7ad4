"""Whoever demands witnesses believes no second history; the signatures are those of the witnesses of the world."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.checkpoints import (
    Checkpoint,
    Note,
    VerifierKey,
    note_text,
    parse_note,
    parse_verifier_key,
    sign_checkpoint,
)
from examsite.domain.cosignatures import (
    COSIGNATURE,
    check_quorum,
    cosign,
    cosigned_at,
    standing_witnesses,
    with_cosignatures,
)
from examsite.domain.errors import ConflictError, DomainError, InvalidError
from examsite.domain.merkle import consistency_proof, leaf_hash_of, root_hash
from examsite.domain.witnessing import Seen, WitnessRequest, check_request, parse_request, request_text
from tests.domain.test_checkpoints import NAME, PRIVATE_KEY, PUBLIC_KEY, SIGNED, verify

#: How many forks are tried; all of them in a long run.
FORKS = 1_000 if "EXAMSITE_SOAK" in os.environ else 40

# Source: a checkpoint of the log "arche2025h1" and the keys of public witnesses, as published by their operators.
PUBLISHED = """arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
"""  # noqa: E501 - as published
PUBLISHED_KEYS = (
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
)
PUBLISHED_AT = 0x6A122120

WITNESSES = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2, 3)]
KEYS = [
    VerifierKey(f"nhan-chung/{n}", key.public_key().public_bytes_raw(), COSIGNATURE) for n, key in enumerate(WITNESSES)
]
LOG = VerifierKey(NAME, PUBLIC_KEY)


def signed(leaves: list[bytes]) -> str:
    checkpoint = Checkpoint(NAME, len(leaves), root_hash(leaves))
    return sign_checkpoint(checkpoint, NAME, public_key=PUBLIC_KEY, sign=PRIVATE_KEY.sign)


@dataclass
class Witness:
    """An honest witness: it remembers what it signed, and asks the rule."""

    number: int
    seen: Seen | None = field(default=None)

    def asked(self, request: WitnessRequest) -> str:
        checkpoint = check_request(request, self.seen, log=LOG, verify=verify)
        self.seen = Seen(checkpoint.size, checkpoint.root)
        key = WITNESSES[self.number]
        line = cosign(
            parse_note(request.note),
            KEYS[self.number].name,
            public_key=KEYS[self.number].public_key,
            sign=key.sign,
            at_seconds=9,
        )
        return with_cosignatures(request.note, [line])


def test_signatures_of_public_witnesses_are_right() -> None:
    note = parse_note(PUBLISHED)
    for text in PUBLISHED_KEYS:
        key = parse_verifier_key(text, kind=COSIGNATURE)
        assert key.as_text() == text
        assert cosigned_at(note, key, verify=verify) == PUBLISHED_AT
        assert (
            cosigned_at(Note(note.text.replace("1432088532", "1432088533"), note.signatures), key, verify=verify)
            is None
        )
    log = parse_verifier_key(
        "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
    )
    with pytest.raises(InvalidError, match="verifier_key_not_valid"):
        parse_verifier_key(log.as_text(), kind=COSIGNATURE)


@given(st.integers(0, 2**63 - 1), st.integers(0, 71), st.integers(1, 255))
def test_a_cosignature_is_of_one_text_one_instant_and_one_key(at_seconds: int, place: int, change: int) -> None:
    note = parse_note(SIGNED)
    line = cosign(note, KEYS[0].name, public_key=KEYS[0].public_key, sign=WITNESSES[0].sign, at_seconds=at_seconds)
    whole = parse_note(with_cosignatures(SIGNED, [line, line]))
    assert len(whole.signatures) == 2
    assert cosigned_at(whole, KEYS[0], verify=verify) == at_seconds
    assert cosigned_at(whole, KEYS[1], verify=verify) is None
    data = bytearray(line.signature)
    data[place] ^= change
    changed = Note(note.text, (*note.signatures, type(line)(line.name, line.key_id, bytes(data))))
    assert cosigned_at(changed, KEYS[0], verify=verify) is None


def test_one_key_under_many_names_is_one_witness() -> None:
    names = [VerifierKey(f"ten/{n}", KEYS[0].public_key, COSIGNATURE) for n in range(3)]
    note = parse_note(SIGNED)
    lines = [cosign(note, key.name, public_key=key.public_key, sign=WITNESSES[0].sign, at_seconds=1) for key in names]
    text = with_cosignatures(SIGNED, lines)
    assert standing_witnesses(parse_note(text), names, verify=verify) == names[:1]
    with pytest.raises(InvalidError, match="witnesses_too_few"):
        check_quorum(text, names, quorum=2, verify=verify)


@given(st.integers(1, 40), st.integers(0, 40))
def test_a_witness_follows_a_log_and_goes_back_never(first: int, more: int) -> None:
    leaves = [leaf_hash_of(bytes([n])) for n in range(first + more)]
    witness = Witness(0)
    witness.asked(parse_request(signed(leaves[:first])))
    if more:
        with pytest.raises(ConflictError, match="witness_proof_needed"):
            witness.asked(parse_request(signed(leaves)))
    request = request_text(first, consistency_proof(leaves, first), signed(leaves))
    assert request_text(*vars(parse_request(request)).values()) == request
    witness.asked(parse_request(request))
    witness.asked(parse_request(request_text(first + more, (), signed(leaves))))
    if more:
        with pytest.raises(ConflictError, match="witness_log_shorter"):
            witness.asked(parse_request(signed(leaves[:first])))


@pytest.mark.parametrize(
    "text", ["old 1", "old 01\n\nx", "old 1\nAAAA\n\nx", "old -1\n\nx", "old 1\n" + "A" * 44 + "\n\nx"]
)
def test_what_is_no_request_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="witness_request_not_valid"):
        parse_request(text)


def test_no_fork_finds_two_of_three_witnesses() -> None:
    """The server shows most witnesses one history and the reader another; one witness may even be in league with it."""
    chance = random.Random(20)
    for _fork in range(FORKS):
        length = chance.randint(2, 60)
        honest = [leaf_hash_of(chance.randbytes(8)) for _ in range(length)]
        place = chance.randrange(length)
        shown_first = chance.randint(place + 1, length)
        forked = [*honest[:place], *(leaf_hash_of(chance.randbytes(8)) for _ in range(chance.randint(1, 40)))]
        witnesses = [Witness(number) for number in range(3)]
        good = signed(honest[:shown_first])
        for witness in witnesses:
            good = with_cosignatures(
                good, parse_note(witness.asked(parse_request(signed(honest[:shown_first])))).signatures
            )
        assert len(check_quorum(good, KEYS, quorum=2, verify=verify)) == 3
        bad = signed(forked)
        old = chance.choice([0, place, shown_first, len(forked)])
        proof = consistency_proof(forked, old) if 0 < old <= len(forked) else []
        for witness in witnesses[:-1]:
            for request in (bad, request_text(old, proof, bad), request_text(shown_first, proof, bad)):
                with pytest.raises(DomainError):
                    witness.asked(parse_request(request))
        # What the honest ones signed under the other history is put under this one, and the last one signs anything.
        accomplice = cosign(
            parse_note(bad),
            KEYS[2].name,
            public_key=KEYS[2].public_key,
            sign=WITNESSES[2].sign,
            at_seconds=chance.randrange(2**40),
        )
        stolen = [line for line in parse_note(good).signatures if line.name != NAME and line.name != KEYS[2].name]
        with pytest.raises(InvalidError, match="witnesses_too_few"):
            check_quorum(
                note_text(Note(parse_note(bad).text, (*parse_note(bad).signatures, *stolen, accomplice))),
                KEYS,
                quorum=2,
                verify=verify,
            )
