"""Every reason for a refusal has words, the words use only what the refusal says, and no words are left over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from flask import Flask
from flask_babel import force_locale

from examsite.web.i18n import init_i18n
from examsite.web.labels import ERRORS
from tests.house.source import dotted, nodes_of, python_files

PLACEHOLDER = re.compile(r"%\((\w+)\)")


@dataclass(frozen=True)
class Refusal:
    """One place that raises, with its code and the parameters it gives (None: not readable from the source)."""

    place: str
    code: str | None
    params: frozenset[str] | None


def _error_classes() -> set[str]:
    """DomainError and every class below it, by name."""
    bases = {
        node.name: {dotted(base).rsplit(".", 1)[-1] for base in node.bases}
        for path in python_files()
        for node, _place in nodes_of(path)
        if isinstance(node, ast.ClassDef)
    }
    found = {"DomainError"}
    while more := {name for name, parents in bases.items() if parents & found} - found:
        found |= more
    return found


def _codes(node: ast.expr) -> list[str | None]:
    if isinstance(node, ast.IfExp):
        return [*_codes(node.body), *_codes(node.orelse)]
    return [node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None]


def _refusals() -> Iterator[Refusal]:
    classes = _error_classes()
    for path in python_files():
        for node, place in nodes_of(path):
            if isinstance(node, ast.Call) and dotted(node.func).rsplit(".", 1)[-1] in classes and node.args:
                given = {keyword.arg for keyword in node.keywords}
                params = None if None in given else frozenset(name for name in given if name)
                for code in _codes(node.args[0]):
                    yield Refusal(place, code, params)


@cache
def refusals() -> list[Refusal]:
    """All of them, read when the first test asks: whoever only collects tests does not wait for it."""
    return list(_refusals())


def _texts() -> dict[str, str]:
    app = Flask(__name__)
    init_i18n(app)
    with app.test_request_context(), force_locale("vi"):
        return {code: str(text) for code, text in ERRORS.items()}


def test_refusals_are_found_at_all() -> None:
    assert {refusal.code for refusal in refusals()} >= {"event_not_open", "score_not_readable"}


def test_every_code_that_is_raised_has_words() -> None:
    silent = {f"{refusal.code} at {refusal.place}" for refusal in refusals() if refusal.code not in {None, *ERRORS}}

    assert sorted(silent) == []


def test_words_use_only_what_the_refusal_says() -> None:
    texts = _texts()
    gaps = {
        f"{refusal.code} at {refusal.place} lacks {sorted(missing)}"
        for refusal in refusals()
        if refusal.code in texts and refusal.params is not None
        if (missing := set(PLACEHOLDER.findall(texts[refusal.code])) - refusal.params)
    }

    assert sorted(gaps) == []


def test_no_words_are_left_over() -> None:
    written = {
        node.value
        for path in python_files()
        if "labels" not in path.parts
        for node, _place in nodes_of(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    assert sorted(set(ERRORS) - written) == []


def test_codes_are_snake_case() -> None:
    assert [code for code in ERRORS if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", code)] == []
