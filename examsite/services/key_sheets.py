"""Sheets of split keys: each holder takes the own one with a second factor, tries it, and nobody sees another.

Decision: the words of a sheet lie on the server, encrypted under a key of the installation, from the splitting until
their holder says that they are on paper; then they are destroyed. A page that was lost before shows them again, and
each look is on record. The key is in force once every sheet was taken. Until then the chair may give it up.
"""

from __future__ import annotations

from collections.abc import Sequence

from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError, InvalidError, NotFoundError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.reasons import checked_reason
from examsite.domain.split_keys import KeyPurpose
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.services.sealing import open_value, seal_value
from examsite.services.split_keys import HOLDERS, Sheet, add_split_key, check_holders, check_share, split_secret
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.competitions import Competition
from examsite.storage.models.split_keys import KeyShare, SplitKey
from examsite.storage.queries.split_keys import count_untaken, find_standing_key
from examsite.storage.traces import leave_no_trace, overwrite_what_is_deleted

_WAITING = "key sheets: waiting"


def hand_out_key(
    ctx: ServiceContext,
    competition: Competition,
    purpose: KeyPurpose,
    *,
    holders: Sequence[RoleAssignment],
    needed: int,
) -> SplitKey:
    """Make the key of a purpose, record who holds it, and keep each sheet for its holder; the chair sees none.

    Raises:
        ConflictError: `split_key_made`, `split_key_waiting` while sheets of an earlier one were not taken;
            `split_key_too_early` before the announcement, when the competition has no log of its own yet.
        InvalidError: `quorum_not_valid`, `holder_not_valid` (not of this competition, or of a board that may not),
            `holder_twice` (one person under two roles).
        NotAllowedError: `role_needed`: the chair; `fresh_factor_needed`.
    """
    ctx.require(Role.CHAIR, competition_id=competition.id)
    ctx.require_fresh_factor()
    check_key_missing(ctx, competition, purpose)
    check_holders(competition, holders)
    made = split_secret(needed=needed, holders=len(holders))
    waiting = [
        seal_value(ctx, _WAITING, words.encode("ascii"), bound_to=f"{made.recipient}/{number}")
        for number, words in enumerate(made.shares, start=1)
    ]
    return add_split_key(ctx, competition, purpose, made=made, holders=holders, waiting=waiting)


def check_key_missing(ctx: ServiceContext, competition: Competition, purpose: KeyPurpose) -> None:
    """Refuse a second key of a purpose, and any before there is a log for it.

    Raises:
        ConflictError: `split_key_too_early`, `split_key_made`, `split_key_waiting`.
    """
    if competition.state is CompetitionState.DRAFT:
        raise ConflictError("split_key_too_early")
    key = find_standing_key(ctx.session, competition.id, purpose)
    if key is not None:
        raise ConflictError("split_key_waiting" if count_untaken(key) else "split_key_made")


def show_sheet(ctx: ServiceContext, competition: Competition, key: SplitKey) -> Sheet:
    """The words of the own sheet, to be printed; that they were looked at is on record each time.

    Raises:
        ConflictError: `sheet_taken` when they are on paper already; `sheet_damaged`.
        NotAllowedError: `role_needed`, `fresh_factor_needed`.
        NotFoundError: `no_share_held`.
    """
    share = own_share(ctx, competition, key)
    ctx.require_fresh_factor()
    if share.waiting is None:
        raise ConflictError("sheet_taken")
    words = open_value(ctx, _WAITING, share.waiting, bound_to=f"{key.recipient}/{share.number}")
    if words is None:
        raise ConflictError("sheet_damaged")
    share.shown_at = share.shown_at or ctx.now
    _record(ctx, competition, Event.KEY_SHOWN, key, share)
    return Sheet(share.number, ctx.actor.pseudonym or "", words.decode("ascii"))


def take_sheet(ctx: ServiceContext, competition: Competition, key: SplitKey) -> bool:
    """Note that the own sheet is on paper, and destroy its words; whether the key is in force now.

    Raises:
        ConflictError: `sheet_taken`; `sheet_not_shown` to whoever has not seen the words.
        NotAllowedError: `role_needed`, `fresh_factor_needed`.
        NotFoundError: `no_share_held`.
    """
    share = own_share(ctx, competition, key)
    ctx.require_fresh_factor()
    if share.taken_at is not None:
        raise ConflictError("sheet_taken")
    if share.shown_at is None:
        raise ConflictError("sheet_not_shown")
    overwrite_what_is_deleted(ctx.session)
    leave_no_trace(ctx.session, "key_shares")
    share.waiting = None
    share.taken_at = ctx.now
    ctx.session.flush()
    _record(ctx, competition, Event.KEY_TAKEN, key, share)
    return count_untaken(key) == 0


def rehearse_share(ctx: ServiceContext, competition: Competition, key: SplitKey, words: str) -> KeyShare:
    """Note and record that a holder has the own sheet and can read it; nothing is put together.

    Raises:
        ConflictError: those of `get_triable_share`.
        InvalidError: those of `check_share`; `share_of_other_person`: the sheet is somebody else's.
        NotAllowedError: `role_needed`: a board that holds sheets.
        NotFoundError: `no_share_held`.
    """
    own = get_triable_share(ctx, competition, key)
    share = check_share(ctx, key, words)
    if share is not own:
        raise InvalidError("share_of_other_person", number=1)
    payload = {"purpose": key.purpose.value, "subject": key.subject, "number": share.number}
    record(ctx, competition, Event.KEY_CHECKED, f"competition/{competition.code}", payload)
    return share


def get_triable_share(ctx: ServiceContext, competition: Competition, key: SplitKey) -> KeyShare:
    """The own share, if its sheet can be tried now.

    Raises:
        ConflictError: `sheet_not_taken`; `split_key_opened`: the key was used, and trying proves nothing any more.
        NotAllowedError: `role_needed`: a board that holds sheets.
        NotFoundError: `no_share_held`.
    """
    share = own_share(ctx, competition, key)
    if key.opened_at is not None:
        raise ConflictError("split_key_opened")
    if share.taken_at is None:
        raise ConflictError("sheet_not_taken")
    return share


def discard_key(ctx: ServiceContext, competition: Competition, key: SplitKey, *, reason: str) -> None:
    """Give up a key of which sheets were not taken, and destroy their words; what is on paper opens nothing.

    Raises:
        ConflictError: `split_key_made`: it is in force, and nobody gives it up any more.
        InvalidError: `reason_missing`, `reason_too_long`.
        NotAllowedError: `role_needed`: the chair; `fresh_factor_needed`.
    """
    ctx.require(Role.CHAIR, competition_id=competition.id)
    words = checked_reason(reason)
    ctx.require_fresh_factor()
    if not count_untaken(key):
        raise ConflictError("split_key_made")
    overwrite_what_is_deleted(ctx.session)
    leave_no_trace(ctx.session, "key_shares")
    for share in key.shares:
        share.waiting = None
    key.discarded_at = ctx.now
    ctx.session.flush()
    payload = {"purpose": key.purpose.value, "split_seq": key.record_seq, "reason": words}
    record(ctx, competition, Event.KEY_DISCARDED, f"competition/{competition.code}", payload)


def own_share(ctx: ServiceContext, competition: Competition, key: SplitKey) -> KeyShare:
    """The share of the person who acts.

    Raises:
        NotAllowedError: `role_needed`: a board that holds sheets.
        NotFoundError: `no_share_held`.
    """
    actor = ctx.require(*HOLDERS, competition_id=competition.id)
    for share in key.shares:
        if share.assignment_id == actor.assignment_id:
            return share
    raise NotFoundError("no_share_held")


def _record(ctx: ServiceContext, competition: Competition, event: Event, key: SplitKey, share: KeyShare) -> None:
    payload = {"purpose": key.purpose.value, "number": share.number}
    record(ctx, competition, event, f"competition/{competition.code}", payload)
