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
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.queries.appeals import find_last_number, find_standing_appeal
from examsite.storage.queries.codes import WrittenResult, find_written_result
from examsite.storage.queries.competitions import get_competition_for_update


def submit_appeal(ctx: ServiceContext, candidacy: Candidacy, *, part: str, reason: str) -> Appeal:
    """Ask that a part be marked anew by fresh people; the record of it is the candidate's receipt.

    Raises:
        ConflictError: `appeals_not_open`, `appeals_over`, `appeal_already_submitted`, `nothing_to_appeal` for whoever
            was absent or has no script that counts.
        InvalidError: `part_not_open_to_appeal`, `reason_missing`, `reason_too_long`, with the `field`.
        NotAllowedError: `role_needed`.

    Source: NĐ 170/2025/NĐ-CP art. 16(4b); TT 22/2025/TT-BNV art. 22(3) on the parts that have none.
    """
    _check_own(ctx, candidacy)
    competition = get_competition_for_update(ctx.session, candidacy.competition.code)
    check_window(competition.state, competition.appeals_close_at, ctx.now)
    if part not in ruleset_of(competition).appeal_parts:
        raise InvalidError("part_not_open_to_appeal", field="part")
    words = checked_reason(reason)
    result = find_written_result(ctx.session, competition, candidacy.id)
    if result is None or result.settlement is None or result.entry.script is None:
        raise ConflictError("nothing_to_appeal")
    return file_appeal(ctx, competition, result, part=part, reason=words)


def file_appeal(
    ctx: ServiceContext, competition: Competition, result: WrittenResult, *, part: str, reason: str
) -> Appeal:
    """Have a script marked anew, for whoever asked the rule whether it may be; recorded, with the next number.

    Raises:
        ConflictError: `appeal_already_submitted`.
    """
    payload = {"candidate": result.public_code, "part": part, "reason": reason}
    seq = record(ctx, competition, Event.APPEAL_SUBMITTED, f"competition/{competition.code}", payload)
    if find_standing_appeal(ctx.session, result.candidacy_id, part) is not None:
        raise ConflictError("appeal_already_submitted")
    appeal = Appeal(
        competition_id=competition.id,
        candidacy_id=result.candidacy_id,
        number=find_last_number(ctx.session, competition.id) + 1,
        part=part,
        script=result.entry.script,
        reason=reason,
        submitted_at=ctx.now,
        record_seq=seq,
    )
    ctx.session.add(appeal)
    ctx.session.flush()
    return appeal


def withdraw_appeal(ctx: ServiceContext, candidacy: Candidacy, *, part: str) -> None:
    """Take the wish back; until the window closes it may be asked anew.

    Raises:
        ConflictError: `appeals_not_open`, `appeals_over`, `event_not_open` once it is looked at.
        NotAllowedError: `role_needed`.
        NotFoundError: `appeal_not_found`.
    """
    _check_own(ctx, candidacy)
    competition = get_competition_for_update(ctx.session, candidacy.competition.code)
    check_window(competition.state, competition.appeals_close_at, ctx.now)
    # Read anew behind the lock: it may have been taken back in another tab since the page was made.
    appeal = find_standing_appeal(ctx.session, candidacy.id, part, anew=True)
    if appeal is None:
        raise NotFoundError("appeal_not_found")
    appeal.state = APPEAL.after(appeal.state, AppealEvent.WITHDRAWN)
    payload = {"candidate": candidacy.public_code, "part": part, "submitted_seq": appeal.record_seq}
    appeal.withdrawn_at = ctx.now
    record(ctx, competition, Event.APPEAL_WITHDRAWN, f"competition/{competition.code}", payload)
    ctx.session.flush()


def _check_own(ctx: ServiceContext, candidacy: Candidacy) -> None:
    actor = ctx.require(Role.CANDIDATE)
    if actor.candidacy_id != candidacy.id:
        raise NotAllowedError("role_needed", roles=Role.CANDIDATE)
