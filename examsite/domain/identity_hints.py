"""Which places of an answer may tell who wrote it?

For the code board, who looks at each place and decides; a search alone changes nothing. It looks for names of people
(with and without accents), the own unit, telephone, identity and candidate numbers, addresses of mail, signatures.
Names of laws, places and the great dead are left alone.
"""

# ruff: noqa: E501 -- a pattern reads best in one line

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from examsite.domain.known_author import Author, Known, known_places
from examsite.domain.names import strip_accents
from examsite.domain.text_folding import FoldedText, fold
from examsite.domain.vietnamese_names import (
    FAMOUS,
    GIVEN_NAMES,
    MIDDLE_NAMES,
    OFFICES,
    OTHER_SURNAMES,
    PHRASES,
    PLACES,
    PLAIN_SURNAMES,
    PUBLIC_BEFORE,
)


class HintKind(StrEnum):
    """What a place may give away."""

    NAME = "name"
    UNIT = "unit"
    PHONE = "phone"
    IDENTITY_NUMBER = "identity-number"
    EMAIL = "email"
    CANDIDATE_NUMBER = "candidate-number"
    SIGNATURE = "signature"
    #: What somebody is called in a network of friends.
    ONLINE_NAME = "online-name"
    #: Signs that nobody sees, or that turn the direction: a word beside them may read differently than it looks.
    HIDDEN_SIGNS = "hidden-signs"
    #: Marked by a person where the search found nothing.
    BY_HAND = "by-hand"


@dataclass(frozen=True, order=True)
class Hint:
    """A place in the text. Units: code points; confidence in percent."""

    start: int
    end: int
    kind: HintKind = field(compare=False)
    confidence: int = field(compare=False)


NOBODY: Final = Author()
_KIND_OF: Final = {
    Known.NAME: HintKind.NAME,
    Known.UNIT: HintKind.UNIT,
    Known.NUMBER: HintKind.CANDIDATE_NUMBER,
    Known.PHONE: HintKind.PHONE,
    Known.EMAIL: HintKind.EMAIL,
}

#: Signs before and after a place that are shown as its sentence at most. Unit: code points.
# Source: our choice, because a sentence tells whether a name is the writer's, and a whole script would tell too much.
MOST_CONTEXT: Final = 240

_WORD: Final = re.compile(r"[^\W\d_]+")
_GAP: Final = re.compile(r"[ \t\u00a0]+")
_BARE_PLAIN: Final = frozenset(strip_accents(word) for word in PLAIN_SURNAMES)
_BARE_OTHER: Final = frozenset(strip_accents(word) for word in OTHER_SURNAMES)
_BARE_MIDDLE: Final = frozenset(strip_accents(word) for word in MIDDLE_NAMES)
_BARE_GIVEN: Final = frozenset(strip_accents(word) for word in GIVEN_NAMES)
_TRAPS: Final = re.compile("(?:" + "|".join(sorted((*FAMOUS, *PLACES, *PHRASES), key=len, reverse=True)) + r")\b")
_PUBLIC: Final = re.compile(r"\b(?:" + "|".join(sorted(PUBLIC_BEFORE, key=len, reverse=True)) + r")\s+[\"“'‘«]?$")
_MOST_NAME_WORDS: Final = 5

# All patterns below meet the text without accents in small letters, which has the same places.
_TITLE: Final = re.compile(
    r"\b(?:dong chi|d/c|ong|ba|anh|chi|co giao|thay giao|thay|co|chu|bac|em|sep)[ \t]+(?=[^\W\d_])"
)
_STRONG_TITLES: Final = frozenset(
    ("đồng chí", "đ/c", "ông", "bà", "anh", "chị", "thầy", "cô giáo", "thầy giáo", "dong chi", "d/c", "ong", "thay")
)
_WEAK_TITLES: Final = frozenset(("chú", "bác", "cô", "sếp", "em", "ba", "chi", "co", "sep", "thay giao", "co giao"))
_SELF: Final = re.compile(
    r"\b(?:(?:ho (?:va )?ten(?: toi| em| thi sinh)?|ten(?: cua)? toi|ten em|ten day du(?: cua toi)?)(?:[ \t]+la)?[ \t]*[:\-]?"
    r"|(?:toi|em|minh)(?:[ \t]+xin)?[ \t]+(?:ten(?:[ \t]+la)?|ho|la|tu gioi thieu la)|ky ten|(?:mang|goi la|co) ten)[ \t]+"
)
_SIGNATURE: Final = re.compile(
    r"(?:^|(?<=[\n.;!?])[ \t]*)(?:nguoi (?:viet|lam bai|thuc hien|trinh bay|lap|du thi|du tuyen|soan)|thi sinh(?: du thi)?"
    r"|ky ten|nguoi ky|tac gia bai (?:viet|lam)|bai lam cua|ung vien|hoc vien)[ \t]*(?:[:\-–][ \t]*|\n[ \t]*)([^\n]{2,80})",
    re.M,
)
_PHONE: Final = re.compile(r"(?<![\d/.,\w])(?:\(?\+?84\)?|\(?0)(?:[ .\-()]{0,2}\d){8,10}(?![\d/]|[.,]\d)")
_PHONE_SLASHED: Final = re.compile(r"(?<![\d/.,\w])0\d{1,3}(?:/\d{2,3}){2,4}(?![\d/]|[.,]\d)")
_IDENTITY: Final = re.compile(
    r"(?<![\d/.,\w])(?:0\d{2}[ .\-]?\d{3}[ .\-]?\d{3}[ .\-]?\d{3}|0\d{3}[ .\-]\d{4}[ .\-]\d{4})(?![\d/]|[.,]\d)"
)
_NAMED_IDENTITY: Final = re.compile(
    r"\b(?:cccd|cmnd|cmtnd|can cuoc(?: cong dan)?|chung minh (?:nhan dan|thu)|(?:so|ma) dinh danh(?: ca nhan)?|ho chieu"
    r"|so hieu (?:cong chuc|can bo)|ma so (?:bhxh|thue ca nhan))(?:[ \t]+(?:cua toi|so|la|cua em))*[ \t]*[:.\-]?[ \t]*"
    r"((?:[a-z]{1,2})?\d(?:[ .\-]?\d){4,12})"
)
_EMAIL: Final = re.compile(
    r"[a-z0-9][a-z0-9._%+\-]{0,63}[ ]?(?:@|[(\[{](?:at|a|a cong|a moc|@)[)\]}]| a cong | a moc )[ ]?[a-z0-9\-]+"
    r"(?:[ ]?(?:\.|[(\[{](?:dot|cham|\.)[)\]}]| cham )[ ]?[a-z0-9\-]{2,})+"
)
_ONLINE: Final = re.compile(
    r"\b(?:facebook\.com|fb\.com|fb\.me|m\.me|t\.me|zalo\.me|instagram\.com|tiktok\.com)/@?([a-z0-9._\-]{2,})"
    r"|\b(?:zalo|facebook|fb|telegram|viber|tiktok|instagram|messenger|skype|nick)\b"
    r"(?:[ \t]+(?:cua|toi|em|minh|ten|nick|name))*[ \t]*(?::|=|[ \t]la[ \t])[ \t]*@?([^\n,;]{2,40})"
)
_CANDIDATE: Final = re.compile(
    r"\b(?:sbd|so bao danh|ma (?:so )?(?:du thi|thi sinh|ho so|phach)|so phach|so may|cho ngoi so|phong thi so)"
    r"(?:[ \t]+(?:cua toi|cua em|toi|la|so))*[ \t]*[:.\-]?[ \t]*((?:[a-z]{1,4}[ \-.]?)?\d{1,8}(?:[\-.]\d{1,6})?)\b"
)
_UNIT_WORDS: Final = (
    r"(?:phong(?! trao| cach| chong| ngua)|so(?! luong| lieu| ho| bao)|ubnd|uy ban nhan dan|ban(?! than| hanh| lanh| dau)"
    r"|chi cuc|cuc|trung tam|van phong|thanh tra|truong(?! hop| phong| ban)|benh vien|vien(?! chuc)|chi nhanh"
    r"|bao hiem xa hoi|kho bac|hat kiem lam|dang uy|huyen uy|thanh uy|quan uy|hoi(?! nghi| dong)|doi(?! ngu| voi| thoai)"
    r"|to(?! chuc| truong)|khoa(?! hoc)|vu(?! viec)|cong an|toa an|cong ty)"
)
#: A unit reaches to the end of its clause.
_UNIT_BODY: Final = (
    r"[ \t]+[^\n.;:!?()\"“”]{2,90}?"
    r"(?=[.;:!?()\n\"“”]|$|,(?![ \t]*(?:" + _UNIT_WORDS[3:-1] + r"|quan|huyen|thanh pho|tinh|phuong|xa)\b)"
    r"|[ \t](?:toi|em|minh|voi|da|dang|se|tu|trong|noi|nen|va toi|cho|hon|duoc|thi|ma|la|cung|hien|luon|co|nam|khi|de|"
    r"hang|gan|suot|chung|den nay|truoc)\b)"
)
_UNIT_AFTER: Final = re.compile(
    r"\b(?:(?:toi|em|minh|chung toi|ban than(?: toi)?)[ \t]+(?:(?:hien|dang|hien dang|da|tung|da tung|hien nay|vua|se|duoc|hien la"
    r"|van|cung|co)[ \t]+)*"
    r"(?:cong tac|lam viec|phu trach|dieu dong|biet phai|lam|giu chuc[^\n.;,]{0,40}|la[ \t]+(?:can bo|chuyen vien(?: chinh)?|cong chuc|"
    r"vien chuc|nhan vien|pho truong phong|truong phong|pho phong|lanh dao|nguoi)[^\n.;,]{0,25}?)"
    r"(?:[ \t]+(?:tai|o|cua|trong|thuoc|ve|den)|(?=[ \t]" + _UNIT_WORDS + r"\b))"
    r"|(?:cong tac|don vi|co quan)[ \t]+(?:cua[ \t]+)?(?:toi|em|minh|chung toi)(?:[ \t]+(?:hien nay|dang cong tac|hien|cong tac))*"
    r"[ \t]*(?:la|:|,|tai|o|-|–|\()"
    r"|noi[ \t]+(?:toi|em)[ \t]+(?:dang[ \t]+)?(?:cong tac|lam viec)[ \t]*(?:la|:|,|-|–)"
    r"|(?:hien|hien dang|dang|hien nay)[ \t]+(?:cong tac|lam viec)[ \t]+(?:tai|o)"
    r"|don vi cong tac[ \t]*[:\-]|co quan cong tac[ \t]*[:\-]|hien cong tac tai|chuc vu[^\n.;]{0,40}?[,\-]"
    r"|ve (?:cong tac|nhan cong tac|nhan nhiem vu) (?:tai|o)|thuc tien(?: cong tac)? (?:tai|o)(?= [^\n.]{0,80}\b(?:toi|chung toi)\b))"
    r"[ \t]*(" + _UNIT_WORDS + r"\b" + _UNIT_BODY + ")"
)
_UNIT_BEFORE: Final = re.compile(
    r"\b("
    + _UNIT_WORDS
    + r"[ \t]+[^\n.;:!?()\"“”,]{2,80}?(?:,[ \t]*"
    + _UNIT_WORDS
    + r"[ \t]+[^\n.;:!?()\"“”,]{2,60}?)?)"
    r"[ \t]*[,(\-–]?[ \t]*(?:noi|don vi|co quan|ma|cho|la noi|la don vi|la co quan)[ \t]+(?:ma[ \t]+)?(?:toi|em|minh|chung toi)\b"
    r"(?:[ \t]+(?:dang|hien|hien dang|da|tung|da tung))*[ \t]+(?:cong tac|lam viec|gan bo|phuc vu|phu trach|truc thuoc)"
)
_UNIT_OURS: Final = re.compile(
    r"\b("
    + _UNIT_WORDS
    + r"[ \t]+(?:[^\n.;:!?()\"“”, ]+[ \t]+){1,9}?)(?:cua[ \t]+)?(?:chung toi|toi|ta day)\b(?![ \t]+(?:se|can|phai|muon|cho rang|de xuat|kien nghi|nghi|xin|mong|thay|du kien|nhan thay|xac dinh))"
)
_IF: Final = re.compile(r"\b(?:neu|gia su|gia dinh|truong hop|voi cuong vi|tren cuong vi|trong vai)\b[^\n.;!?]{0,60}$")
_DIGIT: Final = re.compile(r"\d")


def find_hints(text: str, author: Author = NOBODY) -> list[Hint]:
    """Every place that may tell who wrote the text, in order; places that overlap are one."""
    folded = fold(text)
    found = [
        *_numbers(folded.bare),
        *_signatures(folded.shown, folded.bare),
        *_names(folded.shown, folded.bare),
        *_units(folded.shown, folded.bare),
        *_of_author(folded, author),
    ]
    written = [Hint(*folded.span(hint.start, hint.end), hint.kind, hint.confidence) for hint in found]
    return _merged([*written, *_hidden_signs(text, folded.hidden)])


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence of a place begins and ends, at most `MOST_CONTEXT` signs to either side."""
    first, last = max(0, start - MOST_CONTEXT), min(len(text), end + MOST_CONTEXT)
    breaks = [found.end() for found in re.finditer(r"[.!?]\s+|\n+", text[first:start])]
    behind = re.search(r"[.!?](?:\s|$)|\n", text[end:last])
    return first + (breaks[-1] if breaks else 0), end + (behind.start() + 1 if behind else last - end)


def covered(text: str, spans: Collection[tuple[int, int]], cover: str = "[…]") -> str:
    """The text with each span replaced; spans that touch or overlap are covered once."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    for start, end in reversed(joined):
        text = text[:start] + cover + text[end:]
    return text


# --- numbers, addresses, signatures ----------------------------------------------------------------------------------


def _numbers(small: str) -> Iterator[Hint]:
    for found in _EMAIL.finditer(small):
        yield Hint(found.start(), found.end(), HintKind.EMAIL, 95)
    for found in _NAMED_IDENTITY.finditer(small):
        yield Hint(found.start(1), found.end(1), HintKind.IDENTITY_NUMBER, 95)
    for found in _CANDIDATE.finditer(small):
        yield Hint(found.start(1), found.end(1), HintKind.CANDIDATE_NUMBER, 90)
    for found in _IDENTITY.finditer(small):
        yield Hint(found.start(), found.end(), HintKind.IDENTITY_NUMBER, 80)
    for found in _ONLINE.finditer(small):
        yield Hint(*found.span(found.lastindex or 0), HintKind.ONLINE_NAME, 85)
    for found in (*_PHONE.finditer(small), *_PHONE_SLASHED.finditer(small)):
        digits = "".join(_DIGIT.findall(found[0]))
        national = "0" + digits[2:] if digits.startswith("84") and len(digits) > 10 else digits
        is_mobile = len(national) == 10 and national[1] in "35789"
        is_fixed = len(national) in {10, 11} and national[1] == "2"
        if is_mobile or is_fixed:
            yield Hint(found.start(), found.end(), HintKind.PHONE, 90)


def _signatures(text: str, small: str) -> Iterator[Hint]:
    for found in _SIGNATURE.finditer(small):
        words = list(_WORD.finditer(text, found.start(1), found.end(1)))
        large = [word for word in words if word[0][0].isupper()]
        if words and len(large) * 2 >= len(words) and small[words[0].start() : words[0].end()] not in OFFICES:
            yield Hint(found.start(1), words[-1].end(), HintKind.SIGNATURE, 95)


# --- names -----------------------------------------------------------------------------------------------------------


def _names(text: str, small: str) -> Iterator[Hint]:
    for found in _SELF.finditer(small):
        yield from _name_behind(text, small, found.end(), strong=90, weak=70)
    for found in _TITLE.finditer(small):
        yield from _title_name(text, small, found.end(), text[found.start() : found.end()].strip().lower())
    end = 0
    for word in _WORD.finditer(text):
        if word.start() < end or not word[0][0].isupper():
            continue
        run = _run_of_large(text, word.start())
        end = run[-1][1]
        name = _name_in(text, small, run)
        if name is not None:
            yield name


def _run_of_large(text: str, start: int) -> list[tuple[int, int]]:
    """Words written large, one space between, from here on."""
    run, place = [], start
    while (word := _WORD.match(text, place)) and word[0][0].isupper():
        run.append(word.span())
        gap = _GAP.match(text, word.end())
        if gap is None:
            break
        place = gap.end()
    return run


def _name_in(text: str, small: str, run: list[tuple[int, int]]) -> Hint | None:
    """The full name that stands in a run of words written large, if one does."""
    for first in range(min(len(run), 4)):
        start = run[first][0]
        trap = _TRAPS.match(small, start)
        if trap is not None:
            return None
        left = run[first:]
        if len(left) < 2 or len(left) > _MOST_NAME_WORDS or _is_shouted_heading(text, left):
            continue
        words = [small[begin:end] for begin, end in left]
        sure = _sureness(text[left[0][0] : left[0][1]].lower(), words, is_bare=text[start : left[-1][1]].isascii())
        if sure and not _PUBLIC.search(small, max(0, start - 40), start):
            return Hint(start, left[-1][1], HintKind.NAME, sure)
    return None


def _is_shouted_heading(text: str, run: list[tuple[int, int]]) -> bool:
    """Capitals throughout are a heading, unless the words are few enough for a name."""
    shouted = all(text[begin:end].isupper() and end - begin > 1 for begin, end in run)
    return shouted and not 3 <= len(run) <= 4


def _sureness(surname: str, words: list[str], *, is_bare: bool) -> int:
    """How surely words (without accents) are a name; 0: they are none."""
    is_plain = words[0] in _BARE_PLAIN if is_bare else surname in PLAIN_SURNAMES
    is_other = words[0] in _BARE_OTHER if is_bare else surname in OTHER_SURNAMES
    if not is_plain and not is_other:
        return 0
    has_given = words[-1] in _BARE_GIVEN
    has_middle = len(words) > 2 and words[1] in _BARE_MIDDLE
    if len(words) == 2:
        return 65 if has_given and is_plain else 0
    if is_plain:
        return 90 if has_given or has_middle else 0 if is_bare else 60
    return 80 if has_middle and (has_given or not is_bare) else 60 if has_given and not is_bare else 0


def _title_name(text: str, small: str, start: int, title: str) -> Iterator[Hint]:
    """A person behind a title, also by the given name alone; a title without accents wants a name without them."""
    run = _run_of_large(text, start)
    if title.isascii() and title != "anh" and run and not text[run[0][0] : run[0][1]].isascii():
        return
    if title in _STRONG_TITLES:
        yield from _name_behind(text, small, start, strong=90, weak=75)
    elif title in _WEAK_TITLES:
        yield from _name_behind(text, small, start, strong=80, weak=60)


def _name_behind(text: str, small: str, start: int, *, strong: int, weak: int) -> Iterator[Hint]:
    """A name that begins here: a surname with more words, or, where `weak` is not 0, a given name alone."""
    quote = re.compile(r"[\"“'(]?").match(text, start)
    place = quote.end() if quote else start
    if _TRAPS.match(small, place) or _PUBLIC.search(small, max(0, place - 40), place):
        return
    run = _run_of_large(text, place)[:_MOST_NAME_WORDS]
    words = [small[begin:end] for begin, end in run]
    if not run:
        yield from _small_name(small, place, strong)
    elif words[0] in _BARE_PLAIN | _BARE_OTHER and len(words) > 1:
        yield Hint(place, run[-1][1], HintKind.NAME, strong)
    elif weak and len(words) <= 3 and _is_given(text[run[0][0] : run[0][1]]) and words[-1] in _BARE_GIVEN:
        yield Hint(place, run[-1][1], HintKind.NAME, weak)


def _is_given(word: str) -> bool:
    """Whether a word is no office: with accents it must be a given name itself."""
    small = word.lower()
    return small not in OFFICES if small.isascii() else small in GIVEN_NAMES


def _small_name(small: str, place: int, confidence: int) -> Iterator[Hint]:
    """A name typed in small letters after words that announce one."""
    words: list[re.Match[str]] = []
    while len(words) < 4 and (word := _WORD.match(small, place)):
        words.append(word)
        gap = _GAP.match(small, word.end())
        if gap is None:
            break
        place = gap.end()
    if len(words) < 3 or words[0][0] not in _BARE_PLAIN or words[1][0] not in _BARE_MIDDLE:
        return
    last = 3 if len(words) > 3 and words[2][0] in _BARE_MIDDLE and words[3][0] in _BARE_GIVEN else 2
    if words[last][0] in _BARE_GIVEN:
        yield Hint(words[0].start(), words[last].end(), HintKind.NAME, confidence)


# --- units -----------------------------------------------------------------------------------------------------------


def _units(text: str, small: str) -> Iterator[Hint]:
    for pattern in (_UNIT_AFTER, _UNIT_BEFORE, _UNIT_OURS):
        for found in pattern.finditer(small):
            start, end = found.span(1)
            end = start + len(small[start:end].rstrip(" ,\t-–"))
            names_one = any(char.isupper() for char in text[start:end])
            if names_one and not _IF.search(small, max(0, found.start() - 80), found.start()):
                yield Hint(start, end, HintKind.UNIT, 85)


def _of_author(folded: FoldedText, author: Author) -> Iterator[Hint]:
    for place in known_places(folded, author):
        yield Hint(place.start, place.end, _KIND_OF[place.known], place.confidence)


def _hidden_signs(text: str, places: Collection[int]) -> Iterator[Hint]:
    """The words that hold such signs; a person sees them with the words around."""
    end = -1
    for place in places:
        if place < end:
            continue
        start, end = place, place + 1
        while start > 0 and not text[start - 1].isspace():
            start -= 1
        while end < len(text) and not text[end].isspace():
            end += 1
        yield Hint(start, end, HintKind.HIDDEN_SIGNS, 70)


def _merged(hints: list[Hint]) -> list[Hint]:
    out: list[Hint] = []
    for hint in sorted(hints, key=lambda item: (item.start, -item.end)):
        if out and hint.start < out[-1].end:
            last = out[-1]
            best = max((last, hint), key=lambda item: item.confidence)
            out[-1] = Hint(last.start, max(last.end, hint.end), best.kind, best.confidence)
        else:
            out.append(hint)
    return out
