"""A test client that refuses pages which break the promises every page makes."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

CONTROLS = {"input", "select", "textarea"}
UNLABELLED_TYPES = {"hidden", "submit", "button"}


class BrokenPageError(AssertionError):
    """The page breaks a promise."""


def hidden_value(page: Element, name: str) -> str:
    """What a page sends back in a hidden field without asking anybody."""
    return next(str(item.get("value", "")) for item in page.iter("input") if item.get("name") == name)


def parse(text: str) -> Element:
    """The page as a tree; not well-formed HTML is an error."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    try:
        tree: Element = parser.parse(text)
    except html5lib.html5parser.ParseError as error:
        raise BrokenPageError(f"not HTML: {error}: {_around(text, parser)}") from error
    return tree


def _around(text: str, parser: Any) -> str:
    (line, column), *_rest = parser.errors[-1] if parser.errors else ((1, 0),)
    return text.splitlines()[line - 1][max(0, column - 80) : column + 40]


def words(element: Element) -> str:
    """The text of an element as read, single spaces."""
    return " ".join("".join(element.itertext()).split())


def find_all(tree: Element, testid: str) -> list[Element]:
    """Elements with this data-testid."""
    return [item for item in tree.iter() if item.get("data-testid") == testid]


def check_page(response: TestResponse) -> Element:
    """The page as a tree, after every promise was looked at."""
    tree = parse(response.text)
    where = f"{response.request.path}: "
    _check(tree.get("lang") in {"vi", "en"}, where + "no language")
    _check(bool(words(tree.find("head/title") or Element("x")) or tree.findtext("head/title")), where + "no title")
    _check(len(list(tree.iter("h1"))) == 1, where + f"{len(list(tree.iter('h1')))} h1")
    twice = [name for name, count in Counter(e.get("id") for e in tree.iter() if e.get("id")).items() if count > 1]
    _check(not twice, where + f"id twice: {twice}")
    ids = {element.get("id") for element in tree.iter() if element.get("id")}
    for element in tree.iter():
        for attribute in ("aria-describedby", "aria-labelledby", "aria-controls"):
            unknown = set((element.get(attribute) or "").split()) - ids
            _check(not unknown, where + f"{attribute} names nothing: {unknown}")
        _check("style" not in element.attrib, where + "style attribute")
        _check(not any(name.startswith("on") for name in element.attrib), where + "event attribute")
    _check_labels(tree, where)
    _check_forms(tree, where)
    policy = response.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'nonce-([\w-]+)'", policy)
    _check(nonce is not None and "unsafe" not in policy, where + "policy: " + policy)
    for script in tree.iter("script"):
        _check(script.get("nonce") == (nonce and nonce[1]), where + "script without the nonce")
    _check(response.headers["X-Content-Type-Options"] == "nosniff", where + "nosniff")
    _check(response.headers["Cache-Control"] == "no-store", where + "cache")
    return tree


def _check_labels(tree: Element, where: str) -> None:
    labelled = {label.get("for") for label in tree.iter("label")}
    inside = {id(control) for label in tree.iter("label") for control in label.iter()}
    for control in tree.iter():
        is_shown = control.get("type") not in UNLABELLED_TYPES and "hidden" not in control.attrib
        if control.tag in CONTROLS and is_shown:
            named = control.get("aria-label") or control.get("aria-labelledby")
            good = named or control.get("id") in labelled or id(control) in inside
            _check(bool(good), where + f"no label: {control.attrib}")
    for image in tree.iter("img"):
        _check("alt" in image.attrib, where + "image without alt")
    for thing in (*tree.iter("button"), *tree.iter("a")):
        _check(bool(words(thing) or thing.get("aria-label")), where + f"nameless {thing.tag}: {thing.attrib}")


def _check_forms(tree: Element, where: str) -> None:
    for form in tree.iter("form"):
        if form.get("method", "get").lower() == "post":
            names = [item.get("name") for item in form.iter("input")]
            _check(names.count("csrf_token") == 1, where + f"{names.count('csrf_token')} csrf tokens")


def _check(good: bool, text: str) -> None:
    if not good:
        raise BrokenPageError(text)


def _as_ever(response: TestResponse) -> bytes:
    """What stands for the page and the headers that are looked at, without what is drawn anew for each answer."""
    policy = response.headers["Content-Security-Policy"]
    text = "\n".join(
        (
            response.text,
            policy,
            *(response.headers.get(name, "") for name in ("X-Content-Type-Options", "Cache-Control")),
        )
    )
    for nonce in re.findall(r"'nonce-([\w-]+)'", policy)[:1]:
        text = text.replace(nonce, "nonce")
    text = re.sub(r'(name="csrf_token"[^>]*value=")[\w.-]+"', r'\1token"', text)
    return hashlib.sha256(text.encode()).digest()


#: Pages that kept every promise before: looked at once in a process, however many tests come past them.
_LOOKED_AT: set[bytes] = set()


class StrictClient(FlaskClient):
    """A browser that looks at every HTML answer, errors included; 500 is never an answer."""

    #: Tree of the newest answer, when it was looked at.
    _tree: Element | None = None

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("buffered", True)  # closes files that are sent, as a server does
        kwargs.setdefault("headers", {})
        if isinstance(kwargs["headers"], dict):
            kwargs["headers"].setdefault("Accept", "text/html,application/xhtml+xml")
        response = super().open(*args, **kwargs)
        response.request.environ["wsgi.input"].close()  # a large form was written to a file
        if response.status_code >= 500 and response.status_code != 503:  # busy is an answer, broken is none
            raise BrokenPageError(f"{response.request.path}: {response.status_code}")
        self._tree = None
        if response.mimetype == "text/html" and response.status_code not in {301, 302, 303, 307, 308}:
            page = _as_ever(response)
            if page not in _LOOKED_AT:
                self._tree = check_page(response)
                _LOOKED_AT.add(page)
        return response

    def page(self, path: str, *, status: int = 200) -> Element:
        """Open an address and give back its tree."""
        response = self.get(path)
        assert response.status_code == status, f"{path}: {response.status_code} {response.headers.get('Location')}"
        return self._tree if self._tree is not None else parse(response.text)

    def token(self, path: str) -> str:
        """The token of the first form on a page; that of the log-out form when the page has no other."""
        tokens = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(path).text)
        assert tokens, f"{path}: no form"
        return str(tokens[-1])

    def submit(
        self, path: str, data: Mapping[str, Any] | None = None, *, form_at: str | None = None, **kwargs: Any
    ) -> TestResponse:
        """Send a form with the token of the page that shows it (`form_at`: another address than the target)."""
        fields = {**(data or {}), "csrf_token": self.token(form_at or path)}
        return self.post(path, data=fields, **kwargs)
