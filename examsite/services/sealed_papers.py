"""Papers as sealed files: made on a machine of the setters' own, brought in closed, opened at the start by the holders.

Decision: the server keeps the bytes of the age files in its database and nothing of what is in them, so that a backup
made at any time before the opening is as closed as the file itself. What the opening must find was recorded with the
sealing, and the record, not the row, is what the opened paper is compared with.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyrage

from examsite.domain.blueprints import blueprint_from_data, check_blueprint, draw_versions
from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.events import Event
from examsite.domain.papers import PAPER, PaperEvent, PaperState, make_paper, paper_to_data
from examsite.domain.papers import Paper as FrozenPaper
from examsite.domain.permissions import Role
from examsite.domain.questions import Question
from examsite.domain.rubrics import check_rubric, rubric_data
from examsite.domain.sealed_papers import (
    NONCE_BYTES,
    Manifest,
    PaperPlan,
    PossibleHolder,
    SealedVersion,
    check_manifest,
    match_files,
    plan_bytes,
    read_manifest,
    read_opened,
    sealed_data,
)
from examsite.domain.split_keys import KeyPurpose
from examsite.services.context import ServiceContext
from examsite.services.papers import check_drawable, discard_drawn, open_version
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.services.split_keys import (
    HOLDERS,
    Sheet,
    SplitSecret,
    add_split_key,
    check_holders,
    join_split_key,
    split_secret,
)
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.models.papers import Paper, PaperFile
from examsite.storage.queries.accounts import list_holders
from examsite.storage.queries.papers import (
    count_papers,
    find_drawn_paper,
    find_opened_paper,
    find_sealing,
    get_age_file,
)
from examsite.storage.queries.split_keys import get_split_key


@dataclass(frozen=True)
class SealedPaper:
    """One version as the workspace gives it out: the closed file, what the manifest says, the sheets of its key."""

    age: bytes
    entry: SealedVersion
    sheets: tuple[Sheet, ...]


def plan_of_post(ctx: ServiceContext, competition: Competition, post: Post) -> bytes:
    """The plan that the workspace of the setters needs: no question is in it.

    Raises:
        ConflictError: `papers_not_drawable` before the announcement or after the test began.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.SETTER, competition_id=competition.id)
    check_drawable(competition)
    ruleset = ruleset_of(competition)
    part = ruleset.blind_pair()
    people = list_holders(ctx.session, competition.id, *HOLDERS)
    return plan_bytes(
        PaperPlan(
            competition=competition.code,
            title=competition.title,
            body=competition.body.name,
            post=post.code,
            post_title=post.title,
            part=part.part,
            maximum=part.maximum,
            minutes=ruleset.written_minutes,
            mark_step=ruleset.written_mark_step,
            versions=ruleset.paper_versions,
            bank_multiple=ruleset.bank_multiple,
            holders=ruleset.paper_holders,
            needed=ruleset.paper_holders_needed,
            blueprint=blueprint_from_data(post.blueprint),
            people=tuple(
                PossibleHolder(row.pseudonym or "", row.role.value, row.account.display_name) for row in people
            ),
        )
    )


def draw_offline(plan: PaperPlan, questions: Sequence[Question]) -> list[FrozenPaper]:
    """Draw the versions of a plan from a folder of questions; nothing is written anywhere.

    Raises:
        InvalidError: the plan does not fit the questions; those of `check_rubric`.
    """
    check_blueprint(
        plan.blueprint, questions, maximum=plan.maximum, versions=plan.versions, bank_multiple=plan.bank_multiple
    )
    drawn = draw_versions(plan.blueprint, questions, seed=secrets.token_bytes(32), versions=plan.versions)
    made = [
        make_paper(
            chosen,
            post=plan.post,
            version=version,
            minutes=plan.minutes,
            objective_points=plan.blueprint.objective_points,
            mark_step=plan.mark_step,
            part=plan.part,
        )
        for version, chosen in enumerate(drawn, start=1)
    ]
    for paper in made:
        check_rubric(paper.rubric, plan.maximum)
    return made


def seal_offline(
    plan: PaperPlan, papers: Sequence[FrozenPaper], *, holders: Sequence[str], needed: int
) -> tuple[Manifest, list[SealedPaper]]:
    """Seal each version to a fresh key of its own and split that key; nothing is written anywhere.

    Raises:
        InvalidError: `quorum_not_valid`; `holder_not_in_plan` with the `name`.
    """
    known = {person.pseudonym for person in plan.people}
    for name in holders:
        if name not in known or list(holders).count(name) > 1:
            raise InvalidError("holder_not_in_plan", name=name)
    made: list[SealedPaper] = []
    for paper in papers:
        data = sealed_data(
            paper_to_data(paper, mark_step=plan.mark_step),
            competition=plan.competition,
            nonce=secrets.token_bytes(NONCE_BYTES),
        )
        content = canonical_bytes(data)
        key = split_secret(needed=needed, holders=len(holders))
        age = pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(key.recipient)])
        entry = SealedVersion(
            version=paper.code,
            age_sha256=sha256_hex(age),
            paper_sha256=sha256_hex(content),
            rubric=rubric_data(paper.rubric),
            recipient=key.recipient,
            identifier=key.identifier,
            needed=needed,
            holders=tuple(holders),
        )
        sheets = tuple(
            Sheet(number, name, words) for number, (name, words) in enumerate(zip(holders, key.shares, strict=True), 1)
        )
        made.append(SealedPaper(age, entry, sheets))
    return Manifest(plan.competition, plan.post, tuple(item.entry for item in made)), made


def make_sealed_papers(
    plan: PaperPlan, questions: Sequence[Question], *, holders: Sequence[str], needed: int
) -> tuple[Manifest, list[SealedPaper]]:
    """Draw and seal the versions of a plan in one go.

    Raises:
        InvalidError: those of `draw_offline` and `seal_offline`.
    """
    return seal_offline(plan, draw_offline(plan, questions), holders=holders, needed=needed)


def seal_files(
    ctx: ServiceContext,
    competition: Competition,
    post: Post,
    *,
    manifest: bytes,
    files: Sequence[tuple[str, bytes]],
) -> list[Paper]:
    """Take in the sealed versions of a post; papers drawn on the server and not sealed are discarded.

    `files` are (name, bytes). Of each version the server keeps the closed bytes, the hashes and who holds its key.

    Raises:
        ConflictError: `papers_not_drawable`, `papers_already_sealed`.
        InvalidError: those of `read_manifest`, `check_manifest`, `match_files`; `sealed_holder_not_valid`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.SETTER, competition_id=competition.id)
    check_drawable(competition)
    if count_papers(ctx.session, post.id, PaperState.SEALED, PaperState.OPENED):
        raise ConflictError("papers_already_sealed", post=post.code)
    ruleset = ruleset_of(competition)
    part = ruleset.blind_pair()
    said = read_manifest(manifest)
    check_manifest(
        said,
        competition=competition.code,
        post=post.code,
        part=part.part,
        maximum=part.maximum,
        versions=ruleset.paper_versions,
        needed=ruleset.paper_holders_needed,
        holders=ruleset.paper_holders,
    )
    matched = match_files(said, files)
    people = {row.pseudonym: row for row in list_holders(ctx.session, competition.id, *HOLDERS)}
    discard_drawn(ctx, post)
    return [
        _take_in(ctx, competition, post, item, number=number, content=matched[item.version], people=people)
        for number, item in enumerate(said.versions, start=1)
    ]


def _take_in(
    ctx: ServiceContext,
    competition: Competition,
    post: Post,
    item: SealedVersion,
    *,
    number: int,
    content: bytes,
    people: Mapping[str | None, RoleAssignment],
) -> Paper:
    """One sealed version with its closed bytes, its record, and who holds which share of its key."""
    unknown = [name for name in item.holders if name not in people]
    if unknown:
        raise InvalidError("sealed_holder_not_valid", field="manifest", version=item.version, name=unknown[0])
    holders = [people[name] for name in item.holders]
    check_holders(competition, holders)
    row = Paper(
        competition_id=competition.id,
        post_id=post.id,
        version=number,
        code=item.version,
        state=PAPER.after(PaperState.DRAWN, PaperEvent.SEALED),
        paper_sha256=item.paper_sha256,
        age_sha256=item.age_sha256,
        drawn_at=ctx.now,
        sealed_at=ctx.now,
    )
    ctx.session.add(row)
    ctx.session.flush()
    ctx.session.add(PaperFile(paper_id=row.id, content=content))
    payload = {"age_sha256": item.age_sha256, "paper_sha256": item.paper_sha256, "rubric": dict(item.rubric)}
    record(ctx, competition, Event.PAPER_SEALED, f"paper/{row.code}", payload)
    key = SplitSecret(item.recipient, item.identifier, item.needed, ())
    add_split_key(ctx, competition, KeyPurpose.PAPER, made=key, holders=holders, subject=row.code)
    return row


def open_sealed_paper(ctx: ServiceContext, competition: Competition, post: Post, *, words: Sequence[str]) -> Paper:
    """Open the version of the post that is in turn by the draw, with the words of enough holders; others stay sealed.

    Raises:
        ConflictError: `papers_not_openable`, `paper_already_opened`, `paper_not_drawn`, `paper_not_as_sealed`: the row
            or its file is not what was recorded with the sealing.
        InvalidError: those of `join_split_key`; `age_file_damaged`, `opened_paper_differs`.
        NotAllowedError: `role_needed`: the chair; `fresh_factor_needed`.

    Source: result formats §5; TT 22/2025 art. 13(2b).
    """
    ctx.require(Role.CHAIR, competition_id=competition.id)
    ctx.require_fresh_factor()
    if competition.state is not CompetitionState.WRITTEN:
        raise ConflictError("papers_not_openable")
    if find_opened_paper(ctx.session, post.id) is not None:
        raise ConflictError("paper_already_opened", post=post.code)
    row = find_drawn_paper(ctx.session, post)
    if row is None or row.age_sha256 is None:
        raise ConflictError("paper_not_drawn", post=post.code)
    age = get_age_file(ctx.session, row.id)
    sealed = _sealed_payload(ctx, competition, row)
    stated = (sealed["age_sha256"], sealed["paper_sha256"])
    if (hashlib.sha256(age).hexdigest(), row.paper_sha256) != stated:
        raise ConflictError("paper_not_as_sealed", paper=row.code)
    key = get_split_key(ctx.session, competition.id, KeyPurpose.PAPER, subject=row.code)
    identity, names = join_split_key(ctx, key, words)
    try:
        content = pyrage.decrypt(age, [identity])
    except (pyrage.DecryptError, ValueError):
        raise InvalidError("age_file_damaged", version=row.code) from None
    data, _paper = read_opened(
        content,
        competition=competition.code,
        version=row.code,
        paper_sha256=row.paper_sha256,
        rubric=sealed["rubric"],
    )
    row.data = data
    open_version(ctx, competition, row, holders=names)
    return row


def _sealed_payload(ctx: ServiceContext, competition: Competition, row: Paper) -> dict[str, Any]:
    """What the sealing of a version recorded, itself compared with its commitment in the log.

    Raises:
        ConflictError: `paper_not_as_sealed`.
    """
    found = find_sealing(ctx.session, competition.id, row.code)
    if found is None or not found.is_as_committed:
        raise ConflictError("paper_not_as_sealed", paper=row.code)
    return found.content
