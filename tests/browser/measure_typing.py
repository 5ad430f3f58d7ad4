"""From the key to the paint on a slow machine: `python -m tests.browser.measure_typing` prints the figures.

A candidate types into an essay of 10,000 characters while the processor of the page runs six times slower and every
save fails. The time runs from the key event to the first frame that shows it. A figure of this machine at this hour:
nothing is asserted here; what a key may do is counted in `test_room_page.py`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from examsite.cli.demonstration import PASSWORD
from tests.browser.browser import Browser, Site
from tests.browser.pages.candidate import Candidate

CHARACTERS = 10_000
KEYS = 400
SLOWER = 6
#: Between two keys of a quick typist. Unit: seconds.
PACE_SECONDS = 0.08
SENTENCE = "Về quy trình, hồ sơ đi qua bốn khâu nhưng không khâu nào ghi giờ nhận và giờ chuyển. "

#: Notes for each key how long it took until its frame was painted.
WATCH = """
window.keyTimes = [];
document.activeElement.addEventListener("keydown", (event) => {
  const pressed = event.timeStamp;
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => window.keyTimes.push(performance.now() - pressed);
    port2.postMessage(null);
  });
}, {capture: true});
"""

#: Puts a long text into the sheet as one block, as if it had been there.
FILL = """
const area = document.activeElement;
area.setRangeText(arguments[0], 0, area.value.length, "end");
area.dispatchEvent(new InputEvent("input", {bubbles: true, inputType: "insertFromPaste"}));
"""


#: A sheet and nothing else, to know what the browser itself takes on this machine at this hour.
BARE = """
const area = document.createElement("textarea");
area.style.cssText = "width: 680px; height: 550px; font: 18px/1.65 serif";
area.value = arguments[0];
document.body.append(area);
area.focus();
area.setSelectionRange(area.value.length, area.value.length);
"""


@dataclass(frozen=True)
class KeyTimes:
    """How long keys took to be seen. Unit: milliseconds."""

    milliseconds: list[float]

    def percentile(self, share: float) -> float:
        """The time that this share of the keys did not exceed."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def __str__(self) -> str:
        return (
            f"{len(self.milliseconds)} keys, key to paint: median {statistics.median(self.milliseconds):.1f} ms, "
            f"p95 {self.percentile(0.95):.1f} ms, p99 {self.percentile(0.99):.1f} ms, "
            f"longest {max(self.milliseconds):.1f} ms"
        )


def prepare(candidate: Candidate, *, slower: int = SLOWER) -> None:
    """The long essay in front, the server out of reach, the processor slowed down."""
    driver = candidate.browser.driver
    essay = next(item for item, kind in candidate.lists_questions().items() if kind == "essay")
    area = candidate.turns_to(essay)
    area.find_element("css selector", "textarea").click()
    driver.execute_script(FILL, (SENTENCE * (CHARACTERS // len(SENTENCE) + 1))[:CHARACTERS])
    candidate.is_saved()
    driver.execute_cdp_cmd("Network.enable", {})
    network = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": True, **network})
    driver.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": slower})
    driver.execute_script(WATCH)


def press(candidate: Candidate, keys: str, *, pace_seconds: float) -> None:
    """Real keys, one after the other."""
    driver = candidate.browser.driver
    due = time.perf_counter()
    for key in keys:
        driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyDown", "text": key, "key": key})
        driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyUp", "key": key})
        due += pace_seconds
        time.sleep(max(0.0, due - time.perf_counter()))


def spent(candidate: Candidate) -> dict[str, float]:
    """What the page's thread has spent so far, by kind of work. Unit: milliseconds of processor time."""
    found = candidate.browser.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    wanted = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration", "TaskDuration")
    return {item["name"].removesuffix("Duration"): item["value"] * 1000 for item in found if item["name"] in wanted}


def type_and_measure(candidate: Candidate) -> str:
    """The figures of one sheet with the focus in it."""
    driver = candidate.browser.driver
    driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    before = spent(candidate)
    press(candidate, (SENTENCE * (KEYS // len(SENTENCE) + 1))[:KEYS], pace_seconds=PACE_SECONDS)
    after = spent(candidate)
    times = KeyTimes([float(item) for item in driver.execute_script("return window.keyTimes")])
    work = ", ".join(f"{name.lower()} {(after[name] - before[name]) / KEYS:.1f}" for name in after)
    return f"{times}\n    processor milliseconds a key, unslowed: {work}"


def measure() -> tuple[str, str]:
    """Type on an installation of its own in a real Chromium: the test page, then a bare sheet for comparison."""
    with tempfile.TemporaryDirectory() as home:
        site = Site(Path(home) / "site")
        site.command("init")
        site.start()
        browser = Browser(site, "người gõ", Path(home) / "person")
        try:
            candidate = Candidate(browser, name="", login="E001", password=PASSWORD)
            candidate.logs_in()
            candidate.goes_to("/candidate/test")
            candidate.is_writing()
            prepare(candidate)
            page = type_and_measure(candidate)
            browser.driver.get("about:blank")
            browser.driver.execute_script(BARE, (SENTENCE * (CHARACTERS // len(SENTENCE) + 1))[:CHARACTERS])
            # The pointer rests on the sheet, as on the page: the browser looks at each frame what lies below it.
            resting = {"type": "mouseMoved", "x": 300, "y": 300}
            browser.driver.execute_cdp_cmd("Input.dispatchMouseEvent", resting)
            browser.driver.execute_script(WATCH)
            return page, type_and_measure(candidate)
        finally:
            browser.close()
            site.stop()


if __name__ == "__main__":
    figures = measure()
    sys.stdout.write(f"{CHARACTERS} characters, processor {SLOWER} times slower, saves failing\n")
    sys.stdout.write(f"  the test page:  {figures[0]}\n  a bare textarea: {figures[1]}\n")
