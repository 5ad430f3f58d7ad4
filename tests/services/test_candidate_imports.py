"""Lists of candidates wait between two clicks only: gone when they are taken over, gone after a day."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from examsite.config import Settings
from examsite.domain.candidate_import import COLUMNS
from examsite.domain.errors import NotFoundError
from examsite.services.candidate_imports import import_candidates, keep_list, preview_import
from examsite.services.context import ServiceContext
from examsite.storage.models.dossiers import Candidacy
from tests.factories.competitions import Plan, make_receiving


@pytest.fixture
def plan(session: Session, now: datetime) -> Plan:
    return make_receiving(session, now)


@pytest.fixture
def ctx(plan: Plan, tmp_path: Path) -> ServiceContext:
    return replace(plan.ctx(), settings=Settings(tmp_path, secret_key="0" * 64, database_url="sqlite://", testing=True))


def _list(number: int) -> io.BytesIO:
    head = ",".join(names[0] for names in COLUMNS.values())
    row = f"Trần Quốc Bảo,05/09/1985,0310850{number:05d},Sở Nội vụ,Chuyên viên,P1,,,Vĩnh Bảo"
    return io.BytesIO(f"{head}\n{row}\n".encode())


def _kept(ctx: ServiceContext) -> int:
    return len(list((ctx.uploads_path / "lists").iterdir()))


def test_list_is_gone_once_it_was_taken_over(plan: Plan, ctx: ServiceContext) -> None:
    token = keep_list(ctx, _list(1), competition_id=plan.competition.id)
    assert preview_import(plan.session, ctx.uploads_path, plan.competition, token, ctx=ctx).is_good
    assert _kept(ctx) == 1

    assert import_candidates(ctx, plan.competition, token) == 1
    assert plan.session.scalars(select(Candidacy.hometown)).all() == ["Vĩnh Bảo"]  # what the hint of relations uses

    assert _kept(ctx) == 0
    with pytest.raises(NotFoundError):
        import_candidates(ctx, plan.competition, token)


def test_list_that_nobody_confirms_goes_after_a_day(plan: Plan, ctx: ServiceContext) -> None:
    first = keep_list(ctx, _list(1), competition_id=plan.competition.id)
    almost = replace(ctx, now=ctx.now + timedelta(hours=23))
    keep_list(almost, _list(2), competition_id=plan.competition.id)
    assert _kept(ctx) == 2

    keep_list(replace(ctx, now=ctx.now + timedelta(hours=25)), _list(3), competition_id=plan.competition.id)

    assert _kept(ctx) == 2
    with pytest.raises(NotFoundError):
        preview_import(plan.session, ctx.uploads_path, plan.competition, first, ctx=ctx)
