"""The demonstration never lies ahead of the clock of whoever opens it."""

from __future__ import annotations

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from examsite.storage.models.competitions import Competition
from examsite.storage.models.proposals import Defence, ProposalAssessment
from examsite.storage.models.records import RecordRow
from tests.web.world import NOW, World


def test_nothing_of_a_hearing_has_happened_later_than_now(world: World) -> None:
    engine = create_engine(world.settings.database_url)
    try:
        with Session(engine) as session:
            here = select(Competition.id).where(Competition.code == world.places["defence"].code)
            rows = session.scalars(select(Defence).where(Defence.competition_id.in_(here))).all()
            instants = [
                at for row in rows for at in (row.started_at, row.questions_at, row.scoring_at, row.revealed_at)
            ]
            instants += session.scalars(select(ProposalAssessment.updated_at)).all()
            assert any(instants)
            assert max(at for at in instants if at is not None) <= NOW
            assert max(session.scalars(select(RecordRow.at).where(RecordRow.event.startswith("defence:")))) <= (
                f"{NOW:%Y-%m-%dT%H:%M:%S}.999Z"
            )
    finally:
        engine.dispose()
