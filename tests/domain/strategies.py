"""What the rules are fed by Hypothesis; shared by the tests of this folder."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from hypothesis import strategies as st

VIETNAMESE_LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxy"
TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")

nfc_text = st.text(max_size=20).map(lambda text: unicodedata.normalize("NFC", text))
integers = st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)
json_values = st.recursive(
    st.none() | st.booleans() | integers | nfc_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(nfc_text, inner, max_size=4),
    max_leaves=12,
)
instants = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- Hypothesis wants naive bounds
salts = st.binary(min_size=32, max_size=32)
hashes = st.binary(min_size=32, max_size=32)


@st.composite
def vietnamese_words(draw: st.DrawFn) -> str:
    """One syllable-like word with tones and capitals, composed or decomposed."""
    letters = draw(
        st.lists(st.tuples(st.sampled_from(VIETNAMESE_LETTERS), st.sampled_from(TONES)), min_size=1, max_size=5)
    )
    word = "".join(letter + tone for letter, tone in letters)
    return draw(st.sampled_from((word, word.title(), word.upper())))


vietnamese_names = st.lists(vietnamese_words(), min_size=1, max_size=4).map(" ".join)
