"""Whatever keeps a gate shut has words, and the words use only what is given with it."""

from __future__ import annotations

import ast
import re

from flask import Flask
from flask_babel import force_locale

from examsite.web.i18n import init_i18n
from examsite.web.labels import MISSING
from tests.house.source import dotted, nodes_of, python_files

PLACEHOLDER = re.compile(r"%\((\w+)\)")


def _stated() -> dict[str, tuple[str, set[str]]]:
    """Every `Missing(…)` in the source: its code, with its place and the names of its params."""
    found: dict[str, tuple[str, set[str]]] = {}
    for path in python_files("examsite"):
        for node, place in nodes_of(path):
            if not (isinstance(node, ast.Call) and dotted(node.func) == "Missing" and node.args):
                continue
            code = node.args[0]
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                params = node.args[2] if len(node.args) > 2 else None
                keys = (
                    {key.value for key in params.keys if isinstance(key, ast.Constant)}
                    if isinstance(params, ast.Dict)
                    else ({"*"} if params is not None else set())
                )
                found[code.value] = (place, {str(key) for key in keys})
    return found


def test_everything_that_is_missing_has_words() -> None:
    stated = _stated()

    assert len(stated) > 15
    assert {f"{code} at {place}" for code, (place, _keys) in stated.items() if code not in MISSING} == set()


def test_words_use_only_what_is_given() -> None:
    app = Flask(__name__)
    init_i18n(app)
    with app.test_request_context(), force_locale("vi"):
        texts = {code: str(text) for code, text in MISSING.items()}
    gaps = {
        f"{code} at {place}"
        for code, (place, keys) in _stated().items()
        if "*" not in keys and set(PLACEHOLDER.findall(texts.get(code, ""))) - keys
    }

    assert gaps == set()
