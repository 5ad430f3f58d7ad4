"""A passkey in software: what a device and a browser do together, with a key that the test holds."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256, RS256, CoseKey
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

HOST = "thituyen.example"
_FLAG = AuthenticatorData.FLAG


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def plain(data: str) -> bytes:
    return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))


@dataclass
class Passkey:
    """One device with one key, at one site."""

    host: str = HOST
    origin: str = f"https://{HOST}"
    #: Whether the device asked for a finger or a number.
    is_verified: bool = True
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def makes(self, options: dict[str, Any]) -> str:
        """What the browser sends after `navigator.credentials.create`."""
        credential = AttestedCredentialData.create(Aaguid.NONE, self.id, self._public())
        data = AuthenticatorData.create(self._host_hash(), self._flags() | _FLAG.AT, 0, credential)
        attestation = AttestationObject.create("none", data, {})
        client = self._client(CollectedClientData.TYPE.CREATE, options["challenge"])
        return self._answer({"clientDataJSON": text(client), "attestationObject": text(attestation)})

    def signs(self, options: dict[str, Any]) -> str:
        """What the browser sends after `navigator.credentials.get`."""
        data = AuthenticatorData.create(self._host_hash(), self._flags(), 0)
        client = self._client(CollectedClientData.TYPE.GET, options["challenge"])
        signature = self._signed(bytes(data) + hashlib.sha256(client).digest())
        return self._answer(
            {"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature)}
        )

    @property
    def point(self) -> tuple[int, int]:
        """The public key, as numbers."""
        numbers = self.key.public_key().public_numbers()
        return numbers.x, numbers.y

    def _public(self) -> CoseKey:
        return ES256.from_cryptography_key(self.key.public_key())

    def _signed(self, data: bytes) -> bytes:
        return self.key.sign(data, ec.ECDSA(SHA256()))

    def _answer(self, response: dict[str, str]) -> str:
        return json.dumps({"type": "public-key", "id": text(self.id), "rawId": text(self.id), "response": response})

    def _client(self, kind: str, challenge: str) -> bytes:
        return bytes(CollectedClientData.create(kind, plain(challenge), self.origin))

    def _host_hash(self) -> bytes:
        return hashlib.sha256(self.host.encode()).digest()

    def _flags(self) -> AuthenticatorData.FLAG:
        return _FLAG.UP | (_FLAG.UV if self.is_verified else _FLAG(0))


@dataclass
class RsaPasskey(Passkey):
    """A device that makes RSA keys only, as Windows Hello does on older machines."""

    rsa_key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def _public(self) -> CoseKey:
        return RS256.from_cryptography_key(self.rsa_key.public_key())

    def _signed(self, data: bytes) -> bytes:
        return self.rsa_key.sign(data, padding.PKCS1v15(), SHA256())
