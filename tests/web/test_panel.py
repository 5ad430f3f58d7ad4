"""The panel as its people open it: the whole way of a defence, and nothing of anyone else's sheet before the reveal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from examsite.domain.permissions import Role
from examsite.services.conflicts import declare_conflicts
from examsite.services.proposals import draw_presentation_order
from examsite.storage.models.marking import Mark
from examsite.storage.models.proposals import Defence
from tests.factories.defence import REASON, Hall, make_hall
from tests.web.conftest import Clock
from tests.web.strict_client import StrictClient, find_all, hidden_value, parse, words

CODE = "VH-2026-01"
HERE = f"/panel/{CODE}"
#: Comments and totals that stand in other members' sheets; no page may show them before the reveal.
CANARIES = ("chim-vang-thu-nhat", "chim-vang-thu-hai")


@dataclass
class Scene:
    """What the tests need to know of the hall, as plain values."""

    closes_at: datetime
    candidates: list[tuple[int, str, str]]


@pytest.fixture
def stage(scene: Callable[..., Any], password_hash: str, now: datetime, app: Flask) -> Callable[..., Scene]:
    """Builds a hall in the site's own database up to a point, and gives back plain values."""

    def build(steps: Callable[[Hall], Any] | None = None) -> Scene:
        def make(doing: Any) -> Hall:
            return make_hall(
                doing.session, now, settings=app.extensions["settings"], code=CODE, password_hash=password_hash
            )

        def go_on(hall: Hall) -> Scene:
            if steps is not None:
                steps(hall)
            return Scene(
                hall.closes_at, [(row.id, str(row.public_code), row.application_code) for row in hall.candidacies]
            )

        return scene(make, once="hall", then=go_on)

    return build


def member(log_in: Callable[..., StrictClient], number: int) -> StrictClient:
    return log_in(f"g{number:02d}-{CODE.lower()}")


def head(log_in: Callable[..., StrictClient]) -> StrictClient:
    return log_in(f"b01-{CODE.lower()}")


def held(hall: Hall) -> None:
    hall.drawn()
    hall.scoring()


def planted(hall: Hall) -> None:
    """Two members have locked, the third has nothing yet."""
    held(hall)
    hall.lock(0, "37.00", comments={"D1": CANARIES[0]})
    hall.lock(1, "83.00", comments={"D2": CANARIES[1]})


def sheet(total: int) -> dict[str, str]:
    points = {}
    for name, most in (("D1", 25), ("D2", 25), ("D3", 20), ("D4", 15), ("D5", 15)):
        points[f"points_{name}"] = str(min(most, total))
        total -= min(most, total)
    return points


def test_a_member_fills_in_locks_and_waits(stage: Any, log_in: Any) -> None:
    stage(held)
    client = member(log_in, 1)
    assert find_all(client.page(f"{HERE}/"), "fill-1")
    page = client.page(f"{HERE}/defences/1/sheet")
    assert [item.get("value") for item in page.iter("input") if (item.get("name") or "").startswith("points_")] == [
        ""
    ] * 5
    done = client.submit(
        f"{HERE}/defences/1/sheet",
        {**sheet(62), "comment_D1": "Rõ ràng", "revision": "0", "then": "lock"},
    )
    assert done.headers["Location"] == f"{HERE}/defences/1/lock"
    confirm = client.get(f"{HERE}/defences/1/lock")
    assert "Khóa phiếu · 62" in confirm.text
    locked = client.submit(f"{HERE}/defences/1/lock", {"revision": "1"})
    assert locked.headers["Location"] == f"{HERE}/defences/1"
    page = client.page(f"{HERE}/defences/1")
    assert "Chờ trưởng ban mở điểm" in words(find_all(page, "waiting")[0])
    assert not list(page.iter("textarea"))
    assert client.get(f"{HERE}/defences/1/sheet").headers["Location"] == f"{HERE}/defences/1"


def test_a_level_or_a_step_works_without_script(stage: Any, log_in: Any) -> None:
    stage(held)
    client = member(log_in, 1)
    address = f"{HERE}/defences/1/sheet"
    client.submit(address, {"revision": "0", "set": "D1:15.00"})
    client.submit(address, {"revision": "1", "points_D1": "15", "set": "D1:+"})
    client.submit(address, {"revision": "2", "points_D1": "16", "set": "D9:+"})
    client.submit(address, {"revision": "3", "points_D1": "0", "set": "D1:-"})
    client.submit(address, {"revision": "4", "points_D1": "25", "set": "D1:+"})
    field = find_all(client.page(address), "points-D1")[0]
    assert field.get("value") == "25"


def test_the_script_saves_in_json_and_hears_about_another_page(stage: Any, log_in: Any) -> None:
    stage(held)
    client = member(log_in, 1)
    address = f"{HERE}/defences/1/sheet"
    token = client.token(address)
    asks = {"headers": {"Accept": "application/json"}}
    saved = client.post(address, data={"csrf_token": token, "revision": "0", "points_D1": "12"}, **asks)
    assert saved.json == {"revision": 1, "saved_at": "09:00:00"}
    stale = client.post(address, data={"csrf_token": token, "revision": "0", "points_D1": "13"}, **asks)
    assert stale.status_code == 409
    assert stale.json is not None
    assert stale.json["conflict"] is True
    bad = client.post(address, data={"csrf_token": token, "revision": "1", "points_D1": "26"}, **asks)
    assert bad.status_code == 422
    assert bad.json is not None
    assert set(bad.json["errors"]) == {"points_D1"}


def test_two_open_pages_never_overwrite_silently(stage: Any, log_in: Any) -> None:
    stage(held)
    client = member(log_in, 1)
    address = f"{HERE}/defences/1/sheet"
    client.submit(address, {"revision": "0", "points_D1": "12"})
    answer = client.submit(address, {"revision": "0", "points_D1": "20"})
    assert answer.status_code == 409
    assert "Phiếu đã được lưu ở trang khác" in answer.text
    assert 'value="20"' in answer.text
    assert find_all(client.page(address), "points-D1")[0].get("value") == "12"


@pytest.mark.parametrize(
    "value",
    ["-1", "26", "1e3", "NaN", "0x10", "1,5", "½", "999999999999", "'; DROP TABLE marks --", "<b>9</b>", "1.234"],
)
def test_hostile_points_get_a_clear_answer_and_leave_nothing(
    stage: Any, log_in: Any, scene: Callable[..., Any], value: str
) -> None:
    stage(held)
    client = member(log_in, 1)
    answer = client.submit(f"{HERE}/defences/1/sheet", {"revision": "0", "points_D1": value})
    assert answer.status_code == 422
    kept = scene(lambda doing: len(doing.session.scalars(select(Mark).where(Mark.defence_id.is_not(None))).all()))
    assert kept == 0


@pytest.mark.parametrize("revision", ["", "-1", "x", "9" * 40, "１"])
def test_a_strange_revision_is_a_conflict(stage: Any, log_in: Any, revision: str) -> None:
    stage(held)
    answer = member(log_in, 1).submit(f"{HERE}/defences/1/sheet", {"revision": revision, "points_D1": "1"})
    assert answer.status_code == 409


PAGES = (
    "/panel/",
    f"{HERE}/",
    f"{HERE}/conflicts",
    f"{HERE}/defences/1",
    f"{HERE}/defences/1/sheet",
    f"{HERE}/defences/1/lock",
    f"{HERE}/defences/1/clock",
    f"{HERE}/defences/2",
    f"{HERE}/head/1",
    f"{HERE}/head/1/reveal",
    f"{HERE}/head/1/decision",
    f"{HERE}/projector",
    f"{HERE}/projector/clock",
    f"{HERE}/defences/1/assessment",
    f"{HERE}/defences/1/questions",
    f"{HERE}/defences/1/change",
    f"{HERE}/defences/1/minutes",
)


def _assert_silent(client: StrictClient, path: str) -> None:
    # Random signs may spell a total by chance: tokens and nonces, and the clock, are not what a member reads.
    text = re.sub(
        r'nonce="[^"]*"|name="csrf_token"[^>]*>|<time[^>]*>[^<]*</time>',
        "",
        client.get(path, follow_redirects=True).text,
    )
    for canary in (*CANARIES, "37", "83"):
        assert canary not in text, f"{path} shows {canary}"


def test_no_page_shows_another_sheet_before_the_reveal(stage: Any, log_in: Any) -> None:
    stage(planted)
    for client in (member(log_in, 3), head(log_in)):
        for path in PAGES:
            _assert_silent(client, path)
    own = member(log_in, 1).get(f"{HERE}/defences/1").text
    assert CANARIES[0] in own
    assert CANARIES[1] not in own


def test_members_never_learn_who_has_locked(stage: Any, log_in: Any) -> None:
    def seen(client: StrictClient) -> list[str]:
        return [client.get(path).text for path in (f"{HERE}/defences/1/clock",)] + [
            words(client.page(path)) for path in (f"{HERE}/", f"{HERE}/defences/1", f"{HERE}/defences/1/sheet")
        ]

    stage(held)
    third = member(log_in, 3)
    before = seen(third)
    first = member(log_in, 1)
    first.submit(f"{HERE}/defences/1/sheet", {**sheet(61), "revision": "0"})
    first.submit(f"{HERE}/defences/1/lock", {"revision": "1"})
    assert seen(third) == before
    lineup = head(log_in).page(f"{HERE}/head/1")
    assert "Đã khóa" in words(find_all(lineup, "member-G01")[0])
    assert "Chưa khóa" in words(find_all(lineup, "member-G03")[0])


def test_the_head_shows_everything_at_once_and_settles_a_gap(stage: Any, log_in: Any, scene: Any) -> None:
    stage(planted)
    leader = head(log_in)
    early = leader.submit(f"{HERE}/head/1/reveal", {})
    assert early.status_code == 409
    assert "chưa khóa phiếu" in early.text
    done = leader.submit(f"{HERE}/head/1/reveal", {"reason_G03": "Ốm, có giấy"})
    assert done.status_code == 302
    page = member(log_in, 3).page(f"{HERE}/defences/1")
    assert words(find_all(page, "total-G01")[0]) == "37,00"
    assert words(find_all(page, "total-G02")[0]) == "83,00"
    assert find_all(page, "change") == []
    assert find_all(leader.page(f"{HERE}/head/1/decision"), "talk-not-recorded")
    seen = hidden_value(leader.page(f"{HERE}/head/1/decision"), "seen")
    early = leader.submit(f"{HERE}/head/1/decision", {"score": "60", "reason": REASON, "seen": seen})
    assert early.status_code == 409
    assert "nơi giữ bản ghi" in early.text
    leader.submit(f"{HERE}/head/1/recording", {"reference": "Thẻ nhớ 7", "seen": ""}, form_at=f"{HERE}/head/1")
    review = leader.submit(f"{HERE}/head/1/decision", {"score": "90", "reason": REASON, "seen": seen})
    assert review.status_code == 422
    assert "Điểm phải nằm trong khoảng các thành viên đã cho" in review.text
    blind = leader.submit(f"{HERE}/head/1/decision", {"score": "60", "reason": REASON})
    assert blind.status_code == 409, "nobody decides over scores that the page did not show"
    shown = {"score": "60", "reason": REASON, "seen": seen}
    assert leader.submit(f"{HERE}/head/1/decision", shown).status_code == 200
    assert scene(lambda doing: doing.session.scalars(select(Defence.score).where(Defence.position == 1)).one()) is None
    final = {**shown, "confirmed": "yes"}
    assert leader.submit(f"{HERE}/head/1/decision", final).status_code == 302
    assert "60,00" in words(find_all(leader.page(f"{HERE}/defences/1"), "settled")[0])
    page = member(log_in, 1).page(f"{HERE}/defences/1")
    assert find_all(page, "sealed")
    assert "37,00" in words(page)
    assert "60,00" not in words(page)


def test_a_refused_note_of_the_recording_comes_back_as_it_was_typed(stage: Any, log_in: Any) -> None:
    stage(held)
    leader, page = head(log_in), f"{HERE}/head/1"
    long = "Thẻ nhớ 7, " * 30
    refused = leader.submit(f"{page}/recording", {"reference": long, "seen": ""}, form_at=page)
    assert refused.status_code == 422
    assert long.strip() in refused.text
    leader.submit(f"{page}/recording", {"reference": "Thẻ nhớ 7", "seen": ""}, form_at=page)
    stale = leader.submit(f"{page}/recording", {"reference": "Đĩa số 2", "seen": ""}, form_at=page)
    assert stale.status_code == 409
    assert "Đĩa số 2" in stale.text
    assert "Thẻ nhớ 7" in words(find_all(parse(stale.text), "recording-now")[0])
    again = {"reference": "Đĩa số 2", "seen": hidden_value(parse(stale.text), "seen")}
    assert leader.submit(f"{page}/recording", again, form_at=page).status_code == 302
    assert "Đĩa số 2" in leader.get(page).text


def test_a_decision_over_a_page_from_before_a_change_is_shown_the_change(stage: Any, log_in: Any, scene: Any) -> None:
    def gap(hall: Hall) -> None:
        hall.drawn()
        hall.revealed(["40.00", "60.00", "80.00"])

    stage(gap)
    leader = head(log_in)
    leader.submit(f"{HERE}/head/1/recording", {"reference": "Thẻ nhớ 7", "seen": ""}, form_at=f"{HERE}/head/1")

    def shown() -> str:
        return hidden_value(leader.page(f"{HERE}/head/1/decision"), "seen")

    old = shown()
    changed = {**sheet(70), "reason": "Nghe lại phần hỏi đáp.", "confirmed": "yes"}
    assert member(log_in, 3).submit(f"{HERE}/defences/1/change", changed).status_code == 302
    final = {"score": "60", "reason": REASON, "confirmed": "yes"}

    late = leader.submit(f"{HERE}/head/1/decision", {**final, "seen": old})

    assert late.status_code == 409
    assert "vừa đổi điểm" in late.text
    assert "70,00" in late.text
    assert leader.submit(f"{HERE}/head/1/decision", {**final, "seen": shown()}).status_code == 302


@pytest.mark.parametrize(
    ("score", "reason"),
    [("", "x"), ("101", "x"), ("65,5", "x"), ("abc", "x"), ("65", ""), ("65", "x"), ("65", "x" * 5000)],
)
def test_a_bad_decision_is_answered_beside_its_field(stage: Any, log_in: Any, score: str, reason: str) -> None:
    def gap(hall: Hall) -> None:
        hall.drawn()
        hall.revealed(["40.00", "60.00", "80.00"])

    stage(gap)
    leader = head(log_in)
    seen = hidden_value(leader.page(f"{HERE}/head/1/decision"), "seen")
    sent = {"score": score, "reason": reason, "confirmed": "yes", "seen": seen}
    answer = leader.submit(f"{HERE}/head/1/decision", sent)
    assert answer.status_code == 422
    assert "error-summary" in answer.text


def test_the_clock_is_the_heads_and_everybody_reads_it(stage: Any, log_in: Any, clock: Clock) -> None:
    stage(lambda hall: hall.drawn())
    leader, reader = head(log_in), member(log_in, 1)
    leader.submit(f"{HERE}/head/1/start")
    clock.present += timedelta(minutes=8, seconds=24)
    answer = reader.get(f"{HERE}/defences/1/clock").json
    assert answer == {
        "state": "presenting",
        "phases": {
            "presentation": {"state": "now", "left": 20 * 60 - 504},
            "questions": {"state": "todo", "left": 30 * 60},
        },
    }
    assert "11:36" in reader.get(f"{HERE}/defences/1").text
    leader.submit(f"{HERE}/head/1/questions")
    clock.present += timedelta(minutes=31)
    assert "quá 01:00" in words(reader.page(f"{HERE}/defences/1"))
    leader.submit(f"{HERE}/head/1/scoring")
    assert reader.get(f"{HERE}/defences/1/clock").json["state"] == "scoring"
    refused = leader.submit(f"{HERE}/head/1/scoring", form_at=f"{HERE}/head/1", follow_redirects=True)
    assert "không làm được ở bước hiện tại" in refused.text


def test_nobody_scores_before_the_declaration_and_not_a_relative(stage: Any, log_in: Any) -> None:
    def undeclared(hall: Hall) -> None:
        hall.locked()
        draw_presentation_order(hall.ctx(Role.CHAIR), hall.competition)
        hall.scoring()

    site = stage(undeclared)
    client = member(log_in, 1)
    assert client.get(f"{HERE}/defences/1/sheet").headers["Location"] == f"{HERE}/conflicts"
    empty = client.submit(f"{HERE}/conflicts", {})
    assert empty.status_code == 422
    first = site.candidates[0][0]
    both = client.submit(f"{HERE}/conflicts", {"any_relation": "none", f"relation_{first}": "sibling"})
    assert both.status_code == 422
    none = client.submit(f"{HERE}/conflicts", {"any_relation": "some"})
    assert none.status_code == 422
    strange = client.submit(f"{HERE}/conflicts", {"any_relation": "some", f"relation_{first}": "king"})
    assert strange.status_code == 422
    everyone = {f"relation_{key}": "spouse" for key, _code, _application in site.candidates[:3]}
    assert client.submit(f"{HERE}/conflicts", {"any_relation": "some", **everyone}).status_code == 302
    assert client.get(f"{HERE}/defences/1/sheet").headers["Location"] == f"{HERE}/defences/1"
    page = client.page(f"{HERE}/defences/1")
    assert find_all(page, "recused")
    posted = client.submit(f"{HERE}/defences/1/sheet", {**sheet(90), "revision": "0"}, form_at=f"{HERE}/conflicts")
    assert posted.status_code == 403


def test_whoever_is_not_of_the_panel_stays_outside(stage: Any, log_in: Any) -> None:
    stage(planted)
    for stranger in (f"organiser-{CODE.lower()}", f"chair-{CODE.lower()}", f"m01-{CODE.lower()}"):
        client = log_in(stranger)
        for path in PAGES:
            if path != "/panel/":
                # The chair would lead in the head's stead; here the head may.
                is_stand_in = stranger.startswith("chair") and ("/head/" in path or path == f"{HERE}/defences/1/clock")
                assert client.get(path).status_code == (409 if is_stand_in else 403)
    for path in PAGES:
        if "/head/" in path:
            assert member(log_in, 1).get(path).status_code == 403


@pytest.mark.parametrize("position", ["0", "4", "99999999999999999999", "-1", "x"])
def test_there_is_no_such_defence(stage: Any, log_in: Any, position: str) -> None:
    stage(held)
    assert member(log_in, 1).get(f"{HERE}/defences/{position}").status_code == 404


def test_the_chair_draws_and_the_organiser_watches(stage: Any, log_in: Any) -> None:
    stage(lambda hall: hall.locked([0, 2]))
    chair, organiser = log_in(f"chair-{CODE.lower()}"), log_in(f"organiser-{CODE.lower()}")
    address = f"/council/{CODE}/presentation-order"
    assert find_all(chair.page(address), "to-draw")
    assert chair.submit(address).status_code == 302
    order = words(find_all(chair.page(address), "order")[0])
    assert "1" in order
    assert chair.submit(address, form_at="/account").status_code == 409
    table = words(find_all(organiser.page(f"/organiser/{CODE}/proposals"), "proposals")[0])
    assert "Không nộp" in table
    assert "Lượt 2" in table


def test_the_invigilator_records_who_is_absent(stage: Any, log_in: Any) -> None:
    stage(held)
    client = log_in(f"invigilator-{CODE.lower()}")
    address = f"/invigilator/{CODE}/defence"
    page = client.page(address)
    assert not find_all(page, "absent-1")
    assert client.submit(address, {"absent_2": "y"}).status_code == 302
    page = client.page(address)
    assert find_all(page, "recorded")
    assert not find_all(page, "absent-2")
    assert find_all(page, "absent-3")


def test_json_of_the_clock_says_nothing_of_sheets(stage: Any, log_in: Any) -> None:
    stage(planted)
    answer = member(log_in, 3).get(f"{HERE}/defences/1/clock")
    assert set(json.loads(answer.text)) == {"state", "phases"}


def test_the_own_declaration_alone_is_on_the_page(stage: Any, log_in: Any) -> None:
    def declared(hall: Hall) -> None:
        hall.drawn()
        declare_conflicts(hall.ctx(hall.members[0]), hall.competition, {hall.candidacies[0].id: "sibling"})

    stage(declared)
    assert "selected" in member(log_in, 1).get(f"{HERE}/conflicts").text
    other = member(log_in, 2).page(f"{HERE}/conflicts")
    chosen = [item for item in other.iter("option") if item.get("selected") is not None and item.get("value")]
    assert chosen == []
