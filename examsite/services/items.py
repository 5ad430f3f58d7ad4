"""Deciding about objective questions after the test: a setter proposes, a second person agrees, the system scores anew.

Figures never change a score; two people do, with a reason, on the record, before the codes are opened.
"""

from __future__ import annotations

from collections.abc import Iterable

from examsite.domain.errors import ConflictError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.items import Answer, Ruling, checked_keys, objective_item, rescored, ruling_text
from examsite.domain.marking import ScriptEvent, ScriptState
from examsite.domain.papers import paper_from_data
from examsite.domain.permissions import Role, actor_name
from examsite.domain.reasons import checked_reason
from examsite.domain.rubrics import Points, Rubric
from examsite.domain.scores import score
from examsite.services.context import ServiceContext
from examsite.services.marking_heads import require_second_of_scripts
from examsite.services.records import record
from examsite.services.settling import check_marking_open, settle_again
from examsite.services.system_marks import lock_system_marks
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Script
from examsite.storage.models.papers import ItemDecision
from examsite.storage.queries.coded_answers import map_answers_by_code
from examsite.storage.queries.items import (
    decision_of,
    find_waiting_decision,
    get_waiting_decision,
    lock_scripts_of_paper,
    system_mark,
)
from examsite.storage.queries.marking import list_scripts
from examsite.storage.queries.papers import get_opened_paper

#: Who may be the second person. A setter alone at the work needs somebody else: the chair.
SECOND_ROLES = (Role.SETTER, Role.CHAIR)


def propose_ruling(
    ctx: ServiceContext,
    competition: Competition,
    paper_code: str,
    item: str,
    *,
    ruling: Ruling,
    reason: str,
    keys: Iterable[Answer] = (),
) -> ItemDecision:
    """Propose, as setter, what becomes of a question; nothing changes before a second person has agreed.

    Raises:
        ConflictError: `marking_not_open`, `item_decision_waiting`.
        InvalidError: `item_not_objective`, a code of `checked_keys`, `reason_missing`, `reason_too_long`.
        NotAllowedError: as `require_second_of_scripts`.
        NotFoundError: `paper_not_found`.
    """
    actor = require_second_of_scripts(ctx, competition, Role.SETTER)
    check_marking_open(competition)
    paper = get_opened_paper(ctx.session, competition.id, paper_code, for_update=True)
    known = checked_keys(objective_item(paper_from_data(paper.data), item), ruling, keys)
    words = checked_reason(reason)
    if find_waiting_decision(ctx.session, paper.id, item) is not None:
        raise ConflictError("item_decision_waiting", item=item)
    decision = ItemDecision(
        paper_id=paper.id,
        item=item,
        ruling=ruling.value,
        keys=[key if isinstance(key, str) else list(key) for key in known],
        reason=words,
        proposed_by_id=actor.assignment_id,
        proposed_at=ctx.now,
    )
    ctx.session.add(decision)
    ctx.session.flush()
    return decision


def agree_ruling(ctx: ServiceContext, competition: Competition, decision_id: int) -> list[str]:
    """Agree, as second person: recorded as the setter's decision, and every script on the paper is scored anew.

    Gives back the codes of the scripts whose points changed. A touched script walks the ladder again; where the head
    had decided its score, the head decides anew, because the totals it rested on are others.

    Raises:
        ConflictError: `marking_not_open`.
        NotAllowedError: `second_person_needed`; as `require_second_of_scripts`.
        NotFoundError: `item_decision_not_found`, also once it was answered.

    Source: record format, `item:decided` and system marks; a re-scoring is a further mark of the system.
    """
    decision = _answered(ctx, competition, decision_id, is_agreed=True)
    lock_scripts_of_paper(ctx.session, decision.paper_id)
    proposer = ctx.session.get_one(RoleAssignment, decision.proposed_by_id)
    payload = {
        "criterion": decision.item,
        "ruling": ruling_text(decision_of(decision)),
        "second": ctx.actor.pseudonym,
    }
    setter = actor_name(Role.SETTER, str(proposer.pseudonym))
    decision.record_seq = record(
        ctx, competition, Event.ITEM_DECIDED, f"paper/{decision.paper.code}", payload, actor=setter
    )
    ctx.session.flush()
    return _rescore(ctx, competition, decision)


def refuse_ruling(ctx: ServiceContext, competition: Competition, decision_id: int) -> None:
    """Refuse, as second person: the question stays as it was, and another proposal may be made.

    Raises:
        ConflictError: `marking_not_open`.
        NotAllowedError: `second_person_needed`; as `require_second_of_scripts`.
        NotFoundError: `item_decision_not_found`.
    """
    decision = _answered(ctx, competition, decision_id, is_agreed=False)
    proposer = ctx.session.get_one(RoleAssignment, decision.proposed_by_id)
    payload = {
        "criterion": decision.item,
        "ruling": ruling_text(decision_of(decision)),
        "reason": decision.reason,
        "proposed_by": str(proposer.pseudonym),
    }
    decision.record_seq = record(ctx, competition, Event.RULING_REFUSED, f"paper/{decision.paper.code}", payload)
    ctx.session.flush()


def _answered(ctx: ServiceContext, competition: Competition, decision_id: int, *, is_agreed: bool) -> ItemDecision:
    actor = require_second_of_scripts(ctx, competition, *SECOND_ROLES)
    check_marking_open(competition)
    decision = get_waiting_decision(ctx.session, competition.id, decision_id, for_update=True)
    if ctx.session.get_one(RoleAssignment, decision.proposed_by_id).account_id == actor.account_id:
        raise NotAllowedError("second_person_needed")
    decision.decided_by_id = actor.assignment_id
    decision.decided_at = ctx.now
    decision.is_agreed = is_agreed
    return decision


def _rescore(ctx: ServiceContext, competition: Competition, decision: ItemDecision) -> list[str]:
    content = paper_from_data(decision.paper.data)
    answers = map_answers_by_code(ctx.session, competition.id, decision.paper_id)
    rule = decision_of(decision)
    touched: list[Script] = []
    marks: list[tuple[Script, Rubric, Points]] = []
    for script in list_scripts(ctx.session, competition.id):
        mark = system_mark(script)
        if script.paper_id != decision.paper_id or mark is None:
            continue
        points = rescored(content, mark.points, answers.get(script.code, {}), rule)
        # Every script gets one, changed or not: a stranger, for whom the key stays closed, sees that none was left out.
        marks.append((script, content.rubric, {name: score(known) for name, known in points.items()}))
        if points != mark.points:
            touched.append(script)
    lock_system_marks(ctx, competition, marks)
    marked = [script.code for script in touched if script.state is not ScriptState.SEALED]
    if marked:
        settle_again(ctx, competition, marked, event=ScriptEvent.RESCORED)
    return [script.code for script in touched]
