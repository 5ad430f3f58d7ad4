"""A list of names stands in the order in which every Vietnamese office would put it."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.names import ALPHABET, given_name_key, normalise_name, strip_accents
from tests.domain import strategies

any_text = st.text(max_size=12)
texts = st.one_of(any_text, strategies.vietnamese_names)


def put_in_order(words: list[str], key: Callable[[str], str]) -> list[str]:
    """The words sorted from the wrong end, so that words the key cannot tell apart show."""
    backwards = words[::-1]
    return sorted(backwards, key=key)


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


# Source: Unicode CLDR, collation for `vi`; the two word lists were checked with a browser's own collator.
@pytest.mark.parametrize(
    "ordered",
    [
        "ma mà mả mã má mạ",
        "An Ánh Ân Ấn Dũng Dương Đào Đức",
        "a ă â b c d đ e ê f g h i j k l m n o ô ơ p q r s t u ư v w x y z",
        "an An ân Ân",
        "ba bà bac bạc",
        "hoa hoà hoả hoạ hoan",
        "1 9 A a2",
        "o ó ọ ô ồ ổ ỗ ố ộ ơ ờ ở ỡ ớ ợ",
    ],
)
def test_words_stand_in_vietnamese_order(ordered: str) -> None:
    words = ordered.split()
    assert put_in_order(words, given_name_key) == words


def test_alphabet_is_nfc_and_holds_each_letter_once() -> None:
    assert nfc(ALPHABET) == ALPHABET
    assert len(set(ALPHABET)) == len(ALPHABET) == 33


def test_people_stand_by_given_name_then_by_the_rest() -> None:
    ordered = [
        "An",
        "Nguyễn Văn An",
        "Trần Thị An",
        "Bùi Ngọc Ánh",
        "Lê Hồng Ân",
        "Đặng Quốc Dũng",
        "Hoàng Thùy Dương",
        "Nguyễn Anh Đào",
        "Phạm Minh Đức",
        "Đỗ Thu Hà",
    ]
    assert put_in_order(ordered, given_name_key) == ordered


def test_tone_of_the_given_name_comes_before_the_family_name() -> None:
    ordered = ["Vũ Thị Ha", "Bùi Thị Hà", "An Thị Há"]
    assert put_in_order(ordered, given_name_key) == ordered


def test_capitals_do_not_tear_a_list_apart() -> None:
    ordered = ["Bùi Văn An", "ĐỖ VĂN AN", "Trần Văn An"]
    assert put_in_order(ordered, given_name_key) == ordered


def test_spaces_stand_before_signs_before_digits_before_letters_before_the_rest() -> None:
    ordered = ["a b n", "a-b n", "a1 n", "ab n", "aж n"]
    assert put_in_order(ordered, given_name_key) == ordered


def test_foreign_marks_stand_behind_the_tones() -> None:
    ordered = ["Nam", "Nạm", "Näm", "Nầm"]
    assert put_in_order(ordered, given_name_key) == ordered


@given(strategies.vietnamese_names, strategies.vietnamese_names)
def test_given_name_keys_are_equal_only_for_the_same_name(first: str, second: str) -> None:
    same = normalise_name(first) == normalise_name(second)
    assert (given_name_key(first) == given_name_key(second)) == same


@given(texts)
def test_no_key_depends_on_the_normal_form(text: str) -> None:
    for form in ("NFC", "NFD"):
        other = unicodedata.normalize(form, text)
        assert normalise_name(other) == normalise_name(text)
        assert given_name_key(other) == given_name_key(text)


@given(texts)
def test_keys_are_plain_signs_that_every_database_orders_alike(text: str) -> None:
    assert set(given_name_key(text)) <= set("0123456789abcdef")


def test_marks_in_another_order_are_another_text() -> None:
    sac_then_circumflex, circumflex_then_sac = "a\u0301\u0302", "a\u0302\u0301"
    assert given_name_key(sac_then_circumflex) != given_name_key(circumflex_then_sac)
    assert given_name_key("a\u0302\u0323") == given_name_key("a\u0323\u0302") == given_name_key("ậ")
    assert given_name_key("\u0301a") != given_name_key("a\u0301")


@given(texts)
def test_normalised_name_is_settled(text: str) -> None:
    name = normalise_name(text)
    assert normalise_name(name) == name
    assert unicodedata.is_normalized("NFC", name)
    assert name == " ".join(name.split())


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Nguyễn   Văn\tAn\n", "Nguyễn Văn An"),
        ("Nguyễn\u00a0Văn\u200bAn\ufeff", "Nguyễn VănAn"),
        ("Tra\u0302\u0300n A\x00n", "Trần An"),
        ("ĐỖ thị HÀ", "ĐỖ thị HÀ"),
        (" \u200b ", ""),
    ],
)
def test_name_is_stored_clean(typed: str, kept: str) -> None:
    assert normalise_name(typed) == kept


@pytest.mark.parametrize(
    ("text", "bare"),
    [("Đặng Thị Thuỷ", "Dang Thi Thuy"), ("đường", "duong"), ("ƯỚC MƠ", "UOC MO"), ("Ngô Bảo Châu", "Ngo Bao Chau")],
)
def test_strip_accents(text: str, bare: str) -> None:
    assert strip_accents(text) == bare
    assert strip_accents(unicodedata.normalize("NFD", text)) == bare


@given(strategies.vietnamese_names)
def test_strip_accents_leaves_plain_letters_only(name: str) -> None:
    bare = strip_accents(name)
    assert bare.isascii()
    assert strip_accents(bare) == bare
    assert len(bare) == sum(not unicodedata.combining(char) for char in unicodedata.normalize("NFD", name))


def test_tones_decide_only_between_the_same_letters() -> None:
    tones = ["", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323"]
    for left, right in itertools.product(tones, tones):
        assert given_name_key(f"ma{left}") < given_name_key(f"mă{right}")
        assert given_name_key(f"ta{left}b") < given_name_key(f"ta{right}c")
