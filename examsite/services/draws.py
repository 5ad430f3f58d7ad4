"""Draws (bốc thăm): one permutation of a list, committed and held on the record, by the council.

Two ways, by the rule set. With one contributor, whoever draws and the server make their numbers at once. With the
council, members give commitments and deposits from their own machines (`contribute_number`), the list is closed
(`commit_draw`), the numbers come out (`reveal_number`, `open_numbers`), and the act that needs the outcome takes it
through `draw`. Either way there is one draw of a name, ever.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyrage
from sqlalchemy.orm import Session

from examsite.domain.draw_ceremonies import (
    DRAW,
    LEAST_CONTRIBUTORS,
    SYSTEM,
    Contributors,
    DrawEvent,
    DrawState,
    NumberWay,
    check_commitment,
    committed_entry,
    draw_kind,
    numbers_open_at,
)
from examsite.domain.draws import (
    NO_PUBLIC_SOURCE,
    NONCE_BYTES,
    Contribution,
    commitment_of,
    draw_document,
    hold_draw,
)
from examsite.domain.errors import ConflictError, InvalidError, NotAllowedError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.split_keys import KeyPurpose
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.services.rulesets import ruleset_of
from examsite.services.split_keys import join_split_key, recipient_as_recorded
from examsite.storage.models.competitions import Competition
from examsite.storage.models.draws import DrawCeremony, DrawContribution
from examsite.storage.queries.draws import find_ceremony, find_draw_record, get_ceremony
from examsite.storage.queries.split_keys import find_split_key, get_split_key

_COUNCIL = (Role.CHAIR, Role.COUNCIL_MEMBER)


@dataclass(frozen=True)
class HeldDraw:
    """What a draw decided, with the document that anyone can repeat it from."""

    document: dict[str, object]
    outcome: list[str]
    record_seq: int


def draws_together(competition: Competition) -> bool:
    """Whether the rule set has the council hold its draws in a ceremony."""
    return ruleset_of(competition).draw_contributors == Contributors.COUNCIL


def draw(ctx: ServiceContext, competition: Competition, name: str, items: Sequence[str]) -> HeldDraw:
    """Hold the draw over the items and give its outcome: at once, or out of the ceremony whose numbers are all there.

    Records `draw:committed` and `draw:held` (a ceremony has recorded the first before); the payloads are private until
    something may be disclosed, so a draw whose outcome must stay secret shows only its commitments.

    Raises:
        ConflictError: `draw_already_held`; of a ceremony `draw_not_prepared`, `draw_not_committed`,
            `draw_numbers_missing`, `draw_list_changed` (the items are not those that were committed to),
            `draw_commitment_broken` (a number is not the one on record).
        NotAllowedError: `role_needed`: only the council draws; `fresh_factor_needed`.
        InvalidError: `draw_item_twice`.
    """
    ctx.require(*_COUNCIL, competition_id=competition.id)
    ctx.require_fresh_factor()
    ceremony = find_ceremony(ctx.session, competition.id, name)
    if ceremony is not None and ceremony.state is DrawState.HELD:
        raise ConflictError("draw_already_held", draw=name)
    if ceremony is None:
        if draws_together(competition):
            raise ConflictError("draw_not_prepared", draw=name)
        ceremony = _commit_at_once(ctx, competition, name, items)
    elif ceremony.state is DrawState.GATHERING:
        raise ConflictError("draw_not_committed", draw=name)
    missing = missing_numbers(ceremony)
    if missing:
        raise ConflictError("draw_numbers_missing", count=len(missing), first=missing[0].by)
    if list(items) != ceremony.items:
        raise ConflictError("draw_list_changed", draw=name)
    return _hold(ctx, competition, ceremony)


def outcome_of(session: Session, competition: Competition, name: str) -> list[str] | None:
    """What a draw decided, computed again from its numbers; None before it was held."""
    ceremony = find_ceremony(session, competition.id, name)
    if ceremony is None or ceremony.state is not DrawState.HELD:
        return None
    return hold_draw(_document_of(competition, ceremony))


def prepare_draw(
    ctx: ServiceContext, competition: Competition, name: str, items: Sequence[str], *, terms: str = ""
) -> DrawCeremony:
    """Set up a ceremony over this list; from here on the list is fixed.

    Raises:
        ConflictError: `draw_at_once` where the rule set has no ceremonies, `draw_already_prepared`, `draw_key_missing`
            while no holders can open a number that is kept back.
        InvalidError: `draw_name_not_known`, `draw_item_twice`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(*_COUNCIL, competition_id=competition.id)
    draw_kind(name)
    if not draws_together(competition):
        raise ConflictError("draw_at_once")
    if find_split_key(ctx.session, competition.id, KeyPurpose.DRAWS) is None:
        raise ConflictError("draw_key_missing")
    if find_ceremony(ctx.session, competition.id, name) is not None:
        raise ConflictError("draw_already_prepared", draw=name)
    if len(set(items)) != len(items):
        raise InvalidError("draw_item_twice", draw=name)
    return _add_ceremony(ctx, competition, name, items, terms=terms)


def drop_draw(ctx: ServiceContext, competition: Competition, name: str) -> None:
    """Take back a ceremony whose list of numbers is not closed, for instance because what is drawn is no longer right.

    The commitments that members gave so far go with it; for the next one each gives another.

    Raises:
        ConflictError: `draw_list_closed`.
        NotAllowedError: `role_needed`: the chair.
    """
    ctx.require(Role.CHAIR, competition_id=competition.id)
    ceremony = _gathering(ctx, competition, name)
    for row in ceremony.contributions:
        ctx.session.delete(row)
    ctx.session.flush()
    ctx.session.delete(ceremony)
    ctx.session.flush()


def contribute_number(
    ctx: ServiceContext, competition: Competition, name: str, *, commitment: str, deposit: str
) -> DrawContribution:
    """Take a member's commitment and deposit; a later one of the same member takes the place of the earlier.

    The number itself stays on that member's machine until it is shown.

    Raises:
        ConflictError: `draw_list_closed`, `split_key_changed`.
        InvalidError: `commitment_not_valid`, `deposit_not_valid`, `commitment_taken` by somebody else.
        NotAllowedError: `role_needed`.
    """
    actor = ctx.require(*_COUNCIL, competition_id=competition.id)
    ceremony = _gathering(ctx, competition, name)
    # The browser encrypted the number to the key that the page named.
    recipient_as_recorded(ctx, competition, get_split_key(ctx.session, competition.id, KeyPurpose.DRAWS))
    check_commitment(commitment, deposit)
    by = actor.record_name
    if any(row.commitment == commitment and row.by != by for row in ceremony.contributions):
        raise InvalidError("commitment_taken")
    row = next((row for row in ceremony.contributions if row.by == by), None)
    if row is None:
        row = DrawContribution(ceremony_id=ceremony.id, by=by, assignment_id=actor.assignment_id)
        ctx.session.add(row)
    row.commitment, row.deposit, row.given_at = commitment, deposit, ctx.now
    ctx.session.flush()
    return row


def commit_draw(ctx: ServiceContext, competition: Competition, name: str) -> DrawCeremony:
    """Close the list: every commitment and deposit goes on record, the system's among them; nobody leaves from here on.

    Raises:
        ConflictError: `draw_list_closed`, `contributors_too_few`.
        NotAllowedError: `role_needed`: the chair.
    """
    ctx.require(Role.CHAIR, competition_id=competition.id)
    ceremony = _gathering(ctx, competition, name)
    people = list(ceremony.contributions)
    if len(people) < LEAST_CONTRIBUTORS:
        raise ConflictError("contributors_too_few", given=len(people), least=LEAST_CONTRIBUTORS)
    for row in people:
        row.substitute = secrets.token_hex(NONCE_BYTES)
    own = _add_own_number(ctx, ceremony, SYSTEM)
    _record_commitments(ctx, competition, ceremony, [*people, own])
    return get_ceremony(ctx.session, competition.id, name)


def reveal_number(ctx: ServiceContext, competition: Competition, name: str, nonce: bytes) -> None:
    """Take the acting member's own number, which must be the one committed to.

    Raises:
        ConflictError: `draw_not_committed`, `draw_notice_runs` before the notice is over, `draw_already_held`,
            `number_shown_already`.
        InvalidError: `nonce_not_valid`, `number_not_committed`.
        NotAllowedError: `role_needed`, `not_a_contributor`.
    """
    actor = ctx.require(*_COUNCIL, competition_id=competition.id)
    ceremony = _open_for_numbers(ctx, competition, name)
    row = next((row for row in ceremony.contributions if row.by == actor.record_name), None)
    if row is None:
        raise NotAllowedError("not_a_contributor")
    if row.shown_at is not None:
        raise ConflictError("number_shown_already")
    if commitment_of(nonce) != row.commitment:
        raise InvalidError("number_not_committed")
    _show(ctx, row, nonce, NumberWay.OWN)
    _record_shown(ctx, competition, name, [row], holders=[])


def open_numbers(
    ctx: ServiceContext, competition: Competition, name: str, words: Sequence[str]
) -> list[DrawContribution]:
    """Open every number that is still kept back with the words of enough holders; these rows.

    Where a deposit does not hold the number committed to, the substitute of its contributor counts.

    Raises:
        ConflictError: `draw_not_committed`, `draw_notice_runs`, `draw_already_held`, `no_number_missing`.
        InvalidError: the codes of `join_split_key`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(*_COUNCIL, competition_id=competition.id)
    ceremony = _open_for_numbers(ctx, competition, name)
    missing = missing_numbers(ceremony)
    if not missing:
        raise ConflictError("no_number_missing")
    identity, holders = join_split_key(ctx, get_split_key(ctx.session, competition.id, KeyPurpose.DRAWS), words)
    for row in missing:
        nonce = _open_deposit(identity, row)
        if nonce is None:
            _show(ctx, row, bytes.fromhex(row.substitute), NumberWay.SUBSTITUTE)
        else:
            _show(ctx, row, nonce, NumberWay.HOLDERS)
        row.holders = holders
    _record_shown(ctx, competition, name, missing, holders=holders)
    return missing


def missing_numbers(ceremony: DrawCeremony) -> list[DrawContribution]:
    """The contributions whose number has not come out, by contributor."""
    return sorted((row for row in ceremony.contributions if row.shown_at is None), key=lambda row: row.by)


def _gathering(ctx: ServiceContext, competition: Competition, name: str) -> DrawCeremony:
    ceremony = get_ceremony(ctx.session, competition.id, name)
    if ceremony.state is not DrawState.GATHERING:
        raise ConflictError("draw_list_closed", draw=name)
    return ceremony


def _open_for_numbers(ctx: ServiceContext, competition: Competition, name: str) -> DrawCeremony:
    ceremony = get_ceremony(ctx.session, competition.id, name)
    if ceremony.state is DrawState.HELD:
        raise ConflictError("draw_already_held", draw=name)
    if ceremony.committed_at is None:
        raise ConflictError("draw_not_committed", draw=name)
    opens_at = numbers_open_at(ceremony.committed_at, ruleset_of(competition).draw_notice_minutes)
    if ctx.now < opens_at:
        raise ConflictError("draw_notice_runs", until=opens_at)
    return ceremony


def _add_ceremony(
    ctx: ServiceContext, competition: Competition, name: str, items: Sequence[str], *, terms: str = ""
) -> DrawCeremony:
    ceremony = DrawCeremony(
        competition_id=competition.id,
        name=name,
        items=list(items),
        terms=terms,
        opened_at=ctx.now,
        opened_by=ctx.actor.record_name,
        contributions=[],
    )
    ctx.session.add(ceremony)
    ctx.session.flush()
    return ceremony


def _add_own_number(ctx: ServiceContext, ceremony: DrawCeremony, by: str) -> DrawContribution:
    """A number that the server makes, committed to like every other one."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    row = DrawContribution(
        ceremony_id=ceremony.id,
        by=by,
        assignment_id=None if by == SYSTEM else ctx.actor.assignment_id,
        commitment=commitment_of(nonce),
        nonce=nonce.hex(),
        given_at=ctx.now,
        shown_at=ctx.now,
        way=NumberWay.SYSTEM,
    )
    ctx.session.add(row)
    ctx.session.flush()
    return row


def _commit_at_once(ctx: ServiceContext, competition: Competition, name: str, items: Sequence[str]) -> DrawCeremony:
    # Checked before anything is written: an empty list is permuted like any other.
    if len(set(items)) != len(items):
        raise InvalidError("draw_item_twice", draw=name)
    ceremony = _add_ceremony(ctx, competition, name, items)
    numbers = [_add_own_number(ctx, ceremony, by) for by in (ctx.actor.record_name, SYSTEM)]
    _record_commitments(ctx, competition, ceremony, numbers)
    return get_ceremony(ctx.session, competition.id, name)


def _record_commitments(
    ctx: ServiceContext, competition: Competition, ceremony: DrawCeremony, rows: Iterable[DrawContribution]
) -> None:
    payload = {
        "items": ceremony.items,
        "commitments": [
            committed_entry(
                row.by,
                row.commitment,
                deposit=row.deposit or "",
                substitute=commitment_of(bytes.fromhex(row.substitute)) if row.substitute else "",
            )
            for row in sorted(rows, key=lambda row: row.by)
        ],
        "public": {"source": NO_PUBLIC_SOURCE, "value": ""},
    }
    ceremony.committed_seq = record(ctx, competition, Event.DRAW_COMMITTED, f"draw/{ceremony.name}", payload)
    ceremony.state = DRAW.after(ceremony.state, DrawEvent.COMMITTED)
    ceremony.committed_at = ctx.now
    ctx.session.flush()


def _hold(ctx: ServiceContext, competition: Competition, ceremony: DrawCeremony) -> HeldDraw:
    _check_against_the_log(ctx, competition, ceremony)
    document = _document_of(competition, ceremony)
    outcome = hold_draw(document)
    payload = {"document": document, "outcome": outcome}
    seq = record(ctx, competition, Event.DRAW_HELD, f"draw/{ceremony.name}", payload)
    ceremony.state = DRAW.after(ceremony.state, DrawEvent.HELD)
    ceremony.held_at, ceremony.held_seq = ctx.now, seq
    ctx.session.flush()
    return HeldDraw(document=document, outcome=outcome, record_seq=seq)


def _check_against_the_log(ctx: ServiceContext, competition: Competition, ceremony: DrawCeremony) -> None:
    """Refuse numbers or a list that are not those on record: rows can be changed by whoever owns the database."""
    said = find_draw_record(ctx.session, competition.id, ceremony.name, Event.DRAW_COMMITTED) or {}
    known = {entry["by"]: {entry["commitment"], entry.get("substitute")} for entry in said.get("commitments", [])}
    if said.get("items") != ceremony.items:
        raise ConflictError("draw_list_changed", draw=ceremony.name)
    for row in ceremony.contributions:
        if commitment_of(bytes.fromhex(row.nonce)) not in known.get(row.by, set()):
            raise ConflictError("draw_commitment_broken", by=row.by)


def _document_of(competition: Competition, ceremony: DrawCeremony) -> dict[str, object]:
    return draw_document(
        competition=competition.code,
        draw=ceremony.name,
        items=ceremony.items,
        contributions=[Contribution(row.by, bytes.fromhex(row.nonce)) for row in ceremony.contributions],
    )


def _show(ctx: ServiceContext, row: DrawContribution, nonce: bytes, way: NumberWay) -> None:
    row.nonce, row.way, row.shown_at = nonce.hex(), way, ctx.now


def _record_shown(
    ctx: ServiceContext,
    competition: Competition,
    name: str,
    rows: Sequence[DrawContribution],
    *,
    holders: Sequence[str],
) -> None:
    """Who showed a number and whose was opened by whom; the numbers themselves stand in the document of the draw."""
    payload = {
        "numbers": [{"by": row.by, "way": row.way.value if row.way else ""} for row in rows],
        "holders": list(holders),
    }
    record(ctx, competition, Event.DRAW_REVEALED, f"draw/{name}", payload)
    ctx.session.flush()


def _open_deposit(identity: pyrage.x25519.Identity, row: DrawContribution) -> bytes | None:
    """The number in a deposit; None where it cannot be opened or is not the number committed to."""
    try:
        plain = pyrage.decrypt(row.deposit.encode("ascii"), [identity])
    except (pyrage.DecryptError, ValueError):
        return None
    if len(plain) != NONCE_BYTES or commitment_of(plain) != row.commitment:
        return None
    return bytes(plain)
