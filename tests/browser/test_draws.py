"""A draw as two members of the council meet it: numbers made, kept and shown by the browser, and repeated by anyone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from selenium.webdriver.support.ui import WebDriverWait

from examsite.config import load_settings
from examsite.domain.permissions import Role
from examsite.domain.split_keys import KeyPurpose
from examsite.services.checkpoints import load_signer
from examsite.services.context import read_clock
from examsite.services.passwords import Passwords
from examsite.storage.database import open_engine, upgrade, writing
from tests.browser.browser import Browser, Site
from tests.browser.pages.person import Official, Person
from tests.factories.defence import make_hall
from tests.factories.split_keys import make_split_key
from tests.factories.standardisation import with_rules

CODE = "VH-2026-01"
PASSWORD = "mật khẩu dài của người thử 07"
NAME = "presentation-order"
HERE = f"/council/{CODE}/draws/{NAME}"


def _fill(instance: Path) -> None:
    """Three proposals are locked; the key of the draws is split; commitments need no notice."""
    settings = load_settings(instance, environ={})
    engine = open_engine(settings)
    upgrade(engine)
    password_hash = Passwords(settings).hash(PASSWORD)
    load_signer(settings)
    with writing(engine) as session:
        now = read_clock() - timedelta(days=31)
        hall = make_hall(session, now, settings=settings, code=CODE, password_hash=password_hash)
        with_rules(hall.board, draw_contributors='"council"', draw_notice_minutes="0")
        hall.locked()
        holders = [hall.board.room.people[role] for role in (Role.CHAIR, Role.COUNCIL_MEMBER)]
        make_split_key(hall.ctx(Role.CHAIR), hall.competition, KeyPurpose.DRAWS, holders=holders, needed=2)
    engine.dispose()


def test_members_give_and_show_numbers_and_a_stranger_repeats_the_draw(
    new_site: Callable[..., Site], people: Callable[[Site, str], Browser]
) -> None:
    # Each draw asks for a code that was not used yet; the next one is there when the clock of the story is.
    site = new_site(moved_clock=True)
    _fill(site.instance)
    site.start()
    browser = people(site, "bốc thăm")
    chair, member = (
        Official(browser, login=f"{login}-{CODE}".lower(), password=PASSWORD, code=CODE) for login in ("chair", "c09")
    )
    for person in (chair, member):
        person.logs_in()
        person.goes_to(HERE)
        if person is chair:
            person.submits("prepare")
        person.submits("give")
        assert "Cam kết của anh/chị đã được ghi" in person.reads()
    chair.logs_in()
    chair.goes_to(HERE)
    chair.follows('[data-testid="to-commit"]')
    chair.submits("commit")
    for person in (chair, member):
        person.logs_in()
        person.goes_to(HERE)
        number = person.finds('[name="number"]')[0]
        # What this browser kept for this person is found and put in.
        WebDriverWait(browser.driver, 10).until(lambda _driver, number=number: number.get_attribute("value"))
        person.submits("show")
    chair.logs_in()
    chair.goes_to(HERE)
    chair.submits("hold")
    order = [item.get_attribute("data-item") for item in chair.finds("[data-draw-outcome] [data-item]")]
    assert len(order) == 3

    stranger = Person(browser, login="", password="")
    stranger.goes_to(f"/competitions/{CODE}/draws/{NAME}")
    stranger.finds('[data-testid="repeat"]')[0].click()
    said = stranger.finds('[data-testid="said"]')[0]
    WebDriverWait(browser.driver, 10).until(lambda _driver: "is-good" in (said.get_attribute("class") or ""))
    assert [item.get_attribute("data-item") for item in stranger.finds("[data-draw-outcome] [data-item]")] == order
    # The digest for pages without a secure context, where the browser gives none, is the same.
    plain = browser.driver.execute_async_script(
        """
        const [address, done] = arguments;
        const { draws } = window.examsite;
        fetch(address).then((answer) => answer.json()).then(async (file) => {
          const bytes = new TextEncoder().encode(draws.canonical(file.document));
          const own = draws.hex(await window.crypto.subtle.digest("SHA-256", bytes).then((b) => new Uint8Array(b)));
          done(own === draws.hex(draws.plainSha256(bytes)));
        });
        """,
        f"/competitions/{CODE}/draws/{NAME}.json",
    )
    assert plain is True
