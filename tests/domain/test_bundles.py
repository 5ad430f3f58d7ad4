"""A bundle is a plain zip in one order, and opens every record that the result rests on."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from examsite.domain.bundles import (
    Audience,
    BundleEntry,
    Opening,
    bundle_bytes,
    data_entries,
    instructions,
    opened_events,
)
from examsite.domain.errors import InvalidError
from examsite.domain.events import MUST_BE_OPENED, Event
from examsite.domain.payloads import MEMBERS


def held(name: str, seq: int) -> Opening:
    return Opening(seq, Event.DRAW_HELD.value, "00" * 32, {"document": {"draw": name, "v": 1}, "outcome": []})


def entries(**changed: Any) -> list[BundleEntry]:
    given: dict[str, Any] = {"result": b"{}", "records": [], "checkpoint": "note\n", "openings": [], "previous": None}
    return data_entries(**given | changed)


def test_entries_stand_in_the_order_of_the_format() -> None:
    found = entries(openings=[held("script-codes", 3), held("allocation", 5)], previous="ab" * 32)

    assert [entry.name for entry in found] == [
        *("result.json", "log.jsonl", "checkpoint.txt", "openings.jsonl"),
        *("draws/allocation.json", "draws/script-codes.json", "previous.txt"),
    ]
    assert found[-1].data == b"ab" * 32
    assert json.loads(found[4].data) == {"draw": "allocation", "v": 1}
    assert found[3].data.splitlines()[0] == (
        b'{"payload":{"document":{"draw":"script-codes","v":1},"outcome":[]},"salt":"' + b"00" * 32 + b'","seq":3}'
    )
    assert entries()[-1].data == b""


def test_zip_is_stored_dated_and_the_same_each_time() -> None:
    data = bundle_bytes([BundleEntry("b.txt", b"x" * 999), BundleEntry("a.txt", b"")])

    assert data == bundle_bytes([BundleEntry("b.txt", b"x" * 999), BundleEntry("a.txt", b"")])
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        found = [(one.filename, one.compress_type, one.date_time, one.create_system) for one in bundle.infolist()]
        assert bundle.testzip() is None
    assert found == [(name, zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0), 3) for name in ("b.txt", "a.txt")]


def test_one_name_is_drawn_once() -> None:
    with pytest.raises(InvalidError, match="draw_twice"):
        entries(openings=[held("script-codes", 3), held("script-codes", 5)])


def test_everyone_gets_what_the_result_rests_on_and_the_board_who_stood_behind_it() -> None:
    must = {event.value for event in MUST_BE_OPENED}

    assert opened_events(Audience.PUBLIC) == opened_events(Audience.FULL) == must
    assert opened_events(Audience.SUPERVISION) == must | {"roles:fixed"}
    assert must <= {event.value for event in MEMBERS}


def test_instructions_are_three_lines_and_name_the_signed_hash() -> None:
    text = instructions(result_sha256="5a" * 32, origin="thituyen.example/VH-2026-01")

    assert text.count("\n") == 3
    assert text.endswith(f"{'5a' * 32}\n")
    assert "thituyen.example/VH-2026-01" in text
