"""Relations in the demonstration: everybody declares, one works where a candidate works, the chair judges it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from examsite.cli.demonstration import cast
from examsite.domain.conflicts import DECLARING
from examsite.domain.permissions import Role
from examsite.services import conflicts
from examsite.services.context import ServiceContext
from examsite.storage.queries.conflicts import list_final_candidacies, list_hinted_pairs


def declare_all(acting: Callable[[str, Role], ServiceContext], competition: Any) -> None:
    """Everyone who must has declared against the list; nobody is related to anybody."""
    for official in cast.OFFICIALS:
        if official.role in DECLARING:
            ctx = acting(official.login, official.role)
            is_colleague = official.login == cast.COLLEAGUE
            listed = list_final_candidacies(ctx.session, competition.id) if is_colleague else []
            unit = listed[0].unit if listed else ""
            conflicts.declare_conflicts(ctx, competition, {}, unit=unit)


def judge_all(ctx: ServiceContext, competition: Any) -> None:
    """Nothing that hinted at a relation keeps anybody away."""
    for pair in list_hinted_pairs(ctx.session, competition.id):
        if pair.is_open:
            conflicts.judge_hint(
                ctx,
                competition,
                account_id=pair.holder.account_id,
                candidacy_id=pair.candidacy.id,
                is_barred=False,
                reason="Cùng đơn vị, không trực tiếp phụ trách nhau, không có quan hệ thuộc diện phải tránh.",
            )
