"""The certificate of a rehearsal: what it must be to let a sitting start."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from examsite.domain.rehearsals import Certificate, Identity, Override, best_faults, faults_of, lapse_of

NOW = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
SAME = Identity("a" * 64, "b" * 64)
GOOD = Certificate(SAME, head_count=40, finished_at=NOW - timedelta(days=6))


@pytest.mark.parametrize(
    ("certificate", "codes"),
    [
        (GOOD, []),
        (replace(GOOD, head_count=30), []),
        (None, ["rehearsal_missing"]),
        (replace(GOOD, finished_at=NOW - timedelta(days=7) + timedelta(seconds=1)), []),
        (replace(GOOD, finished_at=NOW - timedelta(days=7)), ["rehearsal_too_old"]),
        (replace(GOOD, identity=replace(SAME, code_sha256="c" * 64)), ["rehearsal_other_program"]),
        (replace(GOOD, identity=replace(SAME, settings_sha256="c" * 64)), ["rehearsal_other_settings"]),
        (replace(GOOD, head_count=29), ["rehearsal_too_small"]),
        (
            Certificate(Identity("", ""), head_count=0, finished_at=NOW - timedelta(days=70)),
            ["rehearsal_too_old", "rehearsal_other_program", "rehearsal_other_settings", "rehearsal_too_small"],
        ),
    ],
)
def test_a_certificate_speaks_for_its_program_its_settings_its_week_and_its_number(
    certificate: Certificate | None, codes: list[str]
) -> None:
    assert [item.code for item in faults_of(certificate, identity=SAME, head_count=30, now=NOW)] == codes


def test_one_good_certificate_is_enough_and_of_bad_ones_the_nearest_is_told() -> None:
    small = replace(GOOD, head_count=10)
    strange = replace(small, identity=Identity("", ""))
    assert best_faults([strange, GOOD], identity=SAME, head_count=30, now=NOW) == ()
    told = best_faults([strange, small], identity=SAME, head_count=30, now=NOW)
    assert [(item.code, item.params) for item in told] == [("rehearsal_too_small", {"have": 10, "need": 30})]
    assert [item.code for item in best_faults([], identity=SAME, head_count=30, now=NOW)] == ["rehearsal_missing"]


def codes(*certificates: Certificate) -> list[str]:
    return [item.code for item in best_faults(certificates, identity=SAME, head_count=30, now=NOW)]


def test_the_newest_of_one_program_counts_and_what_another_failed_at_says_nothing() -> None:
    newer = GOOD.finished_at + timedelta(hours=1)
    failed = replace(GOOD, finished_at=newer, passed=False)
    strange = replace(failed, identity=Identity("", ""))
    assert codes(GOOD, failed) == codes(failed, GOOD) == ["rehearsal_failed"]
    assert codes(failed, replace(GOOD, finished_at=newer + timedelta(hours=1))) == []
    assert codes(GOOD, replace(GOOD, finished_at=newer, head_count=5)) == ["rehearsal_too_small"]
    assert codes(GOOD, strange) == []
    assert codes(strange) == ["rehearsal_missing"]
    assert codes(failed, replace(GOOD, identity=Identity("", ""))) == ["rehearsal_failed"]


@pytest.mark.parametrize(
    ("override", "holds"),
    [
        (Override(SAME, NOW), True),
        (Override(SAME, NOW - timedelta(days=7) + timedelta(seconds=1)), True),
        (Override(SAME, NOW - timedelta(days=7)), False),
        (Override(replace(SAME, code_sha256="c" * 64), NOW), False),
        (Override(replace(SAME, settings_sha256="c" * 64), NOW), False),
    ],
)
def test_a_decision_to_start_without_one_holds_a_week_for_what_ran_then(override: Override, holds: bool) -> None:
    lapse = lapse_of(override, identity=SAME, now=NOW)
    assert (lapse is None) == holds
    assert lapse is None or lapse.code == "rehearsal_override_lapsed"
