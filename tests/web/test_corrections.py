"""While a published result is corrected, what is marked anew is as secret as in an appeal, and who marks declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from examsite.domain.appeals import AppealState
from examsite.domain.errors import ConflictError
from examsite.domain.permissions import Role
from examsite.services.corrections import ask_correction, decide_correction
from examsite.services.marking import lock_mark, save_draft
from examsite.services.ranking import compute_result
from examsite.services.remarking import name_remarkers
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.records import RecordRow
from examsite.storage.queries.appeals import get_appeal_standing
from examsite.storage.queries.corrections import find_standing_correction
from tests.factories.appeals import appoint
from tests.factories.ranking import Stage, hold, make_stage
from tests.services.test_bundles import published
from tests.web.conftest import Clock, Doing
from tests.web.strict_client import StrictClient

CODE = "VH-2026-01"
WHY = "Thanh tra kết luận bài này bị bỏ sót một trang khi chấm."
#: The place of a candidate whose script is marked anew.
PLACE = 4

LogIn = Callable[..., StrictClient]


@pytest.fixture
def built(scene: Any, clock: Clock, password_hash: str) -> Callable[..., Any]:
    """A correction is open, two fresh markers and a supervisor hold their roles; what `then` gives back."""

    def steps(doing: Doing) -> Stage:
        stage = published(
            make_stage(
                *(doing.session, doing.now),
                settings=doing.app.extensions["settings"],
                signer=doing.app.extensions["signer"],
                password_hash=password_hash,
            )
        )
        ctx = stage.ctx(Role.ORGANISER)
        asked = ask_correction(ctx, stage.competition, candidates=[stage.code(PLACE)], reason=WHY)
        second = stage.ctx(stage.council[1])
        decide_correction(second, stage.competition, asked_seq=asked, agreed=True, reason="")
        for number in (61, 62):
            hold(stage, Role.MARKER, number, f"Người Chấm Mới {number}", password_hash)
        hold(stage, Role.SUPERVISOR, 1, "Phan Giám Sát", password_hash)
        return stage

    def build(then: Callable[[Stage], Any]) -> Any:
        given, clock.present = scene(steps, once="open", then=lambda stage: (then(stage), stage.at))
        return given

    return build


def _appeal(stage: Stage) -> Appeal:
    return stage.session.scalars(select(Appeal).order_by(Appeal.number.desc())).first() or pytest.fail("no appeal")


def _lock_remarks(stage: Stage, count: int) -> int:
    """Two who marked nothing of this script mark it anew, `count` of them lock; the number of the last record."""
    appeal = _appeal(stage)
    appoint(stage.board, "M12", "M11")
    name_remarkers(stage.ctx(Role.CHAIR), stage.competition, appeal.number)
    for row in get_appeal_standing(stage.session, stage.competition, appeal.number).remarkers[:count]:
        ctx, points = stage.ctx(row.assignment), stage.board.points("47.50")
        draft = save_draft(ctx, stage.competition, appeal.script, revision=0, points=points, comments={})
        lock_mark(ctx, stage.competition, appeal.script, revision=draft.revision)
    return int(stage.session.scalar(select(func.max(RecordRow.seq)).where(RecordRow.event == "mark:locked")) or 0)


def test_what_is_marked_anew_is_told_to_supervisors_with_the_version_that_counts_it(built: Any, log_in: LogIn) -> None:
    seq = built(lambda stage: _lock_remarks(stage, 1))
    supervisor = log_in(f"s01-{CODE.lower()}")
    assert "47.50" not in supervisor.get(f"/supervisor/{CODE}/records/{seq}").text
    assert "47,50" not in supervisor.get(f"/supervisor/{CODE}/records?event=mark:locked").text
    assert "47,50" not in supervisor.get(f"/supervisor/{CODE}/records.csv").text


def test_the_computed_version_opens_the_marks_that_it_counts(built: Any, log_in: LogIn) -> None:
    def computed(stage: Stage) -> int:
        seq = _lock_remarks(stage, 2)
        compute_result(stage.ctx(Role.ORGANISER), stage.competition)
        assert find_standing_correction(stage.session, stage.competition) is not None
        return seq

    seq = built(computed)
    assert "47.50" in log_in(f"s01-{CODE.lower()}").get(f"/supervisor/{CODE}/records/{seq}").text


def test_the_public_reads_a_new_score_with_the_version_that_counts_it(built: Any, client: StrictClient) -> None:
    def settled(stage: Stage) -> str:
        _lock_remarks(stage, 2)
        assert _appeal(stage).state is AppealState.SETTLED
        return stage.code(PLACE)

    code = built(settled)
    assert code not in client.get(f"/competitions/{CODE}/appeals").text
    assert "47,50" not in client.get(f"/competitions/{CODE}/ranking").text


def test_a_fresh_marker_is_asked_to_declare_and_can_be_drawn_then(built: Any, log_in: LogIn) -> None:
    def refused(stage: Stage) -> int:
        with pytest.raises(ConflictError, match="remarkers_too_few"):
            name_remarkers(stage.ctx(Role.CHAIR), stage.competition, _appeal(stage).number)
        return _appeal(stage).number

    appeal = f"/council/{CODE}/appeals/{built(refused)}"
    where = f"/marker/{CODE}/conflicts"
    for number in (61, 62):
        marker = log_in(f"m{number}-{CODE.lower()}")
        assert where in marker.get(f"/marker/{CODE}/scripts").text
        assert marker.submit(where, {"any_relation": "none"}).status_code == 302
    chair = log_in(f"chair-{CODE.lower()}")
    assert "Dấu hiệu xung đột" not in chair.get(f"/council/{CODE}/").text
    assert chair.submit(f"{appeal}/markers", {}, form_at=appeal).status_code == 302
    assert "M61" in chair.get(appeal).text
