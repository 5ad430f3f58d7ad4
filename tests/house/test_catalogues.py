"""English is complete beside Vietnamese: every message has a translation with the same placeholders."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from tests.house.source import ROOT

ENGLISH = ROOT / "examsite/translations/en/LC_MESSAGES/messages.po"
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]")


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every message of the pages and labels, collected as `make messages` does."""
    target = tmp_path_factory.mktemp("messages") / "messages.pot"
    # Same directory, same mapping, same keywords as the Makefile.
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        CommandLineInterface().run(
            ["pybabel", "--quiet", "extract", "--mapping", "pyproject.toml", "--keyword", "_l", "-o", str(target), "."]
        )
    return _read(target)


@pytest.fixture(scope="session")
def english(written: Catalog) -> Catalog:
    if not list(written):
        return Catalog(locale="en")
    assert ENGLISH.exists(), "make messages makes the English catalogue"
    return _read(ENGLISH)


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="en", abort_invalid=True)


def _texts(message: Message | None) -> list[str]:
    if message is None:
        return []
    return list(message.string) if isinstance(message.string, tuple | list) else [str(message.string)]


def _source(message: Message) -> str:
    return message.id[0] if isinstance(message.id, tuple | list) else message.id


def _messages(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def test_every_message_has_an_english_text(written: Catalog, english: Catalog) -> None:
    missing = [
        _source(message)
        for message in _messages(written)
        if not all(_texts(english.get(message.id, message.context))) or not english.get(message.id, message.context)
    ]

    assert missing == []


def test_no_translation_is_only_a_guess(english: Catalog) -> None:
    assert [_source(message) for message in _messages(english) if message.fuzzy] == []


def test_translations_fill_in_the_same_values(english: Catalog) -> None:
    different = []
    for message in _messages(english):
        wanted = set(PLACEHOLDER.findall(str(message.id)))
        # "one" and "other" may leave out a number that the words already say.
        given = set(PLACEHOLDER.findall(" ".join(_texts(message))))
        if any(_texts(message)) and wanted != given:
            different.append(_source(message))

    assert different == []


def test_catalogue_holds_nothing_that_no_page_says(written: Catalog, english: Catalog) -> None:
    said = {(_source(message), message.context) for message in _messages(written)}

    assert [_source(item) for item in _messages(english) if (_source(item), item.context) not in said] == []
