"""Seeds in queues: enough of them, spread, everything else in its order; distances from agreed marks."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from examsite.domain.scores import score
from examsite.domain.standardisation import distance, mix_seeds, seeds_needed


@settings(max_examples=60)
@given(st.integers(1, 80), st.integers(0, 20), st.integers(0, 50), st.binary(min_size=32, max_size=32))
def test_queues_keep_their_order_and_hold_the_share(scripts: int, seeds: int, percent: int, seed: bytes) -> None:
    order = [f"{number:04d}" for number in range(scripts)]
    agreed = [f"s{number}" for number in range(seeds)]

    mixed = mix_seeds({"M01": order}, agreed, percent=percent, seed=seed)["M01"]

    inside = [code for code in mixed if code in agreed]
    assert [code for code in mixed if code not in agreed] == order
    assert len(inside) == len(set(inside)) == min(seeds, seeds_needed(scripts, percent))
    assert seeds < seeds_needed(scripts, percent) or len(inside) * 100 >= percent * len(mixed)
    assert mixed == mix_seeds({"M01": order}, agreed, percent=percent, seed=seed)["M01"]


def test_distance_is_told_with_its_sign_and_by_criterion() -> None:
    found = distance({"a": score("7.50"), "b": score("2.50")}, {"a": score("5.00"), "b": score("10.00")})

    assert (found.total, found.widest) == (score("-5.00"), score("7.50"))
    assert found.is_within(total=score("5.00"), criterion=score("7.50"))
    assert not found.is_within(total=score("5.00"), criterion=score("5.00"))
