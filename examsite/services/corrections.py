"""Correcting a published result: the organiser says what is wrong, the council agrees, scripts are marked anew.

What follows goes the way of the first version: computed, signed by as many, approved, published; the new version names
the one before, and both stay to be read. Nothing of what was locked is changed: as in an appeal, fresh people mark the
script anew, and the score may go up or down. Whoever passes the written part only then is called to a supplementary
defence, held as the first one. Everything else that a result rests on stands in the log for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from examsite.domain.canonical import instant_text
from examsite.domain.competitions import CompetitionState, GateEvent
from examsite.domain.corrections import LEAST_PROPOSAL_TIME, MOST_REMARKED, CorrectionState
from examsite.domain.erasure import ErasureState
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.reasons import LEAST_REASON, checked_reason
from examsite.services.appeals import file_appeal
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.competitions import Competition
from examsite.storage.queries.appeals import find_standing_appeal
from examsite.storage.queries.codes import WrittenResult, written_results
from examsite.storage.queries.conflicts import list_recused_accounts
from examsite.storage.queries.corrections import (
    find_asker,
    find_standing_correction,
    list_missing_in_correction,
    list_newly_passed,
)
from examsite.storage.queries.erasures import list_erasures
from examsite.storage.queries.gates import list_missing
from examsite.storage.queries.marking import WRITTEN

#: After that the scripts are gone.
ERASED = (ErasureState.DESTROYED, ErasureState.FINISHED)


def ask_correction(ctx: ServiceContext, competition: Competition, *, candidates: Sequence[str], reason: str) -> int:
    """Say why the published result is wrong and whose scripts must be marked anew; the number of the record.

    Raises:
        ConflictError: `correction_not_now` unless the result is published, `correction_stands` while another one waits,
            `data_erased` once data of those not selected were destroyed.
        InvalidError: `correction_names_nobody`, `correction_names_too_many`, `correction_cannot_remark` (a code with no
            script that counts, or one that was marked anew before), `reason_missing`, `reason_too_short`,
            `reason_too_long`, each with its `field`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    if competition.state is not CompetitionState.PUBLISHED:
        raise ConflictError("correction_not_now")
    if find_standing_correction(ctx.session, competition) is not None:
        raise ConflictError("correction_stands")
    if any(row.state in ERASED for row in list_erasures(ctx.session, competition.id)):
        raise ConflictError("data_erased")
    codes = sorted({code.strip() for code in candidates if code.strip()})
    if not codes:
        raise InvalidError("correction_names_nobody", field="candidates")
    if len(codes) > MOST_REMARKED:
        raise InvalidError("correction_names_too_many", field="candidates", most=MOST_REMARKED)
    _scripts_of(ctx.session, competition, codes)
    payload = {"reason": checked_reason(reason, least=LEAST_REASON), "candidates": codes}
    return record(ctx, competition, Event.CORRECTION_ASKED, f"competition/{competition.code}", payload)


def decide_correction(
    ctx: ServiceContext, competition: Competition, *, asked_seq: int, agreed: bool, reason: str = ""
) -> int:
    """The council's word, by another person than who asked: refuse with a reason, or open the correction.

    Whoever agrees orders at once that the scripts named be marked anew; the number of the record. `asked_seq` is the
    record that was read: nobody agrees to what took its place meanwhile.

    Raises:
        ConflictError: `correction_not_asked`, `correction_changed`.
        InvalidError: `correction_cannot_remark`; of a refusal `reason_missing`, `reason_too_short`, `reason_too_long`.
        NotAllowedError: `role_needed`, `conflict_declared`, `second_person_needed`, `fresh_factor_needed`.
    """
    actor = ctx.require(Role.CHAIR, Role.COUNCIL_MEMBER, competition_id=competition.id)
    asked = find_standing_correction(ctx.session, competition)
    if asked is None or asked.state is not CorrectionState.ASKED:
        raise ConflictError("correction_not_asked")
    if asked.asked_seq != asked_seq:
        raise ConflictError("correction_changed")
    if actor.account_id in list_recused_accounts(ctx.session, competition.id):
        raise NotAllowedError("conflict_declared")
    asker = find_asker(ctx.session, competition, asked)
    if asker is None or actor.account_id == asker:  # who cannot be found may be the same
        raise NotAllowedError("second_person_needed")
    words = "" if agreed else checked_reason(reason, least=LEAST_REASON)
    ctx.require_fresh_factor()
    found = _scripts_of(ctx.session, competition, asked.candidates) if agreed else []
    payload = {"asked_seq": asked.asked_seq, "agreed": agreed, "reason": words}
    seq = record(ctx, competition, Event.CORRECTION_DECIDED, f"competition/{competition.code}", payload)
    for result in found:
        file_appeal(ctx, competition, result, part=WRITTEN, reason=asked.reason)
    return seq


def take_back_correction(ctx: ServiceContext, competition: Competition) -> int:
    """Take back what nobody answered; the number of the record.

    An open correction has no way back: nobody stops it because of what it finds, and its end is the next version.

    Raises:
        ConflictError: `correction_not_asked`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    found = find_standing_correction(ctx.session, competition)
    if found is None or found.state is not CorrectionState.ASKED:
        raise ConflictError("correction_not_asked")
    payload = {"asked_seq": found.asked_seq}
    return record(ctx, competition, Event.CORRECTION_TAKEN_BACK, f"competition/{competition.code}", payload)


def call_defence(
    ctx: ServiceContext, competition: Competition, *, proposals_close_at: datetime, defence_at: datetime
) -> int:
    """Call everybody who passes the written part only now to a supplementary defence; the number of the record.

    May be done again with other instants before the deadline, and after it only where others pass by now: else one
    person could give a candidate more time than the others had. The last record counts.

    Raises:
        ConflictError: `correction_not_open`, `correction_not_marked`, `defence_locked_already`,
            `defence_deadline_over`, `nobody_to_call` where everybody who passes stands with a defence.
        InvalidError: `proposal_time_too_short`, `schedule_not_in_order`, each with its `field`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    found = find_standing_correction(ctx.session, competition)
    if found is None or found.state is not CorrectionState.OPEN:
        raise ConflictError("correction_not_open")
    if found.defence is not None and found.defence.locked_seq is not None:
        raise ConflictError("defence_locked_already")
    for item in list_missing_in_correction(ctx.session, competition):
        if item.code == "correction_not_marked":
            raise ConflictError(item.code, **item.params)
    codes = sorted(list_newly_passed(ctx.session, competition))
    if not codes:
        raise ConflictError("nobody_to_call")
    called = found.defence
    if called is not None and list(called.candidates) == codes and ctx.now >= called.proposals_close_at:
        raise ConflictError("defence_deadline_over")
    if proposals_close_at < ctx.now + LEAST_PROPOSAL_TIME:
        raise InvalidError("proposal_time_too_short", field="proposals_close_at", days=LEAST_PROPOSAL_TIME.days)
    if defence_at <= proposals_close_at:
        raise InvalidError("schedule_not_in_order", field="defence_at")
    payload = {
        "asked_seq": found.asked_seq,
        "candidates": codes,
        "proposals_close_at": instant_text(proposals_close_at),
        "defence_at": instant_text(defence_at),
    }
    subject = f"competition/{competition.code}"
    return record(ctx, competition, Event.CORRECTION_DEFENCE_CALLED, subject, payload)


def check_correction_done(session: Session, competition: Competition) -> None:
    """Refuse the next version of a correction while a script is being marked anew or somebody is still to defend.

    Raises:
        ConflictError: `correction_not_marked`, `correction_not_defended`.
    """
    missing = list_missing_in_correction(session, competition)
    if missing:
        code = missing[0].code
        raise ConflictError(code if code == "correction_not_marked" else "correction_not_defended", **missing[0].params)


def check_next_step(ctx: ServiceContext, competition: Competition, event: GateEvent, role: Role) -> None:
    """The checklist of a gate that stands open since the first version, asked again for the next one.

    Raises:
        ConflictError: `gate_shut`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(role, competition_id=competition.id)
    missing = list_missing(ctx.session, competition, event, now=ctx.now)
    if missing:
        raise ConflictError("gate_shut", count=len(missing), first=missing[0].code)


def _scripts_of(session: Session, competition: Competition, codes: Sequence[str]) -> list[WrittenResult]:
    """The written results of these codes, when each may be marked anew."""
    known = {
        result.public_code: result
        for result in written_results(session, competition)
        if result.public_code in codes
        and result.settlement is not None
        and result.entry.script is not None
        and find_standing_appeal(session, result.candidacy_id, WRITTEN) is None
    }
    wrong = [code for code in codes if code not in known]
    if wrong:
        raise InvalidError("correction_cannot_remark", field="candidates", candidate=", ".join(wrong))
    return [known[code] for code in codes]
