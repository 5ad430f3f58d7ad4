"""Settling: how the marks of a script become one score, by itself or by the head's decision."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from examsite.domain.appeals import is_marking_time
from examsite.domain.errors import ConflictError, InvalidError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.ladders import ThirdRule, score_by_rule
from examsite.domain.marking import (
    BLIND_ROUND,
    SCRIPT_MACHINE,
    LadderPlace,
    NeededAct,
    ScriptEvent,
    ScriptKind,
    ScriptState,
    check_score_in_range,
    check_score_within,
)
from examsite.domain.papers import Paper, paper_from_data
from examsite.domain.reasons import LEAST_REASON, checked_reason
from examsite.domain.ruleset_model import BlindPairPart
from examsite.domain.scores import ZERO, Score, score_text
from examsite.services.context import ServiceContext
from examsite.services.marking_heads import require_head_of_scripts
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.storage.models.competitions import Competition
from examsite.storage.models.marking import Claim, DiscussionNote, Script, Settlement
from examsite.storage.queries.claims import find_claim
from examsite.storage.queries.corrections import marking_state
from examsite.storage.queries.marking import (
    WRITTEN,
    ScriptStanding,
    find_decision,
    get_script_for_update,
    list_decisions,
    list_scripts_for_update,
    standing_of,
    written_part,
)
from examsite.storage.queries.settling import has_talk_noted, settling_subject, settling_version


def decide_settlement(
    ctx: ServiceContext, competition: Competition, code: str, *, decided: Score, reason: str, version: str | None = None
) -> Settlement:
    """Set the score of a script on a rung where the head decides, after talking or by collective marking.

    `version` is the state that the page was made from: whoever decides on an older one is told, and nothing is written.

    Raises:
        ConflictError: `marking_not_open`, `settling_changed`, `decision_not_due`, `discussion_not_noted` while nothing
            was written down of a talk about the two marks that stand.
        InvalidError: `score_out_of_range`, `decision_outside_marks`, `reason_missing`, `reason_too_short`,
            `reason_too_long`, `decision_not_by_rule` when the rule set says what three different marks come to and
            this is something else.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `script_not_found`.

    Source: TT 22/2025/TT-BNV art. 16(2).
    """
    standing = standing_for_head(ctx, competition, code)
    _check_version(ctx, standing, code, version)
    if standing is None or standing.standing.act not in (NeededAct.HEAD_DISCUSSES, NeededAct.HEAD_DECIDES_COLLECTIVE):
        raise ConflictError("decision_not_due", script=code)
    check_score_in_range(written_part(competition), decided)
    words = checked_reason(reason, least=LEAST_REASON)
    ruled = score_by_ladder(competition, standing)
    if ruled is not None and decided != ruled:
        raise InvalidError("decision_not_by_rule", field="score", score=ruled)
    check_score_within(standing.all_totals, decided)
    if standing.standing.act is NeededAct.HEAD_DISCUSSES and not has_talk_noted(ctx.session, standing):
        raise ConflictError("discussion_not_noted", script=code)
    step = str(standing.standing.step)
    payload = {"part": WRITTEN, "step": step, "score": score_text(decided), "reason": words}
    seq = record(ctx, competition, Event.SETTLEMENT_DECIDED, f"script/{code}", payload)
    settlement = Settlement(
        script_id=standing.script.id,
        step=step,
        score=decided,
        reason=words,
        assignment_id=ctx.actor.assignment_id,
        decided_at=ctx.now,
        record_seq=seq,
    )
    ctx.session.add(settlement)
    claim = find_claim(ctx.session, competition.id, settling_subject(code))
    if claim is not None:
        ctx.session.delete(claim)
    ctx.session.flush()
    settle_script(ctx, competition, standing.script, decision=settlement)
    return settlement


def acknowledge_straddle(
    ctx: ServiceContext, competition: Competition, code: str, *, version: str | None = None
) -> None:
    """Say, as head, that two close marks on the two sides of the pass mark were seen; their mean stands.

    `version` is the state that the page was made from, as for `decide_settlement`.

    Raises:
        ConflictError: `marking_not_open`, `settling_changed`, `straddle_not_due`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `script_not_found`.
    """
    standing = standing_for_head(ctx, competition, code)
    _check_version(ctx, standing, code, version)
    if standing is None or not standing.straddle_unseen:
        raise ConflictError("straddle_not_due", script=code)
    known = standing.standing
    payload = {"part": WRITTEN, "step": str(known.step), "score": score_text(known.score or ZERO)}
    record(ctx, competition, Event.STRADDLE_SEEN, f"script/{code}", payload)
    standing.script.straddle_seen_at = ctx.now
    ctx.session.flush()


def note_discussion(ctx: ServiceContext, competition: Competition, code: str, *, text: str) -> DiscussionNote:
    """Write down, as head, what was said about a script whose two marks are locked; a note stays and is added to.

    Raises:
        ConflictError: `marking_not_open`, `discussion_not_due` while the marks are not both locked.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `script_not_found`.

    Source: TT 22/2025/TT-BNV art. 16(2): the head talks with both markers, on the record.
    """
    standing = standing_for_head(ctx, competition, code)
    if standing is None:
        raise ConflictError("discussion_not_due", script=code)
    words = checked_reason(text)
    note = DiscussionNote(
        script_id=standing.script.id,
        assignment_id=ctx.actor.assignment_id,
        text=words,
        written_at=ctx.now,
        record_seq=record(ctx, competition, Event.DISCUSSION_NOTED, f"script/{code}", {"part": WRITTEN, "text": words}),
    )
    ctx.session.add(note)
    ctx.session.flush()
    hold_settling(ctx, competition, code)
    return note


def hold_settling(ctx: ServiceContext, competition: Competition, code: str) -> Claim | None:
    """Say, as head, that one is at this script; the claim of another person that still runs comes back instead.

    A claim shows, it guards nothing: what was decided meanwhile is guarded by the version of the page. None for a
    script that waits for nobody here.

    Raises:
        ConflictError: `marking_not_open`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `script_not_found`.
    """
    standing = standing_for_head(ctx, competition, code)
    if standing is None or not standing.needs_head:
        return None
    claim = find_claim(ctx.session, competition.id, settling_subject(code), for_update=True)
    own = ctx.actor.assignment_id
    if claim is not None and claim.assignment_id != own and claim.expires_at > ctx.now:
        return claim
    if claim is None:
        claim = Claim(
            competition_id=competition.id,
            subject=settling_subject(code),
            assignment_id=own,
            claimed_at=ctx.now,
            expires_at=ctx.now,
        )
        ctx.session.add(claim)
    if claim.assignment_id != own or claim.expires_at <= ctx.now:
        claim.assignment_id = own or 0
        claim.claimed_at = ctx.now
    claim.expires_at = ctx.now + timedelta(minutes=ruleset_of(competition).claim_minutes)
    ctx.session.flush()
    return claim


def settle_script(
    ctx: ServiceContext, competition: Competition, script: Script, *, decision: Settlement | None = None
) -> None:
    """Move the script to where its marks and the decision have brought it.

    A settled script stays as it is: a third mark that is locked after the first two came together changes nothing.
    """
    if script.state is ScriptState.SETTLED:
        return
    paper = paper_from_data(script.paper.data)
    known = decision or find_decision(ctx.session, script.id)
    _walk(ctx, written_part(competition), script, paper, known=known, decided=decision is not None)
    ctx.session.flush()


def settle_again(ctx: ServiceContext, competition: Competition, codes: Collection[str], *, event: ScriptEvent) -> None:
    """Let scripts walk the ladder anew after `event`: a score falls, and a decision that rested on it is set aside.

    The marks that count must be flushed before; without a third mark the first two may still stand on their rung. The
    scripts are read together: how many there are does not change how many statements are made behind the locks.
    """
    part = written_part(competition)
    decisions = list_decisions(ctx.session, competition.id)
    papers: dict[int, Paper] = {}
    for script in list_scripts_for_update(ctx.session, competition.id, codes):
        decision = decisions.get(script.id)
        if decision is not None:
            decision.withdrawn_at = ctx.now
        script.state = SCRIPT_MACHINE.after(script.state, event)
        script.score = None
        script.step = ""
        script.settled_at = None
        script.straddle_seen_at = None
        if script.paper_id not in papers:
            papers[script.paper_id] = paper_from_data(script.paper.data)
        _walk(ctx, part, script, papers[script.paper_id], known=None, decided=False)
    ctx.session.flush()


def _walk(
    ctx: ServiceContext,
    part: BlindPairPart,
    script: Script,
    paper: Paper,
    *,
    known: Settlement | None,
    decided: bool,
) -> None:
    found = standing_of(part, script, paper, known)
    if found is None:
        return
    if found.is_settled:
        _stand(ctx, script, found.standing, decided=decided)
    elif script.state is ScriptState.MARKING:
        script.state = SCRIPT_MACHINE.after(script.state, ScriptEvent.MARKS_DIFFERED)


def standing_for_head(ctx: ServiceContext, competition: Competition, code: str) -> ScriptStanding | None:
    """Where a script stands, its row locked for an act of the head; None as long as it waits for its two marks.

    Raises:
        ConflictError: `marking_not_open`.
        NotAllowedError: as `require_head_of_scripts`.
        NotFoundError: `script_not_found`, also for one with an agreed mark: the ladder is for candidates.
    """
    require_head_of_scripts(ctx, competition)
    check_marking_open(competition)
    script = get_script_for_update(ctx.session, competition.id, code)
    if script.kind is not ScriptKind.LIVE:
        raise NotFoundError("script_not_found", script=code)
    paper = paper_from_data(script.paper.data)
    return standing_of(written_part(competition), script, paper, find_decision(ctx.session, script.id))


def score_by_ladder(competition: Competition, standing: ScriptStanding) -> Score | None:
    """The score that the rule set fixes for three different marks, or None where the head decides freely."""
    if standing.standing.act is not NeededAct.HEAD_DECIDES_COLLECTIVE or standing.third is None:
        return None
    rule = ThirdRule(ruleset_of(competition).third_rule)
    return score_by_rule(rule, standing.all_totals)


def _check_version(ctx: ServiceContext, standing: ScriptStanding | None, code: str, version: str | None) -> None:
    if version is None:
        return
    if standing is None or settling_version(ctx.session, standing) != version:
        raise ConflictError("settling_changed", script=code)


def check_marking_open(competition: Competition) -> None:
    """Refuse every act of the first marking outside its time.

    Raises:
        ConflictError: `marking_not_open`.
    """
    if not is_marking_time(competition.state, BLIND_ROUND):
        raise ConflictError("marking_not_open")


def check_round_open(ctx: ServiceContext, competition: Competition, round_number: int) -> None:
    """Refuse a mark outside the time of its round; scripts are marked anew in appeals and in corrections.

    Raises:
        ConflictError: `marking_not_open`.
    """
    if not is_marking_time(marking_state(ctx.session, competition), round_number):
        raise ConflictError("marking_not_open")


def _stand(ctx: ServiceContext, script: Script, place: LadderPlace, *, decided: bool) -> None:
    event = ScriptEvent.GAP_DECIDED if decided else ScriptEvent.MARKS_AGREED
    script.state = SCRIPT_MACHINE.after(script.state, event)
    script.score = place.score
    script.step = str(place.step)
    script.settled_at = ctx.now
