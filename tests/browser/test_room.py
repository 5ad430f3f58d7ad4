"""A room from the door to the signed lists, as its two invigilators live it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest

from examsite.cli.demonstration import PASSWORD
from examsite.cli.demonstration.files import portrait
from tests.browser.browser import Browser, Site
from tests.browser.pages.candidate import Candidate
from tests.browser.pages.invigilator import Invigilator
from tests.browser.pages.person import VIETNAM

SITTING = "S2"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def site(new_site: Callable[..., Site]) -> Site:
    """The demonstration, on a server whose clock goes where the story wants it."""
    site = new_site(moved_clock=True)
    site.command("init")
    site.start()
    return site


def test_a_room_from_the_door_to_the_signed_lists(
    site: Site, people: Callable[[Site, str], Browser], tmp_path: Path
) -> None:
    code = f"VH-{site.now().astimezone(VIETNAM):%Y}-05"
    starts_at = site.now().replace(second=0, microsecond=0) + 20 * MINUTE
    desk = people(site, "bàn coi thi")
    first = Invigilator(desk, login="coithi", password=PASSWORD, code=code)
    second = Invigilator(desk, login="coithi2", password=PASSWORD, code=code)
    first.logs_in()

    seats = first.sees_seats(SITTING)
    number = "E" + seats["A1"]
    face = tmp_path / "mat.png"
    face.write_bytes(portrait(1))
    first.photographs(SITTING, "A1", face)
    shown = desk.see("photo")
    assert desk.driver.execute_script("return arguments[0].naturalWidth", shown) > 0
    for seat in ("A2", "A3"):
        first.checks_in(SITTING, seat)

    site.move_clock_to(starts_at + MINUTE)
    candidate = Candidate(people(site, "máy thi"), name="", login=number, password=PASSWORD)
    candidate.logs_in()
    candidate.goes_to("/candidate/test")
    candidate.is_writing()
    site.move_clock_to(starts_at + 4 * MINUTE)  # to the server the machine was silent for three minutes
    desk.until(lambda: first.sees_cards(SITTING, "lost"), what="the lost time of A1")
    assert "Chỗ A2" in " ".join(first.sees_cards(SITTING, "silent"))  # checked in, not yet at the test
    first.gives_back(SITTING, "A1")
    assert first.sees_cards(SITTING, "lost") == []

    first.moves(SITTING, "A2", "C4", "Màn hình nhấp nháy")
    assert "C4" in first.sees_seats(SITTING)
    first.says(SITTING, "A1", "Máy của anh/chị đã được bù giờ.")
    first.asks_for_room_time(SITTING, 5, "Mất điện cả phòng")
    assert "không tự duyệt" in first.sees_cards(SITTING, "request")[0]
    first.logs_out()
    second.logs_in()
    second.grants_request(SITTING)
    assert second.sees_cards(SITTING, "request") == []

    site.move_clock_to(starts_at + 200 * MINUTE)

    def is_signable() -> bool:
        second.goes_to(f"/invigilator/{code}/sittings/{SITTING}")
        return bool(desk.see_all("sign-attendance"))

    desk.until(is_signable, what="the sitting closed by the server", patience_seconds=60)
    second.signs_attendance(SITTING)
    second.goes_to(f"/invigilator/{code}/sittings/{SITTING}/results")
    second.submits("sign-results")
    for paper in ("plan", "minutes", "results"):
        with pikepdf.open(io.BytesIO(second.prints(SITTING, paper))) as printed:
            assert printed.pages
    assert "chuyển từ chỗ A2 sang chỗ C4" in second.reads_minutes(SITTING)
    second.logs_out()
