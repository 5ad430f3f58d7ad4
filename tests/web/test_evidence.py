"""Beside the writing: what the page notices, how it looks, what is carried by hand, and the course of an attempt."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyrage
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from examsite.domain.adjustments import Adjustments
from examsite.domain.answer_files import write_answer_file
from examsite.domain.competitions import CompetitionState
from examsite.domain.permissions import Role
from examsite.services.answer_files import recipient_of
from examsite.services.attempt_tokens import token_of_attempt
from examsite.services.sittings import close_overdue
from examsite.storage.database import db
from examsite.storage.models.competitions import Competition
from examsite.storage.models.records import RecordRow
from examsite.storage.models.rooms import Evidence
from examsite.storage.models.sittings import AnswerVersion, Attempt, Sitting
from tests.factories.sittings import Room, approve_adjustments, make_room
from tests.web.conftest import Clock
from tests.web.strict_client import StrictClient, find_all, words

ESSAY = "Một kế hoạch cải cách bí mật của thí sinh."
CODE = "VH-2026-01"


@dataclass
class Site:
    """A room of three, its people, and the first candidate's page."""

    app: Flask
    room: Room
    clock: Clock
    log_in: Callable[..., StrictClient]
    scene: Callable[..., Any]

    @property
    def number(self) -> str:
        return str(self.room.candidacies[0].candidate_number)

    @property
    def settings(self) -> Any:
        return self.app.extensions["settings"]

    def staff(self, role: Role) -> StrictClient:
        return self.log_in(f"{role.value}-{CODE.lower()}")

    def attempt(self) -> Attempt:
        return db.session().scalars(select(Attempt).where(Attempt.seat == "A1")).one()

    def call(self, path: str, body: Any, *, place: int = 0) -> Any:
        token = token_of_attempt(self.settings, self.attempt_ids[place])
        return FlaskClient(self.app).post(
            f"/api/attempts/{path}", data=json.dumps(body).encode(), headers={"Authorization": f"Bearer {token}"}
        )

    attempt_ids: tuple[int, ...] = ()

    def state(self, state: CompetitionState) -> None:
        def step(doing: Any) -> None:
            competition = doing.session.scalars(select(Competition).where(Competition.code == CODE)).one()
            competition.state = state

        self.scene(step)


@pytest.fixture
def site(
    app: Flask, scene: Callable[..., Any], log_in: Callable[..., StrictClient], clock: Clock, password_hash: str
) -> Site:
    def build(doing: Any) -> tuple[Room, tuple[int, ...]]:
        room = make_room(doing.session, doing.now, settings=app.extensions["settings"], password_hash=password_hash)
        approve_adjustments(room, Adjustments(extra_percent=25, size=22, spacing=True, note="chỗ gần cửa"))
        return room, tuple(room.attempt(place).id for place in range(3))

    room, attempts = scene(build, once="waiting")

    def begin(doing: Any) -> None:
        room.session = doing.session
        room.competition = doing.session.merge(room.competition)
        room.paper = doing.session.merge(room.paper)
        room.sitting = doing.session.scalars(select(Sitting)).one()
        clock.present = room.started()

    scene(begin)
    made = Site(app, room, clock, log_in, scene)
    made.attempt_ids = attempts
    assert made.call("open", {}).status_code == 200
    clock.present += timedelta(minutes=10)
    return made


def save(site: Site, number: int, content: str) -> None:
    body = {"epoch": 1, "saves": [{"item": "E1", "number": number, "content": content}]}
    assert site.call("saves", body).status_code == 200


def carried(site: Site, saves: list[dict[str, Any]]) -> bytes:
    body = {
        "attempt": site.attempt_ids[0],
        "competition": CODE,
        "sitting": "CA1",
        "number": site.number,
        "saved_at": "2026-03-01T02:00:00.000Z",
        "remaining_seconds": 600,
        "epoch": 1,
        "saves": saves,
    }
    content = write_answer_file(json.dumps(body).encode(), token_of_attempt(site.settings, site.attempt_ids[0]))
    return pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(recipient_of(site.settings, CODE, "CA1"))])


def upload(client: StrictClient, data: bytes) -> Any:
    path = f"/invigilator/{CODE}/sittings/CA1/answer-files"
    return client.post(
        path,
        data={"csrf_token": client.token(path), "file": (io.BytesIO(data), "bai-lam.age")},
        content_type="multipart/form-data",
    )


# --- the page notices ----------------------------------------------------------------------------------------------


def test_evidence_is_kept_once_and_holds_no_text(site: Site) -> None:
    body = {
        "epoch": 1,
        "events": [
            {"kind": "focus_lost", "number": 1, "milliseconds": 3000, "data": {"item": "E1"}},
            {"kind": "pasted", "number": 2, "milliseconds": None, "data": {"item": "E1", "letters": 400, "own": False}},
        ],
    }
    assert site.call("evidence", body).get_json() == {"kept": [1, 2]}
    assert site.call("evidence", body).get_json() == {"kept": [1, 2]}

    with site.app.app_context():
        rows = db.session().scalars(select(Evidence).order_by(Evidence.id)).all()
        assert [(row.kind, row.milliseconds, row.data) for row in rows] == [
            ("focus_lost", 3000, {"item": "E1"}),
            ("pasted", None, {"item": "E1", "letters": 400, "own": False}),
        ]


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "screenshot", "number": 1},
        {"kind": "pasted", "number": 0},
        {"kind": "pasted", "number": 1, "data": {"text": "chữ"}},
        {"kind": "pasted", "number": 1, "data": {"letters": "400"}},
        {"kind": "pasted", "number": 1, "milliseconds": -1},
        {"kind": "pasted", "number": 1, "data": {"item": "E 1"}},
        "pasted",
    ],
)
def test_evidence_of_another_shape_is_refused_and_changes_nothing(site: Site, event: Any) -> None:
    assert site.call("evidence", {"epoch": 1, "events": [event]}).status_code == 422
    with site.app.app_context():
        assert db.session().scalars(select(Evidence)).all() == []


def test_nobody_sends_evidence_without_the_token(site: Site) -> None:
    answer = FlaskClient(site.app).post("/api/attempts/evidence", data=b"{}", headers={"Authorization": "Bearer 1.x"})
    assert answer.status_code == 401


def test_preferences_are_remembered_over_the_approved_adjustments(site: Site) -> None:
    first = site.call("preferences", {"contrast": True}).get_json()
    assert first == {"preferences": {"size": 22, "spacing": True, "contrast": True}}
    second = site.call("preferences", {"size": 16, "spacing": False}).get_json()
    assert second == {"preferences": {"size": 16, "spacing": False, "contrast": True}}
    for wrong in ({"size": 17}, {"size": True}, {"contrast": 1}, {"colour": "red"}, []):
        assert site.call("preferences", wrong).status_code == 422


# --- adjustments ---------------------------------------------------------------------------------------------------


def test_approved_time_is_there_when_the_sitting_has_started(site: Site) -> None:
    with site.app.app_context():
        attempt = site.attempt()
        assert attempt.added_seconds == 45 * 60
    assert site.call("saves", {"epoch": 1, "saves": []}).get_json()["remaining_seconds"] == (180 + 45 - 10) * 60
    assert site.call("open", {}, place=1).get_json()["remaining_seconds"] == 170 * 60


def test_the_decision_is_on_record_with_its_reason(site: Site) -> None:
    with site.app.app_context():
        row = db.session().scalars(select(RecordRow).where(RecordRow.event == "adjustments:decided")).one()
        assert row.subject == f"application/{site.room.candidacies[0].id}"
        assert json.loads(str(row.payload)) == {
            "extra_percent": 25,
            "size": 22,
            "spacing": True,
            "note": "chỗ gần cửa",
            "state": "approved",
            "reason": "đúng giấy tờ",
        }


def test_the_organiser_sees_what_is_approved_and_comes_too_late_after_the_start(site: Site) -> None:
    client = site.staff(Role.ORGANISER)
    path = f"/organiser/{CODE}/candidates/{site.room.candidacies[0].application_code}/adjustments"
    page = client.page(path)
    assert "45" in words(find_all(page, "approved")[0])
    assert find_all(page, "ask-adjustments") == []
    form = {"extra_percent": "50", "size": "", "note": "", "reason": "thêm"}
    assert client.submit(path, form).status_code == 409


# --- carried by hand -----------------------------------------------------------------------------------------------


def test_an_invigilator_takes_a_file_in_without_seeing_a_word(site: Site) -> None:
    save(site, 1, "đoạn đầu")
    client = site.staff(Role.INVIGILATOR)
    answer = upload(client, carried(site, [{"item": "E1", "epoch": 1, "number": 2, "content": ESSAY}]))
    assert answer.status_code == 302
    preview = client.get(answer.location)
    assert ESSAY not in preview.text
    assert site.number in preview.text
    assert 'data-standing="newer"' in preview.text
    assert f">{len(ESSAY)}<" not in preview.text, "how long it is would tell whose script it is"
    done = client.submit(answer.location, {})
    assert done.status_code == 302
    page = client.page(done.location)
    assert len(find_all(page, "answer-files")) == 1
    with site.app.app_context():
        rows = db.session().scalars(select(AnswerVersion).order_by(AnswerVersion.id)).all()
        assert [(json.loads(row.content), row.by_file, row.set_aside) for row in rows] == [
            ("đoạn đầu", False, False),
            (ESSAY, True, False),
        ]
    again = client.get(answer.location)
    assert again.location == f"/invigilator/{CODE}/sittings/CA1/answer-files"


@pytest.mark.parametrize("data", [b"", b"xin chao", b"age-encryption.org/v1\n-> X25519 abc\n", b"\0" * 5000])
def test_a_file_that_is_none_is_refused_with_a_sentence(site: Site, data: bytes) -> None:
    answer = upload(site.staff(Role.INVIGILATOR), data)
    assert answer.status_code == 422
    assert 'class="field-error"' in answer.text


def test_a_made_up_name_of_a_kept_file_finds_nothing(site: Site) -> None:
    client = site.staff(Role.INVIGILATOR)
    for name in ("0" * 64, "..", "x", "%2e%2e%2fexamsite.db"):
        answer = client.get(f"/invigilator/{CODE}/sittings/CA1/answer-files/{name}")
        assert answer.status_code in {302, 404}
        assert answer.status_code == 404 or answer.location.endswith("/answer-files")


# --- after the sitting ---------------------------------------------------------------------------------------------


def close(site: Site) -> None:
    site.clock.present += timedelta(minutes=300)

    def step(doing: Any) -> None:
        while close_overdue(doing.ctx()):
            pass

    site.scene(step)


STAFF = {
    Role.INVIGILATOR: f"/invigilator/{CODE}/sittings/CA1",
    Role.ORGANISER: f"/organiser/{CODE}/sittings/CA1",
    Role.CHAIR: f"/council/{CODE}/sittings/CA1",
}


@pytest.mark.parametrize("role", STAFF)
def test_before_the_codes_are_open_nobody_sees_a_length_or_a_text(site: Site, role: Role) -> None:
    save(site, 1, "đoạn đầu")
    save(site, 3, ESSAY)
    close(site)
    site.state(CompetitionState.MARKING)
    client = site.staff(role)
    page = client.page(f"{STAFF[role]}/seats/A1/timeline")
    text = words(page)
    assert find_all(page, "replay") == []
    assert ESSAY[:12] not in text
    assert "Ký tự" not in text
    assert len(find_all(page, "happenings")) == 1
    report = client.page(f"{STAFF[role]}/report")
    assert site.number in words(find_all(report, "report")[0])


def test_after_the_codes_are_open_the_chair_plays_the_text_and_nobody_else_here(site: Site) -> None:
    save(site, 1, "đoạn đầu")
    save(site, 2, ESSAY)
    close(site)
    site.state(CompetitionState.MERGED)
    for role, path in STAFF.items():
        page = site.staff(role).page(f"{path}/seats/A1/timeline")
        assert len(find_all(page, "replay")) == (role is Role.CHAIR)
        assert "Ký tự" in words(page)
    page = site.staff(Role.CHAIR).page(f"{STAFF[Role.CHAIR]}/seats/A1/timeline")
    steps = json.loads(find_all(page, "replay")[0].get("data-steps") or "")
    assert steps["E1"]["steps"][0][3] == "đoạn đầu"
    head, tail, middle = steps["E1"]["steps"][1][1:]
    assert "đoạn đầu"[:head] + middle + "đoạn đầu"[len("đoạn đầu") - tail :] == ESSAY


def test_a_candidate_has_no_course_before_the_results_are_published(site: Site) -> None:
    client = site.log_in(site.number, door="/candidate/login")
    close(site)
    assert client.get("/candidate/written/course").status_code == 404


def test_a_seat_of_nobody_is_not_found(site: Site) -> None:
    for role, path in STAFF.items():
        assert site.staff(role).get(f"{path}/seats/Z9/timeline").status_code == 404


def test_the_board_counts_what_the_page_noticed_and_says_no_more(site: Site) -> None:
    event = {"kind": "focus_lost", "number": 1, "milliseconds": 90_000, "data": {"item": "E1"}}
    site.call("evidence", {"epoch": 1, "events": [event, {**event, "number": 2}]})
    page = site.staff(Role.INVIGILATOR).page(f"/invigilator/{CODE}/sittings/CA1?seat=A1")
    text = words(page)
    assert "Trang ghi nhận" in text
    assert "Rời trang thi" not in text


def test_the_waiting_page_says_the_end_with_the_approved_time(
    app: Flask, scene: Callable[..., Any], log_in: Callable[..., StrictClient], password_hash: str
) -> None:
    def build(doing: Any) -> tuple[str, str]:
        room = make_room(doing.session, doing.now, settings=app.extensions["settings"], password_hash=password_hash)
        approve_adjustments(room, Adjustments(extra_percent=25))
        end = room.sitting.starts_at + timedelta(minutes=225, hours=7)
        return str(room.candidacies[0].candidate_number), end.strftime("%H:%M")

    number, end = scene(build)
    page = words(log_in(number, door="/candidate/login").page("/candidate/test"))
    assert end in page
    assert "225" in page
