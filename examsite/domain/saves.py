"""What a page sends to be kept, and how it is kept: any JSON value, as text, whole.

Only the envelope (which question, which number, how large) is looked at. The content of an answer is never judged
here: what no reader can use is stored all the same.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from examsite.domain.canonical import canonical_bytes
from examsite.domain.errors import InvalidError

MAX_SAVE_BYTES: Final = 256 * 1024
"""Largest content of one save. Source: our choice, because it holds eighty pages; it limits transport, not answers."""

MAX_BATCH: Final = 64
"""Most saves in one call. Source: our choice, because a paper has fewer questions and the rest can follow at once."""

MAX_NUMBER: Final = 2**31 - 1
"""Largest epoch and number of a save. Source: our choice, because every database keeps it in one integer."""

FLAGS: Final = "flags"
"""Name under which the questions marked for review are kept, beside the items of the paper."""

_ITEM: Final = re.compile(r"[A-Za-z0-9._-]{1,20}")
_LONGEST_INTEGER: Final = 300
_ENDLESS: Final = (json.loads("1e999"), json.loads("-1e999"))


@dataclass(frozen=True, slots=True)
class Save:
    """One version of one answer on its way into the store; `content` is JSON text."""

    item: str
    epoch: int
    number: int
    content: str


def read_body(body: bytes) -> object:
    """The JSON value that a page sent.

    Raises:
        InvalidError: `body_not_json`.
    """
    try:
        value: object = _read_json(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise InvalidError("body_not_json") from None
    return value


def read_epoch(body: object) -> int:
    """The epoch of the page.

    Raises:
        InvalidError: `batch_malformed`, with the `field` at fault.
    """
    if not isinstance(body, Mapping):
        raise InvalidError("batch_malformed", field="body")
    return _count(body.get("epoch"), "epoch", least=0)


def read_saves(body: object) -> list[Save]:
    """The saves of a batch, in the order sent; a save may name an older epoch of its own.

    Raises:
        InvalidError: `batch_malformed`, with the `field` at fault; `batch_too_long`, `save_too_large`: send less.
    """
    epoch = read_epoch(body)
    rows = body.get("saves") if isinstance(body, Mapping) else None
    if not isinstance(rows, list):
        raise InvalidError("batch_malformed", field="saves")
    if len(rows) > MAX_BATCH:
        raise InvalidError("batch_too_long", most=MAX_BATCH)
    return [_read_save(row, epoch, f"saves[{place}]") for place, row in enumerate(rows)]


def _read_save(row: object, epoch: int, place: str) -> Save:
    if not isinstance(row, Mapping):
        raise InvalidError("batch_malformed", field=place)
    item = row.get("item")
    if not isinstance(item, str) or _ITEM.fullmatch(item) is None:
        raise InvalidError("batch_malformed", field=f"{place}.item")
    if "content" not in row:
        raise InvalidError("batch_malformed", field=f"{place}.content")
    own_epoch = _count(row.get("epoch", epoch), f"{place}.epoch", least=0)
    number = _count(row.get("number"), f"{place}.number", least=1)
    content = content_text(row["content"])
    if len(content.encode("utf-8")) > MAX_SAVE_BYTES:
        raise InvalidError("save_too_large", item=item, number=number, most=MAX_SAVE_BYTES)
    return Save(item=item, epoch=own_epoch, number=number, content=content)


def content_text(content: object) -> str:
    """The content as the JSON text that is stored: text in NFC, readable letters, nothing a database would refuse.

    Control characters are escaped by JSON; a lone half of a character pair keeps its escape.

    Raises:
        InvalidError: `body_not_json`, for nests deeper than any program reads.
    """
    value = _nfc(content)
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    except RecursionError:
        raise InvalidError("body_not_json") from None
    return text


def content_of(text: str) -> object:
    """The value that `content_text` wrote."""
    value: object = _read_json(text)
    return value


def recorded_content(text: str) -> object:
    """The content as the record log may hold it: the value itself where it has a canonical form, else its text.

    Numbers with a fraction, halves of character pairs and deep nests have none; their JSON text, in plain ASCII, has.
    """
    try:
        value = content_of(text)
        canonical_bytes(value)
    except (InvalidError, ValueError, RecursionError):
        return {"json": text.encode("ascii", "backslashreplace").decode("ascii")}
    return value


def saves_hash(saves: Iterable[Save]) -> str:
    """One hash over what was stored, in the order sent; the page compares it with its own."""
    digest = hashlib.sha256()
    for save in saves:
        digest.update(f"{save.item}\n{save.epoch}\n{save.number}\n".encode())
        digest.update(save.content.encode("utf-8") + b"\n")
    return digest.hexdigest()


def _nfc(content: object) -> object:
    """Texts of answers in NFC; every other shape stays as it was sent."""
    if isinstance(content, str):
        return unicodedata.normalize("NFC", content)
    if isinstance(content, list):
        return [unicodedata.normalize("NFC", one) if isinstance(one, str) else one for one in content]
    return content


def _read_json(text: str) -> object:
    """The value of a JSON text; what would not come out as JSON again is kept as the text that was sent."""
    value: object = json.loads(text, parse_int=_integer, parse_float=_fraction, parse_constant=str)
    return value


def _integer(digits: str) -> int | str:
    # Python refuses to read endless numbers; their digits are kept as text instead.
    return int(digits) if len(digits) <= _LONGEST_INTEGER else digits


def _fraction(digits: str) -> object:
    # Numbers beyond what JSON's readers hold would be written as Infinity, which none of them knows.
    value: object = json.loads(digits)
    return digits if value in _ENDLESS else value


def _count(value: object, field: str, *, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_NUMBER:
        raise InvalidError("batch_malformed", field=field)
    return value
