"""Whoever holds a log sees every change to it, and learns nothing from what was kept back."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examsite.domain.canonical import canonical_bytes, parse_canonical
from examsite.domain.errors import DomainError, InvalidError
from examsite.domain.merkle import TreeState, root_hash
from examsite.domain.records import (
    LogProblem,
    Record,
    check_log,
    commitment,
    leaf_hash,
    make_record,
    parse_record,
    record_bytes,
)
from tests.domain import strategies

# Source: the test vector of the published record format.
START = datetime(2026, 12, 1, 1, tzinfo=UTC)
SALTS = [bytes([0]) * 32, bytes([7]) * 32, bytes([9]) * 32]
PAYLOADS: list[dict[str, object]] = [
    {"ruleset": "tt22-2025"},
    {"answers": [{"question": "Q1", "text": "Quản lý là…"}]},
    {"total": "86.75"},
]
VECTORS = [
    make_record(
        0,
        START,
        event="log:opened",
        actor="system",
        subject="competition/HP-2026-01",
        salt=SALTS[0],
        payload=PAYLOADS[0],
    ),
    make_record(
        1,
        START + timedelta(milliseconds=250),
        event="answers:submitted",
        actor="candidate",
        subject="sitting/S1",
        salt=SALTS[1],
        payload=PAYLOADS[1],
    ),
    make_record(
        2,
        START + timedelta(hours=3),
        event="mark:locked",
        actor="marker/M03",
        subject="script/0421",
        salt=SALTS[2],
        payload=PAYLOADS[2],
    ),
]
LINES = [
    '{"actor":"system","at":"2026-12-01T01:00:00.000Z",'
    '"commit":"ee18c101ee8c338a877889d1bbe7bce4580eacd52356a77fc26b24ac3b741640",'
    '"event":"log:opened","seq":0,"subject":"competition/HP-2026-01","v":1}',
    '{"actor":"candidate","at":"2026-12-01T01:00:00.250Z",'
    '"commit":"60be0cacbeeb1fe47c72210ad56d846439ea351656233179b8e5020383206508",'
    '"event":"answers:submitted","seq":1,"subject":"sitting/S1","v":1}',
    '{"actor":"marker/M03","at":"2026-12-01T04:00:00.000Z",'
    '"commit":"41232923d732915f197a9ef3b7f5f014766a217ab5a0b11c1ebec479c5ea19d5",'
    '"event":"mark:locked","seq":2,"subject":"script/0421","v":1}',
]
LEAVES = [
    "30e6469e72e5916e48a0c2824475df460a8db53780dd5e1a6bb54cc82677eaf9",
    "b10f404f7e8ebd43f13a473305aa3e8a2f0751eeedda14402b2d023dcb69bd4e",
    "a99e3c8918094df99f97f14ae1359dc79bc99dcc9b655e52ac59c39d0cbb797e",
]
ROOT = "d83581a355252d7e805bc8ac959dbe782aab254538851dce7348e2211b9906dc"

OPENED = dict(enumerate(PAYLOADS))
OPENED_SALTS = dict(enumerate(SALTS))


@pytest.mark.parametrize("seq", range(3))
def test_record_has_the_published_bytes_and_leaf(seq: int) -> None:
    assert record_bytes(VECTORS[seq]).decode() == LINES[seq]
    assert leaf_hash(VECTORS[seq]).hex() == LEAVES[seq]
    assert parse_record(parse_canonical(LINES[seq].encode())) == VECTORS[seq]


def test_root_of_the_published_log() -> None:
    state = TreeState()
    for record in VECTORS:
        state = state.append(leaf_hash(record))
    assert state.root().hex() == ROOT == root_hash([leaf_hash(record) for record in VECTORS]).hex()


def test_sound_log_has_no_problems() -> None:
    assert check_log(VECTORS, OPENED, OPENED_SALTS) == []
    assert check_log([record.as_object() for record in VECTORS], OPENED, OPENED_SALTS) == []


def test_log_without_its_private_half_has_no_problems() -> None:
    assert check_log(VECTORS, {}, {}) == []
    assert check_log([], {}, {}) == []


@settings(max_examples=300)
@given(st.integers(0, 2), st.data())
def test_any_one_changed_byte_is_detected(seq: int, data: st.DataObject) -> None:
    line = bytearray(LINES[seq].encode())
    place = data.draw(st.integers(0, len(line) - 1))
    line[place] ^= data.draw(st.integers(1, 255))
    try:
        found = parse_record(parse_canonical(bytes(line)))
    except InvalidError:
        return
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES]
    leaves[seq] = leaf_hash(found)
    assert root_hash(leaves).hex() != ROOT


@given(strategies.salts, strategies.json_values, strategies.salts, strategies.json_values)
def test_commitment_fits_one_salt_and_payload(
    salt: bytes, payload: object, other_salt: bytes, other_payload: object
) -> None:
    same = salt == other_salt and canonical_bytes(payload) == canonical_bytes(other_payload)
    assert (commitment(salt, payload) == commitment(other_salt, other_payload)) == same


def test_commitment_refuses_a_short_salt() -> None:
    with pytest.raises(InvalidError, match="salt_not_valid"):
        commitment(b"\x00" * 31, {})


@pytest.mark.parametrize(
    ("member", "value", "named"),
    [
        ("v", 2, "v"),
        ("v", True, "v"),
        ("v", "1", "v"),
        ("seq", -1, "seq"),
        ("seq", 2**53, "seq"),
        ("seq", 1.0, "seq"),
        ("at", "2026-12-01T01:00:00Z", "at"),
        ("at", None, "at"),
        ("commit", "0" * 63, "commit"),
        ("commit", "A" * 64, "commit"),
        ("event", 7, "event"),
        ("actor", None, "actor"),
        ("subject", ["x"], "subject"),
        ("extra", 1, "*"),
    ],
)
def test_record_of_the_wrong_shape_is_refused(member: str, value: object, named: str) -> None:
    given_object = {**VECTORS[0].as_object(), member: value}
    with pytest.raises(InvalidError) as caught:
        parse_record(given_object)
    assert (caught.value.code, caught.value.params) == ("record_not_valid", {"member": named})
    assert check_log([given_object], {}, {}) == [LogProblem(0, "record_not_valid", {"member": named})]


@pytest.mark.parametrize("value", [None, [], "x", {}])
def test_what_is_no_record_is_refused(value: object) -> None:
    with pytest.raises(InvalidError, match="record_not_valid"):
        parse_record(value)


def test_make_record_refuses_what_no_reader_would_accept() -> None:
    for seq, event, actor, code in (
        (-1, "log:opened", "system", "record_not_valid"),
        (0, "log:shut", "system", "event_unknown"),
        (0, "log:opened", "organiser/T1", "event_not_for_actor"),
    ):
        with pytest.raises(DomainError) as caught:
            make_record(seq, START, event=event, actor=actor, subject="competition/X", salt=SALTS[0], payload=None)
        assert caught.value.code == code


def codes(problems: list[LogProblem]) -> list[tuple[int, str]]:
    return [(problem.seq, problem.code) for problem in problems]


def replaced(seq: int, **changes: object) -> list[Record]:
    """The published log with members of one record changed."""
    log = list(VECTORS)
    log[seq] = dataclasses.replace(log[seq], **changes)  # type: ignore[arg-type]
    return log


def test_check_log_names_a_missing_and_a_moved_record() -> None:
    assert codes(check_log([VECTORS[0], VECTORS[2]], {}, {})) == [(1, "seq_gap")]
    assert codes(check_log([VECTORS[0], VECTORS[0]], {}, {})) == [(1, "seq_gap")]
    assert codes(check_log([VECTORS[1], VECTORS[0]], {}, {})) == [(0, "seq_gap"), (1, "seq_gap"), (1, "at_decreases")]


def test_check_log_names_time_running_backwards_against_the_latest_instant() -> None:
    log = replaced(1, at="2026-12-02T00:00:00.000Z")
    assert codes(check_log(log, {}, {})) == [(2, "at_decreases")]


def test_check_log_accepts_two_records_at_one_instant() -> None:
    assert check_log(replaced(1, at=VECTORS[0].at), {}, {}) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"event": "mark:guessed"}, "event_unknown"),
        ({"actor": "marker"}, "actor_not_valid"),
        ({"actor": "keeper/K1"}, "event_not_for_actor"),
        ({"subject": "script/"}, "subject_not_valid"),
        ({"subject": "post/TP"}, "event_not_about_subject"),
    ],
)
def test_check_log_names_a_fact_that_may_not_stand(changes: dict[str, object], code: str) -> None:
    assert codes(check_log(replaced(2, **changes), {}, {})) == [(2, code)]


def test_check_log_goes_on_behind_a_broken_record() -> None:
    log = [VECTORS[0].as_object(), {}, dataclasses.replace(VECTORS[2], event="x:y").as_object()]
    assert codes(check_log(log, {}, {})) == [(1, "record_not_valid"), (2, "event_unknown")]


@pytest.mark.parametrize(
    ("payloads", "salts", "expected"),
    [
        ({2: {"total": "86.76"}}, {2: SALTS[2]}, [(2, "payload_not_committed")]),
        ({2: PAYLOADS[2]}, {2: SALTS[1]}, [(2, "payload_not_committed")]),
        ({2: PAYLOADS[2]}, {2: b""}, [(2, "payload_not_committed")]),
        ({2: {"total": 86.75}}, {2: SALTS[2]}, [(2, "payload_not_committed")]),
        ({2: PAYLOADS[2]}, {}, [(2, "opening_incomplete")]),
        ({}, {2: SALTS[2]}, [(2, "opening_incomplete")]),
        ({3: {}}, {3: SALTS[0], -1: SALTS[0]}, [(-1, "opening_without_record"), (3, "opening_without_record")]),
    ],
)
def test_check_log_names_an_opening_that_does_not_fit(
    payloads: dict[int, object], salts: dict[int, bytes], expected: list[tuple[int, str]]
) -> None:
    assert codes(check_log(VECTORS, payloads, salts)) == expected
