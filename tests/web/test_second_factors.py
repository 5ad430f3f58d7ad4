"""Account security and the page in between: who acts on something critical shows a second factor, and loses no word."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from examsite.domain.permissions import Role
from examsite.domain.second_factors import STEP_SECONDS, public_secret
from examsite.services import second_factors
from examsite.services.accounts import create_administrator
from examsite.services.findings import note_findings_seen
from examsite.services.ranking import compute_result
from examsite.storage.models.accounts import Account
from examsite.storage.models.ranking import Signature
from examsite.storage.models.records import RecordRow
from tests.factories.passkeys import Passkey
from tests.factories.ranking import make_stage
from tests.web.conftest import PASSWORD, Clock, Doing
from tests.web.strict_client import StrictClient, find_all, parse, words

CODE = "VH-2026-01"
SIGN = f"/council/{CODE}/result"
ORGANISER = f"organiser-{CODE.lower()}"
MEMBER = f"c02-{CODE.lower()}"
ADMINISTRATOR = "quantri"

Scene = Callable[..., Any]
LogIn = Callable[..., StrictClient]

#: Every address at which something critical is done; the services ask again.
ASKING = {
    "administrator.erase",
    "administrator.reset_factors",
    "administrator.reset_password",
    "auth.remove_factor",
    "authority.decide_tie",
    "authority.sign_result",
    "council.agree_to_opening",
    "council.answer_withdrawal",
    "council.decide_correction",
    "council.decide_request",
    "council.draw_allocation",
    "council.draw_order",
    "council.draw_script_codes",
    "council.hold_draw",
    "council.take_sheet",
    "council.discard_key",
    "council.show_sheet",
    "supervisor.take_sheet",
    "supervisor.show_sheet",
    "council.open_codes",
    "council.open_paper",
    "council.open_reserve",
    "council.open_sealed_paper",
    "council.set_aside_paper",
    "council.sign_gate_document",
    "council.sign_result",
    "council.split_key",
    "invigilator.decide_request",
    "organiser.issue_slips",
    "organiser.publish_result",
    "organiser.publish_written_results",
}


@pytest.fixture
def ranked(scene: Scene, password_hash: str) -> str:
    """A computed result whose report the member has read; gives back the end of its hash."""

    def steps(doing: Doing) -> str:
        extensions = doing.app.extensions
        stage = make_stage(
            doing.session,
            doing.now,
            settings=extensions["settings"],
            signer=extensions["signer"],
            password_hash=password_hash,
        )
        version = compute_result(stage.ctx(Role.ORGANISER), stage.competition)
        reader = stage.ctx(stage.council[1])
        note_findings_seen(reader, stage.competition, findings_sha256="0" * 64, shown_sha256="0" * 64)
        return version.sha256

    return str(scene(steps, once="ranked"))


def secret_on(page: str) -> str:
    found = re.search(r'data-testid="secret">([A-Z2-7 ]+)<', page)
    assert found is not None
    return found[1].replace(" ", "")


def adds_app(client: StrictClient, clock: Clock) -> str:
    secret = secret_on(client.get("/account/security/app").text)
    code = pyotp.TOTP(secret).at(clock.present)
    fields = {"name": "điện thoại", "password": PASSWORD, "code": code}
    assert client.submit("/account/security/app", fields).headers["Location"] == "/account/security"
    clock.present += timedelta(seconds=2 * STEP_SECONDS)
    return secret


def hidden_on(page: Any) -> dict[str, str]:
    (box,) = find_all(page, "factor-asked")
    fields = {item.get("name"): item.get("value", "") for item in box.iter("input") if item.get("type") == "hidden"}
    return {str(name): str(value) for name, value in fields.items()}


def test_these_addresses_ask_for_a_factor(app: Flask) -> None:
    assert {name for name, view in app.view_functions.items() if getattr(view, "asks_for_factor", False)} == ASKING


def test_who_signs_shows_a_code_on_the_way_and_nothing_typed_is_lost(
    ranked: str, scene: Scene, log_in: LogIn, clock: Clock
) -> None:
    member = log_in(MEMBER, shows_factor=False)
    secret = adds_app(member, clock)
    clock.present += timedelta(minutes=6)
    reason = "Thiếu biên bản\nphòng “02” & <b>03</b>."
    typed = {"version": "1", "decision": "refused", "sha_tail": ranked[-4:], "reason": reason}

    asked = member.submit(SIGN, typed)
    carried = hidden_on(parse(asked.text))
    assert {name: carried[name] for name in typed} == typed
    assert find_all(parse(asked.text), "leave")[0].get("href") == SIGN  # the page where the form stands
    assert scene(lambda doing: doing.session.scalars(select(Signature)).all()) == []

    shapeless = member.post(SIGN, data={**carried, "factor_code": "12ab"})
    assert (shapeless.status_code, "Mã gồm đúng 6 chữ số" in shapeless.text) == (422, True)
    wrong = member.post(SIGN, data={**carried, "factor_code": "000000"})
    assert (wrong.status_code, "Mã chưa đúng" in wrong.text) == (422, True)
    carried = hidden_on(parse(wrong.text))
    code = pyotp.TOTP(secret).at(clock.present)
    done = member.post(SIGN, data={**carried, "factor_code": code})
    assert (done.status_code, done.headers["Location"]) == (302, SIGN)
    assert "phòng “02” &amp; &lt;b&gt;03&lt;/b&gt;." in member.get(SIGN).text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"decision": ""}, "Hãy chọn Đồng ý hoặc Không đồng ý"),
        ({"decision": "refused"}, "Hãy ghi lý do"),
        ({"sha_tail": "zzzz"}, "không phải bốn ký tự cuối"),
    ],
)
def test_what_is_missing_is_said_before_a_factor_is_asked(
    ranked: str, log_in: LogIn, change: dict[str, str], said: str
) -> None:
    typed = {"version": "1", "decision": "agreed", "sha_tail": ranked[-4:], "reason": ""}
    member = log_in(MEMBER, shows_factor=False)

    answer = member.submit(SIGN, typed | change)

    assert (answer.status_code, said in answer.text) == (422, True)
    assert not find_all(parse(answer.text), "factor-asked")
    assert find_all(parse(member.submit(SIGN, typed).text), "factor-asked")


def test_who_has_no_factor_is_led_to_add_one_and_sends_on_afterwards(ranked: str, log_in: LogIn, clock: Clock) -> None:
    member = log_in(MEMBER, shows_factor=False)
    assert "Chưa có yếu tố thứ hai" in member.get("/account/security").text
    asked = parse(member.submit(SIGN, {"version": "1", "decision": "agreed", "sha_tail": ranked[-4:]}).text)
    (way,) = (item.get("href") for item in find_all(asked, "factor-none")[0].iter("a"))
    assert way == "/account/security"

    secret = adds_app(member, clock)  # in another tab; showing it there is showing it
    done = member.post(SIGN, data={**hidden_on(asked), "factor_code": pyotp.TOTP(secret).at(clock.present)})
    assert (done.status_code, done.headers["Location"]) == (302, SIGN)


def test_many_wrong_codes_have_to_wait(ranked: str, log_in: LogIn, clock: Clock) -> None:
    member = log_in(MEMBER, shows_factor=False)
    secret = adds_app(member, clock)
    clock.present += timedelta(minutes=6)
    carried = hidden_on(
        parse(member.submit(SIGN, {"version": "1", "decision": "agreed", "sha_tail": ranked[-4:]}).text)
    )
    for _try in range(8):
        member.post(SIGN, data={**carried, "factor_code": "000000"})

    answer = member.post(SIGN, data={**carried, "factor_code": pyotp.TOTP(secret).at(clock.present)})
    assert (answer.status_code, "Thử lại sau" in answer.text) == (422, True)


def test_adding_needs_the_password_and_the_code(ranked: str, log_in: LogIn, clock: Clock) -> None:
    member = log_in(MEMBER, shows_factor=False)
    secret = secret_on(member.get("/account/security/app").text)
    good = {"name": "điện thoại", "password": PASSWORD, "code": pyotp.TOTP(secret).at(clock.present)}
    for change, said in (
        ({"password": "sai mật khẩu rồi nhé"}, "Mật khẩu đang dùng chưa đúng"),
        ({"code": "000000"}, "Mã chưa đúng"),
        ({"name": ""}, "Chưa điền"),
    ):
        answer = member.submit("/account/security/app", good | change)
        assert (answer.status_code, said in answer.text) == (422, True)
        assert secret_on(answer.text) == secret
        assert find_all(parse(answer.text), "code")[0].get("value", "") == ""
    assert member.submit("/account/security/app", good).status_code == 302
    clock.present += timedelta(minutes=6)
    # The old factor is asked before the new one is shown; who was too long over the form is asked when it is sent.
    page = member.get("/account/security/app").text
    assert find_all(parse(page), "factor-asked")
    assert 'data-testid="secret"' not in page
    shown = member.submit("/account/security/app", {"factor_code": pyotp.TOTP(secret).at(clock.present)})
    assert shown.headers["Location"] == "/account/security/app"
    assert secret_on(member.get("/account/security/app").text) != secret
    clock.present += timedelta(minutes=6)
    asked = member.submit("/account/security/app", {**good, "code": "123456"})
    assert find_all(parse(asked.text), "factor-asked")


def test_a_passkey_signs_the_hash_itself_and_the_record_keeps_it(
    ranked: str, app: Flask, scene: Scene, log_in: LogIn, clock: Clock
) -> None:
    device = Passkey(host="localhost", origin="http://localhost")
    member = log_in(MEMBER, shows_factor=False)
    page = find_passkey(member.page("/account/security/passkey"))
    made = member.submit(
        "/account/security/passkey", {"name": "khóa USB", "password": PASSWORD, "answer": device.makes(page)}
    )
    assert made.headers["Location"] == "/account/security"
    clock.present += timedelta(minutes=6)

    signed = device.signs(find_passkey(member.page(SIGN)))
    fields = {"version": "1", "decision": "agreed", "sha_tail": ranked[-4:], "confirmed": "agreed"}
    assert member.submit(SIGN, {**fields, "assertion": signed.replace("signature", "sognature")}).status_code == 422
    done = member.submit(SIGN, {**fields, "assertion": signed})

    assert (done.status_code, done.headers["Location"]) == (302, SIGN)
    kept = scene(last_payload)
    assert kept["result_sha256"] == ranked
    assert set(kept["assertion"]) == {"credential", "public_key", "authenticator_data", "client_data", "signature"}
    page = member.page(SIGN)
    assert [words(item) for item in find_all(page, "way")] == ["ký bằng khóa truy cập, kèm chữ ký số"]
    assert find_all(page, "firmness")


def last_payload(doing: Doing) -> Any:
    row = doing.session.scalars(
        select(RecordRow).where(RecordRow.event == "result:approved").order_by(RecordRow.id.desc())
    ).first()
    assert row is not None
    return json.loads(row.payload or "")


def find_passkey(page: Any) -> Any:
    boxes = [item for item in page.iter() if item.get("data-passkey-options")]
    return json.loads(boxes[0].get("data-passkey-options"))


def test_an_administrator_resets_with_a_reason_and_a_factor(
    ranked: str, scene: Scene, log_in: LogIn, clock: Clock, password_hash: str
) -> None:
    def steps(doing: Doing) -> int:
        create_administrator(doing.ctx(), login=ADMINISTRATOR, display_name="Quản trị", password_hash=password_hash)
        return int(doing.session.scalars(select(Account.id).where(Account.login == MEMBER)).one())

    number = scene(steps)
    member = log_in(MEMBER, shows_factor=False)
    adds_app(member, clock)
    boss = log_in(ADMINISTRATOR, shows_factor=False)
    page = f"/accounts/{number}"
    where = f"/administrator{page}/reset-factors"
    form_at = f"/administrator{page}"
    assert boss.submit(where, {"reason": " "}, form_at=form_at).status_code == 422
    assert find_all(parse(boss.submit(where, {"reason": "x"}, form_at=form_at).text), "factor-asked")

    boss = log_in(ADMINISTRATOR)
    assert boss.submit(where, {"reason": " "}, form_at=f"/administrator{page}").status_code == 422
    done = boss.submit(where, {"reason": "Mất điện thoại, đã gặp mặt."}, form_at=f"/administrator{page}")
    assert done.status_code == 302
    assert member.get("/account/security").headers["Location"] == "/login"
    again = log_in(MEMBER, shows_factor=False)
    assert find_all(again.page("/account/security"), "no-factors")


def test_where_the_installation_wants_it_every_log_in_takes_a_factor(
    ranked: str, app: Flask, log_in: LogIn, clock: Clock
) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], factor_at_log_in=True)
    member = log_in(MEMBER, shows_factor=False)
    assert member.get(SIGN).headers["Location"] == "/account/factor"
    assert member.post(SIGN).status_code in {400, 403}
    assert member.get("/account/factor").headers["Location"] == "/account/security"
    secret = adds_app(member, clock)
    assert member.get(SIGN).status_code == 200

    again = log_in(MEMBER, shows_factor=False)
    assert again.get(SIGN).headers["Location"] == "/account/factor"
    assert again.submit("/account/factor", {"factor_code": "000000", "factor_answer": ""}).status_code == 422
    code = pyotp.TOTP(secret).at(clock.present)
    done = again.submit("/account/factor", {"factor_code": code, "factor_answer": ""})
    assert (done.status_code, done.headers["Location"]) == (302, SIGN)
    assert again.get(SIGN).status_code == 200
    assert log_in(MEMBER).get(SIGN).status_code == 200


def test_an_account_of_a_demonstration_sees_its_code(ranked: str, scene: Scene, log_in: LogIn) -> None:
    def steps(doing: Doing) -> None:
        account = doing.session.scalars(select(Account).where(Account.login == MEMBER)).one()
        second_factors.give_app(doing.ctx(), account, secret=public_secret(MEMBER), name="trình diễn")

    scene(steps)
    member = log_in(MEMBER, shows_factor=False)
    asked = parse(member.submit(SIGN, {"version": "1", "decision": "agreed", "sha_tail": ranked[-4:]}).text)
    shown = re.search(r"\d{6}", words(find_all(asked, "demonstration-code")[0]))
    assert shown is not None
    assert member.post(SIGN, data={**hidden_on(asked), "factor_code": shown[0]}).status_code == 302


def test_a_factor_is_taken_away_after_a_look_at_what_is_left(ranked: str, log_in: LogIn, clock: Clock) -> None:
    person = log_in(MEMBER)
    adds_app(person, clock)
    (link,) = find_all(person.page("/account/security"), "remove-factor")
    target = str(link.get("href"))
    shown = person.get(target)
    assert shown.status_code == 200
    assert "điện thoại" in shown.text
    assert "Đây là cái duy nhất" in shown.text
    assert find_all(person.page("/account/security"), "remove-factor"), "looking takes nothing away"
    assert log_in(ORGANISER).get(target).status_code == 404
    assert person.submit(target).headers["Location"] == "/account/security"
    assert find_all(person.page("/account/security"), "no-factors")
    assert person.get(target).status_code == 404
