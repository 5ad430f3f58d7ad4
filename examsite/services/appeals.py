"""Asking for a second look at the own written script, and taking the wish back, as long as the window is open."""

from __future__ import annotations

from examsite.domain.appeals import APPEAL, AppealEvent, check_window
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.reasons import checked_reason
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.storage.models.appeals import Appeal
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.queries.appeals import find_last_number, find_standing_appeal
from examsite.storage.queries.codes import find_written_result


def submit_appeal(ctx: ServiceContext, candidacy: Candidacy, *, part: str, reason: str) -> Appeal:
    """Ask that a part be marked anew by fresh people; the record of it is the candidate's receipt.

    Raises:
        ConflictError: `appeals_not_open`, `appeals_over`, `appeal_already_submitted`, `nothing_to_appeal` for whoever
            was absent or has no script that counts.
        InvalidError: `part_not_open_to_appeal`, `reason_missing`, `reason_too_long`, with the `field`.
        NotAllowedError: `role_needed`.

    Source: NĐ 170/2025/NĐ-CP art. 16(4b); TT 22/2025/TT-BNV art. 22(3) on the parts that have none.
    """
    competition = candidacy.competition
    _check_own(ctx, candidacy)
    check_window(competition.state, competition.appeals_close_at, ctx.now)
    if part not in ruleset_of(competition).appeal_parts:
        raise InvalidError("part_not_open_to_appeal", field="part")
    words = checked_reason(reason)
    result = find_written_result(ctx.session, competition, candidacy.id)
    if result is None or result.settlement is None or result.entry.script is None:
        raise ConflictError("nothing_to_appeal")
    payload = {"candidate": result.public_code, "part": part, "reason": words}
    # The record comes first: behind the lock of the log nobody else gives out a number, or asks a second time.
    seq = record(ctx, competition, Event.APPEAL_SUBMITTED, f"competition/{competition.code}", payload)
    if find_standing_appeal(ctx.session, candidacy.id, part) is not None:
        raise ConflictError("appeal_already_submitted")
    appeal = Appeal(
        competition_id=competition.id,
        candidacy_id=candidacy.id,
        number=find_last_number(ctx.session, competition.id) + 1,
        part=part,
        script=result.entry.script,
        reason=words,
        submitted_at=ctx.now,
        record_seq=seq,
    )
    ctx.session.add(appeal)
    ctx.session.flush()
    return appeal


def withdraw_appeal(ctx: ServiceContext, candidacy: Candidacy, *, part: str) -> None:
    """Take the wish back; until the window closes it may be asked anew.

    Raises:
        ConflictError: `appeals_not_open`, `appeals_over`.
        NotAllowedError: `role_needed`.
        NotFoundError: `appeal_not_found`.
    """
    competition = candidacy.competition
    _check_own(ctx, candidacy)
    check_window(competition.state, competition.appeals_close_at, ctx.now)
    appeal = find_standing_appeal(ctx.session, candidacy.id, part)
    if appeal is None:
        raise NotFoundError("appeal_not_found")
    payload = {"candidate": candidacy.public_code, "part": part, "submitted_seq": appeal.record_seq}
    record(ctx, competition, Event.APPEAL_WITHDRAWN, f"competition/{competition.code}", payload)
    appeal.state = APPEAL.after(appeal.state, AppealEvent.WITHDRAWN)
    appeal.withdrawn_at = ctx.now
    ctx.session.flush()


def _check_own(ctx: ServiceContext, candidacy: Candidacy) -> None:
    actor = ctx.require(Role.CANDIDATE)
    if actor.candidacy_id != candidacy.id:
        raise NotAllowedError("role_needed", roles=Role.CANDIDATE)
