"""The result of a competition: computed from locked marks, recomputed by other code, kept as one document with a hash.

Nobody types a rank. Each computation is a new version; a version that stands may be replaced, and with it every
signature under it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.publication import LIVE, RESULT, ResultEvent, ResultState
from examsite.domain.reasons import LEAST_REASON, checked_reason
from examsite.domain.recomputation import recompute
from examsite.domain.result_entries import PostEntry
from examsite.domain.results import result_data
from examsite.domain.ties import CrossingTie, crossing_ties, decided_ties, open_ties
from examsite.services.context import ServiceContext
from examsite.services.corrections import check_correction_done
from examsite.services.gates import check_gate, pass_gate
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.storage.models.competitions import Competition, Post
from examsite.storage.models.ranking import ResultVersion, TieDecision
from examsite.storage.queries.conflicts import list_recused_accounts
from examsite.storage.queries.corrections import takes_signatures
from examsite.storage.queries.ranking import find_tie_decision, gather_result
from examsite.storage.queries.results import find_newest_version, list_published_versions, result_document


def compute_result(ctx: ServiceContext, competition: Competition) -> ResultVersion:
    """Compute the result as the rows stand; the first one opens the gate, each further one replaces the one before.

    Raises:
        ConflictError: `event_not_open`, `gate_shut`, `result_not_computable` (after the approval, unless a correction
            is open and its version is not approved yet), `result_unchanged` (the very document is waiting for
            signatures), `correction_not_marked`, `correction_not_defended`,
            `result_does_not_recompute`, `part_not_settled`, `part_not_entered`.
        InvalidError: a code of `result_data`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    if takes_signatures(ctx.session, competition):
        newest = find_newest_version(ctx.session, competition.id)
        if newest is not None and newest.state is ResultState.APPROVED:
            raise ConflictError("result_not_computable")
        check_correction_done(ctx.session, competition)
        return _add_version(ctx, competition)
    if competition.state.has_reached(CompetitionState.RANKED):
        raise ConflictError("result_not_computable")
    check_gate(ctx, competition, GateEvent.RESULT_COMPUTED)
    version = _add_version(ctx, competition)
    pass_gate(ctx, competition, GateEvent.RESULT_COMPUTED, record_seq=_record(ctx, competition, version))
    return version


def decide_tie(
    ctx: ServiceContext, competition: Competition, post: Post, *, selected: Collection[str], reason: str
) -> ResultVersion:
    """Choose out of those tied across the last vacancy, with a reason; the system computes the next version at once.

    Raises:
        ConflictError: `tie_not_open`, `tie_already_decided`; of the next version as `compute_result`.
        InvalidError: `tie_selection_wrong`, `reason_missing`, `reason_too_short`, each with its `field`.
        NotAllowedError: `role_needed`, `conflict_declared`, `fresh_factor_needed`.

    Source: NĐ 170/2025/NĐ-CP art. 10: the head of the body decides what stays equal after the declared chain.
    """
    actor = ctx.require(Role.AUTHORITY, competition_id=competition.id)
    if actor.account_id in list_recused_accounts(ctx.session, competition.id):
        raise NotAllowedError("conflict_declared")
    version = find_newest_version(ctx.session, competition.id, for_update=True)
    ties = {} if version is None else {tie.post: tie for tie in open_ties(result_document(version))}
    live = version is not None and version.state in LIVE and takes_signatures(ctx.session, competition)
    if not live or post.code not in ties:
        is_decided = find_tie_decision(ctx.session, post.id) is not None
        raise ConflictError("tie_already_decided" if is_decided else "tie_not_open", post=post.code)
    tie = ties[post.code]
    if len(set(selected)) != tie.places or not set(selected) <= set(tie.codes):
        raise InvalidError("tie_selection_wrong", field="selected", post=post.code, places=tie.places)
    words = checked_reason(reason, least=LEAST_REASON)
    # Who of equals is selected is one person's word, and it cannot be taken back.
    ctx.require_fresh_factor()
    chosen = sorted(set(selected))
    seq = record(ctx, competition, Event.TIE_DECIDED, f"post/{post.code}", {"selected": chosen, "reason": words})
    ctx.session.add(
        TieDecision(
            post_id=post.id,
            selected=chosen,
            reason=words,
            assignment_id=actor.assignment_id,
            decided_at=ctx.now,
            record_seq=seq,
        )
    )
    ctx.session.flush()
    return _add_version(ctx, competition, actor="system")


def _add_version(ctx: ServiceContext, competition: Competition, *, actor: str | None = None) -> ResultVersion:
    """Store the next version and put the one before aside; its record is written where the gate is already open."""
    before = find_newest_version(ctx.session, competition.id, for_update=True)
    document = _document(ctx, competition)
    problems = recompute(document)
    if problems:
        raise ConflictError("result_does_not_recompute", count=len(problems), where=problems[0].where)
    text = canonical_bytes(document)
    digest = sha256_hex(text)
    if before is not None and before.state in LIVE:
        if before.sha256 == digest:
            raise ConflictError("result_unchanged", version=before.number)
        before.state = RESULT.after(before.state, ResultEvent.SUPERSEDED)
    version = ResultVersion(
        competition_id=competition.id,
        number=1 if before is None else before.number + 1,
        state=RESULT.initial,
        document=text.decode("utf-8"),
        sha256=digest,
        computed_at=ctx.now,
        computed_by_id=ctx.actor.account_id,
        signatures=[],
    )
    ctx.session.add(version)
    ctx.session.flush()
    if competition.state.has_reached(CompetitionState.RANKED):
        _record(ctx, competition, version, actor=actor)
    return version


def _document(ctx: ServiceContext, competition: Competition) -> dict[str, object]:
    """The `result.json` as the rows stand.

    A correction may dissolve a tie that was decided for the version before, or tie others. What the authority said then
    holds for the very same people only; of others it is asked anew.
    """
    material, rules = gather_result(ctx.session, competition), ruleset_of(competition)

    def computed(posts: Sequence[PostEntry]) -> dict[str, object]:
        return result_data(
            competition=material.competition,
            ruleset=rules,
            rubrics=material.rubrics,
            posts=posts,
            candidates=material.candidates,
        )

    told: dict[int, CrossingTie] = {}
    for version in list_published_versions(ctx.session, competition.id):
        told |= decided_ties(result_document(version))
    now = crossing_ties(computed([replace(post, tie=None) for post in material.posts])) if told else ()
    return computed(
        [
            replace(post, tie=None) if post.tie and post.tie.seq in told and told[post.tie.seq] not in now else post
            for post in material.posts
        ]
    )


def _record(ctx: ServiceContext, competition: Competition, version: ResultVersion, *, actor: str | None = None) -> int:
    payload = {"version": version.number, "result_sha256": version.sha256}
    return record(ctx, competition, Event.RESULT_COMPUTED, f"competition/{competition.code}", payload, actor=actor)
