"""What hints at a relation, and what says nothing of two people."""

from __future__ import annotations

import pytest

from examsite.domain.conflicts import HintKind, Known, find_conflict_hints

CANDIDATE = Known(
    name="Đặng Vũ Thục Quyên",
    unit="Phòng Kế hoạch",
    hometown="Xã An Lạc, tỉnh Vân Hải",
    phone="0912 345 678",
    email="quyen@kehoach.vanhai.example",
)


@pytest.mark.parametrize(
    ("person", "hints"),
    [
        (Known(name="Lê Thị Nhung", position="Trưởng phòng Kế hoạch"), {HintKind.SAME_UNIT}),
        (Known(name="Lê Thị Nhung", unit="phòng kế HOẠCH"), {HintKind.SAME_UNIT}),
        (Known(name="Lê Thị Nhung", unit="Phòng Kế hoạch Tài chính"), set()),
        (Known(name="Đặng Mỹ Uyên", hometown="An Lạc, Vân Hải"), {HintKind.SURNAME_AND_HOMETOWN}),
        (Known(name="Đặng Mỹ Uyên", hometown="An Bình, Vân Hải"), set()),
        (Known(name="Đặng Mỹ Uyên"), set()),
        (Known(name="Lê Thị Nhung", hometown="An Lạc, Vân Hải"), set()),
        (Known(name="Lê Thị Nhung", phone="0912.345.678"), {HintKind.SAME_PHONE}),
        (Known(name="Lê Thị Nhung", email="a@kehoach.vanhai.example"), {HintKind.EMAIL_DOMAIN}),
        (Known(name="Lê Thị Nhung"), set()),
    ],
)
def test_what_two_people_have_in_common(person: Known, hints: set[HintKind]) -> None:
    assert set(find_conflict_hints(person, CANDIDATE)) == hints


def test_nothing_known_is_nothing_in_common() -> None:
    empty = Known(name="")
    assert find_conflict_hints(empty, empty) == ()
    # Placeholders and open providers are shared by strangers.
    one = Known(name="A B", phone="0225 000 000", email="one@gmail.com", unit="Sở")
    two = Known(name="C D", phone="0225 000 000", email="two@gmail.com", unit="Sở")
    assert find_conflict_hints(one, two) == ()
