"""Passwords that are long rather than odd, and waits that grow but never lock."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.accounts import (
    LONGEST_WAIT_SECONDS,
    check_login,
    check_new_password,
    login_key,
    wait_seconds_after,
)
from examsite.domain.errors import InvalidError


@pytest.mark.parametrize(
    "password",
    [
        "cà phê sữa đá lúc năm giờ",
        "mưa rơi trên mái tôn cũ",
        "correct horse battery staple",
        "xk7-qpz-04m-wvt-93",
        "Con mèo trèo cây cau",
    ],
)
def test_long_phrases_are_taken_in_any_normal_form(password: str) -> None:
    for form in ("NFC", "NFD"):
        check_new_password(unicodedata.normalize(form, password), own_words=("ngan", "Lê Thị Ngân"))


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("ngắn quá", "password_too_short"),
        ("", "password_too_short"),
        ("x" * 257, "password_too_long"),
        ("passwordpassword", "password_too_common"),
        ("xuan-thu-mua-ha", "password_like_printed"),
        ("Cua Bac  Ve  Tet X", "password_like_printed"),
        ("Mật khẩu Mật khẩu 123", "password_too_common"),
        ("aaaaaaaaaaaaaaaaaa", "password_too_common"),
        ("123456789012345678", "password_too_common"),
        ("qwertyuiopasdfgh", "password_too_common"),
        ("abcabcabcabcabcabc", "password_too_common"),
        ("Sở Nội vụ Hải Phòng 2026", "password_too_common"),
        ("le thi ngan le thi ngan", "password_too_common"),
        ("NGAN-ngan-Ngân-1234", "password_too_common"),
    ],
)
def test_guessable_passwords_are_refused(password: str, code: str) -> None:
    with pytest.raises(InvalidError) as refused:
        check_new_password(password, own_words=("ngan", "Lê Thị Ngân"))
    assert refused.value.code == code


@given(st.integers(0, 10_000))
def test_waits_never_shrink_and_never_lock(failures: int) -> None:
    assert 0 <= wait_seconds_after(failures) <= wait_seconds_after(failures + 1) <= LONGEST_WAIT_SECONDS
    assert (wait_seconds_after(failures) == 0) == (failures < 5)


@given(st.text(max_size=200))
def test_login_keys_are_stable_and_storable(text: str) -> None:
    key = login_key(text)
    assert login_key(key) == key
    assert len(key) <= 80
    assert "\x00" not in key


@pytest.mark.parametrize("login", ["a001", "hs-abcdef", "ab", "1abc", "lê.ngân", "a b", "x" * 41, "root; drop"])
def test_logins_never_look_like_candidates(login: str) -> None:
    with pytest.raises(InvalidError):
        check_login(login)


def test_logins_are_small() -> None:
    assert check_login(" Ngan.LT ") == "ngan.lt"
