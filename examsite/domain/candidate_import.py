"""Which rows of a list of candidates can be taken over, and what is wrong with each of the others?

Pure rules over a table of cells. Nothing is dropped and nothing guessed: a list with one bad row is not taken over.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from examsite.domain.dossiers import Applicant, check_born_on, read_identity_number
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.names import normalise_name, strip_accents

Cell = str | date | None

MOST_ROWS: Final = 2000
"""Rows of one list. Source: our choice, because no competition of section heads comes near."""

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "full_name": ("Họ và tên", "Họ tên", "Full name", "Name"),
    "born_on": ("Ngày sinh", "Ngày tháng năm sinh", "Date of birth", "Born on"),
    "identity_number": ("Số định danh", "Số định danh cá nhân", "Số CCCD", "CCCD", "Identity number"),
    "unit": ("Đơn vị công tác", "Đơn vị", "Unit"),
    "position_title": ("Chức vụ hiện nay", "Chức vụ", "Position"),
    "post": ("Mã chức danh dự tuyển", "Mã chức danh", "Post code", "Post"),
    "phone": ("Điện thoại", "Số điện thoại", "Phone"),
    "email": ("Thư điện tử", "Email", "E-mail"),
    "hometown": ("Quê quán", "Nguyên quán", "Hometown"),
}
"""Names of the columns, the first as in our template. Source: our choice, because lists come with these names."""

OPTIONAL: Final = frozenset({"phone", "email", "hometown"})

_LENGTHS: Final = {
    "full_name": 200,
    "unit": 200,
    "position_title": 200,
    "post": 20,
    "phone": 30,
    "email": 200,
    "hometown": 200,
}

_DATE: Final = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})|([0-9]{4})-([0-9]{2})-([0-9]{2})")


@dataclass(frozen=True)
class Problem:
    """What is wrong in one place: the row as people count it (the header is 1), the column, and a code with words."""

    row: int
    column: str
    code: str
    params: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class ImportRow:
    """One person who can be taken over."""

    row: int
    post: str
    applicant: Applicant


@dataclass(frozen=True)
class ImportPlan:
    """A list as it was read: who would be taken over, and everything that stands against it."""

    rows: tuple[ImportRow, ...]
    problems: tuple[Problem, ...]

    @property
    def is_good(self) -> bool:
        """Whether the list can be taken over as a whole."""
        return bool(self.rows) and not self.problems


def read_import(
    table: Sequence[Sequence[Cell]], *, posts: Collection[str], taken: Collection[str], today: date
) -> ImportPlan:
    """Read a table whose first row names the columns; `taken` are identity numbers that stand already.

    Raises:
        InvalidError: `import_empty`, `import_too_many_rows`, `import_columns_missing`, `import_column_unknown`,
            `import_column_twice`.
    """
    filled = [(number, row) for number, row in enumerate(table, start=1) if any(_text(cell) for cell in row)]
    if len(filled) < 2:
        raise InvalidError("import_empty")
    if len(filled) - 1 > MOST_ROWS:
        raise InvalidError("import_too_many_rows", most=MOST_ROWS)
    places = _columns(filled[0][1])
    rows: list[ImportRow] = []
    problems: list[Problem] = []
    first_rows: dict[str, int] = {}
    for number, row in filled[1:]:
        values = {key: row[place] if place < len(row) else None for key, place in places.items()}
        found, wrong = _read_row(number, values, posts=posts, today=today)
        # A cell beside the known columns would be dropped in silence.
        wrong += [
            Problem(number, "", "import_cell_beside", (("text", _text(cell)[:40]),))
            for place, cell in enumerate(row)
            if place not in places.values() and place >= len(filled[0][1]) and _text(cell)
        ]
        if found is not None:
            wrong += _check_alone(found, taken=taken, first_rows=first_rows)
        if found is not None and not wrong:
            rows.append(found)
        problems += wrong
    return ImportPlan(tuple(rows), tuple(problems))


def _columns(header: Sequence[Cell]) -> dict[str, int]:
    """Where each known column stands; unknown columns are refused too, since their cells would be lost."""
    known = {_plain(name): key for key, names in COLUMNS.items() for name in (*names, key)}
    places: dict[str, int] = {}
    for place, cell in enumerate(header):
        text = _text(cell)
        key = known.get(_plain(text))
        if key is None:
            if text:
                raise InvalidError("import_column_unknown", column=text[:60])
            continue
        if key in places:
            raise InvalidError("import_column_twice", column=COLUMNS[key][0])
        places[key] = place
    missing = [names[0] for key, names in COLUMNS.items() if key not in places and key not in OPTIONAL]
    if missing:
        raise InvalidError("import_columns_missing", columns=", ".join(missing))
    return places


def _read_row(
    number: int, values: dict[str, Cell], *, posts: Collection[str], today: date
) -> tuple[ImportRow | None, list[Problem]]:
    problems = []
    texts: dict[str, str] = {}
    for key in COLUMNS:
        text = _text(values.get(key))
        texts[key] = text
        if not text and key not in OPTIONAL:
            problems.append(Problem(number, key, "import_cell_empty"))
        elif _is_formula(key, text):
            problems.append(Problem(number, key, "import_cell_formula"))
        elif len(text) > _LENGTHS.get(key, 60):
            problems.append(Problem(number, key, "import_cell_too_long", (("most", _LENGTHS.get(key, 60)),)))
    bad = {problem.column for problem in problems}
    born_on = _read_date(values.get("born_on"))
    if "born_on" not in bad:
        if born_on is None:
            problems.append(Problem(number, "born_on", "import_date_not_readable", (("text", texts["born_on"]),)))
        else:
            problems += _asked(number, "born_on", lambda: check_born_on(born_on, today=today))
    if "identity_number" not in bad:
        problems += _asked(number, "identity_number", lambda: read_identity_number(texts["identity_number"]))
    if "post" not in bad and texts["post"] not in posts:
        problems.append(Problem(number, "post", "import_post_unknown", (("post", texts["post"]),)))
    if texts["email"] and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", texts["email"]):
        problems.append(Problem(number, "email", "import_email_not_valid"))
    if texts["phone"] and not re.fullmatch(r"[0-9+ .()-]+", texts["phone"]):
        problems.append(Problem(number, "phone", "import_phone_not_valid"))
    if problems or born_on is None:
        return None, problems
    applicant = Applicant(
        full_name=texts["full_name"],
        born_on=born_on,
        identity_number=read_identity_number(texts["identity_number"]),
        unit=texts["unit"],
        position_title=texts["position_title"],
        phone=texts["phone"],
        email=texts["email"],
        hometown=texts["hometown"],
    )
    return ImportRow(number, texts["post"], applicant), []


def _check_alone(found: ImportRow, *, taken: Collection[str], first_rows: dict[str, int]) -> list[Problem]:
    """Nobody stands twice, neither in the list nor in the competition."""
    identity = found.applicant.identity_number
    problems = []
    if identity in taken:
        problems.append(Problem(found.row, "identity_number", "import_person_known"))
    if identity in first_rows:
        params = (("first", first_rows[identity]),)
        problems.append(Problem(found.row, "identity_number", "import_person_twice", params))
    first_rows.setdefault(identity, found.row)
    return problems


def _asked(number: int, column: str, question: object) -> list[Problem]:
    """What a rule says against a cell."""
    try:
        question()  # type: ignore[operator]  # a rule that raises
    except DomainError as error:
        return [Problem(number, column, error.code)]
    return []


def _text(cell: Cell) -> str:
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    return normalise_name(cell or "")


def _plain(text: str) -> str:
    return "".join(char for char in strip_accents(text).lower() if char.isalnum())


def _is_formula(key: str, text: str) -> bool:
    """Whether a table program would run the cell; a telephone number may begin with a plus."""
    return text.startswith(("=", "@", "-")) or (text.startswith("+") and key != "phone")


def _read_date(cell: Cell) -> date | None:
    """A day/month/year, a year-month-day, or a date cell; nothing is guessed."""
    if isinstance(cell, date):
        return cell
    found = _DATE.fullmatch(_text(cell))
    if found is None:
        return None
    day, month, year, iso_year, iso_month, iso_day = (int(part) if part else 0 for part in found.groups())
    try:
        return date(year or iso_year, month or iso_month, day or iso_day)
    except ValueError:
        return None
