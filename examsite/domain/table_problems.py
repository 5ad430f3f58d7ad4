"""What can be wrong with a row of a table, when it is held against its seal and the record log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TableProblem:
    """One row that does not stand as the product wrote it or as the log says.

    Codes: `row_changed` (its seal is broken), `row_unreadable` (it holds what its columns cannot hold, and what else it
    was held against is not checked until it is mended), `check_failed` (a check met what nobody foresaw),
    `value_differs` (a column says something else than the record), `record_missing` (it names a record that is not
    there, or none says it), `file_differs` (an uploaded file is gone or holds other bytes), `row_missing` (a record
    without its row), `reference_lost` (it names a row that is not there); of erasures `erased_unrecorded` (gone without
    a record) and `not_erased` (there in spite of one).
    """

    table: str
    #: Primary key; None for a row that is gone.
    row: int | None
    code: str
    column: str = ""
    #: Number of the record that says otherwise.
    seq: int | None = None
    event: str = ""
