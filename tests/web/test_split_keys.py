"""The pages of key holders: split once, each sheet taken and tried by its holder and shown to nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from examsite.domain.permissions import Role
from examsite.services.announcements import announce
from examsite.storage.queries.competitions import get_competition
from examsite.storage.queries.split_keys import list_split_keys
from tests.factories.competitions import make_complete_plan
from tests.web.conftest import Clock
from tests.web.strict_client import StrictClient, find_all, words

CODE = "VH-2026-01"
CHAIR, MEMBER = "chair-1-vh-2026-01", "council_member-2-vh-2026-01"
SUPERVISOR, MARKER = "supervisor-17-vh-2026-01", "marker-10-vh-2026-01"
KEYS = f"/council/{CODE}/keys"
SPLIT = f"{KEYS}/codes/split"

Scene = Callable[..., Any]
LogIn = Callable[..., StrictClient]


@pytest.fixture
def holders(scene: Scene, password_hash: str) -> list[str]:
    """The assignments of the chair, a member and the supervisor."""

    def make(doing: Any) -> list[str]:
        plan = make_complete_plan(doing.session, doing.now, password_hash=password_hash)
        announce(plan.ctx(), plan.competition)
        return [str(plan.people[role][0].id) for role in (Role.CHAIR, Role.COUNCIL_MEMBER, Role.SUPERVISOR)]

    return list(scene(make, once="announced"))


def numbers_of_keys(scene: Scene) -> list[int]:
    return list(
        scene(lambda doing: [key.id for key in list_split_keys(doing.session, get_competition(doing.session, CODE).id)])
    )


def sheets_of(text: str) -> list[str]:
    """The words of each sheet on the page."""
    return [
        " ".join(re.findall(r"<strong>([a-z]+)</strong>", part)) for part in text.split('class="key-sheet-words"')[1:]
    ]


def test_each_holder_takes_the_own_sheet_and_tries_it(holders: list[str], log_in: LogIn, scene: Scene) -> None:
    chair = log_in(CHAIR)
    assert find_all(chair.page(KEYS), "unmade-codes")
    split = chair.submit(SPLIT, {"holders": holders, "needed": "2"})
    assert split.headers["Location"] == KEYS
    (key,) = numbers_of_keys(scene)
    assert chair.get(SPLIT).status_code == 409
    page = chair.page(KEYS)
    assert "đã lấy 0/3 tờ" in words(find_all(page, "key-codes")[0])

    sheets = []
    people = ((CHAIR, "council"), (MEMBER, "council"), (SUPERVISOR, "supervisor"))
    for login, audience in people:
        holder = log_in(login)
        own = f"/{audience}/{CODE}/keys"
        assert audience != "council" or "Lấy tờ khóa của anh/chị" in words(holder.page(f"/council/{CODE}/"))
        assert find_all(holder.page(own), f"take-{key}")
        where = f"{own}/{key}/sheet"
        assert sheets_of(holder.get(where).text) == []
        shown = holder.submit(where)
        assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "no-store")
        (sheet,) = sheets_of(shown.text)
        assert len(sheet.split()) == 33
        sheets.append(sheet)
        assert holder.submit(f"{where}/taken", {}, form_at=where).status_code == 422
        assert "mở xem" in words(holder.page(own))
        assert holder.submit(f"{where}/taken", {"printed": "y"}, form_at=where).headers["Location"] == own
        assert holder.get(where).status_code == 409
    assert len(set(sheets)) == 3

    member = log_in(MEMBER)
    where = f"{KEYS}/{key}/check"
    typed = sheets[1].split()
    typed[9] = "quyen"
    wrong = member.submit(where, {"share1": typed})
    assert wrong.status_code == 422
    assert "Từ thứ 10 “quyen”" in wrong.text
    assert 'data-share-words="Đã có %s trên 33 từ."' in wrong.text  # the script puts the number in
    assert f'value="{typed[32]}"' in wrong.text  # what was typed stays
    assert "của người khác" in member.submit(where, {"share1": sheets[0].split()}).text
    pasted = member.submit(where, {"share1": [sheets[1].upper(), *[""] * 32]})
    assert pasted.headers["Location"] == KEYS
    supervisor = log_in(SUPERVISOR)
    other = f"/supervisor/{CODE}/keys"
    assert supervisor.submit(f"{other}/{key}/check", {"share1": sheets[2].split()}).headers["Location"] == other
    page = log_in(CHAIR).page(KEYS)
    assert "Đã thử 2/3 tờ" in words(find_all(page, "key-codes")[0])
    for sheet in sheets:
        assert " ".join(sheet.split()[4:7]) not in words(page)


def test_before_the_announcement_nobody_fills_in_what_is_refused(
    scene: Scene, password_hash: str, log_in: LogIn
) -> None:
    scene(lambda doing: make_complete_plan(doing.session, doing.now, password_hash=password_hash))
    chair = log_in(CHAIR)
    page = chair.page(KEYS)
    assert (len(find_all(page, "unmade-codes")), find_all(page, "split-codes")) == (1, [])
    assert chair.get(SPLIT).status_code == 409


def test_a_key_that_is_not_taken_in_time_is_said_and_given_up(
    holders: list[str], log_in: LogIn, scene: Scene, clock: Clock
) -> None:
    chair = log_in(CHAIR)
    chair.submit(SPLIT, {"holders": holders, "needed": "2"})
    (key,) = numbers_of_keys(scene)
    assert log_in(MEMBER).get(f"{KEYS}/{key}/discard").status_code == 403
    assert log_in(MEMBER).get(f"{KEYS}/{key}/check").status_code == 409
    assert "Quá 48 giờ" not in words(chair.page(KEYS))
    clock.present += timedelta(hours=49)
    chair = log_in(CHAIR)
    assert "Quá 48 giờ mà còn tờ chưa lấy" in words(chair.page(KEYS))
    assert chair.submit(f"{KEYS}/{key}/discard", {"reason": " "}).status_code == 422
    assert chair.submit(f"{KEYS}/{key}/discard", {"reason": "Ủy viên đi công tác"}).headers["Location"] == KEYS
    assert numbers_of_keys(scene) == []
    assert chair.submit(SPLIT, {"holders": holders[:2], "needed": "2"}).headers["Location"] == KEYS


def test_nobody_else_sees_who_holds_what(holders: list[str], log_in: LogIn) -> None:
    member, marker = log_in(MEMBER), log_in(MARKER)
    assert member.get(SPLIT).status_code == 403
    for path in (KEYS, SPLIT, f"/supervisor/{CODE}/keys"):
        assert marker.get(path).status_code == 403


@pytest.mark.parametrize(
    ("needed", "count", "said"), [("1", 3, "số từ 2"), ("3", 2, "không quá 16"), ("x", 3, "số nguyên"), ("2", 0, "")]
)
def test_a_key_that_protects_nothing_is_not_split(
    holders: list[str], log_in: LogIn, scene: Scene, needed: str, count: int, said: str
) -> None:
    refused = log_in(CHAIR).submit(SPLIT, {"holders": holders[:count], "needed": needed})
    assert refused.status_code == 422
    assert said in refused.text
    assert numbers_of_keys(scene) == []
