"""Lists of candidates: every bad cell is named, nothing is dropped, nothing guessed."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.candidate_import import COLUMNS, Cell, ImportPlan, read_import
from examsite.domain.dossiers import candidate_numbers, check_born_on, missing_items, read_identity_number
from examsite.domain.errors import InvalidError
from examsite.domain.names import normalise_name

HEAD: list[Cell] = [names[0] for names in COLUMNS.values()]
GOOD: list[Cell] = [
    "Trần Quốc Bảo",
    "05/09/1985",
    "031085001234",
    "Sở",
    "Chuyên viên",
    "P1",
    "0912",
    "a@b.vn",
    "Vĩnh Bảo, Hải Phòng",
]
TODAY = date(2026, 3, 16)


def _read(*rows: list[Cell], head: list[Cell] | None = None, taken: tuple[str, ...] = ()) -> ImportPlan:
    return read_import([head or HEAD, *rows], posts=["P1", "P2"], taken=taken, today=TODAY)


def _changed(column: str, value: Cell) -> list[Cell]:
    row = list(GOOD)
    row[list(COLUMNS).index(column)] = value
    return row


def test_a_good_list_is_read() -> None:
    plan = _read(GOOD, [None, "  "], _changed("identity_number", "031085001235"))
    assert plan.is_good
    assert [row.row for row in plan.rows] == [2, 4]


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("full_name", "", "import_cell_empty"),
        ("full_name", "=HYPERLINK(1)", "import_cell_formula"),
        ("full_name", "@SUM(1)", "import_cell_formula"),
        ("unit", "+1+1", "import_cell_formula"),
        ("unit", "-1", "import_cell_formula"),
        ("unit", "x" * 201, "import_cell_too_long"),
        ("born_on", "31/02/1985", "import_date_not_readable"),
        ("born_on", "1985", "import_date_not_readable"),
        ("born_on", "09/05/85", "import_date_not_readable"),
        ("born_on", "01/01/2019", "born_on_not_possible"),
        ("born_on", date(1900, 1, 1), "born_on_not_possible"),
        ("identity_number", "31085001234", "identity_number_not_valid"),
        ("identity_number", "٠٣١٠٨٥٠٠١٢٣٤", "identity_number_not_valid"),
        ("post", "P9", "import_post_unknown"),
        ("phone", "<b>", "import_phone_not_valid"),
        ("email", "a b", "import_email_not_valid"),
        ("hometown", "=cmd|' /C calc'!A0", "import_cell_formula"),
        ("hometown", "+84", "import_cell_formula"),
        ("hometown", "x" * 201, "import_cell_too_long"),
    ],
)
def test_each_bad_cell_is_named(column: str, value: Cell, code: str) -> None:
    plan = _read(GOOD, _changed(column, value) if column == "identity_number" else _other(_changed(column, value)))
    assert [(problem.row, problem.column, problem.code) for problem in plan.problems] == [(3, column, code)]
    assert not plan.is_good


def _other(row: list[Cell]) -> list[Cell]:
    return [*row[:2], "031085009999", *row[3:]]


@pytest.mark.parametrize("value", ["5/9/1985", "05-09-1985", "05.09.1985", "1985-09-05", date(1985, 9, 5)])
def test_dates_are_read_in_the_ways_people_write_them(value: Cell) -> None:
    assert _read(_changed("born_on", value)).rows[0].applicant.born_on == date(1985, 9, 5)


def test_nobody_stands_twice() -> None:
    assert [p.code for p in _read(GOOD, GOOD).problems] == ["import_person_twice"]
    assert [p.code for p in _read(GOOD, taken=("031085001234",)).problems] == ["import_person_known"]


def test_a_cell_outside_the_columns_is_not_lost() -> None:
    assert [p.code for p in _read([*GOOD, "thêm"]).problems] == ["import_cell_beside"]


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (HEAD[:3], "import_columns_missing"),
        ([*HEAD, "Họ tên"], "import_column_twice"),
        ([*HEAD, "Lương"], "import_column_unknown"),
    ],
)
def test_headers_are_checked(head: list[Cell], code: str) -> None:
    with pytest.raises(InvalidError) as refused:
        _read(GOOD, head=head)
    assert refused.value.code == code


def test_english_headers_and_other_normal_forms_are_known() -> None:
    english: list[Cell] = [names[-1].upper() for names in COLUMNS.values()]
    assert _read(GOOD, head=english).is_good
    apart: list[Cell] = [unicodedata.normalize("NFD", str(name)) for name in HEAD]
    name = _read(_changed("full_name", unicodedata.normalize("NFD", "Trần Quốc Bảo")), head=apart).rows[0]
    assert name.applicant.full_name == unicodedata.normalize("NFC", "Trần Quốc Bảo")


def test_the_hometown_may_be_left_out_and_is_kept_as_plain_words() -> None:
    assert _read(GOOD).rows[0].applicant.hometown == "Vĩnh Bảo, Hải Phòng"
    assert _read(_changed("hometown", None)).rows[0].applicant.hometown == ""
    older = _read(GOOD[:-1], head=HEAD[:-1])
    assert (older.is_good, older.rows[0].applicant.hometown) == (True, "")
    hostile = "<script>alert(1)</script>\u202e Hà\u00a0 Nội"
    kept = _read(_changed("hometown", hostile)).rows[0].applicant.hometown
    assert kept == normalise_name(hostile)
    assert "\u202e" not in kept


def test_too_many_and_too_few_rows_are_refused() -> None:
    with pytest.raises(InvalidError, match="import_too_many_rows"):
        _read(*[GOOD] * 2001)
    with pytest.raises(InvalidError, match="import_empty"):
        _read()


@given(st.lists(st.lists(st.text(max_size=30), max_size=9), max_size=6))
def test_every_row_is_either_read_or_complained_about(rows: list[list[str]]) -> None:
    table: list[list[Cell]] = [HEAD, GOOD, *[list(row) for row in rows]]
    plan = read_import(table, posts=["P1"], taken=(), today=TODAY)
    spoken_of = {row.row for row in plan.rows} | {problem.row for problem in plan.problems}
    filled = {number for number, row in enumerate(rows, start=3) if any(normalise_name(cell) for cell in row)}
    assert spoken_of == filled | {2}


def test_numbers_stand_in_one_unbroken_row() -> None:
    assert candidate_numbers("A", 3) == ["A001", "A002", "A003"]
    assert len({len(number) for number in candidate_numbers("A", 1200)}) == 1


def test_identity_numbers_are_read_with_spaces() -> None:
    assert read_identity_number("031 085 001 234") == "031085001234"
    assert read_identity_number("031085001") == "031085001"


def test_the_day_of_coming_of_age_counts() -> None:
    check_born_on(date(2008, 3, 16), today=TODAY)
    with pytest.raises(InvalidError):
        check_born_on(date(2008, 3, 17), today=TODAY)


def test_missing_items_keep_the_order_of_the_checklist() -> None:
    assert missing_items(["a", "b", "c"], ["b", "x"]) == ["a", "c"]
