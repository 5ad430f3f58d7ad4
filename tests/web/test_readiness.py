"""Go or no-go: every finding has words, the page says what stops a sitting and who mends it, alarms come at once."""

from __future__ import annotations

import ast
import shutil
from collections import namedtuple
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from examsite.domain import readiness as rules
from examsite.domain import rehearsals as rehearsal_rules
from examsite.domain.permissions import Role
from examsite.domain.readiness import Level, Topic
from examsite.domain.rooms import ServerAct
from examsite.domain.sittings import SittingState
from examsite.services import readiness
from examsite.services.certificates import make_certificates
from examsite.services.rehearsals import begin_rehearsal, record_rehearsal
from examsite.services.server_faults import note_fault
from examsite.storage.database import db
from examsite.storage.models.rooms import Rehearsal, RoomRequest
from examsite.storage.models.sittings import Sitting
from examsite.web.labels.readiness import ACTIONS, FINDINGS
from examsite.web.readiness import list_alarm_findings
from tests.factories.sittings import add_person, make_room
from tests.web.conftest import Clock
from tests.web.strict_client import StrictClient, find_all, parse, words

Usage = namedtuple("Usage", "total used free")
GIGABYTE = 10**9


@pytest.fixture
def site(scene: Callable[..., Any], password_hash: str) -> dict[str, Any]:
    def build(doing: Any) -> dict[str, Any]:
        settings = doing.app.extensions["settings"]
        room = make_room(doing.session, doing.now, settings=settings, password_hash=password_hash)
        doing.session.execute(delete(Rehearsal))
        add_person(room, Role.INVIGILATOR, "V02")
        supervisor = add_person(room, Role.SUPERVISOR, "S01")
        code = room.competition.code.lower()
        return {
            "room": room,
            "code": room.competition.code,
            "organiser": f"organiser-{code}",
            "invigilator": f"invigilator-{code}",
            "chair": f"chair-{code}",
            "supervisor": supervisor.account_id,
        }

    return scene(build)


def page_of(site: dict[str, Any], audience: str = "organiser") -> str:
    return f"/{audience}/{site['code']}/sittings/CA1/readiness"


def levels(client: StrictClient, path: str) -> dict[str, str]:
    tree = client.page(path)
    return {
        str(row.get("data-testid")).removeprefix("check-"): str(row.get("data-level"))
        for row in tree.iter("tr")
        if str(row.get("data-testid")).startswith("check-")
    }


def codes_in(module: Any) -> set[str]:
    """Every word of the module that stands where a finding's code stands."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    found = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    starts = tuple(f"{topic.value}_" for topic in Topic)
    return {word for word in found if word.startswith(starts) and word.isascii() and " " not in word}


def test_every_finding_has_words_and_everything_to_do_belongs_to_a_finding() -> None:
    codes = (
        codes_in(rules)
        | codes_in(rehearsal_rules)
        | {
            "rehearsal_speaks",
            "rehearsal_overridden",
            "rehearsal_before_start",
        }
    )
    assert codes - {f"{topic.value}" for topic in Topic} == set(FINDINGS)
    assert set(ACTIONS) <= set(FINDINGS)


@pytest.mark.parametrize(
    ("free", "level"),
    [(30, Level.GOOD), (20, Level.GOOD), (19, Level.ATTENTION), (5, Level.ATTENTION), (4, Level.STOP)],
)
def test_a_filling_disk_raises_an_alarm_before_it_is_full(
    app: Flask, monkeypatch: pytest.MonkeyPatch, free: int, level: Level
) -> None:
    usage = Usage(100 * GIGABYTE, (100 - free) * GIGABYTE, free * GIGABYTE)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    alarms = readiness.list_alarms(app.extensions["settings"])
    assert [item.level for item in alarms] == ([] if level is Level.GOOD else [level])
    with app.test_request_context("/"):
        assert [(item.level, f"{free} %" in item.text, bool(item.action)) for item in list_alarm_findings()] == [
            (item.level, True, True) for item in alarms
        ]


def test_a_disk_that_cannot_be_asked_is_an_alarm(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_path: object) -> None:
        raise OSError

    monkeypatch.setattr(shutil, "disk_usage", fails)
    assert [item.code for item in readiness.list_alarms(app.extensions["settings"])] == ["disk_nearly_full"]


def test_the_page_stops_without_a_certificate_and_goes_with_one(
    site: dict[str, Any], scene: Callable[..., Any], log_in: Callable[..., StrictClient]
) -> None:
    client = log_in(site["organiser"])
    before = levels(client, page_of(site))
    assert list(before) == [topic.value for topic in Topic if topic is not Topic.PAUSES], "nothing runs yet"
    assert {name for name, level in before.items() if level == "stop"} == {"rehearsal"}
    (verdict,) = find_all(client.page(page_of(site)), "verdict")
    assert verdict.get("data-level") == "stop"

    def certify(doing: Any) -> None:
        record_rehearsal(doing.ctx(), site["room"].competition, head_count=3, source="test", figures={})

    scene(certify)
    after = levels(client, page_of(site))
    assert {**before, "rehearsal": "good"} == after


def test_everybody_who_watches_reads_it_and_only_the_organiser_acts_there(
    site: dict[str, Any], log_in: Callable[..., StrictClient]
) -> None:
    for login, audience in ((site["chair"], "council"), (site["invigilator"], "invigilator")):
        tree = log_in(login).page(page_of(site, audience))
        assert "tổng duyệt" in words(tree.find("body")).lower()
        forms = [form.get("action") for form in tree.iter("form") if "log-out" not in str(form.get("action"))]
        assert [action for action in forms if action and "/organiser/" in action] == []
    tree = log_in(site["organiser"]).page(page_of(site))
    assert len(find_all(tree, "ask-override")) == 1


def test_the_organiser_asks_to_start_without_and_the_page_says_who_decides(
    app: Flask, site: dict[str, Any], log_in: Callable[..., StrictClient]
) -> None:
    client = log_in(site["organiser"])
    refused = client.submit(page_of(site), {"reason": " "})
    assert refused.status_code == 422
    asked = client.submit(page_of(site), {"reason": "Máy chủ giao sáng nay"})
    assert asked.status_code == 302
    assert len(find_all(client.page(page_of(site)), "override-waits")) == 1
    with app.app_context():
        (row,) = db.session().scalars(select(RoomRequest)).all()
        assert (row.kind.value, row.reason) == ("start_without_rehearsal", "Máy chủ giao sáng nay")


@pytest.mark.parametrize(
    ("state", "said"),
    [(SittingState.STARTED, "Đã bắt đầu, có mục chưa đạt"), (SittingState.CLOSED, "Ca thi đã kết thúc")],
)
def test_the_page_of_a_sitting_that_has_begun_says_so(
    site: dict[str, Any],
    scene: Callable[..., Any],
    log_in: Callable[..., StrictClient],
    state: SittingState,
    said: str,
) -> None:
    def begin(doing: Any) -> None:
        closed_at = doing.now if state is SittingState.CLOSED else None
        for sitting in doing.session.scalars(select(Sitting)):
            sitting.state, sitting.started_at, sitting.closed_at = state, doing.now, closed_at
        note_fault(doing.ctx(), 1, act=ServerAct.CLOSE, error="ValueError", attempt_id=1)

    scene(begin)
    client = log_in(site["organiser"])
    page = client.page(page_of(site))
    assert levels(client, page_of(site)) | {"closer": "stop", "rehearsal": "good"} == levels(client, page_of(site))
    assert "không thu được bài ở chỗ A1" in words(page)
    # A certificate is asked for before the start; after it nobody is offered to go on without.
    assert find_all(page, "ask-override") == []
    assert "đề nghị bắt đầu không có chứng nhận" not in words(page)
    assert client.submit(page_of(site), {"reason": " "}, form_at=page_of(site)).status_code == 409
    (verdict,) = find_all(page, "verdict")
    assert said in words(verdict)
    assert "Chưa bắt đầu được" not in words(page)
    assert "trước giờ bắt đầu" not in words(verdict)


def test_https_is_checked_by_name_and_by_its_end(
    app: Flask, site: dict[str, Any], clock: Clock, log_in: Callable[..., StrictClient]
) -> None:
    client = log_in(site["organiser"])
    settings = app.extensions["settings"]
    assert levels(client, page_of(site))["https"] == "attention"
    make_certificates(settings, hosts=["localhost"], now=clock.present)
    assert levels(client, page_of(site))["https"] == "good"
    make_certificates(settings, hosts=["thi.local"], now=clock.present)
    assert levels(client, page_of(site))["https"] == "attention"
    make_certificates(settings, hosts=["localhost"], now=clock.present - timedelta(days=380))
    assert levels(client, page_of(site))["https"] == "attention"
    make_certificates(settings, hosts=["localhost"], now=clock.present - timedelta(days=397))
    assert levels(client, page_of(site))["https"] == "stop"


def test_the_sheet_shows_the_fingerprint_and_the_file_is_public(
    app: Flask, site: dict[str, Any], clock: Clock, client: StrictClient
) -> None:
    assert client.get("/certificate/authority.crt").status_code == 404
    report = make_certificates(app.extensions["settings"], hosts=["localhost"], now=clock.present)
    file = client.get("/certificate/authority.crt")
    assert (file.status_code, file.mimetype) == (200, "application/x-x509-ca-cert")
    assert len(report.fingerprint) == 64
    assert client.page("/seb/quit") is not None


def test_the_page_of_a_rehearsal_shows_its_step_then_what_failed(
    site: dict[str, Any], scene: Callable[..., Any], log_in: Callable[..., StrictClient]
) -> None:
    from examsite.services.rehearsals import finish_rehearsal, tell_progress

    def begin(doing: Any) -> int:
        row = begin_rehearsal(doing.ctx(), site["room"].competition, head_count=3)
        tell_progress(doing.ctx(), row.id, {"step": "save"})
        return row.id

    number = scene(begin)
    client = log_in(site["organiser"])
    path = f"/organiser/{site['code']}/rehearsals/{number}"
    (running,) = find_all(client.page(path), "rehearsal-running")
    assert running.get("data-step") == "save"
    assert client.get(f"{path}/progress").get_json() == {"step": "save", "is_over": False}
    # A second one is refused while it runs.
    assert client.submit(f"/organiser/{site['code']}/rehearsals", {"candidates": "3"}).status_code == 422

    def fail(doing: Any) -> None:
        figures = {"faults": ["start: 3 × no answer <b>"], "step": "done"}
        finish_rehearsal(doing.ctx(), site["room"].competition, number, passed=False, figures=figures)

    scene(fail)
    (failed,) = find_all(client.page(path), "rehearsal-failed")
    assert "start: 3 × no answer <b>" in words(failed)
    assert client.get(f"/organiser/{site['code']}/rehearsals/{number + 7}").status_code == 404


def test_an_invigilator_is_added_from_the_page_of_the_sitting(
    site: dict[str, Any], scene: Callable[..., Any], log_in: Callable[..., StrictClient]
) -> None:
    def hire(doing: Any) -> int:
        site["room"].session = doing.session
        return add_person(site["room"], Role.INVIGILATOR, "V03", watches=False).assignment_id

    held = scene(hire)
    client = log_in(site["organiser"])
    path = f"/organiser/{site['code']}/sittings/CA1"
    answer = client.submit(f"{path}/invigilators", {"invigilator": str(held)}, form_at=path)
    assert answer.status_code == 302
    assert "V03" in words(parse(client.get(path).text).find("body"))
