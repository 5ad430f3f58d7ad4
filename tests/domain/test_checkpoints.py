"""A stranger's tool reads our checkpoint, and no other text passes for it."""

from __future__ import annotations

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.checkpoints import (
    MAX_SIGNATURES,
    Checkpoint,
    Note,
    NoteSignature,
    checkpoint_text,
    is_signed_by,
    key_id,
    note_text,
    open_checkpoint,
    parse_checkpoint_text,
    parse_note,
    sign_checkpoint,
)
from examsite.domain.errors import InvalidError
from tests.domain import strategies

# Source: the test vector of the published checkpoint format; the private key is 00 01 02 … 1f.
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY = bytes.fromhex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")
NAME = "thituyen.example/HP-2026-01"
ROOT = bytes.fromhex("d83581a355252d7e805bc8ac959dbe782aab254538851dce7348e2211b9906dc")
CHECKPOINT = Checkpoint(NAME, 3, ROOT)
SIGNED = (
    "thituyen.example/HP-2026-01\n"
    "3\n"
    "2DWBo1UlLX6AW8islZ2+eCqrJUU4hR3Oc0jiIRuZBtw=\n"
    "\n"
    "— thituyen.example/HP-2026-01 "
    "y5IrA+vywkk3U7FPBxoQuvE2hQh814kNY0ien2vPmVPO1fGw2IYE5sjsNH7LfFex6/j6axBRg5ssMH73AfI3WahZoAw=\n"
)


def verify(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def opened(text: str) -> Checkpoint:
    return open_checkpoint(text, NAME, public_key=PUBLIC_KEY, verify=verify)


def test_checkpoint_is_signed_as_published() -> None:
    assert sign_checkpoint(CHECKPOINT, NAME, public_key=PUBLIC_KEY, sign=PRIVATE_KEY.sign) == SIGNED
    assert PRIVATE_KEY.public_key().public_bytes_raw() == PUBLIC_KEY


def test_published_checkpoint_opens() -> None:
    assert opened(SIGNED) == CHECKPOINT
    assert note_text(parse_note(SIGNED)) == SIGNED


def test_key_id_follows_the_name_the_kind_and_the_key() -> None:
    ids = {
        key_id(NAME, PUBLIC_KEY),
        key_id("other", PUBLIC_KEY),
        key_id(NAME, PUBLIC_KEY, kind=4),
        key_id(NAME, bytes(32)),
    }
    assert len(ids) == 4
    assert key_id(NAME, PUBLIC_KEY) == base64.b64decode("y5IrA+vy")[:4]


@given(st.integers(0, len(SIGNED.encode()) - 1), st.integers(1, 255))
def test_any_one_changed_byte_closes_the_checkpoint(place: int, change: int) -> None:
    data = bytearray(SIGNED.encode())
    data[place] ^= change
    with pytest.raises(InvalidError):
        opened(data.decode("utf-8", errors="surrogateescape"))


@given(st.integers(0, 10**18), strategies.hashes, st.lists(st.sampled_from(["một dòng", "x 1", "—"]), max_size=3))
def test_checkpoint_text_is_read_back(size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint(NAME, size, root, tuple(extensions))
    assert parse_checkpoint_text(checkpoint_text(checkpoint)) == checkpoint
    assert opened(sign_checkpoint(checkpoint, NAME, public_key=PUBLIC_KEY, sign=PRIVATE_KEY.sign)) == checkpoint


def test_a_witness_beside_the_log_changes_nothing() -> None:
    note = parse_note(SIGNED)
    witness = NoteSignature("witness.example", b"abcd", b"\x00" * 72)
    namesake = NoteSignature(NAME, b"abcd", b"\x00" * 64)
    assert opened(note_text(Note(note.text, (witness, *note.signatures, namesake)))) == CHECKPOINT


def test_a_false_signature_of_the_key_spoils_the_note() -> None:
    note = parse_note(SIGNED)
    false = NoteSignature(NAME, note.signatures[0].key_id, b"\x00" * 64)
    spoilt = Note(note.text, (*note.signatures, false))
    assert not is_signed_by(spoilt, NAME, public_key=PUBLIC_KEY, verify=verify)


def test_a_checkpoint_without_the_key_is_refused() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public_key = other.public_key().public_bytes_raw()
    signed = sign_checkpoint(CHECKPOINT, NAME, public_key=public_key, sign=other.sign)
    with pytest.raises(InvalidError, match="checkpoint_not_signed"):
        opened(signed)


def test_a_checkpoint_of_another_log_is_refused_though_the_key_is_right() -> None:
    other = Checkpoint("thituyen.example/HP-2026-02", 3, ROOT)
    with pytest.raises(InvalidError, match="checkpoint_of_other_log"):
        opened(sign_checkpoint(other, NAME, public_key=PUBLIC_KEY, sign=PRIVATE_KEY.sign))


def test_a_signed_text_that_is_no_checkpoint_is_refused() -> None:
    text = "hello\n"
    signature = NoteSignature(NAME, key_id(NAME, PUBLIC_KEY), PRIVATE_KEY.sign(text.encode()))
    with pytest.raises(InvalidError, match="checkpoint_not_valid"):
        opened(note_text(Note(text, (signature,))))


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("", 3, ROOT),
        Checkpoint("a\nb", 3, ROOT),
        Checkpoint("a\tb", 3, ROOT),
        Checkpoint("a", -1, ROOT),
        Checkpoint("a", 10**19, ROOT),
        Checkpoint("a", 3, ROOT[:31]),
        Checkpoint("a", 3, ROOT, ("",)),
        Checkpoint("a", 3, ROOT, ("x\ny",)),
    ],
)
def test_a_checkpoint_that_could_not_be_read_back_is_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(InvalidError, match="checkpoint_not_valid"):
        checkpoint_text(checkpoint)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n3\n",
        "a\n03\n2DWBo1UlLX6AW8islZ2+eCqrJUU4hR3Oc0jiIRuZBtw=\n",
        "a\n3\n2DWBo1UlLX6AW8islZ2+eCqrJUU4hR3Oc0jiIRuZBtx=\n",
        "a\n3\n2DWBo1UlLX6AW8islZ2+eCqrJUU4hR3Oc0jiIRuZBtw\n",
        "a\n3\n2DWBo1UlLX6AW8islZ2+eCqrJUU4hR3Oc0jiIRuZBtw=",
        "a\n3\nQ\u1ea3n=\n",
    ],
)
def test_a_checkpoint_text_in_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="checkpoint_not_valid"):
        parse_checkpoint_text(text)


LINE = SIGNED.split("\n\n")[1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text\n",
        "text\n\n",
        f"text\n{LINE}",
        f"text\n\n{LINE.rstrip()}",
        f"text\n\n{LINE}{LINE.replace('—', '-')}",
        f"text\r\n\n{LINE}",
        "text\n\n— name AAAAAA==\n",
        "text\n\n— name A\n",
        "text\n\n— na+me AAAAAAAA\n",
        "text\n\n— na\u00a0me AAAAAAAA\n",
        f"text\n\n{LINE * (MAX_SIGNATURES + 1)}",
    ],
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="note_not_valid"):
        parse_note(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\x00b"])
def test_a_key_name_that_no_note_can_bear_is_refused(name: str) -> None:
    with pytest.raises(InvalidError, match="key_name_not_valid"):
        sign_checkpoint(CHECKPOINT, name, public_key=PUBLIC_KEY, sign=PRIVATE_KEY.sign)
