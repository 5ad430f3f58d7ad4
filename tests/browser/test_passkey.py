"""A member of the council adds a passkey and signs a result with it: what only a browser and its device can show."""

from __future__ import annotations

import json
from collections.abc import Callable

from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions

from examsite.domain.events import Event
from examsite.storage.database import make_engine, reading
from examsite.storage.queries.records import list_records_of_events
from tests.browser.browser import Browser, Site
from tests.browser.pages.council import Signer
from tests.browser.pages.organiser import hash_on
from tests.factories.passkeys import plain

PASSWORD = "trinh-dien-thi-tuyen"
RANKED = "VH-2026-02"


def test_a_member_signs_with_a_passkey(
    new_demonstration: Callable[[], Site], people: Callable[[Site, str], Browser]
) -> None:
    site = new_demonstration()
    site.url = f"http://localhost:{site.port}"  # browsers give passkeys to names only
    browser = people(site, "ủy viên")
    browser.driver.add_virtual_authenticator(
        VirtualAuthenticatorOptions(has_user_verification=True, is_user_verified=True)
    )
    member = Signer(browser, login="uyvien2", password=PASSWORD, code=RANKED)
    member.logs_in()
    member.goes_to("/account/security")
    member.submits("to-passkey")
    member.fills({"name": "khóa của ủy viên"})
    member.submits("add-passkey")
    assert "khóa của ủy viên" in browser.text_of("factors")

    member.goes_to(f"/council/{RANKED}/findings")
    member.submits("confirm-read")
    member.goes_to(f"/council/{RANKED}/result")
    sha256 = hash_on(member)
    member.ticks("decision", "agreed")
    member.fills({"sha_tail": sha256[-4:]})
    member.submits("sign-passkey")

    engine = make_engine(f"sqlite:///{site.instance / 'examsite.db'}")
    with reading(engine) as session:
        rows = list_records_of_events(session, RANKED, (Event.RESULT_APPROVED,))
        said = json.loads(rows[-1].payload or "")
    engine.dispose()
    assert said["result_sha256"] == sha256
    client = json.loads(plain(said["assertion"]["client_data"]))
    assert plain(client["challenge"]).hex() == sha256
    assert client["origin"] == site.url
