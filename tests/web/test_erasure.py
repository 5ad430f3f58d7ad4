"""Erasure on the pages of organiser and administrator, its certificate, and the register that everybody reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from examsite.closer import Closer
from examsite.domain.permissions import Role
from examsite.storage.database import db
from examsite.storage.models.accounts import Account, RoleAssignment
from tests.factories.ranking import NAMES, Stage
from tests.web.conftest import Clock
from tests.web.strict_client import StrictClient, parse
from tests.web.strict_client import words as words_of
from tests.web.test_results import CODE, ORGANISER, staged

__all__ = ["staged"]

ERASURE = f"/organiser/{CODE}/erasure"
ERASE = f"/administrator/erasures/{CODE}"
ADMINISTRATOR = "quantri"


def words(response: Any) -> str:
    return words_of(parse(response.text))


@pytest.fixture
def published(staged: Callable[..., Any], password_hash: str) -> None:
    def with_administrator(stage: Stage) -> None:
        account = Account(
            login=ADMINISTRATOR, display_name="Quản Trị", password_hash=password_hash, created_at=stage.at
        )
        stage.session.add(account)
        stage.session.flush()
        stage.session.add(RoleAssignment(account_id=account.id, role=Role.ADMINISTRATOR, granted_at=stage.at))

    staged("published", then=with_administrator)


def test_two_people_erase_and_the_certificate_says_what(
    app: Flask, clock: Clock, published: None, log_in: Callable[..., StrictClient], client: StrictClient
) -> None:
    early = log_in(ORGANISER)
    assert "Chưa đến hạn, chưa ai đề nghị được." in words(early.get(ERASURE))
    clock.present += timedelta(days=500)
    organiser, administrator = log_in(ORGANISER), log_in(ADMINISTRATOR)
    assert "Chưa có đề nghị của thư ký." in words(administrator.get(ERASE))
    assert organiser.submit(ERASURE, {}).status_code == 302
    assert "chờ quản trị" in words(organiser.get(ERASURE))
    wrong = administrator.submit(ERASE, {"typed": "VH-2026-02"})
    assert wrong.status_code == 422
    assert f"Mã vừa gõ không phải {CODE}." in words(wrong)
    assert administrator.submit(ERASE, {"typed": CODE}).status_code == 302

    with app.app_context():
        closer = Closer(db.engine, app.extensions["settings"], app.extensions["signer"], clock=clock)
        closer.clean_what_was_erased()
    page = organiser.get(ERASURE)
    assert "Không còn dữ liệu của người không trúng tuyển." in words(page)
    assert "Đã xóa xong" in words(page)
    number = page.text.rpartition(f"{ERASURE}/")[2].partition('"')[0]
    for certificate in (organiser.get(f"{ERASURE}/{number}"), administrator.get(f"{ERASE}/{number}")):
        told = words(certificate)
        assert f"Mục sổ ghi số {number}" in told
        assert "Nhật ký ghi trước (WAL) được chuyển hết và cắt về không." in told
        assert not [name for name in NAMES if name in told]
    assert "phải hủy trước" in told

    register = words(client.get(f"/competitions/{CODE}/data"))
    assert f"mục sổ ghi số {number}" in register
    assert "Bài làm" in register
    assert client.get(f"/competitions/{CODE}/ranking").status_code == 200
    assert organiser.get(f"/organiser/{CODE}/candidates").status_code == 200


def test_everybody_reads_what_is_kept_and_why_from_the_announcement(published: None, client: StrictClient) -> None:
    assert f"/competitions/{CODE}/data" in client.get(f"/competitions/{CODE}").text
    assert "Nhân thân" in words(client.get(f"/competitions/{CODE}/data"))


def test_the_administrator_reads_in_which_columns_it_stands(
    published: None, log_in: Callable[..., StrictClient]
) -> None:
    assert "candidacies.identity_number" in words(log_in(ADMINISTRATOR).get("/administrator/personal-data"))
