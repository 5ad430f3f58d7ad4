"""Second factors: one-time codes of an app and passkeys; shown anew before every critical act.

Decision: what a factor is checked with lies in the database encrypted under a key of the installation and bound to its
account. Secrets and challenges that are waiting for their answer are stored nowhere: they are computed from the log-in
and from what it has done so far, so that an answer counts once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fido2.cose import ES256
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from examsite.config import Settings
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.names import normalise_name
from examsite.domain.permissions import Role
from examsite.domain.reasons import checked_reason
from examsite.domain.second_factors import (
    CODE_DIGITS,
    MOST_FACTORS,
    MOST_NAME_LENGTH,
    NEIGHBOUR_STEPS,
    SECRET_BYTES,
    STEP_SECONDS,
    Assertion,
    FactorKind,
    plain_code,
    public_secret,
)
from examsite.services.accounts import end_all_login_sessions, record_everywhere, token_hash
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.services.throttling import clear_failed_log_ins, note_failed_log_in, seconds_to_wait
from examsite.storage.models.accounts import Account, LoginSession, SecondFactor
from examsite.storage.queries.accounts import (
    count_second_factors,
    find_login_session,
    get_account,
    get_account_for_update,
    list_second_factors,
)

#: Bytes of the number that an encrypted factor begins with. Source: NIST SP 800-38D (96 bits for AES-GCM).
_NONCE_BYTES = 12

#: Who the app and the device show as the one that asks.
_ISSUER = "Thi tuyển"

#: What puts a factor in.
Adding = Callable[[ServiceContext], SecondFactor]


@dataclass(frozen=True)
class AppOffer:
    """What an app has to read in before its first code: the secret, and the address that a QR code carries."""

    secret: str
    address: str


def throttle_name(account_id: int) -> str:
    """Under which name wrong codes of an account are counted: no login name has such signs."""
    return f"/second-factor/{account_id}"


# ------------------------------------------------------------------------------------------------------ adding


def offer_app(ctx: ServiceContext, *, token: str) -> AppOffer:
    """The secret that the next app of this person would get, in this log-in."""
    account = get_account(ctx.session, _own_id(ctx))
    secret = _offered_secret(ctx, account.id, token)
    address = _app(secret).provisioning_uri(name=account.login, issuer_name=_ISSUER)
    return AppOffer(secret, address)


def add_app(ctx: ServiceContext, *, token: str, name: str, code: str) -> SecondFactor:
    """Take an app that shows the right code; the factor has been shown with it.

    Raises:
        ConflictError: `too_many_factors`.
        InvalidError: `code_wrong`, `factor_name_missing`, with the `field`.
        NotAllowedError: `fresh_factor_needed` where the account has a factor already.
        NotFoundError: `log_in_not_found`.
    """
    account = _account_to_add_to(ctx)
    log_in = _log_in(ctx, token)
    secret = _offered_secret(ctx, account.id, token)
    step = _step_of(secret, code, ctx=ctx, after=0)
    if step is None:
        raise InvalidError("code_wrong", field="code")
    factor = _add(ctx, account, FactorKind.CODE_APP, name, secret.encode("ascii"))
    factor.last_step, factor.used_at = step, ctx.now
    log_in.factor_at = ctx.now
    ctx.session.flush()
    return factor


def give_app(ctx: ServiceContext, account: Account, *, secret: str, name: str) -> SecondFactor:
    """Give an account a known secret: for a demonstration, whose secrets protect nothing."""
    return _add(ctx, account, FactorKind.CODE_APP, name, secret.encode("ascii"))


def offer_passkey(ctx: ServiceContext, *, token: str, host: str) -> dict[str, Any]:
    """What the browser is asked to make a passkey with; each answer counts once.

    Raises:
        ConflictError: `factor_damaged`.
    """
    account = get_account(ctx.session, _own_id(ctx))
    known = [_credential(ctx, factor)[0] for factor in _passkeys(ctx, account.id)]
    person = PublicKeyCredentialUserEntity(
        id=_derived(ctx, "person", account.id)[:16], name=account.login, display_name=account.display_name
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
        ConflictError: `too_many_factors`.
        InvalidError: `passkey_not_valid`, `factor_name_missing`, with the `field`.
        NotAllowedError: `fresh_factor_needed` where the account has a factor already.
        NotFoundError: `log_in_not_found`.
    """
    account = _account_to_add_to(ctx)
    log_in = _log_in(ctx, token)
    try:
        made = _server(host).register_complete(_state(_enrolment_challenge(ctx, account.id, token)), json.loads(answer))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InvalidError("passkey_not_valid", field="answer") from None
    if made.credential_data is None or made.credential_data.public_key.ALGORITHM != ES256.ALGORITHM:
        raise InvalidError("passkey_not_valid", field="answer")
    content = {"credential": _text(made.credential_data), "host": host}
    factor = _add(ctx, account, FactorKind.PASSKEY, name, json.dumps(content).encode("ascii"))
    factor.used_at = log_in.factor_at = ctx.now
    ctx.session.flush()
    return factor


# ----------------------------------------------------------------------------------------------------- showing


def show_code(ctx: ServiceContext, *, token: str, code: str) -> bool:
    """Note that this person has just shown a code of an app; a wrong one is counted and slows the next.

    A code that was taken once is wrong from then on, and so is every one before it. While somebody has to wait none is
    right.

    Raises:
        ConflictError: `factor_damaged`.
        NotFoundError: `log_in_not_found`.
    """
    account_id = _own_id(ctx)
    get_account_for_update(ctx.session, account_id)  # of two tries with one code the second comes after the first
    log_in = _log_in(ctx, token)
    # The page lets in whatever comes at one instant: asked again behind the lock, a thousand tries at once are a few.
    waits = seconds_to_wait(ctx.session, throttle_name(account_id), now=ctx.now) > 0
    for factor in list_second_factors(ctx.session, account_id):
        if waits or factor.kind is not FactorKind.CODE_APP:
            continue
        step = _step_of(_opened(ctx, factor).decode("ascii"), code, ctx=ctx, after=factor.last_step)
        if step is not None:
            factor.last_step, factor.used_at = step, ctx.now
            log_in.factor_at = ctx.now
            clear_failed_log_ins(ctx, throttle_name(account_id))
            ctx.session.flush()
            return True
    note_failed_log_in(ctx, throttle_name(account_id))
    return False


def ask_for_passkey(ctx: ServiceContext, *, token: str, host: str) -> dict[str, Any] | None:
    """What the browser is asked to sign with a passkey, or None where this person has none for this address.

    Raises:
        ConflictError: `factor_damaged`.
    """
    account_id = _own_id(ctx)
    log_in = find_login_session(ctx.session, token_hash(token), now=ctx.now)
    if log_in is None:
        return None
    return _request(ctx, account_id, _showing_challenge(ctx, log_in), host=host)


def show_passkey(ctx: ServiceContext, *, token: str, answer: str) -> bool:
    """Note that this person has just shown a passkey; an answer counts once.

    Raises:
        ConflictError: `factor_damaged`.
        NotFoundError: `log_in_not_found`.
    """
    get_account_for_update(ctx.session, _own_id(ctx))
    log_in = _log_in(ctx, token)
    if _asserted(ctx, answer, challenge=_showing_challenge(ctx, log_in)) is None:
        return False
    log_in.factor_at = ctx.now
    ctx.session.flush()
    return True


def ask_for_signature(ctx: ServiceContext, sha256: str, *, host: str) -> dict[str, Any] | None:
    """What the browser is asked to sign a document with, or None where this person has no passkey for this address.

    Raises:
        ConflictError: `factor_damaged`.
    """
    return _request(ctx, _own_id(ctx), bytes.fromhex(sha256), host=host)


def check_signature(ctx: ServiceContext, sha256: str, *, answer: str) -> Assertion:
    """What a passkey of this person signed over exactly this hash, its holder verified by the device.

    Raises:
        ConflictError: `factor_damaged`.
        InvalidError: `passkey_not_valid`, with the `field`.
    """
    found = _asserted(ctx, answer, challenge=bytes.fromhex(sha256))
    if found is None:
        raise InvalidError("passkey_not_valid", field="assertion")
    return found


def demonstration_code(ctx: ServiceContext) -> str | None:
    """The present code of an account of a demonstration, whose secret everybody can compute; None for all others.

    Raises:
        ConflictError: `factor_damaged`.
    """
    account = get_account(ctx.session, _own_id(ctx))
    secret = public_secret(account.login)
    for factor in list_second_factors(ctx.session, account.id):
        if factor.kind is FactorKind.CODE_APP and _opened(ctx, factor) == secret.encode("ascii"):
            app = _app(secret)
            after = max(app.timecode(ctx.now), factor.last_step + 1)
            return app.generate_otp(min(after, app.timecode(ctx.now) + NEIGHBOUR_STEPS))
    return None


# ---------------------------------------------------------------------------------------------------- removing


def remove_factor(ctx: ServiceContext, factor_id: int) -> None:
    """Take one of the own factors away.

    Raises:
        NotAllowedError: `fresh_factor_needed`.
        NotFoundError: `factor_not_found`.
    """
    ctx.require_fresh_factor()
    account = get_account_for_update(ctx.session, _own_id(ctx))
    factor = next((row for row in list_second_factors(ctx.session, account.id) if row.id == factor_id), None)
    if factor is None:
        raise NotFoundError("factor_not_found")
    factor.removed_at = ctx.now
    ctx.session.flush()
    record(ctx, None, Event.FACTOR_REMOVED, f"account/{account.id}", {"kind": factor.kind.value}, actor="system")


def reset_factors(ctx: ServiceContext, account_id: int, *, reason: str) -> None:
    """The administrator takes every factor of a person away, who lost them: on the record, and every log-in ends.

    It stands in the log of the installation and in that of each competition in which the person acts, so that those who
    watch over the competition read it.

    Raises:
        ConflictError: `own_account`.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: `role_needed`, `fresh_factor_needed`.
    """
    ctx.require(Role.ADMINISTRATOR)
    if account_id == ctx.actor.account_id:
        raise ConflictError("own_account")
    ctx.require_fresh_factor()
    words = checked_reason(reason)
    account = get_account_for_update(ctx.session, account_id)
    for factor in list_second_factors(ctx.session, account.id):
        factor.removed_at = ctx.now
    end_all_login_sessions(ctx, account.id)
    clear_failed_log_ins(ctx, throttle_name(account.id))
    record_everywhere(ctx, account, Event.FACTORS_RESET, {"reason": words})


# ------------------------------------------------------------------------------------------------------- inside


def _own_id(ctx: ServiceContext) -> int:
    if ctx.actor.account_id is None:
        raise NotAllowedError("role_needed", roles="")
    return ctx.actor.account_id


def _log_in(ctx: ServiceContext, token: str) -> LoginSession:
    found = find_login_session(ctx.session, token_hash(token), now=ctx.now)
    if found is None or found.account_id != ctx.actor.account_id:
        raise NotFoundError("log_in_not_found")
    return found


def _account_to_add_to(ctx: ServiceContext) -> Account:
    account = get_account_for_update(ctx.session, _own_id(ctx))
    if list_second_factors(ctx.session, account.id):
        ctx.require_fresh_factor()
    return account


def _add(ctx: ServiceContext, account: Account, kind: FactorKind, name: str, content: bytes) -> SecondFactor:
    words = normalise_name(name)[:MOST_NAME_LENGTH]
    if not words:
        raise InvalidError("factor_name_missing", field="name")
    if len(list_second_factors(ctx.session, account.id)) >= MOST_FACTORS:
        raise ConflictError("too_many_factors", most=MOST_FACTORS)
    sealed = _seal(_settings(ctx), account.id, kind, content)
    factor = SecondFactor(account_id=account.id, kind=kind, name=words, sealed=sealed, added_at=ctx.now, last_step=0)
    ctx.session.add(factor)
    ctx.session.flush()
    record(ctx, None, Event.FACTOR_ADDED, f"account/{account.id}", {"kind": kind.value}, actor="system")
    return factor


def _app(secret: str) -> pyotp.TOTP:
    return pyotp.TOTP(secret, digits=CODE_DIGITS, interval=STEP_SECONDS)


def _step_of(secret: str, code: str, *, ctx: ServiceContext, after: int) -> int | None:
    """The step that this code belongs to, among the present one and its neighbours that were not used yet."""
    typed = plain_code(code)
    if len(typed) != CODE_DIGITS:
        return None
    app = _app(secret)
    present = app.timecode(ctx.now)
    for step in range(present - NEIGHBOUR_STEPS, present + NEIGHBOUR_STEPS + 1):
        if step > after and hmac.compare_digest(app.generate_otp(step).encode(), typed.encode()):
            return step
    return None


def _asserted(ctx: ServiceContext, answer: str, *, challenge: bytes) -> Assertion | None:
    """What one of the own passkeys signed over the challenge, if it did."""
    try:
        given = json.loads(answer)
        read = AuthenticationResponse.from_dict(given) if isinstance(given, dict) else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if read is None:
        return None
    for factor in _passkeys(ctx, _own_id(ctx)):
        credential, host = _credential(ctx, factor)
        if credential.credential_id != read.raw_id:
            continue
        try:
            _server(host).authenticate_complete(_state(challenge), [credential], read)
        except (ValueError, TypeError):
            return None
        factor.used_at = ctx.now
        return Assertion(
            credential=_text(credential.credential_id),
            public_key=_text(_cose_bytes(credential)),
            authenticator_data=_text(read.response.authenticator_data),
            client_data=_text(read.response.client_data),
            signature=_text(read.response.signature),
        )
    return None


def _request(ctx: ServiceContext, account_id: int, challenge: bytes, *, host: str) -> dict[str, Any] | None:
    known = [_credential(ctx, factor) for factor in _passkeys(ctx, account_id)]
    here = [credential for credential, made_for in known if made_for == host]
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
    content = json.loads(_opened(ctx, factor))
    return AttestedCredentialData(_bytes(content["credential"])), content["host"]


def _cose_bytes(credential: AttestedCredentialData) -> bytes:
    """The public key in COSE, in the one spelling that verifiers read. Source: RFC 9053 sec. 7.1.1 (P-256)."""
    x, y = credential.public_key[-2], credential.public_key[-3]
    return b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + bytes(x) + b"\x22\x58\x20" + bytes(y)


def _server(host: str) -> Fido2Server:
    """The side of the site; of signatures only ECDSA over P-256, which every device has and the verifiers check."""
    server = Fido2Server(PublicKeyCredentialRpEntity(name=_ISSUER, id=host))
    server.allowed_algorithms = [item for item in server.allowed_algorithms if item.alg == ES256.ALGORITHM]
    return server


def _state(challenge: bytes) -> dict[str, Any]:
    return {"challenge": _text(challenge), "user_verification": UserVerificationRequirement.REQUIRED}


def _offered_secret(ctx: ServiceContext, account_id: int, token: str) -> str:
    number = count_second_factors(ctx.session, account_id)
    return base64.b32encode(_derived(ctx, "app", account_id, token, number)[:SECRET_BYTES]).decode("ascii")


def _enrolment_challenge(ctx: ServiceContext, account_id: int, token: str) -> bytes:
    return _derived(ctx, "passkey", account_id, token, count_second_factors(ctx.session, account_id))


def _showing_challenge(ctx: ServiceContext, log_in: LoginSession) -> bytes:
    """Changes whenever a factor was shown in this log-in."""
    return _derived(ctx, "show", log_in.token_sha256, "" if log_in.factor_at is None else log_in.factor_at.isoformat())


def _derived(ctx: ServiceContext, *parts: object) -> bytes:
    text = json.dumps([str(part) for part in parts]).encode("ascii")
    return hmac.new(_key(_settings(ctx), "waiting"), text, hashlib.sha256).digest()


def _settings(ctx: ServiceContext) -> Settings:
    if ctx.settings is None:
        raise RuntimeError("second factors need the settings of the installation")
    return ctx.settings


def _key(settings: Settings, purpose: str) -> bytes:
    info = f"examsite second factors: {purpose}".encode("ascii")
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(settings.secret_key.encode("utf-8"))


def _seal(settings: Settings, account_id: int, kind: FactorKind, content: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    bound_to = f"{kind}/{account_id}".encode("ascii")
    return nonce + AESGCM(_key(settings, "sealed")).encrypt(nonce, content, bound_to)


def _opened(ctx: ServiceContext, factor: SecondFactor) -> bytes:
    """What a factor is checked with; one that this installation did not seal for this account is refused by name.

    It stops the others of the account, too: somebody wrote it past the product, and that must not pass in silence.
    """
    nonce, sealed = factor.sealed[:_NONCE_BYTES], factor.sealed[_NONCE_BYTES:]
    bound_to = f"{factor.kind}/{factor.account_id}".encode("ascii")
    try:
        return AESGCM(_key(_settings(ctx), "sealed")).decrypt(nonce, sealed, bound_to)
    except (InvalidTag, ValueError):
        raise ConflictError("factor_damaged", name=factor.name) from None


def _plain(options: Any) -> dict[str, Any]:
    """What the library makes, as plain JSON."""
    found: dict[str, Any] = json.loads(json.dumps(dict(options), default=dict))
    return found


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
