"""The bank in the database, blueprints, and papers from the draw to the opening."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence

from sqlalchemy import select

from examsite.domain.blueprints import Blueprint, blueprint_from_data, blueprint_to_data, check_blueprint, draw_versions
from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.papers import (
    PAPER,
    PaperEvent,
    PaperState,
    make_paper,
    paper_from_data,
    paper_sha256,
    paper_to_data,
    version_code,
)
from examsite.domain.permissions import Role
from examsite.domain.questions import Question, question_to_data
from examsite.domain.rubrics import check_rubric, rubric_data
from examsite.services.context import ServiceContext
from examsite.services.draws import draw, draws_together
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.models.papers import BankQuestion, OpeningConsent, Paper
from examsite.storage.queries.papers import (
    count_papers,
    find_drawn_paper,
    find_opened_paper,
    list_bank,
    list_bank_rows,
    list_consents,
    list_papers,
    list_set_aside,
)

_BEFORE_THE_TEST = frozenset(
    {
        CompetitionState.ANNOUNCED,
        CompetitionState.RECEIVING,
        CompetitionState.VETTING,
        CompetitionState.ROSTERED,
    }
)


def is_drawable(state: CompetitionState) -> bool:
    """Whether papers are drawn and sealed at this step: after the announcement, before the written test."""
    return state in _BEFORE_THE_TEST


def check_drawable(competition: Competition) -> None:
    """Refuse to draw or seal papers at another step.

    Raises:
        ConflictError: `papers_not_drawable`.
    """
    if not is_drawable(competition.state):
        raise ConflictError("papers_not_drawable")


def discard_drawn(ctx: ServiceContext, post: Post) -> None:
    """Drop the versions of a post that were drawn and not sealed."""
    for old in ctx.session.scalars(select(Paper).where(Paper.post_id == post.id, Paper.state == PaperState.DRAWN)):
        ctx.session.delete(old)
    ctx.session.flush()


def load_bank(ctx: ServiceContext, questions: Iterable[Question]) -> tuple[int, int]:
    """Bring the database's bank in line with the files: how many were added or changed, and how many retired."""
    known = {row.code: row for row in list_bank_rows(ctx.session)}
    seen: set[str] = set()
    changed = retired = 0
    for question in questions:
        seen.add(question.id)
        data = question_to_data(question)
        digest = sha256_hex(canonical_bytes(data))
        row = known.get(question.id)
        if row is not None and row.sha256 == digest:
            continue
        if row is not None:
            row.retired_at = ctx.now
        _put_in_force(ctx, question, data, digest)
        changed += 1
    for code, row in known.items():
        if code not in seen:
            row.retired_at = ctx.now
            retired += 1
    ctx.session.flush()
    return changed, retired


def _put_in_force(ctx: ServiceContext, question: Question, data: dict[str, object], digest: str) -> None:
    # A question that went back to an older wording takes up its old row.
    old = ctx.session.scalars(
        select(BankQuestion).where(BankQuestion.code == question.id, BankQuestion.sha256 == digest)
    ).one_or_none()
    if old is not None:
        old.retired_at = None
        return
    ctx.session.add(
        BankQuestion(
            code=question.id,
            sha256=digest,
            kind=question.kind.value,
            subject=question.subject,
            topic=question.topic,
            difficulty=question.difficulty,
            data=data,
            loaded_at=ctx.now,
        )
    )


def plan_blueprint(ctx: ServiceContext, competition: Competition, post: Post, blueprint: Blueprint) -> None:
    """Set the plan of a post's paper, as long as the competition is a draft.

    Raises:
        ConflictError: `blueprint_frozen` after the announcement.
        InvalidError: the plan does not fit the maximum or the bank.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ORGANISER, Role.SETTER, competition_id=competition.id)
    if competition.state is not CompetitionState.DRAFT:
        raise ConflictError("blueprint_frozen")
    ruleset = ruleset_of(competition)
    check_blueprint(
        blueprint,
        list_bank(ctx.session),
        maximum=ruleset.blind_pair().maximum,
        versions=ruleset.paper_versions,
        bank_multiple=ruleset.bank_multiple,
    )
    post.blueprint = blueprint_to_data(blueprint)
    record(
        ctx,
        competition,
        Event.BLUEPRINT_PLANNED,
        f"post/{post.code}",
        {"blueprint": post.blueprint},
    )


def draw_papers(ctx: ServiceContext, competition: Competition, post: Post) -> list[Paper]:
    """Draw all versions of a post's paper from the bank; versions drawn before and not sealed are discarded.

    Raises:
        ConflictError: `papers_not_drawable` in this state, `papers_already_sealed`.
        InvalidError: the plan no longer fits the bank.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.SETTER, competition_id=competition.id)
    check_drawable(competition)
    if count_papers(ctx.session, post.id, PaperState.SEALED, PaperState.OPENED):
        raise ConflictError("papers_already_sealed", post=post.code)
    ruleset = ruleset_of(competition)
    blueprint = blueprint_from_data(post.blueprint)
    bank = list_bank(ctx.session)
    part = ruleset.blind_pair()
    versions = ruleset.paper_versions
    check_blueprint(blueprint, bank, maximum=part.maximum, versions=versions, bank_multiple=ruleset.bank_multiple)
    discard_drawn(ctx, post)
    seed = secrets.token_bytes(32)
    made: list[Paper] = []
    for version, questions in enumerate(draw_versions(blueprint, bank, seed=seed, versions=versions), start=1):
        paper = make_paper(
            questions,
            post=post.code,
            version=version,
            minutes=ruleset.written_minutes,
            objective_points=blueprint.objective_points,
            mark_step=ruleset.written_mark_step,
        )
        check_rubric(paper.rubric, part.maximum)
        data = paper_to_data(paper, mark_step=ruleset.written_mark_step)
        row = Paper(
            competition_id=competition.id,
            post_id=post.id,
            version=version,
            code=version_code(post.code, version),
            data=data,
            paper_sha256=paper_sha256(data),
            drawn_at=ctx.now,
        )
        ctx.session.add(row)
        made.append(row)
    ctx.session.flush()
    for row in made:
        record(ctx, competition, Event.PAPER_DRAWN, f"paper/{row.code}", {"paper_sha256": row.paper_sha256})
    return made


def seal_papers(
    ctx: ServiceContext, competition: Competition, post: Post, *, seen: Sequence[str] | None = None
) -> None:
    """Freeze all drawn versions of a post with their hashes; from here on nobody changes or swaps them.

    `seen` are the hashes that the person confirmed: whoever draws again meanwhile does not get the new draw sealed.

    The bank in the repository is open, so there is no age file: `age_sha256` is null in the record. A confidential
    paper comes in as a sealed file and carries the hash of that file there.

    Raises:
        ConflictError: `no_papers_to_seal`, `papers_not_drawable`, `papers_changed`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.SETTER, competition_id=competition.id)
    check_drawable(competition)
    rows = [
        row
        for row in list_papers(ctx.session, competition.id)
        if row.post_id == post.id and row.state == PaperState.DRAWN
    ]
    if not rows:
        raise ConflictError("no_papers_to_seal", post=post.code)
    if seen is not None and sorted(seen) != sorted(row.paper_sha256 for row in rows):
        raise ConflictError("papers_changed", post=post.code)
    for row in rows:
        row.state = PAPER.after(row.state, PaperEvent.SEALED)
        row.sealed_at = ctx.now
        payload = {
            "age_sha256": None,
            "paper_sha256": row.paper_sha256,
            "rubric": rubric_data(paper_from_data(row.data).rubric),
        }
        record(ctx, competition, Event.PAPER_SEALED, f"paper/{row.code}", payload)


def agree_to_opening(ctx: ServiceContext, competition: Competition, post: Post) -> None:
    """A member of the council agrees that the chair opens this post's paper now: by the draw, or the next reserve.

    Raises:
        ConflictError: `papers_not_openable`, `paper_already_opened`, `no_sealed_papers`, `already_agreed`.
        NotAllowedError: `role_needed`, `fresh_factor_needed`.

    Source: our choice, because an opened paper cannot be closed again and one person must not decide that moment.
    """
    actor = ctx.require(Role.COUNCIL_MEMBER, competition_id=competition.id)
    ctx.require_fresh_factor()
    sealed_versions(ctx, competition, post)
    place = len(list_set_aside(ctx.session, post.id))
    if actor.account_id in list_consents(ctx.session, post.id, place=place):
        raise ConflictError("already_agreed")
    ctx.session.add(OpeningConsent(post_id=post.id, place=place, account_id=actor.account_id, given_at=ctx.now))
    ctx.session.flush()
    record(ctx, competition, Event.OPENING_AGREED, f"post/{post.code}", {})


def needs_second_person(ctx: ServiceContext, competition: Competition, post: Post, versions: Iterable[Paper]) -> bool:
    """Whether nobody but the actor stands behind the opening of these versions.

    A ceremony has several contributors, and a sealed file several holders: those need no consent. A reserve is opened
    without a ceremony.
    """
    place = len(list_set_aside(ctx.session, post.id))
    if (place == 0 and draws_together(competition)) or all(row.age_sha256 is not None for row in versions):
        return False
    return not set(list_consents(ctx.session, post.id, place=place)) - {ctx.actor.account_id}


def open_paper(ctx: ServiceContext, competition: Competition, post: Post) -> Paper:
    """Draw one sealed version of the post; the others stay sealed reserves. What was made here opens with the draw.

    A version that came as a sealed file stays closed until the holders of its key open it (`open_sealed_paper`): that
    is an act of its own, so that a mistyped word never leads to a second draw.

    Raises:
        ConflictError: `papers_not_openable` outside the written test, `paper_already_opened`, `paper_already_drawn`,
            `no_sealed_papers`, `opening_needs_second` as long as no member of the council agreed; those of the draw.
        NotAllowedError: `role_needed`: the chair opens; `fresh_factor_needed`.

    Source: TT 22/2025 art. 13(2b) (the chair picks one version at random; the others are numbered reserves).
    """
    ctx.require(Role.CHAIR, competition_id=competition.id)
    ctx.require_fresh_factor()
    sealed = drawable_versions(ctx, competition, post)
    held = draw(ctx, competition, f"paper-version-{post.code}", sorted(sealed))
    row = sealed[held.outcome[0]]
    if row.age_sha256 is None:
        open_version(ctx, competition, row, holders=[str(ctx.actor.pseudonym)])
    return row


def drawable_versions(ctx: ServiceContext, competition: Competition, post: Post) -> dict[str, Paper]:
    """The versions, by code, that `open_paper` may draw from now: the one rule that the page and the act share.

    Raises:
        ConflictError: those of `open_paper` but for the draw's.
    """
    sealed = sealed_versions(ctx, competition, post)
    if needs_second_person(ctx, competition, post, sealed.values()):
        raise ConflictError("opening_needs_second", post=post.code)
    drawn = find_drawn_paper(ctx.session, post)
    if drawn is not None:
        raise ConflictError("paper_already_drawn", paper=drawn.code)
    return sealed


def open_version(ctx: ServiceContext, competition: Competition, row: Paper, *, holders: list[str]) -> None:
    """Open a version whose content is there, on record; whoever calls has checked that it is in turn."""
    row.state = PAPER.after(row.state, PaperEvent.OPENED)
    row.opened_at = ctx.now
    record(ctx, competition, Event.PAPER_OPENED, f"paper/{row.code}", {"holders": holders})


def sealed_versions(ctx: ServiceContext, competition: Competition, post: Post) -> dict[str, Paper]:
    """The versions that may be drawn now, by code.

    Raises:
        ConflictError: `papers_not_openable` outside the written test, `paper_already_opened`, `no_sealed_papers`.
    """
    if competition.state is not CompetitionState.WRITTEN:
        raise ConflictError("papers_not_openable")
    if find_opened_paper(ctx.session, post.id) is not None:
        raise ConflictError("paper_already_opened", post=post.code)
    sealed = {
        row.code: row
        for row in list_papers(ctx.session, competition.id)
        if row.post_id == post.id and row.state is PaperState.SEALED and row.set_aside_at is None
    }
    if not sealed:
        raise ConflictError("no_sealed_papers", post=post.code)
    return sealed
