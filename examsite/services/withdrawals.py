"""Withdrawing a locked mark: the head asks with a reason, the council answers, the script is marked anew."""

from __future__ import annotations

from collections.abc import Sequence

from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.marking import MARK_MACHINE, MarkEvent, MarkState, ScriptEvent
from examsite.domain.permissions import Role, actor_name
from examsite.domain.reasons import checked_reason
from examsite.services.allocations import pass_on
from examsite.services.context import ServiceContext
from examsite.services.marking_heads import standing_of_second
from examsite.services.records import record
from examsite.services.settling import check_marking_open, settle_again, standing_for_head
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Mark, MarkWithdrawal, Script
from examsite.storage.queries.allocations import list_open_allocations, list_replaced
from examsite.storage.queries.marking import lock_script
from examsite.storage.queries.withdrawals import find_open_withdrawal, get_open_withdrawal


def request_withdrawal(
    ctx: ServiceContext, competition: Competition, code: str, *, marker: str, reason: str
) -> MarkWithdrawal:
    """Ask, as head, that a marker's locked mark be withdrawn; nothing changes before the council has agreed.

    That it was asked for is recorded at once, whatever the answer will be.

    Only a script whose two marks are locked can be named: of the others not even the head knows who has locked.

    Raises:
        ConflictError: `marking_not_open`, `withdrawal_already_requested`.
        InvalidError: `reason_missing`, `reason_too_long`, `mark_not_locked` when this marker has no locked mark here.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `script_not_found`.

    Source: our choice, because TT 22/2025/TT-BNV art. 16 has marks changed only on the record and never by one person.
    """
    standing = standing_for_head(ctx, competition, code)
    words = checked_reason(reason)
    if standing is None:
        raise NotFoundError("script_not_found", script=code)
    mark = _locked_mark(standing.script, marker)
    if find_open_withdrawal(ctx.session, mark.id) is not None:
        raise ConflictError("withdrawal_already_requested", script=code, marker=marker)
    wish = MarkWithdrawal(mark_id=mark.id, reason=words, requested_by_id=ctx.actor.assignment_id, requested_at=ctx.now)
    ctx.session.add(wish)
    payload = {"seq": mark.record_seq, "reason": words}
    record(ctx, competition, Event.WITHDRAWAL_ASKED, f"script/{code}", payload)
    return wish


def answer_withdrawals(
    ctx: ServiceContext, competition: Competition, withdrawal_ids: Sequence[int], *, is_agreed: bool
) -> None:
    """Answer, for the council, wishes that were asked for together, all alike or none; each has its own record.

    Agreed: the mark counts no more, the marker begins with an empty sheet, the script's score falls, and the head's
    decision on the script, if there was one, is set aside with it. The record is the head's act with whoever answers as
    the second person. The script of a marker who was replaced goes to another one by the draw at once; where nobody is
    left it waits among the scripts without a marker.

    Refused: the mark stays as it was locked, and that somebody wanted it otherwise is recorded.

    Raises:
        ConflictError: `marking_not_open`, `withdrawals_changed` when one of them waits no more; `event_not_open` when
            the mark is no longer locked.
        NotAllowedError: `role_needed`, `second_person_needed`; as `standing_of_second`; `fresh_factor_needed` to agree.

    Source: record format, `mark:withdrawn`; two people and a reason, only before the codes are opened.
    """
    actor = ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    check_marking_open(competition)
    barred = standing_of_second(ctx.session, competition, account_id=actor.account_id, role=actor.role)
    if barred:
        raise NotAllowedError(barred)
    answer = _withdraw if is_agreed else _refuse
    for withdrawal_id in withdrawal_ids:
        try:
            answer(ctx, competition, withdrawal_id)
        except NotFoundError as error:
            raise ConflictError("withdrawals_changed") from error


def _withdraw(ctx: ServiceContext, competition: Competition, withdrawal_id: int) -> None:
    ctx.require_fresh_factor()
    wish = _answered(ctx, competition, withdrawal_id, is_agreed=True)
    mark = wish.mark
    code = mark.script.code if mark.script is not None else ""
    lock_script(ctx.session, competition.id, code)
    payload = {"seq": mark.record_seq, "reason": wish.reason, "second": ctx.actor.pseudonym}
    head = actor_name(Role.MARKING_HEAD, str(wish.requested_by.pseudonym))
    wish.record_seq = record(ctx, competition, Event.MARK_WITHDRAWN, f"script/{code}", payload, actor=head)
    mark.state = MARK_MACHINE.after(mark.state, MarkEvent.WITHDRAWN)
    mark.updated_at = ctx.now
    ctx.session.flush()
    settle_again(ctx, competition, [code], event=ScriptEvent.MARK_WITHDRAWN)
    if mark.assignment is not None and str(mark.assignment.pseudonym) in list_replaced(ctx.session, competition.id):
        rows = list_open_allocations(ctx.session, competition.id, mark.assignment.id, code=code)
        if rows:
            pass_on(ctx, competition, mark.assignment, rows, reason=wish.reason, actor=head)


def _refuse(ctx: ServiceContext, competition: Competition, withdrawal_id: int) -> None:
    wish = _answered(ctx, competition, withdrawal_id, is_agreed=False)
    code = "" if wish.mark.script is None else wish.mark.script.code
    payload = {"seq": wish.mark.record_seq, "reason": wish.reason, "asked_by": str(wish.requested_by.pseudonym)}
    wish.record_seq = record(ctx, competition, Event.WITHDRAWAL_REFUSED, f"script/{code}", payload)
    ctx.session.flush()


def _answered(ctx: ServiceContext, competition: Competition, withdrawal_id: int, *, is_agreed: bool) -> MarkWithdrawal:
    actor = ctx.actor
    wish = get_open_withdrawal(ctx.session, competition.id, withdrawal_id, for_update=True)
    if wish.requested_by.account_id == actor.account_id:
        raise NotAllowedError("second_person_needed")
    wish.decided_by_id = actor.assignment_id
    wish.decided_at = ctx.now
    wish.is_agreed = is_agreed
    return wish


def _locked_mark(script: Script, marker: str) -> Mark:
    for mark in script.marks:
        if mark.state is MarkState.LOCKED and mark.assignment is not None and mark.assignment.pseudonym == marker:
            return mark
    raise InvalidError("mark_not_locked", script=script.code, marker=marker)
