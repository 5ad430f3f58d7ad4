"""The administrator's pages, and the organiser's page of who does what."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from examsite.domain.competitions import DelegationLevel
from examsite.domain.permissions import Role
from examsite.services.accounts import create_administrator
from examsite.services.bodies import create_body
from examsite.storage.models.accounts import Account
from examsite.storage.models.competitions import Body
from examsite.storage.models.dossiers import Candidacy
from tests.factories.competitions import make_official, make_receiving
from tests.web.strict_client import StrictClient, find_all, words

CODE = "VH-2026-01"
PRINTED = r"\b[a-hjkmnp-z2-9]{4}-[a-hjkmnp-z2-9]{4}-[a-hjkmnp-z2-9]{4}\b"
HEAD = "Họ và tên,Ngày sinh,Số định danh,Đơn vị,Chức vụ,Mã chức danh,Điện thoại\n"


@pytest.fixture
def administrator(scene: Callable[..., Any], password_hash: str, log_in: Callable[..., StrictClient]) -> StrictClient:
    scene(
        lambda d: create_administrator(d.ctx(), login="root1x", display_name="Quản Trị", password_hash=password_hash).id
    )
    return log_in("root1x")


@pytest.fixture
def organiser(scene: Callable[..., Any], password_hash: str, log_in: Callable[..., StrictClient]) -> StrictClient:
    def make(doing: Any) -> None:
        make_receiving(doing.session, doing.now, password_hash=password_hash, code=CODE)
        make_official(doing.session, doing.now, "moi.ve", password_hash=password_hash)

    scene(make)
    return log_in(f"thuky-{CODE}")


def test_an_account_is_opened_used_reset_and_shut(
    administrator: StrictClient, log_in: Callable[..., StrictClient]
) -> None:
    made = administrator.submit("/administrator/accounts/new", {"login": "Ngan.LT", "display_name": "Lê Thị  Ngân"})
    password = re.findall(PRINTED, made.text)[0]
    person = log_in("ngan.lt", password)
    for where in ("/home", "/administrator/", "/organiser/"):
        assert person.get(where).headers["Location"] == "/account"
    assert find_all(person.page("/account"), "must-change")
    own = "Ba con vịt bơi qua hồ lúc bình minh"
    changed = person.submit("/account", {"current": password, "new": own, "again": own})
    assert changed.headers["Location"] == "/home"
    assert person.get("/administrator/").status_code == 403
    assert not find_all(log_in("ngan.lt", own).page("/account"), "must-change")
    taken = administrator.submit("/administrator/accounts/new", {"login": "ngan.lt", "display_name": "Khác"})
    assert taken.status_code == 422
    assert "đã có người dùng" in taken.text
    assert "Lê Thị Ngân" in administrator.get("/administrator/?words=ngan").text
    reset = administrator.submit("/administrator/accounts/2/reset-password", form_at="/administrator/accounts/2")
    assert person.get("/account").status_code == 302
    person = log_in("ngan.lt", re.findall(PRINTED, reset.text)[0])
    assert person.get("/home").headers["Location"] == "/account"
    administrator.submit("/administrator/accounts/2/disable", form_at="/administrator/accounts/2")
    assert person.get("/account").status_code == 302
    own = administrator.submit("/administrator/accounts/1/disable", form_at="/administrator/accounts/1")
    assert own.status_code == 409
    administrator.submit("/administrator/accounts/2/enable", form_at="/administrator/accounts/2")
    log_in("ngan.lt", re.findall(PRINTED, reset.text)[0])
    events = words(administrator.page("/administrator/records"))
    for event in ("Tạo tài khoản", "Cấp lại mật khẩu", "Ngừng tài khoản", "Cho dùng lại tài khoản"):
        assert event in events


def test_the_tree_of_bodies_and_its_roles(administrator: StrictClient, scene: Callable[..., Any]) -> None:
    body = {"code": "TU", "name": "Thành ủy", "name_en": "City committee", "level": "city_committee", "parent": ""}
    assert administrator.submit("/administrator/bodies/new", body).status_code == 302
    child = {**body, "code": "SNV", "name": "Sở Nội vụ", "level": "department", "parent": "TU"}
    assert administrator.submit("/administrator/bodies/new", child).status_code == 302
    assert administrator.submit("/administrator/bodies/new", child).status_code == 422
    ring = administrator.submit("/administrator/bodies/TU", {**body, "parent": "SNV"})
    assert ring.status_code == 422
    assert "không thể đứng dưới chính mình" in ring.text
    moved = administrator.submit("/administrator/bodies/SNV", {**child, "name": "Sở Nội vụ thành phố"})
    assert moved.status_code == 302
    assert "Sở Nội vụ thành phố" in administrator.get("/administrator/bodies").text
    scene(lambda d: make_official(d.session, d.now, "sep.tu").id)
    granted = administrator.submit("/administrator/accounts/2", {"body": "SNV", "role": "authority"})
    assert granted.status_code == 302
    roles = find_all(administrator.page("/administrator/accounts/2"), "roles")[0]
    assert "Sở Nội vụ thành phố" in words(roles)
    revoked = administrator.submit(
        "/administrator/accounts/2/revoke-role", {"assignment_id": "2"}, form_at="/administrator/accounts/2"
    )
    assert revoked.status_code == 302
    assert administrator.submit("/administrator/accounts/2", {"body": "SNV", "role": "marker"}).status_code == 422


def test_roles_are_given_under_the_separation_of_duties(
    organiser: StrictClient, log_in: Callable[..., StrictClient], scene: Callable[..., Any]
) -> None:
    person = log_in("moi.ve")
    at = f"/organiser/{CODE}/people"
    assert organiser.submit(at, {"login": "moi.ve", "role": "marker"}).status_code == 302
    assert person.get("/account").status_code == 302
    assert "M04" in words(find_all(organiser.page(at), "people")[0])
    for role, status, text in (
        ("setter", 409, "không được kiêm"),
        ("chair", 409, "không được kiêm"),
        ("authority", 422, "chưa được quản trị ghi nhận"),
        ("organiser", 422, "chưa được quản trị ghi nhận"),
        ("administrator", 422, ""),
        ("nonsense", 422, ""),
    ):
        refused = organiser.submit(at, {"login": "moi.ve", "role": role})
        assert (refused.status_code, text in refused.text) == (status, True)
    assert "Không có tài khoản" in organiser.submit(at, {"login": "nobody", "role": "marker"}).text
    found = re.findall(r'name="assignment_id" value="(\d+)"', organiser.get(at).text)
    taken_back = organiser.submit(f"{at}/revoke", {"assignment_id": max(found, key=int)}, form_at=at)
    assert taken_back.status_code == 302
    assert "M04" not in words(find_all(organiser.page(at), "people")[0])
    own = organiser.submit(f"{at}/revoke", {"assignment_id": min(found, key=int)}, form_at=at)
    assert own.status_code == 409
    for junk in ("", "x", "999999", "-1", "9" * 30):
        assert organiser.submit(f"{at}/revoke", {"assignment_id": junk}, form_at=at).status_code in {302, 404}


def test_the_authority_comes_from_the_body_or_the_one_above(
    organiser: StrictClient, administrator: StrictClient, scene: Callable[..., Any]
) -> None:
    def above(doing: Any) -> int:
        parent = create_body(
            doing.ctx(),
            code="UB",
            name="Ủy ban",
            name_en="Committee",
            level=DelegationLevel.CITY_GOVERNMENT,
            parent_id=None,
        )
        doing.session.query(Body).filter_by(code=f"B-{CODE}").one().parent_id = parent.id
        return int(doing.session.query(Account).filter_by(login="moi.ve").one().id)

    account = scene(above)
    administrator.submit(f"/administrator/accounts/{account}", {"body": "UB", "role": Role.AUTHORITY.value})
    refused = organiser.submit(f"/organiser/{CODE}/people", {"login": "moi.ve", "role": "authority"})
    assert "đã có" in refused.text  # the competition has one holder already; competence was granted


def _send(client: StrictClient, data: bytes, name: str = "a.csv") -> Any:
    return client.submit(f"/organiser/{CODE}/candidates/import", {"file": (io.BytesIO(data), name)})


def test_a_list_is_looked_at_and_taken_over_as_a_whole(organiser: StrictClient, scene: Callable[..., Any]) -> None:
    data = (
        HEAD + "Trần Quốc Bảo,05/09/1985,031085001234,Sở Nội vụ,Chuyên viên,P1,+84 912 345 678\n"
        "Lê Thị Ánh,1990-01-31,031085001235,Sở Tài chính,Chuyên viên,P2,\n"
    ).encode()
    shown = _send(organiser, data)
    assert shown.status_code == 200
    token = re.search(r'name="token"[^>]*value="([0-9a-f]{64})"', shown.text)
    assert token
    confirm = f"/organiser/{CODE}/candidates/import/confirm"
    at = f"/organiser/{CODE}/candidates/import"
    assert organiser.submit(confirm, {"token": "0" * 64}, form_at=at).status_code == 404
    assert organiser.submit(confirm, {"token": "../" * 20}, form_at=at).status_code == 404
    assert organiser.submit(confirm, {"token": token[1]}, form_at=at).status_code == 302
    found = scene(lambda d: sorted((c.full_name, c.state.value) for c in d.session.query(Candidacy)))
    assert found == [("Lê Thị Ánh", "submitted"), ("Trần Quốc Bảo", "submitted")]
    again = organiser.submit(confirm, {"token": token[1]}, form_at=at)
    assert again.status_code == 404  # the list was forgotten once it was taken over
    assert scene(lambda d: d.session.query(Candidacy).count()) == 2


def test_every_bad_row_is_named_and_nobody_is_taken_over(organiser: StrictClient, scene: Callable[..., Any]) -> None:
    data = (
        HEAD + "Trần Quốc Bảo,05/09/1985,031085001234,Sở,Chuyên viên,P1,\n"
        "=cmd|x,31/02/1985,12,,Chuyên viên,P9,abc\n"
        "Trần Quốc Bảo,05/09/1985,031085001234,Sở,Chuyên viên,P1,\n"
    ).encode("utf-16")
    shown = _send(organiser, data)
    assert shown.status_code == 422
    rows = [[words(cell) for cell in row.iter("td")] for row in find_all(_parsed(shown), "problems")[0].iter("tr")][1:]
    assert {(row[0], row[1]) for row in rows} == {
        ("3", "Họ và tên"),
        ("3", "Ngày sinh"),
        ("3", "Số định danh"),
        ("3", "Đơn vị công tác"),
        ("3", "Mã chức danh dự tuyển"),
        ("3", "Điện thoại"),
        ("4", "Số định danh"),
    }
    assert "confirm-import" not in shown.text
    assert scene(lambda d: d.session.query(Candidacy).count()) == 0


def _parsed(response: Any) -> Any:
    from tests.web.strict_client import parse

    return parse(response.text)


def _hostile() -> dict[str, bytes]:
    from tests.factories import files

    return {
        "empty": b"",
        "spaces": b"   \n  ",
        "header_only": HEAD.encode(),
        "nul": HEAD.encode() + b"\x00\x01",
        "latin": HEAD.encode("utf-8") + b"Tr\xffn,",
        "pdf": files.pdf(),
        "exe": b"MZ\x90\x00",
        "not_xlsx": files.docx(),
        "broken_zip": b"PK\x03\x04 nothing",
        "too_large": b"a" * (2 * 1024 * 1024 + 10),
        "one_long_cell": HEAD.encode() + b'"' + b"x" * 200_000,
        "unknown_column": b"Ten,Tuoi\na,b\n",
        "twice": "Họ tên,Họ và tên\na,b\n".encode(),
        "many": HEAD.encode() + b"a,b,c,d,e,f,g\n" * 2500,
    }


@pytest.mark.parametrize("name", list(_hostile()))
def test_hostile_lists_are_answered(organiser: StrictClient, name: str) -> None:
    assert _send(organiser, _hostile()[name]).status_code == 422


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_itself_is_read(organiser: StrictClient, kind: str) -> None:
    template = organiser.get(f"/organiser/{CODE}/candidates/import/template.{kind}")
    shown = _send(organiser, template.data, f"a.{kind}")
    assert shown.status_code == 200, words(_parsed(shown))
    assert "Nguyễn Văn An" in shown.text
    assert organiser.get(f"/organiser/{CODE}/candidates/import/template.exe").status_code == 404
