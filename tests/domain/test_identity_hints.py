"""What may tell an author is found; what everybody writes is left alone."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.identity_hints import Author, HintKind, covered, find_hints, sentence_around
from tests.domain.hint_texts import FIRST, SECOND, Words, answers


def _figures(words: Words, seed: int) -> tuple[float, float, Counter[str], Counter[str]]:
    """Recall, precision, and what was missed or wrongly found."""
    hits = planted = right = found_all = 0
    missed: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for answer in answers(words, 500, seed):
        found = find_hints(answer.text)
        for start, end, kind in answer.planted:
            planted += 1
            inside = sum(max(0, min(end, hint.end) - max(start, hint.start)) for hint in found)
            if inside >= 0.8 * (end - start):
                hits += 1
            else:
                missed[f"{kind}: {answer.text[max(0, start - 30) : end]}"] += 1
        for hint in found:
            found_all += 1
            if any(start < hint.end and hint.start < end for start, end, _kind in answer.planted):
                right += 1
            else:
                wrong[f"{hint.kind}: {answer.text[max(0, hint.start - 20) : hint.end]}"] += 1
    return hits / planted, right / found_all, missed, wrong


@pytest.mark.parametrize(("words", "seed"), [(FIRST, 20261122), (SECOND, 7)], ids=["known words", "held-out words"])
def test_hints_are_found_and_traps_left_alone(words: Words, seed: int) -> None:
    recall, precision, missed, wrong = _figures(words, seed)
    assert recall >= 0.95, (recall, missed.most_common(12))
    assert precision >= 0.80, (precision, wrong.most_common(12))


def _quotes(text: str, author: Author | None = None) -> list[tuple[str, HintKind]]:
    return [(text[hint.start : hint.end], hint.kind) for hint in find_hints(text, author or Author())]


def test_what_is_known_of_the_author_is_found_however_it_is_spelled() -> None:
    author = Author(names=["Vi Thị Mận"], units=["Phòng Việc làm"], numbers=["A012"])
    text = "Ở phong viec lam, VI THI MAN và vi thị  mận làm bài a012."
    assert _quotes(text, author) == [
        ("phong viec lam", HintKind.UNIT),
        ("VI THI MAN", HintKind.NAME),
        ("vi thị  mận", HintKind.NAME),
        ("a012", HintKind.CANDIDATE_NUMBER),
    ]
    assert _quotes("Phòng việc làm là nơi tiếp dân.") == []


@pytest.mark.parametrize(
    "text",
    [
        "Nếu tôi là Trưởng phòng Tổ chức cán bộ, tôi sẽ nghe trước.",
        "Tư tưởng Hồ Chí Minh về cán bộ; đường Trần Phú; trường Lê Quý Đôn.",
        "Nghị định số 138/2020/NĐ-CP ngày 27/11/2020, mức 1.000.000.000 đồng.",
        "HỒ SƠ TỒN ĐỌNG VÀ CÁCH XỬ LÝ Ở CƠ SỞ",
        "Đồng chí Bí thư và anh em trong phòng; chị em phụ nữ; ông bà ta dạy.",
        "",
    ],
)
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert _quotes(text) == []


@given(st.text(alphabet="Tôi là Nguyễn Văn An 0912345678@.\n:,-đĐ́", max_size=120))
def test_places_lie_in_the_text_one_behind_the_other(text: str) -> None:
    place = 0
    for hint in find_hints(text):
        assert place <= hint.start < hint.end <= len(text)
        first, last = sentence_around(text, hint.start, hint.end)
        assert 0 <= first <= hint.start
        assert hint.end <= last <= len(text)
        place = hint.end


def test_only_what_was_chosen_is_covered() -> None:
    text = "Tôi là An, ở Phòng Một."
    assert covered(text, [(7, 9)]) == "Tôi là […], ở Phòng Một."
    assert covered(text, [(13, 22), (7, 9)]) == "Tôi là […], ở […]."
    assert covered(text, [(7, 9), (8, 12)]) == "Tôi là […] Phòng Một."
    assert covered(text, []) == text
    assert covered("An", [(0, 2)]) == "[…]"


def test_the_sentence_is_shown_and_not_the_script() -> None:
    text = "Câu một. Tôi là An, người ở đây. Câu ba."
    start = text.index("An")
    first, last = sentence_around(text, start, start + 2)
    assert text[first:last] == "Tôi là An, người ở đây."
