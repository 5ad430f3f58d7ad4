"""Rule sets: every figure has a value and a source, survives each spelling, and is refused when it cannot work."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from examsite.domain.canonical import canonical_bytes
from examsite.domain.errors import InvalidError, NotFoundError
from examsite.domain.ruleset_drafts import changeable_figures, warnings, with_changes
from examsite.domain.ruleset_figures import KEPT_BY_COUNCIL, PART_FIGURES, SETTINGS
from examsite.domain.rulesets import (
    OWN_CHOICE,
    Confidence,
    MachinePart,
    Measure,
    RuleSet,
    check_ruleset,
    ruleset_data,
    ruleset_from_data,
    ruleset_from_toml,
    ruleset_sha256,
    ruleset_to_toml,
)
from tests.domain.result_cases import preset, preset_text

PRESETS = ("tt22-2025", "hai-phong-pilot")


@pytest.fixture(params=PRESETS)
def ruleset(request: pytest.FixtureRequest) -> RuleSet:
    return preset(request.param)


def test_presets_on_disk_are_the_ones_tried_here() -> None:
    folder = Path(__file__).parents[2] / "examsite/services/presets"
    assert {path.stem for path in folder.glob("*.toml")} == set(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_preset_file_is_what_its_rule_set_writes(name: str) -> None:
    assert ruleset_to_toml(preset(name)) == preset_text(name)
    assert preset(name).name == name


def test_result_member_gives_the_same_rule_set_back(ruleset: RuleSet) -> None:
    data = ruleset_data(ruleset)
    assert ruleset_from_data(data) == ruleset
    assert canonical_bytes(data)
    assert re.fullmatch("[0-9a-f]{64}", ruleset_sha256(ruleset))
    assert hash(ruleset) == hash(ruleset_from_data(data))


def test_result_member_has_exactly_the_published_members(ruleset: RuleSet) -> None:
    data: dict[str, Any] = ruleset_data(ruleset)
    assert set(data) == {
        *("name", "parts", "tie_break", "deductions", "minimum_candidates", "approvals", "notes"),
    }
    assert [set(part) for part in data["parts"]] == [
        {
            *("part", "kind", "maximum", "pass", "weight", "mean_at_most", "third_from", "straddle"),
            "appeal_adopt_below",
        },
        {"part", "kind", "maximum", "pass", "weight", "gap_limit", "least_markers", "after_discussion"},
    ]
    assert data["approvals"] == {"council": 3, "authority": 1}
    assert data["parts"][0]["maximum"] == "100.00"


def test_every_figure_has_a_source_in_both_languages(ruleset: RuleSet) -> None:
    figures = ruleset.figures()
    assert len(figures) == 13 + len(SETTINGS)
    for figure in figures:
        assert figure.source.text.vi, figure.key
        assert figure.source.text.en, figure.key
        assert figure.label.vi, figure.key
        assert figure.label.en, figure.key
        ours = figure.source.confidence is Confidence.OUR_CHOICE
        assert ours == figure.source.text.en.startswith("Our choice"), figure.key
        assert ours == figure.source.text.vi.startswith("Lựa chọn của hệ thống"), figure.key


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("tt22-2025", "written.mean_at_most", Decimal("5.00")),
        ("tt22-2025", "written.third_from", Decimal("10.00")),
        ("tt22-2025", "written.appeal_adopt_below", Decimal("5.00")),
        ("tt22-2025", "defence.gap_limit", Decimal("10.00")),
        ("tt22-2025", "defence.least_markers", 2),
        ("tt22-2025", "written.weight", Decimal("70.00")),
        ("tt22-2025", "appeal_window_working_days", 5),
        ("tt22-2025", "application_days", 30),
        ("tt22-2025", "bank_multiple", 3),
        ("tt22-2025", "paper_versions", 3),
        ("tt22-2025", "key_step", Decimal("5.00")),
        ("tt22-2025", "late_minutes", 10),
        ("hai-phong-pilot", "minimum_candidates", 2),
        ("hai-phong-pilot", "written_minutes", 180),
        ("hai-phong-pilot", "written.pass", Decimal("50.00")),
        ("hai-phong-pilot", "defence.pass", Decimal("50.00")),
        ("hai-phong-pilot", "written.weight", Decimal("40.00")),
        ("hai-phong-pilot", "defence.weight", Decimal("60.00")),
        ("hai-phong-pilot", "presentation_minutes", 20),
        ("hai-phong-pilot", "questions_minutes", 30),
        ("hai-phong-pilot", "tie_break", ("defence", "written")),
        ("hai-phong-pilot", "council_size", 5),
        ("hai-phong-pilot", "approvals_council", 3),
        ("hai-phong-pilot", "grace_seconds", 60),
    ],
)
def test_preset_holds_the_figure(name: str, key: str, value: object) -> None:
    assert {figure.key: figure.value for figure in preset(name).figures()}[key] == value


def test_measures_take_off_a_quarter_and_a_half_or_void(ruleset: RuleSet) -> None:
    taken = {measure.measure: measure.percent for measure in ruleset.measures}
    assert taken == {"reprimand": Decimal(25), "warning": Decimal(50), "suspension": None, "annulment": None}
    assert ruleset.measure_named("annulment").void
    with pytest.raises(NotFoundError):
        ruleset.measure_named("applause")


def test_dossier_checklist_has_ten_items_and_the_application_in_the_pilot() -> None:
    ten = preset("tt22-2025").dossier_checklist
    assert len(ten) == 10
    assert preset("hai-phong-pilot").dossier_checklist[1:] == ten


def test_parts_are_found_by_name_and_kind(ruleset: RuleSet) -> None:
    assert ruleset.blind_pair().part == "written"
    assert ruleset.panel().part == "defence"
    for find in (ruleset.part_named, ruleset.blind_pair, ruleset.panel):
        with pytest.raises(NotFoundError):
            find("interview")
    with pytest.raises(NotFoundError):
        ruleset.blind_pair("defence")
    with pytest.raises(NotFoundError):
        ruleset.panel("written")


def test_rule_set_of_a_machine_part_survives_both_spellings(ruleset: RuleSet) -> None:
    whole = Decimal("100.00")
    part = MachinePart("test", ruleset.title, whole, Decimal("50.00"), whole)
    own = {f"test.{name}": OWN_CHOICE for name in ("maximum", "pass", "weight")}
    only = replace(ruleset, parts=(part,), tie_break=(), appeal_parts=(), sources={**ruleset.sources, **own})
    only = replace(only, sources={key: source for key, source in only.sources.items() if "." not in key or key in own})
    assert ruleset_from_toml(ruleset_to_toml(only)) == only
    assert ruleset_from_data(ruleset_data(only)) == only
    assert warnings(only) == ()


# --- a draft ---------------------------------------------------------------------------------------------------------


def test_changed_figure_is_the_competitions_own_choice_and_others_keep_their_source(ruleset: RuleSet) -> None:
    changed = with_changes(
        ruleset,
        {"written.pass": "55,5", "defence.pass": "50", "written_minutes": " 120 ", "written.straddle": "head"},
    )
    assert changed.blind_pair().pass_mark == Decimal("55.50")
    assert changed.blind_pair().straddle == "head"
    assert changed.written_minutes == 120
    own = {key for key, source in changed.sources.items() if source == OWN_CHOICE}
    assert own == {"written.pass", "written_minutes", "written.straddle"}
    assert changed.sources["defence.pass"] == ruleset.sources["defence.pass"]
    assert ruleset_from_toml(ruleset_to_toml(changed)) == changed


def test_no_change_is_the_same_rule_set(ruleset: RuleSet) -> None:
    same = {figure.key: str(figure.value) for figure in changeable_figures(ruleset)}
    assert with_changes(ruleset, same) == ruleset


def test_changeable_figures_are_those_of_the_edit_form(ruleset: RuleSet) -> None:
    keys = {figure.key for figure in changeable_figures(ruleset)}
    wanted = {
        *("written_minutes", "grace_seconds", "written.pass", "defence.pass", "written.weight", "defence.weight"),
        *("written_mark_step", "defence_mark_step", "appeal_window_working_days", "minimum_candidates"),
        *("approvals_council", "presentation_minutes", "questions_minutes", "written.mean_at_most"),
        *("written.third_from", "defence.gap_limit", "written.straddle", "proposal_max_megabytes", "application_days"),
    }
    assert wanted <= keys
    assert not keys & {"measures", "kinship", "deductions", "dossier_checklist", "tie_break"}


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"measures": "[]"}, "figure_not_changeable", "measures"),
        ({"nonsense": "1"}, "figure_not_changeable", "nonsense"),
        ({"written_minutes": "abc"}, "figure_not_readable", "written_minutes"),
        ({"written_minutes": "-5"}, "figure_not_readable", "written_minutes"),
        ({"written_minutes": "٣"}, "figure_not_readable", "written_minutes"),
        ({"written_minutes": "1" * 30}, "figure_not_readable", "written_minutes"),
        ({"written_minutes": "0"}, "figure_out_of_range", "written_minutes"),
        ({"appeal_window_working_days": "-1"}, "figure_not_readable", "appeal_window_working_days"),
        ({"appeal_window_working_days": "61"}, "figure_out_of_range", "appeal_window_working_days"),
        ({"written.pass": "1.234"}, "figure_not_readable", "written.pass"),
        ({"written.pass": "100.01"}, "pass_above_maximum", "written.pass"),
        ({"written.weight": "50"}, "weights_not_hundred", "written.weight"),
        ({"written.weight": "101"}, "figure_out_of_range", "written.weight"),
        ({"written.mean_at_most": "10"}, "mean_not_below_third", "written.mean_at_most"),
        ({"written.straddle": "coin"}, "figure_not_readable", "written.straddle"),
        ({"essay_regime": "coin"}, "figure_not_changeable", "essay_regime"),
        ({"approvals_council": "6"}, "approvals_above_council", "approvals_council"),
        ({"paper_holders_needed": "4"}, "holders_needed_above_holders", "paper_holders_needed"),
        ({"written_mark_step": "0"}, "step_not_positive", "written_mark_step"),
        ({"minimum_candidates": "0"}, "figure_out_of_range", "minimum_candidates"),
    ],
)
def test_change_that_cannot_work_names_its_field(
    ruleset: RuleSet, changes: dict[str, str], code: str, field: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        with_changes(ruleset, changes)
    assert (refused.value.code, refused.value.params["field"]) == (code, field)


@given(data=st.data())
def test_any_changed_figure_changes_the_hash(data: st.DataObject) -> None:
    ruleset = preset("tt22-2025")
    figure = data.draw(st.sampled_from([f for f in changeable_figures(ruleset) if isinstance(f.value, int)]))
    number = str(data.draw(st.integers(figure.spec.least, figure.spec.most)))
    try:
        changed = with_changes(ruleset, {figure.key: number})
    except InvalidError:
        # Such as approvals above the size of the council: a bound between two figures.
        assume(False)
    assert (ruleset_sha256(changed) == ruleset_sha256(ruleset)) == (int(number) == figure.value)


def broken(**members: Any) -> Callable[[RuleSet], RuleSet]:
    return lambda ruleset: replace(ruleset, **members)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (broken(parts=()), "part_missing"),
        (lambda ruleset: replace(ruleset, parts=ruleset.parts * 2), "part_twice"),
        (broken(sources={}), "source_missing"),
        (broken(tie_break=("interview",)), "tie_break_not_known"),
        (broken(tie_break=("written", "written")), "tie_break_not_known"),
        (broken(appeal_parts=("defence",)), "appeal_part_not_known"),
        (broken(deductions="added"), "word_not_known"),
        (lambda r: replace(r, measures=(Measure("a", Decimal(10), True, r.title),)), "measure_unclear"),
        (lambda r: replace(r, measures=(Measure("a", None, False, r.title),)), "measure_unclear"),
        (lambda r: replace(r, measures=(Measure("a", Decimal(101), False, r.title),)), "measure_unclear"),
    ],
)
def test_unsound_rule_set_is_refused(ruleset: RuleSet, change: Callable[[RuleSet], RuleSet], code: str) -> None:
    with pytest.raises(InvalidError) as refused:
        check_ruleset(change(ruleset))
    assert refused.value.code == code
    assert "field" in refused.value.params


# --- warnings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "warned"), [("5", True), ("10", True), ("2,5", False), ("1", False), ("4", False)])
def test_pure_five_point_step_warns_that_no_pair_is_ever_discussed(step: str, warned: bool) -> None:
    found = warnings(with_changes(preset("tt22-2025"), {"written_mark_step": step}))
    assert ("rung_unreachable" in {warning.code for warning in found}) is warned


def test_step_that_misses_the_maximum_and_a_weight_without_effect_warn() -> None:
    changed = with_changes(
        preset("tt22-2025"), {"defence_mark_step": "3", "written.weight": "0", "defence.weight": "100"}
    )
    assert [(warning.code, warning.params["field"]) for warning in warnings(changed)] == [
        ("weight_without_effect", "written.weight"),
        ("step_misses_maximum", "defence_mark_step"),
    ]


def test_presets_raise_no_warning(ruleset: RuleSet) -> None:
    assert warnings(ruleset) == ()


# --- unreadable files ------------------------------------------------------------------------------------------------

WRITTEN_MINUTES = re.compile(r"(?m)^written_minutes = .*$")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (r"\A", "= =", "file"),
        (r"\A", "extra = 1\n", "file"),
        (r"(?m)^name = .*$", "", "name"),
        (r"(?m)^title_vi = .*\n", "", "title_vi"),
        (r'kind = "panel"', 'kind = "duel"', "defence.kind"),
        (r'kind = "panel"', "", "defence.kind"),
        (r'part = "written"', "", "part"),
        (r'kind = "panel"', 'kind = "panel"\nextra = 1', "defence"),
        (r'title_vi = "Bài thi viết"', "", "written"),
        (r"(?m)^\[\[parts\]\](.|\n)*(?=^\[settings\])", "", "parts"),
        (r"(?m)^\[\[parts\]\](.|\n)*(?=^\[settings\])", "parts = [1]\n", "parts"),
        (r"(?m)^\[settings\](.|\n)*", "", "settings"),
        (r"(?m)^\[settings\](.|\n)*", "[settings]\n", "tie_break"),
        (r"\Z", "extra = 1\n", "settings"),
        (WRITTEN_MINUTES.pattern, "", "written_minutes"),
        (WRITTEN_MINUTES.pattern, "written_minutes = 180", "written_minutes"),
        (WRITTEN_MINUTES.pattern, "written_minutes = { value = 180 }", "written_minutes"),
        (r"written_minutes = \{ value = 180", "written_minutes = { value = true", "written_minutes"),
        (r"written_minutes = \{ value = 180", "written_minutes = { value = 1.5", "written_minutes"),
        (r"written_minutes = \{ value = 180", "written_minutes = { extra = 1, value = 180", "written_minutes"),
        (r'key_step = \{ value = "5.00"', 'key_step = { value = "five"', "key_step"),
        (r'key_step = \{ value = "5.00"', "key_step = { value = 5", "key_step"),
        (r"winner_name = \{ value = true", 'winner_name = { value = "yes"', "winner_name"),
        (r'straddle = \{ value = "mean"', 'straddle = { value = "coin"', "written.straddle"),
        (r'straddle = \{ value = "mean"', "straddle = { value = 1", "written.straddle"),
        (r'appeal_parts = \{ value = \["written"\]', "appeal_parts = { value = [1]", "appeal_parts"),
        (r'appeal_parts = \{ value = \["written"\]', "appeal_parts = { value = 1", "appeal_parts"),
        (r'\["setter", "marker"\]', '["setter"]', "separation_of_duties"),
        (r'code = "spouse", ', "", "kinship"),
        (r'measure = "reprimand", ', "", "measures"),
        (r'percent = "25.00"', "percent = 25", "measures"),
        (r'percent = "25.00"', 'percent = "a quarter"', "measures"),
        (r"percent = \"25.00\", void = false", 'percent = "25.00", void = 0', "measures"),
        (r"value = \[\n  \{ measure = ", "value = [\n  1, { measure = ", "measures"),
        (r'confidence = "derived"', 'confidence = "sure"', "written.straddle"),
    ],
)
def test_unreadable_preset_file_names_the_figure_at_fault(old: str, new: str, field: str) -> None:
    text = re.sub(old, lambda _found: new, preset_text("tt22-2025"), count=1)
    assert text != preset_text("tt22-2025")
    with pytest.raises(InvalidError) as refused:
        ruleset_from_toml(text)
    assert (refused.value.code, refused.value.params["field"]) == ("ruleset_not_readable", field)


def test_words_typed_with_combining_marks_are_composed() -> None:
    decomposed = unicodedata.normalize("NFD", preset_text("tt22-2025"))
    assert ruleset_sha256(ruleset_from_toml(decomposed)) == ruleset_sha256(preset("tt22-2025"))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"extra": 1}, "ruleset"),
        ({"notes": 1}, "notes"),
        ({"approvals": {"council": 1, "authority": 1, "people": 1}}, "approvals"),
        ({"approvals": {"council": 1}}, "approvals_authority"),
        ({"parts": 1}, "parts"),
        ({"parts": [1]}, "parts"),
    ],
)
def test_unreadable_result_member_is_refused(ruleset: RuleSet, change: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        ruleset_from_data({**ruleset_data(ruleset), **change})
    assert refused.value.code == "ruleset_not_readable"
    assert refused.value.params["field"] == field


@pytest.mark.parametrize(
    ("member", "value", "field"),
    [
        ("part_titles", {}, "written"),
        ("part_titles", 1, "part_titles"),
        ("title", 1, "title"),
        ("settings", 1, "settings"),
        ("settings", {}, "approvals_announced"),
        ("sources", 1, "sources"),
        ("sources", {"carry_over": 1}, "carry_over"),
        ("sources", {"carry_over": {"vi": "a", "en": "b"}}, "carry_over"),
    ],
)
def test_unreadable_notes_are_refused(ruleset: RuleSet, member: str, value: object, field: str) -> None:
    data: dict[str, Any] = ruleset_data(ruleset)
    data["notes"][member] = value
    with pytest.raises(InvalidError) as refused:
        ruleset_from_data(data)
    assert (refused.value.code, refused.value.params["field"]) == ("ruleset_not_readable", field)


@pytest.fixture(scope="module")
def sources() -> str:
    """All modules and templates that may read a rule set; not the list of its figures."""
    root = Path(__file__).parents[2] / "examsite"
    files = (path for kind in ("*.py", "*.html") for path in root.rglob(kind) if path.name != "ruleset_figures.py")
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


@pytest.mark.parametrize("key", sorted({item.key for item in (*SETTINGS, *chain(*PART_FIGURES.values()))}))
def test_each_figure_is_read_by_the_system_or_said_to_be_kept_by_the_council(sources: str, key: str) -> None:
    """A figure that is published and that nothing reads would be believed to be enforced."""
    is_read = re.search(rf"\.{key}\b", sources) is not None
    assert is_read is not (key in KEPT_BY_COUNCIL)
