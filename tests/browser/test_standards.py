"""Scripts with agreed marks as people meet them: entered, agreed, practised, and a marker who runs off on a seed."""

from __future__ import annotations

from collections.abc import Callable

from selenium.webdriver.common.keys import Keys

from tests.browser.browser import Browser, Site
from tests.browser.marking_site import CODE, PASSWORD, fill_standards_site
from tests.browser.pages.keyboard import Keyboard
from tests.browser.pages.person import Official
from tests.browser.test_scoring_page import CountingKeyboard

CRITERIA = 9


def _enters(head: Official, kind: str) -> None:
    """A pilot answer to each of the three questions, five points for each criterion."""
    head.goes_to(f"/marker/{CODE}/head/standards")
    head.submits("new-standard")
    head.ticks("kind", kind)
    head.fills({f"text_{number}": f"Tôi nêu hai phương án cho câu {number + 1}." for number in range(3)})
    head.fills({f"points_{number}": "2,5" for number in range(CRITERIA)})
    head.submits("propose")


def _marks(marker: Official, level: int) -> None:
    """Every criterion by its key, the highest where there are fewer; then the lock and its confirmation."""
    keys = CountingKeyboard(marker.browser)
    for place in range(CRITERIA):
        keys.press(str(min(level, len(marker.finds(".criterion--open .rung-input")))))
        if place + 1 < CRITERIA:
            keys.press("j")
    keys.chord(Keys.CONTROL, Keys.ENTER)
    keys.leaves_by(Keys.ENTER)
    marker.is_not_refused()


def test_a_marker_qualifies_runs_off_on_a_seed_and_the_head_decides(
    new_site: Callable[..., Site], people: Callable[[Site, str], Browser]
) -> None:
    site = new_site()
    filled = fill_standards_site(site.instance)
    site.start()
    browser = people(site, "chuẩn chấm")
    head, chair, marker = (
        Official(browser, login=login, password=PASSWORD, code=CODE)
        for login in (filled.head, filled.chair, filled.marker)
    )

    head.logs_in()
    _enters(head, "practice")
    _enters(head, "qualification")
    assert head.reads().count("Chờ người thứ hai") == 2
    chair.logs_in()
    for standard in ("LT01", "SH01"):
        chair.goes_to(f"/council/{CODE}/standards/{standard}")
        chair.ticks("answer", "agree")
        chair.submits("answer")

    marker.logs_in()
    marker.goes_to(f"/marker/{CODE}/scripts")
    assert "Chưa chấm bài thi được" in marker.reads()
    marker.submits("begin-standard")
    _marks(marker, 2)
    assert "22,5" in marker.reads()  # what two people agreed on stands beside the own points
    marker.goes_to(f"/marker/{CODE}/practice")
    marker.submits("begin-standard")
    _marks(marker, 2)
    assert "22,5" not in marker.reads()  # a qualification script tells nothing yet

    head.logs_in()
    head.goes_to(f"/marker/{CODE}/head/markers/M01/qualification")
    assert "SH01" in head.reads()
    head.ticks("answer", "qualify")
    head.fills({"reason": "Đã trao đổi về câu 2."})
    head.submits("qualify")

    marker.logs_in()
    marker.goes_to(f"/marker/{CODE}/scripts")
    marker.submits("mark-next")
    assert browser.text_of("script-code") == filled.seed
    _marks(marker, 9)
    marker.goes_to(f"/marker/{CODE}/scripts")
    assert "Trưởng ban sẽ liên hệ" in marker.reads()

    head.logs_in()
    head.goes_to(f"/marker/{CODE}/head/statistics")
    keys = Keyboard(browser)
    keys.goes_to('[data-testid="open-stop"]')
    keys.leaves_by(Keys.ENTER)
    assert "Trung bình ba bài mẫu gần nhất" in browser.text_of("why")
    assert head.reads().count("+7,5") == 2
    assert "+22,5" not in head.reads()  # the qualification is no seed
    head.ticks("answer", "resume")
    head.fills({"reason": "Đã đọc lại ba bài cùng nhau."})
    head.submits("decide-stop")
    assert "Được chấm tiếp" in head.reads()

    marker.logs_in()
    marker.goes_to(f"/marker/{CODE}/scripts")
    assert "Trưởng ban sẽ liên hệ" not in marker.reads()
