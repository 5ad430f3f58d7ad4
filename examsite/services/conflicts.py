"""People of the boards declare, against the final list, whether they stand near to a candidate."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select

from examsite.domain.competitions import CompetitionState
from examsite.domain.conflicts import check_conflicts
from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.marking import MarkState
from examsite.domain.permissions import Role
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import ConflictDeclaration
from examsite.storage.models.marking import Mark
from examsite.storage.models.proposals import Defence
from examsite.storage.queries.conflicts import list_final_candidacies

#: Who declares.
DECLARING = (
    Role.ORGANISER,
    Role.CHAIR,
    Role.COUNCIL_MEMBER,
    Role.SETTER,
    Role.KEEPER,
    Role.INVIGILATOR,
    Role.MARKER,
    Role.MARKING_HEAD,
    Role.PANELLIST,
    Role.PANEL_HEAD,
)


def declare_conflicts(ctx: ServiceContext, competition: Competition, conflicts: Mapping[int, str]) -> None:
    """Put down a person's word: a relation for each candidacy named, and none with anybody else on the final list.

    A later declaration in the same role replaces the earlier one; the log keeps both.

    Raises:
        ConflictError: `list_not_final` before the roster is fixed; `conflict_after_mark` about a candidate whose
            defence this person has scored and locked.
        InvalidError: `conflict_not_on_list`, `relation_not_known`.
        NotAllowedError: `role_needed`.

    Source: TT 22/2025/TT-BNV art. 23(7b); NĐ 170/2025/NĐ-CP art. 8(3).
    """
    actor = ctx.require(*DECLARING, competition_id=competition.id)
    if not competition.state.has_reached(CompetitionState.ROSTERED):
        raise ConflictError("list_not_final")
    listed = {row.id: row for row in list_final_candidacies(ctx.session, competition.id)}
    relations = [item.code for item in ruleset_of(competition).kinship]
    check_conflicts(conflicts, candidacies=listed, relations=relations)
    scored = set(
        ctx.session.scalars(
            select(Defence.candidacy_id)
            .join(Mark, Mark.defence_id == Defence.id)
            .where(Mark.assignment_id == actor.assignment_id, Mark.state == MarkState.LOCKED)
        )
    )
    if scored & set(conflicts):
        raise ConflictError("conflict_after_mark")
    ctx.session.execute(delete(ConflictDeclaration).where(ConflictDeclaration.assignment_id == actor.assignment_id))
    for candidacy_id, relation in conflicts.items() or {None: ""}.items():
        ctx.session.add(
            ConflictDeclaration(
                assignment_id=actor.assignment_id,
                candidacy_id=candidacy_id,
                relation=relation,
                declared_at=ctx.now,
            )
        )
    ctx.session.flush()
    named = sorted((listed[key].public_code or "", relation) for key, relation in conflicts.items())
    payload = {"conflicts": [{"candidate": code, "relation": relation} for code, relation in named]}
    record(ctx, competition, Event.CONFLICT_DECLARED, f"competition/{competition.code}", payload)
