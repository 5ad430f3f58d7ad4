"""Passkeys as second factors: made for this site, shown before a critical act, and signing a document by its hash.

Decision: a result is signed with ECDSA over P-256 only, which the verifiers of a bundle check with no help from us.
Where a device makes RSA alone (older Windows Hello) its passkey is a factor like any other and signs no result: its
holder shows it, and the approval stands without a signature. What a browser is asked is computed from the log-in and
stored nowhere, so that each answer counts once.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from fido2.cose import ES256, RS256
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from sqlalchemy.orm import Session

from examsite.domain.errors import InvalidError
from examsite.domain.events import Event
from examsite.domain.second_factors import Assertion, FactorKind
from examsite.services.context import ServiceContext
from examsite.services.second_factors import (
    ISSUER,
    account_to_add_to,
    add_shown_factor,
    derived,
    list_shown,
    log_in_of,
    note_shown,
    opened_factor,
    own_id,
)
from examsite.storage.models.accounts import LoginSession, SecondFactor
from examsite.storage.queries.accounts import (
    count_second_factors,
    find_login_session,
    get_account,
    get_account_for_update,
    list_second_factors,
)
from examsite.storage.queries.records import list_records_of_events


def offer_passkey(ctx: ServiceContext, *, token: str, host: str) -> dict[str, Any]:
    """What the browser is asked to make a passkey with; each answer counts once.

    Raises:
        ConflictError: `factor_damaged`.
    """
    account = get_account(ctx.session, own_id(ctx))
    known = [_credential(ctx, factor)[0] for factor in _passkeys(ctx, account.id)]
    person = PublicKeyCredentialUserEntity(
        id=derived(ctx, "person", account.id)[:16], name=account.login, display_name=account.display_name
    )
    options, _waiting = _server(host).register_begin(
        person,
        credentials=known,
        resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,
        user_verification=UserVerificationRequirement.REQUIRED,
        challenge=_enrolment_challenge(ctx, account.id, token),
    )
    return _plain(options.public_key)


def add_passkey(ctx: ServiceContext, *, token: str, host: str, name: str, answer: str) -> SecondFactor:
    """Take a passkey that was just made for this site, its holder verified by the device.

    Raises:
        ConflictError: `too_many_factors`, `factor_damaged`.
        InvalidError: `passkey_not_valid`, `factor_name_missing`, with the `field`.
        NotAllowedError: `fresh_factor_needed` where the account has a factor already.
        NotFoundError: `log_in_not_found`.
    """
    account = account_to_add_to(ctx)
    log_in = log_in_of(ctx, token)
    try:
        made = _server(host).register_complete(_state(_enrolment_challenge(ctx, account.id, token)), json.loads(answer))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InvalidError("passkey_not_valid", field="answer") from None
    if made.credential_data is None or made.credential_data.public_key.ALGORITHM not in _ACCEPTED:
        raise InvalidError("passkey_not_valid", field="answer")
    content = json.dumps({"credential": _text(made.credential_data), "host": host}).encode("ascii")
    return add_shown_factor(ctx, account, log_in, FactorKind.PASSKEY, name=name, content=content)


def ask_for_passkey(ctx: ServiceContext, *, token: str, host: str) -> dict[str, Any] | None:
    """What the browser is asked to sign with a passkey, or None where this person has none for this address.

    Raises:
        ConflictError: `factor_damaged`.
    """
    account_id = own_id(ctx)
    log_in = find_login_session(ctx.session, token, now=ctx.now)
    if log_in is None:
        return None
    return _request(ctx, account_id, _showing_challenge(ctx, log_in), host=host)


def show_passkey(ctx: ServiceContext, *, token: str, answer: str) -> bool:
    """Note that this person has just shown a passkey; an answer counts once.

    Raises:
        ConflictError: `factor_damaged`.
        NotFoundError: `log_in_not_found`.
    """
    get_account_for_update(ctx.session, own_id(ctx))
    log_in = log_in_of(ctx, token)
    used = _used(ctx, answer, challenge=_showing_challenge(ctx, log_in))
    if used is None:
        return False
    note_shown(ctx, log_in, used.factor)
    ctx.session.flush()
    return True


def ask_for_signature(ctx: ServiceContext, sha256: str, *, host: str) -> dict[str, Any] | None:
    """What the browser is asked to sign a document with, or None where this person has no passkey that can here.

    Raises:
        ConflictError: `factor_damaged`.
    """
    return _request(ctx, own_id(ctx), bytes.fromhex(sha256), host=host, signs=True)


def check_signature(ctx: ServiceContext, sha256: str, *, answer: str, log: str) -> Assertion:
    """What a passkey of this person signed now over exactly this hash, its holder verified by the device.

    The same document may be signed a second time, after a refusal; by then the first signature can be read in the
    log with the code `log`.

    Raises:
        ConflictError: `factor_damaged`.
        InvalidError: `passkey_not_valid`, `passkey_answer_used`, each with its `field`.
    """
    used = _used(ctx, answer, challenge=bytes.fromhex(sha256))
    if used is None or not _signs_results(used.credential):
        raise InvalidError("passkey_not_valid", field="assertion")
    credential, read = used.credential, used.read
    if _nonce_of(_text(read.response.signature)) in _nonces_in_log(ctx.session, log):
        raise InvalidError("passkey_answer_used", field="assertion")
    return Assertion(
        credential=_text(credential.credential_id),
        public_key=_text(_cose_bytes(credential)),
        authenticator_data=_text(read.response.authenticator_data),
        client_data=_text(read.response.client_data),
        signature=_text(read.response.signature),
    )


# ------------------------------------------------------------------------------------------------------- inside


def _nonces_in_log(session: Session, log: str) -> set[int]:
    rows = list_records_of_events(session, log, (Event.RESULT_APPROVED, Event.GATE_SIGNED))
    said = [row.content.get("assertion") for row in rows]
    return {_nonce_of(str(one.get("signature", ""))) for one in said if isinstance(one, dict)}


def _nonce_of(signature: str) -> int:
    """The half of an ECDSA signature that both its forms share, (r, s) and (r, n - s); 0 of what is none."""
    try:
        return decode_dss_signature(_bytes(signature))[0]
    except ValueError:
        return 0


_ACCEPTED = (ES256.ALGORITHM, RS256.ALGORITHM)


def _signs_results(credential: AttestedCredentialData) -> bool:
    return bool(credential.public_key.ALGORITHM == ES256.ALGORITHM)


@dataclass(frozen=True)
class _Used:
    """A passkey that signed what it was asked to."""

    factor: SecondFactor
    credential: AttestedCredentialData
    read: AuthenticationResponse


def _used(ctx: ServiceContext, answer: str, *, challenge: bytes) -> _Used | None:
    """The own passkey that signed the challenge, and what it answered; None if none did."""
    try:
        given = json.loads(answer)
        read = AuthenticationResponse.from_dict(given) if isinstance(given, dict) else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if read is None:
        return None
    for factor in _passkeys(ctx, own_id(ctx)):
        credential, host = _credential(ctx, factor)
        if credential.credential_id != read.raw_id:
            continue
        try:
            _server(host).authenticate_complete(_state(challenge), [credential], read)
        except (ValueError, TypeError):
            return None
        factor.used_at = ctx.now
        return _Used(factor, credential, read)
    return None


def _request(
    ctx: ServiceContext, account_id: int, challenge: bytes, *, host: str, signs: bool = False
) -> dict[str, Any] | None:
    known = [_credential(ctx, factor) for factor in _passkeys(ctx, account_id)]
    here = [
        credential for credential, made_for in known if made_for == host and (not signs or _signs_results(credential))
    ]
    if not here:
        return None
    options, _waiting = _server(host).authenticate_begin(
        here, user_verification=UserVerificationRequirement.REQUIRED, challenge=challenge
    )
    return _plain(options.public_key)


def _passkeys(ctx: ServiceContext, account_id: int) -> list[SecondFactor]:
    return [row for row in list_second_factors(ctx.session, account_id) if row.kind is FactorKind.PASSKEY]


def _credential(ctx: ServiceContext, factor: SecondFactor) -> tuple[AttestedCredentialData, str]:
    """The public half of a passkey, and the host that it was made for."""
    content = json.loads(opened_factor(ctx, factor))
    return AttestedCredentialData(_bytes(content["credential"])), content["host"]


def _cose_bytes(credential: AttestedCredentialData) -> bytes:
    """The public key in COSE, in the one spelling that verifiers read. Source: RFC 9053 sec. 7.1.1 (P-256)."""
    x, y = credential.public_key[-2], credential.public_key[-3]
    return b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + bytes(x) + b"\x22\x58\x20" + bytes(y)


def _server(host: str) -> Fido2Server:
    """The side of the site."""
    server = Fido2Server(PublicKeyCredentialRpEntity(name=ISSUER, id=host))
    server.allowed_algorithms = [item for item in server.allowed_algorithms if item.alg in _ACCEPTED]
    return server


def _state(challenge: bytes) -> dict[str, Any]:
    return {"challenge": _text(challenge), "user_verification": UserVerificationRequirement.REQUIRED}


def _enrolment_challenge(ctx: ServiceContext, account_id: int, token: str) -> bytes:
    return derived(ctx, "passkey", account_id, token, count_second_factors(ctx.session, account_id))


def _showing_challenge(ctx: ServiceContext, log_in: LoginSession) -> bytes:
    """Changes whenever this person has shown a factor, as the log says: no row that is set back asks the same again."""
    shown = list_shown(ctx, log_in.account_id)
    return derived(ctx, "show", log_in.token_mac, shown[-1].seq if shown else "")


def _plain(options: Any) -> dict[str, Any]:
    """What the library makes, as plain JSON."""
    found: dict[str, Any] = json.loads(json.dumps(dict(options), default=dict))
    return found


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
