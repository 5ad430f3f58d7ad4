"""What the council decides about a version: enough, the greater part, and of equal parts the chair's."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.publication import Decision, council_outcome

YES, NO = Decision.AGREED, Decision.REFUSED

#: What everyone says in turn; the first entry is the chair's, wherever it comes.
votes = st.lists(st.sampled_from([YES, NO]), min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("agreed", "refused", "waiting", "needed", "chair", "outcome"),
    [
        (3, 0, 2, 3, None, YES),
        (2, 0, 3, 2, YES, None),  # two of five are enough for the rule set, but no majority
        (2, 2, 1, 3, None, None),
        (2, 3, 0, 3, YES, NO),
        (1, 3, 1, 3, None, NO),
        (2, 2, 0, 2, YES, YES),
        (2, 2, 0, 2, NO, NO),
        (2, 1, 1, 2, None, None),  # the chair waits, and may still be the side that counts
        (2, 2, 0, 2, None, NO),  # nobody leads: no majority
        (1, 0, 0, 1, YES, YES),
    ],
)
def test_council_decides(
    agreed: int, refused: int, waiting: int, needed: int, chair: Decision | None, outcome: Decision | None
) -> None:
    found = council_outcome(agreed=agreed, refused=refused, waiting=waiting, needed=needed, chair=chair)
    assert found is outcome


@given(votes, st.integers(1, 9), st.data())
def test_whoever_comes_late_changes_no_decision(said: list[Decision], needed: int, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(said))))
    outcomes = []
    for count in range(len(said) + 1):
        heard = order[:count]
        yes = sum(said[place] is YES for place in heard)
        outcomes.append(
            council_outcome(
                agreed=yes,
                refused=count - yes,
                waiting=len(said) - count,
                needed=needed,
                chair=said[0] if 0 in heard else None,
            )
        )
    assert all(before in (None, after) for before, after in pairwise(outcomes))
    yes = said.count(YES)
    is_majority = 2 * yes > len(said) or (2 * yes == len(said) and said[0] is YES)
    assert (outcomes[-1] is YES) == (yes >= needed and is_majority)
