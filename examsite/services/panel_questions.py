"""The question log of a defence and where its recording is kept: what the minutes are made of. No scores."""

from __future__ import annotations

from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.panels import QUESTIONS_OPEN
from examsite.domain.permissions import Role
from examsite.services.context import ServiceContext
from examsite.services.panel_access import defence_for_head, get_defence_now, head_name, is_recused, subject_of
from examsite.services.records import record
from examsite.storage.models.competitions import Competition
from examsite.storage.models.proposals import Defence, PanelQuestion
from examsite.storage.queries.defence import list_members
from examsite.storage.queries.panel_questions import get_question, list_questions

#: Longest question or gist of an answer. Unit: characters.
MOST_QUESTION_LENGTH = 4000
#: As the column takes. Unit: characters.
MOST_REFERENCE_LENGTH = 200


def note_question(
    ctx: ServiceContext, competition: Competition, position: int, *, text: str, answer: str, asked_by: str | None = None
) -> PanelQuestion:
    """Write down a question: a member the own one, the head that of the member with the pseudonym `asked_by`.

    Raises:
        ConflictError: `defence_not_now`, `question_not_now`.
        InvalidError: `question_missing`, `question_too_long`, `member_unknown`.
        NotAllowedError: `role_needed`, `member_recused`.
        NotFoundError: `defence_not_found`.
    """
    defence = _defence(ctx, competition, position)
    members = {row.pseudonym or "": row for row in list_members(ctx.session, competition.id)}
    if ctx.actor.role is Role.PANEL_HEAD and asked_by:
        if asked_by not in members:
            raise InvalidError("member_unknown", member=asked_by)
        asker_id: int | None = members[asked_by].id
    else:
        asker_id, asked_by = ctx.actor.assignment_id, ctx.actor.pseudonym or ""
    if asker_id is None:
        raise NotAllowedError("role_needed", roles=Role.PANELLIST)
    text, answer = _words(text), _words(answer)
    if not text:
        raise InvalidError("question_missing", field="text")
    question = PanelQuestion(
        defence_id=defence.id,
        number=max((row.number for row in list_questions(ctx.session, defence.id)), default=0) + 1,
        assignment_id=asker_id,
        text=text,
        answer=answer,
        asked_at=ctx.now,
    )
    ctx.session.add(question)
    ctx.session.flush()
    payload = {"number": question.number, "asked_by": asked_by, "text": text, "answer": answer}
    record(ctx, competition, Event.QUESTION_NOTED, subject_of(defence), payload)
    return question


def note_answer(
    ctx: ServiceContext, competition: Competition, position: int, *, number: int, answer: str, seen: str
) -> PanelQuestion:
    """Write down the gist of the answer, in the place of what the page had `seen`; the record keeps every wording.

    Raises:
        ConflictError: `defence_not_now`, `question_not_now`, `answer_written_elsewhere`.
        InvalidError: `question_too_long`.
        NotAllowedError: `role_needed`, `member_recused`, `question_of_another`.
        NotFoundError: `defence_not_found`, `panel_question_not_found`.
    """
    defence = _defence(ctx, competition, position)
    question = get_question(ctx.session, defence.id, number)
    if ctx.actor.role is not Role.PANEL_HEAD and question.assignment_id != ctx.actor.assignment_id:
        raise NotAllowedError("question_of_another")
    if question.answer != _words(seen):
        raise ConflictError("answer_written_elsewhere")
    question.answer = _words(answer)
    ctx.session.flush()
    payload = {"number": number, "answer": question.answer}
    record(ctx, competition, Event.QUESTION_NOTED, subject_of(defence), payload)
    return question


def note_recording(
    ctx: ServiceContext, competition: Competition, position: int, *, reference: str, seen: str
) -> Defence:
    """Write down where the recording of a defence is kept, in the place of what the page had `seen`.

    Raises:
        ConflictError: `head_leads`, `defence_not_now`, `recording_written_elsewhere`.
        InvalidError: `recording_too_long`.
        NotAllowedError: as `check_leads`.
        NotFoundError: `defence_not_found`.

    Source: TT 22/2025/TT-BNV art. 19-22: everything said is recorded (signed minutes, or audio, or video).
    """
    defence = defence_for_head(ctx, competition, position)
    reference = " ".join(reference.split())
    if len(reference) > MOST_REFERENCE_LENGTH:
        raise InvalidError("recording_too_long", field="reference", most=MOST_REFERENCE_LENGTH)
    if defence.recording_reference != " ".join(seen.split()):
        raise ConflictError("recording_written_elsewhere")
    defence.recording_reference = reference
    ctx.session.flush()
    record(ctx, competition, Event.RECORDING_NOTED, subject_of(defence), {"reference": reference}, actor=head_name(ctx))
    return defence


def _defence(ctx: ServiceContext, competition: Competition, position: int) -> Defence:
    ctx.require(Role.PANELLIST, Role.PANEL_HEAD, competition_id=competition.id)
    defence = get_defence_now(ctx, competition, position)
    if is_recused(ctx, competition, defence):
        raise NotAllowedError("member_recused")
    if defence.state not in QUESTIONS_OPEN:
        raise ConflictError("question_not_now")
    return defence


def _words(text: str) -> str:
    kept = text.replace("\r\n", "\n").strip()
    if len(kept) > MOST_QUESTION_LENGTH:
        raise InvalidError("question_too_long", field="text", most=MOST_QUESTION_LENGTH)
    return kept
