"""Changing a rubric while people mark: the head proposes, a setter agrees, every mark it touches is opened again.

Decision: nothing is taken over for the marker. The points that a criterion had stand beside it and count no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.marking import MARK_MACHINE, MarkEvent, MarkState, ScriptEvent, ScriptKind
from examsite.domain.permissions import Role, actor_name
from examsite.domain.questions import Level, Text
from examsite.domain.reasons import LONGEST_TEXT, checked_reason
from examsite.domain.rubric_changes import MarkFate, changed_criterion
from examsite.domain.rubrics import criterion_to_data
from examsite.domain.scores import score, sum_scores
from examsite.domain.scripts import plain_text
from examsite.services.context import ServiceContext
from examsite.services.marking_heads import require_head_of_scripts, require_second_of_scripts
from examsite.services.records import record, record_all
from examsite.services.settling import check_marking_open, settle_again
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Mark, MarkWithdrawal
from examsite.storage.models.papers import RubricChange
from examsite.storage.models.standardisation import AgreedMark
from examsite.storage.queries.papers import get_opened_paper
from examsite.storage.queries.rubric_changes import (
    TouchedMark,
    find_waiting_change,
    get_waiting_change,
    list_agreed_marks_of,
    list_touched_marks,
    lock_work_on_paper,
    read_current_paper,
)
from examsite.storage.queries.withdrawals import list_open_withdrawals_of


def propose_change(
    ctx: ServiceContext,
    competition: Competition,
    paper_code: str,
    criterion: str,
    *,
    text: Text,
    levels: Iterable[Level],
    reason: str,
) -> RubricChange:
    """Propose, as head of marking, how a criterion shall read; nothing changes before a setter has agreed.

    Raises:
        ConflictError: `marking_not_open`, `rubric_change_waiting`.
        InvalidError: `criterion_unknown`, a code of `changed_criterion`, `reason_missing`, `reason_too_long`,
            `comment_too_long`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `paper_not_found`.
    """
    actor = require_head_of_scripts(ctx, competition)
    check_marking_open(competition)
    paper = get_opened_paper(ctx.session, competition.id, paper_code, for_update=True)
    rubric = read_current_paper(ctx.session, paper).rubric
    before = next((known for known in rubric.criteria if known.criterion == criterion), None)
    if before is None:
        raise InvalidError("criterion_unknown", criterion=criterion)
    after = changed_criterion(
        before, text=_plain(text), levels=[Level(level.points, _plain(level.text)) for level in levels]
    )
    words = checked_reason(reason)
    if find_waiting_change(ctx.session, paper.id, criterion) is not None:
        raise ConflictError("rubric_change_waiting", criterion=criterion)
    change = RubricChange(
        paper_id=paper.id,
        criterion=criterion,
        before=criterion_to_data(before),
        after=criterion_to_data(after),
        reason=words,
        proposed_by_id=actor.assignment_id,
        proposed_at=ctx.now,
    )
    ctx.session.add(change)
    ctx.session.flush()
    return change


def agree_change(ctx: ServiceContext, competition: Competition, change_id: int) -> list[TouchedMark]:
    """Agree, as setter: the criterion reads anew, and every mark with points for it is opened again and named.

    A lock is withdrawn with the head's name and the setter's as second; the marker keeps the points of all other
    criteria as a draft, and a score that rested on it falls. Agreed marks lose the criterion, too: they measure nobody
    until the head proposes them anew and a second person agrees. All is read and written together: how many marks there
    are does not change how long others wait for the log.

    Raises:
        ConflictError: `marking_not_open`.
        NotAllowedError: `second_person_needed`; as `require_second_of_scripts`.
        NotFoundError: `rubric_change_not_found`, also once it was answered.

    Source: record format, `mark:withdrawn` (a changed rubric); two people and a reason.
    """
    change = _answered(ctx, competition, change_id, is_agreed=True)
    lock_work_on_paper(ctx.session, change.paper_id)
    touched = list_touched_marks(ctx.session, change.paper_id, change.criterion)
    locked = [row for row in touched if row.fate is MarkFate.WITHDRAWN]
    live = [row for row in locked if row.script.kind is ScriptKind.LIVE]
    proposer = ctx.session.get_one(RoleAssignment, change.proposed_by_id)
    head = actor_name(Role.MARKING_HEAD, str(proposer.pseudonym))
    payload = {
        "criterion": change.criterion,
        "before": change.before,
        "after": change.after,
        "reason": change.reason,
        "second": ctx.actor.pseudonym,
        "drafts": sum(1 for row in touched if row.fate is MarkFate.REOPENED),
        "withdrawn": _seqs(live),
        "standards": _seqs([row for row in locked if row not in live]),
    }
    change.record_seq = record(
        ctx, competition, Event.RUBRIC_CHANGED, f"paper/{change.paper.code}", payload, actor=head
    )
    for row in touched:
        if row.fate is MarkFate.REOPENED:
            _set_aside(ctx, row.mark, change.criterion)
    if live:
        _record_withdrawals(ctx, competition, live, change, head=head)
    _begin_again(ctx, [row.mark for row in locked], change.criterion)
    for agreed in list_agreed_marks_of(ctx.session, change.paper_id):
        _agree_anew(agreed, change)
    ctx.session.flush()
    if live:
        settle_again(ctx, competition, sorted({row.script.code for row in live}), event=ScriptEvent.MARK_WITHDRAWN)
    return touched


def refuse_change(ctx: ServiceContext, competition: Competition, change_id: int) -> None:
    """Refuse, as setter: the criterion reads as before, and that somebody wanted it otherwise is recorded.

    Raises:
        ConflictError: `marking_not_open`.
        NotAllowedError: `second_person_needed`; as `require_second_of_scripts`.
        NotFoundError: `rubric_change_not_found`.
    """
    change = _answered(ctx, competition, change_id, is_agreed=False)
    proposer = ctx.session.get_one(RoleAssignment, change.proposed_by_id)
    payload = {"criterion": change.criterion, "reason": change.reason, "proposed_by": str(proposer.pseudonym)}
    change.record_seq = record(ctx, competition, Event.RUBRIC_REFUSED, f"paper/{change.paper.code}", payload)
    ctx.session.flush()


def take_back_change(ctx: ServiceContext, competition: Competition, change_id: int) -> None:
    """Take back, as the head who proposed it, a change that nobody has answered; the criterion reads as before.

    Raises:
        ConflictError: `marking_not_open`.
        NotAllowedError: `change_of_another`; as `require_head_of_scripts`.
        NotFoundError: `rubric_change_not_found`, also once it was answered.
    """
    actor = require_head_of_scripts(ctx, competition)
    check_marking_open(competition)
    change = get_waiting_change(ctx.session, competition.id, change_id)
    if ctx.session.get_one(RoleAssignment, change.proposed_by_id).account_id != actor.account_id:
        raise NotAllowedError("change_of_another")
    change.decided_at = ctx.now
    change.is_agreed = False
    payload = {"criterion": change.criterion, "reason": change.reason}
    change.record_seq = record(ctx, competition, Event.RUBRIC_TAKEN_BACK, f"paper/{change.paper.code}", payload)
    ctx.session.flush()


def _answered(ctx: ServiceContext, competition: Competition, change_id: int, *, is_agreed: bool) -> RubricChange:
    actor = require_second_of_scripts(ctx, competition, Role.SETTER)
    check_marking_open(competition)
    change = get_waiting_change(ctx.session, competition.id, change_id)
    if ctx.session.get_one(RoleAssignment, change.proposed_by_id).account_id == actor.account_id:
        raise NotAllowedError("second_person_needed")
    change.decided_by_id = actor.assignment_id
    change.decided_at = ctx.now
    change.is_agreed = is_agreed
    return change


def _plain(text: Text) -> Text:
    known = Text(plain_text(text.vi).strip(), plain_text(text.en).strip())
    if max(len(known.vi), len(known.en)) > LONGEST_TEXT:
        raise InvalidError("comment_too_long", limit=LONGEST_TEXT)
    return known


def _seqs(touched: Iterable[TouchedMark]) -> list[int]:
    return sorted(row.mark.record_seq or 0 for row in touched)


def _agree_anew(agreed: AgreedMark, change: RubricChange) -> None:
    """The agreed mark without the criterion's points, back with the head; its text stays as people have it."""
    agreed.points = {name: points for name, points in agreed.points.items() if name != change.criterion}
    agreed.total = sum_scores(score(points) for points in agreed.points.values())
    agreed.agreed_by_id = None
    agreed.agreed_at = None
    agreed.returned_reason = change.reason


def _set_aside(ctx: ServiceContext, mark: Mark, criterion: str) -> None:
    """The draft without its points for the criterion; a page that was open before is told so at its next save."""
    points = dict(mark.points)
    mark.earlier_points = {**mark.earlier_points, criterion: points.pop(criterion)}
    mark.points = points
    mark.revision += 1
    mark.updated_at = ctx.now


def _record_withdrawals(
    ctx: ServiceContext, competition: Competition, rows: Sequence[TouchedMark], change: RubricChange, *, head: str
) -> None:
    """The withdrawal of each lock by both people; a wish of the head about the same mark is answered with it."""
    facts = [
        (
            f"script/{row.script.code}",
            {"seq": row.mark.record_seq, "reason": change.reason, "second": ctx.actor.pseudonym},
        )
        for row in rows
    ]
    seqs = record_all(ctx, competition, Event.MARK_WITHDRAWN, facts, actor=head)
    wishes = list_open_withdrawals_of(ctx.session, [row.mark.id for row in rows])
    for row, seq in zip(rows, seqs, strict=True):
        wish = wishes.get(row.mark.id)
        if wish is None:
            wish = MarkWithdrawal(
                mark_id=row.mark.id, reason=change.reason, requested_by_id=change.proposed_by_id, requested_at=ctx.now
            )
            ctx.session.add(wish)
        wish.decided_by_id = ctx.actor.assignment_id
        wish.decided_at = ctx.now
        wish.is_agreed = True
        wish.record_seq = seq


def _begin_again(ctx: ServiceContext, marks: Sequence[Mark], criterion: str) -> None:
    """The locks count no more, and a draft without the criterion's points stands in the place of each."""
    for mark in marks:
        mark.state = MARK_MACHINE.after(mark.state, MarkEvent.WITHDRAWN)
        mark.updated_at = ctx.now
    # The locks must be gone before: a script has one mark of a person and round that counts.
    ctx.session.flush()
    for mark in marks:
        draft = Mark(
            script_id=mark.script_id,
            assignment_id=mark.assignment_id,
            round=mark.round,
            state=MarkState.DRAFT,
            points=dict(mark.points),
            comments=dict(mark.comments),
            earlier_points=dict(mark.earlier_points),
            revision=mark.revision,
            updated_at=ctx.now,
        )
        _set_aside(ctx, draft, criterion)
        ctx.session.add(draft)
