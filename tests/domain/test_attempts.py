"""Time left, what becomes of a save, the states of an attempt, and the order of options."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from examsite.domain.attempts import (
    ATTEMPT,
    CLOSING_SLACK_SECONDS,
    AttemptEvent,
    AttemptState,
    SaveVerdict,
    check_can_hand_in,
    check_can_open,
    count_words,
    deadline_of,
    is_answer,
    is_overdue,
    is_to_close,
    pause_seconds,
    remaining,
    verdict_on_save,
)
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.sittings import (
    SITTING,
    check_extension,
    is_let_in,
    seat_codes,
    seats_as_drawn,
    spread_over,
    started_at_of,
)

START = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
seconds = st.integers(min_value=0, max_value=20_000)
added = st.integers(min_value=0, max_value=36_000)


@given(st.lists(seconds, min_size=2, max_size=20), added)
def test_time_left_never_rises_without_an_extension(instants: list[int], given_back: int) -> None:
    deadline_at = deadline_of(START, 180, given_back)
    left = [remaining(START + timedelta(seconds=at), deadline_at) for at in sorted(instants)]
    assert left == sorted(left, reverse=True)
    assert min(left) >= timedelta(0)


@given(seconds, added, st.integers(min_value=1, max_value=7_200))
def test_an_extension_adds_exactly_its_seconds(at: int, given_back: int, more: int) -> None:
    now = START + timedelta(seconds=at)
    before = deadline_of(START, 180, given_back)
    after = deadline_of(START, 180, given_back + more)
    assert after - before == timedelta(seconds=more)
    assert remaining(now, after) >= remaining(now, before)


@given(seconds, seconds, added)
def test_time_left_stands_still_in_a_pause_and_nobody_is_closed(at: int, waits: int, given_back: int) -> None:
    paused_at = START + timedelta(seconds=at)
    later = paused_at + timedelta(seconds=waits)
    deadline_at = deadline_of(START, 180, given_back)
    assert remaining(later, deadline_at, paused_at) == remaining(paused_at, deadline_at)
    assert not is_to_close(later, deadline_at, 60, paused_at=paused_at)
    # What was received before the pause was not received in it.
    before = paused_at - timedelta(seconds=1)
    assert remaining(before, deadline_at, paused_at) == remaining(before, deadline_at)


@given(seconds, seconds, st.integers(min_value=0, max_value=10**6 - 1), added)
def test_ended_pause_gives_back_what_it_took_and_less_than_a_second_more(
    at: int, waits: int, part: int, given_back: int
) -> None:
    began_at = START + timedelta(seconds=at)
    ended_at = began_at + timedelta(seconds=waits, microseconds=part)
    before = remaining(began_at, deadline_of(START, 180, given_back))
    after = remaining(ended_at, deadline_of(START, 180, given_back + pause_seconds(began_at, ended_at)))
    if before:
        assert timedelta(0) <= after - before < timedelta(seconds=1)


def test_server_waits_with_closing_for_what_waits_to_be_stored() -> None:
    deadline_at = deadline_of(START, 180)
    last = deadline_at + timedelta(seconds=60 + CLOSING_SLACK_SECONDS)
    assert not is_to_close(last, deadline_at, 60)
    assert is_to_close(last + timedelta(microseconds=1), deadline_at, 60)
    assert is_overdue(last, deadline_at, 60)


@given(seconds, added, st.integers(min_value=0, max_value=300), st.sampled_from(AttemptState))
def test_what_counts_came_in_time_from_the_page_that_writes(
    at: int, given_back: int, grace: int, state: AttemptState
) -> None:
    deadline_at = deadline_of(START, 180, given_back)
    received_at = START + timedelta(seconds=at)
    verdict = verdict_on_save(
        state, save_epoch=2, attempt_epoch=2, received_at=received_at, deadline_at=deadline_at, grace_seconds=grace
    )
    in_time = state is AttemptState.OPEN and received_at <= deadline_at + timedelta(seconds=grace)
    assert verdict is (SaveVerdict.COUNTED if in_time else SaveVerdict.LATE)
    assert is_overdue(received_at, deadline_at, grace) == (received_at > deadline_at + timedelta(seconds=grace))


@pytest.mark.parametrize("save_epoch", [0, 1, 3])
def test_every_other_epoch_is_fenced(save_epoch: int) -> None:
    verdict = verdict_on_save(
        AttemptState.OPEN,
        save_epoch=save_epoch,
        attempt_epoch=2,
        received_at=START,
        deadline_at=START + timedelta(hours=3),
        grace_seconds=60,
    )
    assert verdict is SaveVerdict.FENCED


def test_nothing_is_saved_as_the_answer_before_the_start() -> None:
    verdict = verdict_on_save(
        AttemptState.SEATED, save_epoch=0, attempt_epoch=0, received_at=START, deadline_at=None, grace_seconds=60
    )
    assert verdict is SaveVerdict.LATE


class AttemptLife(RuleBasedStateMachine):
    """No sequence of events reaches an unlisted state, and nothing leaves an end."""

    def __init__(self) -> None:
        super().__init__()
        self.state = ATTEMPT.initial

    @rule(event=st.sampled_from(AttemptEvent))
    def happens(self, event: AttemptEvent) -> None:
        if ATTEMPT.is_open(self.state, event):
            self.state = ATTEMPT.after(self.state, event)
        else:
            with pytest.raises(ConflictError):
                ATTEMPT.after(self.state, event)

    @invariant()
    def is_listed(self) -> None:
        assert self.state in ATTEMPT.reachable()
        ends = {AttemptState.HANDED_IN, AttemptState.CLOSED, AttemptState.ABSENT}
        assert (not ATTEMPT.events_open_in(self.state)) == (self.state in ends)


TestAttemptLife = AttemptLife.TestCase


def test_a_sitting_goes_one_way() -> None:
    assert [state.value for state in SITTING.final_states()] == ["closed"]


def test_opening_and_handing_in_keep_their_hours() -> None:
    deadline_at = START + timedelta(hours=3)
    check_can_open(AttemptState.OPEN, now=START, deadline_at=deadline_at)
    for state, now, deadline, code in (
        (AttemptState.SEATED, START, None, "test_not_started"),
        (AttemptState.OPEN, deadline_at, deadline_at, "test_over"),
        (AttemptState.HANDED_IN, START, deadline_at, "test_over"),
    ):
        with pytest.raises(ConflictError) as error:
            check_can_open(state, now=now, deadline_at=deadline)
        assert error.value.code == code
    last = deadline_at + timedelta(seconds=60)
    check_can_hand_in(
        AttemptState.OPEN, page_epoch=1, attempt_epoch=1, now=last, deadline_at=deadline_at, grace_seconds=60
    )
    for now, page, code in ((last, 2, "page_fenced"), (last + timedelta(seconds=1), 1, "test_over")):
        with pytest.raises(ConflictError) as error:
            check_can_hand_in(
                AttemptState.OPEN, page_epoch=page, attempt_epoch=1, now=now, deadline_at=deadline_at, grace_seconds=60
            )
        assert error.value.code == code


@pytest.mark.parametrize(
    ("content", "answered"),
    [("", False), ("  \n", False), ("a", True), ([], False), (["a"], True), (None, False), (0, False), ({}, False)],
)
def test_empty_things_are_no_answers(content: object, answered: bool) -> None:
    assert is_answer(content) is answered


def test_words_are_pieces_between_spaces() -> None:
    assert count_words(" Quản  lý\nlà\tgì? ") == 4


# --- rooms ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(min_value=1, max_value=60), min_size=1, max_size=8), st.data())
def test_everyone_gets_a_seat_and_no_room_is_over_full(capacities: list[int], data: st.DataObject) -> None:
    people = data.draw(st.integers(min_value=0, max_value=sum(capacities)))
    shares = spread_over(capacities, people)
    assert sum(shares) == people
    assert all(0 <= share <= capacity for share, capacity in zip(shares, capacities, strict=True))


def test_too_few_seats_are_refused() -> None:
    with pytest.raises(ConflictError):
        spread_over([2, 3], 6)


def test_seats_are_named_by_row_and_place() -> None:
    assert seat_codes(2, 2) == ("A1", "A2", "B1", "B2")
    for rows, columns in ((0, 1), (27, 1), (1, 0), (1, 31)):
        with pytest.raises(InvalidError):
            seat_codes(rows, columns)


def test_late_start_and_late_comers() -> None:
    ten = timedelta(seconds=10)
    assert started_at_of(START, START + ten, papers_opened_at=[START]) == START
    late = START + ten + timedelta(seconds=1)
    assert started_at_of(START, late, papers_opened_at=[START]) == late
    assert started_at_of(START, START + ten, papers_opened_at=[START + ten]) == START + ten
    assert is_let_in(START + timedelta(minutes=10), START, 10)
    assert not is_let_in(START + timedelta(minutes=10, seconds=1), START, 10)


def test_extensions_have_bounds() -> None:
    assert check_extension(4) == 240
    for minutes in (0, -1, 241):
        with pytest.raises(InvalidError):
            check_extension(minutes)


@given(st.lists(st.sampled_from("ABCDEFGH"), unique=True), st.lists(st.sampled_from("ABCDEFGH"), unique=True))
def test_drawn_seats_come_first_in_their_order_and_every_seat_comes_once(seats: list[str], drawn: list[str]) -> None:
    order = seats_as_drawn(seats, drawn)
    assert sorted(order) == sorted(seats)
    kept = [seat for seat in drawn if seat in seats]
    assert order[: len(kept)] == kept
    assert order[len(kept) :] == [seat for seat in seats if seat not in drawn]
