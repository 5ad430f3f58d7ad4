"""Sites and browsers for stories. Every test here is marked `browser` by being here."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from selenium import webdriver
from xdist import is_xdist_worker

from tests.browser.browser import HANGS, Browser, Site, kill_chromium

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
    """Makes an empty folder for an installation; `init` and `start()` are left to the story, ending it is not."""
    sites: list[Site] = []

    def make(*, moved_clock: bool = False, **settings: str) -> Site:
        named = {f"EXAMSITE_{name.upper()}": value for name, value in settings.items()}
        site = Site(tmp_path_factory.mktemp("site"), settings=named, moved_clock=moved_clock)
        sites.append(site)
        return site

    yield make
    for site in sites:
        site.kill()  # nobody waits for its answer any more


@pytest.fixture(scope="session")
def made_demonstration(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, datetime]:
    """The demonstration as `make run` makes it, once for all processes of this run, and when it was done."""
    shared = tmp_path_factory.getbasetemp()
    if is_xdist_worker(request):
        shared = shared.parent
    home = shared / "demonstration"
    made_at = shared / "demonstration-made-at"
    with (shared / "demonstration.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made_at.exists():
            Site(home).command("init")
            made_at.write_text(datetime.now(UTC).isoformat())
    return home / "instance", datetime.fromisoformat(made_at.read_text())


@pytest.fixture(scope="module")
def new_demonstration(new_site: Callable[..., Site], made_demonstration: tuple[Path, datetime]) -> Callable[..., Site]:
    """Starts a site of its own with the demonstration, as after the first `make run`, at the instant of its making."""
    instance, made_at = made_demonstration

    def start(*, moved_clock: bool = False) -> Site:
        site = new_site(moved_clock=moved_clock)
        site.take_over(instance, made_at=made_at)
        site.start()
        return site

    return start


@pytest.fixture(scope="module")
def demonstration(new_demonstration: Callable[..., Site]) -> Site:
    """A running site with the demonstration, one for the stories of a module."""
    return new_demonstration()


@pytest.fixture(scope="session")
def left_as_new() -> Iterator[list[webdriver.Chrome]]:
    """Chromiums of stories that are over: to start one and to warm it up is more work than most stories."""
    free: list[webdriver.Chrome] = []
    yield free
    for driver in free:
        kill_chromium(driver)  # nothing of theirs is wanted any more


@pytest.fixture
def people(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, left_as_new: list[webdriver.Chrome]
) -> Iterator[Callable[[Site, str], Browser]]:
    """Seats a person at a browser: `people(site, "thí sinh 1")`. At the end no console may have complained."""
    seated: list[Browser] = []

    def seat(site: Site, name: str) -> Browser:
        assert name not in {browser.name for browser in seated}, f"{name} already sits at a browser"
        driver = left_as_new.pop() if left_as_new else None
        browser = Browser(site, name, tmp_path_factory.mktemp("person"), driver=driver)
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
            if browser.is_gone or complaints or request.node.stash.get(FAILED, False):
                browser.close()
                continue
            try:
                left_as_new.append(browser.leave_as_new())
            except HANGS:  # the story is over and was right; the next one gets another Chromium
                browser.abandon()
    assert complaints == []
