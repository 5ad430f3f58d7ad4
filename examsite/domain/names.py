"""How are people's names written, searched and put in order in Vietnamese?

Lists go by the given name, which stands last, then by the rest. The alphabet is a ă â b c d đ e ê … o ô ơ … u ư …;
the six tones decide only between words of the same letters, and capitals only between words of the same tones. Keys
are texts of the signs 0-9 and a-f, so that a database orders them alike whatever its own language is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

ALPHABET: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
"""Letters in order, f j w z at their usual places. Source: Unicode CLDR, collation for `vi`."""

TONES: Final = "\u0300\u0309\u0303\u0301\u0323"
"""Huyền, hỏi, ngã, sắc, nặng; no mark (ngang) stands before them. Source: Unicode CLDR, collation for `vi`."""

_BREVE: Final = "\u0306"
_CIRCUMFLEX: Final = "\u0302"
_HORN: Final = "\u031b"
_LETTER_MARKS: Final = {"a": _BREVE + _CIRCUMFLEX, "e": _CIRCUMFLEX, "o": _CIRCUMFLEX + _HORN, "u": _HORN}

# One key is three levels, each ended by a sign below every weight, so that a shorter word stands first.
_END: Final = "00"
_SHORT_END: Final = "0"
_UNMARKED: Final = "1"


@dataclass(frozen=True)
class _Levels:
    """What decides first (letters), second (tones and other marks) and third (capitals)."""

    letters: str
    tones: str
    capitals: str


def normalise_name(text: str) -> str:
    """The name as it is stored: NFC, one space between words, nothing invisible; capitals stay as they were typed."""
    visible = "".join(char for char in text if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf"))
    return " ".join(unicodedata.normalize("NFC", visible).split())


def strip_accents(text: str) -> str:
    """The text without tones and letter marks, đ as d: for search and for login names, never for display."""
    bare = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", bare.replace("đ", "d").replace("Đ", "D"))


def given_name_key(full_name: str) -> str:
    """A text that orders people by given name (the last word), then by the rest of the name.

    Capitals are asked last of all, so that a list typed partly in capitals is not torn apart.

    Source: Vietnamese practice for lists of persons; the one-word name is its own given name.
    """
    rest, _space, given = normalise_name(full_name).rpartition(" ")
    first, second = _levels(given), _levels(rest)
    return first.letters + first.tones + second.letters + second.tones + first.capitals + second.capitals


def _levels(text: str) -> _Levels:
    letters, tones, capitals = [], [], []
    for base, marks in _clusters(text):
        lower = "đ" if base == "Đ" else base.lower() if base.isascii() else base
        letter, other_marks = _letter_of(lower, marks)
        letters.append(_letter_weight(letter))
        tones.append(_UNMARKED + "".join(_mark_weight(mark) for mark in other_marks))
        capitals.append("2" if lower != base else _UNMARKED)
    return _Levels("".join(letters) + _END, "".join(tones) + _SHORT_END, "".join(capitals) + _SHORT_END)


def _clusters(text: str) -> Iterator[tuple[str, str]]:
    """Each character with the marks that follow it; marks without a character stand as one."""
    base, marks = "", ""
    for char in unicodedata.normalize("NFD", text):
        if base and unicodedata.combining(char):
            marks += char
        else:
            if base:
                yield base, marks
            base, marks = char, ""
    if base:
        yield base, marks


def _letter_of(lower: str, marks: str) -> tuple[str, str]:
    """The letter that the first fitting mark makes, and the marks that are left."""
    for place, mark in enumerate(marks):
        # A mark behind another of its class does not make a letter: the two would be another text in another order.
        blocked = any(unicodedata.combining(earlier) == unicodedata.combining(mark) for earlier in marks[:place])
        if mark in _LETTER_MARKS.get(lower, "") and not blocked:
            return unicodedata.normalize("NFC", lower + mark), marks[:place] + marks[place + 1 :]
    return lower, marks


def _letter_weight(letter: str) -> str:
    """Space, then signs, digits, letters, and everything else by its number; no weight begins another."""
    if letter == " ":
        return "01"
    if letter in ALPHABET:
        return f"{0x20 + ALPHABET.index(letter):02x}"
    if letter.isascii():
        return f"1{letter}" if letter.isdigit() else f"02{ord(letter):02x}"
    return f"ff{ord(letter):06x}"


def _mark_weight(mark: str) -> str:
    """The tone, or any other mark behind all tones."""
    return str(2 + TONES.index(mark)) if mark in TONES else f"f{ord(mark):06x}"
