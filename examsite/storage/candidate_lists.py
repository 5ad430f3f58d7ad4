"""Lists of candidates as files: read into a table, kept between preview and confirmation, offered as template."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from examsite.domain.candidate_import import COLUMNS, Cell
from examsite.domain.errors import InvalidError, NotFoundError
from examsite.storage.uploads import INSPECTION_SECONDS

READING = Path(__file__).with_name("sheet_reading.py")

#: Largest list. Unit: bytes.
MOST_BYTES = 2 * 1024 * 1024

#: How long a list waits to be confirmed. Unit: seconds.
# Source: our choice, one day, because a list names people and is needed between two clicks only.
KEPT_SECONDS = 24 * 60 * 60

_ENCODINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

_EXAMPLE = ("Nguyễn Văn An", "05/09/1985", "031085001234", "Sở Nội vụ", "Chuyên viên chính", "P1", "", "", "")


def read_list(path: Path) -> list[list[Cell]]:
    """The cells of a CSV or XLSX, decided by its first bytes.

    Raises:
        InvalidError: `file_damaged`, `file_expands_too_much`, `file_has_macros`, `file_has_active_content`,
            `import_encoding_unknown`, `import_not_a_list`.
    """
    head = path.read_bytes()[:8]
    if head.startswith(b"PK\x03\x04"):
        return _read_xlsx(path)
    if head.startswith((b"\xd0\xcf\x11\xe0", b"%PDF", b"MZ", b"\x7fELF", b"\x89PNG", b"\xff\xd8\xff")):
        raise InvalidError("import_not_a_list")
    return _read_csv(path.read_bytes())


def _read_csv(data: bytes) -> list[list[Cell]]:
    encoding = next((name for mark, name in _ENCODINGS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise InvalidError("import_encoding_unknown") from None
    if "\x00" in text:
        raise InvalidError("import_not_a_list")
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows: list[list[Cell]] = [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error:
        raise InvalidError("import_not_a_list") from None
    return rows


def _read_xlsx(path: Path) -> list[list[Cell]]:
    try:
        done = subprocess.run(  # noqa: S603 - our own script; the path is one that we made
            [sys.executable, "-I", str(READING), str(path)],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=INSPECTION_SECONDS,
            check=False,
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise InvalidError("file_expands_too_much") from None
    refused = answer.get("refused")
    if refused == "file_expands_too_much":
        raise InvalidError("file_expands_too_much")
    if refused == "file_has_macros":
        raise InvalidError("file_has_macros")
    if refused == "file_has_active_content":
        raise InvalidError("file_has_active_content")
    if refused is not None:
        raise InvalidError("file_damaged")
    return [[_cell(value) for value in row] for row in answer["rows"]]


def _cell(value: object) -> Cell:
    if isinstance(value, dict):
        return date.fromisoformat(value["date"])
    return None if value is None else str(value)


def kept_list(uploads_path: Path, competition_id: int, sha256: str) -> Path:
    """Where a list waits between its preview and its confirmation; bound to its competition.

    Raises:
        NotFoundError: `import_not_found`, also for a name that is not a SHA-256.
    """
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise NotFoundError("import_not_found")
    return uploads_path / "lists" / f"{competition_id}-{sha256}"


def keep(path: Path, data: bytes, *, now: datetime) -> None:
    """Write a list down until it is confirmed; lists that nobody has confirmed for a day go."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in path.parent.iterdir():
        if old.stat().st_mtime < now.timestamp() - KEPT_SECONDS:
            old.unlink(missing_ok=True)
    path.write_bytes(data)
    os.utime(path, (now.timestamp(), now.timestamp()))


def csv_template() -> bytes:
    """A list to fill in, as CSV that table programs open with the right letters."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows(_template_rows())
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def xlsx_template() -> bytes:
    """A list to fill in, as XLSX with text cells, so that no leading zero is lost."""
    import openpyxl  # noqa: PLC0415 - only the template needs it here

    book = openpyxl.Workbook()
    sheet = book.active
    for row in _template_rows():
        sheet.append(list(row))
    for column in sheet.iter_cols(min_row=1, max_row=500):
        for cell in column:
            cell.number_format = "@"
    for letter in "ABCDEFGHI":
        sheet.column_dimensions[letter].width = 24
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _template_rows() -> Sequence[Sequence[str]]:
    return [[names[0] for names in COLUMNS.values()], list(_EXAMPLE)]
