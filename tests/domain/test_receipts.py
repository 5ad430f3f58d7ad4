"""A receipt is read aloud, typed by a stranger, and still names one record."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examsite.domain.checkpoints import Checkpoint, sign_checkpoint
from examsite.domain.errors import InvalidError
from examsite.domain.merkle import inclusion_proof, root_hash
from examsite.domain.receipts import (
    ALPHABET,
    OpenedRecord,
    check_opening,
    check_receipt,
    leaves_of_code,
    parse_opening,
    parse_receipt,
    parse_short_code,
    receipt_text,
    short_code,
)
from examsite.domain.records import leaf_hash, make_record
from tests.domain import strategies
from tests.domain.test_checkpoints import NAME, PRIVATE_KEY, PUBLIC_KEY


def test_short_code_of_known_hashes() -> None:
    assert short_code(bytes(32)) == "00000-00000"
    assert short_code(b"\xff" * 32) == "ZZZZZ-ZZZZZ"
    # 0x30e6469e72e59: 00110 00011 10011 00100 01101 00111 10011 10010 11100 10110
    leaf = bytes.fromhex("30e6469e72e5916e48a0c2824475df460a8db53780dd5e1a6bb54cc82677eaf9")
    assert short_code(leaf) == "63K4D-7KJWP"


@given(strategies.hashes, strategies.hashes)
def test_short_code_tells_the_first_fifty_bits_and_no_more(first: bytes, second: bytes) -> None:
    same_start = int.from_bytes(first) >> 206 == int.from_bytes(second) >> 206
    assert (short_code(first) == short_code(second)) == same_start
    assert short_code(first) == short_code(first[:6] + bytes([first[6] & 0xC0]) + bytes(25))


@given(
    strategies.hashes,
    st.sampled_from(["-", "", " ", " - ", "–", "\u2011"]),
    st.sampled_from(["o", "O"]),
    st.sampled_from("iIlL"),
)
def test_short_code_is_found_again_however_it_is_typed(leaf: bytes, gap: str, zero: str, one: str) -> None:
    code = short_code(leaf)
    typed = code.lower().replace("-", gap).replace("0", zero).replace("1", one)
    assert parse_short_code(f" {typed}\n") == code


@pytest.mark.parametrize(
    "text", ["", "7KQ2M", "7KQ2M-D4X9", "7KQ2M-D4X9AB", "7KQ2M-D4X9U", "7KQ2M-D4X9é", "7KQ2M-D4Xß", "٣KQ2M-D4X9A"]
)
def test_short_code_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="short_code_not_valid"):
        parse_short_code(text)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_short_code_needs_a_whole_hash(length: int) -> None:
    with pytest.raises(InvalidError, match="leaf_hash_not_valid"):
        short_code(bytes(length))


def test_alphabet_has_no_sign_that_is_misread() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)


@given(strategies.hashes)
def test_a_code_stands_for_the_hashes_that_begin_like_it(leaf: bytes) -> None:
    low, high = leaves_of_code(short_code(leaf))
    assert low <= leaf.hex() <= high
    assert short_code(bytes.fromhex(low)) == short_code(bytes.fromhex(high)) == short_code(leaf)


def test_a_receipt_is_read_back_and_only_the_true_content_opens_it() -> None:
    salt, payload = bytes(range(32)), {"candidate": "K01X1", "answers": [{"item": "E1", "content": "Bài làm"}]}
    made = [
        make_record(
            seq,
            datetime(2026, 12, 1, 1, tzinfo=UTC),
            event="answers:submitted",
            actor="candidate",
            subject="sitting/S1",
            salt=salt,
            payload=payload,
        )
        for seq in range(5)
    ]
    leaves = [leaf_hash(one) for one in made]
    signed = sign_checkpoint(Checkpoint(NAME, 5, root_hash(leaves)), NAME, public_key=PUBLIC_KEY, sign=PRIVATE_KEY.sign)
    text = receipt_text(made[3], inclusion_proof(leaves, 3), signed)
    receipt = parse_receipt(text.replace("\n", "\r\n") + "\n")
    assert receipt_text(receipt.record, receipt.path, receipt.note) == text
    assert check_receipt(receipt).size == 5
    for wrong in (text.replace("index 3", "index 2"), text.replace('"seq":3', '"seq":2'), text[:200], "", "x" * 9000):
        with pytest.raises(InvalidError, match="receipt_not"):
            check_receipt(parse_receipt(wrong))
    other = parse_receipt(receipt_text(made[3], inclusion_proof(leaves, 2), signed))
    with pytest.raises(InvalidError, match="receipt_not_included"):
        check_receipt(other)
    opening = OpenedRecord(3, salt.hex(), payload)
    whole = {"v": 1, "records": [{"record": made[3].as_object(), "salt": salt.hex(), "payload": payload}]}
    for told in (opening.as_text(), json.dumps(whole)):
        check_opening(receipt.record, parse_opening(told, seq=3))
        with pytest.raises(InvalidError, match="opening_differs"):
            check_opening(receipt.record, parse_opening(told.replace("E1", "E2"), seq=3))
    with pytest.raises(InvalidError, match="opening_of_other_record"):
        check_opening(receipt.record, OpenedRecord(seq=2, salt=opening.salt, payload=opening.payload))
    twice = opening.as_text().replace('{"payload":', '{"payload":{"E1":"khác"},"payload":')
    assert json.loads(twice) == json.loads(opening.as_text())
    for broken in (
        twice,
        "",
        "[]",
        "{}",
        json.dumps({"records": []}),
        json.dumps({"seq": "3", "salt": "zz", "payload": 1}),
    ):
        with pytest.raises(InvalidError, match="opening_not_valid"):
            parse_opening(broken, seq=3)
