"""The calls of test pages: opened and read with the token alone, many at once, quick or slow the same answer."""

from __future__ import annotations

import gzip
import json
import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from examsite.domain.competitions import CompetitionState
from examsite.services.attempt_tokens import token_of_attempt
from examsite.services.rooms import lengthen
from examsite.services.saves import MOST_STRAY_VERSIONS
from examsite.storage.database import db
from examsite.storage.group_commit import GroupCommit
from examsite.storage.models.sittings import AnswerVersion, Attempt, Sitting
from examsite.web.api.pace import SavePace
from tests.factories.sittings import Room, make_room
from tests.web.conftest import Clock

OPEN, PAPER, SAVES, STATE, HAND_IN = (
    f"/api/attempts/{name}" for name in ("open", "paper", "saves", "state", "hand-in")
)


class Pages:
    """Test pages of a room of three, each with its token and no cookie."""

    def __init__(self, app: Flask, room: Room, tokens: list[str]) -> None:
        self.app = app
        self.room = room
        self.tokens = tokens

    def call(self, path: str, body: Any = None, *, seat: int = 0, **headers: str) -> Any:
        client = FlaskClient(self.app)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Authorization": f"Bearer {self.tokens[seat]}", **named}
        if body is None and path in (PAPER, STATE):
            return client.get(path, headers=sent)
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return client.post(path, data=data, headers={"Content-Type": "application/json", **sent})

    def save(self, item: str, number: int, content: Any, *, seat: int = 0, epoch: int = 1, **headers: str) -> Any:
        saves = [{"item": item, "number": number, "content": content}]
        return self.call(SAVES, {"epoch": epoch, "saves": saves}, seat=seat, **headers)

    def stored(self) -> list[tuple[str, str, bool]]:
        with self.app.app_context():
            rows = db.session().scalars(select(AnswerVersion).order_by(AnswerVersion.id)).all()
            return [(row.item, row.content, row.set_aside) for row in rows]


@pytest.fixture
def pages(app: Flask, scene: Callable[..., Any]) -> Pages:
    """Before the start."""

    def build(doing: Any) -> Pages:
        settings = app.extensions["settings"]
        room = make_room(doing.session, doing.now, settings=settings)
        ids = doing.session.scalars(select(Attempt.id).order_by(Attempt.id)).all()
        return Pages(app, room, [token_of_attempt(settings, attempt_id) for attempt_id in ids])

    made: Pages = scene(build)
    return made


@pytest.fixture
def begun(pages: Pages, scene: Callable[..., Any], clock: Clock) -> Pages:
    """After the start."""

    def step(doing: Any) -> None:
        room = pages.room
        room.session = doing.session
        room.competition = doing.session.merge(room.competition)
        room.paper = doing.session.merge(room.paper)
        room.sitting = doing.session.get(Sitting, room.sitting.id)
        clock.present = room.started()

    scene(step)
    return pages


# --- opening and reading -------------------------------------------------------------------------------------------


def test_before_the_start_there_is_the_state_and_nothing_of_the_paper(pages: Pages) -> None:
    state = pages.call(STATE).get_json()
    assert (state["state"], state["starts_in_seconds"], state["held"], state["deadline"]) == ("seated", 1800, {}, None)
    for path in (OPEN, PAPER):
        refused = pages.call(path)
        assert (refused.status_code, refused.get_json()["error"]) == (409, "test_not_started")
    stem = pages.room.paper.data["items"][0]["question"]["stem"]["vi"][:30]
    assert stem not in pages.call(PAPER).text


def test_opening_gives_orders_and_the_paper_and_every_opening_a_new_epoch(begun: Pages) -> None:
    first = begun.call(OPEN).get_json()
    begun.save("E1", 1, "đang viết")
    second = begun.call(OPEN).get_json()
    assert (first["epoch"], second["epoch"]) == (1, 2)
    assert (first["answers"], second["answers"]) == ({}, {"E1": "đang viết"})
    assert second["held"] == {"E1": {"epoch": 1, "number": 1}}
    assert first["paper"] == begun.room.paper.paper_sha256
    assert (first["remaining_seconds"], first["paused"], first["message"]) == (180 * 60, False, None)
    items = {item["item"]: item for item in begun.call(PAPER).get_json()["items"]}
    for item, order in first["orders"].items():
        assert sorted(order) == sorted(option["key"] for option in items[item]["options"])


@pytest.mark.parametrize("language", ["vi", "en"])
def test_paper_has_every_question_in_one_language_and_no_key(begun: Pages, language: str) -> None:
    packed = begun.call(f"{PAPER}?lang={language}", Accept_Encoding="gzip")
    plain = FlaskClient(begun.app).get(
        f"{PAPER}?lang={language}", headers={"Authorization": f"Bearer {begun.tokens[1]}"}
    )
    assert packed.status_code == 405  # a paper is read, not sent
    answer = FlaskClient(begun.app).get(
        f"{PAPER}?lang={language}",
        headers={"Authorization": f"Bearer {begun.tokens[0]}", "Accept-Encoding": "gzip, br"},
    )
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data) == plain.data
    assert answer.headers["Cache-Control"] == "no-store"
    shown = plain.get_json()
    data = begun.room.paper.data["items"]
    assert [item["item"] for item in shown["items"]] == [item["item"] for item in data]
    for item, row in zip(shown["items"], data, strict=True):
        assert [option["text"] for option in item["options"]] == [
            option["text"][language] for option in row["question"]["options"]
        ]
        first_words = row["question"]["stem"][language].split("\n")[0].strip()[:20]
        assert first_words in json.dumps(item["blocks"], ensure_ascii=False).replace('\\"', '"')
    text_of_all = plain.text
    assert "answer_key" not in text_of_all
    assert "source" not in shown["items"][0]
    levels = [
        level["text"][language]
        for row in data
        for criterion in row["question"]["criteria"]
        for level in criterion["levels"]
    ]
    assert levels
    assert [level for level in levels if level in text_of_all] == []


@pytest.mark.parametrize(
    "token",
    ["1", "1.", ".x", "1.x", "01.{proof}", "２.{proof}", "999.{proof}", "-1.{proof}", "{proof}.1", "1.{proof}x"],
)
def test_a_token_that_was_not_given_out_opens_nothing(begun: Pages, token: str) -> None:
    begun.tokens[0] = token.replace("{proof}", begun.tokens[0].partition(".")[2]).encode("utf-8").decode("latin-1")
    for path in (OPEN, PAPER, STATE, SAVES, HAND_IN):
        answer = begun.call(path, None if path in (PAPER, STATE) else {"epoch": 1, "saves": []})
        assert (answer.status_code, answer.get_json()["error"]) == (401, "token_unknown"), path
    assert begun.stored() == []


# --- what is stored ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-999", "123456789.5"])
def test_numbers_that_json_does_not_know_are_kept_and_come_out_as_json(begun: Pages, number: str) -> None:
    begun.call(OPEN)
    body = f'{{"epoch":1,"saves":[{{"item":"E1","number":1,"content":[{number}]}}]}}'.encode()
    assert len(begun.call(SAVES, body).get_json()["saved"]) == 1
    opened = begun.call(OPEN)

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    json.loads(opened.text, parse_constant=refuse)
    assert begun.call(HAND_IN, {"epoch": 2}).get_json()["state"] == "handed_in"


def test_items_that_the_paper_does_not_have_are_kept_beside_up_to_a_bound(begun: Pages) -> None:
    begun.call(OPEN)
    kept = 0
    for number in range(1, MOST_STRAY_VERSIONS + 3):
        answer = begun.save("Z9", number, "lạ").get_json()
        kept += len(answer["set_aside"])
        assert len(answer["set_aside"]) + len(answer["refused"]) == 1
    assert kept == MOST_STRAY_VERSIONS
    assert len(begun.save("E1", 1, "bài của tôi").get_json()["saved"]) == 1
    assert begun.call(OPEN).get_json()["answers"] == {"E1": "bài của tôi"}


def test_words_from_before_the_start_never_count_also_when_time_is_given(
    pages: Pages, scene: Callable[..., Any], clock: Clock
) -> None:
    assert len(pages.save("E1", 9, "viết trước giờ").get_json()["set_aside"]) == 1

    def step(doing: Any) -> None:
        room = pages.room
        room.session = doing.session
        room.competition = doing.session.merge(room.competition)
        room.paper = doing.session.merge(room.paper)
        room.sitting = doing.session.get(Sitting, room.sitting.id)
        clock.present = room.started()
        attempt = room.attempt(0)
        attempt.epoch = 1
        lengthen(room.ctx(at=clock.present), room.sitting, attempt, seconds=60)

    scene(step)
    assert pages.stored() == [("E1", '"viết trước giờ"', True)]


def test_what_comes_once_codes_are_sealed_is_refused_and_not_kept(begun: Pages, scene: Callable[..., Any]) -> None:
    epoch = begun.call(OPEN).get_json()["epoch"]
    begun.save("E1", 1, "bài của tôi")
    begun.call(HAND_IN, {"epoch": epoch})
    assert len(begun.save("E1", 2, "đến muộn").get_json()["set_aside"]) == 1

    def seal(doing: Any) -> None:
        doing.session.merge(begun.room.competition).state = CompetitionState.MARKING

    scene(seal)
    late = begun.save("E1", 3, "quá muộn").get_json()
    assert (late["state"], late["refused"], late["set_aside"]) == (
        "handed_in",
        [{"item": "E1", "epoch": 1, "number": 3}],
        [],
    )
    assert [content for _item, content, _aside in begun.stored()] == ['"bài của tôi"', '"đến muộn"']


def test_a_whole_room_saves_at_once_and_nothing_is_lost_or_doubled(begun: Pages) -> None:
    for seat in range(3):
        begun.call(OPEN, seat=seat)
    problems: list[Any] = []

    def write(seat: int, line: int) -> None:
        for number in range(line, 40, 4):
            answer = begun.save("E1", number + 1, f"{seat}/{number}", seat=seat)
            again = begun.save("E1", number + 1, f"{seat}/{number}", seat=seat)
            if not (answer.get_json()["saved"] == again.get_json()["saved"] != []):
                problems.append((answer.get_json(), again.get_json()))

    threads = [threading.Thread(target=write, args=(seat, line)) for seat in range(3) for line in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sorted(content for _item, content, _aside in begun.stored()) == sorted(
        f'"{seat}/{number}"' for seat in range(3) for number in range(40)
    )


def test_what_cannot_be_written_is_told_as_not_stored_and_may_be_sent_again(
    begun: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun.call(OPEN)
    real = GroupCommit._write_at_once

    def broken(self: GroupCommit[Any], jobs: list[Any]) -> Any:
        def run(connection: Any, _session: Any, _jobs: Any) -> Any:
            connection.execute(text("INSERT INTO no_such_table VALUES (1)"))

        monkeypatch.setattr(self, "_run", run)
        return real(self, jobs)

    with monkeypatch.context() as patch:
        patch.setattr(GroupCommit, "_write_at_once", broken)
        for path in (SAVES, OPEN, HAND_IN):
            refused = begun.call(path, {"epoch": 1, "saves": []})
            assert (refused.status_code, refused.get_json()["error"]) == (503, "not_stored"), path
            assert refused.get_json()["message"]
            assert refused.headers["Retry-After"]
    monkeypatch.undo()
    assert len(begun.save("E1", 1, "gửi lại").get_json()["saved"]) == 1


# --- the pace ------------------------------------------------------------------------------------------------------


def test_a_flood_from_one_attempt_is_slowed_while_the_others_write_on(begun: Pages, clock: Clock) -> None:
    """Four connections with one token send as fast as they can; a neighbour saves at the same time."""
    begun.app.extensions["save_pace"] = SavePace(burst=20_000, per_second=1_000)
    for seat in (0, 1):
        begun.call(OPEN, seat=seat)
    flood: list[Any] = []
    neighbour: list[Any] = []

    def send(line: int) -> None:
        for number in range(8):
            flood.append(begun.save("E1", line * 8 + number + 1, "x" * 4_000))

    def write() -> None:
        for number in range(20):
            neighbour.append(begun.save("E1", number + 1, f"câu {number}", seat=1))

    threads = [*(threading.Thread(target=send, args=(line,)) for line in range(4)), threading.Thread(target=write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slowed = [answer for answer in flood if answer.status_code == 429]
    assert [answer.status_code for answer in neighbour] == [200] * 20
    assert len(flood) - len(slowed) == 4, "twenty thousand bytes hold four of them"
    assert {answer.get_json()["error"] for answer in slowed} == {"saves_too_fast"}
    assert {int(answer.headers["Retry-After"]) for answer in slowed} == {2}
    assert all(answer.get_json()["message"] for answer in slowed)
    assert len(begun.stored()) == 24
    assert begun.call(SAVES, {"epoch": 1, "saves": []}).status_code == 200, "a sign of life is free"
    headers = {"Authorization": f"bearer {begun.tokens[0]}"}
    body = {"epoch": 1, "saves": [{"item": "E1", "number": 99, "content": "x" * 4_000}]}
    long = FlaskClient(begun.app).post(f"{SAVES}?", json=body, headers=headers)
    assert (long.status_code, long.headers["Retry-After"], long.get_json()) == (429, "2", slowed[0].get_json())
    clock.present += timedelta(seconds=2)
    assert begun.call(SAVES, body).get_json()["saved"] == [{"item": "E1", "epoch": 1, "number": 99}]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_else_is_sent_the_last_text_is_stored_and_nothing_acknowledged_is_lost(
    begun: Pages, clock: Clock, seed: int
) -> None:
    """A page writes beside a flood with its own token; on every 429 it comes again, with what is newest by then."""
    chance = random.Random(seed)
    begun.app.extensions["save_pace"] = SavePace(burst=6_000, per_second=500)
    begun.call(OPEN)
    acknowledged: list[str] = []

    def send(item: str, number: int, text: str) -> bool:
        answer = begun.save(item, number, text)
        assert answer.status_code in {200, 429}
        if answer.status_code == 200:
            assert len(answer.get_json()["saved"]) == 1
            acknowledged.append(json.dumps(text, ensure_ascii=False))
        return bool(answer.status_code == 200)

    newest, refusals = "", 0
    for number in range(1, 40):
        clock.present += timedelta(milliseconds=chance.randint(0, 3_000))
        if chance.random() < 0.7:
            send("E2", number, "y" * chance.randint(1, 4_000))
        newest = f"bản {number} " * chance.randint(1, 100)
        refusals += not send("E1", number, newest)
    began = clock.present
    while not send("E1", 100, newest):
        clock.present += timedelta(seconds=chance.uniform(0.3, 15.3))
    assert refusals > 0
    assert clock.present - began < timedelta(seconds=60)
    assert begun.call(OPEN).get_json()["answers"]["E1"] == newest
    assert sorted(content for _item, content, _aside in begun.stored()) == sorted(acknowledged)


# --- the express lane ----------------------------------------------------------------------------------------------


def test_the_short_way_and_the_long_way_answer_alike(begun: Pages, clock: Clock) -> None:
    begun.call(OPEN)
    clock.present += timedelta(seconds=7)
    bodies = [
        {"epoch": 1, "saves": []},
        {"epoch": 1, "saves": [{"item": "E1", "number": 1, "content": "một\u0000 \ud800"}]},
        {"epoch": 1, "saves": [{"item": "E1", "number": 1, "content": "khác"}]},
        {"epoch": 0, "saves": [{"item": "Q01", "number": 2, "content": ["a"]}]},
        {
            "epoch": 1,
            "saves": [{"item": "Z9", "number": 1, "content": None}, {"item": "Q02", "number": 1, "content": 1}],
        },
    ]
    for body in bodies:
        short = begun.call(SAVES, body)
        long = FlaskClient(begun.app).post(
            f"{SAVES}?", json=body, headers={"Authorization": f"bearer {begun.tokens[0]}"}
        )
        assert (short.status_code, short.get_json()) == (long.status_code, long.get_json())
        changing = {"Content-Length", "Content-Security-Policy"}
        assert {name: value for name, value in short.headers if name not in changing} == {
            name: value for name, value in long.headers if name not in changing
        }


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_no_foreign_page_saves(begun: Pages, headers: dict[str, str]) -> None:
    begun.call(OPEN)
    assert begun.save("E1", 1, "từ nơi khác", **headers).status_code == 403
    assert (
        begun.save("E1", 1, "từ trang này", Sec_Fetch_Site="same-origin", Origin="http://localhost").status_code == 200
    )
    assert begun.stored() == [("E1", '"từ trang này"', False)]


def test_a_room_that_admits_certain_machines_only_is_asked_at_every_save(
    begun: Pages, scene: Callable[..., Any]
) -> None:
    begun.call(OPEN)
    assert begun.save("E1", 1, "trước").status_code == 200

    def bind(doing: Any) -> None:
        doing.session.get(Sitting, begun.room.sitting.id).address_ranges = "10.9.8.0/24"

    scene(bind)
    begun.app.extensions["room_rules"].read_at = float("-inf")
    assert begun.save("E1", 2, "máy lạ").status_code == 403
    assert begun.save("E1", 2, "máy lạ").status_code == 403
    assert [content for _item, content, _aside in begun.stored()] == ['"trước"']
