"""Sheets of split keys on paper: one page for each key, to be folded in thirds so that the words lie inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from examsite.storage.printing import HEIGHT, MARGIN, WIDTH, PlacedLine, broken_lines, drawn_pages

_COLUMNS = 3
_HEAD, _FOLD_INSIDE, _FOLD_OVER = HEIGHT - 60, HEIGHT * 2 / 3, HEIGHT / 3
_SMALL, _PLAIN, _WORD, _TITLE = 9.0, 11.5, 13.0, 17.0


@dataclass(frozen=True)
class PrintedSheet:
    """One sheet as it is printed."""

    #: What the key opens, e.g. "mở đề P1-A".
    purpose: str
    #: "Kỳ thi tuyển VH-2026-01 · Sở Nội vụ".
    competition: str
    #: Who holds it: name, pseudonym, board.
    holder: str
    number: int
    holders: int
    needed: int
    words: str


def print_key_sheets(sheets: Sequence[PrintedSheet]) -> bytes:
    """A PDF with one page for each sheet."""
    return drawn_pages([_page(sheet) for sheet in sheets])


def _page(sheet: PrintedSheet) -> list[PlacedLine]:
    lines: list[PlacedLine] = []
    up: float = _HEAD

    def put(text: str, size: float) -> None:
        nonlocal up
        for line in broken_lines(text, size):
            lines.append(PlacedLine(line, size, MARGIN, up))
            up -= size * 1.5

    put(sheet.competition, _PLAIN)
    up -= 6
    put(f"Tờ khóa {sheet.number} trong {sheet.holders}: {sheet.purpose}", _TITLE)
    put(f"Người giữ: {sheet.holder}", _PLAIN)
    up -= 6
    put(
        f"Cần {sheet.needed} trong {sheet.holders} tờ mới mở được. Không chụp ảnh, không gửi qua mạng, không đọc cho "
        "ai. Ngày mở, mang tờ này đến và tự nhập các từ theo số.",
        _PLAIN,
    )
    up -= 14
    put("Ngày nhận, người giữ ký: ..............................................................", _PLAIN)
    lines.append(_fold("Gấp lần 2 theo đường này", _FOLD_INSIDE))
    words = sheet.words.split()
    rows = -(-len(words) // _COLUMNS)
    step = (_FOLD_INSIDE - _FOLD_OVER - 46) / rows
    width = (WIDTH - 2 * MARGIN) / _COLUMNS
    for place, word in enumerate(words):
        column, row = divmod(place, rows)
        left, up = MARGIN + column * width, _FOLD_INSIDE - 34 - row * step
        lines.append(PlacedLine(f"{place + 1:>2}", _PLAIN, left, up))
        lines.append(PlacedLine(word, _WORD, left + 26, up))
    lines.append(
        _fold("Gấp lần 1: đưa phần dưới lên theo đường này, che kín các từ, dán mép và ký lên mép dán", _FOLD_OVER)
    )
    return lines


def _fold(text: str, up: float) -> PlacedLine:
    return PlacedLine(f"- - -  {text}  - - -", _SMALL, MARGIN, up)
