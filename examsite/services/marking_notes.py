"""Highlights and margin notes of one marker: kept as one goes, the marker's alone, for reading only after the lock."""

from __future__ import annotations

from datetime import datetime, timedelta

from examsite.domain.appeals import is_remark
from examsite.domain.errors import ConflictError, InvalidError, NotFoundError
from examsite.domain.marking import MarkState
from examsite.domain.note_anchors import Span, anchored_quote
from examsite.domain.papers import paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.reasons import LONGEST_TEXT
from examsite.domain.scripts import plain_text
from examsite.services.context import ServiceContext
from examsite.services.marker_stops import check_may_mark
from examsite.services.settling import check_round_open
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Allocation, MarkNote
from examsite.storage.queries.marking_notes import count_notes, get_own_note
from examsite.storage.queries.queues import QUEUED, find_own_mark, get_own_allocation

#: Source: our choice, because a script with a note at every sentence has fewer.
MOST_NOTES = 300


def add_note(
    ctx: ServiceContext, competition: Competition, code: str, *, span: Span, text: str = "", criterion: str = ""
) -> MarkNote:
    """Highlight a span, with words or without.

    Raises:
        ConflictError: `marking_not_open`, `mark_already_locked`, `notes_too_many`.
        InvalidError: `note_not_anchored`, `criterion_unknown`, `comment_too_long`.
        NotAllowedError: `role_needed`, `marker_not_qualified`.
        NotFoundError: `script_not_found`.
    """
    allocation = _open_allocation(ctx, competition, code)
    if count_notes(ctx.session, allocation.script_id, allocation.assignment_id) >= MOST_NOTES:
        raise ConflictError("notes_too_many", most=MOST_NOTES)
    texts = {part["item"]: part["text"] for part in allocation.script.content}
    rubric = paper_from_data(allocation.script.paper.data).rubric
    if criterion and criterion not in {known.criterion for known in rubric.human}:
        raise InvalidError("criterion_unknown", criterion=criterion)
    note = MarkNote(
        script_id=allocation.script_id,
        assignment_id=allocation.assignment_id,
        item=span.item,
        start_at=span.start,
        end_at=span.end,
        quote=anchored_quote(texts.get(span.item, ""), span),
        text=_words(text),
        criterion=criterion,
        updated_at=ctx.now,
    )
    ctx.session.add(note)
    ctx.session.flush()
    return note


def change_note(
    ctx: ServiceContext, competition: Competition, code: str, *, note_id: int, text: str, seen_at: datetime | None
) -> MarkNote:
    """Keep new words of a note; `seen_at` is its instant when the page read it, for another page may have changed it.

    Raises:
        ConflictError: `marking_not_open`, `mark_already_locked`, `note_changed_elsewhere`.
        InvalidError: `comment_too_long`.
        NotAllowedError: `role_needed`, `marker_not_qualified`.
        NotFoundError: `script_not_found`, `note_not_found`.
    """
    allocation = _open_allocation(ctx, competition, code)
    note = get_own_note(ctx.session, allocation.script_id, allocation.assignment_id, note_id)
    words = _words(text)
    if words == note.text:
        return note
    if seen_at != note.updated_at:
        raise ConflictError("note_changed_elsewhere")
    note.text = words
    # Two changes within one tick of the clock must not look like one.
    note.updated_at = max(ctx.now, note.updated_at + timedelta(microseconds=1))
    ctx.session.flush()
    return note


def delete_note(ctx: ServiceContext, competition: Competition, code: str, *, note_id: int) -> None:
    """Take a note away; one that is gone already is gone.

    Raises:
        ConflictError: `marking_not_open`, `mark_already_locked`.
        NotAllowedError: `role_needed`, `marker_not_qualified`.
        NotFoundError: `script_not_found`.
    """
    allocation = _open_allocation(ctx, competition, code)
    try:
        note = get_own_note(ctx.session, allocation.script_id, allocation.assignment_id, note_id)
    except NotFoundError:
        return
    ctx.session.delete(note)
    ctx.session.flush()


def _open_allocation(ctx: ServiceContext, competition: Competition, code: str) -> Allocation:
    actor = ctx.require(Role.MARKER, competition_id=competition.id)
    allocation = get_own_allocation(ctx.session, competition.id, actor.assignment_id or 0, code)
    check_round_open(ctx, competition, allocation.round)
    if allocation.script.kind in QUEUED and not is_remark(allocation.round):
        check_may_mark(ctx, competition, allocation.assignment_id)
    mark = find_own_mark(ctx.session, allocation)
    if mark is not None and mark.state is not MarkState.DRAFT:
        raise ConflictError("mark_already_locked")
    return allocation


def _words(text: str) -> str:
    words = plain_text(text).strip()
    if len(words) > LONGEST_TEXT:
        raise InvalidError("comment_too_long", limit=LONGEST_TEXT)
    return words
