"""A server process of its own and real browsers against it, for stories that people play together."""

from __future__ import annotations

import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from selenium import webdriver
from selenium.common.exceptions import (
    NoSuchElementException,
    StaleElementReferenceException,
    TimeoutException,
    WebDriverException,
)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select
from urllib3.exceptions import HTTPError

#: Where a story writes how far its server's clock is ahead of the machine's, or behind it when that is less than
#: nothing; read by `tests.browser.moved_server`.
OFFSET_FILE = "clock-offset-seconds"
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 15
LOOK_EVERY_SECONDS = 0.05
#: Each look is work for three processes: what does not come at once is looked for less and less often, down to this.
LOOK_AT_LEAST_EVERY_SECONDS = 0.25
START_SECONDS = 60
STOP_SECONDS = 15
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=vi",
    "--window-size=1280,900",
)
#: The first element of a selector that a person sees: one question to the page, not one for each element.
_FIND_SHOWN = """
const seen = {checkOpacity: true, checkVisibilityCSS: true};
const shown = (element) => element.checkVisibility(seen) && element.getClientRects().length;
const found = [...document.querySelectorAll(arguments[0])].find(shown) || null;
"""
SHOWN = f"{_FIND_SHOWN} return found;"
SHOWN_IN_THE_MIDDLE = f"{_FIND_SHOWN} found?.scrollIntoView({{block: 'center'}}); return found;"
#: What asking a Chromium raises that hangs or is no more.
HANGS = (WebDriverException, HTTPError)
SeenT = TypeVar("SeenT")


def is_of_a_page_gone(error: WebDriverException) -> bool:
    """Whether the element asked about went with its page; the driver has two ways to say so."""
    return isinstance(error, StaleElementReferenceException) or "does not belong to the document" in str(error.msg)


class Site:
    """An installation of its own below `home`: commands, and a server started as a newcomer starts it."""

    def __init__(self, home: Path, *, settings: Mapping[str, str] | None = None, moved_clock: bool = False) -> None:
        self.moved_clock = moved_clock
        self._is_demonstration = False
        self.instance = home / "instance"
        self.instance.mkdir(mode=0o700, parents=True)
        self.log = home / "server.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("EXAMSITE_", "HOST", "PORT"))}
        self.environment = {
            **kept,
            "EXAMSITE_INSTANCE": str(self.instance),
            "EXAMSITE_BIND": f"127.0.0.1:{self.port}",
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            **(settings or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def take_over(self, instance: Path, *, made_at: datetime) -> None:
        """Begin with a copy of another installation, at the instant when that one was made: it has not aged."""
        # Not above: `tests.browser.moved_server` imports this module before it has replaced the clock.
        from examsite.services.clock import ANCHOR_FILE
        from examsite.storage.clock import InstallationClock

        self._is_demonstration = True
        shutil.copytree(instance, self.instance, dirs_exist_ok=True, ignore=shutil.ignore_patterns(f"{ANCHOR_FILE}*"))
        self._write_offset(made_at)
        # The server of a moved clock reads the offset, any other the anchor; both say the same.
        InstallationClock(self.instance / ANCHOR_FILE, lambda: None).set(self.now())

    @property
    def _serve(self) -> list[str]:
        if self.moved_clock:
            config = ["--config", "python:tests.browser.moved_server", "wsgi:app"]
            return [sys.executable, "-m", "gunicorn", *config]
        if self._is_demonstration:
            # What `serve` becomes, without the machines of those who play in the demonstration: nobody looks at them.
            return [sys.executable, "-m", "gunicorn", "--config", "python:examsite.server", "wsgi:app"]
        return [sys.executable, "-m", "examsite", "serve"]

    def now(self) -> datetime:
        """The instant on the server's clock."""
        return datetime.now(UTC) + timedelta(seconds=self._offset)

    def move_clock_to(self, instant: datetime) -> None:
        """Put the server's clock to an instant ahead; needs `moved_clock`."""
        assert self.moved_clock, "this site runs on the machine's clock"
        before = self._offset
        self._write_offset(instant)
        assert self._offset >= before, "a story goes forward"

    def _write_offset(self, instant: datetime) -> None:
        offset = math.ceil((instant - datetime.now(UTC)).total_seconds())
        file = self.instance / OFFSET_FILE
        beside = file.with_suffix(".new")
        beside.write_text(str(offset))
        beside.replace(file)

    @property
    def _offset(self) -> int:
        file = self.instance / OFFSET_FILE
        return int(file.read_text()) if file.exists() else 0

    def command(self, *words: str) -> str:
        """What `python -m examsite …` says for this installation; a command that fails fails the test."""
        done = subprocess.run(
            [sys.executable, "-m", "examsite", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"examsite {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self) -> None:
        """Start the server and return when it answers."""
        assert self._process is None, "the server is running"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._serve,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._ended_within(0.1) or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the server did not start; it said:\n{self.log.read_text(encoding='utf-8')}")

    def stop(self) -> None:
        """End the server as an administrator does; its workers finish what they hold."""
        if self._process is not None:
            self._signal(signal.SIGTERM)
            if not self._ended_within(STOP_SECONDS):
                self._signal(signal.SIGKILL)
                self._process.wait()
            self._process = None

    def kill(self) -> None:
        """End the server and all its workers at once, as a power cut does."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return  # ended by itself

    def _ended_within(self, seconds: float) -> bool:
        assert self._process is not None
        try:
            self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url, timeout=2):
                return True
        except urllib.error.HTTPError as error:
            error.close()
            return error.code < 500
        except OSError:
            return False


def start_chromium(profile: Path) -> webdriver.Chrome:
    """A Chromium with this profile, and its driver."""
    programs = {program: shutil.which(program) for program in ("chromium", "chromedriver")}
    absent = [program for program, found in programs.items() if not found]
    assert not absent, f"{absent} missing; on Debian: apt-get install chromium chromium-driver"
    options = webdriver.ChromeOptions()
    options.binary_location = str(programs["chromium"])
    for flag in FLAGS:
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={profile}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # A session of their own, so that both can be ended together when neither answers.
    service = Service(str(programs["chromedriver"]), popen_kw={"start_new_session": True})
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_page_load_timeout(PATIENCE_SECONDS * 2)
    return driver


def kill_chromium(driver: webdriver.Chrome) -> None:
    """End the driver and its Chromium at once, whether they answer or not."""
    process = driver.service.process
    assert process is not None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Browser:
    """One person at one Chromium with a profile of its own, new or as good as new. Every look waits; nothing sleeps."""

    def __init__(self, site: Site, name: str, home: Path, *, driver: webdriver.Chrome | None = None) -> None:
        self.site = site
        self.name = name
        self.is_gone = False
        self._expected: list[str] = []
        self._complaints: list[str] = []
        self.driver = driver or start_chromium(home / "profile")

    # ------------------------------------------------------------------------------------------------- looking

    def until(self, look: Callable[[], SeenT], *, what: str = "", patience_seconds: float = PATIENCE_SECONDS) -> SeenT:
        """What the look gives as soon as it gives something true."""

        def tried() -> SeenT | None:
            try:
                return look()
            except NoSuchElementException:
                return None
            except WebDriverException as error:
                if not is_of_a_page_gone(error):
                    raise
                return None

        end, pause = time.monotonic() + patience_seconds, LOOK_EVERY_SECONDS
        while not (found := tried()):
            if time.monotonic() > end:
                raise TimeoutException(f"{self.name} waited for {what or look} at {self.driver.current_url}")
            time.sleep(pause)
            pause = min(pause * 1.2, LOOK_AT_LEAST_EVERY_SECONDS)
        return found

    def see(self, testid: str) -> WebElement:
        """The element with this `data-testid`, once it is shown."""

        return self._shown(testid, SHOWN)

    def _shown(self, testid: str, script: str) -> WebElement:
        selector = f'[data-testid="{testid}"]'
        element = self.until(lambda: self.driver.execute_script(script, selector), what=testid)
        assert isinstance(element, WebElement)
        return element

    def see_all(self, testid: str) -> list[WebElement]:
        """Every element with this `data-testid` that is on the page now."""
        return self.driver.find_elements(By.CSS_SELECTOR, f'[data-testid="{testid}"]')

    def text_of(self, testid: str) -> str:
        """The text of the element as it is shown."""
        return self.see(testid).text

    def wait_for_text(self, text: str) -> None:
        """Return when the page shows the text."""
        self.until(lambda: text in self.driver.find_element(By.TAG_NAME, "body").text, what=repr(text))

    # -------------------------------------------------------------------------------------------------- acting

    def open(self, path: str) -> None:
        """Go to an address of the site."""
        self.driver.get(self.site.url + path)

    def press(self, testid: str, *, leaves_page: bool = False) -> None:
        """Press the element; with `leaves_page`, return when the next page is there."""
        page = self.driver.find_element(By.TAG_NAME, "html") if leaves_page else None
        self._shown(testid, SHOWN_IN_THE_MIDDLE).click()
        if page is not None:
            self.until(lambda: self.has_left(page), what=f"the page after {testid}")

    def has_left(self, page: WebElement) -> bool:
        try:
            return not page.tag_name  # what is still there has a name
        except WebDriverException as error:
            if not is_of_a_page_gone(error):
                raise
            return bool(self.driver.execute_script("return document.readyState") == "complete")

    def field(self, label_or_name: str) -> WebElement:
        """The form field with this name attribute, or else with this label."""

        def found() -> WebElement | None:
            named = self.driver.find_elements(By.NAME, label_or_name)
            for label in [] if named else self.driver.find_elements(By.TAG_NAME, "label"):
                if label.text.strip().startswith(label_or_name) and label.get_attribute("for"):
                    named = self.driver.find_elements(By.ID, str(label.get_attribute("for")))
                    break
            return named[0] if named else None

        element = self.until(found, what=f"the field {label_or_name}")
        assert element is not None
        return element

    def fill(self, label_or_name: str, text: str) -> None:
        """Replace what stands in the field."""
        element = self.field(label_or_name)
        element.clear()
        element.send_keys(text)

    def choose(self, label_or_name: str, text: str) -> None:
        """Choose the entry with this text from a list."""
        Select(self.field(label_or_name)).select_by_visible_text(text)

    def attach(self, label_or_name: str, file: Path) -> None:
        """Give the file to an upload field."""
        self.field(label_or_name).send_keys(str(file))

    # ------------------------------------------------------------------------------------------------- checking

    def expect_in_console(self, part: str) -> None:
        """Say beforehand that the console will complain with this text, such as `status of 422`."""
        self._expected.append(part)

    def complaints(self) -> list[str]:
        """What the console complained about since the last look: errors, and anything about the content policy."""
        if self.is_gone:
            return self._complaints
        entries = self.driver.get_log("browser")
        found = [
            f"{self.name}: {entry['message']}"
            for entry in entries
            if entry["level"] == "SEVERE" or "Content Security Policy" in entry["message"]
        ]
        return [message for message in found if not any(part in message for part in self._expected)]

    def keep_evidence(self, folder: Path) -> str:
        """Write a picture and the source of the page; where they are is the answer."""
        if self.is_gone:
            return f"{self.name} has left"
        folder.mkdir(parents=True, exist_ok=True)
        picture = folder / f"{self.name}.png"
        self.driver.save_screenshot(str(picture))
        picture.with_suffix(".html").write_text(self.driver.page_source, encoding="utf-8")
        return f"{self.name} at {self.driver.current_url}: {picture}"

    def close(self) -> None:
        """End the browser and its driver; what its console complained about is kept. May be called again."""
        if not self.is_gone:
            self._complaints = self.complaints()
            self.is_gone = True
            self.driver.quit()

    def abandon(self) -> None:
        """End a browser that does not answer any more, without asking it."""
        self.is_gone = True
        kill_chromium(self.driver)

    def leave_as_new(self) -> webdriver.Chrome:
        """End the browser, not the Chromium: one tab that was never used, and nothing kept of the site.

        :raises HANGS: when the Chromium does not answer or is no more.
        """
        self._complaints = self.complaints()
        used = self.driver.window_handles
        self.driver.switch_to.new_window("tab")
        # What a story told the driver of its tab (a network, a width, a script, a key) goes with the tab.
        new = self.driver.current_window_handle
        for handle in used:
            self.driver.switch_to.window(handle)
            self.driver.close()
        self.driver.switch_to.window(new)
        for command, values in (
            ("Storage.clearDataForOrigin", {"origin": self.site.url, "storageTypes": "all"}),
            ("Network.clearBrowserCookies", {}),
            ("Network.clearBrowserCache", {}),
            ("Browser.setDownloadBehavior", {"behavior": "default"}),
            ("Page.bringToFront", {}),  # letters that are composed go to the tab in front
        ):
            self.driver.execute_cdp_cmd(command, values)
        self.driver.get_log("browser")
        self.is_gone = True
        return self.driver
