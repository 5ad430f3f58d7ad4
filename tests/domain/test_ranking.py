"""Ranking: total, stable, the same for any order of input; ties stay ties until the authority decides."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.ranking import (
    Contender,
    Outcome,
    PartOutcome,
    Vacancies,
    compute_part,
    compute_ranking,
    compute_total,
    rank_post,
)
from tests.domain.result_cases import preset

RULES = preset("hai-phong-pilot")
WRITTEN, DEFENCE = RULES.blind_pair(), RULES.panel()


def contender(code: str, written: str | None, defence: str | None, *, post: str = "P1") -> Contender:
    """`None` in the written part is absence; `None` in the defence is a part not reached."""
    parts = [compute_part(WRITTEN, None if written is None else Decimal(written), absent=written is None)]
    if defence is not None:
        parts.append(compute_part(DEFENCE, Decimal(defence)))
    return Contender(code, post, tuple(parts))


def ranks(vacancies: int, *contenders: Contender, tie: tuple[str, ...] | None = None) -> dict[str, tuple[object, str]]:
    standings = rank_post(RULES, Vacancies("P1", vacancies, tie), contenders)
    return {standing.code: (standing.rank, standing.outcome) for standing in standings}


def test_a_tenth_of_a_point_decides_as_it_did_in_a_real_selection() -> None:
    assert ranks(1, contender("A", "86.69", "86.69"), contender("B", "86.79", "86.79")) == {
        "B": (1, "selected"),
        "A": (2, "passed"),
    }


def test_equal_rank_and_the_next_rank_skips() -> None:
    standings = rank_post(
        RULES,
        Vacancies("P1", 1),
        [contender(code, score, score) for code, score in zip("ABCDE", ["90", "80", "70", "70", "60"], strict=True)],
    )
    assert [(one.code, one.rank, one.tied) for one in standings] == [
        ("A", 1, False),
        ("B", 2, False),
        ("C", 3, True),
        ("D", 3, True),
        ("E", 5, False),
    ]
    assert not any(one.tie_open for one in standings)


def test_equal_totals_are_parted_by_the_declared_chain() -> None:
    # 0.4 × 80 + 0.6 × 70 = 0.4 × 65 + 0.6 × 80 = 74.00
    assert ranks(1, contender("A", "80.00", "70.00"), contender("B", "65.00", "80.00")) == {
        "B": (1, "selected"),
        "A": (2, "passed"),
    }


@pytest.mark.parametrize(
    ("vacancies", "outcomes"),
    [
        (1, ["passed", "passed", "passed"]),
        (2, ["passed", "passed", "passed"]),
        (3, ["selected", "selected", "selected"]),
    ],
)
def test_tie_across_the_last_vacancy_selects_nobody_by_itself(vacancies: int, outcomes: list[str]) -> None:
    tied = [contender(code, "70.00", "70.00") for code in "ABC"]
    standings = rank_post(RULES, Vacancies("P1", vacancies), tied)
    assert [standing.outcome for standing in standings] == outcomes
    assert all(standing.tie_open == (vacancies < 3) for standing in standings)


def test_tie_below_the_winner_leaves_the_remaining_places_to_the_authority() -> None:
    people = [contender("A", "90.00", "90.00"), *(contender(code, "70.00", "70.00") for code in "BCD")]
    assert ranks(3, *people, tie=("B", "D")) == {
        "A": (1, "selected"),
        "B": (2, "selected"),
        "C": (2, "passed"),
        "D": (2, "selected"),
    }


@pytest.mark.parametrize("tie", [(), ("B",), ("B", "B"), ("A", "B"), ("B", "C", "D"), ("B", "X")])
def test_authority_chooses_exactly_the_remaining_places_out_of_the_tied(tie: tuple[str, ...]) -> None:
    people = [contender("A", "90.00", "90.00"), *(contender(code, "70.00", "70.00") for code in "BCD")]
    with pytest.raises(InvalidError) as refused:
        ranks(3, *people, tie=tie)
    assert refused.value.code == "tie_selection_wrong"


def test_decision_without_an_open_tie_is_refused() -> None:
    with pytest.raises(InvalidError) as refused:
        ranks(1, contender("A", "90.00", "90.00"), contender("B", "80.00", "80.00"), tie=("B",))
    assert refused.value.code == "tie_not_open"


def test_outcome_of_the_unranked_is_void_before_absent_before_failed() -> None:
    void = compute_part(WRITTEN, Decimal("90.00"), void=True)
    absent = compute_part(DEFENCE, None, absent=True)
    standings = rank_post(
        RULES,
        Vacancies("P1", 1),
        [
            Contender("A", "P1", (void, absent)),
            contender("B", None, None),
            contender("C", "49.99", None),
            contender("D", "90.00", "49.99"),
            Contender("E", "P1", ()),
        ],
    )
    assert [(one.code, one.rank, one.total, one.outcome) for one in standings] == [
        ("A", None, None, Outcome.VOID),
        ("B", None, None, Outcome.ABSENT),
        ("C", None, None, Outcome.FAILED),
        ("D", None, None, Outcome.FAILED),
        ("E", None, None, Outcome.FAILED),
    ]


def test_part_takes_the_appeal_then_the_deduction_then_the_pass_mark() -> None:
    outcome = compute_part(
        WRITTEN, Decimal("50.00"), appealed=Decimal("66.66"), percents=[Decimal("25.00"), Decimal("10.00")]
    )
    assert outcome == PartOutcome("written", Decimal("50.00"), passed=True)
    assert compute_part(WRITTEN, Decimal("66.65"), percents=[Decimal("25.00")]).passed is False


def test_part_without_a_settled_score_cannot_be_ranked() -> None:
    with pytest.raises(ConflictError) as refused:
        compute_part(WRITTEN, None)
    assert refused.value.code == "part_not_settled"


def test_total_is_weighted_and_rounded_once() -> None:
    def both(written: str, defence: str) -> tuple[PartOutcome, ...]:
        return (compute_part(WRITTEN, Decimal(written)), compute_part(DEFENCE, Decimal(defence)))

    # 0.4 × 71.13 = 28.452 and 0.6 × 80.67 = 48.402: 76.854, not 28.45 + 48.40 = 76.85 by luck alone.
    assert compute_total(RULES, both("71.13", "80.67")) == Decimal("76.85")
    assert compute_total(RULES, both("71.14", "80.68")) == Decimal("76.86")
    assert compute_total(RULES, both("49.99", "80.67")) is None
    assert compute_total(RULES, both("71.13", "80.67")[:1]) is None


def test_part_that_weighs_nothing_gates_but_does_not_rank() -> None:
    parts = tuple(
        replace(part, weight=Decimal(weight)) for part, weight in zip(RULES.parts, ["0.00", "100.00"], strict=True)
    )
    rules = replace(RULES, parts=parts)
    assert compute_total(rules, contender("A", "50.00", "80.00").parts) == Decimal("80.00")
    assert compute_total(rules, contender("A", "49.99", "80.00").parts) is None


@pytest.mark.parametrize(
    ("posts", "people", "code"),
    [
        ([Vacancies("P1", 0)], [], "post_without_vacancy"),
        ([Vacancies("P1", 1)], [contender("A", "50", "50"), contender("A", "60", "60")], "candidate_twice"),
        ([Vacancies("P1", 1)], [contender("A", "50", "50", post="P2")], "post_unknown"),
    ],
)
def test_list_that_cannot_be_ranked_is_refused(posts: list[Vacancies], people: list[Contender], code: str) -> None:
    with pytest.raises(InvalidError) as refused:
        compute_ranking(RULES, posts, people)
    assert refused.value.code == code


def test_one_post_refuses_a_candidate_twice() -> None:
    with pytest.raises(InvalidError) as refused:
        rank_post(RULES, Vacancies("P1", 1), [contender("A", "50", "50")] * 2)
    assert refused.value.code == "candidate_twice"


scores = st.sampled_from(["45.00", "50.00", "65.00", "70.00", "80.00", "86.79"])
people = st.lists(st.tuples(st.sampled_from(["P1", "P2"]), scores, scores), max_size=9)


@given(people=people, vacancies=st.integers(1, 3), data=st.data())
def test_ranking_is_total_and_the_same_for_any_order_of_input(
    people: list[tuple[str, str, str]], vacancies: int, data: st.DataObject
) -> None:
    known = [contender(f"C{n}", written, defence, post=post) for n, (post, written, defence) in enumerate(people)]
    posts = [Vacancies("P1", vacancies), Vacancies("P2", 1)]
    standings = compute_ranking(RULES, posts, known)
    assert compute_ranking(RULES, posts[::-1], data.draw(st.permutations(known))) == standings
    assert sorted(standing.code for standing in standings) == sorted(one.code for one in known)
    for one in standings:
        rivals = [other for other in standings if other.post == one.post and other.total is not None]
        if one.total is None:
            assert one.rank is None
            assert one.outcome is Outcome.FAILED
            continue

        def merit(standing: object) -> tuple[object, ...]:
            by_part = {part.part: part.score for part in standing.parts}  # type: ignore[attr-defined]
            return (standing.total, by_part["defence"], by_part["written"])  # type: ignore[attr-defined]

        assert one.rank == 1 + sum(merit(other) > merit(one) for other in rivals)
        assert one.tied == (sum(merit(other) == merit(one) for other in rivals) > 1)


@given(people=people, vacancies=st.integers(1, 4))
def test_never_more_are_selected_than_there_are_places(people: list[tuple[str, str, str]], vacancies: int) -> None:
    known = [contender(f"C{n}", written, defence) for n, (_post, written, defence) in enumerate(people)]
    standings = rank_post(RULES, Vacancies("P1", vacancies), known)
    selected = [standing for standing in standings if standing.outcome is Outcome.SELECTED]
    ranked = [standing for standing in standings if standing.rank is not None]
    assert len(selected) <= vacancies
    if not any(standing.tie_open for standing in standings):
        assert len(selected) == min(vacancies, len(ranked))
