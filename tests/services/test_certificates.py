"""Certificates of the room: a browser that imported the authority trusts this server, and nothing else it may sign."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from examsite.config import Settings, load_settings, with_changes
from examsite.domain.errors import InvalidError
from examsite.services.certificates import (
    AUTHORITY_DAYS,
    SERVER_DAYS,
    authority_file,
    find_certificates,
    make_certificates,
)
from examsite.web.plain_door import open_plain_door

NOW = datetime.now(UTC).replace(microsecond=0)
HOSTS = ("Thi.local", "127.0.0.1", "::1", "thi.local")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path / "instance", environ={})


def loaded(settings: Settings, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((settings.tls_path / name).read_bytes())


def test_files_are_for_their_owner_only_and_switch_https_on(settings: Settings) -> None:
    assert (settings.has_tls, settings.is_secure, find_certificates(settings)) == (False, False, None)
    report = make_certificates(settings, hosts=HOSTS, now=NOW)
    assert (settings.has_tls, settings.is_secure) == (True, True)
    assert report == find_certificates(settings)
    assert settings.tls_path.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in settings.tls_path.iterdir()} == dict.fromkeys(
        ("authority.pem", "authority.key", "server.pem", "server.key"), 0o600
    )


def test_browsers_take_what_is_in_them(settings: Settings) -> None:
    report = make_certificates(settings, hosts=HOSTS, now=NOW)
    authority, server = loaded(settings, "authority.pem"), loaded(settings, "server.pem")
    for certificate in (authority, server):
        assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
        assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=825)
    assert report.names == ("thi.local", "127.0.0.1", "::1")
    assert report.ends_at == NOW + timedelta(days=SERVER_DAYS - 1)
    assert report.authority_ends_at == NOW + timedelta(days=AUTHORITY_DAYS - 1)
    assert report.fingerprint == authority.fingerprint(hashes.SHA256()).hex()
    allowed = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    assert sorted(str(item.value) for item in allowed) == ["127.0.0.1/32", "::1/128", "thi.local"]
    usage = server.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [item.dotted_string for item in usage] == ["1.3.6.1.5.5.7.3.1"]
    assert x509.load_der_x509_certificate(authority_file(settings) or b"") == authority


@pytest.mark.parametrize("hosts", [[], [" "], ["a b"], ["-thi"], ["thi..local"], ["*.local"], ["thi.local/x"]])
def test_what_is_no_host_is_refused_and_leaves_nothing(settings: Settings, hosts: list[str]) -> None:
    with pytest.raises(InvalidError):
        make_certificates(settings, hosts=hosts, now=NOW)
    assert not settings.has_tls


def shake_hands(context: ssl.SSLContext, server_files: tuple[Path, Path], name: str) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(*map(str, server_files))
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            serving.wrap_socket(theirs, server_side=True).close()
        except (ssl.SSLError, OSError):
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        context.wrap_socket(ours, server_hostname=name).close()
    finally:
        ours.close()
        thread.join()


@pytest.mark.parametrize(("name", "trusted"), [("thi.local", True), ("127.0.0.1", True), ("khac.local", False)])
def test_a_machine_that_imported_the_authority_trusts_the_named_hosts(
    settings: Settings, name: str, trusted: bool
) -> None:
    make_certificates(settings, hosts=HOSTS, now=NOW)
    context = ssl.create_default_context(cafile=str(settings.tls_path / "authority.pem"))
    files = (settings.tls_path / "server.pem", settings.tls_path / "server.key")
    if trusted:
        shake_hands(context, files, name)
    else:
        with pytest.raises(ssl.SSLCertVerificationError):
            shake_hands(context, files, name)


def test_the_authority_cannot_speak_for_another_host(settings: Settings, tmp_path: Path) -> None:
    make_certificates(settings, hosts=["thi.local"], now=NOW)
    authority = loaded(settings, "authority.pem")
    key = load_pem_private_key((settings.tls_path / "authority.key").read_bytes(), None)
    own = ec.generate_private_key(ec.SECP256R1())
    forged = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(authority.subject)
        .public_key(own.public_key())
        .serial_number(7)
        .not_valid_before(NOW - timedelta(hours=1))
        .not_valid_after(NOW + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("nganhang.example")]), critical=True)
        .sign(key, hashes.SHA256())  # type: ignore[arg-type]  # the key of the authority is of the right kind
    )
    (tmp_path / "forged.pem").write_bytes(forged.public_bytes(Encoding.PEM))
    (tmp_path / "forged.key").write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.create_default_context(cafile=str(settings.tls_path / "authority.pem"))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        shake_hands(context, (tmp_path / "forged.pem", tmp_path / "forged.key"), "nganhang.example")


# --- plain HTTP beside it --------------------------------------------------------------------------------------------


@pytest.fixture
def plain_port(settings: Settings) -> Iterator[int]:
    make_certificates(settings, hosts=["thi.local", "127.0.0.1"], now=NOW)
    door = open_plain_door(with_changes(settings, plain_bind="127.0.0.1:0", bind="0.0.0.0:8443"))
    assert door is not None
    yield door.server_address[1]
    door.shutdown()
    door.server_close()


def ask(port: int, path: str, host: str) -> tuple[int, bytes]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.request("GET", path, headers={"Host": host})
    answer = line.getresponse()
    content = answer.read()
    line.close()
    return answer.status, content


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1:80", "https://127.0.0.1:8443/"),
        ("thi.local", "https://thi.local:8443/"),
        ('x"><script>', "https://thi.local:8443/"),
        ("[", "https://thi.local:8443/"),
    ],
)
def test_plain_http_says_the_right_address_and_repeats_nothing_else(plain_port: int, host: str, address: str) -> None:
    status, content = ask(plain_port, "/candidate/test", host)
    assert status == 200
    assert f'href="{address}"'.encode() in content
    assert b"<script>" not in content


def test_plain_http_gives_the_certificate_to_import(plain_port: int, settings: Settings) -> None:
    assert ask(plain_port, "/certificate/authority.crt", "thi.local") == (200, authority_file(settings))


def test_without_certificates_nothing_listens(settings: Settings) -> None:
    assert open_plain_door(with_changes(settings, plain_bind="127.0.0.1:0")) is None
