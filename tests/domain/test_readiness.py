"""Go or no-go, rule by rule: what each figure counts as, and who puts it right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from examsite.domain import readiness as rules
from examsite.domain.permissions import Role
from examsite.domain.readiness import Check, Level, Topic, worst_level

NOW = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
GOOD, ATTENTION, STOP = Level.GOOD, Level.ATTENTION, Level.STOP
HTTPS: dict[str, Any] = {
    "is_secure": True,
    "host": "thi.local",
    "names": ("thi.local",),
    "ends_at": NOW + timedelta(days=100),
    "needed_until": NOW,
}


@pytest.mark.parametrize(
    ("check", "level", "code"),
    [
        (rules.check_clock(-1999, is_synchronised=True), GOOD, "clock_synchronised"),
        (rules.check_clock(0, is_synchronised=False), ATTENTION, "clock_without_source"),
        (rules.check_clock(0, is_synchronised=None), ATTENTION, "clock_without_source"),
        (rules.check_clock(-2000, is_synchronised=True), ATTENTION, "clock_stepped"),
        (rules.check_clock(60_000, is_synchronised=True), STOP, "clock_far_off"),
        (rules.check_disk(20, 100), GOOD, "disk_enough"),
        (rules.check_disk(19, 100), ATTENTION, "disk_filling"),
        (rules.check_disk(4, 100), STOP, "disk_nearly_full"),
        (rules.check_disk(0, 0), STOP, "disk_nearly_full"),
        (rules.check_writes(49), GOOD, "writes_quick"),
        (rules.check_writes(50), ATTENTION, "writes_slow"),
        (rules.check_writes(1000), STOP, "writes_hopeless"),
        (rules.check_writes(None), STOP, "writes_failing"),
        (rules.check_database("X", is_safe=True, is_sound=True, is_migrated=True), GOOD, "database_sound"),
        (rules.check_database("X", is_safe=False, is_sound=False, is_migrated=True), STOP, "database_unsafe"),
        (rules.check_database("X", is_safe=True, is_sound=False, is_migrated=True), STOP, "database_damaged"),
        (rules.check_database("X", is_safe=True, is_sound=True, is_migrated=False), STOP, "database_behind"),
        (rules.check_backup(None, NOW), ATTENTION, "backup_missing"),
        (rules.check_backup(NOW - timedelta(hours=24), NOW), ATTENTION, "backup_old"),
        (rules.check_backup(NOW - timedelta(hours=23), NOW), GOOD, "backup_fresh"),
        (rules.check_program("1", running_sha256="a" * 64, lying_sha256="a" * 64), GOOD, "program_as_it_lies"),
        (rules.check_program("1", running_sha256="a" * 64, lying_sha256="b" * 64), STOP, "program_not_restarted"),
        (rules.check_papers(unsealed=["P1"], unopened=["P1"], is_frozen=True), STOP, "papers_not_sealed"),
        (rules.check_papers(unsealed=[], unopened=["P1", "P2"], is_frozen=True), STOP, "papers_not_opened"),
        (rules.check_papers(unsealed=[], unopened=["P1"], is_frozen=False), GOOD, "papers_sealed"),
        (rules.check_papers(unsealed=[], unopened=[], is_frozen=True), GOOD, "papers_opened"),
        (rules.check_seats(seated=0, seats=9, unseated=0), STOP, "seats_missing"),
        (rules.check_seats(seated=5, seats=9, unseated=1), STOP, "seats_missing"),
        (rules.check_seats(seated=9, seats=9, unseated=0), ATTENTION, "seats_none_spare"),
        (rules.check_seats(seated=5, seats=9, unseated=0), GOOD, "seats_given"),
        (rules.check_invigilators(0), STOP, "invigilators_none"),
        (rules.check_invigilators(1), ATTENTION, "invigilators_few"),
        (rules.check_invigilators(2), GOOD, "invigilators_named"),
        (rules.check_https(**{**HTTPS, "is_secure": False}), ATTENTION, "https_missing"),
        (rules.check_https(**{**HTTPS, "names": None}), GOOD, "https_by_proxy"),
        (rules.check_https(**{**HTTPS, "ends_at": NOW}), STOP, "https_ends_before"),
        (rules.check_https(**{**HTTPS, "host": "khac"}), ATTENTION, "https_other_name"),
        (rules.check_https(**{**HTTPS, "ends_at": NOW + timedelta(days=29)}), ATTENTION, "https_ends_soon"),
        (rules.check_https(**HTTPS), GOOD, "https_ready"),
        (rules.check_browser(""), GOOD, "browser_any"),
        (rules.check_browser("ab" * 32), GOOD, "browser_with_key"),
        (rules.check_addresses((), refused=0), GOOD, "addresses_any"),
        (rules.check_addresses(("10.0.0.0/8",), refused=0), GOOD, "addresses_set"),
        (rules.check_addresses((), refused=1), ATTENTION, "addresses_refused"),
    ],
)
def test_each_figure_counts_as_the_rule_says(check: Check, level: Level, code: str) -> None:
    assert (check.level, check.code) == (level, code)


def test_the_worst_finding_is_the_verdict() -> None:
    def found(level: Level) -> Check:
        return Check(Topic.DISK, level, "x", Role.ADMINISTRATOR)

    assert worst_level([]) is GOOD
    assert worst_level([found(GOOD), found(ATTENTION)]) is ATTENTION
    assert worst_level([found(STOP), found(GOOD), found(ATTENTION)]) is STOP


def test_a_stop_says_its_figures() -> None:
    assert rules.check_papers(unsealed=[], unopened=["P1", "P2"], is_frozen=True).params == {"posts": "P1, P2"}
    assert rules.check_seats(seated=5, seats=9, unseated=1).params == {
        "seated": 5, "seats": 9, "spare": 4, "unseated": 1,
    }  # fmt: skip
    assert rules.check_disk(1_500_000_000, 10_000_000_000).params == {"percent": 15, "gigabytes": 1}
