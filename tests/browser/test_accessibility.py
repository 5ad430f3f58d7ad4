"""A sniff at the pages that people meet: both languages, a desk's width and a phone's, names, focus, contrast, axe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from examsite.cli.demonstration import PASSWORD
from tests.browser.browser import ROOT, Browser, Site
from tests.browser.pages.candidate import Candidate
from tests.browser.pages.person import Official, Person, leave

WIDE, NARROW = 1366, 390
LOCALES = ("vi", "en")
#: Where the rules engine looks, by language and width.
LOOKED_AT_IN_THE_ROOM = {(LOCALES[0], NARROW), (LOCALES[1], WIDE)}
LOOKED_AT_ELSEWHERE = {(LOCALES[0], WIDE)}
TABS = 8
OFFLINE = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}

Act = Callable[[Person], AbstractContextManager[None]]


# ------------------------------------------------------------------------------------- what is done before the look


def nothing(_person: Person) -> AbstractContextManager[None]:
    """The page as it comes."""
    return nullcontext()


def pressed(selector: str) -> Act:
    """A part of the page opened by a press, and closed again by Escape."""

    @contextmanager
    def act(person: Person) -> Iterator[None]:
        person.browser.until(lambda: person.finds(selector), what=selector)[0].click()
        yield
        ActionChains(person.browser.driver).send_keys(Keys.ESCAPE).perform()

    return act


def at_question(kind: str) -> Act:
    """The test at a question of this kind."""

    @contextmanager
    def act(person: Person) -> Iterator[None]:
        assert isinstance(person, Candidate)
        person.is_writing()
        person.turns_to(next(item for item, found in person.lists_questions().items() if found == kind))
        yield

    return act


@contextmanager
def with_questions(person: Person) -> Iterator[None]:
    """The test once its questions are there, also where nobody may write."""
    person.browser.until(lambda: person.finds("[data-item]:not([hidden])"), what="a question")
    yield


@contextmanager
def without_network(person: Person) -> Iterator[None]:
    """The test while what is written stays on the machine."""
    assert isinstance(person, Candidate)
    person.is_writing()
    person.browser.expect_in_console("net::ERR_")
    person.browser.expect_in_console("when fetching the script")
    driver = person.browser.driver
    driver.execute_cdp_cmd("Network.enable", {})
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": True, **OFFLINE})
    essay = next(item for item, kind in person.lists_questions().items() if kind == "essay")
    person.writes(essay, " Viết khi mất mạng.")
    person.browser.see("banner")
    yield
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": False, **OFFLINE})
    person.browser.until(
        lambda: not driver.execute_script("return examsite.room.unsaved()"), what="all sent", patience_seconds=40
    )


@contextmanager
def in_a_second_tab(person: Person) -> Iterator[None]:
    """The gate: the test is open in another tab of this machine."""
    driver = person.browser.driver
    first = driver.current_window_handle
    driver.switch_to.new_window("tab")
    try:
        person.goes_to("/candidate/test")
        person.browser.see("gate-action")
        yield
    finally:
        driver.close()
        driver.switch_to.window(first)


@contextmanager
def before_it_is_done(person: Person) -> Iterator[None]:
    """An act that asks once more: the exact sentence of what will happen."""
    person.fills({"minutes": "3", "reason": "Bàn phím hỏng"})
    person.submits("extend")
    person.browser.see("confirm-act")
    yield


@contextmanager
def refused(person: Person) -> Iterator[None]:
    """A form that came back with what is missing."""
    person.browser.expect_in_console("status of 422")
    person.browser.press("record-incident", leaves_page=True)
    person.browser.see("error-summary")
    yield


@dataclass(frozen=True)
class Look:
    """A page and what is done on it first; an empty path stays where one is.

    {n}: the competition with this number. "page -> selector": where the last such link of the page leads.
    """

    path: str
    act: Act = nothing
    #: The rules engine looks at pages of the room narrow in one language and wide in the other; at the others once.
    of_room: bool = True


def office(*paths: str) -> tuple[Look, ...]:
    """Pages outside the room."""
    return tuple(Look(path, of_room=False) for path in paths)


ROOM = "/invigilator/{5}/sittings/S1"

#: Who looks at which pages, by the browser they share.
PAGES: dict[str, dict[str, tuple[Look, ...]]] = {
    "public": {
        "": office("/", "/login", "/candidate/login", "/rulesets/hai-phong-pilot", "{6}/apply", "{1}/ranking", "{6}"),
    },
    "staff": {
        "thuky": (
            *office("/organiser/{4}/", "/organiser/{7}/plan/ruleset", "/organiser/{4}/candidates"),
            Look("/organiser/{5}/sittings/S1/readiness"),
            Look("/organiser/{5}/sittings/S2/readiness"),
            Look("/organiser/{5}/sittings/S2/rules"),
            Look("/organiser/{5}/rehearsals"),
            Look("/organiser/{5}/sittings/S1/readiness -> main th a"),
        ),
        "cham1": office("/marker/{4}/scripts", "/marker/{4}/scripts -> [data-testid=queue-row] a"),
        "truongcham": office("/marker/{4}/head/gaps"),
        "dean2": office("/panel/{3}/", "/panel/{3}/defences/3/sheet"),
        "chutich": (
            *office("/council/{2}/result"),
            Look("/council/{1}/sittings/S1/seats/A1/timeline"),
            Look("/council/{1}/sittings/S1/report"),
            Look("/council/{3}/draws/presentation-order"),
            Look("/council/{5}/incidents"),
            Look("/council/{5}/room-requests"),
            Look("/council/{5}/room-requests -> main a[href*=room-requests]"),
        ),
        "giamsat": office("/supervisor/{1}/records"),
        "quantri": (*office("/administrator/"), Look("/administrator/clock"), Look("/administrator/certificate")),
    },
    "invigilator": {
        "coithi": (
            Look("/invigilator/{5}/"),
            Look(ROOM),
            Look(f"{ROOM}?seat=A1&act=extend"),
            Look(f"{ROOM}?seat=A1&act=extend", before_it_is_done),
            Look(f"{ROOM}?seat=A1&act=incident", refused),
            Look(f"{ROOM}?seat=C3&act=move"),
            Look(f"{ROOM}?seat=D4&act=answer"),
            Look(f"{ROOM}?seat=B8&act=lost-time"),
            *(Look(f"{ROOM}?act={act}") for act in ("room-message", "room-time", "handover", "papers")),
            Look(f"{ROOM} -> [data-testid=card-request] a"),
            Look(f"{ROOM}/large"),
            *(Look(f"{ROOM}/{paper}") for paper in ("plan", "minutes", "report", "readiness")),
            Look(f"{ROOM}/seats/F1/timeline"),
            Look(f"{ROOM}/answer-files"),
            Look("/invigilator/{5}/sittings/S2?seat=A1&act=check-in"),
            Look("/invigilator/{8}/sittings/S1"),
        ),
    },
    "candidates": {
        "E065": (Look("/candidate/"), Look("/candidate/test")),
        "E001": (
            Look("/candidate/test", with_questions),
            *(Look("", at_question(kind)) for kind in ("single", "multiple", "numeric", "ordering", "essay")),
            Look("", pressed("[data-item]:not([hidden]) [data-help]")),
            Look("", pressed("[data-hand-in]")),
            Look("", pressed("[data-reading-toggle]")),
            Look("", without_network),
            Look("", in_a_second_tab),
        ),
        "E048": (Look("/candidate/test", with_questions),),
        "E006": (Look("/candidate/test/receipt"),),
        "A001": (Look("/candidate/written/course"),),
    },
}

#: What the page must never do, asked of the page itself. Each answer is a list of what is wrong.
SNIFF = """
const wrong = [];
const shown = (element) => element.checkVisibility({checkVisibilityCSS: true}) && element.getClientRects().length;
const of = (selector) => [...document.querySelectorAll(selector)].filter(shown);
const said = (element) => element.outerHTML.slice(0, 160);
const page = document.documentElement;
if (page.scrollWidth > window.innerWidth) {
  const wide = of("body *").filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1);
  wrong.push(`wider than the window: ${page.scrollWidth}, first ${wide.length ? said(wide[0]) : "?"}`);
}
const heads = of("h1").length;
if (heads !== 1) wrong.push(`${heads} elements h1`);
if (of("main").length !== 1) wrong.push("not one main");
if (!of("header").length) wrong.push("no header");
if (!document.title.trim()) wrong.push("no title");
for (const nav of of("nav:not([aria-label], [aria-labelledby])")) wrong.push(`nav without a name: ${said(nav)}`);
const textWith = (id) => document.getElementById(id)?.textContent || "";
const textOf = (ids) => (ids || "").split(/\\s+/).map(textWith).join("").trim();
for (const element of of("a[href], button, select, textarea, input:not([type=hidden]), [role=button]")) {
  const name = element.getAttribute("aria-label") || textOf(element.getAttribute("aria-labelledby")) ||
    [...(element.labels || [])].map((label) => label.textContent).join("").trim() || element.textContent.trim() ||
    element.getAttribute("title") || (element.type === "submit" && element.value);
  if (!name) wrong.push(`control without a name: ${said(element)}`);
}
for (const image of of("img:not([alt])")) wrong.push(`image without alt: ${said(image)}`);
for (const line of of(".seat-line:not(.visually-hidden)")) {
  if (line.scrollWidth > line.clientWidth + 1) wrong.push(`clipped: ${said(line)}`);
}
const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
for (const id of new Set(ids.filter((one, place) => ids.indexOf(one) !== place))) wrong.push(`id twice: ${id}`);
let level = 1;
for (const head of of("main h1, main h2, main h3, main h4")) {
  const now = Number(head.tagName[1]);
  if (now > level + 1) wrong.push(`heading leaps from ${level} to ${now}: ${said(head)}`);
  level = now;
}
return wrong;
"""

#: The rules engine axe-core 4.14.1 as its makers ship it (npm, MPL-2.0); run in the page, nothing is fetched.
AXE = (Path(__file__).parent / "vendor/axe.min.js").read_text(encoding="utf-8")
RUN_AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"], preload: false}).then(
  (found) => done(found.violations.flatMap(
    (rule) => rule.nodes.map((node) => `axe ${rule.id}: ${node.html.slice(0, 160)}`),
  )),
  (failure) => done([`axe did not run: ${failure}`]),
);
"""

#: Looks from here on whether each element that gets the focus shows it; an essay's sheet shows it by its edge alone.
WATCH_FOCUS = """
const seen = {stops: 0, without: []};
const look = () => {
  const element = document.activeElement;
  if (!element || element === document.body) return;
  const parts = [element, element.parentElement, element.nextElementSibling].filter(Boolean);
  const ring = parts.some((part) => {
    const style = getComputedStyle(part);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
  });
  seen.stops += 1;
  if (!ring) seen.without.push(element.outerHTML.slice(0, 160));
};
document.addEventListener("focusin", look);
window.examsiteFocus = () => { document.removeEventListener("focusin", look); return seen; };
"""


@pytest.fixture
def looks(demonstration: Site, people: Callable[[Site, str], Browser]) -> Callable[[str], Person]:
    """Seats somebody of the demonstration at one browser, logged in; an empty login is the public."""
    seated: list[Browser] = []

    def seat(login: str) -> Person:
        if not seated:
            seated.append(people(demonstration, "người xem"))
        if not login:
            leave(seated[0])
            return Person(seated[0], login="", password="")
        if re.fullmatch(r"[A-Z]\d{3}", login):
            person: Person = Candidate(seated[0], name=login, login=login, password=PASSWORD)
        else:
            person = Official(seated[0], login=login, password=PASSWORD)
        person.comes_back()
        return person

    return seat


def address_of(person: Person, path: str) -> str:
    """Where a page is, with the codes that the demonstration has now."""
    page, _arrow, selector = path.partition(" -> ")
    if selector:
        person.goes_to(address_of(person, page))
        link = person.finds(selector)[-1].get_attribute("href")
        return str(link).removeprefix(person.browser.site.url)
    year = f"{person.browser.site.now():%Y}"
    coded = re.sub(r"\{(\d)\}", lambda found: f"VH-{year}-{int(found[1]):02d}", path)
    return coded if coded.startswith("/") or not coded else f"/competitions/{coded}"


def widen(person: Person, width: int) -> None:
    """The window as wide as this; a headless Chromium does not shrink to a phone by itself."""
    metrics = {"width": width, "height": 768, "deviceScaleFactor": 1, "mobile": False}
    person.browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    # What the page itself changes with the width, it changes with the next frame.
    frames = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done));"
    person.browser.driver.execute_async_script(frames)


@pytest.mark.parametrize("group", PAGES)
def test_pages_fit_are_named_and_show_the_focus(group: str, looks: Callable[[str], Person]) -> None:
    wrong: list[str] = []
    for login, chosen in PAGES[group].items():
        person = looks(login)
        for locale in LOCALES:
            person.browser.open(f"/language/{locale}")
            for look in chosen:
                wrong += [f"{login} {locale} {found}" for found in faults_of(person, look, locale)]
        widen(person, WIDE)
    assert wrong == [], "\n".join(wrong)


def faults_of(person: Person, look: Look, locale: str) -> Iterator[str]:
    """Everything that is wrong with a page in one language, wide and narrow."""
    driver = person.browser.driver
    widen(person, WIDE)
    if look.path:
        person.goes_to(address_of(person, look.path))
    with look.act(person):
        name = f"{look.path} {getattr(look.act, '__qualname__', '')}"
        spoken = driver.execute_script("return document.documentElement.lang")
        if spoken != locale:
            yield f"{name}: speaks {spoken}"
        for width in (WIDE, NARROW):
            if width != WIDE or look.act is not nothing:  # what was done may have opened another tab
                widen(person, width)
            found = driver.execute_script(SNIFF)
            if (locale, width) in (LOOKED_AT_IN_THE_ROOM if look.of_room else LOOKED_AT_ELSEWHERE):
                driver.execute_script(AXE)
                found += driver.execute_async_script(RUN_AXE)
            yield from (f"{name} at {width}: {one}" for one in found)
        if locale == LOCALES[0]:
            driver.execute_script(WATCH_FOCUS)
            ActionChains(driver).send_keys(*[Keys.TAB] * TABS).perform()
            focus = driver.execute_script("return window.examsiteFocus();")
            yield from (f"{name}: no focus to be seen on {unseen}" for unseen in focus["without"])
            if not focus["stops"]:
                yield f"{name}: nothing gets the focus"


def test_the_language_is_switched_by_one_link_and_stays(looks: Callable[[str], Person]) -> None:
    person = looks("")
    person.goes_to("/")
    person.follows('a[hreflang="en"]')
    assert person.finds("html")[0].get_attribute("lang") == "en"
    person.goes_to("/rulesets")
    assert person.finds("html")[0].get_attribute("lang") == "en"
    person.follows('a[hreflang="vi"]')
    assert person.finds("html")[0].get_attribute("lang") == "vi"
    assert "Bộ quy tắc" in person.reads()


# ------------------------------------------------------------------------------------------------------- contrast

#: Text or edge, ground, least ratio. WCAG 2.2: 4.5 for text, 3 for edges of controls and large marks (1.4.3, 1.4.11).
PAIRS = [
    *(("ink", ground, 7.0) for ground in ("paper", "surface", "wash", "blue-wash", "amber-wash", "red-wash", "mark")),
    *(("ink-soft", ground, 4.5) for ground in ("paper", "surface", "wash", "blue-wash")),
    *(("blue", ground, 4.5) for ground in ("paper", "surface", "wash", "blue-wash")),
    *(("seal", ground, 4.5) for ground in ("paper", "surface", "red-wash")),
    ("green", "green-wash", 4.5),
    ("green", "paper", 4.5),
    ("amber", "amber-wash", 4.5),
    ("amber", "paper", 4.5),
    ("ink", "blue-2", 4.5),
    *(("on-dark", ground, 4.5) for ground in ("blue", "blue-hover", "seal", "green")),
    *(("line-strong", ground, 3.0) for ground in ("paper", "surface")),
    ("chart-green", "surface", 3.0),
    ("ink", "focus", 3.0),
]


def tokens(selector: str) -> dict[str, str]:
    """Colours by name, as the block of this selector sets them over the first block."""
    text = (ROOT / "examsite/web/static/css/tokens.css").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for block in (":root", selector):
        body = text.split(f"{block} {{", 1)[1].split("}", 1)[0]
        found |= dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})\b", body))
    return found


def luminance(colour: str) -> float:
    """Relative luminance. Source: WCAG 2.2, definition of relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(first: str, second: str) -> float:
    """Contrast ratio. Source: WCAG 2.2, definition of contrast ratio."""
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("selector", [":root", 'html[data-contrast="high"]'], ids=["light", "high"])
@pytest.mark.parametrize(("text", "ground", "least"), PAIRS, ids=str)
def test_tokens_stand_out_from_their_ground(text: str, ground: str, least: float, selector: str) -> None:
    colours = tokens(selector)
    assert ratio(colours[text], colours[ground]) >= least
