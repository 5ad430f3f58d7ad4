"""The last resort in a real browser: the server is gone, the work is saved as a file, carried, and whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from examsite.cli.demonstration import PASSWORD
from examsite.domain.attempts import AttemptState
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.rooms import Evidence
from examsite.storage.models.sittings import AnswerVersion, Attempt, Sitting
from tests.browser.browser import Browser, Site
from tests.browser.pages.candidate import Candidate
from tests.browser.pages.person import Person
from tests.domain.typing_days import TypingStep, find_bursts, honest_sitting

LATE = " Viết tiếp khi không còn máy chủ: ắ ệ ỗ ữ, “ngoặc kép” và một dòng mới."


def downloads_to(browser: Browser, folder: Path) -> None:
    """Let the browser put downloads into a folder, as a room's machine does."""
    folder.mkdir(exist_ok=True)
    browser.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})


def answers_in_database(site: Site, number: str) -> dict[str, object]:
    """What the server holds of a candidate: the newest version of each item that counts."""
    engine = create_engine(f"sqlite:///{site.instance / 'examsite.db'}")
    with engine.connect() as connection:
        rows = connection.execute(
            select(AnswerVersion.item, AnswerVersion.content)
            .join(Attempt, Attempt.id == AnswerVersion.attempt_id)
            .join(Candidacy, Candidacy.id == Attempt.candidacy_id)
            .where(Candidacy.candidate_number == number, AnswerVersion.set_aside.is_(False))
            .order_by(AnswerVersion.epoch, AnswerVersion.number)
        ).all()
    engine.dispose()
    return {item: json.loads(content) for item, content in rows}


def writers(site: Site) -> list[str]:
    """The numbers of candidates of the demonstration who are writing now."""
    engine = create_engine(f"sqlite:///{site.instance / 'examsite.db'}")
    with engine.connect() as connection:
        rows = connection.execute(
            select(Candidacy.candidate_number)
            .join(Attempt, Attempt.candidacy_id == Candidacy.id)
            .where(Attempt.state == AttemptState.OPEN, Attempt.paused_at.is_(None))
            .order_by(Candidacy.candidate_number)
        ).all()
    engine.dispose()
    return [str(row[0]) for row in rows]


def place_of(site: Site, number: str) -> str:
    """The end of the address of the room in which a candidate writes."""
    engine = create_engine(f"sqlite:///{site.instance / 'examsite.db'}")
    with engine.connect() as connection:
        competition, sitting = connection.execute(
            select(Competition.code, Sitting.code)
            .join(Sitting, Sitting.competition_id == Competition.id)
            .join(Attempt, Attempt.sitting_id == Sitting.id)
            .join(Candidacy, Candidacy.id == Attempt.candidacy_id)
            .where(Candidacy.candidate_number == number)
        ).one()
    engine.dispose()
    return f"{competition}/sittings/{sitting}"


@pytest.mark.parametrize("secure", [True, False])
def test_work_saved_as_a_file_without_network_and_server_is_whole_after_the_import(
    demonstration: Site, people: Callable[[Site, str], Browser], tmp_path: Path, secure: bool
) -> None:
    number = writers(demonstration)[-1 if secure else -2]
    browser = people(demonstration, "machine")
    browser.expect_in_console("ERR_")  # the server is gone, and the page asks for it all the time
    browser.expect_in_console("occurred when fetching the script")  # and the browser for a newer worker of the page
    person = Candidate(browser, name=number, login=number, password=PASSWORD)
    person.logs_in()
    person.goes_to("/candidate/test")
    person.is_writing()
    kinds = person.lists_questions()
    essay = next(item for item, kind in kinds.items() if kind == "essay")
    single = next(item for item, kind in kinds.items() if kind == "single")
    person.writes(essay, "Đoạn đã lưu.")
    person.is_saved()

    demonstration.kill()
    try:
        person.writes(essay, LATE)
        person.answers(single, 1)
        before = {essay: person.reads_answer(essay), single: person.reads_answer(single)}
        if not secure:
            hide = "Object.defineProperty(Crypto.prototype, 'subtle', { get() { return undefined; } });"
            browser.driver.execute_script(hide + "delete window.LockManager;")
        downloads_to(browser, tmp_path / "usb")
        person.finds("[data-item]:not([hidden]) [data-help]")[0].click()
        browser.press("save-answer-file")
        file = browser.until(lambda: list((tmp_path / "usb").glob("bai-lam-*.age")), what="the file")[0]
        assert file.name.startswith(f"bai-lam-{number}-")
        assert LATE.strip()[:20].encode() not in file.read_bytes()
    finally:
        browser.close()
        browser.is_gone = True
        demonstration.start()

    watcher = Person(people(demonstration, "board"), login="coithi", password=PASSWORD)
    watcher.logs_in()
    watcher.goes_to(f"/invigilator/{place_of(demonstration, number)}/answer-files")
    watcher.browser.attach("file", file)
    watcher.submits("show-answer-file")
    assert number in watcher.reads()
    assert LATE.strip()[:20] not in watcher.reads()
    watcher.submits("import-answer-file")
    watcher.browser.see("answer-files")

    held = answers_in_database(demonstration, number)
    assert held[essay] == before[essay]
    assert held[single] == before[single]


def test_the_page_and_the_rules_find_the_same_bursts(
    demonstration: Site, people: Callable[[Site, str], Browser]
) -> None:
    browser = people(demonstration, "bursts")
    person = Candidate(browser, name="bursts", login=writers(demonstration)[-3], password=PASSWORD)
    person.logs_in()
    person.goes_to("/candidate/test")
    person.is_writing()
    sittings = [honest_sitting(seed) for seed in range(20)]
    sittings += [[*steps[:40], TypingStep(steps[40].milliseconds, 300), *steps[41:]] for steps in sittings]
    script = """return arguments[0].map((steps) =>
        examsite.findBursts(steps.map(([milliseconds, letters]) => ({ milliseconds, letters }))).length)"""
    told = browser.driver.execute_script(script, [[[one.milliseconds, one.letters] for one in s] for s in sittings])

    assert told == [len(find_bursts(steps)) for steps in sittings]
    assert told[:20] == [0] * 20
    assert all(count >= 1 for count in told[20:])


def test_what_the_page_notices_is_kept_as_figures(demonstration: Site, people: Callable[[Site, str], Browser]) -> None:
    number = writers(demonstration)[-4]
    person = Candidate(people(demonstration, "noticed"), name=number, login=number, password=PASSWORD)
    driver = person.browser.driver
    person.logs_in()
    person.goes_to("/candidate/test")
    person.is_writing()
    essay = next(item for item, kind in person.lists_questions().items() if kind == "essay")
    person.writes(essay, "Câu bí mật của bài làm.")
    paste = """
        const area = document.querySelector("[data-item]:not([hidden]) textarea");
        const data = new DataTransfer();
        data.setData("text/plain", arguments[0]);
        area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));"""
    driver.execute_script(paste, "chữ từ nơi khác " * 20)
    own = """const area = document.querySelector("[data-item]:not([hidden]) textarea");
        area.setSelectionRange(0, area.textLength);
        area.dispatchEvent(new ClipboardEvent("copy", { bubbles: true }));"""
    driver.execute_script(own)
    driver.execute_script(paste, person.reads_answer(essay))
    driver.execute_script("window.dispatchEvent(new Event('blur')); window.dispatchEvent(new Event('focus'));")
    person.is_saved()
    driver.refresh()
    person.is_writing()

    def kept() -> list[tuple[str, dict[str, object]]]:
        engine = create_engine(f"sqlite:///{demonstration.instance / 'examsite.db'}")
        with engine.connect() as connection:
            rows = connection.execute(
                select(Evidence.kind, Evidence.data)
                .join(Attempt, Attempt.id == Evidence.attempt_id)
                .join(Candidacy, Candidacy.id == Attempt.candidacy_id)
                .where(Candidacy.candidate_number == number)
                .order_by(Evidence.number)
            ).all()
        engine.dispose()
        return [(kind, data) for kind, data in rows]

    person.browser.until(lambda: "reloaded" in dict(kept()), what="the evidence on the server", patience_seconds=60)
    found = kept()
    assert [kind for kind, _data in found] == ["pasted", "pasted", "focus_lost", "reloaded"]
    assert found[0][1] == {"item": essay, "letters": 320, "own": False}
    assert found[1][1]["own"] is True
    assert "bí mật" not in json.dumps(found, ensure_ascii=False)
