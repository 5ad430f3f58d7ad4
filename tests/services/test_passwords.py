"""Hashing gives way: in threads of low priority, a few at a time, with so many waiting and no more."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters

from examsite.config import Settings
from examsite.domain.errors import ConflictError
from examsite.services.passwords import Passwords

PATIENCE_SECONDS = 60


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Cheap hashes, eight threads."""
    return Settings(
        instance_path=tmp_path,
        secret_key="0" * 64,
        database_url="sqlite://",
        password_hash_memory_kib=64,
        password_hash_time_cost=1,
        threads=8,
    )


class Hasher:
    """Stands in for Argon2 where a test must hold it; notes who is at work, how many at once, at which priority."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.opened = threading.Event()
        self.lock = threading.Lock()
        self.at_work = 0
        self.most = 0
        self.priorities: set[int] = set()

    def hash(self, password: str) -> str:
        with self.lock:
            self.at_work += 1
            self.most = max(self.most, self.at_work)
            self.priorities.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        assert self.opened.wait(PATIENCE_SECONDS)
        with self.lock:
            self.at_work -= 1
        return str(self.real.hash(password))


def test_passwords_match_however_they_were_composed_and_unknown_people_never(settings: Settings) -> None:
    passwords = Passwords(settings)
    stored = passwords.hash("mật khẩu dài")
    assert passwords.matches(stored, "mâ\u0323t khẩu dài")
    assert not passwords.matches(stored, "mật khẩu khác")
    assert not passwords.matches(None, "mật khẩu dài")
    assert not passwords.matches("no hash at all", "mật khẩu dài")


def test_printed_passwords_match_however_they_are_typed(settings: Settings) -> None:
    passwords = Passwords(settings)
    stored = passwords.hash("abcd-efgh-2345")
    for typed in ("abcd-efgh-2345", "ABCDEFGH2345", " abcd efgh 2345 "):
        assert passwords.matches(stored, typed)
        assert not passwords.is_outdated(stored, typed)
    assert not passwords.matches(stored, "abcd-efgh-2346")
    assert not passwords.matches(None, "abcd-efgh-2345")


def test_the_work_of_a_check_tells_what_was_typed_and_never_whose_account_it_is(tmp_path: Path) -> None:
    passwords = Passwords(Settings(instance_path=tmp_path, secret_key="0" * 64, database_url="sqlite://"))
    chosen, printed = passwords.hash("một câu dài dễ nhớ"), passwords.hash("abcd-efgh-2345")
    done: list[Parameters] = []

    class Watched:
        def __init__(self, real: PasswordHasher) -> None:
            self.real = real

        def verify(self, stored: str, password: str) -> bool:
            done.append(extract_parameters(stored))
            return self.real.verify(stored, password)

    passwords._hasher = Watched(passwords._hasher)  # type: ignore[assignment]  # looks on
    passwords._printed_hasher = Watched(passwords._printed_hasher)  # type: ignore[assignment]  # looks on
    for typed in ("một câu dài khác hẳn", "kmnp-qrst-6789"):
        for stored in (chosen, printed, None):
            assert not passwords.matches(stored, typed)
        assert done == done[:1] * 3
        done.clear()


def test_a_storm_is_hashed_a_few_at_a_time_and_leaves_threads_for_others(settings: Settings) -> None:
    passwords = Passwords(settings)
    hasher = passwords._hasher = Hasher(passwords._hasher)  # type: ignore[assignment]  # the stand-in
    told: list[object] = []

    def come_in() -> None:
        try:
            told.append(passwords.hash("mật khẩu"))
        except ConflictError as waiting:
            told.append(waiting.code)

    threads = [threading.Thread(target=come_in, daemon=True) for _person in range(8)]
    for thread in threads:
        thread.start()
    # Six of eight threads may wait, two are told to come again; of the six as many hash as may at once.
    while len(told) < 2 or hasher.most < settings.password_hashes_at_once:
        threading.Event().wait(0.001)
    hasher.opened.set()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert sorted(str(item)[:15] for item in told).count("log_ins_waiting") == 2
    assert sum(str(item).startswith("$argon2id$") for item in told) == 6
    assert hasher.most == settings.password_hashes_at_once
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert min(hasher.priorities) > own
    # Afterwards there is room again.
    assert passwords.hash("mật khẩu").startswith("$argon2id$")
