"""The machine in front of a candidate: whether it may open the room's pages, asked at every request.

Two rules, each only where the sitting sets it: the address stands in a range of the room, and the browser proves the
Config Key of Safe Exam Browser for the very address that it asks for. The rules of all sittings are read together, at
most once in a few seconds in each process, so that a save costs one look into a dictionary.

Whoever is refused is told why and whom to call, and the invigilator sees the seat; nothing is held against anybody.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from flask import Flask, current_app, request

from examsite.domain.addresses import Network, is_inside, read_ranges
from examsite.domain.errors import NotAllowedError
from examsite.domain.seb import CONFIG_KEY_HEADER, proves
from examsite.services.context import ServiceContext
from examsite.services.room_rules import REFUSAL_STEP_SECONDS, note_refused_machine
from examsite.storage.database import db, reading, writing
from examsite.storage.queries.machines import RoomRule, list_room_rules
from examsite.web.transactions import read_web_clock

#: How old the rules in memory may be. They are frozen hours before the test begins. Unit: seconds.
REFRESH_SECONDS = 5.0


@dataclass
class RoomRules:
    """The rules that this process knows, by attempt and by candidacy, and when each refusal was last written down."""

    read_at: float = float("-inf")
    by_attempt: dict[int, RoomRule] = field(default_factory=dict)
    by_candidacy: dict[int, RoomRule] = field(default_factory=dict)
    ranges: dict[str, tuple[Network, ...]] = field(default_factory=dict)
    noted: dict[tuple[int, str, str], float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def check_machine(*, attempt_id: int | None = None, candidacy_id: int | None = None) -> None:
    """Refuse a request from a machine that the candidate's sitting does not admit.

    Raises:
        NotAllowedError: `machine_outside_room`, `seb_missing`, `seb_other_settings`, with `seat`, `room`, `address`.
    """
    rules = _fresh_rules()
    rule = rules.by_attempt.get(attempt_id or 0) or rules.by_candidacy.get(candidacy_id or 0)
    if rule is None:
        return
    refusal = _refusal(rules, rule)
    if refusal is not None:
        _note(rules, rule, refusal)
        raise NotAllowedError(refusal, seat=rule.seat, room=rule.room, address=machine_address())


def is_without_rule(app: Flask, attempt_id: int) -> bool:
    """Whether any machine may write this attempt, as far as this process knows without asking the database."""
    rules: RoomRules = app.extensions["room_rules"]
    return time.monotonic() - rules.read_at < REFRESH_SECONDS and attempt_id not in rules.by_attempt


def machine_address() -> str:
    """The address of the machine that asks; behind a proxy that is not configured it is the proxy's."""
    return request.remote_addr or ""


def asked_url() -> str:
    """The address as the browser asked for it, spelled as it came: what Safe Exam Browser makes its proof of."""
    raw = str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path)
    if raw.startswith(("http://", "https://")):
        return raw
    return f"{request.scheme}://{request.host}{raw}"


def init_machines(app: Flask) -> None:
    """Give the application its memory of the rules."""
    app.extensions["room_rules"] = RoomRules()


def _fresh_rules() -> RoomRules:
    rules: RoomRules = current_app.extensions["room_rules"]
    if time.monotonic() - rules.read_at < REFRESH_SECONDS:
        return rules
    with rules.lock:
        if time.monotonic() - rules.read_at >= REFRESH_SECONDS:
            with reading(db.engine) as session:
                found = list_room_rules(session)
            rules.by_attempt = {item.attempt_id: item for item in found}
            rules.by_candidacy = {item.candidacy_id: item for item in found}
            rules.ranges = {text: read_ranges(text) for text in {item.address_ranges for item in found} if text}
            rules.read_at = time.monotonic()
    return rules


def _refusal(rules: RoomRules, rule: RoomRule) -> str | None:
    if rule.address_ranges and not is_inside(machine_address(), rules.ranges[rule.address_ranges]):
        return "machine_outside_room"
    if rule.seb_config_key:
        sent = request.headers.get(CONFIG_KEY_HEADER, "")
        if not sent:
            return "seb_missing"
        if not proves(sent, asked_url(), rule.seb_config_key):
            return "seb_other_settings"
    return None


def _note(rules: RoomRules, rule: RoomRule, reason: str) -> None:
    """One line for the invigilator, in a transaction of its own; the refusal stands even where it cannot be written."""
    if not rule.is_frozen:
        return
    known = (rule.attempt_id, machine_address(), reason)
    if time.monotonic() - rules.noted.get(known, float("-inf")) < REFUSAL_STEP_SECONDS:
        return
    if len(rules.noted) > 10_000:
        rules.noted.clear()
    rules.noted[known] = time.monotonic()
    try:
        with writing(db.engine) as session:
            ctx = ServiceContext(session=session, now=read_web_clock())
            note_refused_machine(ctx, attempt_id=rule.attempt_id, address=machine_address(), reason=reason)
    except Exception:
        current_app.logger.exception("a refused machine could not be written down")
