"""The council's page of hints: names to judge by, an empty state, a judgement with a reason; no marker reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from examsite.domain.competitions import CompetitionState
from examsite.domain.dossiers import CandidacyState
from examsite.storage.models.accounts import Account
from examsite.storage.models.dossiers import Candidacy
from tests.factories.candidacies_of_plan import add_candidacy
from tests.factories.competitions import make_complete_plan
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all, words

CODE = "VH-2026-01"
PAGE = f"/council/{CODE}/conflicts/hints"
CHAIR = "chair-1-vh-2026-01"
MARKER = "marker-10-vh-2026-01"
Scene = Callable[[Callable[[Doing], Any]], Any]
LogIn = Callable[..., StrictClient]


@pytest.fixture
def listed(scene: Scene, password_hash: str) -> int:
    """A final list with one candidate; nobody has anything in common yet."""

    def make(doing: Doing) -> int:
        plan = make_complete_plan(doing.session, doing.now, password_hash=password_hash)
        someone = add_candidacy(plan, plan.competition.posts[0], state=CandidacyState.ELIGIBLE, numbered=True)
        someone.unit = "Phòng Việc làm"
        plan.competition.state = CompetitionState.ROSTERED
        doing.session.flush()
        return someone.id

    made: int = scene(make)
    return made


def _same_unit(doing: Doing) -> int:
    account = doing.session.scalars(select(Account).where(Account.login == MARKER)).one()
    account.position_title = "Trưởng phòng Việc làm"
    doing.session.flush()
    return account.id


def test_a_pair_is_judged_with_a_reason(listed: int, scene: Scene, log_in: LogIn) -> None:
    client = log_in(CHAIR)
    assert find_all(client.page(PAGE), "no-hints")
    account = scene(_same_unit)

    (row,) = find_all(client.page(PAGE), "hint-row")
    assert "Cùng đơn vị" in words(row)
    assert "chờ xét" in words(client.page(f"/council/{CODE}/"))
    judge = f"{PAGE}/{account}/{listed}"
    assert client.submit(judge, {"reason": "Đã hỏi."}).status_code == 422
    assert client.submit(judge, {"ruling": "barred", "reason": ""}).status_code == 422
    assert client.submit(judge, {"ruling": "barred", "reason": "Là cấp trên trực tiếp."}).status_code == 302
    after = client.page(PAGE)
    assert find_all(after, "no-hints")
    assert "Là cấp trên trực tiếp." in words(find_all(after, "hint-row")[0])
    assert client.get(f"{PAGE}/{account}/999999").status_code == 404


def test_nobody_else_reads_it(listed: int, scene: Scene, log_in: LogIn) -> None:
    account = scene(_same_unit)
    client = log_in(MARKER)
    for path in (PAGE, f"{PAGE}/{account}/{listed}"):
        assert client.get(path).status_code == 403


def test_hometown_and_unit_are_told_with_the_declaration(listed: int, scene: Scene, log_in: LogIn) -> None:
    def same_home(doing: Doing) -> str:
        row = doing.session.scalars(select(Candidacy).where(Candidacy.id == listed)).one()
        row.hometown = "xã Đồng Tâm, Vân Hải"
        account = doing.session.scalars(select(Account).where(Account.login == MARKER)).one()
        account.display_name = row.full_name.split()[0] + " Văn Thử"
        doing.session.flush()
        return account.display_name

    scene(same_home)
    marker = log_in(MARKER)
    told = {"any_relation": "none", f"relation_{listed}": "", "unit": "Trường", "hometown": "Đồng Tâm, Vân Hải"}
    assert marker.submit(f"/marker/{CODE}/conflicts", told).status_code == 302
    assert "Đồng Tâm" in marker.get(f"/marker/{CODE}/conflicts").text
    (row,) = find_all(log_in(CHAIR).page(PAGE), "hint-row")
    assert "Cùng họ và cùng quê" in words(row)
