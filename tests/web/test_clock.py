"""The page of the clock: what it says, and the button that is there only when it may be pressed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from examsite.domain.permissions import Role
from examsite.services.clock import clock_difference, open_clock
from examsite.services.context import use_clock
from examsite.storage.models.accounts import Account, RoleAssignment
from tests.factories.sittings import make_room
from tests.web.strict_client import StrictClient

PAGE = "/administrator/clock"


@pytest.fixture
def administrator(
    scene: Callable[[Callable[[Any], Any]], Any], password_hash: str, log_in: Callable[..., StrictClient]
) -> StrictClient:
    def build(doing: Any) -> None:
        account = Account(login="quantri", display_name="Quản trị", password_hash=password_hash, created_at=doing.now)
        doing.session.add(account)
        doing.session.flush()
        doing.session.add(RoleAssignment(account_id=account.id, role=Role.ADMINISTRATOR, granted_at=doing.now))

    scene(build)
    return log_in("quantri")


@pytest.fixture
def clock_two_minutes_behind(app: Flask) -> Iterator[None]:
    open_clock(app.extensions["settings"]).set(datetime.now(UTC) - timedelta(minutes=2))
    yield
    use_clock(None)


def test_clocks_that_agree_offer_no_button(administrator: StrictClient) -> None:
    page = administrator.get(PAGE)
    assert 'data-testid="right"' in page.text
    assert 'data-testid="anchor"' not in page.text


@pytest.mark.usefixtures("clock_two_minutes_behind")
def test_button_sets_the_clock_on_record(administrator: StrictClient) -> None:
    assert "nhanh hơn 120 giây" in administrator.get(PAGE).text
    assert administrator.submit(PAGE, {}).status_code == 302
    assert abs(clock_difference()) < timedelta(seconds=2)
    assert "Đặt lại đồng hồ của kỳ thi" in administrator.get("/administrator/records").text


@pytest.mark.usefixtures("clock_two_minutes_behind")
def test_nobody_sets_it_while_a_sitting_runs(
    administrator: StrictClient, scene: Callable[[Callable[[Any], Any]], Any]
) -> None:
    def start(doing: Any) -> None:
        make_room(doing.session, doing.now, settings=doing.app.extensions["settings"]).started()

    scene(start)
    page = administrator.get(PAGE)
    assert 'data-testid="running"' in page.text
    assert 'data-testid="anchor"' not in page.text
    assert clock_difference() > timedelta(seconds=110)
