"""What holds for every request: a token on every write, nothing written by reading, headers on every answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from examsite.domain.permissions import Role
from tests.web.access_table import read_table
from tests.web.addresses import addresses
from tests.web.crawl import Walk, changes_of, is_entitled, only_changes
from tests.web.strict_client import check_page
from tests.web.world import NOBODY, Person, World, browser_of, close_site, csrf_token_of, open_site

#: Kinds of files that a browser may show; the policy lets neither run anything.
SHOWN = {"application/pdf", "text/plain", "image/jpeg", "image/webp"}
#: Our own program behind an address of ours: the worker of the test page.
PROGRAMS = {"candidate.send_worker"}
YEAR_SECONDS = 31_536_000


def entitled_writes(app: Flask, world: World) -> Iterator[tuple[str, str, Person]]:
    """Each writing route once with somebody who may use it: endpoint, path, person."""
    table = read_table()
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint):
        line = table.get(rule.endpoint)
        if line is None or "POST" not in (rule.methods or ()) or line.who == "attempt_token":
            continue
        found = (
            (address.endpoint, address.path, person)
            for person in world.people
            for address in addresses(app, world, rule, person)
            if is_entitled(line, person, address)
        )
        yield next(found)


@pytest.mark.parametrize("kind", ["none", "empty", "foreign", "garbage"])
def test_writing_needs_the_token_of_this_browser(world_site: Flask, world: World, kind: str) -> None:
    stranger = browser_of(world_site, world.holder(Role.ADMINISTRATOR))
    with stranger.session_transaction() as session:
        session["csrf_token"] = "f" * 40
    foreign = csrf_token_of(world_site, stranger)
    data: dict[str, str] = {"empty": {"csrf_token": ""}, "foreign": {"csrf_token": foreign}}.get(kind, {})
    if kind == "garbage":
        data = {"csrf_token": "\x00ệ"}
    wrong, asked = [], 0
    with changes_of(world_site) as seen:
        for endpoint, path, person in entitled_writes(world_site, world):
            client = browser_of(world_site, person)
            csrf_token_of(world_site, client)
            seen.clear()
            response = client.post(path, data=data)
            asked += 1
            if response.status_code != 400 or only_changes(seen):
                wrong.append(f"{endpoint} as {person}: {response.status_code} {only_changes(seen)[:1]}")

    assert asked > 40
    assert wrong == []


def test_the_api_needs_no_cookie_and_takes_none(world_site: Flask, world: World) -> None:
    """A save with the token of the attempt goes through without a log-in; the log-in alone opens nothing."""
    candidacy_id, (token, epoch) = next(iter(world.attempt_tokens.items()))
    body = {"epoch": epoch, "saves": []}
    alone = world_site.test_client().post(
        "/api/attempts/saves", json=body, headers={"Authorization": f"Bearer {token}"}
    )
    person = next(item for item in world.people if item.candidacy_id == candidacy_id)
    logged_in = browser_of(world_site, person).post("/api/attempts/saves", json=body)

    assert alone.status_code == 200
    assert logged_in.status_code == 401


def test_reading_writes_nothing(walked: Walk) -> None:
    writers = {(visit.address.endpoint, change) for visit in walked.visits for change in visit.changes}

    assert len(walked.visits) > 1_000
    assert writers == set()


def test_one_act_is_one_commit(world: World, tmp_path: Path) -> None:
    """Of the acts with one button: all that they write is in one transaction."""
    app = open_site(world.copy_to(tmp_path / "world"))
    told = []
    try:
        with changes_of(app) as seen:
            for endpoint, path, person in entitled_writes(app, world):
                if getattr(app.view_functions[endpoint], "writes", False) is not True:
                    continue
                client = browser_of(app, person)
                token = csrf_token_of(app, client)
                seen.clear()
                response = client.post(path, data={"csrf_token": token})
                written = [index for index, item in enumerate(seen) if item != "COMMIT"]
                commits = sum(1 for item in seen[written[0] :] if item == "COMMIT") if written else 0
                most = 1 if response.status_code < 400 else 0
                told.append((endpoint, response.status_code, bool(written), commits))
                assert commits <= most or endpoint in {"auth.log_in", "auth.log_in_candidate"}, (endpoint, seen)
    finally:
        close_site(app)

    assert any(commits == 1 for _endpoint, _status, _written, commits in told)
    assert all(status < 500 for _endpoint, status, _written, _commits in told)


# ------------------------------------------------------------------------------------------------------------ headers


def faults_of(headers: Any) -> list[str]:
    """What is missing from the headers of an HTML answer."""
    policy = {
        part.strip().partition(" ")[0]: part.strip().partition(" ")[2]
        for part in headers.get("Content-Security-Policy", "").split(";")
    }
    needed = {
        "default-src": "'none'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }
    faults = [f"{name} {policy.get(name)}" for name, value in needed.items() if policy.get(name) != value]
    if not re.fullmatch(r"'nonce-[\w-]{20,}'", policy.get("script-src", "")):
        faults.append(f"script-src {policy.get('script-src')}")
    if "unsafe" in str(policy) or "http" in str(policy) or "*" in str(policy):
        faults.append(f"policy {policy}")
    plain = {
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    faults += [f"{name}: {headers.get(name)}" for name, value in plain.items() if headers.get(name) != value]
    if headers.get("Referrer-Policy") not in {"same-origin", "no-referrer", "strict-origin"}:
        faults.append(f"Referrer-Policy: {headers.get('Referrer-Policy')}")
    age = re.search(r"max-age=(\d+)", headers.get("Strict-Transport-Security", ""))
    if age is None or int(age[1]) < YEAR_SECONDS:
        faults.append("Strict-Transport-Security")
    return faults


def test_every_page_has_its_headers(walked: Walk) -> None:
    pages = [visit for visit in walked.visits if visit.mimetype == "text/html"]
    wrong = {(visit.address.endpoint, fault) for visit in pages for fault in faults_of(visit.headers)}

    assert {200, 302, 403, 404, 409} <= {visit.status for visit in pages}
    assert wrong == set()


def test_files_are_downloads_that_no_browser_runs(walked: Walk) -> None:
    files = [
        visit
        for visit in walked.visits
        if visit.mimetype not in {"text/html", "application/json"} and visit.address.endpoint not in PROGRAMS
    ]
    odd = [
        str(visit)
        for visit in files
        if visit.headers.get("X-Content-Type-Options") != "nosniff"
        or not visit.headers.get("Content-Security-Policy", "").startswith("default-src 'none'")
        or ("attachment" not in visit.headers.get("Content-Disposition", "") and visit.mimetype not in SHOWN)
    ]

    assert files
    assert odd == []


def test_nonces_are_used_once(walked: Walk) -> None:
    nonces = [
        nonce
        for visit in walked.visits
        for nonce in re.findall(r"'nonce-([\w-]+)'", visit.headers.get("Content-Security-Policy", ""))
    ]

    assert len(nonces) == len(set(nonces))


def test_every_page_keeps_the_promises_of_every_page(walked: Walk) -> None:
    """One h1, a title, labels, one token in each form, no inline script or style, in both languages."""
    faults = {f"{visit.address.endpoint}: {visit.fault}" for visit in walked.visits if visit.fault}

    assert sorted(faults) == []


def test_pages_speak_the_chosen_language(walked: Walk) -> None:
    spoken = {
        re.search(r'<html[^>]*lang="(\w+)"', visit.body.decode()).group(1)  # type: ignore[union-attr]
        for visit in walked.visits
        if visit.mimetype == "text/html" and visit.status == 200
    }

    assert spoken == {"vi", "en"}


@pytest.fixture
def crashing_site(world: World, tmp_path: Path) -> Iterator[Flask]:
    """A site with a view that fails."""
    from dataclasses import replace

    from examsite.web.access import public

    app = open_site(replace(world.copy_to(tmp_path / "world"), testing=False))

    @public
    def crash() -> str:
        raise RuntimeError("planted-secret")

    app.add_url_rule("/crash", "crash", crash)
    yield app
    close_site(app)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/crash", 500),
        ("GET", "/nowhere", 404),
        ("GET", "/competitions/NONE", 404),
        ("GET", "/log-out", 405),
        ("PUT", "/login", 405),
        ("POST", "/login", 400),
        ("POST", "/nowhere", 404),
        ("GET", "/static/none.css", 404),
        ("GET", "/static/../../config.py", 404),
        ("GET", "/%00", 404),
        ("GET", "/competitions/%F0%28%8C%28", 404),
        ("GET", "/" + "x" * 5000, 404),
    ],
)
@pytest.mark.parametrize("name", ["nobody", "thuky"])
def test_errors_are_pages_too(
    crashing_site: Flask, world: World, caplog: pytest.LogCaptureFixture, method: str, path: str, status: int, name: str
) -> None:
    response = _ask(browser_of(crashing_site, world.person(name)), method, path)

    assert response.status_code == status, response.text
    assert faults_of(response.headers) == []
    assert "planted-secret" not in response.text
    check_page(response)


def _ask(client: FlaskClient, method: str, path: str) -> TestResponse:
    return client.open(path, method=method, headers={"Accept": "text/html"})


def test_requests_of_other_sites_are_not_answered_to(world_site: Flask) -> None:
    """No page lets another origin read it."""
    client = browser_of(world_site, NOBODY)
    response = client.get("/", headers={"Origin": "https://evil.example"})

    assert "Access-Control-Allow-Origin" not in response.headers
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("headers", "is_refused"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Origin": "https://a.example"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "http://[broken"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://seen.by.the.proxy"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Origin": "http://localhost"}, False),
        ({}, False),
    ],
)
def test_pages_of_other_sites_write_nothing_even_with_a_token(
    world_site: Flask, world: World, headers: dict[str, str], is_refused: bool
) -> None:
    client = browser_of(world_site, world.holder(Role.ADMINISTRATOR))
    data = {"csrf_token": csrf_token_of(world_site, client)}
    for path in ("/account", "/no-such-page", "/api/attempts/saves"):
        assert (client.post(path, data=data, headers=headers).status_code == 403) is is_refused, path
