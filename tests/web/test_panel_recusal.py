"""Who is kept away from a defence sees nothing of it, by word or by judgement; the chair and the council stand in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from examsite.domain.permissions import Role
from examsite.services import assessments
from examsite.services import defence as acts
from examsite.services.conflicts import declare_conflicts
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.dossiers import ConflictRuling
from tests.factories.defence import REASON, Hall, make_hall
from tests.web.strict_client import StrictClient, find_all, hidden_value, words

CODE = "VH-2026-01"
HERE = f"/panel/{CODE}"
ORDER = f"/council/{CODE}/presentation-order"
HEAD, CHAIR, COUNCIL = (f"{name}-{CODE.lower()}" for name in ("b01", "chair", "c09"))


@pytest.fixture
def stage(scene: Callable[..., Any], password_hash: str, now: Any, app: Flask) -> Callable[..., None]:
    """Builds a hall in the site's own database up to a point."""

    def build(steps: Callable[[Hall], Any]) -> None:
        def make(doing: Any) -> Hall:
            hall = make_hall(
                doing.session, now, settings=app.extensions["settings"], code=CODE, password_hash=password_hash
            )
            hall.drawn()
            return hall

        scene(make, once="hall", then=steps)

    return build


def by_word(hall: Hall, held: RoleAssignment) -> None:
    declare_conflicts(hall.ctx(held), hall.competition, {hall.defence().candidacy_id: "other"})


def by_judgement(hall: Hall, held: RoleAssignment) -> None:
    hall.session.add(
        ConflictRuling(
            competition_id=hall.competition.id,
            account_id=held.account_id,
            candidacy_id=hall.defence().candidacy_id,
            is_barred=True,
            reason="Anh em ruột.",
            hints=[],
            decided_by_id=hall.board.room.people[Role.COUNCIL_MEMBER].account_id,
            decided_at=hall.closes_at,
            record_seq=7,
        )
    )
    hall.session.flush()


Keeping = Callable[[Hall, RoleAssignment], None]


def shown(hall: Hall, *, by: Role = Role.PANEL_HEAD) -> None:
    """Written about, held, locked by two of three, shown."""
    from examsite.services import reveals

    ctx = hall.ctx(hall.members[0])
    assessments.save_assessment(ctx, hall.competition, 1, "chim-vang-viet-truoc", revision=0)
    for step in (acts.start_presentation, acts.start_questions, acts.open_scoring):
        step(hall.ctx(by), hall.competition, 1)
    hall.lock(0, "61.00")
    hall.lock(1, "74.00")
    excused = {} if by is Role.PANEL_HEAD else {"G03": "Ốm, có giấy"}
    reveals.reveal_scores(hall.ctx(by), hall.competition, 1, excused=excused)


@pytest.mark.parametrize("keep_away", [by_word, by_judgement])
def test_a_member_kept_away_sees_nothing_at_the_reveal(stage: Any, log_in: Any, keep_away: Keeping) -> None:
    def steps(hall: Hall) -> None:
        keep_away(hall, hall.members[2])
        shown(hall)

    stage(steps)
    client: StrictClient = log_in(f"g03-{CODE.lower()}")
    assert find_all(client.page(f"{HERE}/defences/1"), "recused")
    assert "Không chấm, có quan hệ" in words(find_all(client.page(f"{HERE}/"), "defence-1")[0])
    for path in ("", "defences/1", "defences/1/minutes", "defences/1/questions", "defences/1/assessment"):
        text = client.get(f"{HERE}/{path}").text
        for canary in ("61,00", "74,00", "chim-vang-viet-truoc"):
            assert canary not in text, f"{path} shows {canary}"
    other = log_in(f"g02-{CODE.lower()}").get(f"{HERE}/defences/1").text
    assert "61,00" in other


@pytest.mark.parametrize("keep_away", [by_word, by_judgement])
def test_a_head_kept_away_sees_nothing_and_the_chair_settles_the_gap(
    stage: Any, log_in: Any, keep_away: Keeping
) -> None:
    def steps(hall: Hall) -> None:
        keep_away(hall, hall.board.room.people[Role.PANEL_HEAD])
        shown(hall, by=Role.CHAIR)

    stage(steps)
    head, chair = log_in(HEAD), log_in(CHAIR)
    assert not find_all(head.page(f"{HERE}/"), "lead-1")
    assert head.get(f"{HERE}/head/1").headers["Location"] == f"{HERE}/defences/1"
    for path in ("", "defences/1", "defences/1/minutes"):
        text = head.get(f"{HERE}/{path}").text
        assert "61,00" not in text
        assert "13,00" not in text
    for path in ("reveal", "decision"):
        assert head.get(f"{HERE}/head/1/{path}").status_code == 403

    assert f"{HERE}/head/1" in chair.get(f"/council/{CODE}/").text
    page = chair.page(ORDER)
    assert find_all(page, "lead-1")
    assert not find_all(page, "lead-2")
    page = chair.page(f"{HERE}/head/1")
    assert find_all(page, "deputy")
    assert find_all(page, "decide")
    assert chair.get(f"{HERE}/head/2").status_code == 409
    assert chair.get(f"{HERE}/defences/1/clock").status_code == 200
    chair.submit(f"{HERE}/head/1/recording", {"reference": "Thẻ nhớ 7", "seen": ""}, form_at=f"{HERE}/head/1")
    seen = hidden_value(chair.page(f"{HERE}/head/1/decision"), "seen")
    decision = {"score": "65", "reason": REASON, "confirmed": "yes", "seen": seen}
    assert chair.submit(f"{HERE}/head/1/decision", decision).status_code == 302
    assert "65,00" in words(find_all(chair.page(f"{HERE}/head/1"), "settled")[0])


def test_a_begun_sheet_is_left_out_only_after_the_council_agreed(stage: Any, log_in: Any) -> None:
    def steps(hall: Hall) -> None:
        hall.scoring()
        hall.lock(0, "61.00")
        hall.lock(1, "64.00")
        acts.save_sheet(hall.ctx(hall.members[2]), hall.competition, 1, hall.points("95.00"), {}, revision=0)

    stage(steps)
    head, council = log_in(HEAD), log_in(COUNCIL)
    excused = {"reason_G03": "Có việc gia đình đột xuất"}
    alone = head.submit(f"{HERE}/head/1/reveal", excused)
    assert alone.status_code == 409
    assert "thành viên hội đồng phải đồng ý" in alone.text
    assert find_all(council.page(ORDER), "excuse-1")
    address = f"{ORDER}/1/excuse"
    assert council.submit(address, {"member": "", "reason": REASON}).status_code == 422
    assert council.submit(address, {"member": "G03", "reason": "vắng"}).status_code == 422
    assert council.submit(address, {"member": "G03", "reason": REASON}).headers["Location"] == ORDER
    assert head.submit(f"{HERE}/head/1/reveal", excused).status_code == 302
