"""One plain spelling of a text, with the way back: what looks alike is alike, what nobody sees is gone.

Decision: whoever searches a text for words searches this, so that a sign that only disguises a word hides nothing;
what is found is told in places of the text as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from examsite.domain.names import strip_accents

#: Letters of other scripts that look like a Latin one.
# Source: Unicode Technical Standard 39, confusables.txt, the letters of Cyrillic, Greek and Latin whose prototype is
# one basic Latin letter.
_LOOK_ALIKES: Final = dict(
    zip(
        "АВЕЅІЈКМНОРСТХҮԌԜаеѕіјкмнорстухһԁԛԝүгв" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορυικτχε" + "ıɑɡʋօսցһոՕՏɩꞌ",
        "ABESIJKMHOPCTXYGWaesijkmhopctyxhdqwyrb" + "ABEZHIKMNOPTYXavopuiktxe" + "iagvouqhnOSi'",
        strict=True,
    )
)
#: Signs that show nothing although their category does not say so.
# Source: Unicode Character Database, DerivedCoreProperties.txt, Default_Ignorable_Code_Point; U+2800 is our choice,
# because the empty Braille pattern is as empty.
_EMPTY: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0")
#: Words for digits without accents, with the ways they are said inside a longer number.
_DIGIT_WORDS: Final = {
    **{"khong": "0", "mot": "1", "hai": "2", "ba": "3", "bon": "4", "tu": "4", "nam": "5", "lam": "5"},
    **{"sau": "6", "bay": "7", "tam": "8", "chin": "9"},
}
_WORD: Final = rf"(?:{'|'.join(_DIGIT_WORDS)})"
#: Source: our choice, because the shortest telephone number has ten digits, and eight of them tell it.
_SPELLED: Final = re.compile(rf"\b{_WORD}(?:[\s,.\-]+{_WORD}){{7,}}\b")


@dataclass(frozen=True)
class FoldedText:
    """A text in its plain spelling, and where each of its letters stood.

    `shown` keeps accents and capitals, `bare` has neither; both have the same length. Units: code points.
    """

    shown: str
    bare: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    #: Where signs stand that show nothing or turn the direction.
    hidden: tuple[int, ...]

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Where a place of the plain spelling stands in the text as it was written."""
        return self.starts[first], self.ends[last - 1]


def fold(text: str) -> FoldedText:
    """The plain spelling: composed, Latin letters, one kind of dash and space, digits as digits, nothing invisible."""
    letters: list[tuple[str, int, int]] = []
    hidden = []
    place = 0
    while place < len(text):
        if _is_hidden(text[place]):
            hidden.append(place)
            place += 1
            continue
        end, cluster = place + 1, text[place]
        while end < len(text) and (unicodedata.category(text[end]) == "Mn" or _is_hidden(text[end])):
            if _is_hidden(text[end]):
                hidden.append(end)
            else:
                cluster += text[end]
            end += 1
        letters += [(char, place, end) for char in _plain(cluster)]
        place = end
    letters = _digits_of_words(letters)
    shown = "".join(char for char, _start, _end in letters)
    bare = "".join(_bare(char) for char in shown)
    return FoldedText(
        shown, bare, tuple(start for _, start, _ in letters), tuple(end for _, _, end in letters), tuple(hidden)
    )


def _is_hidden(char: str) -> bool:
    return char in _EMPTY or unicodedata.category(char) == "Cf"


def _plain(cluster: str) -> str:
    """One letter with its marks; marks that make no letter with it are tricks."""
    base = unicodedata.normalize("NFKC", cluster)
    if not base.isascii():
        split = unicodedata.normalize("NFD", base)
        base = unicodedata.normalize("NFC", "".join(_LOOK_ALIKES.get(char, char) for char in split))
    return "".join(_one(char) for char in base if unicodedata.category(char) not in {"Mn", "Me", "Cf"})


def _one(char: str) -> str:
    if char.isascii():
        return char
    kind = unicodedata.category(char)
    if kind == "Nd":
        return str(unicodedata.digit(char))
    if kind == "Pd" or char == "\u2212":
        return "-"
    if kind in {"Zl", "Zp"}:
        return "\n"
    return " " if kind == "Zs" else char


def _bare(char: str) -> str:
    bare = strip_accents(char).lower()
    return bare if len(bare) == 1 else char


def _digits_of_words(letters: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    bare = "".join(_bare(char) for char, _start, _end in letters)
    for found in reversed(list(_SPELLED.finditer(bare))):
        words = [(found.start() + word.start(), word) for word in re.finditer(r"[a-z]+", found[0])]
        letters[found.start() : found.end()] = [
            (_DIGIT_WORDS[word[0]], letters[first][1], letters[first + len(word[0]) - 1][2]) for first, word in words
        ]
    return letters
