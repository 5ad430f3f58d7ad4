"""The published simulation of the ladders is what the simulation says, and says what the warning says."""

from __future__ import annotations

import pytest

from examsite.domain.ladders import LADDERS, get_ladder
from examsite.services.rulesets import ladder_simulation
from examsite.statistics.ladders import simulate


def test_the_published_table_can_be_repeated() -> None:
    table = ladder_simulation()
    assert set(table["ladders"]) == {ladder.key for ladder in LADDERS}
    # Fewer scripts than the published run, so within the error of the smaller one.
    for ladder in LADDERS:
        again = simulate(ladder, scripts=20_000)
        published = table["ladders"][ladder.key]
        for name in ("mean", "discussed", "third_equal", "third_rule", "wrong_side"):
            assert again[name] == pytest.approx(float(published[name]), abs=1.2), (ladder.key, name)
        assert again["distance"] == pytest.approx(float(published["distance"]), abs=0.1)
        rungs = sum(float(published[name]) for name in ("mean", "discussed", "third_equal", "third_rule"))
        assert rungs == pytest.approx(100, abs=0.3)


def test_the_closest_two_lie_furthest_from_the_truth_as_the_warning_says() -> None:
    table = ladder_simulation()["ladders"]
    worst = max(table, key=lambda key: float(table[key]["third_distance"]))
    assert worst == "closest-two"
    assert get_ladder(worst).warning is not None
