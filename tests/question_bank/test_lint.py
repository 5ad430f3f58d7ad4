"""Every rule of the lint bites on a planted fault and names file and key."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from question_bank.lint import Finding, Severity, check_bank, has_errors
from tests.question_bank.conftest import SINGLE, TRUE_FALSE, Plant


def test_sound_bank_has_no_finding(bank_root: Path) -> None:
    assert check_bank(bank_root) == ()


def one(findings: tuple[Finding, ...]) -> Finding:
    assert len(findings) == 1, [str(finding) for finding in findings]
    return findings[0]


OPTION_C = '[[options]]\nkey = "c"\nvi = "Đà Nẵng"\nen = "Đà Nẵng"\n'


@pytest.mark.parametrize(
    ("question_id", "old", "new", "key", "problem"),
    [
        ("S-01", 'id = "S-01"', 'id = "S-02"', "id", "differs from the file name"),
        ("S-01", "Thủ đô của nước Việt Nam là thành phố nào?", "  ", "stem.vi", "is empty"),
        ("S-01", 'en = "Own question"', 'en = ""', "source.en", "is empty"),
        ("S-01", 'vi = "Câu tự soạn"', 'vi = ""', "source.vi", "is empty"),
        ("S-01", "Thủ đô của nước Việt Nam là", "Thu do cua nuoc Viet Nam la", "stem.vi", "diacritics"),
        ("S-01", "Which city is the capital of Việt Nam?", "Thủ đô của nước ta ở đâu?", "stem.en", "languages swapped"),
        ("S-01", 'key = "c"', 'key = "d"', "options", "keys must be a, b, c"),
        ("S-01", "correct = true\n", "", "options", "exactly one correct option, here 0"),
        ("S-01", 'en = "Hải Phòng"\n', 'en = "Hải Phòng"\ncorrect = true\n', "options", "exactly one correct option"),
        ("S-01", 'vi = "Đà Nẵng"', 'vi = "hà nội"', "options", "two options say the same (vi)"),
        ("S-01", OPTION_C, "", "options", "at least three options"),
        ("M-01", "correct = true\n", "", "options", "at least two correct options, here 1"),
        ("M-01", '[[options]]\nkey = "d"\nvi = "Cần Thơ"\nen = "Cần Thơ"\n', "", "options", "at least four options"),
        ("T-01", "correct = true\n", "", "options", "true_false has exactly one correct option, here 0"),
        (
            "T-01",
            "[source]",
            '[[options]]\nkey = "c"\nvi = "Có lẽ"\nen = "Perhaps"\n[source]',
            "options",
            "has two options",
        ),
        ("N-01", 'tolerance = "0.01"', 'tolerance = "-0.01"', "answer.tolerance", "is negative"),
        ("O-01", '["b", "a", "c"]', '["b", "a"]', "answer.order", "every option exactly once"),
        ("O-01", '["b", "a", "c"]', '["b", "a", "a"]', "answer.order", "every option exactly once"),
        ("O-01", '["b", "a", "c"]', '["a", "b", "c"]', "answer.order", "in which the options stand"),
        ("E-01", "points = 15", "points = 20", "criteria", "add up to 15"),
        ("E-01", "points = 10", "points = 9", "criteria.b.levels", "points must be 0, 5, 10"),
        ("E-01", 'key = "b"', 'key = "c"', "criteria", "keys must be a, b, c"),
        ("E-01", 'vi = "Nêu đủ."', 'vi = ""', "criteria.a.levels.5.vi", "is empty"),
    ],
)
def test_planted_fault_is_an_error_with_file_and_key(
    *, bank_root: Path, plant: Plant, question_id: str, old: str, new: str, key: str, problem: str
) -> None:
    file = plant(question_id, old, new)
    finding = one(check_bank(bank_root))
    assert (finding.severity, finding.file, finding.key) == (Severity.ERROR, file, key)
    assert problem in finding.problem


def test_all_options_correct_in_multiple_is_an_error(bank_root: Path, plant: Plant) -> None:
    file = plant("M-01", 'en = "Đà Nẵng"\n', 'en = "Đà Nẵng"\ncorrect = true\n')
    path = bank_root / file
    path.write_text(
        path.read_text(encoding="utf-8").replace('en = "Cần Thơ"\n', 'en = "Cần Thơ"\ncorrect = true\n'),
        encoding="utf-8",
    )
    finding = one(check_bank(bank_root))
    assert (finding.file, finding.key, finding.problem) == (file, "options", "multiple has at least one wrong option")


def test_ordering_of_two_is_an_error(bank_root: Path, plant: Plant) -> None:
    file = plant("O-01", '[[options]]\nkey = "c"\nvi = "Tối"\nen = "Evening"\n', "")
    path = bank_root / file
    path.write_text(path.read_text(encoding="utf-8").replace('"b", "a", "c"', '"b", "a"'), encoding="utf-8")
    assert "at least three options" in one(check_bank(bank_root)).problem


def test_maximum_off_the_five_point_step_is_an_error(bank_root: Path, plant: Plant) -> None:
    file = plant("E-01", "maximum = 10", "maximum = 12")
    path = bank_root / file
    path.write_text(path.read_text(encoding="utf-8").replace("points = 15", "points = 17"), encoding="utf-8")
    assert (one(check_bank(bank_root)).file, one(check_bank(bank_root)).key) == (file, "criteria.b.maximum")


def test_essay_without_rubric_is_an_error(bank_root: Path) -> None:
    path = bank_root / "essay/planning/E-01.toml"
    head, rest = path.read_text(encoding="utf-8").split("[[criteria]]", 1)
    path.write_text(head.replace("points = 15", "points = 15\ncriteria = []") + "[source]" + rest.split("[source]")[1])
    assert "an essay needs a rubric" in one(check_bank(bank_root)).problem


def test_same_stem_in_both_languages_is_an_error(bank_root: Path, plant: Plant) -> None:
    plant("S-01", "Which city is the capital of Việt Nam?", "Thủ đô của nước Việt Nam là thành phố nào?")
    assert "is the same as the Vietnamese text" in [finding.problem for finding in check_bank(bank_root)]


def test_text_not_in_normal_form_c_is_an_error(bank_root: Path, plant: Plant) -> None:
    stem = "Thủ đô của nước Việt Nam là thành phố nào?"
    file = plant("S-01", stem, unicodedata.normalize("NFD", stem))
    findings = {(finding.file, finding.key, finding.problem) for finding in check_bank(bank_root)}
    assert (file, "stem.vi", "is not in Unicode normal form C") in findings


def test_id_used_twice_is_an_error_and_names_the_other_file(bank_root: Path) -> None:
    other = bank_root / "management/controlling/T-01.toml"
    other.write_text(TRUE_FALSE.replace("mười hai tháng", "bốn mùa").replace("twelve months", "four seasons"))
    finding = one(check_bank(bank_root))
    assert (finding.key, finding.problem) == ("id", "is used by management/controlling/T-01.toml too")
    assert finding.file == "management/planning/T-01.toml"


def test_repeated_stem_is_an_error_whatever_its_punctuation(bank_root: Path) -> None:
    other = bank_root / "management/planning/T-02.toml"
    other.write_text(TRUE_FALSE.replace("T-01", "T-02").replace("mười hai tháng.", "Mười hai tháng!"))
    findings = check_bank(bank_root)
    assert {finding.key for finding in findings} == {"stem.vi", "stem.en"}
    assert {finding.file for finding in findings} == {"management/planning/T-02.toml"}


def test_essay_outside_its_subject_is_an_error(bank_root: Path) -> None:
    (bank_root / "essay/planning/E-01.toml").rename(bank_root / "management/planning/E-01.toml")
    assert (one(check_bank(bank_root)).file, one(check_bank(bank_root)).key) == (
        "management/planning/E-01.toml",
        "kind",
    )


def test_folder_with_odd_name_is_an_error(bank_root: Path) -> None:
    (bank_root / "management/controlling").rename(bank_root / "management/Kiểm soát")
    assert {finding.key for finding in check_bank(bank_root)} == {"(folder)"}


def test_telltale_option_is_a_warning_and_no_error(bank_root: Path, plant: Plant) -> None:
    file = plant("S-01", 'vi = "Hà Nội"', f'vi = "Hà Nội, {"thủ đô nghìn năm văn hiến, " * 3}rất dài"')
    findings = check_bank(bank_root)
    assert one(findings).severity is Severity.WARNING
    assert (one(findings).file, one(findings).key) == (file, "options.b.vi")
    assert not has_errors(findings)


def test_one_key_for_most_questions_is_a_warning(bank_root: Path) -> None:
    for number in range(2, 10):
        question = SINGLE.replace("S-01", f"S-{number:02}").replace("Thủ đô", f"Câu {number}: thủ đô")
        question = question.replace("Which city", f"Question {number}: which city")
        (bank_root / f"management/planning/S-{number:02}.toml").write_text(question, encoding="utf-8")
    finding = one(check_bank(bank_root))
    assert (finding.severity, finding.key) == (Severity.WARNING, "correct")
    assert finding.problem == "9 of 9 single-choice questions have the right key b"


def test_unreadable_file_does_not_hide_findings_of_others(bank_root: Path, plant: Plant) -> None:
    broken = plant("N-01", "[stem]", "[stem")
    wrong = plant("T-01", "correct = true\n", "")
    assert [finding.file for finding in check_bank(bank_root)] == [broken, wrong]


def test_empty_folder_is_an_error(tmp_path: Path) -> None:
    assert one(check_bank(tmp_path)).problem == "holds no question"


def test_id_of_another_form_is_an_error(bank_root: Path, plant: Plant) -> None:
    file = plant("S-01", 'id = "S-01"', 'id = "s 01"')
    assert (file, "id", "must be capital letters and digits in groups joined by hyphens") in {
        (finding.file, finding.key, finding.problem) for finding in check_bank(bank_root)
    }


def test_essay_worth_nothing_is_an_error(bank_root: Path, plant: Plant) -> None:
    file = plant("E-01", "points = 15", "points = 0")
    assert (file, "points") in {(finding.file, finding.key) for finding in check_bank(bank_root)}


def test_long_option_without_translation_is_an_error(bank_root: Path, plant: Plant) -> None:
    sentence = "Thành phố có hồ Hoàn Kiếm và ba mươi sáu phố phường"
    file = plant("S-01", 'vi = "Hà Nội"\nen = "Hà Nội"', f'vi = "{sentence}"\nen = "{sentence}"')
    assert (file, "options.b.en") in {(finding.file, finding.key) for finding in check_bank(bank_root)}
