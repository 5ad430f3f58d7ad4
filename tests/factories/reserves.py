"""A post whose paper has reserves: three versions, the first of the draw opened with the word of a second person."""

from __future__ import annotations

from examsite.domain.competitions import CompetitionState
from examsite.domain.papers import PaperState, paper_sha256
from examsite.domain.permissions import Role
from examsite.services import papers
from examsite.services.context import Actor
from examsite.storage.models.papers import Paper
from tests.factories.sittings import Room, add_person


def with_reserves(room: Room) -> Actor:
    """Give the room's post two more versions, draw and open one; gives back the council member who agreed."""
    for version, letter in ((2, "B"), (3, "C")):
        data = {**room.paper.data, "code": f"P1-{letter}"}
        room.session.add(
            Paper(
                competition_id=room.competition.id,
                post_id=room.post.id,
                version=version,
                code=f"P1-{letter}",
                state=PaperState.SEALED,
                data=data,
                paper_sha256=paper_sha256(data),
                drawn_at=room.now,
                sealed_at=room.now,
            )
        )
    room.session.flush()
    room.competition.state = CompetitionState.WRITTEN
    member = add_person(room, Role.COUNCIL_MEMBER, "C02")
    papers.agree_to_opening(room.ctx(member), room.competition, room.post)
    papers.open_paper(room.ctx(Role.CHAIR), room.competition, room.post)
    return member
