"""Turns an XLSX into plain rows. Run as a process of its own, under hard limits, on a file that nobody trusts yet.

Prints JSON: `{"rows": [[cell, …], …]}` with a cell as text, `{"date": "2026-01-31"}` or null; or `{"refused": code}`.
Formulas come out as their text, so that the rules can refuse them.
"""

from __future__ import annotations

import datetime as dates
import json
import resource
import sys
import warnings
import zipfile

# Source: our choice, because a list of two thousand people stays far below.
CPU_SECONDS = 10
MEMORY_BYTES = 600 * 1024 * 1024
MOST_ROWS = 2100
MOST_COLUMNS = 40
MOST_TEXT = 600
MOST_UNPACKED_BYTES = 60 * 1024 * 1024


def read(path: str) -> dict[str, object]:
    """The rows of the first sheet."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > 1000 or sum(entry.file_size for entry in entries) > MOST_UNPACKED_BYTES:
                return {"refused": "file_expands_too_much"}
            if any("vbaproject" in entry.filename.lower() for entry in entries):
                return {"refused": "file_has_macros"}
            for entry in entries:
                if b"<!DOCTYPE" in archive.read(entry)[:2000].upper():
                    return {"refused": "file_has_active_content"}
        return {"rows": _rows(path)}
    except MemoryError:
        return {"refused": "file_expands_too_much"}
    except Exception:
        return {"refused": "file_damaged"}


def _rows(path: str) -> list[list[object]]:
    import openpyxl  # noqa: PLC0415 - not needed to refuse

    warnings.simplefilter("ignore")
    rows: list[list[object]] = []
    with open(path, "rb") as file:  # noqa: PTH123 - by its name it would be asked for an ending
        book = openpyxl.load_workbook(file, read_only=True, data_only=False, keep_links=False)
        for row in book.worksheets[0].iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS, values_only=True):
            rows.append([_cell(value) for value in row])
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def _cell(value: object) -> object:
    if value is None:
        return None
    if isinstance(value, dates.datetime):
        return {"date": value.date().isoformat()}
    if isinstance(value, dates.date):
        return {"date": value.isoformat()}
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)[:MOST_TEXT]


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.stdout.write(json.dumps(read(sys.argv[1])) + "\n")
