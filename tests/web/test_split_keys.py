"""The pages of key holders: split once, printed before they count, tried by each holder, shown to nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from examsite.domain.permissions import Role
from examsite.services.announcements import announce
from examsite.storage.queries.competitions import get_competition
from examsite.storage.queries.split_keys import list_split_keys
from tests.factories.competitions import make_complete_plan
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


def test_a_key_counts_once_its_sheets_are_printed_and_each_holder_tries_the_own_one(
    holders: list[str], log_in: LogIn, scene: Scene
) -> None:
    chair = log_in(CHAIR)
    assert find_all(chair.page(KEYS), "unmade-codes")
    shown = chair.submit(SPLIT, {"holders": holders, "needed": "2"})
    assert shown.status_code == 200
    assert shown.headers["Cache-Control"] == "no-store"
    sheets = sheets_of(shown.text)
    assert [len(sheet.split()) for sheet in sheets] == [33] * 3
    assert numbers_of_keys(scene) == []  # the page may be lost: nothing has happened yet

    sealed = re.search(r'name="sealed"[^>]*value="([^"]+)"', shown.text)
    assert sealed is not None
    asked = {"sealed": sealed[1], "csrf_token": chair.token(SPLIT)}
    assert chair.post(f"{KEYS}/codes/keep", data=asked).status_code == 422
    assert chair.post(f"{KEYS}/draws/keep", data={**asked, "printed": "y"}).status_code == 422
    forged = {**asked, "sealed": asked["sealed"][:-2] + "AA", "printed": "y"}
    assert chair.post(f"{KEYS}/codes/keep", data=forged).status_code == 422
    assert chair.post(f"{KEYS}/codes/keep", data={**asked, "printed": "y"}).status_code == 302
    (key,) = numbers_of_keys(scene)
    assert chair.post(f"{KEYS}/codes/keep", data={**asked, "printed": "y"}).status_code == 409
    assert chair.get(SPLIT).status_code == 409

    member = log_in(MEMBER)
    where = f"{KEYS}/{key}/check"
    typed = sheets[1].split()
    typed[9] = "quyen"
    wrong = member.submit(where, {"share1": typed})
    assert wrong.status_code == 422
    assert "từ thứ 10 “quyen”" in wrong.text
    assert 'data-share-words="Đã có %s trên 33 từ."' in wrong.text  # the script puts the number in
    assert f'value="{typed[32]}"' in wrong.text  # what was typed stays
    assert "của người khác" in member.submit(where, {"share1": sheets[0].split()}).text
    pasted = member.submit(where, {"share1": [sheets[1].upper(), *[""] * 32]})
    assert pasted.headers["Location"] == KEYS
    supervisor = log_in(SUPERVISOR)
    other = f"/supervisor/{CODE}/keys"
    assert find_all(supervisor.page(other), f"check-{key}")
    assert supervisor.submit(f"{other}/{key}/check", {"share1": sheets[2].split()}).headers["Location"] == other
    page = chair.page(KEYS)
    assert "Đã thử 2/3 tờ" in words(find_all(page, "key-codes")[0])
    for sheet in sheets:
        assert " ".join(sheet.split()[4:7]) not in words(page)


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
