"""Posts of a draft: what is filled, who manages it, and by which criteria the defence is scored."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR

from examsite.domain.competitions import DelegationLevel
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.events import Event
from examsite.domain.panels import PART
from examsite.domain.questions import Level, Text
from examsite.domain.rubrics import Rubric, RubricCriterion, check_rubric, rubric_to_snapshot
from examsite.domain.rulesets import RuleSet
from examsite.domain.scores import Score, score
from examsite.services.competitions import require_draft
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.queries.competitions import count_post_rows, find_post, reload_posts

#: Share of the maximum, in percent, that each level of a criterion earns, with its words.
# Source: our choice, because five levels are told apart at a glance; none of the regulations states levels.
_LEVELS: tuple[tuple[int, str, str], ...] = (
    (20, "Chưa đáp ứng: thiếu hoặc sai ở phần cốt lõi", "Not met: the core is missing or wrong"),
    (40, "Đáp ứng một phần: nêu được ý nhưng thiếu căn cứ", "Partly met: named, but without grounds"),
    (60, "Đáp ứng: đủ ý, có căn cứ, áp dụng được", "Met: complete, grounded, applicable"),
    (80, "Tốt: lập luận chặt chẽ, gắn với đơn vị", "Good: well argued, tied to the unit"),
    (100, "Xuất sắc: thuyết phục, lường trước khó khăn", "Excellent: convincing, foresees difficulties"),
)

#: Criteria that a new post starts with: share of the maximum in percent, words.
# Source: our choice, because no text states criteria for a defence; they follow what a proposal must contain.
_CRITERIA: tuple[tuple[int, str, str], ...] = (
    (25, "Phân tích thực trạng của đơn vị, có số liệu", "Analysis of the unit as it is, with figures"),
    (25, "Mục tiêu và giải pháp phù hợp chức danh", "Aims and measures that fit the post"),
    (20, "Tính khả thi: nguồn lực, lộ trình, rủi ro", "Feasibility: means, timetable, risks"),
    (15, "Trình bày rõ ràng, đúng thời gian", "Clear presentation within the time"),
    (15, "Trả lời câu hỏi và bản lĩnh lãnh đạo", "Answers to questions and leadership"),
)


def add_post(
    ctx: ServiceContext,
    competition: Competition,
    *,
    code: str,
    title: str,
    title_en: str,
    unit: str,
    managed_by: DelegationLevel,
    unit_en: str = "",
    vacancies: int = 1,
    requirements: str = "",
    requirements_en: str = "",
) -> Post:
    """Add a post to a draft; it starts with the usual criteria of the defence.

    Raises:
        ConflictError: `competition_announced`.
        InvalidError: `post_code_taken`, `post_not_of_body`, `vacancies_not_positive`, each with its `field`.
        NotAllowedError: `role_needed`.
    """
    require_draft(ctx, competition)
    if find_post(ctx.session, competition.id, code) is not None:
        raise InvalidError("post_code_taken", field="code", post=code)
    _check_post(competition, managed_by=managed_by, vacancies=vacancies)
    post = Post(
        competition_id=competition.id,
        code=code,
        title=title,
        title_en=title_en,
        unit=unit,
        unit_en=unit_en,
        managed_by=managed_by,
        vacancies=vacancies,
        requirements=requirements,
        requirements_en=requirements_en,
        blueprint={},
        defence_rubric=rubric_to_snapshot(default_defence_rubric(ruleset_of(competition), code)),
    )
    ctx.session.add(post)
    ctx.session.flush()
    reload_posts(ctx.session, competition)
    _record(ctx, competition, {"part": "posts", "post": code, "change": "added"})
    return post


def edit_post(
    ctx: ServiceContext,
    competition: Competition,
    post: Post,
    *,
    title: str,
    title_en: str,
    unit: str,
    managed_by: DelegationLevel,
    unit_en: str = "",
    vacancies: int = 1,
    requirements: str = "",
    requirements_en: str = "",
) -> None:
    """Change a post of a draft; its code stays, because papers and records name it.

    Raises:
        ConflictError: `competition_announced`.
        InvalidError: `post_not_of_body`, `vacancies_not_positive`, each with its `field`.
        NotAllowedError: `role_needed`.
    """
    require_draft(ctx, competition)
    _check_post(competition, managed_by=managed_by, vacancies=vacancies)
    post.title, post.title_en, post.unit, post.unit_en = title, title_en, unit, unit_en
    post.managed_by, post.vacancies = managed_by, vacancies
    post.requirements, post.requirements_en = requirements, requirements_en
    ctx.session.flush()
    _record(ctx, competition, {"part": "posts", "post": post.code, "change": "edited"})


def remove_post(ctx: ServiceContext, competition: Competition, post: Post) -> None:
    """Take a post out of a draft, as long as nothing hangs on it.

    Raises:
        ConflictError: `competition_announced`, `post_in_use` (papers were drawn or somebody stands for it).
        NotAllowedError: `role_needed`.
    """
    require_draft(ctx, competition)
    if count_post_rows(ctx.session, post.id):
        raise ConflictError("post_in_use", post=post.code)
    code = post.code
    ctx.session.delete(post)
    ctx.session.flush()
    reload_posts(ctx.session, competition)
    _record(ctx, competition, {"part": "posts", "post": code, "change": "removed"})


def set_defence_rubric(
    ctx: ServiceContext, competition: Competition, post: Post, criteria: Sequence[tuple[Text, Score]]
) -> Rubric:
    """Replace the criteria of the defence of a draft's post; each is words in both languages and a maximum.

    Raises:
        ConflictError: `competition_announced`.
        InvalidError: the codes of `check_rubric`.
        NotAllowedError: `role_needed`.
    """
    require_draft(ctx, competition)
    rubric = defence_rubric(ruleset_of(competition), post.code, criteria)
    check_rubric(rubric, ruleset_of(competition).panel(PART).maximum)
    post.defence_rubric = rubric_to_snapshot(rubric)
    ctx.session.flush()
    _record(ctx, competition, {"part": "rubric", "post": post.code, "change": "edited"})
    return rubric


def default_defence_rubric(ruleset: RuleSet, post: str) -> Rubric:
    """The usual five criteria, their maxima in the step of the rule set and summing to the maximum of the part."""
    maximum, step = ruleset.panel(PART).maximum, ruleset.defence_mark_step
    maxima = [_share(maximum, percent, step) for percent, _vi, _en in _CRITERIA[1:]]
    return defence_rubric(
        ruleset,
        post,
        [
            (Text(vi, en), points)
            for (_percent, vi, en), points in zip(_CRITERIA, [maximum - sum(maxima), *maxima], strict=True)
        ],
    )


def defence_rubric(ruleset: RuleSet, post: str, criteria: Sequence[tuple[Text, Score]]) -> Rubric:
    """The rubric of these criteria, each with the five levels in the step of the rule set; not yet checked."""
    step = ruleset.defence_mark_step
    return Rubric(
        part=PART,
        post=post,
        paper=None,
        criteria=tuple(
            RubricCriterion(
                criterion=f"D{number}",
                maximum=maximum,
                step=step,
                system=False,
                text=text,
                levels=tuple(Level(_share(maximum, percent, step), Text(vi, en)) for percent, vi, en in _LEVELS),
            )
            for number, (text, maximum) in enumerate(criteria, start=1)
        ),
    )


def _share(maximum: Score, percent: int, step: Score) -> Score:
    steps = (maximum * percent / 100 / step).to_integral_value(rounding=ROUND_FLOOR)
    return score(steps * step)


def _check_post(competition: Competition, *, managed_by: DelegationLevel, vacancies: int) -> None:
    # Source: the Hải Phòng pilot: each body runs competitions only for the posts that it manages itself.
    if managed_by is not competition.body.level:
        raise InvalidError("post_not_of_body", field="managed_by", managed_by=managed_by, level=competition.body.level)
    if vacancies < 1:
        raise InvalidError("vacancies_not_positive", field="vacancies")


def _record(ctx: ServiceContext, competition: Competition, payload: dict[str, str]) -> None:
    record(ctx, competition, Event.COMPETITION_CHANGED, f"competition/{competition.code}", payload)
