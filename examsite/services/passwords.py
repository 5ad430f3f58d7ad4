"""Argon2id with a bound on how many hashes run at once: a storm of log-ins cannot eat memory or starve saves."""

from __future__ import annotations

import secrets
import unicodedata
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from examsite.config import Settings

#: Letters of printed passwords: none that look alike on paper.
PRINTED_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

#: Length of a printed password in letters. Source: our choice, because 12 of 31 letters give 59 bits.
PRINTED_LENGTH = 12


class Passwords:
    """Hashes and checks passwords; at most `password_hashes_at_once` of them run in one process."""

    def __init__(self, settings: Settings) -> None:
        """Take cost and bound from the settings."""
        self._hasher = PasswordHasher(
            time_cost=settings.password_hash_time_cost,
            memory_cost=settings.password_hash_memory_kib,
            parallelism=1,
        )
        self._slots = BoundedSemaphore(settings.password_hashes_at_once)
        self._nobody = self.hash(secrets.token_hex(16))

    def hash(self, password: str) -> str:
        """The Argon2id hash of a password (NFC)."""
        with self._slots:
            return self._hasher.hash(_normal(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password fits; an unknown account (None) costs the same time as a known one."""
        with self._slots:
            try:
                self._hasher.verify(stored or self._nobody, _normal(password))
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other costs than today's."""
        return self._hasher.check_needs_rehash(stored)


def printed_password() -> str:
    """A password to print on a slip: three groups of four letters."""
    letters = "".join(secrets.choice(PRINTED_ALPHABET) for _ in range(PRINTED_LENGTH))
    return "-".join(letters[start : start + 4] for start in range(0, PRINTED_LENGTH, 4))


def normal_printed_password(typed: str) -> str | None:
    """A printed password as it was printed, however its groups and capitals were typed; None if it is not one."""
    letters = "".join(typed.lower().replace("-", " ").split())
    if len(letters) != PRINTED_LENGTH or not set(letters) <= set(PRINTED_ALPHABET):
        return None
    return "-".join(letters[start : start + 4] for start in range(0, PRINTED_LENGTH, 4))


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password)
