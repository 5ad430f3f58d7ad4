"""Which passwords may be chosen, and how long must someone wait who keeps typing wrong ones?

A password is long rather than odd: at least fifteen signs, any letters of any language, no rules about digits. It is
refused when little is left of it once common words, the person's own words, runs and repeats are taken out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from examsite.domain.errors import InvalidError
from examsite.domain.names import strip_accents


class AccountState(StrEnum):
    """Whether a person may log in."""

    ACTIVE = "active"
    DISABLED = "disabled"


LEAST_PASSWORD_LENGTH: Final = 15
"""Signs of a password that its owner chose. Source: NIST SP 800-63B-4 sec. 3.1.1.2 (15 without a second factor)."""

MOST_PASSWORD_LENGTH: Final = 256
"""Signs that are read at all. Source: our choice, because hashing work must not be chosen by the sender."""

PRINTED_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters of printed passwords. Source: our choice, because none of them look alike on paper."""

PRINTED_LENGTH: Final = 12
"""Letters of a printed password. Source: our choice, because 12 of 31 letters give 59 bits."""

LEAST_OWN_SIGNS: Final = 8
"""Signs that must be left once known words are out. Source: our choice, because 8 unknown letters outlast the waits."""

LEAST_DIFFERENT_SIGNS: Final = 6
"""Different letters and digits in a password. Source: our choice, because fewer are a pattern, not a secret."""

FAILURES_BEFORE_WAIT: Final = 5
"""The wrong try from which on waiting begins. Source: our choice, because honest people rarely mistype five times."""

LONGEST_WAIT_SECONDS: Final = 300
"""Longest wait between two tries. Unit: seconds. Source: our choice, because a candidate must never be locked out."""

# Source: our choice, because these open most lists of leaked passwords, in English, in Vietnamese and of this trade.
_COMMON_TEXT: Final = """
password passwort passw0rd p4ssword pass admin administrator root user guest login welcome letmein
default changeme secret master super system server computer internet qwerty qwertyuiop asdfghjkl
zxcvbnm azerty 1q2w3e4r 1qaz2wsx qazwsx abcdef abc123 iloveyou monkey dragon football baseball
sunshine princess shadow michael superman batman trustno1 whatever freedom summer winter spring
autumn hello google facebook gmail yahoo zalo tiktok youtube microsoft windows samsung iphone
monday tuesday wednesday thursday friday saturday sunday january february march april june july
august september october november december
matkhau mat khau matma dangnhap taikhoan xinchao anhyeuem emyeuanh yeuem yeuanh contraicuame
vietnam haiphong hanoi saigon hochiminh danang cantho thanhpho uyban ubnd sonoivu noivu thanhuy
bonoivu congchuc vienchuc canbo truongphong photruongphong giamdoc lanhdao hoidong thituyen
thisinh kythi baithi chamthi giamsat quantri hethong doclap tudo hanhphuc conghoa xahoi chunghia
examsite exam competition candidate marker council organiser supervisor
nguyen tran hoang phan huynh dang tuan hung dung
"""

#: Longest first, so that a word inside another does not spoil it. Source: our choice, as above.
COMMON_WORDS: Final = tuple(sorted(set(_COMMON_TEXT.split()), key=lambda word: (-len(word), word)))

_RUNS: Final = (
    "0123456789012345678909876543210987654321",
    "abcdefghijklmnopqrstuvwxyzabcdefgzyxwvutsrqponmlkjihgfedcba",
    "qwertyuiopasdfghjklzxcvbnmqwertyuiop",
)

# Source: our choice, because three neighbours happen in words (xyz, 123) and four are a run.
_RUN_LENGTH: Final = 4


def wait_seconds_after(failures: int) -> int:
    """How long the next try must wait after this many wrong ones in a row.

    Units: seconds; 0 for the first four, then 2, 4, 8 … up to five minutes.
    """
    beyond = failures - FAILURES_BEFORE_WAIT
    if beyond < 0:
        return 0
    return min(LONGEST_WAIT_SECONDS, 1 << min(beyond + 1, LONGEST_WAIT_SECONDS.bit_length()))


def login_key(text: str) -> str:
    """A login name as it is compared and counted: NFC, lower case, nothing invisible, at most 80 signs."""
    visible = "".join(char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char)[0] != "C")
    return visible.strip().lower()[:80]


def check_login(text: str) -> str:
    """The login name of an official as it is stored.

    It must not look like a candidate number or an application code, so that one name never means two people.

    Raises:
        InvalidError: `login_not_valid`.
    """
    login = login_key(text)
    if not re.fullmatch(r"[a-z][a-z0-9._-]{2,39}", login) or re.fullmatch(r"[a-z]{1,6}[0-9]{3,}|hs-.*", login):
        raise InvalidError("login_not_valid", field="login")
    return login


def check_new_password(password: str, *, own_words: Iterable[str] = ()) -> None:
    """Refuse a password that is too short, too long, or mostly made of what others would try first.

    Raises:
        InvalidError: `password_too_short`, `password_too_long`, `password_too_common`, `password_like_printed`.
    """
    text = unicodedata.normalize("NFC", password)
    if len(text) < LEAST_PASSWORD_LENGTH:
        raise InvalidError("password_too_short", least=LEAST_PASSWORD_LENGTH)
    if len(text) > MOST_PASSWORD_LENGTH:
        raise InvalidError("password_too_long", most=MOST_PASSWORD_LENGTH)
    signs = _plain(text)
    rest = signs
    words = {_plain(word) for own in own_words for word in (own, *own.split())}
    for word in (*sorted((word for word in words if len(word) > 2), key=len, reverse=True), *COMMON_WORDS):
        rest = rest.replace(word, "")
    rest = _without_runs(re.sub(r"(.{1,6}?)\1+", r"\1", rest))
    if len(rest) < LEAST_OWN_SIGNS or len(set(signs)) < LEAST_DIFFERENT_SIGNS:
        raise InvalidError("password_too_common")
    if normal_printed_password(text) is not None:
        raise InvalidError("password_like_printed")


def normal_printed_password(typed: str) -> str | None:
    """A printed password as it was printed, however its groups and capitals were typed; None if it is not one."""
    letters = "".join(typed.lower().replace("-", " ").split())
    if len(letters) != PRINTED_LENGTH or not set(letters) <= set(PRINTED_ALPHABET):
        return None
    return "-".join(letters[start : start + 4] for start in range(0, PRINTED_LENGTH, 4))


def _plain(text: str) -> str:
    """Letters and digits alone, without accents, small."""
    return "".join(char for char in strip_accents(text).lower() if char.isalnum())


def _without_runs(text: str) -> str:
    for row in _RUNS:
        start = 0
        while start + _RUN_LENGTH <= len(text):
            size = _RUN_LENGTH
            if text[start : start + size] not in row:
                start += 1
                continue
            while start + size < len(text) and text[start : start + size + 1] in row:
                size += 1
            text = text[:start] + text[start + size :]
    return text
