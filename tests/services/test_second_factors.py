"""Second factors: codes count once and only near their time, passkeys only for their site and challenge."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pyotp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from sqlalchemy import ColumnElement, Table, select, update
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.errors import ConflictError, DomainError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.second_factors import FRESH_SECONDS, STEP_SECONDS, FactorKind, is_fresh, public_secret
from examsite.services import accounts, passkeys, second_factors, throttling
from examsite.services.account_checks import check_accounts
from examsite.services.context import Actor, ServiceContext
from examsite.storage.models.accounts import Account, LoginSession, SecondFactor
from examsite.storage.models.records import RecordLog, RecordRow
from examsite.storage.queries.accounts import find_person_logged_in, list_second_factors
from tests.factories.competitions import make_official
from tests.factories.passkeys import HOST, Passkey, RsaPasskey, plain, text
from tests.factories.sittings import make_room


@dataclass
class Person:
    """Somebody logged in."""

    session: Session
    now: datetime
    settings: Settings
    account: Account
    token: str

    def ctx(self, *, seconds: int = 0) -> ServiceContext:
        """At an instant, as the site makes it: what was shown before is read from the log-in."""
        now = self.now + timedelta(seconds=seconds)
        found = find_person_logged_in(self.session, self.token, now=now)
        shown = None if found is None else found.factor_at
        return ServiceContext(self.session, now, Actor(account_id=self.account.id), self.settings, factor_at=shown)

    def adds_app(self, *, seconds: int = 0) -> str:
        """An app; gives back its secret."""
        secret = second_factors.offer_app(self.ctx(), token=self.token).secret
        code = self.code(secret, seconds=seconds)
        second_factors.add_app(self.ctx(seconds=seconds), token=self.token, name="điện thoại", code=code)
        return secret

    def code(self, secret: str, *, seconds: int = 0) -> str:
        return pyotp.TOTP(secret).at(self.now + timedelta(seconds=seconds))

    def shows(self, code: str, *, seconds: int = 0) -> bool:
        return second_factors.show_code(self.ctx(seconds=seconds), token=self.token, code=code)

    def adds_passkey(self, device: Passkey) -> SecondFactor:
        answer = device.makes(passkeys.offer_passkey(self.ctx(), token=self.token, host=HOST))
        return passkeys.add_passkey(self.ctx(), token=self.token, host=HOST, name="khóa USB", answer=answer)


@pytest.fixture
def log_in(session: Session, now: datetime, tmp_path: Path) -> Callable[[str], Person]:
    settings = Settings(tmp_path, secret_key="s" * 64, database_url="sqlite://")

    def come(login: str) -> Person:
        account = session.scalars(select(Account).where(Account.login == login)).one_or_none()
        account = account or make_official(session, now, login)
        ctx = ServiceContext(session, now)
        token = accounts.open_login_session(ctx, account, hours=10, address="", user_agent="")
        return Person(session, now, settings, account, token)

    return come


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as caught:
        act()
    return caught.value.code


def test_code_is_taken_once_and_counts_for_five_minutes_of_this_log_in(log_in: Callable[[str], Person]) -> None:
    lan = log_in("lan")
    assert refusal(lan.ctx().require_fresh_factor) == "fresh_factor_needed"
    secret = lan.adds_app()
    lan.ctx(seconds=FRESH_SECONDS).require_fresh_factor()
    assert refusal(lan.ctx(seconds=FRESH_SECONDS + 1).require_fresh_factor) == "fresh_factor_needed"

    other = log_in("lan")
    assert refusal(other.ctx().require_fresh_factor) == "fresh_factor_needed"
    assert not other.shows(lan.code(secret))  # taken when the app was added
    later = other.code(secret, seconds=600)
    assert other.shows(f" {later[:3]} {later[3:]} ", seconds=600)
    other.ctx(seconds=601).require_fresh_factor()
    assert not lan.shows(later, seconds=601)
    assert refusal(lan.ctx(seconds=601).require_fresh_factor) == "fresh_factor_needed"


@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_neighbours_of_the_present_code_are_taken(log_in: Callable[[str], Person], steps: int, is_taken: bool) -> None:
    lan = log_in("lan")
    secret = lan.adds_app()

    assert lan.shows(lan.code(secret, seconds=900 + steps * STEP_SECONDS), seconds=900) is is_taken


def test_a_code_before_the_last_one_is_no_longer_taken(log_in: Callable[[str], Person]) -> None:
    lan = log_in("lan")
    secret = lan.adds_app()

    assert lan.shows(lan.code(secret, seconds=930), seconds=900)
    assert not lan.shows(lan.code(secret, seconds=900), seconds=900)


def test_wrong_codes_make_the_next_wait_and_a_log_in_does_not_help(log_in: Callable[[str], Person]) -> None:
    lan = log_in("lan")
    secret = lan.adds_app()
    for _try in range(12):
        assert not lan.shows("000000", seconds=600)
    name = second_factors.throttle_name(lan.account.id)

    accounts.log_in(lan.ctx(), lan.account.id, typed_login="lan", hours=1, address="", user_agent="")
    assert throttling.seconds_to_wait(lan.session, name, now=lan.ctx(seconds=600).now) > 60
    # What came at the same instant past the page's own question is refused behind the lock.
    assert not lan.shows(lan.code(secret, seconds=600), seconds=600)
    assert lan.shows(lan.code(secret, seconds=2000), seconds=2000)
    assert throttling.seconds_to_wait(lan.session, name, now=lan.ctx(seconds=600).now) == 0


def test_the_next_factor_needs_the_first_one(log_in: Callable[[str], Person]) -> None:
    lan = log_in("lan")
    lan.adds_app()
    thief = log_in("lan")

    assert refusal(thief.adds_app) == "fresh_factor_needed"
    assert refusal(lambda: thief.adds_passkey(Passkey())) == "fresh_factor_needed"
    lan.adds_passkey(Passkey())
    kinds = [factor.kind for factor in list_second_factors(lan.session, lan.account.id)]
    assert kinds == [FactorKind.CODE_APP, FactorKind.PASSKEY]


def test_an_offer_is_gone_once_it_was_taken(log_in: Callable[[str], Person]) -> None:
    lan = log_in("lan")
    first = lan.adds_app()

    assert second_factors.offer_app(lan.ctx(), token=lan.token).secret != first
    assert second_factors.offer_app(lan.ctx(), token=log_in("lan").token).secret != first


def test_a_passkey_is_shown_once_for_each_question(log_in: Callable[[str], Person]) -> None:
    lan, device = log_in("lan"), Passkey()
    lan.adds_passkey(device)
    question = passkeys.ask_for_passkey(lan.ctx(seconds=400), token=lan.token, host=HOST)
    assert question is not None
    answer = device.signs(question)

    assert passkeys.show_passkey(lan.ctx(seconds=400), token=lan.token, answer=answer)
    lan.ctx(seconds=500).require_fresh_factor()
    assert not passkeys.show_passkey(lan.ctx(seconds=401), token=lan.token, answer=answer)
    other = log_in("lan")
    assert not passkeys.show_passkey(other.ctx(seconds=401), token=other.token, answer=answer)


@pytest.mark.parametrize(
    "change",
    [
        {"is_verified": False},
        {"host": "evil.example", "origin": "https://evil.example"},
        {"origin": "https://evil.example"},
        {"origin": f"http://{HOST}"},
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"id": b"another credential of somebody"},
    ],
)
def test_other_sites_other_keys_and_unverified_holders_prove_nothing(
    log_in: Callable[[str], Person], change: dict[str, object]
) -> None:
    lan, device = log_in("lan"), Passkey()
    lan.adds_passkey(device)
    question = passkeys.ask_for_passkey(lan.ctx(seconds=400), token=lan.token, host=HOST)
    assert question is not None
    assert passkeys.ask_for_passkey(lan.ctx(), token=lan.token, host="other.example") is None

    wrong = replace(device, **change).signs(question)  # type: ignore[arg-type]
    assert not passkeys.show_passkey(lan.ctx(seconds=400), token=lan.token, answer=wrong)
    for answer in ("", "{}", "[]", "null", '{"rawId": 7}', wrong[:-9]):
        assert not passkeys.show_passkey(lan.ctx(seconds=400), token=lan.token, answer=answer)


def test_an_unverified_or_foreign_passkey_is_not_added(log_in: Callable[[str], Person]) -> None:
    lan = log_in("lan")
    for device in (Passkey(is_verified=False), Passkey(host="evil.example", origin="https://evil.example")):
        assert refusal(lambda device=device: lan.adds_passkey(device)) == "passkey_not_valid"  # type: ignore[misc]


def test_a_passkey_over_rsa_is_a_factor_and_signs_no_result(log_in: Callable[[str], Person]) -> None:
    lan, device = log_in("lan"), RsaPasskey()
    offered = passkeys.offer_passkey(lan.ctx(), token=lan.token, host=HOST)
    assert [item["alg"] for item in offered["pubKeyCredParams"]] == [-7, -257]
    lan.adds_passkey(device)
    question = passkeys.ask_for_passkey(lan.ctx(seconds=400), token=lan.token, host=HOST)
    assert question is not None
    assert passkeys.show_passkey(lan.ctx(seconds=400), token=lan.token, answer=device.signs(question))

    sha256 = hashlib.sha256(b"result.json").hexdigest()
    assert passkeys.ask_for_signature(lan.ctx(), sha256, host=HOST) is None
    answer = device.signs({"challenge": text(bytes.fromhex(sha256))})
    with pytest.raises(InvalidError, match="passkey_not_valid"):
        passkeys.check_signature(lan.ctx(), sha256, answer=answer, log="VH-2026-01")


def test_a_signature_over_a_document_can_be_checked_by_a_stranger(log_in: Callable[[str], Person]) -> None:
    lan, device = log_in("lan"), Passkey()
    lan.adds_passkey(device)
    sha256 = hashlib.sha256(b"result.json").hexdigest()
    question = passkeys.ask_for_signature(lan.ctx(), sha256, host=HOST)
    assert question is not None
    said = passkeys.check_signature(lan.ctx(), sha256, answer=device.signs(question), log="VH-2026-01").as_data()

    cose = cbor.decode(plain(said["public_key"]))
    point = b"\x04" + cose[-2] + cose[-3]
    signed = plain(said["authenticator_data"]) + hashlib.sha256(plain(said["client_data"])).digest()
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    key.verify(plain(said["signature"]), signed, ec.ECDSA(SHA256()))
    other = hashlib.sha256(b"another").hexdigest()
    with pytest.raises(InvalidError, match="passkey_not_valid"):
        passkeys.check_signature(lan.ctx(), other, answer=device.signs(question), log="VH-2026-01")
    stranger = log_in("binh")
    with pytest.raises(InvalidError, match="passkey_not_valid"):
        passkeys.check_signature(stranger.ctx(), sha256, answer=device.signs(question), log="VH-2026-01")


def test_a_factor_written_into_the_table_counts_for_nothing(log_in: Callable[[str], Person]) -> None:
    lan, binh = log_in("lan"), log_in("binh")
    secret = lan.adds_app()
    own = list_second_factors(lan.session, lan.account.id)[0]
    binh.session.add(
        SecondFactor(account_id=binh.account.id, kind=own.kind, name="lạ", sealed=own.sealed, added_at=binh.now)
    )
    binh.session.flush()

    assert own.sealed.find(secret.encode()) == -1
    assert refusal(lambda: binh.shows(lan.code(secret, seconds=900), seconds=900)) == "factor_damaged"


def test_own_factors_are_removed_with_a_fresh_one_only(log_in: Callable[[str], Person]) -> None:
    lan, thief = log_in("lan"), log_in("lan")
    secret = lan.adds_app()
    (factor,) = list_second_factors(lan.session, lan.account.id)

    assert refusal(lambda: second_factors.remove_factor(thief.ctx(), factor.id)) == "fresh_factor_needed"
    binh = log_in("binh")
    binh.adds_app()
    with pytest.raises(NotFoundError, match="factor_not_found"):
        second_factors.remove_factor(binh.ctx(), factor.id)
    second_factors.remove_factor(lan.ctx(), factor.id)
    # What was shown a moment ago went with it, in every log-in.
    assert (lan.ctx().factor_at, thief.ctx().factor_at) == (None, None)
    assert not lan.shows(lan.code(secret, seconds=900), seconds=900)
    assert lan.adds_app(seconds=1000) != secret


def test_an_administrator_resets_on_the_record_and_ends_every_log_in(log_in: Callable[[str], Person]) -> None:
    lan, quan = log_in("lan"), log_in("quan")
    lan.adds_app()
    quan.adds_app()
    boss = replace(quan.ctx(), actor=Actor(account_id=quan.account.id, role=Role.ADMINISTRATOR, pseudonym="Q01"))

    for ctx, code in ((replace(boss, factor_at=None), "fresh_factor_needed"), (quan.ctx(), "role_needed")):
        with pytest.raises(NotAllowedError, match=code):
            second_factors.reset_factors(ctx, lan.account.id, reason="Mất điện thoại")
    with pytest.raises(InvalidError, match="reason_missing"):
        second_factors.reset_factors(boss, lan.account.id, reason=" ")
    with pytest.raises(ConflictError, match="own_account"):
        second_factors.reset_factors(boss, quan.account.id, reason="Mất điện thoại")
    second_factors.reset_factors(boss, lan.account.id, reason="Mất điện thoại")

    assert list_second_factors(lan.session, lan.account.id) == []
    ended = lan.session.scalars(select(LoginSession.ended_at).where(LoginSession.account_id == lan.account.id)).all()
    assert None not in ended
    events = lan.session.scalars(select(RecordRow.event).order_by(RecordRow.id)).all()
    assert events[-1] == "factors:reset"
    assert events.count("factor:added") == 2


def test_a_password_given_anew_stands_in_the_log_of_each_competition_in_which_the_person_acts(
    session: Session, now: datetime, tmp_path: Path
) -> None:
    room = make_room(session, now, settings=Settings(tmp_path, secret_key="s" * 64, database_url="sqlite://"))
    chair = room.people[Role.CHAIR].account_id
    boss = ServiceContext(session, now, Actor(account_id=None, role=Role.ADMINISTRATOR, pseudonym="Q01"))

    with pytest.raises(NotAllowedError, match="fresh_factor_needed"):
        accounts.reset_password(boss, chair, password_hash="x")
    accounts.reset_password(replace(boss, factor_at=now), chair, password_hash="x")

    rows = session.execute(
        select(RecordLog.code, RecordRow.subject)
        .join(RecordRow, RecordRow.log_id == RecordLog.id)
        .where(RecordRow.event == "password:reset")
    ).all()
    assert len(rows) == 2
    assert {row.subject for row in rows} == {f"account/{chair}"}
    assert room.competition.code in {row.code for row in rows}


def test_only_a_known_secret_is_shown_by_the_site(log_in: Callable[[str], Person]) -> None:
    lan, binh = log_in("lan"), log_in("binh")
    lan.adds_app()
    second_factors.give_app(binh.ctx(), binh.account, secret=public_secret("binh"), name="trình diễn")

    assert second_factors.demonstration_code(lan.ctx()) is None
    for seconds in (0, 5):  # a clock that stands still has a code left
        shown = second_factors.demonstration_code(binh.ctx(seconds=seconds))
        assert shown is not None
        assert binh.shows(shown, seconds=seconds)


def test_freshness_ends() -> None:
    now = datetime.fromisoformat("2026-03-16T02:00:00+00:00")
    assert not is_fresh(None, now=now)
    assert is_fresh(now - timedelta(seconds=FRESH_SECONDS), now=now)
    assert not is_fresh(now - timedelta(seconds=FRESH_SECONDS, microseconds=1), now=now)


@pytest.mark.parametrize("hiding", ["UPDATE second_factors SET removed_at = added_at", "DELETE FROM second_factors"])
def test_a_factor_that_is_hidden_in_the_database_makes_no_room_for_another_one(
    log_in: Callable[[str], Person], hiding: str
) -> None:
    """Somebody with a log-in that was left open and the password of the database would come in as this person."""
    lan = log_in("lan")
    lan.adds_app()
    lan.session.connection().exec_driver_sql(hiding)
    lan.session.expire_all()
    with pytest.raises(ConflictError, match="factor_damaged"):
        log_in("lan").adds_app(seconds=60)


def former(
    person: Person, model: type[SecondFactor] | type[LoginSession], where: ColumnElement[bool]
) -> Callable[[], None]:
    """One row as it stands now, seal and all; called, it puts the row back past the product."""
    table = cast(Table, model.__table__)
    row = dict(person.session.connection().execute(select(table).where(where)).mappings().one())

    def put_back() -> None:
        person.session.connection().execute(update(table).where(table.c.id == row["id"]).values(**row))
        person.session.expire_all()

    return put_back


def test_a_code_counts_once_also_when_the_row_of_its_factor_is_put_back(log_in: Callable[[str], Person]) -> None:
    lan = log_in("lan")
    secret = lan.adds_app()
    put_back = former(lan, SecondFactor, SecondFactor.account_id == lan.account.id)
    code = lan.code(secret, seconds=600)
    assert lan.shows(code, seconds=600)
    assert check_accounts(lan.session) == []

    put_back()
    assert not lan.shows(code, seconds=601)
    assert [(one.table, one.column) for one in check_accounts(lan.session)] == [("second_factors", "last_step")]


def test_a_factor_of_which_only_the_last_code_was_set_back_is_refused_by_name(log_in: Callable[[str], Person]) -> None:
    lan = log_in("lan")
    secret = lan.adds_app()
    lan.session.connection().execute(update(cast(Table, SecondFactor.__table__)).values(last_step=0))
    lan.session.expire_all()
    assert refusal(lambda: lan.shows(lan.code(secret, seconds=600), seconds=600)) == "factor_damaged"


def test_an_answer_of_a_passkey_counts_once_also_when_the_log_in_is_put_back(log_in: Callable[[str], Person]) -> None:
    lan, device = log_in("lan"), Passkey()
    lan.adds_passkey(device)
    back = (
        former(lan, SecondFactor, SecondFactor.account_id == lan.account.id),
        former(lan, LoginSession, LoginSession.account_id == lan.account.id),
    )
    question = passkeys.ask_for_passkey(lan.ctx(seconds=400), token=lan.token, host=HOST)
    assert question is not None
    answer = device.signs(question)
    assert passkeys.show_passkey(lan.ctx(seconds=400), token=lan.token, answer=answer)

    for put_back in back:
        put_back()
    assert not passkeys.show_passkey(lan.ctx(seconds=900), token=lan.token, answer=answer)
