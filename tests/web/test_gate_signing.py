"""The page on which the council signs before a gate: nothing preselected, the exact text, who has not signed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from examsite.domain.canonical import sha256_hex
from examsite.domain.permissions import Role
from examsite.services.rulesets import change_ruleset
from examsite.storage.models.accounts import Account
from tests.factories.competitions import make_complete_plan
from tests.web.conftest import Doing
from tests.web.strict_client import StrictClient, find_all, words

CODE = "VH-2026-01"
HERE = f"/council/{CODE}/gate"


def test_two_of_three_sign_the_plan_and_the_organiser_sees_what_is_missing(
    scene: Callable[..., Any], password_hash: str, log_in: Callable[..., StrictClient]
) -> None:
    def build(doing: Doing) -> dict[str, str]:
        plan = make_complete_plan(doing.session, doing.now, password_hash=password_hash)
        change_ruleset(plan.ctx(), plan.competition, {"approvals_announced": "1"})
        people = [*plan.people[Role.CHAIR], *plan.people[Role.COUNCIL_MEMBER], plan.organiser]
        return {str(held.pseudonym): doing.session.get_one(Account, held.account_id).login for held in people}

    logins = scene(build)
    chair, member, organiser = (log_in(logins[name]) for name in ("C01", "C02", "T01"))
    assert "Ký trước bước" in words(chair.page(f"/council/{CODE}/"))
    page = chair.page(HERE)
    (text,) = find_all(page, "gate-document")
    digest = sha256_hex("".join(text.itertext()).encode("utf-8"))
    assert digest in re.sub(r"\s", "", words(find_all(page, "gate-hash")[0]))
    assert not page.findall(".//input[@checked]")
    assert "Chữ ký đồng ý của hội đồng cho bước này: có 0, cần 1" in words(organiser.page(f"/organiser/{CODE}/"))

    said = {"event": "announced", "decision": "agreed", "sha_tail": digest[-4:]}
    assert chair.submit(HERE, {**said, "sha_tail": "zzzz"}).status_code == 422
    assert chair.submit(HERE, {**said, "confirmed": "refused"}).status_code == 422
    assert member.submit(HERE, {**said, "decision": "refused"}).status_code == 422
    assert member.submit(HERE, {**said, "decision": "refused", "reason": "Sai lịch."}).status_code == 422
    refused = {**said, "decision": "refused", "reason": "Lịch trùng ngày nghỉ."}
    assert member.submit(HERE, refused).status_code == 302
    after = member.page(HERE)
    assert "Lý do: Lịch trùng ngày nghỉ." in words(after)
    assert find_all(after, "has-refused")
    assert not find_all(after, "refuse")
    assert find_all(chair.page(HERE), "refuse")
    for client in (chair, member):
        assert client.submit(HERE, said).status_code == 302
        assert find_all(client.page(HERE), "gate-read-only")
    assert find_all(chair.page(HERE), "gate-agreed")
    assert "cho bước này" not in words(organiser.page(f"/organiser/{CODE}/"))
