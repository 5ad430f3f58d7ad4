"""A sniff at the pages that people meet most: both languages, a desk's width and a phone's, names, focus, contrast."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from examsite.cli.demonstration import PASSWORD
from tests.browser.browser import ROOT, Browser, Site
from tests.browser.pages.candidate import Candidate
from tests.browser.pages.person import Official, Person, leave

WIDTHS = (1366, 390)
LOCALES = ("vi", "en")
TABS = 8

#: Who looks at which pages; {n} is the competition of the demonstration with this number.
PAGES: dict[str, tuple[str, ...]] = {
    "": ("/", "/login", "/candidate/login", "/rulesets/hai-phong-pilot", "{6}/apply", "{1}/ranking", "{6}"),
    "thuky": ("/organiser/{4}/", "/organiser/{7}/plan/ruleset", "/organiser/{4}/candidates"),
    "coithi": (
        "/invigilator/{5}/sittings/S1",
        "/invigilator/{5}/sittings/S1?seat=A1&act=extend",
        "/invigilator/{5}/sittings/S1?seat=C3&act=move",
        "/invigilator/{5}/sittings/S1?act=papers",
        "/invigilator/{5}/sittings/S1/large",
        *(f"/invigilator/{{5}}/sittings/S1/{paper}" for paper in ("plan", "minutes", "report")),
        "/invigilator/{5}/sittings/S1/seats/F1/timeline",
        "/invigilator/{5}/sittings/S1/answer-files",
        "/invigilator/{5}/sittings/S2?seat=A1&act=check-in",
    ),
    "cham1": ("/marker/{4}/scripts", "first-script"),
    "truongcham": ("/marker/{4}/head/gaps",),
    "dean2": ("/panel/{3}/", "/panel/{3}/defences/3/sheet"),
    "chutich": ("/council/{2}/result", "/council/{1}/sittings/S1/seats/A1/timeline"),
    "giamsat": ("/supervisor/{1}/records",),
    "quantri": ("/administrator/",),
    "E001": ("/candidate/", "/candidate/test"),
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
axe.run(document, {resultTypes: ["violations"]}).then(
  (found) => done(found.violations.flatMap(
    (rule) => rule.nodes.map((node) => `axe ${rule.id}: ${node.html.slice(0, 160)}`),
  )),
  (failure) => done([`axe did not run: ${failure}`]),
);
"""

#: Whether the element that has the focus shows it; an essay's sheet shows it by its edge alone.
SHOWS_FOCUS = """
const element = document.activeElement;
if (!element || element === document.body) return "";
const parts = [element, element.parentElement, element.nextElementSibling].filter(Boolean);
const ring = parts.some((part) => {
  const style = getComputedStyle(part);
  return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
});
return ring ? "" : element.outerHTML.slice(0, 160);
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
        person.logs_in()
        return person

    return seat


def addresses(person: Person, paths: tuple[str, ...]) -> Iterator[str]:
    """The pages of one person, with the codes that the demonstration has now."""
    year = f"{person.browser.site.now():%Y}"
    for path in paths:
        if path == "first-script":
            person.goes_to(f"/marker/VH-{year}-04/scripts")
            link = person.finds('[data-testid="queue-row"] a')[-1].get_attribute("href")
            yield str(link).removeprefix(person.browser.site.url)
            continue
        coded = re.sub(r"\{(\d)\}", lambda found: f"VH-{year}-{int(found[1]):02d}", path)
        yield coded if coded.startswith("/") else f"/competitions/{coded}"


def widen(person: Person, width: int) -> None:
    """The window as wide as this; a headless Chromium does not shrink to a phone by itself."""
    metrics = {"width": width, "height": 768, "deviceScaleFactor": 1, "mobile": False}
    person.browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


@pytest.mark.parametrize("login", PAGES, ids=lambda login: login or "public")
def test_pages_fit_are_named_and_show_the_focus(login: str, looks: Callable[[str], Person]) -> None:
    person = looks(login)
    driver = person.browser.driver
    wrong: list[str] = []
    for address in list(addresses(person, PAGES[login])):
        for locale, width in product(LOCALES, WIDTHS):
            widen(person, width)
            person.browser.open(f"/language/{locale}")
            person.goes_to(address)
            place = f"{address} {locale} {width}"
            spoken = driver.execute_script("return document.documentElement.lang")
            if spoken != locale:
                wrong.append(f"{place}: speaks {spoken}")
            wrong += [f"{place}: {found}" for found in driver.execute_script(SNIFF)]
            if locale == LOCALES[0]:
                # The rules look at structure, names and contrast; the language changes none of them.
                driver.execute_script(AXE)
                wrong += [f"{place}: {found}" for found in driver.execute_async_script(RUN_AXE)]
        for _tab in range(TABS):
            ActionChains(driver).send_keys(Keys.TAB).perform()
            if unseen := driver.execute_script(SHOWS_FOCUS):
                wrong.append(f"{address}: no focus to be seen on {unseen}")
    widen(person, WIDTHS[0])
    assert wrong == [], "\n".join(wrong)


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
