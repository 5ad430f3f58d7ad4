"""What may tell an author is found; what everybody writes is left alone."""

from __future__ import annotations

import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.identity_hints import HintKind, covered, find_hints, sentence_around
from examsite.domain.known_author import Author
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


_NHUNG = Author(
    names=["Nguyễn Thị Hồng Nhung"],
    units=["Phòng Kế hoạch - Tài chính huyện Lạc Thủy"],
    numbers=["001185012345", "VH-017"],
    phones=["0912345678"],
    emails=["hongnhung.lt@thu.example"],
)
_DISGUISED = [
    "Tôi là Nguyễn Thị Hồng Nhung, xin trình bày.",
    "NGUYỄN THỊ HỒNG NHUNG",
    unicodedata.normalize("NFD", "Nguyễn Thị Hồng Nhung"),
    "Nguyễn T\u200bhị H\u200bồng Nh\u200bung",
    "Ngu\u00adyễn Th\u00adị Hồ\u00adng Nhu\u00adng",
    "Nguyễn\u2060 Thị\u2060 Hồng\u2060 Nhung",
    "Nguyễn Thị Hồng Nhung".replace("N", "\u039d").replace("o", "\u043e").replace("h", "\u04bb"),
    "Ｎｇｕｙｅｎ Ｔｈｉ Ｈｏｎｇ Ｎｈｕｎｇ",
    "\u202egnuhN gnồH ịhT nễyugN",
    "N g u y ễ n  T h ị  H ồ n g  N h u n g",
    "NguyenThiHongNhung",
    "Nguyen_Thi_Hong_Nhung",
    "Nguyen-Thi-Hong-Nhung",
    "Nguyễn\nThị\nHồng\nNhung",
    "Nguyễn\u00a0Thị\u00a0Hồng\u00a0Nhung",
    "Nguy<b></b>ễn Thị Hồng Nhung",
    "Nhung Hồng Thị Nguyễn",
    "Nguyeenx Thij Hoongf Nhung",
    "Nguy3n Th1 H0ng Nhung",
    "Nguyển Thị Hồng Nhung",
    "N.T.H. Nhung",
    "Ng. T. H. Nhung",
    "(N.T.H.N)",
    "Hồng-Nhung",
    "em là Nhung ạ",
    "Tôi, Nhung, cho rằng",
    '"Nhung" là tên tôi',
    "Ở đơn vị tôi, chị Hồng Nhung đã làm.",
    "0912–345–678",
    "0912\u00a0345\u00a0678",
    "0912\u2011345\u2011678",
    "0912\u200b345\u200b678",
    "09/12/34/56/78",
    "０９１２３４５６７８",
    "٠٩١٢٣٤٥٦٧٨",
    "O912E45678",
    "không chín một hai ba bốn năm sáu bảy tám",
    "0011-8501-2345",
    "001 185 012 345",
    "V H 0 1 7",
    "số hiệu công chức 17.345",
    "phòng KHTC",
    "Phòng KH-TC Lạc Thủy",
    "phong ke hoach tai chinh lac thuy",
    "nhungnth (a) gmail (chấm) com",
    "nhung.nth[at]gmail.com",
    "Zalo: nhunglacthuy",
    "facebook.com/hongnhung.nguyen",
]


@pytest.mark.parametrize("text", _DISGUISED)
def test_a_disguise_hides_nothing_that_is_known_of_the_author(text: str) -> None:
    found = find_hints(f"Mở đầu.\n{text}\nPhần kết.", _NHUNG)
    assert [hint.kind for hint in found if hint.kind is not HintKind.HIDDEN_SIGNS]


@pytest.mark.parametrize(
    "text",
    [
        "0912–345–678",
        "Số của tôi: ０９８７６５４３２１",
        "không chín một hai ba bốn năm sáu bảy tám",
        "0011-8501-2345",
        "Tôi là T\u200br\u200bầ\u200bn Văn Lâm.",
        "Τrần Văn Lâm ở đây.",
        "em là Nhung ạ",
        "ai_do (a) thu [chấm] vn",
        "FB: Lâm Rừng Xanh",
    ],
)
def test_a_disguise_hides_nothing_of_people_who_are_not_known(text: str) -> None:
    assert [hint.kind for hint in find_hints(text) if hint.kind is not HintKind.HIDDEN_SIGNS]


def test_the_place_is_told_in_the_text_as_it_was_written() -> None:
    text = "Gọi 0912\u200b–345–678\u00ad nhé, hoặc ﬁle số không chín một hai ba bốn năm sáu bảy tám."
    assert _quotes(text) == [
        ("0912\u200b–345–678\u00ad", HintKind.PHONE),
        ("không chín một hai ba bốn năm sáu bảy tám", HintKind.PHONE),
    ]


@pytest.mark.parametrize("sign", ["\u200b", "\u202e", "\u00ad", "\u2066", "\ufeff", "\u3164", "\u2800", "\U000e0041"])
def test_signs_that_nobody_sees_come_before_a_person(sign: str) -> None:
    assert _quotes(f"Cán bộ phục v{sign}ụ nhân dân.") == [(f"v{sign}ụ", HintKind.HIDDEN_SIGNS)]


def test_what_others_write_too_is_not_the_author() -> None:
    author = Author(names=["Trần Hoà Bình"], units=["Sở Nội vụ"], numbers=["012"])
    assert _quotes("Bình đẳng là gốc. Nền hoà bình bền vững tăng 0,12 lần trong tỉnh Hòa Bình.", author) == []


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
