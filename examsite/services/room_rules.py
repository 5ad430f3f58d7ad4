"""What a room asks of its machines, set before the written test begins, and the machines that it kept out."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from sqlalchemy import select

from examsite.domain.addresses import ranges_text, read_ranges
from examsite.domain.competitions import CompetitionState
from examsite.domain.errors import ConflictError
from examsite.domain.events import Event
from examsite.domain.permissions import Role
from examsite.domain.seb import check_key
from examsite.services.context import ServiceContext
from examsite.services.records import record
from examsite.storage.models.competitions import Competition
from examsite.storage.models.rooms import RefusedMachine
from examsite.storage.models.sittings import Sitting

#: How often the last instant of a refused machine is moved on. Unit: seconds.
REFUSAL_STEP_SECONDS = 30


def change_room_rules(
    ctx: ServiceContext, competition: Competition, sitting: Sitting, *, seb_config_key: str, address_ranges: str
) -> None:
    """Set which browser settings and which addresses the machines of a sitting must have; empty: any.

    Raises:
        ConflictError: `sittings_frozen`, once the written test has begun.
        InvalidError: `seb_key_malformed`; `address_range_malformed`, `address_range_has_host`,
            `address_ranges_too_many`, with the `field`.
        NotAllowedError: `role_needed`.
    """
    ctx.require(Role.ORGANISER, competition_id=competition.id)
    if competition.state.has_reached(CompetitionState.WRITTEN):
        raise ConflictError("sittings_frozen")
    key = check_key(seb_config_key)
    ranges = ranges_text(read_ranges(address_ranges))
    if (sitting.seb_config_key, sitting.address_ranges) == (key, ranges):
        return
    sitting.seb_config_key = key
    sitting.address_ranges = ranges
    # The key itself proves a machine, so the log names its beginning only.
    payload = {"seb": key[:8] or None, "address_ranges": ranges.splitlines()}
    record(ctx, competition, Event.SITTING_CHANGED, f"sitting/{sitting.code}", payload)


def room_salt(secret_key: str, competition: str, sitting: str) -> bytes:
    """What makes the settings of a sitting its own: the same each time, and known to nobody beforehand."""
    return hmac.digest(secret_key.encode(), f"seb/{competition}/{sitting}".encode(), hashlib.sha256)


def note_refused_machine(ctx: ServiceContext, *, attempt_id: int, address: str, reason: str) -> None:
    """Count a machine that was kept out, once for each seat, address and reason; the last instant moves on."""
    row = ctx.session.scalars(
        select(RefusedMachine).where(
            RefusedMachine.attempt_id == attempt_id,
            RefusedMachine.address == address[:64],
            RefusedMachine.reason == reason,
        )
    ).one_or_none()
    if row is None:
        ctx.session.add(
            RefusedMachine(
                attempt_id=attempt_id, address=address[:64], reason=reason, first_at=ctx.now, last_at=ctx.now
            )
        )
    elif ctx.now - row.last_at >= timedelta(seconds=REFUSAL_STEP_SECONDS):
        row.last_at = ctx.now
