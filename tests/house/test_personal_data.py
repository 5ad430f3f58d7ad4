"""The register of data about people names every column that can hold such data, and erasure reaches what it must."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, Enum, LargeBinary, String, Text

from examsite.domain.personal_data import EMPTIED, NOT_ABOUT_PEOPLE, REGISTER, ROWS_DESTROYED, ROWS_EMPTIED, Fate
from examsite.storage import models  # noqa: F401 - its import makes the tables known
from examsite.storage.database import Base
from examsite.web.labels.erasure import PURPOSES

TABLES = Base.metadata.tables
ENTRIES = [entry for holding in REGISTER for entry in holding.columns] + sorted(NOT_ABOUT_PEOPLE)


def _holds_words(column: Column[object]) -> bool:
    if isinstance(column.type, Enum) or column.name == "row_seal":
        return False
    return isinstance(column.type, String | Text | JSON | Date | LargeBinary)


def test_every_column_with_words_is_in_the_register_or_said_to_be_about_nobody() -> None:
    known = set(ENTRIES)
    missing = [
        f"{table.name}.{column.name}"
        for table in TABLES.values()
        for column in table.columns
        if _holds_words(column) and not known & {f"{table.name}.*", f"{table.name}.{column.name}"}
    ]

    assert missing == [], "say in domain/personal_data.py whose data these are, or that they are about nobody"


def test_the_register_names_only_columns_that_there_are_and_none_twice() -> None:
    assert len(set(ENTRIES)) == len(ENTRIES)
    for entry in ENTRIES:
        table, _dot, column = entry.partition(".")
        assert table in TABLES, entry
        assert column == "*" or column in TABLES[table].columns, entry


def test_what_is_to_be_destroyed_is_destroyed() -> None:
    gone = {owned.table for owned in ROWS_DESTROYED} | {"uploads", "login_throttles"}
    # The record log destroys its contents by what they say.
    elsewhere = {"records"}
    forgotten = [
        entry
        for holding in REGISTER
        if holding.fate is Fate.DESTROYED
        for entry in holding.columns
        for table, _dot, column in [entry.partition(".")]
        if table not in gone | elsewhere
        and column not in EMPTIED.get(table, {})
        # A refused person never got a public code, so the whole row goes.
        and entry != "candidacies.refusal_reason"
    ]

    assert forgotten == []


def test_nothing_is_left_hanging_on_a_row_that_goes() -> None:
    """Rows with a key of a row that is deleted are deleted before it, or the database would refuse."""
    gone = {owned.table for owned in ROWS_DESTROYED} | {"uploads"}
    covered = {(owned.table, owned.owner) for owned in (*ROWS_DESTROYED, *ROWS_EMPTIED)}
    for table in TABLES.values():
        for key in table.foreign_keys:
            owner = key.column.table.name
            if owner in gone:
                assert table.name in gone or (table.name, owner) in covered, f"{table.name} hangs on {owner}"


def test_every_kind_of_data_says_what_it_is_for() -> None:
    assert set(PURPOSES) == {holding.kind for holding in REGISTER}
