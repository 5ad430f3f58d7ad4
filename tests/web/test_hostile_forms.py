"""Every form of the site filled in by somebody who means no good, or whose keyboard is broken.

The forms are those that the pages show to people who may use them. Each form gets every hostile value, in all fields at
once; then each field in turn while the others are right, then none, then each twice. The answer is a page or a way on,
never a crash; a refusal leaves nothing behind; afterwards every page still opens and nothing that was typed runs.
"""

from __future__ import annotations

import io
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from math import ceil
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from tests.factories.files import docx, pdf, png
from tests.web.crawl import Walk, changes_of
from tests.web.strict_client import check_page
from tests.web.world import Person, browser_of, close_site, csrf_token_of, open_site

RUNS = "<script>alert(1)</script><img src=x onerror=alert(1)>"
HOSTILE = (
    "",
    " \t\n",
    "x" * 100_000,
    "ệ" * 300,
    "-1",
    "0",
    "1.005",
    "1e309",
    "NaN",
    "-Infinity",
    "9" * 40,
    "٣٤",
    "12",
    "²",
    "\x00",
    "a\x00b\x1b[31m\r\nSet-Cookie: a=b",
    "\ud800\udfff",
    "\u202e\u200b\ufeff",
    "' OR 1=1 --",
    RUNS,
    "{{ 7*7 }}${7*7}%(x)s%s{0}",
    "../../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "9999-12-31T23:59",
    "0001-01-01T00:00",
    "2026-02-30",
    "31/02/2026",
)
#: What a careful person would write, by name of field, so that the others get past the first refusal.
CAREFUL = {
    "code": "KT-1",
    "title": "Tên thử",
    "title_en": "A title",
    "full_name": "Trần Văn Thử",
    "born_on": "05/09/1985",
    "identity_number": "031085012345",
    "unit": "Phòng thử",
    "position_title": "Chuyên viên",
    "number_prefix": "KT",
    "name": "Cơ quan thử",
    "name_en": "A body",
    "login": "nguoi-thu",
    "display_name": "Người thử",
    "reason": "Lý do đủ dài để hội đồng đọc được và ghi vào sổ.",
    "minutes": "10",
    "score": "50",
    "room": "Phòng 9",
    "starts_at": "2026-04-01T08:00",
    "confirmed": "",
}
FILES = (
    b"",
    b"\x00" * 2000,
    b"%PDF-1.4 nothing",
    b"PK\x03\x04broken",
    pdf(script=True),
    docx(),
    png(),
    b"a,b\n\xff\xfe",
)
NAMES = ("../../x.pdf", "a\r\nX: y.csv", "\u202egpj.exe", "x" * 400 + ".xlsx", "", "<script>.csv")
ANSWERS = {200, 302, 303, 400, 401, 403, 404, 409, 413, 422, 429}
#: Seeded values per field while the others are filled with care.
PER_FIELD = 2
#: Sendings with something hostile in every field, at least.
AT_ONCE = 6
#: Wrong passwords are counted: that is the one trace that a refusal leaves.
COUNTED = "login_throttles"


@dataclass
class Form:
    """A form as a page shows it."""

    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        return [name for name in self.fields if name != "csrf_token"]

    def careful(self) -> dict[str, list[str]]:
        return {name: values if any(values) else [CAREFUL.get(name, "Thử")] for name, values in self.fields.items()}


class FormReader(HTMLParser):
    """Finds the forms that post, with the values that they start from."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method", "").lower() == "post":
            self._form = Form((given.get("action") or self.path).partition("#")[0])
            self.forms.append(self._form)
        if self._form is None:
            return
        name = given.get("name", "")
        if tag == "option" and self._select:
            values = self._form.fields[self._select]
            if "selected" in given or not values:
                values[:] = [given.get("value", "")]
        elif tag in {"input", "textarea", "select", "button"} and name:
            self._add(tag, name, given)

    def _add(self, tag: str, name: str, given: dict[str, str]) -> None:
        form = self._form
        assert form is not None
        kind = given.get("type", "")
        if kind == "file":
            form.files.add(name)
        elif tag == "select":
            form.fields.setdefault(name, [])
            self._select = name
        elif kind in {"radio", "checkbox"}:
            values = form.fields.setdefault(name, [])
            if "checked" in given or not values:
                values[:] = [given.get("value", "y")]
        elif tag == "button":
            form.fields.setdefault(name, [given.get("value", "")])
        else:
            form.fields[name] = [given.get("value", "")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = ""


def forms_of(app: Flask, walked: Walk) -> Iterator[tuple[str, Person, Form]]:
    """Every form that the walk met, one of each kind, with somebody who may use it."""
    known: dict[tuple[str, tuple[str, ...]], int] = {}
    router = app.url_map.bind("localhost")
    for visit in walked.visits:
        if not visit.is_entitled or visit.status != 200 or visit.mimetype != "text/html":
            continue
        reader = FormReader(visit.address.path)
        reader.feed(visit.body.decode())
        for form in reader.forms:
            endpoint, _values = router.match(form.action, method="POST")
            # A row more of the same fields, or the same rows about other people, makes no other form.
            key = endpoint, tuple(sorted({re.sub(r"\d+", "#", name) for name in (*form.fields, *form.files)}))
            known[key] = known.get(key, 0) + 1
            if known[key] == 1:
                yield endpoint, visit.person, form


def kept_of(seen: list[str]) -> list[str]:
    """What was changed and committed, but for the count of wrong passwords."""
    changed = [(number, item) for number, item in enumerate(seen) if item != "COMMIT" and COUNTED not in item]
    return [item for number, item in changed if "COMMIT" in seen[number:]]


def _bodies(form: Form, luck: random.Random) -> Iterator[list[tuple[str, str]]]:
    careful = [(name, value) for name, values in form.careful().items() for value in values if name != "csrf_token"]
    names = form.names
    # All fields of a form are looked at together, so one sending tries as many values as there are fields: every value
    # meets every form, in as few sendings as that takes, and every field meets AT_ONCE of them.
    hostile = luck.sample(HOSTILE, len(HOSTILE))
    whole = ceil(len(hostile) / max(1, len(names)))
    for turn in range(max(AT_ONCE, whole)):
        first = turn * len(names) + turn // whole
        yield [(name, hostile[(first + place) % len(hostile)]) for place, name in enumerate(names)]
    for name in form.names:
        for value in luck.sample(HOSTILE, PER_FIELD):
            yield [(known, value if known == name else kept) for known, kept in careful]
    yield []
    yield [*careful, *((name, "không có trong danh sách") for name in form.names), ("surplus", "x")]
    yield careful


def _send(client: FlaskClient, form: Form, body: list[tuple[str, str]], token: str) -> Any:
    data = urlencode([("csrf_token", token), *body], errors="surrogatepass")
    return client.post(form.action, data=data, content_type="application/x-www-form-urlencoded")


@pytest.fixture(scope="module")
def forms(world_site: Flask, walked: Walk) -> list[tuple[str, Person, Form]]:
    """Every form of the walk, looked for once."""
    try:
        return list(forms_of(world_site, walked))
    except HTTPException as error:
        pytest.fail(f"a form leads nowhere: {error}")


@pytest.fixture(scope="module")
def attacked(
    walked: Walk, forms: list[tuple[str, Person, Form]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, list[str], set[str]]]:
    """The site after everything was sent; what went wrong meanwhile; the writing routes that were tried."""
    app = open_site(walked.world.copy_to(tmp_path_factory.mktemp("attacked")))
    luck = random.Random(7)
    wrong: list[str] = []
    tried: set[str] = set()
    with changes_of(app) as seen:
        for endpoint, person, form in forms:
            if not (form.names or form.files) or endpoint == "auth.log_out":
                continue
            tried.add(endpoint)
            client: FlaskClient | None = None
            for body in [*_bodies(form, luck), *([None] * len(FILES) if form.files else [])]:
                if client is None:
                    client = browser_of(app, person)
                    token = csrf_token_of(app, client)
                seen.clear()
                response = _upload(client, form, token, luck) if body is None else _send(client, form, body, token)
                what = f"{endpoint} as {person}: {response.status_code} for {str(body)[:120]}"
                if response.status_code not in ANSWERS:
                    wrong.append(what)
                if response.status_code >= 400 and kept_of(seen):
                    wrong.append(f"{what} left {kept_of(seen)}")
                if RUNS.encode() in response.get_data():
                    wrong.append(f"{what} would run")
                response.close()
                if response.status_code < 400:  # it may have changed who is logged in, or left words for the next page
                    client = None
    yield app, wrong, tried
    close_site(app)


def _upload(client: FlaskClient, form: Form, token: str, luck: random.Random) -> Any:
    data: MultiDict[str, Any] = MultiDict()
    data.add("csrf_token", token)
    for name, values in form.careful().items():
        if name != "csrf_token":
            data.setlist(name, values)
    for name in form.files:
        data.add(name, (io.BytesIO(luck.choice(FILES)), luck.choice(NAMES)))
    return client.post(form.action, data=data, content_type="multipart/form-data")


def test_every_form_leads_to_a_route(forms: list[tuple[str, Person, Form]]) -> None:
    assert len({endpoint for endpoint, _person, _form in forms}) > 30


def test_hostile_values_get_a_calm_answer(attacked: tuple[Flask, list[str], set[str]]) -> None:
    _app, wrong, tried = attacked

    assert len(tried) > 20
    assert wrong == []


def test_every_page_still_opens_and_nothing_typed_runs(
    attacked: tuple[Flask, list[str], set[str]], walked: Walk
) -> None:
    app, _wrong, _tried = attacked
    wrong, looked_at, checked = [], set(), set()
    for visit in walked.visits:
        key = visit.address.endpoint, visit.address.stand  # what was typed is the same words for every role
        if not visit.is_entitled or visit.status != 200 or key in looked_at:
            continue
        looked_at.add(key)
        response = browser_of(app, visit.person).get(visit.address.path)
        if response.status_code >= 500 or RUNS.encode() in response.get_data():
            wrong.append(f"{visit.person} {visit.address.path}: {response.status_code}")
        elif response.mimetype == "text/html" and response.status_code == 200 and visit.address.endpoint not in checked:
            checked.add(visit.address.endpoint)
            check_page(response)
        response.close()

    assert len(looked_at) > 100
    assert wrong == []


def test_bodies_that_are_no_forms(world_site: Flask, walked: Walk, tmp_path: Path) -> None:
    """Broken multipart, other kinds of bodies and huge ones are refused, not crashed on."""
    person = walked.world.person("thuky")
    client = browser_of(world_site, person)
    token = csrf_token_of(world_site, client)
    path = f"/organiser/{walked.world.places['draft'].code}/posts/new"
    tries = [
        (b"csrf_token=" + token.encode() + b"&title=%ED%A0%80&code=%00", "application/x-www-form-urlencoded"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"--x\r\nbroken", "multipart/form-data"),
        (b"{", "application/json"),
        (b"\xff" * 100, "text/plain; charset=nonsense"),
        (b"csrf_token=" + token.encode() + b"&title=" + b"x" * 5_000_000, "application/x-www-form-urlencoded"),
        (
            b"&".join([b"csrf_token=" + token.encode(), *[b"f%d=1" % n for n in range(5000)]]),
            "application/x-www-form-urlencoded",
        ),
    ]
    for body, kind in tries:
        response = client.post(path, data=body, content_type=kind)
        assert response.status_code in {400, 413, 422}, (kind, response.status_code)
