"""The council's answer to one wish that a locked mark be withdrawn."""

from __future__ import annotations

from examsite.services.context import ServiceContext
from examsite.services.withdrawals import answer_withdrawals
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Mark, MarkWithdrawal


def withdraw_mark(ctx: ServiceContext, competition: Competition, wish: int) -> Mark:
    """Agree to one; gives back the mark."""
    answer_withdrawals(ctx, competition, [wish], is_agreed=True)
    return ctx.session.get_one(Mark, ctx.session.get_one(MarkWithdrawal, wish).mark_id)


def refuse_withdrawal(ctx: ServiceContext, competition: Competition, wish: int) -> None:
    """Refuse one."""
    answer_withdrawals(ctx, competition, [wish], is_agreed=False)
