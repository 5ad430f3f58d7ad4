"""From the public form to the number on the list: applicants, their dossiers, and the organiser who decides."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from examsite.domain.competitions import CompetitionState
from examsite.services.rulesets import get_preset
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from tests.factories import files
from tests.factories.competitions import make_receiving
from tests.web.conftest import Clock
from tests.web.strict_client import StrictClient, find_all, parse, words

CODE = "VH-2026-01"
PRINTED = r"\b[a-hjkmnp-z2-9]{4}-[a-hjkmnp-z2-9]{4}-[a-hjkmnp-z2-9]{4}\b"
CHECKLIST = [item.code for item in get_preset("hai-phong-pilot").dossier_checklist]


@pytest.fixture
def receiving(scene: Callable[..., Any], password_hash: str) -> str:
    """A competition that takes applications; its organiser logs in as the factory names it."""
    scene(lambda d: make_receiving(d.session, d.now, password_hash=password_hash, code=CODE).competition.id)
    return f"thuky-{CODE}"


def _form(**changes: str) -> dict[str, str]:
    return {
        "post": "P1",
        "full_name": "Trần  Quốc Bảo",
        "born_on": "05/09/1985",
        "identity_number": "031085 001234",
        "unit": "Sở Nội vụ",
        "position_title": "Chuyên viên chính",
        "phone": "0912 345 678",
        "email": "bao@example.vn",
        "consent": "y",
        **changes,
    }


def _apply(client: StrictClient, **changes: str) -> tuple[str, str]:
    """Code and password from the slip."""
    response = client.submit(f"/competitions/{CODE}/apply", _form(**changes))
    assert response.status_code == 200, words(parse(response.text))
    code = re.search(r"hs-[a-z2-9]{6}", response.text)
    password = re.search(PRINTED, response.text)
    assert code
    assert password
    return code[0], password[0]


def _fill(client: StrictClient) -> None:
    for item in CHECKLIST:
        sent = client.submit(f"/candidate/dossier/{item}", {"file": (io.BytesIO(files.png()), "a.png")})
        assert sent.status_code == 302


def test_an_applicant_goes_all_the_way_to_a_submitted_dossier(
    client: StrictClient, receiving: str, log_in: Callable[..., StrictClient]
) -> None:
    code, password = _apply(client)
    me = log_in(code.upper(), password.upper().replace("-", " "), door="/candidate/login")
    assert "Còn thiếu 11 mục" in words(me.page("/candidate/"))
    early = me.submit("/candidate/dossier/submit", {"truthful": "y"}, form_at="/candidate/dossier")
    assert early.status_code == 409
    bad = me.submit(f"/candidate/dossier/{CHECKLIST[0]}", {"file": (io.BytesIO(b"MZ"), "đơn.pdf")})
    assert bad.status_code == 422
    assert "Không nhận ra loại tệp" in bad.text
    _fill(me)
    link = next(a for a in me.page("/candidate/dossier").iter("a") if "/dossier/files/" in (a.get("href") or ""))
    got = me.get(link.get("href"))
    assert got.data == files.png()
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    unsworn = me.submit("/candidate/dossier/submit", form_at="/candidate/dossier")
    assert unsworn.headers["Location"] == "/candidate/dossier"
    done = me.submit("/candidate/dossier/submit", {"truthful": "y"}, form_at="/candidate/dossier")
    assert done.headers["Location"] == "/candidate/"
    assert "Đã nộp, chờ xét" in words(me.page("/candidate/"))
    assert me.get("/home").headers["Location"] == "/candidate/"


def test_files_of_others_are_not_found(
    client: StrictClient, receiving: str, log_in: Callable[..., StrictClient]
) -> None:
    first = log_in(*_apply(client), door="/candidate/login")
    second = log_in(*_apply(client, identity_number="031085009999"), door="/candidate/login")
    first.submit(f"/candidate/dossier/{CHECKLIST[0]}", {"file": (io.BytesIO(files.png()), "a.png")})
    assert first.get("/candidate/dossier/files/1").status_code == 200
    assert second.get("/candidate/dossier/files/1").status_code == 404
    assert first.get(f"/organiser/{CODE}/candidates").status_code == 403


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"born_on": "31/02/1985"}, "Ghi ngày dạng ngày/tháng/năm"),
        ({"born_on": "01/01/2020"}, "đủ 18 tuổi"),
        ({"identity_number": "12345"}, "12 chữ số"),
        ({"identity_number": "A" * 5000}, "Dài quá 20"),
        ({"post": "P9"}, "Chức danh"),
        ({"post": ""}, "Chức danh"),
        ({"full_name": "\x00\u202e "}, "Chưa điền"),
        ({"full_name": "x" * 300}, "Dài quá 200"),
        ({"email": "khong-phai-thu"}, "Địa chỉ thư điện tử"),
        ({"phone": "<script>"}, "Chỉ ghi số"),
        ({"consent": ""}, "Cần đồng ý"),
    ],
)
def test_bad_applications_are_named_and_nothing_is_lost(
    client: StrictClient, receiving: str, changes: dict[str, str], text: str
) -> None:
    response = client.submit(f"/competitions/{CODE}/apply", _form(**changes))
    assert response.status_code == 422
    assert text in response.text
    assert "Chuyên viên chính" in response.text


def test_one_person_applies_once(client: StrictClient, receiving: str) -> None:
    _apply(client)
    again = client.submit(f"/competitions/{CODE}/apply", _form(identity_number="031085001234"))
    assert again.status_code == 422
    assert "đã có hồ sơ" in again.text


def test_after_the_deadline_nobody_applies(client: StrictClient, receiving: str, clock: Clock) -> None:
    token = client.token(f"/competitions/{CODE}/apply")
    clock.present += timedelta(days=400)
    late = client.post(f"/competitions/{CODE}/apply", data={**_form(), "csrf_token": token})
    assert late.status_code == 409
    assert find_all(client.page(f"/competitions/{CODE}/apply"), "applications-closed")


def test_withdrawn_is_withdrawn(client: StrictClient, receiving: str, log_in: Callable[..., StrictClient]) -> None:
    me = log_in(*_apply(client), door="/candidate/login")
    assert me.submit("/candidate/application/withdraw").status_code == 422
    assert me.submit("/candidate/application/withdraw", {"sure": "y"}).status_code == 302
    assert "Đã rút" in words(me.page("/candidate/"))
    assert me.get("/candidate/application/withdraw").status_code == 302


def _vet(scene: Callable[..., Any]) -> None:
    def close(doing: Any) -> None:
        competition = doing.session.query(Competition).filter_by(code=CODE).one()
        competition.state = CompetitionState.VETTING

    scene(close)


def test_the_organiser_decides_and_fixes_the_list(
    client: StrictClient, receiving: str, log_in: Callable[..., StrictClient], scene: Callable[..., Any], app: Flask
) -> None:
    names = ("Trần Quốc Bảo", "Lê Thị Ánh", "Đặng Văn Ân", "Hoàng Thị Bích", "Bùi Văn Anh")
    slips = [
        _apply(client, full_name=name, identity_number=f"03108500000{n}", post=f"P{n % 2 + 1}")
        for n, name in enumerate(names)
    ]
    for code, password in slips:
        me = log_in(code, password, door="/candidate/login")
        _fill(me)
        me.submit("/candidate/dossier/submit", {"truthful": "y"}, form_at="/candidate/dossier")
    _vet(scene)
    organiser = log_in(receiving)
    at = f"/organiser/{CODE}/candidates"
    page = organiser.page(at)
    listed = [words(a) for a in find_all(page, "candidacies")[0].iter("a")]
    assert listed == ["Bùi Văn Anh", "Lê Thị Ánh", "Đặng Văn Ân", "Trần Quốc Bảo", "Hoàng Thị Bích"]
    assert "Còn 5 hồ sơ chưa kết luận" in words(find_all(page, "roster-gate")[0])
    assert organiser.submit(f"/organiser/{CODE}/roster/fix").status_code == 409

    refused = f"{at}/{slips[4][0]}"
    no_reason = organiser.submit(refused, {"decision": "refused", "reason": "  "})
    assert no_reason.status_code == 422
    assert "ghi rõ lý do" in no_reason.text
    assert organiser.submit(refused, {"decision": "withdrawn"}).status_code == 422
    assert organiser.submit(refused, {"decision": "refused", "reason": "Thiếu bằng"}).status_code == 302
    for code, _password in slips[:4]:
        assert organiser.submit(f"{at}/{code}", {"decision": "accepted"}).status_code == 302
    assert organiser.submit(f"/organiser/{CODE}/roster/fix").headers["Location"] == f"/organiser/{CODE}/roster"

    roster = find_all(organiser.page(f"/organiser/{CODE}/roster"), "roster")[0]
    rows = [[words(cell) for cell in list(row)][1:3] for row in list(roster.iter("tr"))[1:]]
    assert [name for _number, name in rows] == ["Lê Thị Ánh", "Đặng Văn Ân", "Trần Quốc Bảo", "Hoàng Thị Bích"]
    assert [number[-3:] for number, _name in rows] == ["001", "002", "003", "004"]
    codes = scene(lambda d: [item.public_code for item in d.session.query(Candidacy) if item.candidate_number])
    assert len(set(codes)) == 4
    everything = organiser.get(f"/organiser/{CODE}/roster").text + organiser.get(at).text
    assert not any(code in everything for code in codes)

    slips_page = organiser.submit(f"/organiser/{CODE}/roster/slips")
    new = re.findall(PRINTED, slips_page.text)
    assert len(new) == 4
    late = app.test_client().submit("/candidate/login", {"login": slips[1][0], "password": slips[1][1]})
    assert late.status_code == 401
    me = log_in(rows[0][0].lower(), new[0], door="/candidate/login")
    assert rows[0][0] in words(find_all(me.page("/candidate/"), "home-roster")[0])
    other = log_in(*slips[4], door="/candidate/login")
    assert "Thiếu bằng" in words(other.page("/candidate/"))


def test_the_list_is_searched_without_accents(
    client: StrictClient, receiving: str, log_in: Callable[..., StrictClient]
) -> None:
    _apply(client)
    organiser = log_in(receiving)
    at = f"/organiser/{CODE}/candidates"
    assert "Trần Quốc Bảo" in organiser.get(f"{at}?words=quoc+bao&state=draft&post=P1").text
    assert "Trần Quốc Bảo" not in organiser.get(f"{at}?words=khac").text
    for query in ("state=nonsense", "post=%00", "words=" + "x" * 500, "words=%00'--"):
        assert organiser.get(f"{at}?{query}").status_code in {200, 400, 422}
