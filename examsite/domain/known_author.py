"""Where does a text say what is known of its writer, however it is spelled?

The known words are looked for as they are, and without anything between their letters: joined, spaced out, one syllable
a line, turned round, shortened to initials, typed without the keyboard's accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from examsite.domain.text_folding import FoldedText, fold


class Known(StrEnum):
    """What of the writer a place repeats."""

    NAME = "name"
    UNIT = "unit"
    NUMBER = "number"
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True)
class Author:
    """What is known of the writer; everything may be left empty."""

    names: Collection[str] = ()
    units: Collection[str] = ()
    numbers: Collection[str] = ()
    phones: Collection[str] = ()
    emails: Collection[str] = ()


@dataclass(frozen=True)
class Place:
    """A place of the folded text. Units: code points; confidence in percent."""

    start: int
    end: int
    known: Known
    confidence: int


#: Letters from which on joined words are looked for inside longer ones, too.
# Source: our choice, because ten letters of a name stand in no other word of the language.
_LONG: Final = 10
#: Digits up to which a number must stand in one piece: "0,12" is no candidate number 012. Source: our choice.
_SHORT: Final = 6
#: Letters before and after a name that are looked at. Source: our choice, because no word is longer.
_NEAR: Final = 40
_TAG: Final = re.compile(r"<[^<>\n]{0,40}>")
_LETTERS_FOR_DIGITS: Final = str.maketrans("0134578", "oieastb")
_DIGITS_FOR_LETTERS: Final = str.maketrans("oilesztb", "01135278")
_NOTHING: Final = str.maketrans("", "")
#: Levels of the administration, which a unit's name is said with and without.
_LEVELS: Final = {"huyen", "quan", "tinh", "xa", "phuong", "thanh", "pho", "thi", "tran", "va"}
_UNIT_HEADS: Final = {"phong", "so", "ban", "cuc", "chi", "trung", "van", "vu", "khoa", "to"}
_PRONOUNS: Final = {"tôi", "em", "anh", "chị", "cô", "chú", "bác", "ông", "bà", "thầy"}
#: Marks of the keyboard method Telex. Source: our choice: the letters that the method itself defines.
_TELEX: Final = {
    **{"\u0300": "f", "\u0301": "s", "\u0309": "r", "\u0303": "x", "\u0323": "j"},
    **{"\u0306": "w", "\u031b": "w"},
}
_TONES: Final = frozenset("fsrxj")


def known_places(text: FoldedText, author: Author) -> Iterator[Place]:
    """Every place that repeats what is known."""
    joined = _Joined(text)
    for name in author.names:
        yield from _names(text, joined, name)
    for unit in author.units:
        yield from _units(joined, unit)
    for number in author.numbers:
        yield from _numbers(joined, number, Known.NUMBER)
    for number in author.phones:
        yield from _numbers(joined, _national(number), Known.PHONE)
        if len(_national(number)) >= 9:
            yield from _numbers(joined, _national(number)[1:], Known.PHONE)
    for email in author.emails:
        yield from _emails(joined, email)


class _Joined:
    """The letters and digits of a text without anything between them."""

    def __init__(self, text: FoldedText) -> None:
        hollow = list(text.bare)
        for tag in _TAG.finditer(text.bare):
            hollow[tag.start() : tag.end()] = " " * len(tag[0])
        self._text = text.bare
        self._places = [place for place, char in enumerate(hollow) if char.isalnum()]
        self.letters = "".join(hollow[place] for place in self._places)

    def find(self, words: str, known: Known, confidence: int, *, table: dict[int, int] = _NOTHING) -> Iterator[Place]:
        """Each place of these letters; short ones only where words begin and end."""
        if not words:
            return
        letters = self.letters.translate(table)
        place = letters.find(words)
        while place >= 0:
            start, end = self._places[place], self._places[place + len(words) - 1] + 1
            if len(words) >= _LONG or not self._is_inside(start, end):
                yield Place(start, end, known, confidence)
            place = letters.find(words, place + 1)

    def _is_inside(self, start: int, end: int) -> bool:
        before, after = self._text[start - 1 : start], self._text[end : end + 1]
        return before.isalnum() or after.isalnum()


def _names(text: FoldedText, joined: _Joined, name: str) -> Iterator[Place]:
    words = fold(name).bare.split()
    if len(words) < 2:
        return
    first, given = words[0], words[-1]
    initials = "".join(word[0] for word in words[:-1])
    whole = "".join(words)
    forms = {
        whole: 99,
        "".join(reversed(words)): 95,
        whole[::-1]: 95,
        "".join(_telex(word) for word in unicodedata.normalize("NFC", name).lower().split()): 95,
    }
    if len(words) > 2:
        last_two = "".join(words[-2:])
        forms |= {
            last_two + first: 90,
            "".join(words[1:]) + first: 90,
            initials + given: 90,
            first + initials[1:] + given: 90,
        }
        forms |= {first[:2] + initials[1:] + given: 85, given + initials: 85}
    for form, confidence in forms.items():
        yield from joined.find(form, Known.NAME, confidence)
    yield from joined.find(whole.translate(_LETTERS_FOR_DIGITS), Known.NAME, 90, table=_LETTERS_FOR_DIGITS)
    shown = fold(name).shown.split()
    if len(words) > 2:
        yield from _written(text, r"[ \t\-_]+".join(map(re.escape, shown[-2:])), 75)
        yield from _written(text, r"\.[ \t]?".join(word[0].upper() for word in words) + r"\.?", 65)
    if len(words) > 3:
        yield from _written(text, "".join(word[0].upper() for word in words), 55)
    for place in _written(text, re.escape(shown[-1]), 60):
        if _stands_alone(text.shown, place):
            yield place


def _written(text: FoldedText, pattern: str, confidence: int) -> Iterator[Place]:
    """Places written just so, accents and capitals too."""
    for found in re.finditer(rf"(?<!\w){pattern}(?!\w)", text.shown):
        yield Place(found.start(), found.end(), Known.NAME, confidence)


def _stands_alone(text: str, place: Place) -> bool:
    """Whether a given name is no part of a longer name and no ordinary word at the head of a sentence."""
    before = text[max(0, place.start - _NEAR) : place.start].rstrip(" \t")
    after = text[place.end : place.end + _NEAR].lstrip(" \t")
    neighbour = re.search(r"\w+$", before)
    is_joined = neighbour is not None and neighbour[0][0].isupper() and neighbour[0].lower() not in _PRONOUNS
    return bool(before) and before[-1] not in ".!?\n:-" and not is_joined and not after[:1].isupper()


def _units(joined: _Joined, unit: str) -> Iterator[Place]:
    words = re.findall(r"[^\W_]+", fold(unit).bare)
    if len(words) < 2:
        return
    cut = next((place for place, word in enumerate(words) if place > 1 and word in _LEVELS), len(words))
    forms = {"".join(words): 80, "".join(word for word in words if word not in _LEVELS): 80}
    head = words[:cut]
    if len(head) > 2 and head[0] in _UNIT_HEADS:
        forms["".join(head)] = 75
        forms[head[0] + "".join(word[0] for word in head[1:])] = 75
    for form, confidence in forms.items():
        yield from joined.find(form, Known.UNIT, confidence)


def _numbers(joined: _Joined, number: str, known: Known) -> Iterator[Place]:
    letters = "".join(char for char in fold(number).bare if char.isalnum())
    if len(letters) < 2:
        return
    for place in joined.find(letters, known, 99):
        if len(letters) > _SHORT or not letters.isdigit() or place.end - place.start == len(letters):
            yield place
    if letters.isdigit() and len(letters) >= 9:
        yield from joined.find(letters, known, 90, table=_DIGITS_FOR_LETTERS)
        yield from joined.find(letters[::-1], known, 90)


def _emails(joined: _Joined, email: str) -> Iterator[Place]:
    mailbox = "".join(char for char in fold(email.split("@", maxsplit=1)[0]).bare if char.isalnum())
    if len(mailbox) >= 5:
        yield from joined.find(mailbox, Known.EMAIL, 90)


def _national(number: str) -> str:
    digits = "".join(char for char in fold(number).shown if char.isdigit())
    return "0" + digits[2:] if digits.startswith("84") and len(digits) > 10 else digits


def _telex(word: str) -> str:
    """A syllable as its keys are typed: the mark of a letter behind it, the tone at the end."""
    out, tone = "", ""
    for char in unicodedata.normalize("NFD", word):
        if char == "\u0302":
            out += out[-1:]
        elif _TELEX.get(char, "") in _TONES:
            tone = _TELEX[char]
        else:
            out += "dd" if char == "đ" else _TELEX.get(char, char)
    return out + tone
