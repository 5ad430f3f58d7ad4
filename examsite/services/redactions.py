"""Before any marker reads: every essay is looked through for what may tell its author, and a person decides each place.

Decision: a search finds, a person decides, a record keeps both; the answers themselves are never touched. What markers
read is the answer with the covered places, and that is what the code map is sealed over. All of this happens under
working numbers before codes are drawn, so that from the draw on nobody has to look behind a code.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError
from examsite.domain.events import Event
from examsite.domain.identity_hints import Hint, HintKind, covered, find_hints, sentence_around
from examsite.domain.known_author import Author
from examsite.domain.papers import Paper, paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.scripts import plain_text, script_content
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Candidacy
from examsite.storage.models.redactions import IdentityHint, ScriptCheck
from examsite.storage.models.sittings import Attempt
from examsite.storage.queries.attempts import list_answers
from examsite.storage.queries.codes import list_sealable_attempts
from examsite.storage.queries.redactions import get_check, is_outdated, list_checks, read_texts
from examsite.storage.queries.sittings import missing_before_codes

#: Longest place that is marked by hand. Unit: characters.
# Source: our choice, because what tells an author is a name or a clause, and a covered page is no answer any more.
LONGEST_MARK = 300

#: Working numbers look unlike codes of scripts. Source: our choice, because both are read aloud in one room.
WORKING_LETTER = "T"
WORKING_DIGITS = 5

#: As the column takes. Unit: characters.
LONGEST_REASON = 300


@dataclass(frozen=True)
class Choice:
    """What a person decided about one place: left as it is, or these words of its sentence covered."""

    hint_id: int
    is_covered: bool
    words: str = ""


@dataclass(frozen=True)
class Search:
    """What was found in the essays of one attempt, as they stood under a record."""

    answers_seq: int
    #: The essays as they would be shown, by item.
    texts: Mapping[str, str] = field(repr=False)
    found: tuple[tuple[str, Hint], ...] = field(repr=False)


def search_scripts(ctx: ServiceContext, competition: Competition) -> dict[int, Search]:
    """Search every attempt that `look_through` would look through, before anything is locked; nothing is written.

    Raises:
        ConflictError: `hints_not_open`, `gate_shut` as long as the room owes something.
        NotAllowedError: `role_needed`.
    """
    _check_may_look(ctx, competition)
    fresh = {row.attempt_id for row in list_checks(ctx.session, competition.id) if not is_outdated(row)}
    papers: dict[int, Paper] = {}
    return {
        attempt.id: _search(ctx, attempt, papers)
        for attempt in list_sealable_attempts(ctx.session, competition.id)
        if attempt.id not in fresh
    }


def look_through(ctx: ServiceContext, competition: Competition, *, searched: Mapping[int, Search] | None = None) -> int:
    """Look through every attempt that nobody looked through as it stands now; how many these were.

    What was decided about the others stays. Attempts that were `searched` before, and have the same answers since, are
    not searched again.

    Raises:
        ConflictError: `hints_not_open`, `gate_shut` as long as the room owes something.
        NotAllowedError: `role_needed`.
    """
    _check_may_look(ctx, competition)
    known = {check.attempt_id: check for check in list_checks(ctx.session, competition.id)}
    taken = {check.code for check in known.values()}
    papers: dict[int, Paper] = {}
    made = []
    for attempt in list_sealable_attempts(ctx.session, competition.id):
        check = known.get(attempt.id)
        if check is not None and not is_outdated(check):
            continue
        marked: list[IdentityHint] = []
        number, place = _working_number(taken), None
        if check is not None:
            marked = [hint for hint in check.hints if hint.kind is HintKind.BY_HAND]
            number, place = check.code, check.place
            ctx.session.delete(check)
            ctx.session.flush()
        search = (searched or {}).get(attempt.id)
        if search is None or search.answers_seq != attempt.record_seq:
            search = _search(ctx, attempt, papers)
        made.append(_look_at(ctx, competition, number, attempt, search=search, marked=marked, place=place))
    ctx.session.add_all(made)
    ctx.session.flush()
    return len(made)


def _check_may_look(ctx: ServiceContext, competition: Competition) -> None:
    _check_open(ctx, competition)
    missing = missing_before_codes(ctx.session, competition, ctx.now)
    if missing:
        raise ConflictError("gate_shut", count=len(missing), first=missing[0].code)


def _working_number(taken: set[str]) -> str:
    """A number that nothing else bears; it is drawn, so that their order tells nothing of the candidates'."""
    while (number := f"{WORKING_LETTER}{secrets.randbelow(10**WORKING_DIGITS):0{WORKING_DIGITS}d}") in taken:
        pass
    taken.add(number)
    return number


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


def mark_place(
    ctx: ServiceContext,
    competition: Competition,
    code: str,
    *,
    item: str,
    words: str,
    reason: str,
    start: int | None = None,
) -> IdentityHint:
    """Cover words that the search missed; like every place it counts once the script is confirmed with its record.

    `start` is where the words were selected; without it they must stand in the essay once.

    Units: code points.

    Raises:
        ConflictError: `hints_not_open`, `hints_outdated`, `mark_known`.
        InvalidError: `mark_not_in_text`, `mark_in_several_places`, `mark_too_long`, `mark_reason_missing`,
            `mark_reason_too_long`, each with its `field`.
        NotAllowedError: `role_needed`.
        NotFoundError: `script_not_found`.
    """
    _check_open(ctx, competition)
    check = _fresh(ctx, competition, code)
    why = reason.strip()
    if not why:
        raise InvalidError("mark_reason_missing", field="reason")
    if len(why) > LONGEST_REASON:
        raise InvalidError("mark_reason_too_long", field="reason", most=LONGEST_REASON)
    text = read_texts(ctx.session, check.attempt).get(item, "")
    first, last = _marked_span(text, plain_text(words).strip(), start)
    if any((hint.item, hint.start_at, hint.end_at) == (item, first, last) for hint in check.hints):
        raise ConflictError("mark_known")
    hint = IdentityHint(
        item=item,
        start_at=first,
        end_at=last,
        quote=text[first:last],
        kind=HintKind.BY_HAND,
        confidence=100,
        reason=why,
        is_covered=True,
        covered_from=first,
        covered_to=last,
        decided_by_id=ctx.actor.assignment_id,
    )
    check.hints.append(hint)
    check.confirmed_at = None
    check.record_seq = None
    ctx.session.flush()
    return hint


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


def _search(ctx: ServiceContext, attempt: Attempt, papers: dict[int, Paper]) -> Search:
    """Search one attempt; `papers` keeps what was read of papers."""
    if attempt.paper is None or attempt.record_seq is None:
        raise ConflictError("code_draw_outdated")
    if attempt.paper.id not in papers:
        papers[attempt.paper.id] = paper_from_data(attempt.paper.data)
    content = script_content(papers[attempt.paper.id], list_answers(ctx.session, attempt.id))
    author = _author_of(attempt.candidacy)
    return Search(
        attempt.record_seq,
        texts={part["item"]: part["text"] for part in content},
        found=tuple((part["item"], hint) for part in content for hint in find_hints(part["text"], author)),
    )


def _look_at(
    ctx: ServiceContext,
    competition: Competition,
    code: str,
    attempt: Attempt,
    *,
    search: Search,
    marked: Sequence[IdentityHint],
    place: int | None,
) -> ScriptCheck:
    """One attempt looked through; what a person had marked in an older text is put before that person once more."""
    check = ScriptCheck(
        competition_id=competition.id,
        attempt_id=attempt.id,
        code=code,
        place=place,
        answers_seq=search.answers_seq,
        looked_at=ctx.now,
    )
    check.hints = [
        IdentityHint(
            item=item,
            start_at=found.start,
            end_at=found.end,
            quote=search.texts[item][found.start : found.end],
            kind=found.kind,
            confidence=found.confidence,
        )
        for item, found in search.found
    ]
    known = {(hint.item, hint.start_at, hint.end_at) for hint in check.hints}
    for old in marked:
        start = search.texts.get(old.item, "").find(old.quote)
        if start >= 0 and (old.item, start, start + len(old.quote)) not in known:
            known.add((old.item, start, start + len(old.quote)))
            check.hints.append(
                IdentityHint(
                    item=old.item,
                    start_at=start,
                    end_at=start + len(old.quote),
                    quote=old.quote,
                    kind=HintKind.BY_HAND,
                    confidence=100,
                    reason=old.reason,
                )
            )
    return check


def _author_of(candidacy: Candidacy) -> Author:
    numbers = (candidacy.candidate_number, candidacy.public_code, candidacy.application_code, candidacy.identity_number)
    return Author(
        names=[candidacy.full_name],
        units=[candidacy.unit],
        numbers=[number for number in numbers if number],
        phones=[candidacy.phone],
        emails=[candidacy.email],
    )


def _marked_span(text: str, words: str, start: int | None) -> tuple[int, int]:
    """Where the marked words stand: there where they were selected, or at the one place that has them."""
    if len(words) > LONGEST_MARK:
        raise InvalidError("mark_too_long", field="words", most=LONGEST_MARK)
    if start is not None and words and text.startswith(words, max(0, start)):
        return max(0, start), max(0, start) + len(words)
    count = text.count(words) if words else 0
    if not count:
        raise InvalidError("mark_not_in_text", field="words")
    if count > 1:
        raise InvalidError("mark_in_several_places", field="words", count=count)
    place = text.index(words)
    return place, place + len(words)


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
        **({"reason": hint.reason} if hint.reason else {}),
        "covered": None if hint.covered_from is None else [hint.covered_from, hint.covered_to],
        "before": text[first:last],
        "after": covered(text[first:last], inside),
    }
