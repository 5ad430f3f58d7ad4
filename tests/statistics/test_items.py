"""Items of an objective part: facility, discrimination, distractors and alpha equal references, or say why not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from examsite.statistics.figures import NoFigure
from examsite.statistics.items import Item, ItemBand, ItemFlag, ItemResult, PartFigures, analyse_items, cronbach_alpha
from tests.statistics.published import LSAT_PATTERNS, QUIZ, SHROUT_FLEISS


def _part(rows: list[str], *, maximum: float = 1) -> PartFigures:
    items = [Item(f"q{place}", maximum, ("A", "B"), frozenset("A")) for place in range(len(rows[0]))]
    results = [
        ItemResult(f"s{number:04d}", f"q{place}", maximum * int(cell), ("A",) if cell == "1" else ("B",))
        for number, row in enumerate(rows)
        for place, cell in enumerate(row)
    ]
    return analyse_items(items, results)


def test_law_school_test_equals_published_values() -> None:
    found = _part([f"{pattern:05b}" for pattern, count in enumerate(LSAT_PATTERNS) for _ in range(count)])

    assert found.scripts == 1_000
    assert [item.facility.value for item in found.items] == pytest.approx([0.924, 0.709, 0.553, 0.763, 0.870])
    # pingouin 0.7.0 (value), rounded there for the interval.
    assert found.alpha.value == pytest.approx(0.294997192215944, abs=1e-6)
    assert (found.alpha.low, found.alpha.high) == pytest.approx((0.223, 0.362), abs=5e-4)
    assert found.kr20 == found.alpha
    # scipy 1.17.1, pointbiserialr with the sum of the other items.
    assert [item.discrimination.value for item in found.items] == pytest.approx(
        [0.11283268892234168, 0.15317812011652954, 0.17277894329109053, 0.1444280952470936, 0.12159640254709636],
        abs=1e-6,
    )
    assert [sorted(item.flags) for item in found.items] == [
        ["low_discrimination"],
        [],
        [],
        *[["low_discrimination"]] * 2,
    ]


def test_quiz_equals_published_values() -> None:
    found = _part(QUIZ)

    assert found.kr20.value == pytest.approx(10 / 9 * (1 - 2.18 / 5.84), abs=1e-6)
    assert (found.kr20.low, found.kr20.high) == pytest.approx((0.309, 0.911), abs=5e-4)
    # scipy 1.17.1, pearsonr with the sum of the other items.
    assert [item.discrimination.value for item in found.items] == pytest.approx(
        [
            *(0.7058891543857989, 0.7058891543857989, 0.0, 0.47358919921934456, 0.5838742081211422),
            *(0.2861465445558278, -0.027444509554644107, 0.7058891543857989, -0.12361284651454939, 0.4758668672668006),
        ],
        abs=1e-6,
    )


def test_alpha_of_graded_results_equals_the_correlation_of_means_of_judges() -> None:
    # Alpha is ICC(3,k); Shrout & Fleiss (1979) print .91, pingouin 0.7.0 gives it and its interval to all decimals.
    alpha = cronbach_alpha([list(column) for column in zip(*SHROUT_FLEISS, strict=True)])

    assert (alpha.value, alpha.low, alpha.high) == pytest.approx(
        (0.9093155423770697, 0.6756747138163055, 0.9858916781690623), abs=1e-6
    )


def test_alpha_without_an_item_is_that_of_the_others() -> None:
    found = _part(QUIZ)

    for place, item in enumerate(found.items):
        assert item.alpha_without.value == pytest.approx(
            _part([row[:place] + row[place + 1 :] for row in QUIZ]).alpha.value
        )


def test_points_of_an_item_change_no_figure() -> None:
    one, many = _part(QUIZ), _part(QUIZ, maximum=2.5)

    assert many.alpha.value == pytest.approx(one.alpha.value)
    for item, other in zip(one.items, many.items, strict=True):
        assert other.facility == item.facility
        assert other.discrimination.value == pytest.approx(item.discrimination.value)
        assert other.flags == item.flags


def test_distractors_show_a_wrong_key() -> None:
    # The weak choose A, which the key names; the strong choose C; D is chosen by nobody; one leaves it blank.
    strong = [(f"s{n}", "C", 5) for n in range(5)]
    weak = [(f"w{n}", "A", 1) for n in range(4)]
    suspect = Item("q1", 1, ("A", "B", "C", "D"), frozenset("A"))
    other = Item("q2", 5)
    results = [
        *(ItemResult(script, "q1", int(key == "A"), (key,)) for script, key, _ in strong + weak),
        ItemResult("x", "q1", 0),
        *(ItemResult(script, "q2", points) for script, _, points in strong + weak),
        ItemResult("x", "q2", 3),
    ]

    found = analyse_items([suspect, other], results).items[0]

    options = {option.option: option for option in found.options}
    assert (found.scripts, found.blank) == (10, 1)
    assert {key: option.chosen for key, option in options.items()} == {"A": 4, "B": 0, "C": 5, "D": 0}
    assert options["C"].share.value == 0.5
    assert (options["A"].mean_rest.value, options["C"].mean_rest.value) == (1.0, 5.0)
    assert options["A"].right
    assert (options["A"].discrimination.value or 0) < 0 < (options["C"].discrimination.value or 0)
    assert options["D"].discrimination.reason is NoFigure.NO_SPREAD
    assert ItemFlag.LOW_DISCRIMINATION in found.flags


def test_more_than_one_option_may_be_chosen() -> None:
    item = Item("q1", 1, ("A", "B", "C"), frozenset("AB"))

    found = analyse_items([item], [ItemResult("s1", "q1", 1, ("A", "B")), ItemResult("s2", "q1", 0, ("A", "C"))])

    assert [option.chosen for option in found.items[0].options] == [2, 1, 1]


@pytest.mark.parametrize(
    ("hits", "flags"),
    [
        (1, {ItemFlag.TOO_HARD}),
        (4, set()),
        (19, set()),
        (20, {ItemFlag.TOO_EASY}),
    ],
)
def test_ends_of_the_band_still_belong_to_it(hits: int, flags: set[ItemFlag]) -> None:
    results = [ItemResult(f"s{n}", "q1", int(n < hits)) for n in range(20)]

    assert analyse_items([Item("q1", 1)], results).items[0].flags == flags


def test_band_can_be_that_of_a_rule_set() -> None:
    results = [ItemResult(f"s{n}", "q1", int(n < 10)) for n in range(20)]

    found = analyse_items([Item("q1", 1)], results, band=ItemBand(facility=(0.6, 0.9)))

    assert found.items[0].flags == {ItemFlag.TOO_HARD}


def test_part_points_have_a_facility_and_no_kr20() -> None:
    results = [
        ItemResult(f"s{n}", code, Decimal(points) / 4)
        for n, points in enumerate([0, 1, 2, 3, 4])
        for code in ("q1", "q2")
    ]

    found = analyse_items([Item("q1", 1), Item("q2", 1)], results)

    assert found.items[0].facility.value == 0.5
    assert found.alpha.value == pytest.approx(1)
    assert found.kr20.reason is NoFigure.GRADED


def test_nothing_answered_says_so() -> None:
    found = analyse_items([Item("q1", 1, ("A", "B")), Item("q2", 1)], [])

    assert {found.alpha.reason, found.kr20.reason, found.items[0].facility.reason} == {NoFigure.NO_SCRIPTS}
    assert found.items[0].flags == set()


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (["1", "0", "1"], NoFigure.ONE_ITEM),
        (["11", "00"], NoFigure.TOO_FEW_SCRIPTS),
        (["10", "10", "10"], NoFigure.NO_SPREAD),
    ],
)
def test_no_alpha_and_no_discrimination_say_why(rows: list[str], reason: NoFigure) -> None:
    found = _part(rows)

    assert found.alpha.reason is reason
    assert found.items[0].discrimination.reason is reason


def test_scripts_with_gaps_count_for_facility_only() -> None:
    results = [ItemResult("s1", "q1", 1), ItemResult("s2", "q2", 0)]

    found = analyse_items([Item("q1", 1), Item("q2", 1)], results)

    assert found.items[0].facility.value == 1
    assert found.alpha.reason is NoFigure.INCOMPLETE
    assert found.items[0].discrimination.reason is NoFigure.INCOMPLETE


@pytest.mark.parametrize(
    "results",
    [
        [ItemResult("s1", "q1", 1), ItemResult("s1", "q1", 0)],
        [ItemResult("s1", "q9", 1)],
        [ItemResult("s1", "q1", 1, ("Z",))],
    ],
)
def test_contradictory_results_are_refused(results: list[ItemResult]) -> None:
    with pytest.raises(ValueError, match=r"one result|known"):
        analyse_items([Item("q1", 1, ("A",))], results)


def test_item_without_points_is_refused() -> None:
    with pytest.raises(ValueError, match="points"):
        analyse_items([Item("q1", 0)], [])


def test_alpha_of_nothing_says_so() -> None:
    assert cronbach_alpha([]).reason is NoFigure.NO_SCRIPTS
