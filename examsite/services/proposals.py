"""Handing in a proposal until the deadline, locking the last versions at it, and drawing who defends first."""

from __future__ import annotations

from collections.abc import Collection

from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.dossiers import CandidacyState, UploadKind
from examsite.domain.errors import ConflictError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.proposals import check_open, clean_title
from examsite.services.context import ServiceContext
from examsite.services.draws import HeldDraw, draw, prepare_draw
from examsite.services.gates import check_gate, pass_gate
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.services.uploads import ReceivedProposal, add_upload
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.proposals import Defence, ProposalVersion
from examsite.storage.queries.competitions import get_competition_for_update
from examsite.storage.queries.corrections import (
    defence_state,
    find_proposal_terms,
    find_supplementary_defence,
    list_order_draws,
)
from examsite.storage.queries.defence import list_defences
from examsite.storage.queries.draws import prepared_items
from examsite.storage.queries.proposals import count_versions, list_standings


def allowed_kinds(competition: Competition) -> tuple[UploadKind, ...]:
    """The kinds of file that the rule set takes as a proposal."""
    return tuple(UploadKind(kind) for kind in ruleset_of(competition).proposal_kinds)


def check_may_upload(ctx: ServiceContext, competition: Competition, candidacy: Candidacy) -> None:
    """Refuse a proposal before the gate, after the deadline, of another person, or after a failed written part.

    Raises:
        ConflictError: `proposals_not_open`, `proposals_closed`.
        NotAllowedError: `role_needed`, `written_not_passed`.
    """
    actor = ctx.require(Role.CANDIDATE)
    if actor.candidacy_id != candidacy.id:
        raise NotAllowedError("role_needed", roles=Role.CANDIDATE)
    terms = find_proposal_terms(ctx.session, competition, candidacy)
    check_open(terms.step, terms.closes_at, ctx.now)
    if candidacy.state is not CandidacyState.ELIGIBLE or not terms.is_called:
        raise NotAllowedError("written_not_passed")


def upload_proposal(
    ctx: ServiceContext, candidacy: Candidacy, received: ReceivedProposal, *, title: str
) -> ProposalVersion:
    """Add a version; the ones before stay, the last one at the deadline is the one defended.

    `ctx.now` is the instant at which the whole request had arrived.

    Raises:
        ConflictError: `proposals_not_open`, `proposals_closed`.
        InvalidError: `proposal_title_missing`, `proposal_title_too_long`.
        NotAllowedError: `role_needed`, `written_not_passed`.
    """
    # The row of the competition is locked, so that a version and the lock at the deadline never cross.
    competition = get_competition_for_update(ctx.session, candidacy.competition.code)
    check_may_upload(ctx, competition, candidacy)
    title = clean_title(title)
    upload, cleaned = add_upload(ctx, received.original), add_upload(ctx, received.cleaned)
    version = ProposalVersion(
        candidacy_id=candidacy.id,
        number=count_versions(ctx.session, candidacy.id) + 1,
        title=title,
        upload_id=upload.id,
        cleaned_id=cleaned.id,
        uploaded_at=ctx.now,
    )
    ctx.session.add(version)
    ctx.session.flush()
    payload = {
        "version": version.number,
        "title": title,
        "kind": upload.kind.value,
        "size": upload.size_bytes,
        "sha256": upload.sha256,
        "cleaned_sha256": cleaned.sha256,
    }
    record(ctx, competition, Event.PROPOSAL_UPLOADED, f"proposal/{candidacy.public_code}", payload)
    return version


def lock_proposals(ctx: ServiceContext, competition: Competition) -> None:
    """Lock everybody's last version and open the defence; who handed in nothing is absent there.

    Raises:
        ConflictError: `event_not_open`, `gate_shut` before the deadline.
        NotAllowedError: `role_needed`.
    """
    check_gate(ctx, competition, GateEvent.PROPOSALS_LOCKED)
    everybody = {standing.candidacy.public_code or "" for standing in list_standings(ctx.session, competition)}
    pass_gate(ctx, competition, GateEvent.PROPOSALS_LOCKED, record_seq=_lock(ctx, competition, everybody))


def lock_called_proposals(ctx: ServiceContext, competition: Competition) -> None:
    """As `lock_proposals`, of those who are called to the supplementary defence of a correction.

    Raises:
        ConflictError: `proposals_not_open`, `proposals_still_open` before the deadline.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    called = find_supplementary_defence(ctx.session, competition)
    if called is None or called.locked_seq is not None:
        raise ConflictError("proposals_not_open")
    if ctx.now < called.proposals_close_at:
        raise ConflictError("proposals_still_open", until=called.proposals_close_at)
    _lock(ctx, competition, called.candidates)


def _lock(ctx: ServiceContext, competition: Competition, codes: Collection[str]) -> int:
    """Lock the last versions of these people; the number of the record that says so."""
    locked, absent = [], []
    for standing in list_standings(ctx.session, competition):
        code = standing.candidacy.public_code or ""
        if code not in codes:
            continue
        if standing.last is None:
            absent.append(code)
            continue
        standing.last.locked_at = ctx.now
        locked.append({"candidate": code, "version": standing.last.number, "sha256": standing.last.upload.sha256})
    ctx.session.flush()
    payload = {"locked": sorted(locked, key=lambda item: str(item["candidate"])), "absent": sorted(absent)}
    return record(ctx, competition, Event.PROPOSALS_LOCKED, f"competition/{competition.code}", payload)


def draw_presentation_order(ctx: ServiceContext, competition: Competition) -> HeldDraw:
    """Draw in which order the candidates with a locked proposal defend it.

    Raises:
        ConflictError: `order_not_drawable` at another step, `order_already_drawn`, `no_proposals_to_draw`.
        NotAllowedError: `role_needed`: the chair draws; `fresh_factor_needed`.
    """
    standing = _to_be_drawn(ctx, competition)
    name = list_order_draws(ctx.session, competition)[-1]
    # The list of a ceremony stands: whoever is no longer there is passed over in the order, and nobody draws again.
    prepared = prepared_items(ctx.session, competition.id, name)
    is_whole = prepared is not None and set(standing) <= set(prepared)
    held = draw(ctx, competition, name, prepared if prepared is not None and is_whole else sorted(standing))
    # Whoever is called to a supplementary defence comes after those who defended before.
    taken = max((row.position for row in list_defences(ctx.session, competition.id)), default=0)
    for position, code in enumerate((code for code in held.outcome if code in standing), start=taken + 1):
        ctx.session.add(Defence(competition_id=competition.id, candidacy_id=standing[code].id, position=position))
    ctx.session.flush()
    return held


def prepare_order_draw(ctx: ServiceContext, competition: Competition) -> None:
    """Set up the ceremony in which the council draws the order.

    Raises:
        ConflictError: as `draw_presentation_order` and `prepare_draw`.
        NotAllowedError: `role_needed`.
    """
    standing = _to_be_drawn(ctx, competition)
    prepare_draw(ctx, competition, list_order_draws(ctx.session, competition)[-1], sorted(standing))


def _to_be_drawn(ctx: ServiceContext, competition: Competition) -> dict[str, Candidacy]:
    """Everybody who defends a locked proposal, by public code, as long as no order was drawn."""
    ctx.require(Role.CHAIR, competition_id=competition.id)
    if defence_state(ctx.session, competition) is not CompetitionState.DEFENCE:
        raise ConflictError("order_not_drawable")
    called = find_supplementary_defence(ctx.session, competition)
    drawn = {row.candidacy_id for row in list_defences(ctx.session, competition.id)}
    locked = {
        row.candidacy.public_code or "": row.candidacy
        for row in list_standings(ctx.session, competition)
        if row.last is not None and row.last.locked_at is not None
    }
    standing = {code: row for code, row in locked.items() if called is None or code in called.candidates}
    if drawn & {row.id for row in standing.values()}:
        raise ConflictError("order_already_drawn")
    if not standing:
        raise ConflictError("no_proposals_to_draw")
    return standing
