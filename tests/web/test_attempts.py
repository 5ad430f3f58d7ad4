"""The interface of the test page and the candidate's pages: every hostile body gets an answer, none a crash."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from examsite.domain.attempts import CLOSING_SLACK_SECONDS
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import InvalidError
from examsite.domain.permissions import Role
from examsite.domain.receipts import OpenedRecord, check_opening, check_receipt, parse_opening, parse_receipt
from examsite.domain.rulesets import ruleset_from_toml, ruleset_to_toml
from examsite.domain.saves import MAX_BATCH, MAX_SAVE_BYTES
from examsite.services.checkpoints import sign_checkpoint
from examsite.services.context import ServiceContext
from examsite.services.invigilation import extend_time, force_hand_in
from examsite.services.room_time import pause_attempt
from examsite.services.sittings import close_overdue
from examsite.storage.database import db, writing
from examsite.storage.models.competitions import Competition
from examsite.storage.models.sittings import AnswerVersion, Sitting
from examsite.storage.queries.records import get_log, get_record, list_logs
from tests.factories.sittings import Room, make_room
from tests.web.conftest import Clock
from tests.web.strict_client import StrictClient, find_all, words

LENGTH = timedelta(minutes=180)
#: What a page of the test may cost: everyone in the room opens it, some of them again and again.
MOST_READS = 6
MOST_PAGE_BYTES = 60_000
#: A receipt is one QR code that a telephone reads.
LARGEST_RECEIPT_BYTES = 1_200
SAVES = "/api/attempts/saves"


@dataclass
class Seat:
    """A candidate at work: the page's token and epoch, and a client that sends no cookie."""

    api: FlaskClient
    token: str
    epoch: int

    def send(self, body: Any, *, token: str | None = None, path: str = SAVES) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"}
        return self.api.post(path, data=data, headers=headers)

    def save(self, item: str, number: int, content: Any, *, epoch: int | None = None) -> Any:
        page = self.epoch if epoch is None else epoch
        return self.send({"epoch": page, "saves": [{"item": item, "number": number, "content": content}]})


@pytest.fixture
def site(scene: Callable[..., Any], password_hash: str) -> dict[str, Any]:
    """A room of three before the start; gives back who logs in and under which name."""

    def build(doing: Any) -> dict[str, Any]:
        room = make_room(
            doing.session,
            doing.now,
            settings=doing.app.extensions["settings"],
            password_hash=password_hash,
        )
        return {
            "numbers": [str(item.candidate_number) for item in room.candidacies],
            "names": [item.full_name for item in room.candidacies],
            "code": room.competition.code,
            "sitting": room.sitting.id,
            "invigilator": f"invigilator-{room.competition.code.lower()}",
            "stems": room.paper.data["items"][0]["question"]["stem"]["vi"],
            "room": room,
        }

    return scene(build, once="waiting")


@pytest.fixture
def begin(scene: Callable[..., Any], site: dict[str, Any], clock: Clock) -> Callable[[], None]:
    """Open the paper and let the server start the sitting at its hour."""

    def step(doing: Any) -> None:
        room: Room = site["room"]
        room.session = doing.session
        room.competition = doing.session.merge(room.competition)
        room.paper = doing.session.merge(room.paper)
        room.sitting = doing.session.get(Sitting, site["sitting"])
        clock.present = room.started()

    return lambda: scene(step)


def _open(client: StrictClient) -> Any:
    """The page opens the test as its script does: with the token in it, and without the cookie of the log-in."""
    return FlaskClient(client.application).post("/api/attempts/open", headers=_bearer(_token(client)))


def _token(client: StrictClient) -> str:
    return client.get("/candidate/test").text.split('data-token="')[1].split('"')[0]


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def seated(
    app: Flask, site: dict[str, Any], begin: Callable[[], None], log_in: Callable[..., StrictClient]
) -> tuple[StrictClient, Seat]:
    begin()
    client = log_in(site["numbers"][0], door="/candidate/login")
    data = _open(client).get_json()
    return client, Seat(FlaskClient(app), _token(client), data["epoch"])


def _versions(app: Flask) -> list[tuple[str, str, bool]]:
    with app.app_context():
        rows = db.session().scalars(select(AnswerVersion).order_by(AnswerVersion.id)).all()
        return [(row.item, row.content, row.set_aside) for row in rows]


# --- pages ---------------------------------------------------------------------------------------------------------


def test_waiting_page_holds_seat_and_hour_and_nothing_of_the_paper(
    site: dict[str, Any], log_in: Callable[..., StrictClient]
) -> None:
    client = log_in(site["numbers"][1], door="/candidate/login")
    page = client.get("/candidate/test")
    assert [words(item) for item in find_all(client.page("/candidate/test"), "seat")] == ["A2"]
    assert site["stems"] not in page.text
    api = FlaskClient(client.application)
    state = api.get("/api/attempts/state", headers=_bearer(_token(client))).get_json()
    assert (state["state"], state["starts_in_seconds"], state["checked_in"]) == ("seated", 1800, False)
    assert _open(client).status_code == 409
    assert api.get("/api/attempts/paper", headers=_bearer(_token(client))).status_code == 409


def test_page_of_a_running_test_holds_no_question_and_the_paper_no_key(
    seated: tuple[StrictClient, Seat], site: dict[str, Any]
) -> None:
    client, seat = seated
    stem = site["stems"].split("\n")[0][:40]
    assert stem not in client.get("/candidate/test").text
    paper = seat.api.get("/api/attempts/paper?lang=vi", headers=_bearer(seat.token)).text
    assert stem in json.loads(paper)["items"][0]["blocks"][0]["text"]
    assert "answer_key" not in paper
    for item in site["room"].paper.data["items"]:
        for criterion in item["question"]["criteria"]:
            assert all(
                level["text"]["vi"] not in json.dumps(json.loads(paper), ensure_ascii=False)
                for level in criterion["levels"]
            )


def test_page_of_the_test_is_small_and_made_from_few_reads(seated: tuple[StrictClient, Seat], app: Flask) -> None:
    client, _seat = seated
    statements: list[str] = []
    with app.app_context():
        engine = db.engine

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        page = client.get("/candidate/test")
    finally:
        event.remove(engine, "before_cursor_execute", count)
    reads = [statement for statement in statements if statement.lstrip().upper().startswith("SELECT")]
    assert len(reads) <= MOST_READS, reads
    assert not any("papers.data" in statement or "answer_versions" in statement for statement in statements)
    assert len(page.data) < MOST_PAGE_BYTES


def test_hand_in_from_the_page_without_script_leads_to_the_receipt(
    seated: tuple[StrictClient, Seat], app: Flask
) -> None:
    client, seat = seated
    seat.save("E1", 1, "Bài luận ngắn")
    asked = client.get("/candidate/test/hand-in")
    assert "Trắc nghiệm 1" in asked.text
    done = client.submit("/candidate/test/hand-in")
    assert done.headers["Location"] == "/candidate/test/receipt"
    receipt = client.page("/candidate/test/receipt")
    (code,) = find_all(receipt, "receipt-code")
    (public,) = find_all(receipt, "public-code")
    assert len(words(code)) == 11
    assert words(public) == "K01X1"
    assert client.get("/candidate/test").headers["Location"] == "/candidate/test/receipt"


@pytest.mark.parametrize("at_once", [True, False])
def test_objective_points_stand_beside_the_receipt_where_the_rule_set_shows_them_at_once(
    seated: tuple[StrictClient, Seat], site: dict[str, Any], app: Flask, at_once: bool
) -> None:
    client, seat = seated
    with app.app_context(), writing(db.engine) as session:
        competition = session.scalars(select(Competition)).one()
        rules = replace(ruleset_from_toml(competition.ruleset_toml), show_objective_score_at_once=at_once)
        competition.ruleset_toml = ruleset_to_toml(rules)
    question = site["room"].paper.data["items"][0]["question"]
    assert (question["kind"], site["room"].paper.data["items"][0]["item"]) == ("single", "Q01")
    seat.save("Q01", 1, question["answer_key"][0])
    client.submit("/candidate/test/hand-in")
    shown = find_all(client.page("/candidate/test/receipt"), "objective-points")
    assert [words(one).split("/")[0] for one in shown] == (["2"] if at_once else [])
    with app.app_context(), writing(db.engine) as session:
        session.scalars(select(Competition)).one().state = CompetitionState.MARKING
    assert not find_all(client.page("/candidate/test/receipt"), "objective-points")


def test_the_receipt_in_full_comes_with_the_next_checkpoint_and_finds_a_changed_script(
    seated: tuple[StrictClient, Seat], app: Flask, clock: Clock
) -> None:
    client, seat = seated
    seat.save("E1", 1, "Bài luận ngắn")
    client.submit("/candidate/test/hand-in")
    assert find_all(client.page("/candidate/test/receipt"), "receipt-waits")
    assert client.get("/candidate/test/receipt.txt").status_code == 404
    with app.app_context(), writing(db.engine) as session:
        ctx = ServiceContext(session=session, now=clock(), signer=app.extensions["signer"])
        (code,) = {log.code for log in list_logs(session)} - {"system"}
        sign_checkpoint(ctx, code)
    page = client.page("/candidate/test/receipt")
    assert not find_all(page, "receipt-waits")
    text = client.get("/candidate/test/receipt.txt").text
    assert len(text.encode()) <= LARGEST_RECEIPT_BYTES
    receipt = parse_receipt(text)
    check_receipt(receipt)
    assert receipt.short_code == words(find_all(page, "receipt-code")[0])
    assert not {"Bài luận ngắn", "K01X1"} & set(text.split('"'))
    with app.app_context():
        row = get_record(db.session(), get_log(db.session(), code).id, receipt.record.seq)
    opening = OpenedRecord(row.seq, row.salt or "", json.loads(row.payload or ""))
    check_opening(receipt.record, parse_opening(opening.as_text()))
    with pytest.raises(InvalidError, match="opening_differs"):
        check_opening(receipt.record, parse_opening(opening.as_text().replace("Bài luận ngắn", "Bài luận ngắm")))


def test_receipt_of_another_candidate_is_out_of_reach(
    seated: tuple[StrictClient, Seat], site: dict[str, Any], log_in: Callable[..., StrictClient]
) -> None:
    client, seat = seated
    seat.send({"epoch": 1}, path="/api/attempts/hand-in")
    own = client.get("/candidate/test/receipt").text
    other = log_in(site["numbers"][1], door="/candidate/login")
    assert other.get("/candidate/test/receipt").headers["Location"] == "/candidate/test"
    assert "K01X1" in own


# --- the interface -------------------------------------------------------------------------------------------------


def test_save_is_acknowledged_with_time_and_hash_and_again_without_a_new_row(
    seated: tuple[StrictClient, Seat], app: Flask, clock: Clock
) -> None:
    _client, seat = seated
    clock.present += timedelta(minutes=1)
    first = seat.save("E1", 1, "một\u0000hai").get_json()
    again = seat.save("E1", 1, "một\u0000hai").get_json()
    assert first == again
    assert first["saved"] == [{"item": "E1", "epoch": 1, "number": 1}]
    assert (first["remaining_seconds"], first["state"], first["fenced"]) == (179 * 60, "open", False)
    assert (first["server_time"], first["deadline"]) == ("2026-03-16T02:31:00.000Z", "2026-03-16T05:30:00.000Z")
    assert len(first["hash"]) == 64
    assert _versions(app) == [("E1", '"một\\u0000hai"', False)]


@pytest.mark.parametrize(
    "content",
    [
        None,
        True,
        1.5,
        10**400,
        "",
        "\ud800 nửa cặp",
        "e\u0302 tổ hợp",
        "\x00\x1f\u2028",
        "'); DROP TABLE answer_versions; --",
        "x" * 200_000,
        [[[[["sâu"]]]]],
        {"a": {"b": [1, 2, {"c": None}]}},
        ["a", "a", "zz"],
    ],
    ids=lambda value: type(value).__name__,
)
def test_any_content_is_kept_and_can_be_handed_in(seated: tuple[StrictClient, Seat], app: Flask, content: Any) -> None:
    _client, seat = seated
    answer = seat.save("Q01", 1, content)
    assert (answer.status_code, len(answer.get_json()["saved"])) == (200, 1)
    assert len(_versions(app)) == 1
    handed_in = seat.send({"epoch": 1}, path="/api/attempts/hand-in")
    assert (handed_in.status_code, handed_in.get_json()["state"]) == (200, "handed_in")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "body_not_json"),
        (b"{", 400, "body_not_json"),
        (b"\xff\xfe", 400, "body_not_json"),
        (b"[" * 100_000, 400, "body_not_json"),
        ([], 422, "batch_malformed"),
        ({"saves": []}, 422, "batch_malformed"),
        ({"epoch": True, "saves": []}, 422, "batch_malformed"),
        ({"epoch": 2**40, "saves": []}, 422, "batch_malformed"),
        ({"epoch": 1, "saves": {}}, 422, "batch_malformed"),
        ({"epoch": 1, "saves": [7]}, 422, "batch_malformed"),
        ({"epoch": 1, "saves": [{"item": "x" * 21, "number": 1, "content": 1}]}, 422, "batch_malformed"),
        ({"epoch": 1, "saves": [{"item": "Q\u0000", "number": 1, "content": 1}]}, 422, "batch_malformed"),
        ({"epoch": 1, "saves": [{"item": "Q01", "number": 0, "content": 1}]}, 422, "batch_malformed"),
        ({"epoch": 1, "saves": [{"item": "Q01", "number": 1}]}, 422, "batch_malformed"),
        (
            {"epoch": 1, "saves": [{"item": "Q01", "number": 1, "content": "x" * MAX_SAVE_BYTES}]},
            413,
            "save_too_large",
        ),
        (
            {"epoch": 1, "saves": [{"item": "Q01", "number": n + 1, "content": 1} for n in range(MAX_BATCH + 1)]},
            413,
            "batch_too_long",
        ),
        (b"[" + b" " * (5 * 1024 * 1024), 413, "http_413"),
    ],
)
def test_broken_envelope_is_refused_in_words_and_stores_nothing(
    seated: tuple[StrictClient, Seat], app: Flask, body: Any, status: int, code: str
) -> None:
    _client, seat = seated
    answer = seat.send(body)
    assert (answer.status_code, answer.get_json()["error"]) == (status, code)
    assert answer.get_json()["message"]
    assert _versions(app) == []


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer x", "Bearer Đ", "Bearer a b"])
def test_without_the_token_nothing_opens(app: Flask, seated: tuple[StrictClient, Seat], header: str) -> None:
    api = FlaskClient(app)
    headers = {"Authorization": header.encode("utf-8").decode("latin-1")}
    for answer in (
        api.post(SAVES, json={"epoch": 1, "saves": []}, headers=headers),
        api.get("/api/attempts/state", headers=headers),
        api.post("/api/attempts/hand-in", json={"epoch": 1}, headers=headers),
    ):
        assert (answer.status_code, answer.get_json()["error"]) == (401, "token_unknown")


def test_token_of_one_candidate_writes_into_no_other_attempt(
    app: Flask,
    site: dict[str, Any],
    seated: tuple[StrictClient, Seat],
    log_in: Callable[..., StrictClient],
) -> None:
    _client, seat = seated
    other = log_in(site["numbers"][1], door="/candidate/login")
    opened = _open(other).get_json()
    assert opened["epoch"] == 1
    seat.save("E1", 1, "của tôi")
    held = FlaskClient(app).get("/api/attempts/state", headers=_bearer(_token(other)))
    assert held.get_json()["held"] == {}


def test_saving_goes_on_after_the_log_in_has_ended(seated: tuple[StrictClient, Seat]) -> None:
    client, seat = seated
    client.submit("/logout", form_at="/candidate/")
    assert len(seat.save("E1", 1, "vẫn lưu").get_json()["saved"]) == 1


def test_reopened_page_resumes_with_everything_and_fences_the_old_one(seated: tuple[StrictClient, Seat]) -> None:
    client, seat = seated
    seat.save("E1", 1, "đang viết")
    seat.save("flags", 1, ["Q04"])
    opened = _open(client).get_json()
    assert (opened["epoch"], opened["answers"]) == (2, {"E1": "đang viết", "flags": ["Q04"]})
    late = seat.save("E1", 2, "máy cũ").get_json()
    assert (late["fenced"], late["saved"], late["set_aside"]) == (
        True,
        [],
        [{"item": "E1", "epoch": 1, "number": 2}],
    )
    refused = seat.send({"epoch": 1}, path="/api/attempts/hand-in")
    assert (refused.status_code, refused.get_json()["error"]) == (409, "page_fenced")


def test_server_closes_and_late_words_are_kept_beside(
    seated: tuple[StrictClient, Seat], scene: Callable[..., Any], app: Flask, clock: Clock
) -> None:
    client, seat = seated
    seat.save("E1", 1, "kịp giờ")
    clock.present += LENGTH + timedelta(seconds=61 + CLOSING_SLACK_SECONDS)
    scene(lambda doing: close_overdue(doing.ctx()))
    late = seat.save("E1", 2, "muộn").get_json()
    assert (late["state"], late["saved"], len(late["set_aside"])) == ("closed", [], 1)
    assert _versions(app) == [("E1", '"kịp giờ"', False), ("E1", '"muộn"', True)]
    assert client.get("/candidate/test").headers["Location"] == "/candidate/test/receipt"


def test_extension_reaches_the_page_with_the_next_save(
    seated: tuple[StrictClient, Seat], site: dict[str, Any], scene: Callable[..., Any]
) -> None:
    _client, seat = seated
    before = seat.save("E1", 1, "a").get_json()

    def give(doing: Any) -> None:
        room: Room = site["room"]
        sitting = doing.session.get(Sitting, site["sitting"])
        ctx = doing.ctx(room.ctx(Role.INVIGILATOR).actor)
        extend_time(ctx, room.competition, sitting, seat="A1", minutes=4, reason="Mất điện")

    scene(give)
    after = seat.save("E1", 2, "b").get_json()
    assert (after["remaining_seconds"] - before["remaining_seconds"], after["given_back_seconds"]) == (240, 240)


@pytest.mark.parametrize("is_paused", [False, True])
def test_who_ended_the_test_is_said_on_the_receipt(
    seated: tuple[StrictClient, Seat],
    site: dict[str, Any],
    scene: Callable[..., Any],
    clock: Clock,
    *,
    is_paused: bool,
) -> None:
    client, seat = seated
    seat.save("E1", 1, "đến đây")
    clock.present += timedelta(minutes=5)

    def act(step: Callable[..., Any]) -> None:
        def run(doing: Any) -> None:
            room: Room = site["room"]
            ctx = doing.ctx(room.ctx(Role.INVIGILATOR).actor)
            step(ctx, room.competition, doing.session.get(Sitting, site["sitting"]), seat="A1", reason="Cấp cứu")

        scene(run)

    if is_paused:  # the clock stands until after the hour at which the test would have ended
        act(pause_attempt)
        clock.present += LENGTH
    act(force_hand_in)
    told = seat.send({"epoch": 1, "saves": []}).get_json()
    assert told["state"] == "closed"
    # By this the page knows that it was a person; of a pause it says only that the test has ended.
    assert (told["remaining_seconds"] > 0) is not is_paused
    assert "Cán bộ coi thi đã thu bài" in client.get("/candidate/test/receipt").text


def test_receipt_of_a_test_that_ran_out_names_nobody(
    seated: tuple[StrictClient, Seat], scene: Callable[..., Any], clock: Clock
) -> None:
    client, seat = seated
    seat.save("E1", 1, "kịp giờ")
    clock.present += LENGTH + timedelta(seconds=61 + CLOSING_SLACK_SECONDS)
    scene(lambda doing: close_overdue(doing.ctx()))
    receipt = client.get("/candidate/test/receipt").text
    assert "khi hết giờ" in receipt
    assert "Cán bộ coi thi đã thu bài" not in receipt


# --- the board -----------------------------------------------------------------------------------------------------


def test_board_shows_seats_and_progress_but_never_an_answer(
    seated: tuple[StrictClient, Seat], site: dict[str, Any], log_in: Callable[..., StrictClient]
) -> None:
    _client, seat = seated
    seat.save("E1", 1, "CANARY-0421")
    watcher = log_in(site["invigilator"])
    board = watcher.get(f"/invigilator/{site['code']}/sittings/CA1?seat=A1")
    assert "1/22 câu" in board.text
    assert "CANARY-0421" not in board.text
    assert "K01X1" not in board.text


def test_acts_at_a_seat_go_through_their_forms(
    site: dict[str, Any], begin: Callable[[], None], log_in: Callable[..., StrictClient]
) -> None:
    begin()
    watcher = log_in(site["invigilator"])
    board = f"/invigilator/{site['code']}/sittings/CA1"
    done = watcher.submit(f"{board}/seats/A1/check-in", form_at=f"{board}?seat=A1&act=check-in")
    assert done.status_code == 302
    refused = watcher.submit(
        f"{board}/seats/A1/extend", {"minutes": "nhiều", "reason": ""}, form_at=f"{board}?seat=A1&act=extend"
    )
    assert refused.status_code == 422
    for path, data in (
        ("seats/A1/extend", {"minutes": "4", "reason": "Mất điện", "confirmed": "1"}),
        ("seats/A1/move", {"to": "B3", "reason": "Máy hỏng"}),
        ("seats/B3/free", {"reason": "Đổi máy"}),
        ("incidents?seat=B3", {"minutes": "Trao đổi", "measure": "reprimand", "witnesses": ""}),
        ("incidents", {"minutes": "Mất điện cả phòng", "measure": "", "witnesses": ""}),
    ):
        answer = watcher.submit(f"{board}/{path}", data, form_at=board + "?act=incident")
        assert answer.status_code == 302, path
    page = watcher.get(f"{board}?seat=B3&act=incident").text
    assert "Mất điện cả phòng" in page
    assert "bù 4 phút" in page
    early = watcher.submit(f"{board}/attendance", form_at=board + "?act=incident")
    assert early.status_code == 409


def test_board_of_a_room_that_is_not_ones_own_stays_shut(
    site: dict[str, Any], log_in: Callable[..., StrictClient]
) -> None:
    watcher = log_in(site["invigilator"])
    assert watcher.get(f"/invigilator/{site['code']}/sittings/CA9").status_code == 404
    candidate = log_in(site["numbers"][0], door="/candidate/login")
    assert candidate.get(f"/invigilator/{site['code']}/sittings/CA1").status_code == 403
    plan = watcher.get(f"/invigilator/{site['code']}/sittings/CA1/plan")
    assert site["names"][0] in plan.text
