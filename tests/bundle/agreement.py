"""Do the verifier in Python and the one in the browser say the same? `python -m tests.bundle.agreement [mutations]`.

Opens the page from disk, as a stranger does, and compares every sentence on honest bundles, on the planted frauds, on
hostile bytes and on as many mutations from outside and from inside as are asked for.
"""

from __future__ import annotations

import base64
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from examsite.bundle import verify as verifier
from tests.browser.browser import FLAGS
from tests.bundle.allowances import ALLOWED, rescoring
from tests.bundle.bad_passkeys import BAD_PASSKEYS, with_bad_passkey
from tests.bundle.broken_rules import BROKEN_RULES, NEVER_SURE
from tests.bundle.forgeries import forgeries
from tests.bundle.frauds import FRAUDS, over_closed
from tests.bundle.made_bundle import (
    LOG_VERIFIER_KEY,
    WITNESS_VERIFIER_KEYS,
    WITNESSES,
    Plan,
    made,
    nested,
    with_note,
    with_short_signature,
)
from tests.bundle.mutations import SHAPES, insiders, outsiders
from tests.bundle.second_versions import BROKEN

PAGE = Path(verifier.__file__).parent.parent / "web" / "static" / "verify" / "index.html"
MUTATIONS = 2_000
TOGETHER = 20  # bundles given to the page at once

_ASK = """
const [bundles, given, answer] = arguments;
(async () => {
  const said = [];
  for (const text of bundles) {
    const bytes = Uint8Array.from(atob(text), (x) => x.charCodeAt(0));
    said.push((await ExamVerification.verify(bytes, given)).checks);
  }
  return said;
})().then(answer, (error) => answer(String(error)));
"""


def open_page(address: str = "", *flags: str) -> webdriver.Chrome:
    """A Chromium on the page: from disk, or from this address."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in (*FLAGS, *flags):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(shutil.which("chromedriver"))))
    driver.set_script_timeout(300)
    driver.get(address or PAGE.as_uri())
    return driver


def cases(mutations: int) -> Iterator[tuple[str, bytes]]:
    """Bundles with their names: honest ones, frauds, and as many changes from outside and from inside."""
    for seed in range(6):
        closed = ("mark:locked", "attendance:recorded") if seed == 5 else ()
        yield f"honest {seed}", made(Plan(seed=seed, kinds=SHAPES[seed], closed=closed, opened_roles=seed == 4))
    for name, commit in FRAUDS.items():
        yield name, commit[0]()[0]
    for obeys in (True, False):
        plan = Plan(seed=7, kinds=("blind-pair",), draws_papers=True, obeys_draws=obeys)
        yield f"a drawn paper, obeyed: {obeys}", made(plan)
    for who in ("council/HD1", "organiser/T01"):
        yield f"a reserve, set aside by {who}", made(replace(plan, obeys_draws=False, sets_aside=who))
    for name, _check, data in over_closed():
        yield name, data
    yield from forgeries()
    for name, make in ALLOWED.items():
        yield name, make()
    yield "a re-scoring that changed points", rescoring(3)
    for name, (make, *_rest) in (BROKEN_RULES | NEVER_SURE).items():
        yield name, make()
    for third in ("mean", "median", "closest", "broken"):
        plan = Plan(seed=3, kinds=("blind-pair",), candidates=12, third="median" if third == "broken" else third)
        yield f"three marks: {third}", made(replace(plan, obeys_third=third != "broken"))
    for passkeys in (2, 4):
        yield f"{passkeys} passkeys", made(Plan(seed=7, passkeys=passkeys))
    for name in BAD_PASSKEYS:
        yield f"a passkey with another {name}", with_bad_passkey(name)
    yield "signs that are not seen", b"\n\x1b[2JOK.\x1b[8m\n".join(made(Plan(seed=1)).rsplit(b"HUONG-DAN.txt", 2))
    yield from _later_cases()
    yield from outsiders(mutations)
    for name, _is_free, data in insiders(mutations):
        yield name, data


def _later_cases() -> Iterator[tuple[str, bytes]]:
    """Second versions that must not be, and lines that somebody appended on the way."""
    for name, (make, _check) in BROKEN.items():
        yield name, make()[0]
    for depth in (57, 58, 59, 60, 61, 62, 63, 64, 200, 900):
        yield f"lists in lists, {depth}", with_note(nested(depth))
    yield "signs above U+FFFF", with_note("\U0001d7d8" * 20_000)
    for length in (0, 8, 31, 40, 63, 72):
        yield (
            f"a signature of {length} bytes",
            with_short_signature("witness-1.example", 4, WITNESSES["witness-1.example"], length),
        )


def disagreements(driver: webdriver.Chrome, bundles: Iterable[tuple[str, bytes]]) -> tuple[int, list[str]]:
    """How many bundles were tried, and each on which the two do not say the very same sentences."""
    tried, found, waiting = 0, [], iter(bundles)
    given = {"logKey": LOG_VERIFIER_KEY, "witnesses": WITNESS_VERIFIER_KEYS}
    while batch := list(islice(waiting, TOGETHER)):
        answers: Any = driver.execute_async_script(
            _ASK, [base64.b64encode(data).decode() for _name, data in batch], given
        )
        assert isinstance(answers, list), answers
        for (name, data), answer in zip(batch, answers, strict=True):
            tried += 1
            said = verifier.verify(data, LOG_VERIFIER_KEY, WITNESS_VERIFIER_KEYS)
            if answer != said:
                first = next((pair for pair in zip(said, answer, strict=False) if pair[0] != pair[1]), ("", ""))
                found.append(f"{name}: {first[0]} | {first[1]}")
    return tried, found


def longest_pause(driver: webdriver.Chrome, bundle: Path) -> tuple[float, float]:
    """Seconds that the page takes for a bundle, and the longest moment in which it answers nothing."""
    driver.execute_script("""
        window.longest = 0; let before = performance.now();
        window.watch = setInterval(() => {
          const now = performance.now(); window.longest = Math.max(window.longest, now - before); before = now;
        }, 10);""")
    begun = time.perf_counter()
    driver.find_element("id", "bundle").send_keys(str(bundle))
    while not driver.find_element("id", "answer").is_displayed():
        time.sleep(0.05)
        assert time.perf_counter() - begun < 300
    seconds = time.perf_counter() - begun
    return seconds, float(driver.execute_script("clearInterval(window.watch); return window.longest")) / 1000


def main() -> int:
    """Prints how many were tried and on which the two differ, then how the page takes ten thousand candidates."""
    import tempfile

    mutations = int(sys.argv[1]) if len(sys.argv) > 1 else MUTATIONS
    driver = open_page()
    try:
        begun = time.perf_counter()
        tried, found = disagreements(driver, cases(mutations))
        print(f"{tried} bundles in {time.perf_counter() - begun:.0f} s: {len(found)} disagreements", *found, sep="\n")
        with tempfile.TemporaryDirectory() as folder:
            bundle = Path(folder) / "bundle.zip"
            bundle.write_bytes(made(Plan(seed=11, posts=10, candidates=1000)))
            seconds, pause = longest_pause(driver, bundle)
            verdict = driver.find_element("id", "verdict-title").text
        print(f"10,000 candidates in the page: {seconds:.1f} s, longest pause {pause:.2f} s: {verdict}")
    finally:
        driver.quit()
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
