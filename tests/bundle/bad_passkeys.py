"""Approvals whose passkey proves nothing: of another result, of another key, not verified, spelled in another way."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from tests.bundle.made_bundle import Made, Plan, passkey_says

#: Order of the group of P-256. Source: FIPS 186-5.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

Said = dict[str, str]


def _plain(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _changed(said: Said, name: str, change: Callable[[bytes], bytes]) -> Said:
    return said | {name: _text(change(_plain(said[name])))}


def _flipped(place: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def _longer(data: bytes) -> bytes:
    """The same numbers, the first with a needless zero before it."""
    return bytes([48, data[1] + 1, 2, data[3] + 1, 0]) + data[4:]


def _above(data: bytes) -> bytes:
    r, s = decode_dss_signature(data)
    return encode_dss_signature(r + ORDER, s)


#: What is changed in what the first approver's passkey says; `None` where it is no longer of five texts.
BAD_PASSKEYS: dict[str, Callable[[Said, str], Any]] = {
    "result": lambda _said, _digest: passkey_says(0, "0" * 64),
    "key": lambda said, digest: said | {"public_key": passkey_says(9, digest)["public_key"]},
    "owner": lambda _said, digest: passkey_says(1, digest),
    "bit of the signature": lambda said, _digest: _changed(said, "signature", _flipped(-20)),
    "bit of the device's data": lambda said, _digest: _changed(said, "authenticator_data", _flipped(0)),
    "holder, not verified": lambda _said, digest: passkey_says(0, digest, is_verified=False),
    "kind of act": lambda said, _digest: _changed(said, "client_data", lambda data: data.replace(b".get", b".put")),
    "spelling of the signature": lambda said, _digest: _changed(said, "signature", _longer),
    "number above the order": lambda said, _digest: _changed(said, "signature", _above),
    "spelling of the text": lambda said, _digest: said | {"signature": said["signature"] + "="},
    "point": lambda said, _digest: _changed(said, "public_key", _flipped(-1)),
    "empty signature": lambda said, _digest: said | {"signature": ""},
    "member": lambda said, _digest: said | {"more": ""},
    "form": lambda _said, _digest: "signed",
}


def with_bad_passkey(name: str) -> bytes:
    """A bundle whose first approver's passkey is wrong in this way."""

    def says(place: int, digest: str) -> Any:
        said = passkey_says(place, digest)
        return BAD_PASSKEYS[name](said, digest) if place == 0 else said

    return Made(Plan(seed=7, passkeys=4)).finish(says=says)
