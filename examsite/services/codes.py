"""Script codes: drawn by the council, sealed by the code board, opened by the council when every score stands.

Decision: scripts are inserted in the order of their codes and the drawn permutation alone says whose is whose, so that
neither keys nor times of rows betray a candidate. With the sealing the permutation, the map and the answers under the
names of their authors are closed to the holders of the key of the codes (`services.code_maps`).
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Sequence

from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.marking import SCRIPT_MACHINE, ScriptEvent
from examsite.domain.permissions import Role
from examsite.domain.scores import score
from examsite.services.code_maps import Cut, Sealing, make_sealing, put_away, read_standing
from examsite.services.context import ServiceContext
from examsite.services.draws import HeldDraw, draw, prepare_draw
from examsite.services.gates import check_gate, pass_gate
from examsite.services.map_openings import OpenedMap, open_map, take_back
from examsite.services.merging import apply_deductions
from examsite.services.records import record
from examsite.services.system_marks import lock_system_marks
from examsite.storage.kept_away import away_tags
from examsite.storage.models.code_maps import ScriptCut
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Script
from examsite.storage.queries.code_checklists import list_missing_before_code_draw
from examsite.storage.queries.codes import (
    SCRIPT_CODES,
    get_passage,
    is_draw_held,
    list_sealable_attempts,
)
from examsite.storage.queries.conflicts import list_recusals
from examsite.storage.queries.draws import prepared_items
from examsite.storage.queries.redactions import list_checks

#: Digits of a script code, more when a competition has very many scripts.
CODE_DIGITS = 4


def draw_script_codes(ctx: ServiceContext, competition: Competition) -> HeldDraw:
    """Draw one random code for each attempt; the outcome stays secret, and the code board seals at once.

    Raises:
        ConflictError: `codes_not_drawable` outside the written test, `codes_already_drawn`, `gate_shut` as long as
            the room or the code board owes something, or nobody holds the key of the codes; `code_draw_outdated` when
            an attempt came or went since the ceremony was set up; those of `draw`.
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
    missing = list_missing_before_code_draw(ctx.session, competition, ctx.now)
    if missing:
        raise ConflictError("gate_shut", count=len(missing), first=missing[0].code)
    return len(list_sealable_attempts(ctx.session, competition.id))


def prepare_sealing(ctx: ServiceContext, competition: Competition) -> Sealing:
    """Make ready what `seal_codes` writes; it may be done before anything is locked, and nothing is written.

    Raises:
        ConflictError: those of `seal_codes`.
        NotAllowedError: `role_needed`.
    """
    check_gate(ctx, competition, GateEvent.CODES_SEALED)
    return make_sealing(ctx, competition, read_standing(ctx, competition))


def seal_codes(ctx: ServiceContext, competition: Competition, *, sealing: Sealing | None = None) -> list[Script]:
    """Make the scripts under the drawn codes as decided places leave them, seal the map, lock the system's marks.

    From here to the opening nothing in the database joins scripts and candidates. Without a `sealing` that was made
    ready it is made now, which takes long where there are many.

    Raises:
        ConflictError: `event_not_open`, `gate_shut` (also without a key of the codes), `code_draw_outdated` (attempts
            changed after the draw), `split_key_changed`, `changed_meanwhile` (anything changed after it was made
            ready).
        NotAllowedError: `role_needed`.

    Source: TT 22/2025/TT-BNV art. 15(3): the code board cuts and seals before anyone marks.
    """
    check_gate(ctx, competition, GateEvent.CODES_SEALED)
    standing = read_standing(ctx, competition)
    if sealing is None:
        sealing = make_sealing(ctx, competition, standing)
    elif sealing.standing != standing:
        raise ConflictError("changed_meanwhile")
    scripts = _add_scripts(ctx, competition, sealing.cuts)
    code_map = [
        {
            "candidate": cut.attempt.candidate,
            "script": cut.attempt.code,
            "answers_seq": cut.attempt.answers_seq,
            "content": cut.content_sha256,
        }
        for cut in sealing.cuts
    ]
    seq = record(ctx, competition, Event.CODES_SEALED, f"codes/{competition.code}", {"map": code_map})
    # A paper without objective questions has no mark of the system.
    given = [
        (script, cut.paper.rubric, {name: score(points) for name, points in (cut.attempt.points or {}).items()})
        for script, cut in zip(scripts, sealing.cuts, strict=True)
        if cut.paper.rubric.system
    ]
    lock_system_marks(ctx, competition, given)
    put_away(ctx, competition, sealing, record_seq=seq)
    pass_gate(ctx, competition, GateEvent.CODES_SEALED, record_seq=seq)
    return scripts


def prepare_opening(ctx: ServiceContext, competition: Competition, *, words: Sequence[str]) -> OpenedMap:
    """Open the map with the words of enough holders, before anything is locked; nothing is written.

    Raises:
        ConflictError: those of `open_codes`.
        InvalidError: those of `read_split_key`, each naming its sheet.
        NotAllowedError: `role_needed`, `fresh_factor_needed`.
    """
    check_gate(ctx, competition, GateEvent.CODES_OPENED)
    ctx.require_fresh_factor()
    return open_map(ctx, competition, words)


def open_codes(
    ctx: ServiceContext, competition: Competition, *, words: Sequence[str] = (), opened: OpenedMap | None = None
) -> list[str]:
    """Join scripts and candidates again with the words of enough holders, and apply the deductions decided before.

    Gives back the pseudonyms of the holders whose sheets opened the map. A map that was `opened` before is put back
    without the words; without one it is opened now, which takes long where there are many scripts.

    Raises:
        ConflictError: `event_not_open`, `gate_shut` as long as a script has no score; `code_map_not_closed`;
            `code_map_damaged`, `code_map_not_as_sealed`: somebody changed what was closed.
        InvalidError: those of `read_split_key`, each naming its sheet.
        NotAllowedError: `role_needed`, `fresh_factor_needed`.
    """
    check_gate(ctx, competition, GateEvent.CODES_OPENED)
    ctx.require_fresh_factor()
    if opened is None:
        opened = open_map(ctx, competition, words)
    scripts = take_back(ctx, competition, opened)
    sealed_seq = get_passage(ctx.session, competition.id, GateEvent.CODES_SEALED).record_seq
    for script in scripts:
        script.state = SCRIPT_MACHINE.after(script.state, ScriptEvent.CODES_OPENED)
    payload = {"sealed_seq": sealed_seq, "holders": opened.holders}
    seq = record(ctx, competition, Event.CODES_OPENED, f"codes/{competition.code}", payload)
    apply_deductions(ctx, competition)
    pass_gate(ctx, competition, GateEvent.CODES_OPENED, record_seq=seq)
    return opened.holders


def _add_scripts(ctx: ServiceContext, competition: Competition, cuts: Sequence[Cut]) -> list[Script]:
    """The scripts, in the order of their codes, each with what no marker reads."""
    tags = _tags(ctx, competition, cuts)
    scripts = [
        Script(
            competition_id=competition.id,
            post_id=cut.post_id,
            paper_id=cut.attempt.paper_id,
            code=cut.attempt.code,
            content=cut.content,
            content_sha256=cut.content_sha256,
        )
        for cut in cuts
    ]
    ctx.session.add_all(scripts)
    ctx.session.flush()
    ctx.session.add_all(
        ScriptCut(script_id=script.id, responses=cut.responses, kept_away=tags[script.code])
        for script, cut in zip(scripts, cuts, strict=True)
    )
    ctx.session.flush()
    return scripts


def _tags(ctx: ServiceContext, competition: Competition, cuts: Sequence[Cut]) -> dict[str, list[str]]:
    """Who is kept away from each script, as tags that tell nothing without the key of the installation."""
    near: defaultdict[int, set[int]] = defaultdict(set)
    for account_id, candidacy_id in list_recusals(ctx.session, competition.id):
        near[candidacy_id].add(account_id)
    people = {cut.attempt.code: sorted(near[cut.attempt.candidacy_id]) for cut in cuts}
    return away_tags(ctx.session, competition.id, people)


def _random_codes(count: int) -> list[str]:
    digits = CODE_DIGITS
    while count * 4 > 10**digits:
        digits += 1
    return [f"{number:0{digits}d}" for number in secrets.SystemRandom().sample(range(10**digits), count)]
