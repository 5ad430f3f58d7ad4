"""The pages of keeper, council, markers and head: what they do, and what a marker can never find on them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from examsite.domain.marking import MarkState
from examsite.domain.papers import paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.scores import score
from examsite.services import codes, marking, merging, settling
from examsite.services.context import Actor
from examsite.services.withdrawals import request_withdrawal
from examsite.storage.models.accounts import Account, RoleAssignment
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.marking import Allocation, Mark, Script
from examsite.storage.models.papers import Paper
from examsite.storage.queries.competitions import get_competition
from examsite.storage.queries.marking import list_standings
from tests.factories.marking import Board, make_board
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all, parse, words

CODE = "VH-2026-01"
Scene = Callable[[Callable[[Doing], Any]], Any]
LogIn = Callable[..., StrictClient]


def _board(doing: Doing, password_hash: str, **named: Any) -> Board:
    settings = doing.app.extensions["settings"]
    return make_board(doing.session, doing.now, settings=settings, password_hash=password_hash, **named)


@dataclass(frozen=True)
class Desk:
    """One marker's place in a competition whose marking runs."""

    marker: str
    other: str
    codes: tuple[str, ...]


def build_desk(scene: Scene, password_hash: str) -> Desk:
    """Four scripts, three markers; the first script of M01 is given to M01 and another marker."""

    def build(doing: Doing) -> Desk:
        board = _board(doing, password_hash)
        board.allocated()
        first = board.markers[0]
        own = doing.session.scalars(
            select(Script.code)
            .join(Allocation, Allocation.script_id == Script.id)
            .where(Allocation.assignment_id == first.id)
            .order_by(Allocation.position)
        ).all()
        (other,) = [marker for marker in board.pair(own[0]) if marker.id != first.id]
        return Desk(str(first.pseudonym), str(other.pseudonym), tuple(own))

    made: Desk = scene(build, once="desk")
    return made


@pytest.fixture
def desk(scene: Scene, password_hash: str) -> Desk:
    return build_desk(scene, password_hash)


def login_of(pseudonym: str) -> str:
    return f"{pseudonym}-{CODE}".lower()


def sheet_of(desk: Desk, place: int = 0) -> str:
    return f"/marker/{CODE}/scripts/{desk.codes[place]}"


def _fields(page: str) -> dict[str, str]:
    """What the sheet would send: texts and hidden values."""
    form = page[page.index("data-sheet") :]
    return {
        name: "" if value is None else value
        for name, value in re.findall(r'<input[^>]*?name="((?:points_|revision)\w*)"[^>]*?value="([^"]*)"', form)
    }


def _points(total: int, *, maxima: tuple[int, ...]) -> dict[str, str]:
    left, found = total, {}
    for number, maximum in enumerate(maxima):
        found[f"points_{number}"] = str(min(left, maximum))
        left -= min(left, maximum)
    return found


def read_maxima(scene: Scene) -> tuple[int, ...]:
    """The most points of each criterion that people mark."""

    def read(doing: Doing) -> tuple[int, ...]:
        script = doing.session.scalars(select(Script)).first()
        assert script is not None

        paper = paper_from_data(doing.session.get_one(Paper, script.paper_id).data)
        return tuple(int(criterion.maximum) for criterion in paper.rubric.human)

    found: tuple[int, ...] = scene(read)
    return found


@pytest.fixture
def maxima(scene: Scene) -> tuple[int, ...]:
    return read_maxima(scene)


def _mark(scene: Scene, code: str, pseudonym: str) -> dict[str, Any]:
    def read(doing: Doing) -> dict[str, Any]:

        mark = doing.session.scalars(
            select(Mark)
            .join(Script, Script.id == Mark.script_id)
            .join(RoleAssignment, RoleAssignment.id == Mark.assignment_id)
            .where(Script.code == code, RoleAssignment.pseudonym == pseudonym)
        ).one_or_none()
        if mark is None:
            return {}
        return {
            "points": dict(mark.points),
            "comments": dict(mark.comments),
            "revision": mark.revision,
            "state": mark.state.value,
            "total": mark.total,
        }

    found: dict[str, Any] = scene(read)
    return found


# --- the sheet -------------------------------------------------------------------------------------------------------


def test_marker_fills_in_saves_and_locks(desk: Desk, log_in: LogIn, scene: Scene, maxima: tuple[int, ...]) -> None:
    client = log_in(login_of(desk.marker))
    page = client.page(sheet_of(desk))
    assert words(find_all(page, "script-code")[0]) == desk.codes[0]
    filled = {"revision": "0", **_points(35, maxima=maxima), "comment_0": "Rõ ràng.", "whole": "Khá.", "then": "lock"}

    answer = client.submit(sheet_of(desk), filled)

    assert answer.headers["Location"].endswith("/lock")
    confirm = client.page(f"{sheet_of(desk)}/lock")
    text = words(confirm)
    assert desk.codes[0] in text
    assert "35 / 60" in text
    (revision,) = [item.get("value") for item in confirm.iter("input") if item.get("name") == "revision"]
    locked = client.submit(f"{sheet_of(desk)}/lock", {"revision": revision})
    assert locked.headers["Location"].endswith(desk.codes[1])
    mark = _mark(scene, desk.codes[0], desk.marker)
    assert (mark["state"], str(mark["total"])) == ("locked", "35.00")
    assert mark["comments"][""] == "Khá."
    read = client.page(sheet_of(desk))
    assert find_all(read, "locked-sheet")
    assert not find_all(read, "save")


def test_nothing_is_preselected(desk: Desk, log_in: LogIn) -> None:
    page = log_in(login_of(desk.marker)).page(sheet_of(desk))

    inputs = [item for item in page.iter("input") if (item.get("name") or "").startswith(("level_", "points_"))]

    assert inputs
    assert not [
        item for item in inputs if "checked" in item.attrib or (item.get("type") != "radio" and item.get("value"))
    ]


def test_level_alone_is_enough_and_a_changed_level_wins(
    desk: Desk, log_in: LogIn, scene: Scene, maxima: tuple[int, ...]
) -> None:
    client = log_in(login_of(desk.marker))
    client.submit(sheet_of(desk), {"revision": "0", "level_0": "5.00", "points_0": ""})
    criterion = next(iter(_mark(scene, desk.codes[0], desk.marker)["points"]))

    client.submit(sheet_of(desk), {"revision": "1", "level_0": f"{maxima[0]}.00", "points_0": "5"})
    assert _mark(scene, desk.codes[0], desk.marker)["points"] == {criterion: f"{maxima[0]}.00"}
    client.submit(sheet_of(desk), {"revision": "2", "level_0": f"{maxima[0]}.00", "points_0": "2,5"})
    assert _mark(scene, desk.codes[0], desk.marker)["points"] == {criterion: "2.50"}
    client.submit(sheet_of(desk), {"revision": "3", "points_0": ""})
    assert _mark(scene, desk.codes[0], desk.marker)["points"] == {}


@pytest.mark.parametrize(
    "typed", ["-1", "1e9", "NaN", "Infinity", "١٢", "1000", "3", "2,555", "1.234,5", "x" * 5000, "5\0x"]
)
def test_points_that_cannot_stand_are_said_and_everything_else_is_saved(
    desk: Desk, log_in: LogIn, scene: Scene, typed: str
) -> None:
    client = log_in(login_of(desk.marker))
    client.submit(sheet_of(desk), {"revision": "0", "points_0": "5"})
    (first,) = _mark(scene, desk.codes[0], desk.marker)["points"]

    answer = client.submit(
        sheet_of(desk),
        {"revision": "1", "points_0": typed, "points_1": "2,5", "comment_0": "Giữ câu này.", "then": "lock"},
    )

    assert answer.status_code == 200
    assert "Giữ câu này." in answer.text
    assert "field-error" in answer.text
    assert "Chưa lưu 1.a; các chỗ khác đã lưu" in words(find_all(parse(answer.text), "refused")[0])
    mark = _mark(scene, desk.codes[0], desk.marker)
    assert (mark["points"].pop(first), list(mark["points"].values())) == ("5.00", ["2.50"])
    assert mark["comments"] == {first: "Giữ câu này."}
    assert _fields(answer.text)["revision"] == "2"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"level_0": "5.00", "points_0": "2,5"}, "2.50"),
        ({"level_0": "10.00", "points_0": "5"}, "10.00"),
        ({"level_0": "5.00", "points_0": ""}, None),
    ],
    ids=["points beside the old level", "level beside the old points", "points taken away"],
)
def test_page_that_comes_back_sends_again_what_was_meant(
    desk: Desk, log_in: LogIn, scene: Scene, sent: dict[str, str], kept: str | None
) -> None:
    client = log_in(login_of(desk.marker))
    client.submit(sheet_of(desk), {"revision": "0", "points_0": "5"})
    (first,) = _mark(scene, desk.codes[0], desk.marker)["points"]
    back = client.submit(sheet_of(desk), {"revision": "1", **sent, "points_1": "x"}).text
    again = _fields(back)
    rungs = [item for item in parse(back).iter("input") if "checked" in item.attrib]
    again |= {str(item.get("name")): str(item.get("value")) for item in rungs}

    client.submit(sheet_of(desk), {**again, "points_1": "5"})

    points = _mark(scene, desk.codes[0], desk.marker)["points"]
    assert points.get(first) == kept
    assert len(points) == (1 if kept is None else 2)


@pytest.mark.parametrize("typed", ["7,5", "7.5", " 7,50 "])
def test_comma_and_dot_are_the_same(desk: Desk, log_in: LogIn, scene: Scene, typed: str) -> None:
    client = log_in(login_of(desk.marker))

    client.submit(sheet_of(desk), {"revision": "0", "points_0": typed})

    assert list(_mark(scene, desk.codes[0], desk.marker)["points"].values()) == ["7.50"]


def test_two_pages_on_one_draft_show_a_conflict(desk: Desk, log_in: LogIn, scene: Scene) -> None:
    client = log_in(login_of(desk.marker))
    client.submit(sheet_of(desk), {"revision": "0", "points_0": "5", "whole": "trang thứ nhất"})

    answer = client.submit(sheet_of(desk), {"revision": "0", "points_0": "7,5", "whole": "trang thứ hai"})

    assert answer.status_code == 409
    page = parse(answer.text)
    assert "trang thứ nhất" in words(find_all(page, "elsewhere")[0])
    assert "trang thứ hai" in answer.text
    assert _mark(scene, desk.codes[0], desk.marker)["comments"] == {"": "trang thứ nhất"}
    assert _fields(answer.text)["revision"] == "1"


def test_autosave_answers_in_json(desk: Desk, log_in: LogIn, scene: Scene) -> None:
    client = log_in(login_of(desk.marker))
    accept = {"Accept": "application/json"}
    kept = client.submit(sheet_of(desk), {"revision": "0", "points_0": "5"}, headers=accept)
    assert kept.get_json()["revision"] == 1

    stale = client.submit(sheet_of(desk), {"revision": "0", "points_0": "7,5"}, headers=accept)
    wrong = client.submit(
        sheet_of(desk), {"revision": "1", "points_0": "999", "points_1": "x", "points_2": "5"}, headers=accept
    ).get_json()

    assert (stale.status_code, stale.get_json()["error"]) == (409, "draft_changed_elsewhere")
    assert (wrong["revision"], list(wrong["errors"])) == (2, ["points_0", "points_1"])
    assert wrong["saved"].startswith("Chưa lưu 1.a, 1.b; các chỗ khác đã lưu lúc ")
    assert wrong["errors"]["points_1"] == "Hãy ghi một số, ví dụ 12,5."
    assert list(_mark(scene, desk.codes[0], desk.marker)["points"].values()) == ["5.00", "5.00"]


@pytest.mark.parametrize("revision", ["", "-1", "x", "9" * 40, "0.5", "१"])
def test_hostile_revision_is_a_conflict_not_a_crash(desk: Desk, log_in: LogIn, scene: Scene, revision: str) -> None:
    client = log_in(login_of(desk.marker))

    answer = client.submit(sheet_of(desk), {"revision": revision, "points_0": "5"})

    assert answer.status_code == 409
    assert _mark(scene, desk.codes[0], desk.marker) == {}


def test_lock_of_an_unfinished_sheet_leads_back(desk: Desk, log_in: LogIn, scene: Scene) -> None:
    client = log_in(login_of(desk.marker))
    client.submit(sheet_of(desk), {"revision": "0", "points_0": "5"})

    assert client.get(f"{sheet_of(desk)}/lock").status_code == 302
    forced = client.submit(f"{sheet_of(desk)}/lock", {"revision": "1"}, form_at=sheet_of(desk))

    assert forced.status_code == 422
    assert _mark(scene, desk.codes[0], desk.marker)["state"] == "draft"


def test_long_and_odd_comments(desk: Desk, log_in: LogIn, scene: Scene) -> None:
    client = log_in(login_of(desk.marker))

    too_long = client.submit(sheet_of(desk), {"revision": "0", "comment_0": "á" * 4001})
    odd = client.submit(sheet_of(desk), {"revision": "1", "comment_0": "<script>alert(1)</script>\0 \u202e e\u0301"})

    assert find_all(parse(too_long.text), "refused")
    assert odd.status_code == 302
    assert "<script>alert" not in client.get(sheet_of(desk)).text
    (kept,) = _mark(scene, desk.codes[0], desk.marker)["comments"].values()
    assert kept.startswith("<script>alert(1)</script>")
    assert kept.endswith("\u202e é")
    assert "\0" not in kept


def test_what_was_reopened_or_withdrawn_is_named_on_the_list(desk: Desk, log_in: LogIn, scene: Scene) -> None:
    client = log_in(login_of(desk.marker))
    listed = f"/marker/{CODE}/scripts"
    assert not find_all(client.page(listed), "reopened")

    def reopen(doing: Doing) -> None:
        own = doing.session.scalars(select(RoleAssignment).where(RoleAssignment.pseudonym == desk.marker)).one()
        for code, state in ((desk.codes[0], MarkState.DRAFT), (desk.codes[1], MarkState.WITHDRAWN)):
            script = doing.session.scalars(select(Script).where(Script.code == code)).one()
            is_draft = state is MarkState.DRAFT
            mark = Mark(
                script_id=script.id,
                assignment_id=own.id,
                round=1,
                state=state,
                total=None if is_draft else score("5"),
                locked_at=None if is_draft else doing.now,
                record_seq=None if is_draft else 1,
                points={} if is_draft else {"E1.a": "5.00"},
                earlier_points={"E1.a": "5.00"} if is_draft else {},
                comments={},
                revision=1,
                updated_at=doing.now,
            )
            doing.session.add(mark)

    scene(reopen)
    (found,) = find_all(client.page(listed), "reopened")

    assert [str(link.get("href")).rsplit("/", 1)[1] for link in found.iter("a")] == list(desk.codes[:2])
    first, second = found.iter("li")
    assert "hướng dẫn chấm đã đổi, chọn lại điểm tiêu chí 1.a" in words(first)
    assert "điểm đã khóa được rút" in words(second)


def test_head_takes_back_an_own_proposal_whose_levels_rise(desk: Desk, log_in: LogIn, scene: Scene) -> None:
    assert desk
    head = log_in(f"h01-{CODE}".lower())
    at = f"/marker/{CODE}/head/rubric"
    link = next(
        str(item.get("href"))
        for item in head.page(at).iter("a")
        if str(item.get("href")).endswith("/E1.a") and "propose" not in str(item.get("data-testid"))
    )
    page = head.page(link)
    typed = {str(item.get("name")): str(item.get("value") or "") for item in page.iter("input") if item.get("name")} | {
        str(item.get("name")): "".join(item.itertext()).strip() for item in page.iter("textarea")
    }
    typed |= {"reason": "Hai mức đọc ngược nhau.", "vi": "Nêu đúng hai việc"}
    typed.pop("csrf_token")
    falling = head.submit(link, typed | {"points_0": typed["points_1"], "points_1": typed["points_0"]})
    assert falling.status_code == 422
    assert "Điểm các mức phải tăng dần: tiêu chí 1.a" in falling.text

    made = head.submit(link, typed).headers["Location"]
    assert find_all(head.page(made), "take-back")
    head.submit(f"{made}/take-back", {})

    assert not find_all(head.page(made), "take-back")
    (row,) = find_all(head.page(at), "rubric-change")
    assert "tiêu chí 1.a" in words(row)
    assert "Trưởng ban đã rút lại" in words(row)


# --- blindness -------------------------------------------------------------------------------------------------------

CANARIES = {
    "name": "Đặng Vũ Thục Quyên",
    "unit": "Phòng Hành chính Chim Báo Bão",
    "identity": "0310850",
    "account": "hs-vh-2026-01",
    "seat": "CA1",
    "comment": "lời-của-lượt-kia-7731",
    "total": "47,5",
    "total_dot": "47.5",
}


@pytest.fixture
def canaried(scene: Scene, password_hash: str) -> Desk:
    """The other marker of the first script has locked 47.5 with a comment; names, numbers and seats are planted."""

    def build(doing: Doing) -> Desk:
        board = _board(doing, password_hash)
        for candidacy in board.room.candidacies:
            candidacy.unit = CANARIES["unit"]
        board.allocated()
        first = board.markers[0]
        own = doing.session.scalars(
            select(Script.code)
            .join(Allocation, Allocation.script_id == Script.id)
            .where(Allocation.assignment_id == first.id)
            .order_by(Allocation.position)
        ).all()
        (other,) = [marker for marker in board.pair(own[0]) if marker.id != first.id]
        ctx = board.ctx(other)
        draft = marking.save_draft(
            ctx,
            board.competition,
            own[0],
            revision=0,
            points=board.points("47.50"),
            comments={"": CANARIES["comment"]},
        )
        marking.lock_mark(ctx, board.competition, own[0], revision=draft.revision)
        return Desk(str(first.pseudonym), str(other.pseudonym), tuple(own))

    made: Desk = scene(build)
    return made


def _seen_by_marker(client: StrictClient, desk: Desk) -> list[tuple[str, str]]:
    paths = ["/marker/", f"/marker/{CODE}/scripts", "/home"]
    for place in range(len(desk.codes)):
        paths += [sheet_of(desk, place), f"{sheet_of(desk, place)}/lock"]
    paths += [
        f"/marker/{CODE}/scripts/0000x",
        f"/marker/{CODE}/head/gaps",
        f"/marker/{CODE}/head/scripts/{desk.codes[0]}",
    ]
    paths += [f"/council/{CODE}/codes", f"/keeper/{CODE}/", f"/organiser/{CODE}/"]
    found = []
    for path in paths:
        answer = client.get(path)
        found.append((path, answer.text + str(answer.headers)))
    return found


def test_marker_finds_no_person_and_no_other_mark_anywhere(canaried: Desk, log_in: LogIn, scene: Scene) -> None:
    client = log_in(login_of(canaried.marker))
    numbers = scene(
        lambda doing: [
            value
            for row in doing.session.execute(
                select(Candidacy.candidate_number, Candidacy.public_code, Candidacy.full_name)
            )
            for value in row
        ]
    )
    planted = [*CANARIES.values(), *numbers, canaried.other]

    pages = _seen_by_marker(client, canaried)

    # The planted mark is real, and the search finds it where it belongs: on the page of the one who gave it.
    own = log_in(login_of(canaried.other)).get(sheet_of(canaried)).text
    assert [name for name in ("comment", "total") if not _holds(own, CANARIES[name])] == []
    leaks = [(path, canary) for path, text in pages for canary in planted if _holds(text, canary)]
    assert leaks == []


def _holds(text: str, canary: str) -> bool:
    return re.search(rf"(?<![\w.,]){re.escape(canary)}", text) is not None


def test_pages_are_the_same_whether_or_not_the_other_has_locked(
    scene: Scene, desk: Desk, log_in: LogIn, password_hash: str
) -> None:
    client = log_in(login_of(desk.marker))

    def look() -> list[str]:
        volatile = r'value="[^"]{40,}"|nonce="[^"]+"|\d\d:\d\d:\d\d'
        paths = (f"/marker/{CODE}/scripts", sheet_of(desk), sheet_of(desk, 1))
        return [re.sub(volatile, "", client.get(path).text) for path in paths]

    before = look()

    def other_locks(doing: Doing) -> None:

        held = doing.session.scalars(select(RoleAssignment).where(RoleAssignment.pseudonym == desk.other)).one()
        competition = get_competition(doing.session, CODE)
        paper = paper_from_data(doing.session.scalars(select(Paper)).first().data)
        points = {criterion.criterion: score(0) for criterion in paper.rubric.human}
        ctx = doing.ctx(_actor(held))
        draft = marking.save_draft(ctx, competition, desk.codes[0], revision=0, points=points, comments={})
        marking.lock_mark(ctx, competition, desk.codes[0], revision=draft.revision)

    scene(other_locks)

    assert look() == before


@pytest.mark.parametrize("role", ["c01", "t01", "k01", "h01"])
def test_sheet_is_for_markers_alone(desk: Desk, log_in: LogIn, role: str) -> None:
    login = {"c01": f"chair-{CODE}", "t01": f"organiser-{CODE}"}.get(role, f"{role}-{CODE}").lower()

    assert log_in(login).get(sheet_of(desk)).status_code == 403


def test_script_of_others_does_not_exist(desk: Desk, log_in: LogIn, scene: Scene) -> None:
    def foreign(doing: Doing) -> str:
        others = set(doing.session.scalars(select(Script.code))) - set(desk.codes)
        return str(min(others)) if others else "none"

    code = scene(foreign)
    client = log_in(login_of(desk.marker))

    assert client.get(f"/marker/{CODE}/scripts/{code}").status_code == 404
    answer = client.submit(f"/marker/{CODE}/scripts/{code}", {"revision": "0"}, form_at=sheet_of(desk))
    assert answer.status_code == 404


# --- head, keeper, council -------------------------------------------------------------------------------------------


@pytest.fixture
def rungs(scene: Scene, password_hash: str) -> list[str]:
    """Five scripts, one on each rung: mean, astride, discussed, third, and one with a single mark."""

    def build(doing: Doing) -> list[str]:
        board = _board(doing, password_hash, candidates=5)
        scripts = board.allocated()
        totals = [("40.00", "42.50"), ("27.50", "30.00"), ("30.00", "37.50"), ("20.00", "40.00")]
        for script, pair in zip(scripts, totals, strict=False):
            board.lock_pair(script.code, pair)
        board.lock(board.pair(scripts[4].code)[0], scripts[4].code, "12.50")
        return [script.code for script in scripts]

    made: list[str] = scene(build)
    return made


def test_head_sees_only_scripts_with_both_marks(rungs: list[str], log_in: LogIn) -> None:
    client = log_in(f"h01-{CODE}".lower())

    page = client.page(f"/marker/{CODE}/head/gaps")

    listed = [str(row.get("id")).removeprefix("script-") for row in find_all(page, "gap-row")]
    assert sorted(listed) == sorted(rungs[1:4])
    assert rungs[4] not in client.get(f"/marker/{CODE}/head/gaps?view=settled").text
    assert client.get(f"/marker/{CODE}/head/scripts/{rungs[4]}").status_code == 404


def _version(page: Any) -> str:
    """The state of the script that the head's form was made from."""
    return next(str(item.get("value", "")) for item in page.iter("input") if item.get("name") == "version")


def test_head_walks_every_rung(rungs: list[str], log_in: LogIn) -> None:
    client = log_in(f"h01-{CODE}".lower())
    base = f"/marker/{CODE}/head/scripts"
    here = f"{base}/{rungs[2]}"
    assert client.submit(f"{here}/notes", {"text": "Đã trao đổi với cả hai."}, form_at=here).status_code == 302
    opened = client.page(here)
    version = _version(opened)
    empty = client.submit(f"{base}/{rungs[2]}/decide", {"score": "", "reason": ""}, form_at=f"{base}/{rungs[2]}")
    assert empty.status_code == 422
    for typed in ("NaN", "1e9", "-1", "100,5", "100", "49,5"):
        odd = client.submit(
            f"{base}/{rungs[2]}/decide",
            {"version": version, "score": typed, "reason": "Giữ lại điều hai bên đã nói."},
            form_at=f"{base}/{rungs[2]}",
        )
        assert odd.status_code == 422
        assert ('id="score-error"' in odd.text, 'id="reason-error"' in odd.text) == (True, False)
        assert "Giữ lại điều hai bên đã nói." in odd.text
    short = client.submit(f"{here}/decide", {"version": version, "score": "54,5", "reason": "Ngắn"}, form_at=here)
    assert ('id="score-error"' in short.text, 'id="reason-error"' in short.text) == (False, True)
    assert find_all(parse(short.text), "error-summary")  # the form is far below the fold

    decided = client.submit(
        f"{base}/{rungs[2]}/decide",
        {"version": version, "score": "54,5", "reason": "Hai bên đã thống nhất."},
        form_at=f"{base}/{rungs[2]}",
    )
    third = client.submit(f"{base}/{rungs[3]}/third", form_at=f"{base}/{rungs[3]}")
    straddling = f"{base}/{rungs[1]}"
    older = client.submit(f"{straddling}/seen", {"version": version}, form_at=straddling)
    assert older.status_code == 409, "whoever has seen another state of the marks has not seen this one"
    seen = client.submit(f"{straddling}/seen", {"version": _version(client.page(straddling))}, form_at=straddling)

    assert [answer.status_code for answer in (decided, third, seen)] == [302, 302, 302]
    waiting = [words(row) for row in find_all(client.page(f"/marker/{CODE}/head/gaps"), "gap-row")]
    assert len(waiting) == 1
    assert waiting[0].startswith(rungs[3])
    assert "đang chấm" in waiting[0]
    assert "Hai bên đã thống nhất." in client.get(f"{base}/{rungs[2]}").text
    assert "Đã đọc kỹ." in client.get(f"{base}/{rungs[2]}/read").text
    again = client.submit(f"{base}/{rungs[3]}/third", form_at=f"{base}/{rungs[2]}")
    assert again.status_code == 409


def test_keeper_and_council_take_the_codes_to_marking(scene: Scene, log_in: LogIn, password_hash: str) -> None:
    scene(lambda doing: _board(doing, password_hash) and None)
    keeper, chair = log_in(f"k01-{CODE}".lower()), log_in(f"chair-{CODE}".lower())
    early = keeper.submit(f"/keeper/{CODE}/seal")
    assert early.status_code == 409

    looked = keeper.submit(f"/keeper/{CODE}/scripts/look-through", form_at=f"/keeper/{CODE}/scripts")
    assert looked.status_code == 302
    drawn = chair.submit(f"/council/{CODE}/codes/draw", form_at=f"/council/{CODE}/codes")
    sealed = keeper.submit(f"/keeper/{CODE}/seal")
    reason = {"reason": "Chưa có bài chấm thử."}
    allocated = chair.submit(f"/council/{CODE}/codes/allocate", form_at=f"/council/{CODE}/codes", data=reason)

    assert [answer.status_code for answer in (drawn, sealed, allocated)] == [302, 302, 302]
    desk = keeper.page(f"/keeper/{CODE}/")
    assert find_all(desk, "sealed")
    assert "Việc của ban phách đã xong" in words(desk)
    assert keeper.get(f"/keeper/{CODE}/seal").location == f"/keeper/{CODE}/"
    drawn_codes = scene(lambda doing: list(doing.session.scalars(select(Script.code))))
    for client, path in ((keeper, f"/keeper/{CODE}/"), (chair, f"/council/{CODE}/codes")):
        text = words(client.page(path))
        assert [code for code in drawn_codes if re.search(rf"(?<!\d){code}(?!\d)", text)] == []
    shut = chair.submit(f"/council/{CODE}/codes/open")
    assert shut.status_code == 409


def test_a_talk_is_noted_and_a_decision_over_an_older_page_is_refused(rungs: list[str], log_in: LogIn) -> None:
    client = log_in(f"h01-{CODE}".lower())
    page = f"/marker/{CODE}/head/scripts/{rungs[2]}"
    opened = client.page(page)
    version = _version(opened)
    assert find_all(client.page(f"{page}/read"), "script-path")

    assert client.submit(f"{page}/notes", {"text": ""}, form_at=page).status_code == 422
    assert client.submit(f"{page}/notes", {"text": "Hai bên giữ ý kiến về 1.b."}, form_at=page).status_code == 302
    late = {"version": version, "score": "54,5", "reason": "Hai bên đã thống nhất."}
    refused = client.submit(f"{page}/decide", late, form_at=page)
    assert refused.status_code == 409
    assert "Chưa có gì bị ghi đè" in refused.text
    assert "Hai bên giữ ý kiến về 1.b." in refused.text
    assert "Hai bên đã thống nhất." in refused.text
    fresh = _version(parse(refused.text))
    assert client.submit(f"{page}/decide", {**late, "version": fresh}, form_at=page).status_code == 302
    assert "Hai bên giữ ý kiến về 1.b." in client.get(f"{page}/read").text


def test_sheets_and_gaps_speak_english(rungs: list[str], desk_login: str, log_in: LogIn) -> None:
    client = log_in(desk_login)
    client.set_cookie("locale", "en")

    assert client.get(f"/marker/{CODE}/head/gaps").status_code == 200


@pytest.fixture
def desk_login() -> str:
    return f"h01-{CODE}".lower()


# --- the candidate ---------------------------------------------------------------------------------------------------


def test_candidate_sees_the_own_result_only_after_publication(
    scene: Scene, log_in: LogIn, password_hash: str, app: Any
) -> None:
    printed = "abcd-efgh-jkmn"
    own_hash = str(app.extensions["passwords"].hash(printed))

    def build(doing: Doing) -> dict[str, str]:
        board = _board(doing, password_hash, candidates=2, essays=["bài của {n} đây", "câu hai của {n}"])
        scripts = board.allocated()
        for script in scripts:
            owner = board.candidate_of(script.code)
            board.lock_pair(script.code, ("30.00", "37.50") if owner == 0 else ("20.00", "27.50"))
            board.talked(script.code)
            settling.decide_settlement(
                board.ctx(Role.MARKING_HEAD),
                board.competition,
                script.code,
                decided=score("54.50" if owner == 0 else "44.50"),
                reason=f"Trao đổi theo từng ý của câu hai, bài {owner}.",
            )
        codes.open_codes(board.ctx(Role.CHAIR), board.competition, words=board.sheets)
        account = doing.session.get_one(Account, board.room.candidacies[0].account_id)
        account.password_hash = own_hash
        own = next(script for script in scripts if board.candidate_of(script.code) == 0)
        return {"login": account.login, "score": str(own.score).replace(".", ",")}

    made = scene(build)
    client = log_in(made["login"], printed, door="/candidate/login")
    assert not find_all(client.page("/candidate/"), "home-written")
    assert client.get("/candidate/written").status_code == 404

    def publish(doing: Doing) -> None:
        competition = get_competition(doing.session, CODE)
        held = doing.session.scalars(select(RoleAssignment).where(RoleAssignment.pseudonym == "T01")).one()
        merging.publish_written(doing.ctx(_actor(held)), competition)

    scene(publish)

    assert made["score"] in words(find_all(client.page("/candidate/"), "home-written")[0])
    page = client.page("/candidate/written")
    assert words(find_all(page, "written-score")[0]) == made["score"]
    text = words(page)
    assert "bài của 0 đây" in text
    assert "bài của 1" not in text
    assert "Lý do: Trao đổi theo từng ý của câu hai, bài 0." in text
    assert "bài 1." not in text
    # The rule set lets candidates read the comments on their own script; whose they are stays unsaid.
    assert "Đã đọc kỹ" in text
    # Each objective question with the own answer and its points, which sum up to the system's; the key stays closed.
    (choices,) = find_all(page, "own-choices")
    answered = [words(row) for row in choices.iter("tr")][1:]
    assert len(answered) == len({row.partition(".")[0] for row in answered}) > 0
    assert all(re.search(r"[\d,]+ / [\d,]+$", row.strip()) for row in answered)
    assert [name for name in ("M01", "M02", "M03") if name in text] == []


def _actor(held: RoleAssignment) -> Actor:
    return Actor(
        account_id=held.account_id,
        role=held.role,
        assignment_id=held.id,
        pseudonym=held.pseudonym,
        competition_id=held.competition_id,
    )


def test_head_and_chair_withdraw_a_lock_together(rungs: list[str], log_in: LogIn, scene: Scene) -> None:
    head, chair = log_in(f"h01-{CODE}".lower()), log_in(f"chair-{CODE}".lower())
    script = f"/marker/{CODE}/head/scripts/{rungs[0]}"
    asked = f"{script}/withdraw"
    assert find_all(head.page(f"{script}/read"), "to-withdraw")
    marker = scene(lambda doing: _first_marker(doing, rungs[0]))
    assert head.submit(asked, {"marker": "M99", "reason": "Ghi nhầm"}).status_code == 422
    assert head.submit(asked, {"marker": marker, "reason": " "}).status_code == 422
    assert not find_all(chair.page(f"/council/{CODE}/"), "desk-card")

    assert head.submit(asked, {"marker": marker, "reason": "Ghi nhầm <b>1.b</b>"}).status_code == 302
    assert head.submit(asked, {"marker": marker, "reason": "Lần nữa"}).status_code == 409
    (card,) = find_all(chair.page(f"/council/{CODE}/"), "desk-card")
    assert "Chờ xác nhận rút điểm đã khóa" in words(card)
    answer = str(next(card.iter("a")).get("href"))
    page = chair.page(answer)
    assert "Ghi nhầm <b>1.b</b>" in words(find_all(page, "reason")[0])
    assert [item for item in page.iter("input") if item.get("checked") is not None] == []
    assert chair.submit(answer, {}).status_code == 422
    assert head.get(answer).status_code == 403
    assert chair.submit(answer, {"answer": "agree", "wishes": "1 2"}).status_code == 409
    assert chair.submit(answer, {"answer": "agree", "wishes": _listed(chair, answer)}).status_code == 302

    assert chair.get(answer).status_code == 404
    assert not find_all(chair.page(f"/council/{CODE}/"), "desk-card")
    assert head.get(script).status_code == 404
    sheet = log_in(login_of(marker)).page(f"/marker/{CODE}/scripts/{rungs[0]}")
    assert not [item for item in sheet.iter("input") if item.get("checked") is not None]


def _listed(chair: StrictClient, address: str) -> str:
    """What the form of the page says that it is about."""
    return next(str(item.get("value")) for item in chair.page(address).iter("input") if item.get("name") == "wishes")


def _asked_together(doing: Doing) -> list[str]:
    """Wishes about two scripts of one marker, at one instant and for one reason; their codes."""
    session = doing.session
    competition = get_competition(session, CODE)
    holder = session.scalars(select(RoleAssignment).where(RoleAssignment.role == Role.MARKING_HEAD)).one()
    head = doing.ctx(_actor(holder))
    own: dict[str, list[str]] = {}
    for row in list_standings(session, competition):
        for mark in row.marks:
            own.setdefault(str(mark.assignment.pseudonym), []).append(row.script.code)
    marker, codes = next((name, codes[:2]) for name, codes in sorted(own.items()) if len(codes) > 1)
    for code in codes:
        request_withdrawal(head, competition, code, marker=marker, reason="Lệch quá ngưỡng ở bài mẫu.")
    return codes


@pytest.mark.parametrize("alone", [False, True])
def test_the_chair_answers_in_one_act_what_was_asked_for_together(
    rungs: list[str], log_in: LogIn, scene: Scene, *, alone: bool
) -> None:
    assert rungs
    codes = scene(_asked_together)
    chair = log_in(f"chair-{CODE}".lower())
    (card,) = find_all(chair.page(f"/council/{CODE}/"), "desk-card")
    assert "2 bài" in words(card)
    answer = str(next(card.iter("a")).get("href")) + ("?alone=1" if alone else "")
    assert [words(item)[:4] for item in find_all(chair.page(answer), "together")] == ([] if alone else codes)

    assert chair.submit(answer, {"answer": "agree", "wishes": _listed(chair, answer)}).status_code == 302

    withdrawn = scene(
        lambda doing: set(
            doing.session.scalars(
                select(Script.code).join(Mark, Mark.script_id == Script.id).where(Mark.state == MarkState.WITHDRAWN)
            )
        )
    )
    assert withdrawn == set(codes[:1] if alone else codes)


def _first_marker(doing: Doing, code: str) -> str:
    return str(
        doing.session.scalars(
            select(RoleAssignment.pseudonym)
            .join(Mark, Mark.assignment_id == RoleAssignment.id)
            .join(Script, Script.id == Mark.script_id)
            .where(Script.code == code, Mark.round == 1)
            .order_by(RoleAssignment.pseudonym)
        ).first()
    )
