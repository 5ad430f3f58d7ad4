"""One draw decides who marks what: two people, even loads, no conflict, the same for everyone who repeats it."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.allocation import plan_marking, substitutes, third_marker
from examsite.domain.errors import ConflictError

SEEDS = st.binary(min_size=32, max_size=32)


def _codes(count: int) -> list[str]:
    return [f"{number:04d}" for number in range(count)]


def _markers(count: int) -> list[str]:
    return [f"M{number:02d}" for number in range(1, count + 1)]


@given(SEEDS, st.integers(0, 60), st.integers(3, 9))
def test_plan_gives_two_different_markers_and_even_loads(seed: bytes, scripts: int, markers: int) -> None:
    plan = plan_marking(_codes(scripts), _markers(markers), seed=seed)

    assert sorted(plan.pairs) == _codes(scripts)
    assert all(first != second for first, second in plan.pairs.values())
    loads = [len(plan.orders[marker]) for marker in _markers(markers)]
    assert sum(loads) == 2 * scripts
    assert max(loads) - min(loads) <= 1
    for marker, order in plan.orders.items():
        assert sorted(order) == sorted(code for code, pair in plan.pairs.items() if marker in pair)


@given(SEEDS, st.integers(1, 30), st.sets(st.tuples(st.sampled_from(_codes(30)), st.sampled_from(_markers(5)))))
def test_plan_never_brings_a_barred_pair_together(seed: bytes, scripts: int, barred: set[tuple[str, str]]) -> None:
    known = [pair for pair in barred if pair[0] in _codes(scripts)]
    per_script = Counter(code for code, _marker in known)
    if any(count > 3 for count in per_script.values()):
        with pytest.raises(ConflictError, match="markers_in_conflict"):
            plan_marking(_codes(scripts), _markers(5), seed=seed, barred=known)
        return

    plan = plan_marking(_codes(scripts), _markers(5), seed=seed, barred=known)

    assert not {(code, marker) for code, pair in plan.pairs.items() for marker in pair} & set(known)


@given(SEEDS, st.randoms(use_true_random=False))
def test_plan_does_not_depend_on_the_order_of_the_lists(seed: bytes, random: object) -> None:
    scripts, markers = _codes(12), _markers(4)
    shuffled = (list(reversed(scripts)), list(reversed(markers)))

    first, second = plan_marking(scripts, markers, seed=seed), plan_marking(*shuffled, seed=seed)

    assert first.pairs == second.pairs
    assert dict(first.orders) == dict(second.orders)


def test_pairs_are_mixed() -> None:
    plan = plan_marking(_codes(30), _markers(4), seed=bytes(32))

    met = Counter(frozenset(pair) for pair in plan.pairs.values())
    assert len(met) == 6
    assert max(met.values()) - min(met.values()) <= 2


def test_orders_of_two_markers_differ() -> None:
    plan = plan_marking(_codes(40), _markers(3), seed=bytes(32))

    first, second = (plan.orders[marker] for marker in _markers(2))
    shared = set(first) & set(second)
    assert [code for code in first if code in shared] != [code for code in second if code in shared]


@pytest.mark.parametrize("markers", [[], ["M01"], ["M01", "M02"], ["M01", "M01", "M02"]])
def test_plan_needs_three_markers(markers: list[str]) -> None:
    with pytest.raises(ConflictError, match="markers_too_few"):
        plan_marking(_codes(3), markers, seed=bytes(32))


@given(SEEDS, st.integers(3, 8))
def test_third_marker_is_fresh_and_the_same_for_everyone(seed: bytes, count: int) -> None:
    markers = _markers(count)
    taken = markers[:2]

    chosen = third_marker("0001", markers, taken=taken, seed=seed, thirds={})

    assert chosen not in taken
    assert chosen == third_marker("0001", markers[::-1], taken=taken[::-1], seed=seed, thirds={})


def test_third_marker_is_one_who_has_had_fewest() -> None:
    thirds = {"M03": 2, "M04": 1, "M05": 2}

    assert third_marker("0001", _markers(5), taken=["M01", "M02"], seed=bytes(32), thirds=thirds) == "M04"


def test_third_marker_in_conflict_is_passed_over() -> None:
    def named(barred: set[tuple[str, str]]) -> str:
        return third_marker("0001", _markers(4), taken=["M01", "M02"], seed=bytes(32), thirds={}, barred=barred)

    assert named({("0001", "M03")}) == "M04"
    with pytest.raises(ConflictError, match="third_marker_missing"):
        named({("0001", "M03"), ("0001", "M04")})


@given(SEEDS, st.integers(4, 7), st.integers(1, 30))
def test_substitutes_are_fresh_balanced_and_the_same_for_everyone(seed: bytes, count: int, scripts: int) -> None:
    markers = _markers(count)[1:]
    taken = {code: {"M01", markers[place % len(markers)]} for place, code in enumerate(_codes(scripts))}
    loads = dict.fromkeys(markers, 10)

    given_to = substitutes(taken, markers, seed=seed, loads=loads)

    assert sorted(code for code, _marker in given_to) == sorted(taken)
    assert all(marker not in taken[code] and marker != "M01" for code, marker in given_to)
    after = Counter(marker for _code, marker in given_to)
    assert max(after.values()) <= -(-scripts // len(markers)) + 2
    backwards = dict(reversed(taken.items()))
    assert given_to == substitutes(backwards, markers[::-1], seed=seed, loads=loads)


def test_substitutes_never_in_conflict_and_a_script_that_nobody_is_left_for_waits() -> None:
    taken = {"0001": {"M01", "M02"}}
    barred = {("0001", "M03")}
    assert substitutes(taken, _markers(4), seed=bytes(32), loads={}, barred=barred) == (("0001", "M04"),)
    both = taken | {"0002": {"M01"}}
    given = dict(substitutes(both, _markers(3), seed=bytes(32), loads={}, barred=barred))
    assert list(given) == ["0002"]
