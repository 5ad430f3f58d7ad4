"""Many words in one text: the same answer as looking for each of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.word_search import word_search

_LETTERS = st.text(alphabet="abĐ ", max_size=12)


@given(st.lists(_LETTERS, max_size=8), st.text(alphabet="abĐ ", max_size=40))
def test_a_word_is_found_where_it_stands_and_nowhere_else(words: list[str], text: str) -> None:
    assert word_search(words).is_in(text) == any(word in text for word in words if word)
