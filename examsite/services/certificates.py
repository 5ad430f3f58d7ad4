"""HTTPS in the room: a certificate authority of this installation and the certificate of its server.

Decision: keys of curve P-256, since browsers take no Ed25519 in certificates; the authority may speak for the named
hosts only, so that a machine that trusts it trusts it with nothing else; its own key stays in the instance folder and
is needed again only when the server gets another name.

Source: CA/Browser Forum Baseline Requirements (398 days at most for public servers; browsers allow 825 for local
authorities); RFC 5280 (name constraints, key usage).
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from examsite.config import Settings
from examsite.domain.errors import InvalidError

#: How long the server's certificate lasts. Source: Apple's limit for local authorities is 825 days; a year is enough.
SERVER_DAYS = 397
#: How long the authority lasts: machines import it once.
AUTHORITY_DAYS = 825
#: Certificates begin a day early, for machines whose clock is behind. Unit: days.
EARLY_DAYS = 1

AUTHORITY_FILE = "authority.pem"
AUTHORITY_KEY_FILE = "authority.key"
SERVER_FILE = "server.pem"
SERVER_KEY_FILE = "server.key"

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")


@dataclass(frozen=True)
class CertificateReport:
    """What the certificates say: names and end of the server, fingerprint and end of the authority."""

    names: tuple[str, ...]
    ends_at: datetime
    authority_ends_at: datetime
    authority_name: str
    #: SHA-256 over the DER form of the authority's certificate, 64 hex digits: compared by eye when it is imported.
    fingerprint: str


def make_certificates(settings: Settings, *, hosts: Sequence[str], now: datetime) -> CertificateReport:
    """Make an authority and a server certificate for these names and addresses, over what is there.

    Raises:
        InvalidError: `host_names_missing`, `host_name_malformed`.
    """
    names = sorted({host.strip().lower().rstrip(".") for host in hosts if host.strip()})
    if not names:
        raise InvalidError("host_names_missing", field="hosts")
    known = [_general_name(name) for name in names]
    folder = settings.tls_path
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    begins_at = now - timedelta(days=EARLY_DAYS)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    server_key = ec.generate_private_key(ec.SECP256R1())
    title = f"Phong thi {names[0]} {now:%Y-%m-%d}"
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
    authority = (
        x509.CertificateBuilder()
        .subject_name(authority_name)
        .issuer_name(authority_name)
        .public_key(authority_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins_at)
        .not_valid_after(begins_at + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints([_permitted(item) for item in known], None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    server = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])]))
        .issuer_name(authority_name)
        .public_key(server_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins_at)
        .not_valid_after(begins_at + timedelta(days=SERVER_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(known), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(server_key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    authority_pem = authority.public_bytes(serialization.Encoding.PEM)
    # Two who make them at once must not mix them: all four files come from one of the two.
    with _alone_in(folder):
        _write(folder / AUTHORITY_KEY_FILE, _key_bytes(authority_key))
        _write(folder / AUTHORITY_FILE, authority_pem)
        _write(folder / SERVER_KEY_FILE, _key_bytes(server_key))
        # The chain lets a browser that has imported nothing show whom it would have to trust.
        _write(folder / SERVER_FILE, server.public_bytes(serialization.Encoding.PEM) + authority_pem)
    return _report(server, authority)


def find_certificates(settings: Settings) -> CertificateReport | None:
    """What the installation's certificates say, or None where there are none that can be read."""
    try:
        server = x509.load_pem_x509_certificate((settings.tls_path / SERVER_FILE).read_bytes())
        authority = x509.load_pem_x509_certificate((settings.tls_path / AUTHORITY_FILE).read_bytes())
        return _report(server, authority)
    except (OSError, ValueError):
        return None


def authority_file(settings: Settings) -> bytes | None:
    """The authority's certificate as machines import it (DER), or None."""
    try:
        found = x509.load_pem_x509_certificate((settings.tls_path / AUTHORITY_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    return found.public_bytes(serialization.Encoding.DER)


def _report(server: x509.Certificate, authority: x509.Certificate) -> CertificateReport:
    alternative = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    names = [*alternative.get_values_for_type(x509.DNSName)]
    names += [str(item) for item in alternative.get_values_for_type(x509.IPAddress)]
    common = authority.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return CertificateReport(
        names=tuple(names),
        ends_at=server.not_valid_after_utc,
        authority_ends_at=authority.not_valid_after_utc,
        authority_name=str(common[0].value) if common else "",
        fingerprint=authority.fingerprint(hashes.SHA256()).hex(),
    )


def _general_name(name: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    if _HOST.fullmatch(name) is None:
        raise InvalidError("host_name_malformed", field="hosts", host=name[:80])
    return x509.DNSName(name)


def _permitted(name: x509.DNSName | x509.IPAddress) -> x509.DNSName | x509.IPAddress:
    """The name as a constraint: an address becomes the network of this one address."""
    if isinstance(name, x509.IPAddress):
        return x509.IPAddress(ipaddress.ip_network(str(name.value)))
    return name


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One process at a time."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, content: bytes) -> None:
    """Put a file in its place whole, readable by its owner only."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
