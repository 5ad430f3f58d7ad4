"""Argon2id with a bound on how many hashes run at once: a storm of log-ins cannot eat memory or slow a save."""

from __future__ import annotations

import os
import secrets
import sys
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore, get_native_id
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from examsite.config import Settings
from examsite.domain.errors import ConflictError

_SHARE_OF_THREADS: Final = 75
"""How many of the threads of a process may wait for a hash, of a hundred.

Source: our choice, because the rest is plenty for saves, which take a hundredth of the time."""

_NICENESS: Final = 10
"""By how much threads that hash give way to the others. Source: our choice, because with it a save gets nine times the
share of a processor that a hash gets, and hashes still go on."""

ResultT = TypeVar("ResultT")

#: Letters of printed passwords: none that look alike on paper.
PRINTED_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

#: Length of a printed password in letters. Source: our choice, because 12 of 31 letters give 59 bits.
PRINTED_LENGTH = 12


class Passwords:
    """Hashes and checks passwords in threads of their own, which give way to everything else the process does.

    At most `password_hashes_at_once` of them work in one process, and only so many callers wait for them that threads
    for other calls are left.
    """

    def __init__(self, settings: Settings) -> None:
        """Take cost and bounds from the settings."""
        self._hasher = PasswordHasher(
            time_cost=settings.password_hash_time_cost,
            memory_cost=settings.password_hash_memory_kib,
            parallelism=1,
        )
        self._threads = ThreadPoolExecutor(
            settings.password_hashes_at_once, thread_name_prefix="password-hash", initializer=_give_way
        )
        self._places = BoundedSemaphore(max(1, settings.threads * _SHARE_OF_THREADS // 100))
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def hash(self, password: str) -> str:
        """The Argon2id hash of a password (NFC).

        Raises:
            ConflictError: `log_ins_waiting`.
        """
        return self._in_turn(self._hasher.hash, _normal(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password fits; an unknown account (None) costs the same time as a known one.

        Raises:
            ConflictError: `log_ins_waiting`.
        """
        try:
            self._in_turn(self._hasher.verify, stored or self._nobody, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def _in_turn(self, act: Callable[..., ResultT], *values: str) -> ResultT:
        if not self._places.acquire(blocking=False):
            raise ConflictError("log_ins_waiting")
        try:
            return self._threads.submit(act, *values).result()
        finally:
            self._places.release()

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


def _give_way() -> None:
    """Lower the priority of this thread alone, where the system has priorities of threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICENESS)


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password)
