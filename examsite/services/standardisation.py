"""Scripts with a mark agreed by two people: entered, agreed, marked by everyone for practice or to qualify.

Decision: a seed is an agreed script in a marker's queue. Nothing on any page, in any answer or count tells it from a
candidate's script; that its lock settles nothing is seen only in the log, which no marker reads.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.marking import BLIND_ROUND, SCRIPT_MACHINE, ScriptEvent, ScriptKind, ScriptState
from examsite.domain.papers import PaperState, paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.reasons import LONGEST_TEXT, checked_reason
from examsite.domain.rubrics import Points, check_points, points_data, points_from_data, total
from examsite.domain.scores import score_text
from examsite.domain.scripts import plain_text
from examsite.domain.standardisation import Distance, check_standard_kind, distance
from examsite.services import marking
from examsite.services.code_maps import SALT_BYTES
from examsite.services.codes import CODE_DIGITS
from examsite.services.context import Actor, ServiceContext
from examsite.services.marking_heads import require_head_of_scripts, require_second_of_scripts
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.services.settling import check_marking_open
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Allocation, Script
from examsite.storage.models.standardisation import AgreedMark, Qualification
from examsite.storage.queries.marking import find_marker
from examsite.storage.queries.papers import get_paper
from examsite.storage.queries.standardisation import (
    OwnStandard,
    count_allocated_scripts,
    find_allocation,
    get_own_standard,
    get_standard,
    is_qualified,
    list_codes,
    list_own_standards,
)

#: Longest text of one answer. Unit: characters.
LONGEST_ANSWER = 40_000

_LETTERS = {ScriptKind.PRACTICE: "LT", ScriptKind.QUALIFICATION: "SH"}


def propose_standard(
    ctx: ServiceContext,
    competition: Competition,
    *,
    kind: ScriptKind,
    paper: str,
    texts: Mapping[str, str],
    points: Points,
    comments: Mapping[str, str],
) -> AgreedMark:
    """Enter, as head, a pilot answer with the points it deserves; it counts once a second person has agreed.

    The paper is an opened version; there is a text for each of its essay questions and points for every criterion that
    people mark. Comments stand by criterion and are shown to markers beside their own marks in practice.

    Raises:
        ConflictError: `marking_not_open`, `paper_not_opened`, `seeds_already_mixed` once queues are drawn.
        InvalidError: `standard_kind_unknown`, `answer_missing`, `comment_too_long`, a code of `check_points`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `paper_not_found`.
    """
    require_head_of_scripts(ctx, competition)
    check_marking_open(competition)
    check_standard_kind(kind)
    _check_seeds_open(ctx, competition, kind)
    row = get_paper(ctx.session, competition.id, paper)
    if row.state is not PaperState.OPENED:
        raise ConflictError("paper_not_opened", post=row.post.code)
    frozen = paper_from_data(row.data)
    content = _content([item.item for item in frozen.essays], texts)
    check_points(frozen.rubric, points)
    known = _comments({criterion.criterion for criterion in frozen.rubric.human}, comments)
    script = Script(
        competition_id=competition.id,
        post_id=row.post_id,
        paper_id=row.id,
        code=_code(kind, list_codes(ctx.session, competition.id)),
        kind=kind,
        content=content,
        content_sha256=sha256_hex(secrets.token_bytes(SALT_BYTES) + canonical_bytes(content)),
    )
    ctx.session.add(script)
    ctx.session.flush()
    agreed = AgreedMark(
        script=script,
        points=points_data(points),
        comments=known,
        total=total(points),
        proposed_by_id=ctx.actor.assignment_id,
        proposed_at=ctx.now,
    )
    ctx.session.add(agreed)
    ctx.session.flush()
    return agreed


def change_standard(
    ctx: ServiceContext,
    competition: Competition,
    standard_id: int,
    *,
    texts: Mapping[str, str],
    points: Points,
    comments: Mapping[str, str],
) -> AgreedMark:
    """Change, as head, what nobody has agreed to yet, and propose it anew.

    Where a changed rubric took an agreement back, only points and comments change: people have the text.

    Raises:
        ConflictError: `marking_not_open`, `standard_already_agreed`, `standard_text_fixed`.
        InvalidError: `answer_missing`, `comment_too_long`, a code of `check_points`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `standard_not_found`.
    """
    require_head_of_scripts(ctx, competition)
    check_marking_open(competition)
    agreed = get_standard(ctx.session, competition.id, standard_id, for_update=True)
    if agreed.agreed_at is not None:
        raise ConflictError("standard_already_agreed", script=agreed.script.code)
    frozen = paper_from_data(agreed.script.paper.data)
    content = _content([item.item for item in frozen.essays], texts)
    if _was_agreed(agreed) and content != agreed.script.content:
        raise ConflictError("standard_text_fixed", script=agreed.script.code)
    check_points(frozen.rubric, points)
    agreed.comments = _comments({criterion.criterion for criterion in frozen.rubric.human}, comments)
    agreed.points = points_data(points)
    agreed.total = total(points)
    agreed.script.content = content
    agreed.script.content_sha256 = sha256_hex(secrets.token_bytes(SALT_BYTES) + canonical_bytes(content))
    agreed.proposed_at = ctx.now
    agreed.returned_reason = ""
    ctx.session.flush()
    return agreed


def agree_standard(ctx: ServiceContext, competition: Competition, standard_id: int, *, sha256: str) -> AgreedMark:
    """Agree, as the second person, to text and points as the page showed them (`sha256` of the text).

    Raises:
        ConflictError: `marking_not_open`, `standard_already_agreed`, `standard_changed`, `seeds_already_mixed`.
        InvalidError: `points_missing` while the head has not marked anew what a changed rubric asks for.
        NotAllowedError: `second_person_needed` also by the head in another role; as `require_second_of_scripts`.
        NotFoundError: `standard_not_found`.
    """
    actor, agreed = _second_person(ctx, competition, standard_id)
    if agreed.agreed_at is not None:
        raise ConflictError("standard_already_agreed", script=agreed.script.code)
    if agreed.script.content_sha256 != sha256:
        raise ConflictError("standard_changed", script=agreed.script.code)
    if not _was_agreed(agreed):
        _check_seeds_open(ctx, competition, agreed.script.kind)
    check_points(paper_from_data(agreed.script.paper.data).rubric, points_from_data(agreed.points))
    payload = {
        "kind": str(agreed.script.kind),
        "script": agreed.script.code,
        "content": agreed.script.content_sha256,
        "points": dict(agreed.points),
        "total": score_text(agreed.total),
        "proposed_by": agreed.proposed_by.pseudonym,
    }
    agreed.record_seq = record(ctx, competition, Event.STANDARD_AGREED, f"competition/{competition.code}", payload)
    agreed.agreed_by_id = actor.assignment_id
    agreed.agreed_at = ctx.now
    agreed.returned_reason = ""
    if not _was_agreed(agreed):
        agreed.script.state = SCRIPT_MACHINE.after(agreed.script.state, ScriptEvent.ALLOCATED)
    ctx.session.flush()
    return agreed


def return_standard(ctx: ServiceContext, competition: Competition, standard_id: int, *, reason: str) -> None:
    """Send it back to the head with a reason, as the second person.

    Raises:
        ConflictError: `marking_not_open`, `standard_already_agreed`.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: `second_person_needed` also by the head in another role; as `require_second_of_scripts`.
        NotFoundError: `standard_not_found`.
    """
    _actor, agreed = _second_person(ctx, competition, standard_id)
    if agreed.agreed_at is not None:
        raise ConflictError("standard_already_agreed", script=agreed.script.code)
    agreed.returned_reason = checked_reason(reason)
    ctx.session.flush()


def begin_standards(ctx: ServiceContext, competition: Competition, code: str) -> Script:
    """Give a marker this agreed script for practice or qualification and all others of its kind, to mark as any script.

    What is given already stays as it is. Marks on them are drafted and locked as in the queue and count nowhere; only
    after the lock the agreed mark may be looked at.

    Raises:
        ConflictError: `marking_not_open`.
        NotAllowedError: `role_needed`.
        NotFoundError: `script_not_found`.
    """
    actor = ctx.require(Role.MARKER, competition_id=competition.id)
    check_marking_open(competition)
    assignment_id = actor.assignment_id or 0
    wanted = get_own_standard(ctx.session, competition.id, assignment_id, code).agreed.script
    for own in list_own_standards(ctx.session, competition.id, assignment_id):
        script = own.agreed.script
        if script.kind is wanted.kind and find_allocation(ctx.session, script.id, assignment_id) is None:
            given = Allocation(
                script_id=script.id, assignment_id=assignment_id, round=BLIND_ROUND, position=0, allocated_at=ctx.now
            )
            ctx.session.add(given)
    ctx.session.flush()
    return wanted


def qualification_of(ctx: ServiceContext, competition: Competition, assignment_id: int) -> list[tuple[str, Distance]]:
    """How far a marker's locked qualification scripts lie from their agreed marks, by code."""
    return distances(list_own_standards(ctx.session, competition.id, assignment_id))


def distances(own: list[OwnStandard]) -> list[tuple[str, Distance]]:
    """How far the locked qualification scripts among these lie from their agreed marks, by code."""
    return [
        (row.agreed.script.code, distance(points_from_data(row.mark.points), points_from_data(row.agreed.points)))
        for row in own
        if row.is_locked and row.mark is not None and row.agreed.script.kind is ScriptKind.QUALIFICATION
    ]


def qualify_marker(ctx: ServiceContext, competition: Competition, pseudonym: str, *, reason: str = "") -> Qualification:
    """Let a marker mark, as head, after reading how far the qualification scripts lie off.

    A marker outside the tolerance of the rule set may be let through only with a reason, which is recorded.

    Raises:
        ConflictError: `marking_not_open`, `qualification_not_done`, `qualification_not_due`.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `marker_not_found`.
    """
    figures, is_within, assignment_id = _looked_at(ctx, competition, pseudonym)
    words = plain_text(reason).strip() if is_within else checked_reason(reason)
    return _decide(ctx, competition, pseudonym, assignment_id, figures=figures, is_qualified=True, reason=words)


def send_marker_back(ctx: ServiceContext, competition: Competition, pseudonym: str, *, reason: str) -> Qualification:
    """Let a marker practise further, as head: the qualification marks are set aside and made anew.

    Raises:
        ConflictError: `marking_not_open`, `qualification_not_done`, `qualification_not_due`.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `marker_not_found`.
    """
    figures, _is_within, assignment_id = _looked_at(ctx, competition, pseudonym)
    found = _decide(
        ctx, competition, pseudonym, assignment_id, figures=figures, is_qualified=False, reason=checked_reason(reason)
    )
    for row in list_own_standards(ctx.session, competition.id, assignment_id):
        if row.agreed.script.kind is ScriptKind.QUALIFICATION and row.mark is not None:
            marking.set_aside(row.mark, now=ctx.now)
    ctx.session.flush()
    return found


def _looked_at(ctx: ServiceContext, competition: Competition, pseudonym: str) -> tuple[list[dict[str, str]], bool, int]:
    require_head_of_scripts(ctx, competition)
    check_marking_open(competition)
    rules = ruleset_of(competition)
    person = find_marker(ctx.session, competition.id, pseudonym)
    if person is None:
        raise NotFoundError("marker_not_found", marker=pseudonym)
    if is_qualified(ctx.session, competition, person.id):
        raise ConflictError("qualification_not_due", marker=pseudonym)
    found = qualification_of(ctx, competition, person.id)
    if len(found) < rules.qualification_scripts:
        raise ConflictError("qualification_not_done", marker=pseudonym, count=rules.qualification_scripts)
    figures = [
        {"script": code, "total": score_text(gap.total), "widest": score_text(gap.widest)} for code, gap in found
    ]
    is_within = all(
        gap.is_within(total=rules.qualification_tolerance, criterion=rules.qualification_criterion_tolerance)
        for _code, gap in found
    )
    return figures, is_within, person.id


def _decide(
    ctx: ServiceContext,
    competition: Competition,
    pseudonym: str,
    assignment_id: int,
    *,
    figures: list[dict[str, str]],
    is_qualified: bool,
    reason: str,
) -> Qualification:
    payload = {"marker": pseudonym, "qualified": is_qualified, "scripts": figures, "reason": reason}
    seq = record(ctx, competition, Event.MARKER_QUALIFIED, f"competition/{competition.code}", payload)
    found = Qualification(
        assignment_id=assignment_id,
        is_qualified=is_qualified,
        figures=figures,
        reason=reason,
        decided_by_id=ctx.actor.assignment_id,
        decided_at=ctx.now,
        record_seq=seq,
    )
    ctx.session.add(found)
    ctx.session.flush()
    return found


def _second_person(ctx: ServiceContext, competition: Competition, standard_id: int) -> tuple[Actor, AgreedMark]:
    """Somebody who may answer and the agreed mark, its row locked: another person, not only another role."""
    actor = require_second_of_scripts(ctx, competition, Role.SETTER, Role.CHAIR, Role.COUNCIL_MEMBER)
    check_marking_open(competition)
    agreed = get_standard(ctx.session, competition.id, standard_id, for_update=True)
    if agreed.proposed_by.account_id == actor.account_id:
        raise NotAllowedError("second_person_needed")
    return actor, agreed


def _was_agreed(agreed: AgreedMark) -> bool:
    """Whether two people agreed once, so that markers may have the script."""
    return agreed.script.state is not ScriptState.SEALED


def _check_seeds_open(ctx: ServiceContext, competition: Competition, kind: ScriptKind) -> None:
    if kind is ScriptKind.SEED and count_allocated_scripts(ctx.session, competition.id):
        raise ConflictError("seeds_already_mixed")


def _content(items: list[str], texts: Mapping[str, str]) -> list[dict[str, str]]:
    content = [{"item": item, "text": plain_text(texts.get(item, ""))} for item in items]
    for number, part in enumerate(content):
        if not part["text"].strip():
            raise InvalidError("answer_missing", field=f"text_{number}", number=number + 1)
        if len(part["text"]) > LONGEST_ANSWER:
            raise InvalidError("comment_too_long", field=f"text_{number}", limit=LONGEST_ANSWER)
    return content


def _comments(criteria: set[str], comments: Mapping[str, str]) -> dict[str, str]:
    known = {criterion: plain_text(text).strip() for criterion, text in comments.items() if criterion in criteria}
    if any(len(text) > LONGEST_TEXT for text in known.values()):
        raise InvalidError("comment_too_long", limit=LONGEST_TEXT)
    return {criterion: text for criterion, text in known.items() if text}


def _code(kind: ScriptKind, taken: set[str]) -> str:
    """A code that nobody has: of a seed one as the draw of codes would give, of the others one that says what it is."""
    if kind is not ScriptKind.SEED:
        number = 1
        while f"{_LETTERS[kind]}{number:02d}" in taken:
            number += 1
        return f"{_LETTERS[kind]}{number:02d}"
    digits = max((len(code) for code in taken if code.isdigit()), default=CODE_DIGITS)
    while True:
        code = f"{secrets.randbelow(10**digits):0{digits}d}"
        if code not in taken:
            return code
