"""A real Chromium: offline for minutes while somebody types, reloaded, killed with −9, back; then two tabs at once.

The line between page and server is cut outside the browser. Every 250 ms the page is asked what it claims, and the
database is asked whether that is true.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By

from tests.bench.installation import PASSWORD
from tests.browser.browser import Browser
from tests.browser.pages.candidate import Candidate
from tests.faults.exam import Exam, StoredVersion
from tests.faults.network import Line
from tests.faults.outcome import CannotRunError, Outcome

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
SAMPLE_SECONDS = 0.25
#: Everything is on the server so long after the line is back. Unit: seconds.
CONVERGES_SECONDS = 30.0
#: The page keeps itself for a reload without a line within this time. Unit: seconds.
KEEPS_PAGE_SECONDS = 25.0
#: A page without a line says so by then. Unit: seconds.
SAYS_SO_SECONDS = 60.0
PATIENCE_SECONDS = 60.0
ITEM = "E1"

#: What the page claims, and what stands on it, at one instant.
CLAIM = """
const area = document.querySelector('[data-item="E1"] textarea');
const badge = document.querySelector("[data-saved-state]");
if (!area || !badge || !window.examsite?.room?.unsaved) return null;
return {
  state: badge.dataset.savedState,
  title: badge.querySelector("[data-saved-title]").textContent,
  unsaved: window.examsite.room.unsaved(),
  text: area.value,
  writes: !area.readOnly && !area.disabled,
};
"""


@dataclass(frozen=True)
class Size:
    """How long it lasts."""

    keys: int = 2_000
    offline_seconds: float = 600.0
    reloads: int = 3
    two_tabs_seconds: float = 120.0


SHORT = Size(keys=120, offline_seconds=12.0, reloads=1, two_tabs_seconds=10.0)


@dataclass
class _Samples:
    """Everything that was asked of page and database."""

    states: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    checked: int = 0


def run(size: Size = Size()) -> Outcome:
    """Type through all of it, compare."""
    if not all(shutil.which(program) for program in ("chromium", "chromedriver")):
        raise CannotRunError("needs chromium and chromedriver; on Debian: apt-get install chromium chromium-driver")
    outcome = Outcome("browser offline, reloaded, killed; two tabs")
    with tempfile.TemporaryDirectory(prefix="examsite-browser-", ignore_cleanup_errors=True) as home:
        exam = Exam(Path(home), candidates=2)
        exam.start()
        try:
            exam.begin()
            with Line(exam.port) as line:
                _Story(exam, line, Path(home), size, outcome).play()
        finally:
            exam.kill()
    return outcome


class _Story:
    """One candidate at one machine, whatever becomes of its browser."""

    def __init__(self, exam: Exam, line: Line, home: Path, size: Size, outcome: Outcome) -> None:
        self.exam, self.line, self.size, self.outcome = exam, line, size, outcome
        self.home = home / "person"
        self.home.mkdir()
        self.site: Any = SimpleNamespace(url=f"http://127.0.0.1:{line.port}", log=exam.log)
        self.seen = _Samples()
        self.typed = ""
        self.words = 0
        self.person = self._sit_down()

    def play(self) -> None:
        try:
            self.person.logs_in()
            self._come_to_the_page()
            self._type_offline()
            self._two_tabs()
        except (WebDriverException, AssertionError) as error:
            shown = self.person.browser.driver.find_element(By.TAG_NAME, "body").text[:1500]
            raise AssertionError(f"{error}\nthe page showed:\n{shown}") from error
        finally:
            self._kill()

    # ---------------------------------------------------------------------------------------------- the machine

    def _sit_down(self) -> Candidate:
        candidate = self.exam.candidates[0]
        browser = Browser(self.site, "thí sinh", self.home)
        return Candidate(browser, name=candidate.number, login=candidate.number, password=PASSWORD)

    def _kill(self) -> int:
        """End every process of the browser as kill -9 does; gives how many."""
        profile = f"--user-data-dir={self.home / 'profile'}".encode()
        killed = 0
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                words = file.read_bytes().split(b"\0")
                if profile in words and not words[0].endswith(b"chromedriver"):
                    os.kill(int(file.parent.name), signal.SIGKILL)
                    killed += 1
        service = self.person.browser.driver.service
        with contextlib.suppress(Exception):
            service.process.kill()
            service.process.wait(timeout=10)
        return killed

    def _come_to_the_page(self) -> None:
        """The test page, ready to be written on; with or without a line."""
        with contextlib.suppress(WebDriverException):
            self.person.browser.driver.get(self.site.url + "/candidate/test")
        self._wait_until_it_writes()
        self.person.turns_to(ITEM)

    def _wait_until_it_writes(self) -> None:
        self.person.browser.until(
            lambda: (self._claim() or {}).get("writes"),
            what="a page that takes words",
            patience_seconds=PATIENCE_SECONDS,
        )

    # ------------------------------------------------------------------------------------------------- sampling

    def _claim(self) -> dict[str, Any] | None:
        claim: dict[str, Any] | None = self.person.browser.driver.execute_script(CLAIM)
        return claim

    def _stored(self) -> tuple[str, datetime | None]:
        """The current text on the server, and when the newest version of anything came."""
        rows = self._versions()
        counted = [row for row in rows if row.item == ITEM and not row.set_aside]
        current = max(counted, key=lambda row: (row.epoch, row.number), default=None)
        newest = max((row.received_at for row in rows), default=None)
        return (_text(current.content) if current else ""), newest

    def _versions(self) -> list[StoredVersion]:
        name = self.exam.candidates[0].number
        return [row for row in self.exam.versions() if row.candidate == name]

    def _sample(self, seconds: float) -> None:
        """Ask the page and then the database, every 250 ms for so long."""
        ends = time.monotonic() + seconds
        while True:
            claim = self._claim()
            if claim is not None:
                self._check(claim)
            if time.monotonic() >= ends:
                return
            time.sleep(min(SAMPLE_SECONDS, max(0.0, ends - time.monotonic())))

    def _check(self, claim: dict[str, Any]) -> None:
        self.seen.states[claim["state"]] += 1
        if claim["state"] != "saved":
            return
        self.seen.checked += 1
        text, newest = self._stored()
        if not claim["unsaved"] and not text.startswith(claim["text"]):
            self.seen.violations.append(
                f"nothing waits, the page has {len(claim['text'])} letters, the server {len(text)}"
            )
        hour = claim["title"].split()[-1]
        if hour.count(":") == 2:
            shown = datetime.combine(datetime.now(VIETNAM).date(), dt.time.fromisoformat(hour), VIETNAM)
            if newest is None or newest < shown - timedelta(seconds=2):
                self.seen.violations.append(f"shown as saved at {hour}, the server's newest is of {newest}")

    # ------------------------------------------------------------------------------------------------ the story

    def _type(self) -> None:
        """One more word of six keys."""
        self.words += 1
        word = f"w{self.words:04d} "
        area = self.person.finds(f'[data-item="{ITEM}"] textarea')[0]
        area.send_keys(word)
        self.typed += word

    def _type_offline(self) -> None:
        size = self.size
        self._type()
        self._sample(KEEPS_PAGE_SECONDS)
        words = size.keys // 6
        pause = size.offline_seconds / words
        reloads = {words * (number + 1) // (size.reloads + 1) for number in range(size.reloads)}
        kill_at = words * 3 // 5
        killed = 0
        self.line.go_down(refuses=True)
        began = time.monotonic()
        for number in range(words):
            self._type()
            if number in reloads:
                # At once, with the last keys just pressed; silent lines are worse than those that refuse.
                self.line.go_down(refuses=number % 2 == 0)
                self.person.browser.driver.refresh()
                self._wait_until_it_writes()
                self._compare("after a reload")
            elif number == kill_at:
                self._sample(1.5)
                killed = self._kill()
                self.person = self._sit_down()
                self._come_to_the_page()
                self._compare("after the kill")
            self._sample(max(0.0, began + pause * (number + 1) - time.monotonic()))
        offline = time.monotonic() - began
        kept = self.seen.states["kept"]
        self.line.come_up()
        back = time.monotonic()
        while self._stored()[0] != self.typed and time.monotonic() - back < 2 * CONVERGES_SECONDS:
            self._sample(SAMPLE_SECONDS)
        converged = time.monotonic() - back
        self._sample(2.0)
        self._compare("in the end")
        stored = self._stored()[0]
        lost = len(self.typed) - _count_common(stored, self.typed)
        self.outcome.tell("keys typed", len(self.typed))
        self.outcome.tell("offline for s", offline)
        self.outcome.tell("reloads offline", size.reloads)
        self.outcome.tell("processes of the browser killed", killed)
        self.outcome.tell("characters lost", lost)
        self.outcome.tell("all on the server after the return s", converged)
        self.outcome.expect(stored == self.typed, f"the server has {stored[-40:]!r}, typed was {self.typed[-40:]!r}")
        self.outcome.expect(converged <= CONVERGES_SECONDS, f"it took {converged:.0f} s to converge")
        self.outcome.expect(
            kept or offline < SAYS_SO_SECONDS, "the page never said that it keeps the words on this machine only"
        )

    def _compare(self, when: str) -> None:
        """What stands on the page is what was typed."""
        claim = self._claim()
        assert claim is not None, "the page is gone"
        if claim["text"] != self.typed:
            have, want = claim["text"], self.typed
            self.outcome.broken.append(
                f"{when} the page has {len(have)} of {len(want)} letters, ends in {have[-30:]!r}"
            )
            self.typed = have

    def _two_tabs(self) -> None:
        """Two tabs of one browser write in turn, each taking over from the other."""
        driver = self.person.browser.driver
        chance = random.Random(3)
        first = driver.current_window_handle
        driver.switch_to.new_window("tab")
        driver.get(self.site.url + "/candidate/test")
        tabs = [first, driver.current_window_handle]
        ends = time.monotonic() + self.size.two_tabs_seconds
        both = turns = 0
        said_saved: set[str] = set()
        while time.monotonic() < ends:
            writes = []
            for tab in tabs:
                driver.switch_to.window(tab)
                claim = self._claim()
                writes.append(bool(claim and claim["writes"]))
                if claim and claim["writes"] and claim["state"] == "saved" and not claim["unsaved"]:
                    said_saved.add(claim["text"])
            both += all(writes)
            place = chance.randrange(2)
            driver.switch_to.window(tabs[place])
            if not writes[place]:
                turns += self._take_over()
                continue
            area = self.person.finds(f'[data-item="{ITEM}"]:not([hidden]) textarea')
            if not area:
                self.person.turns_to(ITEM)
                continue
            with contextlib.suppress(WebDriverException):  # it may have become read-only meanwhile
                area[0].send_keys(f"t{place}{chance.randrange(1000):03d} ")
            self._sample(0.5 if chance.random() < 0.7 else 4.0)
        finals = []
        for tab in tabs:
            driver.switch_to.window(tab)
            if (self._claim() or {}).get("writes"):
                self.person.is_saved()
                finals.append(self._claim())
        rows = [row for row in self._versions() if row.item == ITEM]
        texts = {_text(row.content) for row in rows}
        current = self._stored()[0]
        self.outcome.tell("two tabs for s", self.size.two_tabs_seconds)
        self.outcome.tell("turns taken over", turns)
        self.outcome.tell("samples with two writing tabs", both)
        self.outcome.tell("versions kept", len(rows))
        self.outcome.tell("texts said to be saved", len(said_saved))
        self.outcome.tell("of them not retrievable", len(said_saved - texts))
        self.outcome.tell("samples every 250 ms", sum(self.seen.states.values()))
        self.outcome.tell("with the badge saved", self.seen.checked)
        self.outcome.tell("of them untrue", len(self.seen.violations))
        self.outcome.expect(not self.seen.violations, f"untrue badges, such as: {self.seen.violations[:1]}")
        self.outcome.expect(said_saved <= texts, "a text that was said to be saved cannot be found again")
        self.outcome.expect(not both, f"in {both} samples both tabs could write")
        self.outcome.expect(len(finals) == 1, f"{len(finals)} tabs write in the end")
        if finals and finals[0]:
            self.outcome.expect(finals[0]["text"] == current, "the writing tab shows another text than the server has")

    def _take_over(self) -> bool:
        """Write here instead, by the button of the notice or of the page in between."""
        for selector in ('[data-testid="state-action"]', "[data-gate-action]"):
            for button in self.person.finds(selector):
                if button.is_displayed():
                    button.click()
                    self._wait_until_it_writes()
                    return True
        time.sleep(SAMPLE_SECONDS)
        return False


def _text(content: str) -> str:
    value = json.loads(content)
    return value if isinstance(value, str) else ""


def _count_common(one: str, other: str) -> int:
    return sum(1 for _pair in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
