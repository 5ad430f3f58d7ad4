"""Keys of an installation that several processes make at the same instant: all of them end with the same one."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from examsite.config import Settings, SettingsError, key_file, load_settings
from examsite.services.certificates import AUTHORITY_FILE, SERVER_FILE, SERVER_KEY_FILE, make_certificates
from examsite.services.checkpoints import load_signer


def test_who_comes_second_reads_the_key_of_who_was_first(tmp_path: Path) -> None:
    path = tmp_path / "log.key"

    def slow() -> bytes:
        assert key_file(path, lambda: b"first") == b"first"  # another worker, while this one is still making its own
        return b"second"

    assert key_file(path, slow) == b"first"
    assert [item.name for item in tmp_path.iterdir()] == ["log.key"]
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(SettingsError, match=r"log\.key can be read by others"):
        key_file(path, slow)


def test_workers_that_begin_together_sign_with_one_key(tmp_path: Path) -> None:
    for number in range(10):
        settings = Settings(instance_path=tmp_path / str(number), secret_key="0" * 64, database_url="sqlite:///x")
        settings.instance_path.mkdir()
        keys: list[bytes] = []
        secrets: list[str] = []
        gate = threading.Barrier(6)

        def begin(
            place: Settings = settings,
            keys: list[bytes] = keys,
            secrets: list[str] = secrets,
            gate: threading.Barrier = gate,
        ) -> None:
            gate.wait()
            keys.append(load_signer(place).public_key)
            secrets.append(load_settings(place.instance_path, environ={}).secret_key)

        threads = [threading.Thread(target=begin) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert (len(keys), len(set(keys)), len(secrets), len(set(secrets))) == (6, 1, 6, 1)


def test_certificates_made_twice_at_once_belong_together(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "instance", environ={})
    gate = threading.Barrier(4)

    def make() -> None:
        gate.wait()
        make_certificates(settings, hosts=["thi.local"], now=datetime(2026, 3, 16, tzinfo=UTC))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    folder = settings.tls_path
    server = x509.load_pem_x509_certificate((folder / SERVER_FILE).read_bytes())
    authority = x509.load_pem_x509_certificate((folder / AUTHORITY_FILE).read_bytes())
    key = serialization.load_pem_private_key((folder / SERVER_KEY_FILE).read_bytes(), password=None)
    assert key.public_key() == server.public_key()
    server.verify_directly_issued_by(authority)
