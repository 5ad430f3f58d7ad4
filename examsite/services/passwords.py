"""Argon2id with a bound on how many hashes run at once: a storm of log-ins cannot eat memory or slow a save.

A password that its owner chose is stretched; a printed one has 59 random bits of its own and needs no more. Which of
the two is told by its shape, which no chosen one may have: the work tells what was typed, never whose account it is.
"""

from __future__ import annotations

import os
import secrets
import sys
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore, get_native_id
from typing import Final, TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from examsite.config import Settings
from examsite.domain.accounts import PRINTED_ALPHABET, PRINTED_LENGTH, normal_printed_password
from examsite.domain.errors import ConflictError

_SHARE_OF_THREADS: Final = 75
"""How many of the threads of a process may wait for a hash, of a hundred.

Source: our choice, because the rest is plenty for saves, which take a hundredth of the time."""

_NICENESS: Final = 10
"""By how much threads that hash give way to the others. Source: our choice, because with it a save gets nine times the
share of a processor that a hash gets, and hashes still go on."""

_PRINTED_MEMORY_KIB: Final = 7 * 1024
_PRINTED_TIME_COST: Final = 1
"""Work for a printed password. Unit: kibibytes, rounds.

Source: our choice, because 2^58 guesses are out of reach at any cost, and a room that comes in must not wait."""

_PRINTED_BYTES: Final = 24
"""Length of their hashes, by which they are known from the others. Source: our choice, because 192 bits never meet."""

ResultT = TypeVar("ResultT")


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
        self._printed_hasher = PasswordHasher(
            time_cost=_PRINTED_TIME_COST,
            memory_cost=min(_PRINTED_MEMORY_KIB, settings.password_hash_memory_kib),
            parallelism=1,
            hash_len=_PRINTED_BYTES,
        )
        self._threads = ThreadPoolExecutor(
            settings.password_hashes_at_once, thread_name_prefix="password-hash", initializer=_give_way
        )
        self._places = BoundedSemaphore(max(1, settings.threads * _SHARE_OF_THREADS // 100))
        self._nobody = self._hasher.hash(secrets.token_hex(16))
        self._printed_nobody = self._printed_hasher.hash(secrets.token_hex(16))

    def hash(self, password: str) -> str:
        """The Argon2id hash of a password (NFC; a printed one without regard to dashes and capitals).

        Raises:
            ConflictError: `log_ins_waiting`.
        """
        return self._in_turn(self._hasher_of(password).hash, _normal(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password fits; an unknown account (None) costs the same time as a known one.

        Raises:
            ConflictError: `log_ins_waiting`.
        """
        hasher = self._hasher_of(password)
        is_printed = hasher is self._printed_hasher
        nobody = self._printed_nobody if is_printed else self._nobody
        try:
            # A hash of the other kind cannot match, but to find that out would take another time.
            compared = stored if stored and _is_of_printed(stored) == is_printed else nobody
            self._in_turn(hasher.verify, compared, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return compared is stored

    def _in_turn(self, act: Callable[..., ResultT], *values: str) -> ResultT:
        if not self._places.acquire(blocking=False):
            raise ConflictError("log_ins_waiting")
        try:
            return self._threads.submit(act, *values).result()
        finally:
            self._places.release()

    def is_outdated(self, stored: str, password: str) -> bool:
        """Whether the hash of this password was made with other costs than today's."""
        return self._hasher_of(password).check_needs_rehash(stored)

    def _hasher_of(self, password: str) -> PasswordHasher:
        return self._hasher if normal_printed_password(password) is None else self._printed_hasher


def printed_password() -> str:
    """A password to print on a slip: three groups of four letters."""
    letters = "".join(secrets.choice(PRINTED_ALPHABET) for _ in range(PRINTED_LENGTH))
    return "-".join(letters[start : start + 4] for start in range(0, PRINTED_LENGTH, 4))


def _is_of_printed(stored: str) -> bool:
    return extract_parameters(stored).hash_len == _PRINTED_BYTES


def _give_way() -> None:
    """Lower the priority of this thread alone, where the system has priorities of threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICENESS)


def _normal(password: str) -> str:
    return normal_printed_password(password) or unicodedata.normalize("NFC", password)
