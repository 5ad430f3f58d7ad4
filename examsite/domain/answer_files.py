"""The last resort: what a page wrote into an encrypted file when neither network nor server was there.

The file is age v1, to the key of the sitting. Inside stand a first line, an HMAC of the body with the token of the
attempt, and the body: JSON with every version that the page holds. age makes the file tamper-evident; the HMAC says
that it comes from the page of this attempt, because no other candidate has its token.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from examsite.domain.errors import InvalidError
from examsite.domain.rooms import CarriedStanding
from examsite.domain.saves import MAX_BATCH, MAX_NUMBER, Save, read_body, read_saves

MAX_FILE_BYTES: Final = 8 * 1024 * 1024
"""Largest file taken in. Source: our choice, because eight megabytes hold every version of a test many times over."""

MAX_VERSIONS: Final = 1024
"""Most versions in one file. Source: our choice, because a page holds one or two of each question."""

AGE_START: Final = b"age-encryption.org/v1\n"
"""First line of a file in the binary form. Source: age v1 (C2SP). The armoured form is refused: one file, one hash."""

FIRST_LINE: Final = b"examsite answer file 1\n"
"""First line of the content. Source: our choice, because it names the format and its version."""

_IDENTITY_NAME: Final = "age-secret-key-"
_MAC: Final = re.compile(rb"[0-9a-f]{64}\n")
_CODE: Final = re.compile(r"[A-Za-z0-9._-]{1,40}")
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_STEPS: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """The content of an answer file, as the page states it; nothing of it is believed before its HMAC is checked."""

    attempt_id: int
    competition: str
    sitting: str
    candidate_number: str
    #: What the machine's own clock said when the file was saved; evidence only.
    saved_at: str
    #: What the page believed to be left when it was saved. Unit: seconds; None: it never heard from the server.
    remaining_seconds: int | None
    saves: tuple[Save, ...]


def identity_text(seed: bytes) -> str:
    """The age identity (secret key) made from 32 bytes, as age writes it.

    Source: age v1 (C2SP), X25519 identity; Bech32 of BIP 173.
    """
    bits = "".join(f"{byte:08b}" for byte in seed)
    bits += "0" * (-len(bits) % 5)
    words = [int(bits[place : place + 5], 2) for place in range(0, len(bits), 5)]
    expanded = [ord(sign) >> 5 for sign in _IDENTITY_NAME] + [0] + [ord(sign) & 31 for sign in _IDENTITY_NAME]
    rest = _bech32_rest([*expanded, *words, 0, 0, 0, 0, 0, 0]) ^ 1
    words += [(rest >> 5 * (5 - place)) & 31 for place in range(6)]
    return (_IDENTITY_NAME + "1" + "".join(_BECH32[word] for word in words)).upper()


def check_envelope(data: bytes) -> None:
    """Refuse what cannot be an answer file before anything is decrypted.

    Raises:
        InvalidError: `answer_file_too_large`, `answer_file_not_age`.
    """
    if len(data) > MAX_FILE_BYTES:
        raise InvalidError("answer_file_too_large", field="file", megabytes=MAX_FILE_BYTES // 1024**2)
    if not data.startswith(AGE_START):
        raise InvalidError("answer_file_not_age", field="file")


def page_mac(token: str, body: bytes) -> bytes:
    """The HMAC-SHA256 that only a page with this token can make, as 64 hexadecimal digits."""
    return hmac.new(token.encode(), FIRST_LINE + body, hashlib.sha256).hexdigest().encode()


def write_answer_file(body: bytes, token: str) -> bytes:
    """The content of an answer file before its encryption, as the page writes it."""
    return FIRST_LINE + page_mac(token, body) + b"\n" + body


def read_answer_file(content: bytes) -> tuple[AnswerFile, bytes, bytes]:
    """What the decrypted file says, with its HMAC and the body that the HMAC is over.

    Raises:
        InvalidError: `answer_file_malformed`.
    """
    rest = content.removeprefix(FIRST_LINE)
    found = _MAC.match(rest) if content.startswith(FIRST_LINE) else None
    if found is None:
        raise InvalidError("answer_file_malformed", field="file")
    mac, body = rest[:64], rest[found.end() :]
    try:
        return _read(read_body(body)), mac, body
    except InvalidError:
        raise InvalidError("answer_file_malformed", field="file") from None


def check_mac(token: str, body: bytes, mac: bytes) -> None:
    """Refuse a file that no page with this token made.

    Raises:
        InvalidError: `answer_file_forged`.
    """
    if not hmac.compare_digest(page_mac(token, body), mac):
        raise InvalidError("answer_file_forged", field="file")


def standing_of(
    newest: Save, *, held: tuple[int, int] | None, stored_content: str | None, is_of_paper: bool
) -> CarriedStanding:
    """How the newest version of an item in a file stands to what the server holds; nothing is said of its length.

    `held` is the (epoch, number) that counts on the server, `stored_content` what it keeps under the same number.

    Source: our choice, because before the code map is opened a length may tell whose script it is.
    """
    if not is_of_paper:
        return CarriedStanding.FOREIGN
    if stored_content is not None and stored_content != newest.content:
        return CarriedStanding.TAKEN
    if held is not None and (newest.epoch, newest.number) < held:
        return CarriedStanding.OLDER
    return CarriedStanding.NEWER if stored_content is None else CarriedStanding.HELD


def _read(body: object) -> AnswerFile:
    if not isinstance(body, Mapping) or set(body) != {
        *("attempt", "competition", "sitting", "number", "saved_at", "remaining_seconds", "epoch", "saves"),
    }:
        raise InvalidError("answer_file_malformed")
    rows = body["saves"]
    if not isinstance(rows, list) or not 0 < len(rows) <= MAX_VERSIONS:
        raise InvalidError("answer_file_malformed")
    saves: dict[tuple[str, int, int], Save] = {}
    for place in range(0, len(rows), MAX_BATCH):
        for save in read_saves({"epoch": body["epoch"], "saves": rows[place : place + MAX_BATCH]}):
            key = (save.item, save.epoch, save.number)
            if saves.setdefault(key, save).content != save.content:
                raise InvalidError("answer_file_malformed")
    remaining = body["remaining_seconds"]
    return AnswerFile(
        attempt_id=_whole(body["attempt"]),
        competition=_code(body["competition"]),
        sitting=_code(body["sitting"]),
        candidate_number=_code(body["number"]),
        saved_at=_short(body["saved_at"]),
        remaining_seconds=None if remaining is None else _whole(remaining),
        saves=tuple(saves[key] for key in sorted(saves, key=lambda one: (one[1], one[0], one[2]))),
    )


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_NUMBER:
        raise InvalidError("answer_file_malformed")
    return value


def _code(value: object) -> str:
    if not isinstance(value, str) or _CODE.fullmatch(value) is None:
        raise InvalidError("answer_file_malformed")
    return value


def _short(value: object) -> str:
    if not isinstance(value, str) or len(value) > 40 or not value.isprintable():
        raise InvalidError("answer_file_malformed")
    return value


def _bech32_rest(values: list[int]) -> int:
    rest = 1
    for value in values:
        top = rest >> 25
        rest = (rest & 0x1FFFFFF) << 5 ^ value
        for place, step in enumerate(_BECH32_STEPS):
            rest ^= step if top >> place & 1 else 0
    return rest
