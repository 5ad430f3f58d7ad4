"""What is printed as PDF is found again by whoever searches in it."""

from __future__ import annotations

from pathlib import Path

from examsite.storage.printing import printed_pages
from examsite.storage.reading.pdf_pages import outline_pdf

SENTENCE = "Trưởng phòng giữ lời hứa với người dân."


def test_words_of_a_printed_page_are_found_with_plain_spaces(tmp_path: Path) -> None:
    path = tmp_path / "printed.pdf"
    path.write_bytes(printed_pages("Đề án", [SENTENCE] * 60))

    found = outline_pdf(path)

    assert found["count"] > 1
    words = " ".join(page["text"] for page in found["pages"])
    assert "Đề án" in words
    assert words.count(SENTENCE) == 60
    assert "\u00a0" not in words


def test_the_same_words_are_the_same_bytes() -> None:
    assert printed_pages("Đề án", [SENTENCE]) == printed_pages("Đề án", [SENTENCE])
