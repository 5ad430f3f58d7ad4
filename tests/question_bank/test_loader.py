"""Question files are read, and every problem comes back with its file and key."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from examsite.domain.questions import NumericKey, QuestionKind, Text
from question_bank.loader import UnreadableBankError, load_bank, load_question
from tests.question_bank.conftest import FILES, SINGLE, Plant


def found(root: Path) -> list[tuple[str, str]]:
    with pytest.raises(UnreadableBankError) as caught:
        load_bank(root)
    return [(error.file, error.key) for error in caught.value.errors]


def test_sound_bank_is_read_with_keys_of_every_kind(bank_root: Path) -> None:
    keys = {question.kind: question.answer_key for question in load_bank(bank_root)}
    assert keys == {
        QuestionKind.SINGLE: ("b",),
        QuestionKind.MULTIPLE: ("a", "b"),
        QuestionKind.TRUE_FALSE: ("a",),
        QuestionKind.NUMERIC: NumericKey(Decimal("14.08"), Decimal("0.01"), Text("%", "%")),
        QuestionKind.ORDERING: ("b", "a", "c"),
        QuestionKind.ESSAY: None,
    }


def test_essay_carries_its_rubric_and_its_words_without_line_ends(bank_root: Path) -> None:
    essay = load_question(bank_root / "essay/planning/E-01.toml")
    assert essay.points == Decimal(15)
    assert essay.stem.vi == "Anh/chị hãy trình bày cách phân công lại công việc của phòng."
    assert [[level.points for level in criterion.levels] for criterion in essay.criteria] == [[0, 5], [0, 5, 10]]


def test_subject_and_topic_are_the_folders(bank_root: Path) -> None:
    question = load_question(bank_root / "management/controlling/N-01.toml")
    assert (question.subject, question.topic) == ("management", "controlling")


@pytest.mark.parametrize(
    ("question_id", "old", "new", "key"),
    [
        ("S-01", "format = 1", "format = 2", "format"),
        ("S-01", "format = 1\n", "", "format"),
        ("S-01", 'id = "S-01"', "id = 7", "id"),
        ("S-01", 'kind = "single"', 'kind = "riddle"', "kind"),
        ("S-01", "difficulty = 1", "difficulty = 4", "difficulty"),
        ("S-01", "difficulty = 1", "difficulty = true", "difficulty"),
        ("S-01", "[stem]", "[stern]", "stem"),
        ("S-01", 'en = "Which city is the capital of Việt Nam?"', "", "stem.en"),
        ("S-01", "correct = true", 'correct = "yes"', "options[2].correct"),
        ("S-01", "correct = true", "corect = true", "options[2].corect"),
        ("S-01", "[source]", "[sauce]", "source"),
        ("N-01", "value = 14.08", 'value = "14,08"', "answer.value"),
        ("N-01", "value = 14.08", "value = 14.085", "answer.value"),
        ("N-01", "value = 14.08", "value = nan", "answer.value"),
        ("N-01", "value = 14.08", "value = 1e999999", "answer.value"),
        ("N-01", 'unit = { vi = "%", en = "%" }', 'unit = "%"', "answer.unit"),
        ("N-01", "[answer]", "[anser]", "answer"),
        ("O-01", 'order = ["b", "a", "c"]', 'order = "bac"', "answer.order"),
        ("O-01", 'order = ["b", "a", "c"]', "order = [2, 1, 3]", "answer.order"),
        ("E-01", "points = 15", 'points = "many"', "points"),
        ("E-01", "maximum = 5", "maximum = [5]", "criteria[1].maximum"),
        ("E-01", "points = 10", "", "criteria[2].levels[3].points"),
    ],
)
def test_planted_fault_is_named_with_file_and_key(
    *, bank_root: Path, plant: Plant, question_id: str, old: str, new: str, key: str
) -> None:
    file = plant(question_id, old, new)
    assert (file, key) in found(bank_root)


@pytest.mark.parametrize("content", [b"", b"[stem", b"\xff\xfe", b"a = 1\na = 2\n", b"x" * 300_000])
def test_file_that_is_no_question_is_named(bank_root: Path, content: bytes) -> None:
    (bank_root / "management/planning/S-01.toml").write_bytes(content)
    assert "management/planning/S-01.toml" in {file for file, _key in found(bank_root)}


def test_all_problems_of_all_files_are_reported_at_once(bank_root: Path, plant: Plant) -> None:
    first = plant("N-01", "value = 14.08", "value = true")
    second = plant("S-01", 'id = "S-01"\nkind = "single"\ndifficulty = 1', 'kind = "single"\ndifficulty = 9')
    assert set(found(bank_root)) == {(first, "answer.value"), (second, "id"), (second, "difficulty")}


def test_file_outside_subject_and_topic_is_reported(bank_root: Path) -> None:
    (bank_root / "S-01.toml").write_text(SINGLE, encoding="utf-8")
    assert found(bank_root) == [("S-01.toml", "(file)")]


def test_missing_root_is_reported(tmp_path: Path) -> None:
    assert found(tmp_path / "nowhere") == [(str(tmp_path / "nowhere"), "(folder)")]


def test_faulty_file_alone_raises_with_its_name(bank_root: Path, plant: Plant) -> None:
    file = plant("S-01", "difficulty = 1", "difficulty = 0")
    with pytest.raises(UnreadableBankError, match="difficulty"):
        load_question(bank_root / file)


def test_other_files_in_a_bank_are_left_alone(bank_root: Path) -> None:
    (bank_root / "README.md").write_text("notes", encoding="utf-8")
    assert len(load_bank(bank_root)) == len(FILES)
