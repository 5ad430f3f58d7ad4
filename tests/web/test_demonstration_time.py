"""The demonstration never lies ahead of the clock of whoever opens it, and no luck of a draw stops its making."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from examsite.cli.demonstration import plans, play_until
from examsite.cli.demonstration.play import Play
from examsite.storage.database import open_engine
from examsite.storage.models.competitions import Competition
from examsite.storage.models.proposals import Defence, ProposalAssessment
from examsite.storage.models.records import RecordRow
from examsite.storage.models.standardisation import MarkerAlarm, MarkerStop
from tests.web.world import NOW, World, directing, settings_of


class ManyLifted(Play):
    """One in which the watch over markers is sure to speak."""

    def mark(self, *, leave: int = 0, lifted: int = 0) -> None:
        super().mark(leave=leave, lifted=8 * lifted)


def test_a_head_answers_when_the_watch_speaks_while_the_demonstration_is_made(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    engine = open_engine(settings)
    try:
        with directing(engine, settings) as director:
            play_until(ManyLifted(director, plans(NOW)["lifted"]), "lifted")
            spoken = [
                director.session.scalar(select(func.count()).select_from(table)) for table in (MarkerStop, MarkerAlarm)
            ]
            assert any(spoken)
    finally:
        engine.dispose()


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
