"""What a row of a table says that the record log says too: one statement for each row that an act left behind.

A statement names the row, the record that it appeals to, and each value as that record must hold it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from examsite.domain.events import Event


@dataclass(frozen=True)
class RowStatement:
    """What one row says about the record it names."""

    table: str
    row: int
    seq: int | None
    events: tuple[Event, ...]
    #: {column: (member of the content, value that it must have)}.
    members: Mapping[str, tuple[str, object]]
    #: The subject and the actor that the record must have, with the column that says so; None: not told by the row.
    subject: tuple[str, str] | None = None
    actor: tuple[str, str] | None = None
    #: Problems that the row shows by itself, by column.
    faults: tuple[str, ...] = ()
