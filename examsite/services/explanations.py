"""The supervision board asks about a record; whoever acted, or else the chair, answers in writing. Both are recorded.

Nothing waits for an answer but the question itself: it stands beside the result that is to be approved until then.
"""

from __future__ import annotations

from examsite.domain.errors import ConflictError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.permissions import Role, actor_name
from examsite.domain.reasons import LEAST_REASON, checked_reason
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.explanations import Explanation
from examsite.storage.queries.explanations import find_holder, get_explanation, next_number
from examsite.storage.queries.records import get_log, get_record

#: Who may be asked: everybody with a duty but those who ask.
ANSWERING: tuple[Role, ...] = (
    Role.CHAIR,
    Role.COUNCIL_MEMBER,
    Role.ORGANISER,
    Role.AUTHORITY,
    Role.SETTER,
    Role.KEEPER,
    Role.INVIGILATOR,
    Role.MARKER,
    Role.MARKING_HEAD,
    Role.PANELLIST,
    Role.PANEL_HEAD,
)


def ask_explanation(ctx: ServiceContext, competition: Competition, seq: int, *, question: str) -> Explanation:
    """Ask about one record. Whoever acted answers; where that was the system or a candidate, the chair.

    Raises:
        InvalidError: `reason_missing`, `reason_too_short`, `reason_too_long`.
        NotAllowedError: `role_needed`.
        NotFoundError: `log_not_found`, `record_not_found`.

    Source: our choice, because a supervisor who may only read leaves an oddity unasked, and one who may ask aloud
    leaves it unanswered.
    """
    actor = ctx.require(Role.SUPERVISOR, competition_id=competition.id)
    words = checked_reason(question, least=LEAST_REASON)
    about = get_record(ctx.session, get_log(ctx.session, competition.code).id, seq)
    answering = _answering(ctx, competition, about.actor)
    number = next_number(ctx.session, competition.id)
    payload = {
        "number": number,
        "seq": seq,
        "question": words,
        "asked_of": "council" if answering is None else actor_name(answering.role, str(answering.pseudonym)),
    }
    asked = Explanation(
        competition_id=competition.id,
        number=number,
        about_seq=seq,
        question=words,
        asked_by_id=actor.assignment_id,
        asked_at=ctx.now,
        asked_seq=record(ctx, competition, Event.EXPLANATION_ASKED, f"competition/{competition.code}", payload),
        asked_of_id=None if answering is None else answering.id,
    )
    ctx.session.add(asked)
    ctx.session.flush()
    return asked


def give_explanation(ctx: ServiceContext, competition: Competition, number: int, *, answer: str) -> Explanation:
    """Answer one's question, once; an answer that leaves something open is followed by another question.

    Raises:
        ConflictError: `explanation_given` when it has its answer.
        InvalidError: `reason_missing`, `reason_too_short`, `reason_too_long`.
        NotAllowedError: `role_needed`, `explanation_of_other` when it was asked of somebody else.
        NotFoundError: `explanation_not_found`.
    """
    actor = ctx.require(*ANSWERING, competition_id=competition.id)
    asked = get_explanation(ctx.session, competition.id, number, for_update=True)
    # A person with two duties answers in the one that is asked.
    as_whom = asked.asked_of if asked.asked_of and asked.asked_of.account_id == actor.account_id else None
    if as_whom is None and actor.role is not Role.CHAIR:
        raise NotAllowedError("explanation_of_other")
    if asked.answered_at is not None:
        raise ConflictError("explanation_given", number=number)
    words = checked_reason(answer, least=LEAST_REASON)
    name = actor.record_name if as_whom is None else actor_name(as_whom.role, str(as_whom.pseudonym))
    payload = {"number": number, "asked_seq": asked.asked_seq, "answer": words}
    seq = record(ctx, competition, Event.EXPLANATION_GIVEN, f"competition/{competition.code}", payload, actor=name)
    asked.answer = words
    asked.answered_by_id = actor.assignment_id if as_whom is None else as_whom.id
    asked.answered_at = ctx.now
    asked.answered_seq = seq
    ctx.session.flush()
    return asked


def _answering(ctx: ServiceContext, competition: Competition, actor: str) -> RoleAssignment | None:
    """Who can be asked about an act of this actor; None: the chair."""
    _kind, stroke, pseudonym = actor.partition("/")
    holder = find_holder(ctx.session, competition.id, pseudonym) if stroke else None
    return holder if holder is not None and holder.role in ANSWERING else None
