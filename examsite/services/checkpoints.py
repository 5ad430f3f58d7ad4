"""Signed checkpoints of the record log: the installation's key, and one statement of size and root at each gate."""

from __future__ import annotations

import os

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from examsite.config import Settings, SettingsError
from examsite.services.context import LogSigner


def load_signer(settings: Settings) -> LogSigner:
    """The signer of the installation's logs; its key is made once, readable by its owner only.

    Raises:
        SettingsError: the key file can be read by others.
    """
    path = settings.log_key_path
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw())
    if path.stat().st_mode & 0o077:
        raise SettingsError(f"{path.name} can be read by others: run chmod 600 {path}")
    key = Ed25519PrivateKey.from_private_bytes(path.read_bytes())
    return LogSigner(host_name=settings.host_name, public_key=key.public_key().public_bytes_raw(), sign=key.sign)
