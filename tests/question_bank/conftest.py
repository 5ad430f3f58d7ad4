"""A small sound bank in a temporary folder; each test plants one fault in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SINGLE = """\
format = 1
id = "S-01"
kind = "single"
difficulty = 1

[stem]
vi = "Thủ đô của nước Việt Nam là thành phố nào?"
en = "Which city is the capital of Việt Nam?"

[[options]]
key = "a"
vi = "Hải Phòng"
en = "Hải Phòng"

[[options]]
key = "b"
vi = "Hà Nội"
en = "Hà Nội"
correct = true

[[options]]
key = "c"
vi = "Đà Nẵng"
en = "Đà Nẵng"

[source]
vi = "Câu tự soạn"
en = "Own question"
"""

MULTIPLE = (
    SINGLE.replace("S-01", "M-01")
    .replace('"single"', '"multiple"')
    .replace("Thủ đô của nước Việt Nam là thành phố nào?", "Những thành phố nào nằm ở miền Bắc?")
    .replace("Which city is the capital of Việt Nam?", "Which cities lie in the north?")
    .replace('en = "Hải Phòng"\n', 'en = "Hải Phòng"\ncorrect = true\n')
    .replace("[source]", '[[options]]\nkey = "d"\nvi = "Cần Thơ"\nen = "Cần Thơ"\n\n[source]')
)

TRUE_FALSE = """\
format = 1
id = "T-01"
kind = "true_false"
difficulty = 2
[stem]
vi = "Một năm có mười hai tháng."
en = "A year has twelve months."
[[options]]
key = "a"
vi = "Đúng"
en = "True"
correct = true
[[options]]
key = "b"
vi = "Sai"
en = "False"
[source]
vi = "Câu tự soạn"
en = "Own question"
"""

NUMERIC = """\
format = 1
id = "N-01"
kind = "numeric"
difficulty = 3
[stem]
vi = "Tỷ lệ của 81 so với 71 vượt 100% bao nhiêu?"
en = "By how much does 81 over 71 exceed 100%?"
[answer]
value = 14.08
tolerance = "0.01"
unit = { vi = "%", en = "%" }
[source]
vi = "Câu tự soạn"
en = "Own question"
"""

ORDERING = """\
format = 1
id = "O-01"
kind = "ordering"
difficulty = 1
[stem]
vi = "Sắp xếp các bước theo trình tự thời gian."
en = "Put the steps in order of time."
[[options]]
key = "a"
vi = "Chiều"
en = "Afternoon"
[[options]]
key = "b"
vi = "Sáng"
en = "Morning"
[[options]]
key = "c"
vi = "Tối"
en = "Evening"
[answer]
order = ["b", "a", "c"]
[source]
vi = "Câu tự soạn"
en = "Own question"
"""

ESSAY = '''\
format = 1
id = "E-01"
kind = "essay"
difficulty = 2
points = 15
[stem]
vi = """
Anh/chị hãy trình bày cách phân công lại công việc của phòng.
"""
en = """
Describe how you would reassign the work of the section.
"""
[[criteria]]
key = "a"
vi = "Phân tích"
en = "Analysis"
maximum = 5
[[criteria.levels]]
points = 0
vi = "Không nêu được."
en = "Nothing named."
[[criteria.levels]]
points = 5
vi = "Nêu đủ."
en = "All named."
[[criteria]]
key = "b"
vi = "Giải pháp"
en = "Solution"
maximum = 10
[[criteria.levels]]
points = 0
vi = "Không có giải pháp."
en = "No solution."
[[criteria.levels]]
points = 5
vi = "Có một giải pháp."
en = "One solution."
[[criteria.levels]]
points = 10
vi = "Giải pháp đầy đủ."
en = "A full solution."
[source]
vi = "Tình huống tự soạn"
en = "Own case"
'''

FILES = {
    "management/planning/S-01.toml": SINGLE,
    "management/planning/M-01.toml": MULTIPLE,
    "management/planning/T-01.toml": TRUE_FALSE,
    "management/controlling/N-01.toml": NUMERIC,
    "management/controlling/O-01.toml": ORDERING,
    "essay/planning/E-01.toml": ESSAY,
}

Plant = Callable[[str, str, str], str]


@pytest.fixture
def bank_root(tmp_path: Path) -> Path:
    """The root of a sound bank with one question of each kind."""
    for file, content in FILES.items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path


@pytest.fixture
def plant(bank_root: Path) -> Plant:
    """Replaces `old` by `new` in the file of the question with this id, and returns the file's name."""

    def change(question_id: str, old: str, new: str) -> str:
        (file,) = (name for name in FILES if name.endswith(f"/{question_id}.toml"))
        content = FILES[file]
        assert old in content, "the planted fault must change the file"
        (bank_root / file).write_text(content.replace(old, new, 1), encoding="utf-8")
        return file

    return change
