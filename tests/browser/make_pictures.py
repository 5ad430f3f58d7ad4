"""Makes the two pictures of the README from the demonstration: `python -m tests.browser.make_pictures`.

An installation of its own is made in a temporary folder, played in a real Chromium and thrown away. The pictures are
the window of 1366 × 768 as a person sees it, in `tests/browser/pictures/`. Run it again when the pages have changed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from examsite.cli.demonstration import PASSWORD
from tests.browser.browser import Browser, Site
from tests.browser.pages.candidate import Candidate
from tests.browser.pages.public import Reader

PICTURES = Path(__file__).parent / "pictures"
SIZE = {"width": 1366, "height": 768, "deviceScaleFactor": 1, "mobile": False}


def make_pictures() -> None:
    """Write `test.png` (a candidate in the middle of an essay) and `ranking.png` (what the public reads)."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        site = Site(Path(home) / "site")
        site.command("init")
        site.start()
        browser = Browser(site, "người chụp", Path(home) / "person")
        try:
            browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", SIZE)
            _picture_test(browser)
            _picture_ranking(browser)
        finally:
            browser.close()
            site.stop()


def _picture_test(browser: Browser) -> None:
    candidate = Candidate(browser, name="", login="E001", password=PASSWORD)
    candidate.logs_in()
    candidate.goes_to("/candidate/test")
    candidate.is_writing()
    essays = [item for item, kind in candidate.lists_questions().items() if kind == "essay"]
    candidate.writes(max(essays, key=lambda item: len(candidate.reads_answer(item))), " ")
    candidate.is_saved()
    browser.driver.save_screenshot(str(PICTURES / "test.png"))


def _picture_ranking(browser: Browser) -> None:
    reader = Reader(browser, f"VH-{browser.site.now():%Y}-01")
    reader.reads_ranking("P1")
    browser.driver.save_screenshot(str(PICTURES / "ranking.png"))


if __name__ == "__main__":
    make_pictures()
