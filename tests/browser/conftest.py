"""Sites and browsers for stories. Every test here is marked `browser` by being here."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.browser.browser import Browser, Site

FAILED = pytest.StashKey[bool]()
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="module")
def new_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Site]]:
    """Makes an installation of its own; `start()` is left to the story, ending it is not."""
    sites: list[Site] = []

    def make(*, moved_clock: bool = False, **settings: str) -> Site:
        named = {f"EXAMSITE_{name.upper()}": value for name, value in settings.items()}
        site = Site(tmp_path_factory.mktemp("site"), settings=named, moved_clock=moved_clock)
        sites.append(site)
        return site

    yield make
    for site in sites:
        site.stop()


@pytest.fixture(scope="module")
def demonstration(new_site: Callable[..., Site]) -> Site:
    """A running site with the demonstration, as after the first `make run`."""
    site = new_site()
    site.command("init")
    site.start()
    return site


@pytest.fixture
def people(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Site, str], Browser]]:
    """Seats a person at a browser: `people(site, "thí sinh 1")`. At the end no console may have complained."""
    seated: list[Browser] = []

    def seat(site: Site, name: str) -> Browser:
        assert name not in {browser.name for browser in seated}, f"{name} already sits at a browser"
        browser = Browser(site, name, tmp_path_factory.mktemp("person"))
        seated.append(browser)
        return browser

    yield seat
    complaints: list[str] = []
    try:
        for browser in seated:
            complaints.extend(browser.complaints())
        if complaints or request.node.stash.get(FAILED, False):
            folder = tmp_path_factory.mktemp("evidence")
            print("\n".join(browser.keep_evidence(folder) for browser in seated))
            for site in {browser.site for browser in seated}:
                print(f"end of {site.log}:", *site.log.read_text(encoding="utf-8").splitlines()[-30:], sep="\n")
    finally:
        for browser in seated:
            browser.close()
    assert complaints == []
