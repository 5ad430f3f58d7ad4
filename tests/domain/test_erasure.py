"""Which contents of the log go with the data of those not selected."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.erasure import OFFICIAL_EVENTS, Traces, due_at, in_runs, is_content_destroyed, runs
from examsite.domain.events import MUST_BE_OPENED, Event

GONE = Traces(
    codes=frozenset({"K7M2", "A002", "S-11"}),
    words=("Trần Thị Canh", "031090001234"),
    subjects=frozenset({"application/2", "defence/K7M2", "account/12"}),
    seats=frozenset({("sitting/S1", "B4")}),
)
KEPT = Traces(
    codes=frozenset({"P3X9", "A001"}),
    words=("Lê Văn Ất",),
    subjects=frozenset({"application/1", "defence/P3X9"}),
    seats=frozenset({("sitting/S1", "A1")}),
)
events = st.sampled_from(sorted(Event))
subjects = st.sampled_from(
    ["sitting/S1", "sitting/S2", "competition/X", "application/1", "application/2", "defence/K7M2", "defence/P3X9"]
)
words = st.sampled_from(["K7M2", "A001", "A002", "B4", "A1", "khác", "gặp Trần Thị Canh ở cửa", "Lê Văn Ất"])
payloads = st.dictionaries(st.sampled_from(["number", "seat", "reason", "list", "A002"]), words | st.lists(words))


@given(events, subjects, payloads, st.booleans())
def test_what_a_bundle_opens_stays_and_a_name_never_does(
    event: Event, subject: str, payload: dict[str, object], whole: bool
) -> None:
    text = json.dumps(payload, ensure_ascii=False)
    gone = is_content_destroyed(event.value, subject, text, erased=GONE, kept=KEPT, whole=whole)
    if event in MUST_BE_OPENED:
        assert not gone
    elif "Trần Thị Canh" in text:
        assert gone
    elif event in OFFICIAL_EVENTS:
        assert not gone
    elif subject in GONE.subjects or (whole and ('"K7M2"' in text or '"A002"' in text)):
        assert gone
    elif not whole:
        assert not gone


def destroyed(event: Event, subject: str, **payload: object) -> bool:
    text = json.dumps(payload, ensure_ascii=False)
    return is_content_destroyed(event.value, subject, text, erased=GONE, kept=KEPT, whole=True)


def test_what_is_only_about_somebody_selected_stays() -> None:
    assert not destroyed(Event.CANDIDATE_CHECKED_IN, "sitting/S1", number="A001", seat="A1")
    assert destroyed(Event.CANDIDATE_CHECKED_IN, "sitting/S1", number="A002", seat="B4")
    assert not destroyed(Event.QUESTION_NOTED, "defence/P3X9", text="Vì sao?")


def test_what_is_about_both_or_about_nobody_who_can_be_told_goes() -> None:
    assert destroyed(Event.SEATS_ASSIGNED, "sitting/S1", seats={"A1": "A001", "B4": "A002"})
    assert destroyed(Event.MESSAGE_SENT, "sitting/S1", text="Bạn ở góc trái ngồi thẳng lên.")
    assert destroyed(Event.SEAT_CHANGED, "sitting/S1", to="B4")


@given(st.sets(st.integers(0, 300)))
def test_numbers_come_back_from_their_runs(numbers: set[int]) -> None:
    found = runs(numbers)
    assert in_runs(found) == numbers
    assert all(first <= last for first, last in found)


def test_the_time_counts_from_the_publication() -> None:
    published_at = datetime(2026, 5, 1, tzinfo=UTC)
    assert due_at(published_at, 365) == published_at + timedelta(days=365)
