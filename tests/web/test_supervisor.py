"""The supervision board reads everything that is no secret, and changes nothing."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from flask import Flask

from examsite.domain.competitions import CompetitionState
from examsite.domain.events import Event
from examsite.domain.papers import paper_from_data
from examsite.domain.payloads import MEMBERS
from examsite.domain.permissions import Role
from examsite.services import papers
from examsite.services.checkpoints import sign_checkpoint
from examsite.services.records import record
from examsite.storage.queries.competitions import get_competition, get_post
from examsite.storage.queries.papers import list_papers
from examsite.web.story import safe_cell
from tests.factories.papers import make_sealed
from tests.factories.records import last_about
from tests.web.strict_client import StrictClient, find_all, words

CODE = "VH-2026-01"
SUPERVISOR = "supervisor-17-vh-2026-01"
CANARY = "mật-không-ai-được-đọc-0427"

Scene = Callable[[Callable[[Any], Any]], Any]
LogIn = Callable[..., StrictClient]


@pytest.fixture
def sealed(scene: Scene, password_hash: str) -> None:
    """Papers sealed, one opened, and records with planted secrets."""

    def make(doing: Any) -> None:
        plan = make_sealed(doing, password_hash=password_hash, written=True)
        competition, subject = plan.competition, "sitting/CA1"
        post = get_post(doing.session, competition.id, "P1")
        papers.agree_to_opening(plan.ctx(Role.COUNCIL_MEMBER), competition, post)
        papers.open_paper(plan.ctx(Role.CHAIR), competition, post)
        for event, about, actor in (
            (Event.ANSWERS_SUBMITTED, subject, None),
            (Event.DRAW_HELD, "draw/script-codes", "council/C01"),
            (Event.CODES_SEALED, f"codes/{CODE}", "keeper/K01"),
            (Event.MARK_LOCKED, "script/0421", "marker/M01"),
            (Event.CANDIDATE_CHECKED_IN, subject, "invigilator/V01"),
            (Event.CODES_SEALED, f"codes/{CODE}", "keeper/K01"),
        ):
            secret = dict.fromkeys(MEMBERS.get(event, ["canary"]), CANARY)
            record(doing.ctx(), competition, event, about, secret, actor=actor)
        sign_checkpoint(doing.ctx(), competition.code)

    scene(make, once="sealed")


def cells(row: Element) -> list[str]:
    """What stands in the cells of a row."""
    return [words(cell) for cell in row]


def log_size(client: StrictClient) -> int:
    return int(words(find_all(client.page(f"/supervisor/{CODE}/records"), "count")[0]).split()[0])


def test_desk_shows_steps_missing_counts_hashes_and_no_text(sealed: None, log_in: LogIn, scene: Scene) -> None:
    client = log_in(SUPERVISOR)
    assert CODE in words(client.page("/supervisor/"))
    page = client.page(f"/supervisor/{CODE}/")
    assert find_all(page, "gate-track")
    assert len(list(find_all(page, "papers")[0].iter("tr"))) == 4

    def secrets(doing: Any) -> list[str]:
        rows = list_papers(doing.session, get_competition(doing.session, CODE).id)
        return [item.question.stem.vi[:40] for row in rows for item in paper_from_data(row.data).items]

    text = client.get(f"/supervisor/{CODE}/").text
    assert not [stem for stem in scene(secrets) if stem in text]


def test_people_stand_with_their_pseudonyms(sealed: None, log_in: LogIn) -> None:
    table = find_all(log_in(SUPERVISOR).page(f"/supervisor/{CODE}/people"), "people")[0]
    rows = [cells(row)[:3] for row in table.iter("tr")][1:]
    assert len(rows) == 18
    assert ["D01", "Ban đề thi", f"Người setter-5-{CODE}"] in rows


def test_log_is_a_story_to_filter_and_to_leaf_through(sealed: None, log_in: LogIn) -> None:
    client = log_in(SUPERVISOR)
    address = f"/supervisor/{CODE}/records"
    size = log_size(client)
    assert size > 10
    newest = find_all(client.page(address), "record")[0]
    assert words(newest).startswith(str(size - 1))
    sealing = client.page(f"{address}?event=paper:sealed")
    assert words(find_all(sealing, "count")[0]) == "3 mục"
    assert [cells(row)[3:] for row in find_all(sealing, "record")] == [
        ["Ban đề thi D01", f"Đề P1-{letter}"] for letter in "CBA"
    ]
    assert words(find_all(sealing, "sentence")[0]) == "Ban đề thi D01: niêm phong đề thi, đề P1-C."
    both = client.page(f"{address}?event=paper:sealed&actor=council/C01")
    assert find_all(both, "count")[0] is not None
    assert not find_all(both, "record")
    steps = [client.page(f"{address}?step={state}") for state in ("draft", "announced")]
    assert sum(int(words(find_all(page, "count")[0]).split()[0]) for page in steps) == size
    last_of_draft = find_all(steps[0], "record")[0]
    assert "Công bố thông báo thi tuyển" in words(last_of_draft)
    found = client.page(f"{address}?kind=paper&about=P1-B&since=2020-01-01&until=2099-01-01")
    assert {cells(row)[4] for row in find_all(found, "record")} == {"Đề P1-B"}
    assert not find_all(client.page(f"{address}?until=2020-01-01"), "record")


def test_the_filtered_story_is_exported_and_no_cell_is_a_formula(sealed: None, log_in: LogIn) -> None:
    client = log_in(SUPERVISOR)
    answer = client.get(f"/supervisor/{CODE}/records.csv?event=paper:sealed")
    rows = list(csv.reader(answer.get_data(as_text=True).lstrip("\ufeff").splitlines()))
    assert [row[3] for row in rows[1:]] == ["paper/P1-A", "paper/P1-B", "paper/P1-C"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get(f"/supervisor/{CODE}/records.pdf").data.startswith(b"%PDF")
    whole = client.get(f"/supervisor/{CODE}/records.csv").text
    assert CANARY not in whole
    assert [safe_cell(text) for text in ("=1+1", "@x", "-2", "a=1", "")] == ["'=1+1", "'@x", "'-2", "a=1", ""]


def test_a_question_goes_to_whoever_acted_and_its_answer_stands_beside_the_record(sealed: None, log_in: LogIn) -> None:
    client = log_in(SUPERVISOR)
    seq = int(cells(find_all(client.page(f"/supervisor/{CODE}/records?event=paper:sealed"), "record")[0])[0])
    assert client.submit(f"/explanations/{CODE}/ask/{seq}", {"reason": "ngắn"}).status_code == 422
    assert (
        client.submit(f"/explanations/{CODE}/ask/{seq}", {"reason": "Vì sao niêm phong đề vào giờ này?"}).status_code
        == 302
    )
    assert "D01" in words(find_all(client.page(f"/supervisor/{CODE}/records/{seq}"), "question")[0])
    setter = log_in("setter-5-vh-2026-01")
    assert "Giải trình" in setter.get(f"/setter/{CODE}/").text
    assert find_all(setter.page(f"/explanations/{CODE}/"), "open-question")
    asking = client.page(f"/supervisor/{CODE}/records?event=explanation:asked")
    own = int(cells(find_all(asking, "record")[0])[0])
    about = find_all(client.page(f"/supervisor/{CODE}/records/{own}"), "asked-about")[0]
    assert about.get("href") == f"/supervisor/{CODE}/records/{seq}"
    answer = "Niêm phong ngay sau khi bốc xong câu hỏi, hai người cùng làm."
    assert setter.submit(f"/explanations/{CODE}/1", {"reason": answer}).status_code == 302
    assert "Giải trình" not in setter.get(f"/setter/{CODE}/").text
    assert answer in words(find_all(log_in(SUPERVISOR).page(f"/supervisor/{CODE}/records/{seq}"), "answer")[0])


def test_who_owes_an_answer_sees_it_at_the_own_doors(sealed: None, log_in: LogIn) -> None:
    client = log_in(SUPERVISOR)
    seq = int(cells(find_all(client.page(f"/supervisor/{CODE}/records?event=competition:announced"), "record")[0])[0])
    organiser = log_in(f"thuky-{CODE}")
    assert "đề nghị giải trình" not in organiser.get("/home").text
    asked = client.submit(f"/explanations/{CODE}/ask/{seq}", {"reason": "Vì sao thông báo vào đúng giờ này?"})
    assert asked.status_code == 302
    assert "1 đề nghị giải trình chờ trả lời" in organiser.get("/home").text


@pytest.mark.parametrize("query", ["event=x", "actor=<b>", "step=closed", "page=-1", "page=99999999", "page=x"])
def test_log_answers_hostile_filters(sealed: None, log_in: LogIn, query: str) -> None:
    assert log_in(SUPERVISOR).get(f"/supervisor/{CODE}/records?{query}").status_code == 200


def test_secret_contents_are_shown_to_nobody_on_any_page(sealed: None, log_in: LogIn) -> None:
    client = log_in(SUPERVISOR)
    for seq in range(log_size(client)):
        answer = client.get(f"/supervisor/{CODE}/records/{seq}")
        assert answer.status_code == 200
        assert CANARY not in answer.text
    assert client.get(f"/supervisor/{CODE}/records/99999").status_code == 404


def test_contents_open_when_they_are_no_secret_any_more(sealed: None, log_in: LogIn, scene: Scene) -> None:
    client = log_in(SUPERVISOR)

    def number(doing: Any, event: str, subject: str) -> int:
        return last_about(doing.session, CODE, event, subject).seq

    codes = scene(lambda doing: number(doing, "codes:sealed", f"codes/{CODE}"))
    marks = scene(lambda doing: number(doing, "mark:locked", "script/0421"))
    answers = scene(lambda doing: number(doing, "answers:submitted", "sitting/CA1"))
    draw = scene(lambda doing: number(doing, "draw:held", "draw/paper-version-P1"))
    assert find_all(client.page(f"/supervisor/{CODE}/records/{draw}"), "content")

    def readable() -> list[bool]:
        pages = [client.page(f"/supervisor/{CODE}/records/{seq}") for seq in (codes, marks, answers)]
        return [bool(find_all(page, "content")) for page in pages]

    def put(state: CompetitionState) -> None:
        def change(doing: Any) -> None:
            get_competition(doing.session, CODE).state = state

        scene(change)

    assert readable() == [False, False, False]
    put(CompetitionState.MERGED)
    assert readable() == [True, False, False]
    put(CompetitionState.RANKED)
    assert readable() == [True, True, False]


def test_checkpoints_are_shown_word_for_word(sealed: None, log_in: LogIn) -> None:
    client = log_in(SUPERVISOR)
    size = log_size(client)
    assert str(size) in words(find_all(client.page(f"/supervisor/{CODE}/checkpoints"), "checkpoints")[0])
    note = find_all(client.page(f"/supervisor/{CODE}/checkpoints/{size}"), "note")[0]
    lines = "".join(note.itertext()).split("\n")
    assert lines[0].endswith(f"/{CODE}")
    assert lines[1] == str(size)
    assert client.get(f"/supervisor/{CODE}/checkpoints/1").status_code == 404


def test_no_address_of_the_supervisors_accepts_a_change(app: Flask) -> None:
    # Taking and trying an own sheet of a key and naming witnesses with what they signed change nothing of it.
    witnesses = {"supervisor.name_witnesses", "supervisor.bring_cosignatures", "supervisor.end_one_witness"}
    beside = {"supervisor.show_sheet", "supervisor.take_sheet", "supervisor.rehearse_share"} | witnesses
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("supervisor.")]
    rules = [rule for rule in rules if rule.endpoint not in beside]
    assert len(rules) >= 7
    assert all((rule.methods or set()) <= {"GET", "HEAD", "OPTIONS"} for rule in rules)


@pytest.mark.parametrize("login", ["marker-10-vh-2026-01", "setter-5-vh-2026-01", "thuky-vh-2026-01"])
def test_nobody_else_reads_over_their_shoulder(sealed: None, log_in: LogIn, login: str) -> None:
    client = log_in(login)
    for page in ("", "records", "records/3", "people", "checkpoints", "checkpoints/1"):
        assert client.get(f"/supervisor/{CODE}/{page}").status_code == 403
