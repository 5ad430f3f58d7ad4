"""Pages keep the strict content policy by how they are written: nothing inline, nothing from outside."""

from __future__ import annotations

import re

import pytest

from tests.house.machines import declared_machines
from tests.house.source import name_of, text_files

TAG = r"<[a-zA-Z][^<>]*?"
BANNED = {
    "inline script": r"<script(?![^>]*\ssrc\s*=)[^>]*>",
    "script without the nonce of the request": r"<script(?![^>]*\snonce=)[^>]*>",
    "style tag": r"<style\b",
    "style attribute": TAG + r"\sstyle\s*=",
    "event attribute": TAG + r"\son[a-z]+\s*=",
    "script address": r"javascript:",
    "outside address": r"""(?:src|href|action|formaction|poster|data|srcset)\s*=\s*["'](?:https?:)?//""",
    "meta refresh": r"http-equiv\s*=\s*[\"']?refresh",
    "unescaped text": r"\|\s*safe\b|autoescape\s+false",
    "iframe or plug-in": r"<(?:iframe|object|embed|base)\b",
}
TEMPLATES = "examsite/web/templates"
STATIC = "examsite/web/static"


def _without_comments(text: str) -> str:
    return re.sub(r"\{#.*?#\}|<!--.*?-->", lambda hit: "\n" * hit.group().count("\n"), text, flags=re.DOTALL)


@pytest.mark.parametrize("pattern", BANNED.values(), ids=list(BANNED))
def test_templates_hold_no(pattern: str) -> None:
    found = [
        f"{name_of(path)}:{text[: hit.start()].count(chr(10)) + 1}: {hit.group()[:80]}"
        for path in text_files(TEMPLATES, ".html")
        for text in [_without_comments(path.read_text(encoding="utf-8"))]
        for hit in re.finditer(pattern, text, flags=re.IGNORECASE)
    ]

    assert found == []


def test_style_sheets_and_scripts_reach_nothing_outside() -> None:
    outside = [
        f"{name_of(path)}: {hit.group()}"
        for path in text_files(STATIC, ".css", ".js", ".svg")
        for hit in re.finditer(r"(?:https?:)?//[a-z0-9-]+\.[a-z0-9.-]+", path.read_text(encoding="utf-8"))
        if "www.w3.org" not in hit.group()  # name spaces of SVG are names, not addresses
    ]

    assert outside == []


def test_scripts_never_turn_text_into_markup_or_code() -> None:
    risky = re.compile(r"\.(?:innerHTML|outerHTML)\s*[+]?=|insertAdjacentHTML|document\.write|\beval\(|new Function\(")
    found = [
        f"{name_of(path)}: {hit.group()}"
        for path in text_files(STATIC, ".js")
        for hit in risky.finditer(path.read_text(encoding="utf-8"))
    ]

    assert found == []


def test_templates_compare_no_states() -> None:
    """Buttons come from the events that are open; a view may still show its own words such as `mine` or `free`."""
    states = {str(state) for machine in declared_machines().values() for state in type(machine.initial)}
    compared = [
        f"{name_of(path)}: {hit.group()}"
        for path in text_files(TEMPLATES, ".html")
        for hit in re.finditer(
            r"\.state\s*[!=]=\s*[\"'](\w+)[\"']", _without_comments(path.read_text(encoding="utf-8"))
        )
        if hit.group(1) in states
    ]

    assert compared == []
