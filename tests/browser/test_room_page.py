"""The room on one page: waiting, writing, one writer, undo, pauses, messages, calls, the wish to hand in, the end."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from examsite.cli.demonstration import PASSWORD
from tests.browser.browser import Browser, Site
from tests.browser.measure_typing import prepare, press
from tests.browser.pages.candidate import Candidate
from tests.browser.pages.watcher import Watcher

#: Longest time until a page hears of what happened in the room: the pause between two signs of life.
HEARS_SECONDS = 25
COMES_BACK_SECONDS = 40
DAY_MILLISECONDS = 86_400_000
#: The first question with a text of one's own in the demonstration.
READY = "textarea[data-answer]:not([disabled], [readonly])"

Seats = Callable[..., Candidate]


@pytest.fixture
def sits(demonstration: Site, people: Callable[[Site, str], Browser]) -> Seats:
    """Seats a candidate of the running test at a machine of its own, the test open."""

    def seat(number: str, machine: str = "", *, site: Site = demonstration) -> Candidate:
        person = Candidate(people(site, machine or number), name=number, login=f"E{number}", password=PASSWORD)
        person.logs_in()
        person.goes_to("/candidate/test")
        person.is_writing()
        return person

    return seat


def watcher_of(person: Candidate) -> Watcher:
    """The invigilator of this candidate."""
    attempt = person.browser.driver.execute_script("return examsite.room.attempt")
    return Watcher(person.browser.site, int(attempt))


def first_essay(person: Candidate) -> str:
    return next(item for item, kind in person.lists_questions().items() if kind == "essay")


def sees(person: Candidate, testid: str, text: str, *, patience_seconds: float = HEARS_SECONDS) -> None:
    """The part with this test id shows the text."""

    def shown() -> bool:
        return any(element.is_displayed() and text in element.text for element in person.browser.see_all(testid))

    person.browser.until(shown, what=f"{text!r} in {testid}", patience_seconds=patience_seconds)


def is_back(person: Candidate) -> None:
    """Everything is on the server again."""

    def done() -> bool:
        return not person.browser.driver.execute_script("return examsite.room.unsaved()")

    person.browser.until(done, what="all sent", patience_seconds=COMES_BACK_SECONDS)
    person.is_saved()


def expects_an_outage(person: Candidate) -> None:
    """The console will say that the server did not answer, also when the browser looks for a newer worker."""
    person.browser.expect_in_console("net::ERR_")
    person.browser.expect_in_console("occurred when fetching the script")


def reads_all_messages(person: Candidate) -> None:
    """Messages from before the story are read and closed, one after the other."""
    while any(element.is_displayed() for element in person.browser.see_all("message-close")):
        person.browser.press("message-close")


def left_seconds(person: Candidate) -> int:
    """The remaining time that the page shows."""
    hours, minutes, seconds = person.finds("[data-test-countdown] [data-countdown]")[0].text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


# ------------------------------------------------------------------------------------------------------- the start


def test_the_waiting_page_becomes_the_test_by_itself_without_a_log_in(
    new_demonstration: Callable[..., Site], people: Callable[[Site, str], Browser]
) -> None:
    site = new_demonstration(moved_clock=True)
    person = Candidate(people(site, "chờ"), name="chờ", login="E065", password=PASSWORD)
    person.logs_in()
    person.waits_for_the_start()
    driver = person.browser.driver
    person.browser.until(lambda: person.finds('[data-check="connection"][data-state="good"]'), what="the checks")
    driver.execute_script("window.stillHere = true")
    token = driver.execute_script("return examsite.room.token")
    driver.delete_all_cookies()  # the log-in is gone; the page is not
    site.move_clock_to(site.now() + timedelta(minutes=25))
    person.browser.until(lambda: person.finds(READY), what="the test", patience_seconds=HEARS_SECONDS + 15)
    assert driver.execute_script("return [window.stillHere, examsite.room.token]") == [True, token]
    essay = first_essay(person)
    person.writes(essay, "Viết ngay từ phút đầu.")
    person.is_saved()


def test_clock_of_the_machine_decides_nothing(sits: Seats) -> None:
    person = sits("016")
    driver = person.browser.driver
    honest = left_seconds(person)
    for days in (1, -1):
        script = f"""const Real = Date; const shift = {days * DAY_MILLISECONDS};
            Date = class extends Real {{
              constructor(...given) {{ if (given.length) super(...given); else super(Real.now() + shift); }}
              static now() {{ return Real.now() + shift; }}
            }};"""
        added = driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
        driver.refresh()
        person.is_writing()
        assert abs(honest - left_seconds(person)) < 30
        essay = first_essay(person)
        person.writes(essay, f" Lệch {days} ngày.")
        person.is_saved()
        assert person.saved_at()[:2] == f"{person.browser.site.now() + timedelta(hours=7):%H}"
        driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


# ----------------------------------------------------------------------------------------------------- one writer


def test_second_tab_says_so_and_takes_over_with_every_word(sits: Seats) -> None:
    person = sits("017")
    driver = person.browser.driver
    essay = first_essay(person)
    person.writes(essay, " Viết ở thẻ thứ nhất.")
    first = driver.current_window_handle
    driver.switch_to.new_window("tab")
    driver.get(person.browser.site.url + "/candidate/test")
    sees(person, "gate-title", "đang mở ở một thẻ khác")
    assert not person.finds("[data-item]")
    driver.switch_to.window(first)
    assert person.finds(READY)  # nothing was taken from the first by a look
    person.writes(essay, " Vừa viết xong.")
    driver.switch_to.window(next(handle for handle in driver.window_handles if handle != first))
    person.browser.press("gate-action")
    person.is_writing()
    assert person.reads_answer(essay).endswith(" Viết ở thẻ thứ nhất. Vừa viết xong.")
    person.writes(essay, " Viết ở thẻ thứ hai.")
    is_back(person)
    text = person.reads_answer(essay)
    driver.switch_to.window(first)
    sees(person, "state-notice", "chỉ còn để đọc")
    assert not person.finds(READY)
    person.browser.press("state-action")
    person.is_writing()
    assert person.reads_answer(essay) == text


# ------------------------------------------------------------------------------------------------ keeping and undo


def test_steps_of_undo_outlive_a_reload_and_a_crash(
    demonstration: Site, tmp_path: Path, people: Callable[[Site, str], Browser]
) -> None:
    assert people
    home = tmp_path / "home"
    person = Candidate(Browser(demonstration, "trước", home), name="trước", login="E018", password=PASSWORD)
    try:
        person.logs_in()
        person.goes_to("/candidate/test")
        person.is_writing()
        essay = first_essay(person)
        begun = person.reads_answer(essay)
        person.writes(essay, " Ý thứ nhất.")
        person.is_saved()
        person.writes(essay, "\nÝ thứ hai.")
        person.is_saved()
        written = person.reads_answer(essay)
        person.browser.driver.refresh()
        person.is_writing()
        person.turns_to(essay).find_element("css selector", "textarea").send_keys(Keys.CONTROL, "z")
        once = person.reads_answer(essay)
        assert begun <= once < written
        person.turns_to(essay).find_element("css selector", "textarea").send_keys(Keys.CONTROL, "y")
        assert person.reads_answer(essay) == written
        person.writes(essay, " Chưa kịp gửi.")
        # The steps before may wait as well; only these words tell that the journal is up to date.
        person.browser.until(lambda: person.keeps_words(" Chưa kịp gửi."), what="the journal")
        kill_chromium(person)
    finally:
        person.browser.close()
    person = Candidate(Browser(demonstration, "sau", home), name="sau", login="E018", password=PASSWORD)
    try:
        person.logs_in()
        person.goes_to("/candidate/test")
        person.is_writing()
        assert person.reads_answer(essay) == written + " Chưa kịp gửi."
        is_back(person)
        area = person.turns_to(essay).find_element("css selector", "textarea")
        for _step in range(12):
            area.send_keys(Keys.CONTROL, "z")
        assert person.reads_answer(essay) == begun
    finally:
        person.browser.close()


def kill_chromium(person: Candidate) -> None:
    """End the browser at once, as a machine that is switched off does."""
    driver = person.browser.driver
    children = Path(f"/proc/{driver.service.process.pid}/task/{driver.service.process.pid}/children").read_text()
    for child in children.split():
        os.kill(int(child), signal.SIGKILL)


def test_reload_without_a_server_still_shows_the_work_and_takes_more(demonstration: Site, sits: Seats) -> None:
    person = sits("019")
    driver = person.browser.driver
    expects_an_outage(person)
    essay = first_essay(person)
    person.writes(essay, " Đã lưu.")
    is_back(person)
    kept = """const done = arguments[0];
        caches.open("examsite-room").then((store) => store.match(location.href)).then((page) => done(Boolean(page)));"""
    person.browser.until(lambda: driver.execute_async_script(kept), what="the page kept", patience_seconds=30)
    demonstration.kill()
    try:
        person.writes(essay, " Viết khi không có máy chủ.")
        person.browser.until(lambda: person.waiting_items() == [essay], what="the journal")
        driver.refresh()
        person.browser.until(lambda: person.finds(READY), what="the sheet without a server", patience_seconds=30)
        text = person.reads_answer(essay)
        assert text.endswith(" Đã lưu. Viết khi không có máy chủ.")
        person.writes(essay, " Viết tiếp sau khi tải lại.")
        sees(person, "saved-state", "Chỉ giữ trên máy này")
    finally:
        demonstration.start()
    is_back(person)
    assert person.reads_answer(essay) == text + " Viết tiếp sau khi tải lại."
    driver.refresh()
    person.is_writing()
    assert person.reads_answer(essay) == text + " Viết tiếp sau khi tải lại."


def test_where_nothing_can_be_kept_the_page_says_so_and_still_saves(demonstration: Site, sits: Seats) -> None:
    person = sits("020")
    driver = person.browser.driver
    expects_an_outage(person)
    blocked = "Object.defineProperty(window, 'indexedDB', {value: {open() { throw new Error('full'); }}});"
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": blocked})
    driver.refresh()
    person.is_writing()
    essay = first_essay(person)
    person.writes(essay, " Không có nhật ký.")
    person.browser.until(lambda: not driver.execute_script("return examsite.room.unsaved()"), what="saved")
    demonstration.kill()
    try:
        person.writes(essay, " Không giữ được.")
        sees(person, "saved-state", "Không giữ được bài")
        sees(person, "banner", "gọi cán bộ coi thi")
    finally:
        demonstration.start()
    person.browser.until(
        lambda: not driver.execute_script("return examsite.room.unsaved()"),
        what="saved again",
        patience_seconds=COMES_BACK_SECONDS,
    )
    sees(person, "saved-state", "Đã lưu")


def test_composed_letters_stay_as_typed_and_go_out_in_one_spelling(sits: Seats) -> None:
    person = sits("027")
    driver = person.browser.driver
    essay = first_essay(person)
    area = person.turns_to(essay).find_element("css selector", "textarea")
    area.click()
    area.send_keys(Keys.CONTROL, Keys.END)  # a click into a long answer lands in the middle of it
    person.writes(essay, " ")
    is_back(person)
    begun = person.reads_answer(essay)
    for text in ("v", "vi", "viê", "việ", "việt"):
        where = {"selectionStart": len(text), "selectionEnd": len(text)}
        driver.execute_cdp_cmd("Input.imeSetComposition", {"text": text, **where})
    driver.execute_cdp_cmd("Input.insertText", {"text": "việt"})
    assert person.reads_answer(essay) == begun + "việt"
    is_back(person)
    area = person.turns_to(essay).find_element("css selector", "textarea")
    area.send_keys(Keys.CONTROL, "z")
    assert person.reads_answer(essay) == begun  # the word at once, never half of a letter
    area.send_keys(Keys.CONTROL, "y")
    apart = "e\u0302\u0323"  # ệ as three signs
    driver.execute_cdp_cmd("Input.insertText", {"text": apart})
    is_back(person)
    assert person.reads_answer(essay).endswith("việt" + apart)
    assert watcher_of(person).reads_stored(essay).endswith("việtệ")


def test_words_typed_just_before_the_page_is_left_reach_the_server(sits: Seats) -> None:
    person = sits("028")
    watcher = watcher_of(person)
    essay = first_essay(person)
    person.writes(essay, " Vừa viết thì rời trang.")
    person.browser.driver.get("about:blank")
    person.browser.until(
        lambda: watcher.reads_stored(essay).endswith(" Vừa viết thì rời trang."), what="the words on the server"
    )


def test_a_key_does_next_to_nothing(sits: Seats) -> None:
    person = sits("021")
    driver = person.browser.driver
    expects_an_outage(person)
    prepare(person, slower=1)
    script = """const seen = {puts: 0, changes: 0};
        const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (...given) { seen.puts += 1; return put.apply(this, given); };
        new MutationObserver((list) => { seen.changes += list.length; })
          .observe(document.querySelector("[data-questions]"), {subtree: true, childList: true, attributes: true});
        window.seen = seen; return {...examsite.room.work};"""
    before = driver.execute_script(script)
    keys = 100
    press(person, "Viết một mạch, không nghỉ. " * 4, pace_seconds=0.02)
    after = driver.execute_script("return {...examsite.room.work, ...window.seen}")
    typed = after["keys"] - before["keys"]
    assert typed >= keys
    # The text is read, journalled and drawn by the clock, not by the key.
    for kind in ("reads", "draws"):
        assert after[kind] - before[kind] <= typed / 4, after
    assert after["puts"] <= typed / 4, after
    assert after["changes"] <= typed / 4, after


# ---------------------------------------------------------------------------------------------------- in the room


def test_pause_message_call_and_given_time_reach_the_page(sits: Seats) -> None:
    person = sits("022", machine="tin")
    driver = person.browser.driver
    watcher = watcher_of(person)
    essay = first_essay(person)
    person.writes(essay, " Trước khi dừng.")
    is_back(person)

    driver.execute_script("document.querySelector('[data-item]:not([hidden]) [data-help]').click()")
    driver.find_element("id", "help-machine").click()
    person.browser.press("help-send")
    sees(person, "help-state", "Đã gọi lúc")
    assert watcher.answers_call() == f"machine {essay}"
    sees(person, "help-state", "đã thấy lúc")

    reads_all_messages(person)
    person.browser.until(lambda: watcher.read_message_id() is not None, what="the receipts of earlier messages")
    before = watcher.read_message_id()
    watcher.says("Câu 7: đọc là 05 ngày làm việc.")
    sees(person, "message", "Câu 7: đọc là 05 ngày làm việc.")
    assert watcher.read_message_id() == before
    person.browser.press("message-close")
    person.browser.until(lambda: watcher.read_message_id() != before, what="the receipt of the message")

    watcher.gives_minutes(4)
    sees(person, "time-left", "bù 4 phút")

    watcher.pauses()
    sees(person, "state-notice", "Đồng hồ đứng yên")
    stood = left_seconds(person)
    area = person.turns_to(essay).find_element("css selector", "textarea")
    assert area.get_attribute("readonly")
    assert area.get_attribute("value").endswith(" Trước khi dừng.")
    area.send_keys("không vào")
    assert not person.reads_answer(essay).endswith("không vào")
    watcher.resumes()
    person.browser.until(lambda: person.finds(READY), what="writing again", patience_seconds=HEARS_SECONDS)
    assert stood - left_seconds(person) < HEARS_SECONDS
    person.writes(essay, " Sau khi dừng.")
    is_back(person)


def test_who_is_kept_out_is_told_why_what_is_safe_and_whom_to_call(sits: Seats) -> None:
    person = sits("026")
    driver = person.browser.driver
    refusal = """const real = window.fetch;
        window.fetch = (address, how) => String(address).endsWith("/attempts/open")
          ? Promise.resolve(new Response(JSON.stringify({error: "machine_outside_room", message: "Ngồi đúng máy D4."}),
              {status: 403, headers: {"Content-Type": "application/json"}}))
          : real(address, how);"""
    added = driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": refusal})
    driver.refresh()
    sees(person, "gate-reason", "Ngồi đúng máy D4.")
    text = driver.find_element("css selector", ".gate-card").text
    for words in ("Giơ tay gọi cán bộ coi thi", "còn nguyên trên máy chủ", "machine_outside_room", "Thử lại ngay"):
        assert words in text
    driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    person.browser.press("gate-action")
    person.is_writing()


def test_choices_of_reading_stay_with_the_candidate(sits: Seats) -> None:
    person = sits("023", machine="đọc")
    driver = person.browser.driver
    person.browser.press("reading")
    for name in ("spacing", "plain", "contrast"):
        driver.find_element("css selector", f'.reading-panel [data-choose="{name}"]').click()
    driver.find_element("css selector", '[data-size-step="1"]').click()
    told = """return performance.getEntriesByType("resource").some((entry) => entry.name.endsWith("/preferences"))"""
    person.browser.until(lambda: driver.execute_script(told), what="the server told")
    look = """const room = document.querySelector("[data-room]").dataset;
        const view = document.querySelector('[data-view="test"]');
        return [room.size, room.spacing, room.plain, document.documentElement.dataset.contrast,
          view.classList.contains("is-stacked")];"""
    assert driver.execute_script(look) == ["20", "wide", "yes", "high", True]
    driver.refresh()
    person.is_writing()
    assert driver.execute_script(look) == ["20", "wide", "yes", "high", True]
    elsewhere = sits("023", machine="máy khác")
    assert elsewhere.browser.driver.execute_script(look) == ["20", "wide", "yes", "high", True]


# ---------------------------------------------------------------------------------------------------------- the end


def test_hand_in_without_a_server_is_a_wish_until_it_answers(demonstration: Site, sits: Seats) -> None:
    person = sits("024", machine="nộp")
    expects_an_outage(person)
    essay = first_essay(person)
    person.writes(essay, " Bài đã xong.")
    is_back(person)
    demonstration.kill()
    try:
        person.browser.press("hand-in")
        person.browser.press("hand-in-confirm")
        person.browser.wait_for_text("Chờ máy chủ nhận")
        person.browser.press("hand-in-cancel")
        person.writes(essay, " Thêm một câu.")
        assert person.finds("[data-wish]:not([hidden])")
        assert not person.browser.see_all("receipt")
    finally:
        demonstration.start()
    person.browser.until(lambda: person.browser.see_all("receipt"), what="receipt", patience_seconds=COMES_BACK_SECONDS)
    assert re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", person.sees_receipt())
    assert person.finds("svg.qr-picture")
    person.browser.wait_for_text("Máy này không giữ lại bài làm.")
    assert person.waiting_items() == []
    person.goes_to("/candidate/")
    person.browser.press("receipt-link", leaves_page=True)
    person.sees_receipt()


def test_the_time_runs_out_quietly_and_the_last_words_count(
    new_demonstration: Callable[..., Site], people: Callable[[Site, str], Browser]
) -> None:
    site = new_demonstration()
    person = Candidate(people(site, "hết giờ"), name="hết giờ", login="E025", password=PASSWORD)
    person.logs_in()
    person.goes_to("/candidate/test")
    person.is_writing()
    driver = person.browser.driver
    watcher = watcher_of(person)
    essay = first_essay(person)
    watcher.leaves_seconds(290)
    person.writes(essay, " Năm phút cuối.")
    sees(person, "time-left", "Sắp hết giờ")
    spoken = driver.find_element("css selector", "[data-test-countdown] [data-countdown-announce]")
    person.browser.until(lambda: spoken.get_attribute("textContent") == "Còn 5 phút.", what="the five minutes said")
    watcher.leaves_seconds(20)
    person.writes(essay, " Câu cuối.")
    person.browser.until(lambda: left_seconds(person) < 20, what="the new end", patience_seconds=HEARS_SECONDS)
    ActionChains(driver).send_keys(" Hết.").perform()
    sees(person, "state-notice", "Hết giờ")
    assert not person.finds(READY)
    text = person.reads_answer(essay)
    assert text.endswith(" Câu cuối. Hết.")
    person.browser.expect_in_console("409 (CONFLICT)")
    driver.refresh()
    sees(person, "gate-title", "Hết giờ làm bài")
    assert person.waiting_items() == []
