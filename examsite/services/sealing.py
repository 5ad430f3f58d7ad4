"""Encrypts what lies in the database for a time under a key of the installation, bound to what it belongs to.

Decision: the key comes from `secret_key`, which the database does not hold, so that whoever only reads tables learns
nothing and whoever writes into them makes nothing that counts. A value that is moved to another row does not open.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from examsite.services.context import ServiceContext

#: Bytes of the number that a sealed value begins with. Source: NIST SP 800-38D (96 bits for AES-GCM).
_NONCE_BYTES = 12


def purpose_key(ctx: ServiceContext, purpose: str) -> bytes:
    """A key of the installation for one purpose. Source: RFC 5869."""
    if ctx.settings is None:
        raise RuntimeError("sealing needs the settings of the installation")
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"examsite {purpose}".encode("ascii"))
    return derived.derive(ctx.settings.secret_key.encode("utf-8"))


def seal_value(ctx: ServiceContext, purpose: str, content: bytes, *, bound_to: str) -> bytes:
    """The content encrypted; it opens only for the same purpose and what it is bound to."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(purpose_key(ctx, purpose)).encrypt(nonce, content, bound_to.encode("ascii"))


def open_value(ctx: ServiceContext, purpose: str, sealed: bytes, *, bound_to: str) -> bytes | None:
    """The content; None for what this installation did not seal for this purpose and this thing."""
    nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return AESGCM(purpose_key(ctx, purpose)).decrypt(nonce, content, bound_to.encode("ascii"))
    except (InvalidTag, ValueError):
        return None
