"""What holds for every address of the site; who may open which is compared in the access table of the web tests."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Flask
from werkzeug.routing import IntegerConverter, Rule

from examsite.web.auth.doors import DESKS, WIDE_DESKS
from tests.house.source import name_of, python_files, text_files

WRITING = {"POST", "PUT", "PATCH", "DELETE"}
READING = {"GET", "HEAD", "OPTIONS"}


def _views(app: Flask) -> Iterator[tuple[Rule, object]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            yield rule, app.view_functions[rule.endpoint]


def test_every_writing_route_goes_through_the_one_transaction(app: Flask) -> None:
    outside = [
        str(rule) for rule, view in _views(app) if (rule.methods or set()) & WRITING and not getattr(view, "writes", 0)
    ]

    assert outside == []


def test_reading_routes_open_no_writing_transaction(app: Flask) -> None:
    opened = [
        str(rule) for rule, view in _views(app) if (rule.methods or set()) <= READING and getattr(view, "writes", False)
    ]

    assert opened == []


def test_every_route_declares_who_may_open_it(app: Flask) -> None:
    undeclared = [str(rule) for rule, view in _views(app) if getattr(view, "access", None) is None]

    assert undeclared == []


def test_every_page_that_is_named_is_there(app: Flask) -> None:
    named = re.compile(r"""url_for\(\s*['"]([a-z_]+\.[a-z_]+)['"]""")
    files = [*python_files("examsite/web"), *text_files("examsite/web/templates", ".html")]
    found = {(name, name_of(path)) for path in files for name in named.findall(path.read_text(encoding="utf-8"))}
    first = {(name, "doors") for name in (*DESKS.values(), *WIDE_DESKS.values())}

    assert len(found) > 300
    assert {one for one in found | first if one[0] not in app.view_functions} == set()


def test_endpoints_are_a_verb_and_a_noun_in_an_audience(app: Flask) -> None:
    odd = [rule.endpoint for rule, _view in _views(app) if rule.endpoint.count(".") != 1]

    assert odd == []


def test_no_number_in_an_address_is_larger_than_a_database_keeps(app: Flask) -> None:
    endless = [
        str(rule)
        for rule, _view in _views(app)
        for converter in rule._converters.values()
        if isinstance(converter, IntegerConverter) and (converter.max is None or converter.max > 2**31 - 1)
    ]

    assert endless == []
