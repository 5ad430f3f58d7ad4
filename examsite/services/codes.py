"""Script codes: drawn by the council, sealed by the code board, opened by the council when every score stands.

Decision: scripts are inserted in the order of their codes and the drawn permutation alone says whose is whose, so that
neither keys nor times of rows betray a candidate. With the sealing the permutation, the map and the answers under the
names of their authors are closed to the holders of the key of the codes (`services.code_maps`).
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from examsite.domain.canonical import canonical_bytes, sha256_hex
from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.marking import SCRIPT_MACHINE, ScriptEvent
from examsite.domain.papers import Paper, paper_from_data
from examsite.domain.permissions import Role
from examsite.domain.scores import score
from examsite.domain.scripts import script_content
from examsite.services.code_maps import Cut, put_away, take_back
from examsite.services.context import ServiceContext
from examsite.services.draws import HeldDraw, draw, prepare_draw
from examsite.services.gates import check_gate, pass_gate
from examsite.services.merging import apply_deductions
from examsite.services.records import record
from examsite.services.redactions import shown_content
from examsite.services.system_marks import lock_system_mark
from examsite.storage.kept_away import away_tags
from examsite.storage.models.code_maps import ScriptCut
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Script
from examsite.storage.models.redactions import IdentityHint
from examsite.storage.models.sittings import Attempt
from examsite.storage.queries.attempts import list_answers
from examsite.storage.queries.codes import (
    SCRIPT_CODES,
    get_passage,
    is_draw_held,
    list_sealable_attempts,
    missing_before_code_draw,
)
from examsite.storage.queries.conflicts import list_recusals
from examsite.storage.queries.draws import find_draw_record, prepared_items
from examsite.storage.queries.marking import list_scripts
from examsite.storage.queries.redactions import list_checks

#: Digits of a script code, more when a competition has very many scripts.
CODE_DIGITS = 4

#: Bytes of the salt of a script's content, as of a record's.
SALT_BYTES = 32


def draw_script_codes(ctx: ServiceContext, competition: Competition) -> HeldDraw:
    """Draw one random code for each attempt; the outcome stays secret, and the code board seals at once.

    Raises:
        ConflictError: `codes_not_drawable` outside the written test, `codes_already_drawn`, `gate_shut` as long as
            the room or the code board owes something, or nobody holds the key of the codes.
        NotAllowedError: `role_needed`, `fresh_factor_needed`.
    """
    count = _count_to_be_coded(ctx, competition)
    # A ceremony was set up with codes of its own: those are drawn.
    prepared = prepared_items(ctx.session, competition.id, SCRIPT_CODES)
    held = draw(ctx, competition, SCRIPT_CODES, _random_codes(count) if prepared is None else prepared)
    if len(held.outcome) != count:
        raise ConflictError("code_draw_outdated")
    # The outcome goes by the list of attempts as it stands at this instant.
    checks = {check.attempt_id: check for check in list_checks(ctx.session, competition.id)}
    for place, attempt in enumerate(list_sealable_attempts(ctx.session, competition.id)):
        checks[attempt.id].place = place
    ctx.session.flush()
    return held


def prepare_code_draw(ctx: ServiceContext, competition: Competition) -> None:
    """Set up the ceremony in which the council draws the script codes, over as many random codes as attempts.

    Raises:
        ConflictError: as `draw_script_codes` and `prepare_draw`.
        NotAllowedError: `role_needed`.
    """
    prepare_draw(ctx, competition, SCRIPT_CODES, _random_codes(_count_to_be_coded(ctx, competition)))


def _count_to_be_coded(ctx: ServiceContext, competition: Competition) -> int:
    """How many attempts get a code, as long as no codes were drawn and nothing is owed."""
    ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    if competition.state is not CompetitionState.WRITTEN:
        raise ConflictError("codes_not_drawable")
    if is_draw_held(ctx.session, competition.id, SCRIPT_CODES):
        raise ConflictError("codes_already_drawn")
    missing = missing_before_code_draw(ctx.session, competition, ctx.now)
    if missing:
        raise ConflictError("gate_shut", count=len(missing), first=missing[0].code)
    return len(list_sealable_attempts(ctx.session, competition.id))


def seal_codes(ctx: ServiceContext, competition: Competition) -> list[Script]:
    """Make the scripts under the drawn codes as decided places leave them, seal the map, lock the system's marks.

    From here to the opening nothing in the database joins scripts and candidates.

    Raises:
        ConflictError: `event_not_open`, `gate_shut` (also without a key of the codes), `code_draw_outdated` (attempts
            changed after the draw), `split_key_changed`.
        NotAllowedError: `role_needed`.

    Source: TT 22/2025/TT-BNV art. 15(3): the code board cuts and seals before anyone marks.
    """
    check_gate(ctx, competition, GateEvent.CODES_SEALED)
    held = find_draw_record(ctx.session, competition.id, SCRIPT_CODES, Event.DRAW_HELD)
    attempts = list_sealable_attempts(ctx.session, competition.id)
    if held is None or len(held["outcome"]) != len(attempts):
        raise ConflictError("code_draw_outdated")
    checks = {check.attempt_id: check for check in list_checks(ctx.session, competition.id)}
    # As many attempts as at the draw need not be the same ones.
    if any(attempt.id not in checks or checks[attempt.id].place != place for place, attempt in enumerate(attempts)):
        raise ConflictError("code_draw_outdated")
    drawn = sorted(zip(held["outcome"], attempts, strict=True), key=lambda pair: pair[0])
    tags = _tags(ctx, competition, drawn)
    sealed = [
        _seal_script(ctx, competition, code, attempt, checks[attempt.id].hints, tags=tags[code])
        for code, attempt in drawn
    ]
    code_map = [
        {
            "candidate": cut.attempt.candidacy.public_code,
            "script": cut.script.code,
            "answers_seq": cut.attempt.record_seq,
            "content": cut.script.content_sha256,
        }
        for _paper, cut in sealed
    ]
    seq = record(ctx, competition, Event.CODES_SEALED, f"codes/{competition.code}", {"map": code_map})
    for paper, cut in sealed:
        # A paper without objective questions has no mark of the system.
        if paper.rubric.system:
            points = {criterion: score(given) for criterion, given in (cut.attempt.objective_points or {}).items()}
            lock_system_mark(ctx, competition, cut.script, paper.rubric, points)
    put_away(ctx, competition, [cut for _paper, cut in sealed], draw=SCRIPT_CODES)
    pass_gate(ctx, competition, GateEvent.CODES_SEALED, record_seq=seq)
    return [cut.script for _paper, cut in sealed]


def open_codes(ctx: ServiceContext, competition: Competition, *, words: Sequence[str]) -> list[str]:
    """Join scripts and candidates again with the words of enough holders, and apply the deductions decided before.

    Gives back the pseudonyms of the holders whose sheets opened the map.

    Raises:
        ConflictError: `event_not_open`, `gate_shut` as long as a script has no score; `code_map_not_closed`;
            `code_map_damaged`, `code_map_not_as_sealed`: somebody changed what was closed.
        InvalidError: those of `join_split_key`, each naming its sheet.
        NotAllowedError: `role_needed`, `fresh_factor_needed`.
    """
    check_gate(ctx, competition, GateEvent.CODES_OPENED)
    ctx.require_fresh_factor()
    holders = take_back(ctx, competition, words, draw=SCRIPT_CODES)
    sealed_seq = get_passage(ctx.session, competition.id, GateEvent.CODES_SEALED).record_seq
    for script in list_scripts(ctx.session, competition.id):
        script.state = SCRIPT_MACHINE.after(script.state, ScriptEvent.CODES_OPENED)
    payload = {"sealed_seq": sealed_seq, "holders": holders}
    seq = record(ctx, competition, Event.CODES_OPENED, f"codes/{competition.code}", payload)
    apply_deductions(ctx, competition)
    pass_gate(ctx, competition, GateEvent.CODES_OPENED, record_seq=seq)
    return holders


def _tags(ctx: ServiceContext, competition: Competition, drawn: Sequence[tuple[str, Attempt]]) -> dict[str, list[str]]:
    """Who is kept away from each script, as tags that tell nothing without the key of the installation."""
    near: defaultdict[int, set[int]] = defaultdict(set)
    for account_id, candidacy_id in list_recusals(ctx.session, competition.id):
        near[candidacy_id].add(account_id)
    return away_tags(ctx.session, competition.id, {code: sorted(near[attempt.candidacy_id]) for code, attempt in drawn})


def _random_codes(count: int) -> list[str]:
    digits = CODE_DIGITS
    while count * 4 > 10**digits:
        digits += 1
    return [f"{number:0{digits}d}" for number in secrets.SystemRandom().sample(range(10**digits), count)]


def _seal_script(
    ctx: ServiceContext,
    competition: Competition,
    code: str,
    attempt: Attempt,
    hints: list[IdentityHint],
    *,
    tags: list[str],
) -> tuple[Paper, Cut]:
    if attempt.paper is None or attempt.record_seq is None:
        raise ConflictError("code_draw_outdated")
    paper = paper_from_data(attempt.paper.data)
    answers = list_answers(ctx.session, attempt.id)
    content: list[Any] = shown_content(script_content(paper, answers), hints)
    salt = secrets.token_bytes(SALT_BYTES)
    script = Script(
        competition_id=competition.id,
        post_id=attempt.paper.post_id,
        paper_id=attempt.paper.id,
        code=code,
        content=content,
        content_sha256=sha256_hex(salt + canonical_bytes(content)),
    )
    ctx.session.add(script)
    ctx.session.flush()
    responses = {item.item: answers[item.item] for item in paper.objective if item.item in answers}
    ctx.session.add(ScriptCut(script_id=script.id, responses=responses, kept_away=tags))
    ctx.session.flush()
    return paper, Cut(script, attempt, salt.hex())
