"""The scoring page beside the draft: notes in the text, the bank, questions to the head, one question at a time."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from examsite.services.marking_notes import MOST_NOTES
from examsite.storage.database import db
from examsite.storage.models.marking import Allocation, MarkNote, Script
from examsite.storage.models.records import RecordRow
from tests.web.conftest import Clock
from tests.web.strict_client import StrictClient, find_all, hidden_value, words
from tests.web.test_marking import CODE, Desk, LogIn, Scene, build_desk, login_of, read_maxima, sheet_of

#: Who asks, the competition, the script behind its lock, the own mark with what changed in the rubric, the new draft.
MOST_WAYS = 5
JSON = {"Accept": "application/json"}
PAGE, OTHER_PAGE = "0123456789abcdef01234567", "76543210fedcba9876543210"


def _post(client: StrictClient, desk: Desk, path: str, **fields: Any) -> Any:
    named = {name: str(value) for name, value in fields.items()}
    return client.submit(f"{sheet_of(desk)}{path}", named, headers=JSON, form_at=sheet_of(desk))


def _span(client: StrictClient, desk: Desk) -> dict[str, str]:
    """Eight letters of a paragraph that is not the first of its answer."""
    for answer in client.page(sheet_of(desk)).iter():
        for paragraph in answer.iter("p") if answer.get("data-answer") else ():
            if paragraph.get("data-start") not in (None, "0"):
                start = int(str(paragraph.get("data-start")))
                quote = "".join(paragraph.itertext())[:8]
                return {
                    "item": str(answer.get("data-answer")),
                    "start": str(start),
                    "end": str(start + 8),
                    "quote": quote,
                }
    raise AssertionError("no second paragraph")


def _notes(client: StrictClient, desk: Desk) -> list[dict[str, Any]]:
    return [json.loads(str(row.get("data-note"))) for row in find_all(client.page(sheet_of(desk)), "note")]


@pytest.fixture
def desk(scene: Scene, password_hash: str) -> Desk:
    return build_desk(scene, password_hash)


@pytest.fixture
def maxima(scene: Scene) -> tuple[int, ...]:
    return read_maxima(scene)


@pytest.fixture
def marker(desk: Desk, log_in: LogIn) -> StrictClient:
    return log_in(login_of(desk.marker))


# --- notes -----------------------------------------------------------------------------------------------------------


def test_draft_is_saved_with_few_ways_to_the_database(desk: Desk, marker: StrictClient, app: Flask) -> None:
    page = marker.page(sheet_of(desk))
    sent = {"csrf_token": hidden_value(page, "csrf_token"), "rubric": "0", "points_0": "0"}
    statements: list[str] = []
    with app.app_context():
        engine = db.engine

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    for revision in range(3):  # the first one makes the row, and no page was shown before in this process
        statements.clear()
        event.listen(engine, "before_cursor_execute", count)
        try:
            saved = marker.post(
                sheet_of(desk), data={**sent, "revision": revision, "whole": f"{revision}"}, headers=JSON
            )
        finally:
            event.remove(engine, "before_cursor_execute", count)
        assert saved.status_code == 200, saved.text
    ways = [statement for statement in statements if not statement.startswith("BEGIN")]
    assert len(ways) <= MOST_WAYS, ways
    assert not any(long in statement for statement in ways for long in ("papers.data,", "scripts.content,")), ways


def test_note_hangs_on_its_words_and_is_there_on_opening_again(desk: Desk, marker: StrictClient) -> None:
    span = _span(marker, desk)

    made = _post(marker, desk, "/notes", **span).get_json()
    kept = _post(marker, desk, "/notes", note=made["id"], seen=made["seen"], text="Đúng ý. <b>").get_json()

    (note,) = _notes(marker, desk)
    assert note == kept
    assert (note["quote"], note["text"], note["anchored"]) == (span["quote"], "Đúng ý. <b>", True)
    assert (str(note["start"]), str(note["end"])) == (span["start"], span["end"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"quote": "chữ khác"},
        {"start": "-1"},
        {"end": "999999"},
        {"start": "5", "end": "5"},
        {"item": "E9"},
        {"item": "<x>"},
        {"start": "x"},
        {"end": "9" * 40},
        {"quote": " "},
    ],
)
def test_note_hangs_nowhere_but_on_the_words_that_were_meant(
    desk: Desk,
    marker: StrictClient,
    wrong: dict[str, str],
) -> None:
    answer = _post(marker, desk, "/notes", **{**_span(marker, desk), **wrong})

    assert (answer.status_code, answer.get_json()["error"]) == (422, "note_not_anchored")
    assert _notes(marker, desk) == []


def test_note_whose_words_are_gone_is_shown_as_hanging_nowhere(desk: Desk, marker: StrictClient, scene: Scene) -> None:
    _post(marker, desk, "/notes", **_span(marker, desk), text="Ý này.")

    def other_words(doing: Any) -> None:
        doing.session.scalars(select(MarkNote)).one().quote = "chữ không có"

    scene(other_words)
    (note,) = _notes(marker, desk)
    assert (note["anchored"], note["text"]) == (False, "Ý này.")


def test_two_pages_on_one_note_overwrite_nothing(desk: Desk, marker: StrictClient, scene: Scene) -> None:
    made = _post(marker, desk, "/notes", **_span(marker, desk)).get_json()
    first = _post(marker, desk, "/notes", note=made["id"], seen=made["seen"], text="trang một")

    second = _post(marker, desk, "/notes", note=made["id"], seen=made["seen"], text="trang hai")

    assert first.status_code == 200
    assert second.status_code == 409
    assert second.get_json()["note"]["text"] == "trang một"
    again = _post(marker, desk, "/notes", note=made["id"], seen=second.get_json()["note"]["seen"], text="trang hai")
    assert again.get_json()["text"] == "trang hai"


def test_deleted_note_is_gone_once_and_can_be_written_anew(desk: Desk, marker: StrictClient) -> None:
    made = _post(marker, desk, "/notes", **_span(marker, desk), text="Bỏ nhầm.").get_json()

    for _twice in range(2):
        assert _post(marker, desk, f"/notes/{made['id']}/delete").status_code == 200

    assert _notes(marker, desk) == []
    _post(marker, desk, "/notes", **{name: made[name] for name in ("item", "start", "end", "quote", "text")})
    assert [note["text"] for note in _notes(marker, desk)] == ["Bỏ nhầm."]


def test_notes_are_for_reading_after_the_lock(desk: Desk, marker: StrictClient, maxima: tuple[int, ...]) -> None:
    span = _span(marker, desk)
    made = _post(marker, desk, "/notes", **span, text="Còn đây.").get_json()
    full = {f"points_{number}": str(most) for number, most in enumerate(maxima)}
    marker.submit(sheet_of(desk), {"revision": "0", **full})
    marker.submit(f"{sheet_of(desk)}/lock", {"revision": "1"})

    refused = [
        marker.submit(f"{sheet_of(desk)}{path}", fields, headers=JSON, form_at=f"/marker/{CODE}/comments")
        for path, fields in [
            ("/notes", span),
            ("/notes", {"note": str(made["id"]), "seen": made["seen"], "text": "khác"}),
            (f"/notes/{made['id']}/delete", {}),
        ]
    ]

    assert [answer.get_json()["error"] for answer in refused] == ["mark_already_locked"] * 3
    (note,) = _notes(marker, desk)
    assert note["text"] == "Còn đây."


def test_too_many_notes_are_refused(desk: Desk, marker: StrictClient, scene: Scene) -> None:
    span = _span(marker, desk)
    made = _post(marker, desk, "/notes", **span).get_json()

    def many(doing: Any) -> None:
        one = doing.session.scalars(select(MarkNote)).one()
        for _number in range(MOST_NOTES - 1):
            doing.session.add(
                MarkNote(
                    script_id=one.script_id,
                    assignment_id=one.assignment_id,
                    item=one.item,
                    start_at=one.start_at,
                    end_at=one.end_at,
                    quote=one.quote,
                    updated_at=one.updated_at,
                )
            )

    scene(many)
    assert _post(marker, desk, "/notes", **span).get_json()["error"] == "notes_too_many"
    assert made["id"]


# --- nobody else's ---------------------------------------------------------------------------------------------------


def test_other_marker_finds_nothing_of_notes_comments_and_questions(
    desk: Desk,
    marker: StrictClient,
    log_in: LogIn,
) -> None:
    other = log_in(login_of(desk.other))
    pages = (f"/marker/{CODE}/scripts", sheet_of(desk), f"/marker/{CODE}/comments", f"{sheet_of(desk)}/flag")

    def look() -> list[str]:
        return [re.sub(r'value="[^"]{40,}"|nonce="[^"]+"|\d\d:\d\d:\d\d', "", other.get(path).text) for path in pages]

    before = look()
    note = _post(marker, desk, "/notes", **_span(marker, desk), text="canary-7731").get_json()
    comment = marker.submit(f"/marker/{CODE}/comments", {"text": "canary-7731"}, headers=JSON).get_json()
    marker.submit(f"{sheet_of(desk)}/flag", {"text": "canary-7731"})
    _post(marker, desk, "/hold", page=PAGE)

    assert look() == before
    theirs = _post(other, desk, "/notes", note=note["id"], seen=note["seen"], text="của tôi")
    assert theirs.status_code == 404
    assert _post(other, desk, f"/notes/{note['id']}/delete").status_code == 200  # as if it had never been there
    assert _notes(marker, desk) != []
    used = other.submit(f"/marker/{CODE}/comments/{comment['id']}/use", {}, form_at=f"/marker/{CODE}/comments")
    assert used.status_code == 404
    assert _post(other, desk, "/hold", page=OTHER_PAGE).get_json()["here"] is True


# --- the bank --------------------------------------------------------------------------------------------------------


def test_bank_keeps_counts_and_drops(desk: Desk, marker: StrictClient) -> None:
    bank = f"/marker/{CODE}/comments"
    ids = [marker.submit(bank, {"text": text}, headers=JSON).get_json()["id"] for text in ("Câu một.", "Câu hai.")]
    again = marker.submit(bank, {"text": " Câu một. "}, headers=JSON).get_json()
    marker.submit(f"{bank}/{ids[0]}/use", {}, headers=JSON, form_at=bank)

    rows = [words(row) for row in find_all(marker.page(bank), "saved-comment")]
    assert again["id"] == ids[0]
    assert [row.split(" · ")[0] for row in rows] == ["Câu một.", "Câu hai."]
    marker.submit(f"{bank}/{ids[0]}/delete", {}, form_at=bank)
    assert len(find_all(marker.page(bank), "saved-comment")) == 1
    assert "Câu hai." in marker.get(sheet_of(desk)).text


@pytest.mark.parametrize("text", ["", "   ", "x" * 501])
def test_bank_refuses_what_is_no_sentence(desk: Desk, marker: StrictClient, text: str) -> None:
    answer = marker.submit(f"/marker/{CODE}/comments", {"text": text}, headers=JSON)

    assert answer.status_code == 422
    assert find_all(marker.page(f"/marker/{CODE}/comments"), "saved-comment") == []


# --- questions to the head -------------------------------------------------------------------------------------------


def test_head_answers_a_question_once_and_the_asker_reads_it(
    desk: Desk,
    marker: StrictClient,
    log_in: LogIn,
    scene: Scene,
) -> None:
    marker.submit(f"{sheet_of(desk)}/flag", {"text": "Bài có chỗ lộ đơn vị?"})
    head = log_in(f"h01-{CODE}".lower())
    (row,) = find_all(head.page(f"/marker/{CODE}/head/flags"), "flag-row")
    (link,) = [str(item.get("href")) for item in row.iter("a")]
    assert desk.codes[0] in words(row)

    assert head.submit(link, {"text": "Đã chuyển người giữ phách."}).status_code == 302
    twice = head.submit(link, {"text": "Lần nữa."}, form_at=f"/marker/{CODE}/conflicts")

    assert twice.status_code == 409
    assert "Đã chuyển người giữ phách." in words(find_all(marker.page(sheet_of(desk)), "flag-answer")[0])

    def facts(doing: Any) -> list[tuple[str, str]]:
        rows = doing.session.execute(select(RecordRow.event, RecordRow.subject).order_by(RecordRow.id))
        return [tuple(found) for found in rows if found[0].split(":")[0] in ("script", "flag")]

    # The subject names no script: else the log would tell the other marker which one somebody has begun.
    assert scene(facts)[-2:] == [
        ("script:flagged", f"competition/{CODE}"),
        ("flag:answered", f"competition/{CODE}"),
    ]


def test_head_reads_no_mark_beside_a_question(desk: Desk, marker: StrictClient, log_in: LogIn) -> None:
    marker.submit(sheet_of(desk), {"revision": "0", "points_0": "7,5", "whole": "canary-7731"})
    marker.submit(f"{sheet_of(desk)}/flag", {"text": "Hỏi."})
    head = log_in(f"h01-{CODE}".lower())
    (row,) = find_all(head.page(f"/marker/{CODE}/head/flags"), "flag-row")
    (link,) = [str(item.get("href")) for item in row.iter("a")]

    assert "canary-7731" not in head.get(link).text
    assert "7,5" not in head.get(link).text


# --- which page holds the script -------------------------------------------------------------------------------------


def test_second_page_is_told_of_the_first_and_may_take_over(
    desk: Desk,
    marker: StrictClient,
    clock: Clock,
    scene: Scene,
) -> None:
    def opened(doing: Any) -> Any:
        rows = doing.session.execute(
            select(Script.code, Allocation.opened_at).join(Script, Script.id == Allocation.script_id)
        )
        return [at for code, at in rows if code == desk.codes[0] and at is not None]

    assert scene(opened) == []
    first = _post(marker, desk, "/hold", page=PAGE).get_json()
    (at,) = scene(opened)
    second = _post(marker, desk, "/hold", page=OTHER_PAGE).get_json()
    assert (first["here"], second["here"]) == (True, False)
    assert first["seconds"] == 3600
    assert _post(marker, desk, "/hold", page=OTHER_PAGE, wish="take").get_json()["here"] is True
    assert _post(marker, desk, "/hold", page=PAGE).get_json()["here"] is False
    _post(marker, desk, "/hold", page=PAGE, wish="leave")  # not its own any more
    assert _post(marker, desk, "/hold", page=PAGE).get_json()["here"] is False
    clock.present += timedelta(hours=1, seconds=1)
    assert _post(marker, desk, "/hold", page=PAGE).get_json()["here"] is True
    assert scene(opened) == [at]


@pytest.mark.parametrize("number", ["-1", "x", "2147483648", "9999999999", "9" * 40, "١"])
def test_hostile_number_of_a_note_is_no_note(desk: Desk, marker: StrictClient, number: str) -> None:
    assert _post(marker, desk, "/notes", note=number, seen="x", text="y").status_code == 404


@pytest.mark.parametrize("page", ["", "x", "<script>", "a" * 41])
def test_page_without_a_proper_number_holds_nothing(desk: Desk, marker: StrictClient, page: str) -> None:
    assert _post(marker, desk, "/hold", page=page).status_code == 422


# --- one question at a time ------------------------------------------------------------------------------------------


def test_by_questions_the_first_one_of_all_scripts_comes_first_in_a_stable_order(
    desk: Desk,
    marker: StrictClient,
) -> None:
    def walk() -> list[tuple[str, str]]:
        seen, path = [], f"{sheet_of(desk)}?by=question"
        first = marker.page(path)
        while before := [str(link.get("href")) for link in first.iter("a") if link.get("rel") == "prev"]:
            first = marker.page(before[0])
        page = first
        while True:
            (sheet,) = [form for form in page.iter("form") if form.get("data-only")]
            seen.append((words(find_all(page, "script-code")[0]), str(sheet.get("data-only"))))
            following = [str(link.get("href")) for link in page.iter("a") if link.get("rel") == "next"]
            if not following:
                return seen
            page = marker.page(following[0])

    once, again = walk(), walk()
    items = [item for _code, item in once]
    by_item = {item: [code for code, known in once if known == item] for item in items}

    assert once == again
    assert items == sorted(items)
    assert all(sorted(codes) == sorted(desk.codes) for codes in by_item.values())
    # The choice lasts without the address saying so, until the other is chosen.
    assert [form for form in marker.page(sheet_of(desk)).iter("form") if form.get("data-only")]
    marker.page(f"{sheet_of(desk)}?by=script")
    assert not [form for form in marker.page(sheet_of(desk)).iter("form") if form.get("data-only")]
