"""Sentences that a marker keeps to use again: the marker's own, seen by nobody else."""

from __future__ import annotations

from examsite.domain.errors import ConflictError, InvalidError, NotFoundError
from examsite.domain.permissions import Role
from examsite.domain.scripts import plain_text
from examsite.services.context import ServiceContext
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import SavedComment
from examsite.storage.queries.marking_notes import find_saved_comment, get_saved_comment, list_saved_comments

#: Source: our choice, because nobody looks through more.
MOST_COMMENTS = 200
#: Unit: characters; as the table keeps it.
LONGEST_COMMENT = 500


def save_comment(ctx: ServiceContext, competition: Competition, text: str) -> SavedComment:
    """Keep a comment for later; one that is kept already stays as it is.

    Raises:
        ConflictError: `saved_comments_too_many`.
        InvalidError: `saved_comment_empty`, `saved_comment_too_long`.
        NotAllowedError: `role_needed`.
    """
    assignment_id = _own(ctx, competition)
    words = plain_text(text).strip()
    if not words:
        raise InvalidError("saved_comment_empty")
    if len(words) > LONGEST_COMMENT:
        raise InvalidError("saved_comment_too_long", limit=LONGEST_COMMENT)
    known = find_saved_comment(ctx.session, assignment_id, words)
    if known is not None:
        return known
    if len(list_saved_comments(ctx.session, assignment_id)) >= MOST_COMMENTS:
        raise ConflictError("saved_comments_too_many", most=MOST_COMMENTS)
    comment = SavedComment(assignment_id=assignment_id, text=words, uses=0, used_at=ctx.now)
    ctx.session.add(comment)
    ctx.session.flush()
    return comment


def use_comment(ctx: ServiceContext, competition: Competition, comment_id: int) -> SavedComment:
    """Count that a comment was put in, so that the most used stand first.

    Raises:
        NotAllowedError: `role_needed`.
        NotFoundError: `saved_comment_not_found`.
    """
    comment = get_saved_comment(ctx.session, _own(ctx, competition), comment_id)
    comment.uses += 1
    comment.used_at = ctx.now
    ctx.session.flush()
    return comment


def delete_comment(ctx: ServiceContext, competition: Competition, comment_id: int) -> None:
    """Take a comment out of the bank; what was put into a sheet before stays there.

    Raises:
        NotAllowedError: `role_needed`.
    """
    assignment_id = _own(ctx, competition)
    try:
        comment = get_saved_comment(ctx.session, assignment_id, comment_id)
    except NotFoundError:
        return
    ctx.session.delete(comment)
    ctx.session.flush()


def _own(ctx: ServiceContext, competition: Competition) -> int:
    return ctx.require(Role.MARKER, competition_id=competition.id).assignment_id or 0
