"""A supplementary defence through the doors: what each person is told, and what they do next."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from examsite.domain.corrections import LEAST_PROPOSAL_TIME
from examsite.domain.events import Event
from examsite.domain.panels import DefenceState
from examsite.domain.permissions import Role
from examsite.services import defence as acts
from examsite.services.proposals import draw_presentation_order
from examsite.services.records import record
from examsite.storage.queries.defence import list_defences
from tests.factories import files
from tests.factories.ranking import SHEETS, Stage, make_stage
from tests.services.test_supplementary_defences import (
    FAILED,
    called,
    closes_at,
    hand_in,
    heard,
    locked,
    next_version,
    passes_now,
)
from tests.web.conftest import Clock, Doing
from tests.web.strict_client import StrictClient, find_all, parse, words

CODE = "VH-2026-01"
RESULT = f"/organiser/{CODE}/result"
CALL = f"{RESULT}/correction/defence"
LOCK = f"{RESULT}/correction/proposals"
PROPOSALS = f"/organiser/{CODE}/proposals"
ORDER = f"/council/{CODE}/presentation-order"
CANDIDATE = "/candidate/proposal"

LogIn = Callable[..., StrictClient]


@pytest.fixture
def built(scene: Any, clock: Clock, password_hash: str) -> Callable[..., str]:
    """Somebody passes since the script was marked anew, and `more` happened; the code, the clock standing there."""

    def steps(doing: Doing) -> Stage:
        settings, signer = doing.app.extensions["settings"], doing.app.extensions["signer"]
        stage = make_stage(
            *(doing.session, doing.now),
            settings=settings,
            signer=signer,
            password_hash=password_hash,
            draws_order=True,
        )
        return passes_now(stage)

    def build(*more: Callable[[Stage], Any]) -> str:
        def then(stage: Stage) -> tuple[str, datetime]:
            for act in more:
                act(stage)
            return stage.code(FAILED), closes_at(stage) if more else stage.at

        code, clock.present = scene(steps, once="passes now", then=then)
        return str(code)

    return build


def _candidate(log_in: LogIn, place: int) -> StrictClient:
    return log_in(f"hs-{CODE.lower()}-{place + 1:03d}", door="/candidate/login")


def _typed(instant: datetime) -> str:
    """As a clock in Vietnam shows it."""
    return (instant + timedelta(hours=7)).strftime("%d/%m/%Y %H:%M")


def _instants(closes_at: datetime) -> dict[str, str]:
    return {"proposals_close_at": _typed(closes_at), "defence_at": _typed(closes_at + timedelta(days=2))}


def test_everybody_is_led_from_the_call_to_the_draw(built: Any, clock: Clock, log_in: LogIn) -> None:
    def locked_before(stage: Stage) -> None:
        nobody = {"locked": [], "absent": []}
        organiser = stage.ctx(Role.ORGANISER)
        first.append(record(organiser, stage.competition, Event.PROPOSALS_LOCKED, f"competition/{CODE}", nobody))

    first: list[int] = []
    failed_code = built(locked_before)
    organiser, own, other = log_in(f"organiser-{CODE.lower()}"), _candidate(log_in, FAILED), _candidate(log_in, 1)
    before = own.get("/candidate/").text
    assert not find_all(parse(before), "home-proposal")
    (missing,) = find_all(organiser.page(RESULT), "correction-missing")
    assert CALL in {link.get("href") for link in missing.iter("a")}
    assert failed_code in organiser.get(CALL).text
    assert organiser.get(LOCK).status_code == 302

    ends = (clock.present + LEAST_PROPOSAL_TIME + timedelta(hours=1)).replace(second=0, microsecond=0)
    early = organiser.submit(CALL, _instants(clock.present + timedelta(days=1)))
    assert (early.status_code, "ít nhất 3 ngày" in early.text) == (422, True)
    late = {**_instants(ends), "defence_at": _typed(ends)}
    assert organiser.submit(CALL, late).status_code == 422
    assert organiser.submit(CALL, _instants(ends)).status_code == 302
    assert _typed(ends) in " ".join(str(box.get("value")) for box in organiser.page(CALL).iter("input"))

    assert _typed(ends)[-5:] in words(find_all(own.page(f"/competitions/{CODE}/ranking"), "called")[0])
    (card,) = find_all(organiser.page(PROPOSALS), "supplement")
    assert (failed_code in words(card), find_all(card, "to-lock-called")) == (True, [])
    (card,) = find_all(own.page("/candidate/"), "home-proposal")
    assert find_all(card, "supplementary")
    file = {"title": "Một cửa số", "file": (io.BytesIO(files.pdf()), "de-an.pdf")}
    assert own.submit(CANDIDATE, file).status_code == 302
    assert not find_all(other.page(CANDIDATE), "hand-in")
    assert not find_all(other.page("/candidate/"), "supplementary")

    clock.present = ends
    organiser, own = log_in(f"organiser-{CODE.lower()}"), _candidate(log_in, FAILED)
    assert not find_all(own.page(CANDIDATE), "hand-in")
    assert find_all(organiser.page(PROPOSALS), "to-lock-called")
    assert failed_code in organiser.get(LOCK).text
    assert organiser.submit(LOCK, {}).status_code == 302
    assert organiser.get(CALL).status_code == 302
    # The attendance of the first defences is not that of these.
    assert "cán bộ coi thi chưa ghi" in organiser.get(PROPOSALS).text
    watched = log_in(f"invigilator-{CODE.lower()}").page(f"/invigilator/{CODE}/defence")
    assert not find_all(watched, "recorded")
    assert not find_all(watched, "record")
    (locking,) = re.findall(r"bản ghi số (\d+)", own.get(f"{CANDIDATE}/1/receipt").text)
    assert int(locking) > first[0]

    chair = log_in(f"chair-{CODE.lower()}")
    assert "Bốc thăm thứ tự bảo vệ bổ sung" in chair.get(f"/council/{CODE}/").text
    page = chair.page(ORDER)
    (to_draw,) = [found for found in find_all(page, "to-draw") if found.tag == "p"]
    assert words(to_draw) == failed_code
    assert chair.submit(ORDER, {}).status_code == 302
    (order,) = find_all(chair.page(ORDER), "order")
    assert failed_code in words(order)
    assert "lần 2" in chair.get(f"/council/{CODE}/draws").text
    assert chair.get(f"/council/{CODE}/draws/presentation-order-2").status_code == 200
    assert chair.get(f"/council/{CODE}/draws/presentation-order-3").status_code == 404

    head, invigilator = log_in(f"b01-{CODE.lower()}"), log_in(f"invigilator-{CODE.lower()}")
    last = len(SHEETS) + 1
    assert f"/panel/{CODE}/head/{last}" in head.get(f"/panel/{CODE}/").text
    assert "Bắt đầu trình bày" in head.get(f"/panel/{CODE}/head/{last}").text
    assert find_all(invigilator.page(f"/invigilator/{CODE}/defence"), f"absent-{last}")


def test_where_nobody_hands_in_the_absence_is_put_on_record(built: Any, clock: Clock, log_in: LogIn) -> None:
    failed_code = built()
    ends = clock.present + LEAST_PROPOSAL_TIME + timedelta(hours=1)
    organiser = log_in(f"organiser-{CODE.lower()}")
    assert organiser.submit(CALL, _instants(ends)).status_code == 302
    clock.present = ends
    organiser = log_in(f"organiser-{CODE.lower()}")
    assert organiser.submit(LOCK, {}).status_code == 302
    assert "Không nộp" in words(find_all(organiser.page(PROPOSALS), f"proposal-{failed_code}")[0])
    invigilator = log_in(f"invigilator-{CODE.lower()}")
    assert invigilator.submit(f"/invigilator/{CODE}/defence", {}).status_code == 302
    assert not find_all(organiser.page(RESULT), "correction-missing")
    assert organiser.submit(f"{RESULT}/versions", {}, form_at=RESULT).status_code == 302
    assert "Bản 2" in words(organiser.page(RESULT))


@pytest.mark.parametrize("is_published", [False, True])
def test_the_score_is_told_with_the_version_that_counts_it(built: Any, log_in: LogIn, *, is_published: bool) -> None:
    def attended(stage: Stage) -> None:
        acts.record_attendance(stage.ctx(Role.INVIGILATOR), stage.competition, [])

    acted = [called, lambda stage: hand_in(stage, FAILED), locked, lambda stage: heard(stage, "95.00"), attended]
    built(*acted, *([next_version] if is_published else []))
    home = _candidate(log_in, FAILED).page("/candidate/")
    assert bool(find_all(home, "own-defence-score")) is is_published
    assert bool(find_all(home, "supplementary")) is not is_published
    # Their own deadline, also once the version is out, and not that of those who defended before.
    (card,) = find_all(home, "home-proposal")
    assert "Hạn nộp09:00:00 18/04/2026" in words(card)


def test_an_absence_of_the_first_defences_is_not_taken_back_in_those_held_now(built: Any, log_in: LogIn) -> None:
    first = len(SHEETS)

    def absent(stage: Stage) -> None:
        draw_presentation_order(stage.ctx(Role.CHAIR), stage.competition)
        defence = next(row for row in list_defences(stage.session, stage.competition.id) if row.position == first)
        # Nobody after them has begun, so that nothing but the round they stand in holds it back.
        defence.state, defence.score = DefenceState.ABSENT, None
        stage.session.flush()

    built(called, lambda stage: hand_in(stage, FAILED), locked, absent)
    page = log_in(f"invigilator-{CODE.lower()}").page(f"/invigilator/{CODE}/defence")
    assert find_all(page, f"absent-{first + 1}")
    assert not find_all(page, f"withdraw-{first}")
