"""What a rule set is: every figure that decides a competition, each with its source, and what makes it sound.

Frozen values only. Reading, writing and changing stand in `examsite.domain.rulesets`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from examsite.domain.errors import InvalidError, NotFoundError
from examsite.domain.questions import Text
from examsite.domain.ruleset_figures import PART_FIGURES, SETTINGS, FigureKind, FigureSpec, PartKind
from examsite.domain.scores import HUNDRED, ZERO, Score, sum_scores


class Confidence(StrEnum):
    """How sure we are that the source says so."""

    VERIFIED = "verified"
    VERIFIED_IN_PART = "verified-in-part"
    DERIVED = "derived"
    OUR_CHOICE = "our-choice"
    OWN_CHOICE = "own-choice"


class Straddle(StrEnum):
    """What happens when two close marks stand on the two sides of the pass mark."""

    MEAN = "mean"
    HEAD = "head"


class AfterDiscussion(StrEnum):
    """Whether a panel member's mark changed after discussion replaces the first one or is only shown."""

    SHOWN = "shown"
    COUNTS = "counts"


@dataclass(frozen=True, slots=True)
class FigureSource:
    """Where a figure comes from, for people, and how sure we are."""

    text: Text
    confidence: Confidence


OUR_CHOICE = FigureSource(Text("Lựa chọn của hệ thống", "Our choice"), Confidence.OUR_CHOICE)
OWN_CHOICE = FigureSource(Text("Kỳ thi này tự quyết định", "This competition's own choice"), Confidence.OWN_CHOICE)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a list such as the dossier checklist."""

    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure against a violation: a percentage taken off, or the part void."""

    measure: str
    percent: Score | None
    void: bool
    text: Text


@dataclass(frozen=True)
class BlindPairPart:
    """A part marked twice by people who cannot see each other."""

    kind: ClassVar[PartKind] = PartKind.BLIND_PAIR
    part: str
    title: Text
    maximum: Score
    pass_mark: Score
    weight: Score
    mean_at_most: Score
    third_from: Score
    straddle: Straddle
    appeal_adopt_below: Score


@dataclass(frozen=True)
class PanelPart:
    """A part scored by the members of a panel, each alone."""

    kind: ClassVar[PartKind] = PartKind.PANEL
    part: str
    title: Text
    maximum: Score
    pass_mark: Score
    weight: Score
    gap_limit: Score
    least_markers: int
    after_discussion: AfterDiscussion


@dataclass(frozen=True)
class MachinePart:
    """A part of objective questions alone, scored by the system."""

    kind: ClassVar[PartKind] = PartKind.MACHINE
    part: str
    title: Text
    maximum: Score
    pass_mark: Score
    weight: Score


Part = BlindPairPart | PanelPart | MachinePart


@dataclass(frozen=True)
class Figure:
    """One line of the rule-set page: what, how much, from where."""

    key: str
    spec: FigureSpec
    part: Text | None
    value: object
    source: FigureSource

    @property
    def label(self) -> Text:
        """The name of the figure, without the part it belongs to."""
        return self.spec.label


@dataclass(frozen=True)
class RuleSet:
    """Every figure of a competition. Points and percentages are scores; times carry their unit in the name."""

    name: str
    title: Text
    parts: tuple[Part, ...]
    tie_break: tuple[str, ...]
    deductions: str
    minimum_candidates: int
    approvals_council: int
    approvals_authority: int
    approvals_announced: int
    approvals_roster: int
    approvals_written: int
    carry_over: bool
    priority_points: bool
    measures: tuple[Measure, ...]
    application_days: int
    notice_changes: int
    notice_change_days: int
    vetting_days: int
    roster_notice_working_days: int
    written_result_days: int
    appeal_window_working_days: int
    remark_days: int
    report_working_days: int
    approval_working_days: int
    publication_working_days: int
    supervision_report_working_days: int
    archive_years: int
    erase_after_days: int
    paper_versions: int
    bank_multiple: int
    key_step: Score
    paper_holders: int
    paper_holders_needed: int
    draw_contributors: str
    draw_notice_minutes: int
    written_minutes: int
    grace_seconds: int
    late_minutes: int
    show_objective_score_at_once: bool
    essay_regime: str
    written_mark_step: Score
    defence_mark_step: Score
    appeal_parts: tuple[str, ...]
    third_rule: str
    claim_minutes: int
    qualification_scripts: int
    qualification_tolerance: Score
    qualification_criterion_tolerance: Score
    seed_percent: int
    presentation_minutes: int
    questions_minutes: int
    proposal_max_megabytes: int
    proposal_kinds: tuple[str, ...]
    dossier_checklist: tuple[Item, ...]
    council_size: int
    kinship: tuple[Item, ...]
    separation_of_duties: tuple[tuple[str, str], ...]
    winner_name: bool
    own_comments: bool
    others_published: str
    small_group_least: int
    sources: Mapping[str, FigureSource] = field(hash=False)

    def part_named(self, part: str) -> Part:
        """The part with this name.

        Raises:
            NotFoundError: `part_not_found`.
        """
        for known in self.parts:
            if known.part == part:
                return known
        raise NotFoundError("part_not_found", part=part)

    def blind_pair(self, part: str = "written") -> BlindPairPart:
        """The part that is marked twice.

        Raises:
            NotFoundError: `part_not_found`, also when the part is of another kind.
        """
        known = self.part_named(part)
        if not isinstance(known, BlindPairPart):
            raise NotFoundError("part_not_found", part=part)
        return known

    def panel(self, part: str = "defence") -> PanelPart:
        """The part that is scored by a panel.

        Raises:
            NotFoundError: `part_not_found`, also when the part is of another kind.
        """
        known = self.part_named(part)
        if not isinstance(known, PanelPart):
            raise NotFoundError("part_not_found", part=part)
        return known

    def measure_named(self, measure: str) -> Measure:
        """The measure with this name.

        Raises:
            NotFoundError: `measure_not_found`.
        """
        for known in self.measures:
            if known.measure == measure:
                return known
        raise NotFoundError("measure_not_found", measure=measure)

    def figures(self) -> tuple[Figure, ...]:
        """Every figure with its source, parts first, in the order of the page."""
        return tuple(
            Figure(key, spec, None if part is None else part.title, value, self.sources[key])
            for key, spec, part, value in _entries(self)
        )


def attribute_of(spec: FigureSpec) -> str:
    """The member that holds the figure (`pass` is a word of the language)."""
    return "pass_mark" if spec.key == "pass" else spec.key


def figure_value(owner: object, spec: FigureSpec) -> object:
    """The value of the figure in its rule set or part."""
    return getattr(owner, attribute_of(spec))


def check_ruleset(ruleset: RuleSet) -> None:
    """Refuse a rule set that cannot decide a competition; the `field` of the error is the figure's key.

    Raises:
        InvalidError: `part_missing`, `part_twice`, `figure_out_of_range`, `word_not_known`, `source_missing`,
            `weights_not_hundred`, `pass_above_maximum`, `mean_not_below_third`, `tie_break_not_known`,
            `appeal_part_not_known`, `measure_unclear`, `approvals_above_council`, `holders_needed_above_holders`,
            `step_not_positive`.
    """
    names = [part.part for part in ruleset.parts]
    if not names:
        raise InvalidError("part_missing", field="parts")
    if len(set(names)) != len(names):
        raise InvalidError("part_twice", field="parts")
    for key, spec, _part, value in _entries(ruleset):
        _check_value(key, spec, value)
        if key not in ruleset.sources:
            raise InvalidError("source_missing", field=key)
    _check_parts(ruleset)
    if len(set(ruleset.tie_break)) != len(ruleset.tie_break) or not set(ruleset.tie_break) <= set(names):
        raise InvalidError("tie_break_not_known", field="tie_break")
    blind = {part.part for part in ruleset.parts if part.kind is PartKind.BLIND_PAIR}
    if not set(ruleset.appeal_parts) <= blind:
        raise InvalidError("appeal_part_not_known", field="appeal_parts")
    for measure in ruleset.measures:
        if measure.void is (measure.percent is not None) or not ZERO <= (measure.percent or ZERO) <= HUNDRED:
            raise InvalidError("measure_unclear", field="measures", measure=measure.measure)
    _check_approvals(ruleset)
    if ruleset.paper_holders_needed > ruleset.paper_holders:
        raise InvalidError("holders_needed_above_holders", field="paper_holders_needed", most=ruleset.paper_holders)
    for key in ("key_step", "written_mark_step", "defence_mark_step"):
        if getattr(ruleset, key) <= ZERO:
            raise InvalidError("step_not_positive", field=key)


def _check_approvals(ruleset: RuleSet) -> None:
    for key in ("approvals_council", "approvals_announced", "approvals_roster", "approvals_written"):
        if getattr(ruleset, key) > ruleset.council_size:
            raise InvalidError("approvals_above_council", field=key, most=ruleset.council_size)


def _entries(ruleset: RuleSet) -> Iterator[tuple[str, FigureSpec, Part | None, object]]:
    for part in ruleset.parts:
        for spec in PART_FIGURES[part.kind]:
            yield f"{part.part}.{spec.key}", spec, part, figure_value(part, spec)
    for spec in SETTINGS:
        yield spec.key, spec, None, figure_value(ruleset, spec)


def _check_value(key: str, spec: FigureSpec, value: object) -> None:
    if spec.kind in (FigureKind.SCORE, FigureKind.COUNT):
        if not (isinstance(value, Score | int) and spec.least <= value <= spec.most):
            raise InvalidError("figure_out_of_range", field=key, least=spec.least, most=spec.most)
    elif spec.kind is FigureKind.WORD and value not in spec.choices:
        raise InvalidError("word_not_known", field=key, choices=spec.choices)


def _check_parts(ruleset: RuleSet) -> None:
    for part in ruleset.parts:
        if part.pass_mark > part.maximum:
            raise InvalidError("pass_above_maximum", field=f"{part.part}.pass", maximum=part.maximum)
        if isinstance(part, BlindPairPart) and part.mean_at_most >= part.third_from:
            raise InvalidError("mean_not_below_third", field=f"{part.part}.mean_at_most", third_from=part.third_from)
    if sum_scores(part.weight for part in ruleset.parts) != HUNDRED:
        raise InvalidError("weights_not_hundred", field=f"{ruleset.parts[0].part}.weight")
