"""Second factors: one-time codes of an app, and what passkeys share with them; shown anew before every critical act.

Decision: what a factor is checked with lies in the database encrypted under a key of the installation and bound to its
account. Secrets and challenges that are waiting for their answer are stored nowhere: they are computed from the log-in
and from what was shown so far, so that an answer counts once. What was shown so far says the log of the installation:
whoever sets rows back in the database brings no old code and no old answer to life.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pyotp

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
    FactorKind,
    plain_code,
    public_secret,
)
from examsite.services.accounts import end_all_login_sessions, record_everywhere
from examsite.services.context import ServiceContext
from examsite.services.records import SYSTEM_LOG, record
from examsite.services.sealing import open_value, purpose_key, seal_value
from examsite.services.throttling import clear_failed_log_ins, note_failed_log_in, seconds_to_wait
from examsite.storage.log_in_tokens import factor_mac
from examsite.storage.models.accounts import Account, LoginSession, SecondFactor
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.accounts import (
    count_second_factors,
    find_login_session,
    get_account,
    get_account_for_update,
    list_login_sessions,
    list_second_factors,
)
from examsite.storage.queries.records import list_records_of_events
from examsite.storage.row_seals import is_as_written

#: Who the app and the device show as the one that asks.
ISSUER = "Thi tuyển"

#: What factors are encrypted for, and what waits for its answer is computed for.
_SEALED, _WAITING = "second factors: sealed", "second factors: waiting"

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
    account = get_account(ctx.session, own_id(ctx))
    secret = _offered_secret(ctx, account.id, token)
    address = _app(secret).provisioning_uri(name=account.login, issuer_name=ISSUER)
    return AppOffer(secret, address)


def add_app(ctx: ServiceContext, *, token: str, name: str, code: str) -> SecondFactor:
    """Take an app that shows the right code; the factor has been shown with it.

    Raises:
        ConflictError: `too_many_factors`, `factor_damaged`.
        InvalidError: `code_wrong`, `factor_name_missing`, with the `field`.
        NotAllowedError: `fresh_factor_needed` where the account has a factor already.
        NotFoundError: `log_in_not_found`.
    """
    account = account_to_add_to(ctx)
    log_in = log_in_of(ctx, token)
    secret = _offered_secret(ctx, account.id, token)
    step = _step_of(secret, code, ctx=ctx, after=0)
    if step is None:
        raise InvalidError("code_wrong", field="code")
    content = secret.encode("ascii")
    return add_shown_factor(ctx, account, log_in, FactorKind.CODE_APP, name=name, content=content, step=step)


def give_app(ctx: ServiceContext, account: Account, *, secret: str, name: str) -> SecondFactor:
    """Give an account a known secret: for a demonstration, whose secrets protect nothing."""
    return add_factor(ctx, account, FactorKind.CODE_APP, name, secret.encode("ascii"))


# ----------------------------------------------------------------------------------------------------- showing


def show_code(ctx: ServiceContext, *, token: str, code: str) -> bool:
    """Note that this person has just shown a code of an app; a wrong one is counted and slows the next.

    A code that was taken once is wrong from then on, and so is every one before it. While somebody has to wait none is
    right.

    Raises:
        ConflictError: `factor_damaged`.
        NotFoundError: `log_in_not_found`.
    """
    account_id = own_id(ctx)
    get_account_for_update(ctx.session, account_id)  # of two tries with one code the second comes after the first
    log_in = log_in_of(ctx, token)
    # The page lets in whatever comes at one instant: asked again behind the lock, a thousand tries at once are a few.
    waits = seconds_to_wait(ctx.session, throttle_name(account_id), now=ctx.now) > 0
    shown = list_shown(ctx, account_id)
    for factor in list_second_factors(ctx.session, account_id):
        if waits or factor.kind is not FactorKind.CODE_APP:
            continue
        after = _last_step(factor, shown)
        step = _step_of(opened_factor(ctx, factor).decode("ascii"), code, ctx=ctx, after=after)
        if step is not None:
            factor.last_step, factor.used_at = step, ctx.now
            note_shown(ctx, log_in, factor)
            clear_failed_log_ins(ctx, throttle_name(account_id))
            ctx.session.flush()
            return True
    note_failed_log_in(ctx, throttle_name(account_id))
    return False


def demonstration_code(ctx: ServiceContext) -> str | None:
    """The present code of an account of a demonstration, whose secret everybody can compute; None for all others.

    Raises:
        ConflictError: `factor_damaged`.
    """
    account = get_account(ctx.session, own_id(ctx))
    secret = public_secret(account.login)
    for factor in list_second_factors(ctx.session, account.id):
        if factor.kind is FactorKind.CODE_APP and opened_factor(ctx, factor) == secret.encode("ascii"):
            app = _app(secret)
            after = max(app.timecode(ctx.now), _last_step(factor, list_shown(ctx, account.id)) + 1)
            return app.generate_otp(min(after, app.timecode(ctx.now) + NEIGHBOUR_STEPS))
    return None


# ---------------------------------------------------------------------------------------------------- removing


def remove_factor(ctx: ServiceContext, factor_id: int) -> None:
    """Take one of the own factors away; the next act that asks for a factor asks for one of the others.

    Raises:
        NotAllowedError: `fresh_factor_needed`.
        NotFoundError: `factor_not_found`.
    """
    ctx.require_fresh_factor()
    account = get_account_for_update(ctx.session, own_id(ctx))
    factor = next((row for row in list_second_factors(ctx.session, account.id) if row.id == factor_id), None)
    if factor is None:
        raise NotFoundError("factor_not_found")
    factor.removed_at = ctx.now
    # What was shown a moment ago may have been this one: nothing is signed any more by a factor that is gone.
    for log_in in list_login_sessions(ctx.session, account.id, now=ctx.now):
        log_in.factor_at = None
    ctx.session.flush()
    payload = {"kind": factor.kind.value, "factor": factor.id}
    record(ctx, None, Event.FACTOR_REMOVED, f"account/{account.id}", payload, actor="system")


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
    words = checked_reason(reason)
    ctx.require_fresh_factor()
    account = get_account_for_update(ctx.session, account_id)
    for factor in list_second_factors(ctx.session, account.id):
        factor.removed_at = ctx.now
    end_all_login_sessions(ctx, account.id)
    clear_failed_log_ins(ctx, throttle_name(account.id))
    record_everywhere(ctx, account, Event.FACTORS_RESET, {"reason": words})


# ------------------------------------------------------------------------------------------------------- inside


def own_id(ctx: ServiceContext) -> int:
    """The account of the person who acts.

    Raises:
        NotAllowedError: `role_needed`: nobody is logged in.
    """
    if ctx.actor.account_id is None:
        raise NotAllowedError("role_needed", roles="")
    return ctx.actor.account_id


def log_in_of(ctx: ServiceContext, token: str) -> LoginSession:
    """The log-in of the person who acts, by its token.

    Raises:
        NotFoundError: `log_in_not_found`.
    """
    found = find_login_session(ctx.session, token, now=ctx.now)
    if found is None or found.account_id != ctx.actor.account_id:
        raise NotFoundError("log_in_not_found")
    return found


def note_shown(ctx: ServiceContext, log_in: LoginSession, factor: SecondFactor) -> None:
    """Note in a log-in, and record, that its person has shown this second factor at this instant."""
    log_in.factor_at = ctx.now
    log_in.factor_mac = factor_mac(ctx.session, log_in.token_mac, ctx.now)
    payload = {"factor": factor.id, "step": factor.last_step}
    record(ctx, None, Event.FACTOR_SHOWN, f"account/{factor.account_id}", payload, actor="system")


def list_shown(ctx: ServiceContext, account_id: int) -> list[RecordRow]:
    """The records of every factor that a person has shown, in their order."""
    subject = f"account/{account_id}"
    return list_records_of_events(ctx.session, SYSTEM_LOG, (Event.FACTOR_SHOWN,), subject=subject)


def _last_step(factor: SecondFactor, shown: Iterable[RecordRow]) -> int:
    """The step of the last code taken: that of the row, or of the log where the row was set back."""
    told = (row.content for row in shown)
    return max([factor.last_step, *(one.get("step", 0) for one in told if one.get("factor") == factor.id)])


def account_to_add_to(ctx: ServiceContext) -> Account:
    """The own account with its row locked; who has a factor already shows it before a further one is taken.

    Whether there is one is asked of the log, too: whoever hides the row of a factor in the database would otherwise add
    one of an own making under a log-in that was left open.

    Raises:
        ConflictError: `factor_damaged`; taking every factor away (`reset_factors`) mends it.
        NotAllowedError: `fresh_factor_needed`.
    """
    account = get_account_for_update(ctx.session, own_id(ctx))
    standing = {row.id: row.name for row in list_second_factors(ctx.session, account.id)}
    if standing.keys() != _recorded_factors(ctx, account.id):
        raise ConflictError("factor_damaged", name=", ".join(standing.values()) or "?")
    if standing:
        ctx.require_fresh_factor()
    return account


def _recorded_factors(ctx: ServiceContext, account_id: int) -> set[int]:
    """Which factors the log of the installation says that an account has now."""
    found: set[int] = set()
    kinds = (Event.FACTOR_ADDED, Event.FACTOR_REMOVED, Event.FACTORS_RESET)
    for row in list_records_of_events(ctx.session, SYSTEM_LOG, kinds, subject=f"account/{account_id}"):
        if row.event == Event.FACTORS_RESET:
            found.clear()
            continue
        number = row.content.get("factor", 0)
        if row.event == Event.FACTOR_ADDED:
            found.add(number)
        else:
            found.discard(number)
    return found


def add_factor(ctx: ServiceContext, account: Account, kind: FactorKind, name: str, content: bytes) -> SecondFactor:
    """Write a factor down, encrypted and on record; the caller has asked whether it may be taken.

    Raises:
        ConflictError: `too_many_factors`.
        InvalidError: `factor_name_missing`, with the `field`.
    """
    words = normalise_name(name)[:MOST_NAME_LENGTH]
    if not words:
        raise InvalidError("factor_name_missing", field="name")
    if len(list_second_factors(ctx.session, account.id)) >= MOST_FACTORS:
        raise ConflictError("too_many_factors", most=MOST_FACTORS)
    sealed = seal_value(ctx, _SEALED, content, bound_to=f"{kind}/{account.id}")
    factor = SecondFactor(account_id=account.id, kind=kind, name=words, sealed=sealed, added_at=ctx.now, last_step=0)
    ctx.session.add(factor)
    ctx.session.flush()
    payload = {"kind": kind.value, "factor": factor.id}
    record(ctx, None, Event.FACTOR_ADDED, f"account/{account.id}", payload, actor="system")
    return factor


def add_shown_factor(
    ctx: ServiceContext,
    account: Account,
    log_in: LoginSession,
    kind: FactorKind,
    *,
    name: str,
    content: bytes,
    step: int = 0,
) -> SecondFactor:
    """As `add_factor`, for one whose holder has just shown it in this log-in (a code of this step); refusals as there.

    Raises:
        ConflictError: `too_many_factors`.
        InvalidError: `factor_name_missing`, with the `field`.
    """
    factor = add_factor(ctx, account, kind, name, content)
    factor.used_at, factor.last_step = ctx.now, step
    note_shown(ctx, log_in, factor)
    ctx.session.flush()
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


def _offered_secret(ctx: ServiceContext, account_id: int, token: str) -> str:
    number = count_second_factors(ctx.session, account_id)
    return base64.b32encode(derived(ctx, "app", account_id, token, number)[:SECRET_BYTES]).decode("ascii")


def derived(ctx: ServiceContext, *parts: object) -> bytes:
    """What waits for its answer in a log-in, computed from what it is for and stored nowhere."""
    text = json.dumps([str(part) for part in parts]).encode("ascii")
    return hmac.new(purpose_key(ctx, _WAITING), text, hashlib.sha256).digest()


def opened_factor(ctx: ServiceContext, factor: SecondFactor) -> bytes:
    """What a factor is checked with; one that this installation did not seal for this account is refused by name.

    It stops the others of the account, too: somebody wrote it past the product, and that must not pass in silence.

    Raises:
        ConflictError: `factor_damaged`.
    """
    content = open_value(ctx, _SEALED, factor.sealed, bound_to=f"{factor.kind}/{factor.account_id}")
    if content is None or not is_as_written(ctx.session, factor):
        raise ConflictError("factor_damaged", name=factor.name)
    return content
