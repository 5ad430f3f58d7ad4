"""Go or no-go for a sitting: everything that is asked of machine, database, papers, people and room, with its answer.

Nothing here changes anything. What is measured is measured on the machine that serves; the timer comes from the
caller, since acts never read a clock.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from examsite import __version__
from examsite.config import Settings
from examsite.domain.competitions import CompetitionState, Missing
from examsite.domain.papers import PaperState
from examsite.domain.permissions import Role
from examsite.domain.readiness import (
    Check,
    Level,
    Topic,
    check_addresses,
    check_backup,
    check_browser,
    check_clock,
    check_closer,
    check_database,
    check_disk,
    check_https,
    check_invigilators,
    check_needs,
    check_papers,
    check_pauses,
    check_program,
    check_seats,
    check_writes,
)
from examsite.domain.rooms import RequestState, ServerAct
from examsite.domain.sittings import SittingState, seat_codes
from examsite.services.certificates import find_certificates
from examsite.services.clock import clock_difference
from examsite.services.rehearsals import code_sha256, identity_of
from examsite.storage.health import DatabaseHealth, backup_times, read_database_health
from examsite.storage.models.sittings import Sitting
from examsite.storage.queries.adjustments import count_adjustment_requests
from examsite.storage.queries.machines import list_refused_machines
from examsite.storage.queries.papers import count_papers
from examsite.storage.queries.pauses import list_room_pauses
from examsite.storage.queries.rehearsals import count_at_once, find_start_override, list_certificate_faults
from examsite.storage.queries.server_faults import list_server_faults
from examsite.storage.queries.sittings import count_attempts, list_seatable, opened_papers

#: What the test write puts on the disk. Unit: bytes.
PROBE_BYTES = 4096
#: How often the slow questions (every page of the database, every file of the program) are asked. Unit: seconds.
SLOW_PERIOD_SECONDS = 60

Timer = Callable[[], float]


@dataclass(frozen=True)
class Place:
    """From where the page is asked: a timer of this machine, and the host that the browser named."""

    timer: Timer
    host: str


_health: dict[str, tuple[float, DatabaseHealth]] = {}
_lying: dict[str, tuple[float, str]] = {}


def list_alarms(settings: Settings) -> list[Check]:
    """What staff must learn within seconds while a sitting runs; nothing, most of the time.

    Cheap enough for every answer of a board: one question to the file system.
    """
    disk = _disk(settings)
    return [disk] if disk.level is not Level.GOOD else []


def list_checks(session: Session, settings: Settings, sitting: Sitting, *, now: datetime, place: Place) -> list[Check]:
    """Every question about a sitting with its answer, in the order of the page."""
    ahead = clock_difference()
    health = _database(session, settings, place.timer)
    made = backup_times(settings.instance_path / "backups")
    return [
        check_clock(round(ahead / timedelta(milliseconds=1)), is_synchronised=is_clock_synchronised()),
        _disk(settings),
        check_writes(measure_write(settings, place.timer)),
        check_database(health.name, is_safe=health.is_safe, is_sound=health.is_sound, is_migrated=health.is_migrated),
        check_backup(datetime.fromtimestamp(made[0], UTC) if made else None, now + ahead),
        check_program(__version__, running_sha256=code_sha256(), lying_sha256=_lying_program(place.timer)),
        *_room_checks(session, sitting),
        *_rehearsal_checks(session, settings, sitting, now),
        _https(settings, sitting, place.host),
        check_browser(sitting.seb_config_key),
        check_addresses(
            tuple(sitting.address_ranges.splitlines()), refused=len(list_refused_machines(session, sitting.id))
        ),
        check_needs(
            waiting=count_adjustment_requests(session, sitting.id, RequestState.ASKED),
            approved=count_adjustment_requests(session, sitting.id, RequestState.APPROVED),
        ),
        check_faults(session, sitting, now),
        *_pause_checks(session, sitting),
    ]


def check_faults(session: Session, sitting: Sitting, now: datetime) -> Check:
    """What the server is failing to do at this sitting by itself; one question, for each answer of a board."""
    faults = list_server_faults(session, sitting.id, now)
    starts = [item for item in faults if item.act is ServerAct.START]
    closes = [item for item in faults if item.act is ServerAct.CLOSE]
    return check_closer(
        cannot_start=starts[0].error if starts else "",
        cannot_close=closes[0].error if closes else "",
        seats=", ".join(sorted(item.seat for item in starts or closes if item.seat)),
        since=faults[0].first_at if faults else None,
    )


def measure_write(settings: Settings, timer: Timer) -> int | None:
    """How long a small durable write takes beside the database, in milliseconds; None when it fails."""
    try:
        with tempfile.NamedTemporaryFile(dir=settings.instance_path, prefix=".probe-") as file:
            began = timer()
            file.write(b"\0" * PROBE_BYTES)
            file.flush()
            os.fsync(file.fileno())
            return round((timer() - began) * 1000)
    except OSError:
        return None


def is_clock_synchronised() -> bool | None:
    """Whether the kernel says that its clock follows a source of time; None where it does not tell."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        # struct timex is 208 bytes where long is 64 bits; zeroed, it only asks.
        state = library.adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    # Source: adjtimex(2): TIME_ERROR (5) says that the clock is not synchronised.
    return None if state < 0 else state != 5


def _disk(settings: Settings) -> Check:
    try:
        usage = shutil.disk_usage(settings.instance_path)
    except OSError:
        return check_disk(0, 0)
    return check_disk(usage.free, usage.total)


def _database(session: Session, settings: Settings, timer: Timer) -> DatabaseHealth:
    known = _health.get(settings.database_url)
    if known is None or timer() - known[0] >= SLOW_PERIOD_SECONDS:
        known = (timer(), read_database_health(session))
        _health[settings.database_url] = known
    return known[1]


def _lying_program(timer: Timer) -> str:
    known = _lying.get("program")
    if known is None or timer() - known[0] >= SLOW_PERIOD_SECONDS:
        known = (timer(), code_sha256.__wrapped__())
        _lying["program"] = known
    return known[1]


def _room_checks(session: Session, sitting: Sitting) -> list[Check]:
    competition = sitting.competition
    opened, unopened = opened_papers(session, sitting.id)
    del opened
    unsealed = [post.code for post in unopened if not count_papers(session, post.id, PaperState.SEALED)]
    seated = count_attempts(session, competition.id)
    return [
        check_papers(
            unsealed=unsealed,
            unopened=[post.code for post in unopened],
            is_frozen=competition.state.has_reached(CompetitionState.WRITTEN),
        ),
        check_seats(
            seated=seated.get(sitting.id, 0),
            seats=len(seat_codes(sitting.seat_rows, sitting.seat_columns)),
            unseated=max(0, len(list_seatable(session, competition.id)) - sum(seated.values())),
        ),
        check_invigilators(len(sitting.invigilators)),
    ]


def _rehearsal_checks(session: Session, settings: Settings, sitting: Sitting, now: datetime) -> list[Check]:
    count = count_at_once(session, sitting)
    identity, at = identity_of(settings), max(now, sitting.starts_at)
    if find_start_override(session, sitting.id, identity=identity, now=at) is not None:
        return [Check(Topic.REHEARSAL, Level.ATTENTION, "rehearsal_overridden", Role.ORGANISER, {"count": count})]
    if sitting.state is not SittingState.SCHEDULED:
        # What it began with stands; nothing about it can be asked for or put right any more.
        return [Check(Topic.REHEARSAL, Level.GOOD, "rehearsal_before_start", Role.ORGANISER, {"count": count})]
    faults: list[Missing] = list_certificate_faults(session, sitting, identity=identity, now=at)
    if faults:
        return [Check(Topic.REHEARSAL, Level.STOP, item.code, item.owner, item.params) for item in faults]
    return [Check(Topic.REHEARSAL, Level.GOOD, "rehearsal_speaks", Role.ORGANISER, {"count": count})]


def _pause_checks(session: Session, sitting: Sitting) -> list[Check]:
    if sitting.state is SittingState.SCHEDULED:
        return []
    pauses = list_room_pauses(session, sitting.id)
    return [check_pauses(count=len(pauses), standing=sum(item.standing for item in pauses))]


def _https(settings: Settings, sitting: Sitting, host: str) -> Check:
    own = find_certificates(settings) if settings.has_tls else None
    return check_https(
        is_secure=settings.is_secure,
        host=host,
        names=None if own is None else own.names,
        ends_at=None if own is None else own.ends_at,
        needed_until=sitting.starts_at + timedelta(minutes=sitting.duration_minutes),
    )
