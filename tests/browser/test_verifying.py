"""The page that verifies a bundle: opened from disk, without a network, and at one with `verify.py`."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

from examsite.cli.public_folder import lacking_witnesses
from tests.browser.browser import Browser, Site
from tests.bundle.agreement import cases, disagreements, open_page
from tests.bundle.frauds import FRAUDS, PLAIN
from tests.bundle.made_bundle import LOG_VERIFIER_KEY, WITNESS_VERIFIER_KEYS, made

MUTATIONS = 30  # from outside and from inside each; `make soak` asks for 2,000 of both


@pytest.fixture(scope="module")
def page() -> Iterator[webdriver.Chrome]:
    driver = open_page("", "--disable-background-networking", "--proxy-server=127.0.0.1:9")
    yield driver
    complaints = [entry["message"] for entry in driver.get_log("browser")]
    driver.quit()
    assert complaints == []


KEYS = "\n".join(["# từ biên bản", f"Khóa sổ ghi: {LOG_VERIFIER_KEY}", *WITNESS_VERIFIER_KEYS])


def drop(page: webdriver.Chrome, bundle: Path, *, keys: str = KEYS) -> str:
    """The verdict on a bundle that is given to the page."""
    page.refresh()
    page.execute_script("document.getElementById('keys').value = arguments[0]", keys)
    page.find_element("id", "bundle").send_keys(str(bundle))
    WebDriverWait(page, 30).until(lambda driver: driver.find_element("id", "answer").is_displayed())
    return page.find_element("id", "verdict-title").text


def test_page_and_program_say_the_same_sentences(page: webdriver.Chrome) -> None:
    tried, found = disagreements(page, cases(MUTATIONS))

    assert found == []
    assert tried > 2 * MUTATIONS


def test_bundle_is_dropped_and_judged(page: webdriver.Chrome, tmp_path: Path) -> None:
    bundle, fraud = tmp_path / "bundle.zip", tmp_path / "fraud.zip"
    bundle.write_bytes(made(PLAIN))
    data, culprit = FRAUDS["a raised mark"][0]()
    fraud.write_bytes(data)

    assert "chưa ghim khóa" in drop(page, bundle, keys="")
    unpinned = page.find_element("id", "groups").text
    assert "hãy đưa khóa của sổ ở ô 2" in unpinned
    assert "roles:fixed" not in unpinned  # nor names of records
    assert "--" not in unpinned  # options of the program are no words of this page
    assert drop(page, bundle) == "Kết quả này đúng như đã ký"
    assert drop(page, fraud).startswith("Gói này có")
    broken = page.find_element("css selector", "[data-testid=broken]")
    assert all(word in broken.text for word in culprit)
    assert "phần bài thi viết" in broken.text  # and no code of the rule set
    assert "“assertions”" not in page.find_element("id", "groups").text
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(b"no bundle")
    drop(page, damaged)
    assert "điều sau đó chưa kiểm được" in page.find_element("id", "groups").text
    assert "signature" not in page.find_element("id", "groups").text
    drop(page, fraud)
    broken = page.find_element("css selector", "[data-testid=broken]")

    page.find_element("css selector", "[data-language=en]").click()
    assert "This bundle is broken" in page.find_element("id", "verdict-title").text
    assert "says" in broken.text


def test_stranger_with_the_public_folder_alone_verifies_it(
    page: webdriver.Chrome,
    new_site: Callable[..., Site],
    made_demonstration: tuple[Path, datetime],
    tmp_path: Path,
) -> None:
    """Three lines of instructions, one drop or one command; the commands run without the tree and its libraries."""
    instance, made_at = made_demonstration
    site = new_site()
    site.take_over(instance, made_at=made_at)
    folder = tmp_path / "cong-khai"
    site.command("public-folder", "VH-2026-01", "--out", str(folder))
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert lacking_witnesses(files) == [], "both have signed the checkpoint of the result"
    lines = (folder / "HUONG-DAN.txt").read_text(encoding="utf-8").splitlines()
    (bundle,) = folder.glob("*.zip")

    (ranking,) = [path for path in folder.glob("*.html") if 'data-testid="verify-here"' in path.read_text("utf-8")]
    page.get(ranking.as_uri())
    page.find_element("css selector", "[data-testid=verify-here]").click()
    WebDriverWait(page, 30).until(lambda driver: bundle.name in driver.find_element("id", "status").text)
    assert page.find_element("id", "keys").get_attribute("value") in (folder / "KHOA.txt").read_text("utf-8").replace(
        " ", ""
    )
    page.get((folder / "verify" / "index.html").as_uri())
    assert len(lines) == 3
    assert drop(page, bundle, keys=(folder / "KHOA.txt").read_text(encoding="utf-8")) == "Kết quả này đúng như đã ký"
    command = shlex.split(lines[1].partition(": ")[2])
    done = subprocess.run([sys.executable, "-I", *command[1:]], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, "✗" in done.stdout, "chưa ghim khóa" in done.stdout.splitlines()[-1]) == (0, False, False)
    digest = sha256((folder / "result.json").read_bytes()).hexdigest()
    assert page.find_element("id", "result-digest").text == digest
    assert lines[2].endswith(digest)


def test_one_click_on_the_page_of_the_result_verifies_it(
    new_demonstration: Callable[..., Site], people: Callable[[Site, str], Browser]
) -> None:
    """The reader's own browser fetches the bundle and computes; whose key it was is said until another one is given."""
    site = new_demonstration()
    reader = people(site, "người đọc")
    reader.open("/competitions/VH-2026-01/ranking")
    key = reader.see("verify-here").get_attribute("href").rpartition("key=")[2]
    reader.press("verify-here", leaves_page=True)
    reader.wait_for_text("với khóa mà trang kết quả đưa")
    assert reader.see("keys").get_attribute("value") == key
    reader.see("keys-named")
    reader.driver.execute_script("document.getElementById('keys').value = arguments[0]", f"Khóa in: {key}")
    reader.press("verify")
    reader.until(lambda: reader.text_of("verdict").startswith("Kết quả này đúng như đã ký\n"))
    for bundle, said in (("//example.org/x.zip", "Không tải được gói"), ("/competitions/KHONG/bundle.zip", "404")):
        reader.open("/")
        reader.open(f"/verify#bundle={bundle}&key={key}")
        reader.until(lambda said=said: said in reader.text_of("status"))  # type: ignore[misc]  # a default of its own
    reader.expect_in_console("404")


def test_keys_are_told_apart_however_they_are_pasted(page: webdriver.Chrome) -> None:
    def read(text: str) -> dict[str, object]:
        return json.loads(page.execute_script("return JSON.stringify(ExamVerification.readKeys(arguments[0]))", text))

    assert read(f"{WITNESS_VERIFIER_KEYS[0]}\n\n  Khóa: {LOG_VERIFIER_KEY}") == {
        "logKey": LOG_VERIFIER_KEY,
        "witnesses": [WITNESS_VERIFIER_KEYS[0]],
    }
    assert read(" ".join(["aaaaaaaa"] * 8)) == {"logKey": "a" * 64, "witnesses": []}  # as it is printed
    assert read("a" * 64 + "\n" + "b" * 64) == {"logKey": "a" * 64, "witnesses": ["b" * 64]}
