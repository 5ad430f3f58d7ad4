"""Before any marker reads: every essay is looked through for what may tell its author, and a person decides each place.

Decision: a search finds, a person decides, a record keeps both; the answers themselves are never touched. What markers
read is the answer with the covered places, and that is what the code map is sealed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.events import Event
from examsite.domain.identity_hints import Author, covered, find_hints, sentence_around
from examsite.domain.papers import paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.scripts import plain_text, script_content
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.redactions import IdentityHint, ScriptCheck
from examsite.storage.models.sittings import Attempt
from examsite.storage.queries.attempts import list_answers
from examsite.storage.queries.codes import SCRIPT_CODES, find_held_draw, list_sealable_attempts
from examsite.storage.queries.redactions import get_check, is_outdated, list_checks, read_texts


@dataclass(frozen=True)
class Choice:
    """What a person decided about one place: left as it is, or these words of its sentence covered."""

    hint_id: int
    is_covered: bool
    words: str = ""


def look_through(ctx: ServiceContext, competition: Competition, codes: Sequence[str]) -> None:
    """Look through the essays of every attempt, in the order in which the codes were drawn."""
    attempts = list_sealable_attempts(ctx.session, competition.id)
    known = {check.attempt_id: check for check in list_checks(ctx.session, competition.id)}
    for code, attempt in sorted(zip(codes, attempts, strict=True), key=lambda pair: pair[0]):
        check = known.get(attempt.id)
        if check is not None and not is_outdated(check):
            continue
        if check is not None:
            ctx.session.delete(check)
            ctx.session.flush()
        _look_at(ctx, competition, code, attempt)
    ctx.session.flush()


def look_again(ctx: ServiceContext, competition: Competition) -> None:
    """Look through the scripts whose answers changed after the draw; what was decided about the others stays.

    Raises:
        ConflictError: `hints_not_open`, `code_draw_outdated`.
        NotAllowedError: `role_needed`.
    """
    _check_open(ctx, competition)
    held = find_held_draw(ctx.session, competition.id, SCRIPT_CODES)
    if held is None or len(held["outcome"]) != len(list_sealable_attempts(ctx.session, competition.id)):
        raise ConflictError("code_draw_outdated")
    look_through(ctx, competition, held["outcome"])


def decide_hints(ctx: ServiceContext, competition: Competition, code: str, choices: Sequence[Choice]) -> None:
    """Keep what was chosen; nothing is recorded and nothing counts before the script is confirmed.

    Raises:
        ConflictError: `hints_not_open`, `hints_outdated`.
        InvalidError: `cover_not_in_sentence` with the `hint`.
        NotAllowedError: `role_needed`.
        NotFoundError: `script_not_found`.
    """
    _check_open(ctx, competition)
    check = _fresh(ctx, competition, code)
    texts = read_texts(ctx.session, check.attempt)
    chosen = {choice.hint_id: choice for choice in choices}
    for hint in check.hints:
        choice = chosen.get(hint.id)
        if choice is None:
            continue
        span = _span_of(texts[hint.item], hint, choice.words) if choice.is_covered else (None, None)
        hint.is_covered = choice.is_covered
        hint.covered_from, hint.covered_to = span
        hint.decided_by_id = ctx.actor.assignment_id
    check.confirmed_at = None
    check.record_seq = None
    ctx.session.flush()


def confirm_script(ctx: ServiceContext, competition: Competition, code: str) -> None:
    """Record what of a script is covered and what is left; from now on it may be sealed.

    Raises:
        ConflictError: `hints_not_open`, `hints_outdated`, `hints_not_decided`.
        NotAllowedError: `role_needed`.
        NotFoundError: `script_not_found`.
    """
    _check_open(ctx, competition)
    check = _fresh(ctx, competition, code)
    if not check.hints or any(hint.is_covered is None for hint in check.hints):
        raise ConflictError("hints_not_decided", script=code)
    texts = read_texts(ctx.session, check.attempt)
    payload = {
        "answers_seq": check.answers_seq,
        "places": [_place(texts[hint.item], hint, check.hints) for hint in check.hints],
    }
    check.record_seq = record(ctx, competition, Event.SCRIPT_REDACTED, f"script/{code}", payload)
    check.confirmed_at = ctx.now
    ctx.session.flush()


def shown_content(content: Sequence[Mapping[str, str]], hints: Sequence[IdentityHint]) -> list[Any]:
    """The essays as markers read them: each covered place replaced, all else as it was written."""
    return [{**part, "text": covered(part["text"], covered_spans(part["item"], hints))} for part in content]


def covered_spans(item: str, hints: Sequence[IdentityHint]) -> list[tuple[int, int]]:
    """The places of an essay that are covered."""
    return [
        (hint.covered_from, hint.covered_to)
        for hint in hints
        if hint.item == item and hint.is_covered and hint.covered_from is not None and hint.covered_to is not None
    ]


def _check_open(ctx: ServiceContext, competition: Competition) -> None:
    ctx.require(Role.KEEPER, competition_id=competition.id)
    if competition.state is not CompetitionState.WRITTEN:
        raise ConflictError("hints_not_open")


def _fresh(ctx: ServiceContext, competition: Competition, code: str) -> ScriptCheck:
    check = get_check(ctx.session, competition.id, code)
    if is_outdated(check):
        raise ConflictError("hints_outdated", script=code)
    return check


def _look_at(ctx: ServiceContext, competition: Competition, code: str, attempt: Attempt) -> None:
    if attempt.paper is None or attempt.record_seq is None:
        raise ConflictError("code_draw_outdated")
    check = ScriptCheck(
        competition_id=competition.id,
        attempt_id=attempt.id,
        code=code,
        answers_seq=attempt.record_seq,
        looked_at=ctx.now,
    )
    author = _author_of(attempt.candidacy)
    content = script_content(paper_from_data(attempt.paper.data), list_answers(ctx.session, attempt.id))
    check.hints = [
        IdentityHint(
            item=part["item"],
            start_at=found.start,
            end_at=found.end,
            quote=part["text"][found.start : found.end],
            kind=found.kind,
            confidence=found.confidence,
        )
        for part in content
        for found in find_hints(part["text"], author)
    ]
    ctx.session.add(check)


def _author_of(candidacy: Candidacy) -> Author:
    numbers = (candidacy.candidate_number, candidacy.public_code, candidacy.application_code, candidacy.identity_number)
    return Author(names=[candidacy.full_name], units=[candidacy.unit], numbers=[number for number in numbers if number])


def _span_of(text: str, hint: IdentityHint, words: str) -> tuple[int, int]:
    """Where the chosen words stand in the sentence of the place; they must touch it."""
    words = plain_text(words).strip()
    first, last = sentence_around(text, hint.start_at, hint.end_at)
    place = text.find(words, first, last) if words else -1
    while place >= 0:
        if place < hint.end_at and place + len(words) > hint.start_at:
            return place, place + len(words)
        place = text.find(words, place + 1, last)
    raise InvalidError("cover_not_in_sentence", hint=hint.id)


def _place(text: str, hint: IdentityHint, hints: Sequence[IdentityHint]) -> dict[str, Any]:
    """One place as the record keeps it: what was found, what was decided, its sentence before and after."""
    first, last = sentence_around(text, hint.start_at, hint.end_at)
    spans = [(max(start, first), min(end, last)) for start, end in covered_spans(hint.item, hints)]
    inside = [(start - first, end - first) for start, end in spans if start < end]
    return {
        "item": hint.item,
        "kind": hint.kind.value,
        "start": hint.start_at,
        "end": hint.end_at,
        "words": hint.quote,
        "covered": None if hint.covered_from is None else [hint.covered_from, hint.covered_to],
        "before": text[first:last],
        "after": covered(text[first:last], inside),
    }
