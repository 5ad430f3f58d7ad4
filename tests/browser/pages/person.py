"""What everyone at a browser does: log in and out, fill fields, press, read."""

from __future__ import annotations

import re
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http.cookiejar import Cookie, CookieJar
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select
from sqlalchemy.orm import Session

from examsite.config import load_settings
from examsite.domain.second_factors import STEP_SECONDS, public_secret
from examsite.services import second_factors
from examsite.services.checkpoints import load_signer
from examsite.services.context import Actor, ServiceContext
from examsite.storage.database import open_engine, writing
from examsite.storage.queries.accounts import find_account_by_login, list_second_factors
from tests.browser.browser import LOOK_EVERY_SECONDS, Browser, Site
from tests.web.strict_client import find_all, parse, words

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
#: Where a page says that it refuses something; one look for all, since every page is looked at.
REFUSED = ("error-summary", "error", "log-in-refused", "gate-missing")
REFUSALS = ", ".join([*(f'[data-testid="{name}"]' for name in REFUSED), ".notice--error"])
#: What everybody chooses in place of a printed password.
OWN = "Ba con vịt bơi qua hồ lúc bình minh"
#: The cookie of a log-in.
SESSION = "examsite"


class Person:
    """Somebody who sits down at a browser; several may share one, one after the other."""

    log_in_path = "/login"

    def __init__(self, browser: Browser, *, login: str, password: str) -> None:
        self.browser = browser
        self.login = login
        self.password = password

    # ---------------------------------------------------------------------------------------------- coming, going

    def logs_in(self) -> None:
        """Take the seat: the log-in of whoever sat here before is forgotten, as by a browser that was closed."""
        forget(self.browser)
        # Also where the door is on the screen already: a story moves the clock, and the page has grown too old.
        self.goes_to(self.log_in_path)
        self.fills({"login": self.login, "password": self.password})
        self.submits("log-in")

    def comes_back(self) -> None:
        """Take the seat through the same door, without looking at its pages; the browser stays where it is."""
        opener = opener_with(jar := CookieJar())
        door = self.browser.site.url + self.log_in_path
        with opener.open(door) as page:
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.read().decode())
        assert token is not None, door
        fields = {"login": self.login, "password": self.password, "csrf_token": token[1]}
        with opener.open(door, data=urllib.parse.urlencode(fields).encode()) as landing:
            assert not landing.url.endswith(self.log_in_path), f"{self.login} is not let in"
        self.takes_seat_of(jar)

    def chooses_password(self) -> str:
        """An own password where the site asks for one in place of a printed one; gives back which one counts."""
        if self.finds('[data-testid="must-change"]'):
            self.fills({"current": self.password, "new": OWN, "again": OWN})
            self.submits("change-password")
            self.password = OWN
        return self.password

    def replaces_password(self) -> str:
        """The same without the page, for whoever comes after the first."""
        self.repeats("/account", {"current": self.password, "new": OWN, "again": OWN}, button="change-password")
        self.password = OWN
        return self.password

    def logs_out(self) -> None:
        """Leave the seat."""
        leave(self.browser)

    def goes_to(self, path: str) -> None:
        """Open an address; nobody in a story expects a refusal there."""
        self.browser.open(path)
        self.is_not_refused()

    # -------------------------------------------------------------------------------------------------- the forms

    def repeats(self, path: str, fields: Mapping[str, str], *, button: str) -> Element:
        """Send a form that somebody of this story has sent at the screen before: its page is filled and not drawn.

        Hidden fields go as the page gives them, of the others only those that are named. Gives the page that follows,
        which refuses nothing.
        """
        browser, url = self.browser, self.browser.site.url
        kept = browser.driver.execute_cdp_cmd("Network.getCookies", {"urls": [url]})["cookies"]
        jar = CookieJar()
        for item in kept:
            jar.set_cookie(cookie_of(item["name"], item["value"], host=item["domain"]))
        opener = opener_with(jar)
        with opener.open(url + path) as answer:
            page, address = parse(answer.read().decode()), answer.url
        (form,) = (found for found in page.iter("form") if find_all(found, button))
        target = urllib.parse.urljoin(address, form.get("action") or address)
        hidden = [item for item in form.iter("input") if item.get("type") == "hidden"]
        sent = {item.get("name", ""): item.get("value", "") for item in hidden} | dict(fields)
        with opener.open(target, data=urllib.parse.urlencode(sent).encode()) as answer:
            landing = parse(answer.read().decode())
        refused = [words(found) for name in (*REFUSED, "factor-asked") for found in find_all(landing, name)]
        refused += [words(found) for found in landing.iter() if "notice--error" in found.get("class", "").split()]
        assert refused == [], f"{self.login} at {path}: {refused}"
        self.takes_seat_of(jar)
        return landing

    def takes_seat_of(self, jar: CookieJar) -> None:
        """The browser holds the log-in that the jar holds."""
        (value,) = (cookie.value for cookie in jar if cookie.name == SESSION)
        cookie = {"name": SESSION, "value": value, "url": self.browser.site.url, "httpOnly": True, "sameSite": "Lax"}
        assert self.browser.driver.execute_cdp_cmd("Network.setCookie", cookie)["success"]

    def fills(self, fields: Mapping[str, str]) -> None:
        """Fill fields by their names."""
        for name, text in fields.items():
            self.browser.fill(name, text)

    def fills_instants(self, instants: Mapping[str, datetime]) -> None:
        """Write days and hours as people in Vietnam write them."""
        self.fills({name: at.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M") for name, at in instants.items()})

    def selects(self, name: str, value: str) -> None:
        """Choose the entry of a list by its value."""
        Select(self.browser.field(name)).select_by_value(value)

    def selects_words(self, name: str, words: str) -> None:
        """Choose the one entry of a list that holds these words."""
        choices = Select(self.browser.field(name))
        (entry,) = (option.text for option in choices.options if words in option.text)
        choices.select_by_visible_text(entry)

    def ticks(self, name: str, value: str | None = None) -> None:
        """Tick a box or a radio button."""
        selector = f'input[name="{name}"]' + (f'[value="{value}"]' if value is not None else "")
        element = self.browser.until(lambda: self.finds(selector), what=selector)[0]
        self.browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        if not element.is_selected():
            element.click()

    def submits(self, testid: str) -> None:
        """Press a button that leads on, and be neither refused nor sent back; shows a second factor when asked."""
        self.browser.press(testid, leaves_page=True)
        if self.browser.see_all("factor-asked"):
            self.fills({"factor_code": code_of(self.browser.site, self.login)})
            self.browser.press("show-factor", leaves_page=True)
        self.is_not_refused()

    def follows(self, selector: str) -> None:
        """Press what a selector finds and be on the next page."""
        page = self.browser.driver.find_element(By.TAG_NAME, "html")
        element = self.browser.until(lambda: self.finds(selector), what=selector)[0]
        self.browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()
        self.browser.until(lambda: self.browser.has_left(page), what=f"the page after {selector}")
        self.is_not_refused()

    def is_not_refused(self) -> None:
        """Fail with what the page says where it refuses something."""
        for element in self.finds(REFUSALS):
            raise AssertionError(f"{self.browser.name} at {self.browser.driver.current_url}: {element.text}")

    # ---------------------------------------------------------------------------------------------------- reading

    def finds(self, selector: str) -> list[WebElement]:
        """Everything on the page that the selector finds."""
        return self.browser.driver.find_elements(By.CSS_SELECTOR, selector)

    def reads(self) -> str:
        """All text that the page shows."""
        return self.browser.driver.find_element(By.TAG_NAME, "body").text

    def reads_facts(self) -> list[str]:
        """The values of the lists of facts on the page, in their order."""
        return [str(element.text).strip() for element in self.finds("dl dd")]


class Official(Person):
    """Somebody with an account and a role in the competition `code`."""

    def __init__(self, browser: Browser, *, login: str, password: str, code: str = "") -> None:
        super().__init__(browser, login=login, password=password)
        self.code = code

    def declares_no_relation(self, audience: str, *, drawn: bool = True) -> None:
        """To nobody on the fixed list, on the page of this audience; what was shown once need not be drawn again."""
        page = f"/{audience}/{self.code}/conflicts"
        if not drawn:
            self.repeats(page, {"any_relation": "none"}, button="declare")
            return
        self.goes_to(page)
        self.ticks("any_relation", "none")
        self.submits("declare")


def code_of(site: Site, login: str) -> str:
    """The present code of somebody's app; who has none gets one, as if the story had stopped at the page for it."""
    settings = load_settings(site.instance, environ=site.environment)
    engine = open_engine(settings)
    try:
        with writing(engine) as session:
            account = find_account_by_login(session, login)
            assert account is not None, login
            ctx = ServiceContext(session, site.now(), Actor(account_id=account.id), settings, load_signer(settings))
            waits_for_next_code(site, session, account.id)
            ctx = replace(ctx, now=site.now())
            code = second_factors.demonstration_code(ctx)
            if code is None:
                second_factors.give_app(ctx, account, secret=public_secret(account.login), name="điện thoại")
                code = second_factors.demonstration_code(ctx)
            assert code is not None
            return code
    finally:
        engine.dispose()


def waits_for_next_code(site: Site, session: Session, account_id: int) -> None:
    """A code counts once, and the one after it is taken at most half a minute early: then a person waits."""
    used = max((row.last_step for row in list_second_factors(session, account_id)), default=0)
    begins = datetime.fromtimestamp(used * STEP_SECONDS, UTC)
    if site.now() >= begins:
        return
    if site.moved_clock:
        site.move_clock_to(begins)
    while site.now() < begins:
        time.sleep(LOOK_EVERY_SECONDS)


def opener_with(jar: CookieJar) -> urllib.request.OpenerDirector:
    """What asks for pages as a browser does."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    opener.addheaders.append(("Accept", "text/html"))
    return opener


def cookie_of(name: str, value: str, *, host: str) -> Cookie:
    """A cookie as a browser holds it, for this host and all its pages."""
    named = {"name": name, "value": value, "domain": host, "path": "/", "path_specified": True, "discard": True}
    unsaid = {"port": None, "expires": None, "comment": None, "comment_url": None, "rest": {}}
    flags = dict.fromkeys(("port_specified", "domain_specified", "domain_initial_dot", "secure"), False)
    return Cookie(version=0, **named, **unsaid, **flags)


def forget(browser: Browser) -> None:
    """Forget the log-in of this browser without a page; what else it keeps stays."""
    if browser.driver.current_url.startswith("http"):
        browser.driver.delete_cookie(SESSION)


def leave(browser: Browser) -> None:
    """Log out whoever is logged in at the browser; a log-in that ran out while the months passed is gone already."""
    if not browser.driver.current_url.startswith("http"):
        return
    if not browser.see_all("log-out"):
        browser.open("/login")
    if browser.see_all("log-out"):
        browser.press("log-out", leaves_page=True)
