"""Twelve frauds of an insider who owns the database and the log's key, each made as well as such a person could.

What is signed is signed again after the change; only witnesses and what others saw stay out of reach.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.bundle.made_bundle import Log, Made, Plan, canonical, checkpoint_of, text_of, zip_of

PLAIN = Plan(seed=7, kinds=("blind-pair", "panel"), posts=1, candidates=5, plain=True, ties=0)


def find(log: Log, event: str, **members: Any) -> int:
    """The first record of the kind whose payload has these members."""
    return next(
        seq
        for seq, entry in enumerate(log.entries)
        if entry["event"] == event and all(entry["payload"].get(name) == value for name, value in members.items())
    )


def swapped(made: Made, one: int, other: int) -> None:
    """Exchanges what two records say; their numbers and times stay."""
    made.log.entries[one], made.log.entries[other] = made.log.entries[other], made.log.entries[one]


def raised_mark(plan: Plan = PLAIN) -> tuple[bytes, list[str]]:
    made = Made(plan)
    part = next(x["parts"][0] for x in made.result["candidates"] if x["parts"][0]["settlement"]["step"] == "mean")
    mark = part["marks"][-1]
    mark["points"] = {**mark["points"]}  # the record keeps what was locked
    name = next(name for name, points in mark["points"].items() if Decimal(points) <= 20)
    mark["points"][name] = text_of(Decimal(mark["points"][name]) + 4)
    kept, mark["total"] = mark["total"], text_of(Decimal(mark["total"]) + 4)
    return made.finish(), [mark["marker"], mark["total"], kept, str(mark["seq"])]


def swapped_script(plan: Plan = PLAIN) -> tuple[bytes, list[str]]:
    made = Made(plan)
    one, other = [x for x in made.result["candidates"] if len(x["parts"]) == 2][:2]
    one["parts"][0], other["parts"][0] = other["parts"][0], one["parts"][0]
    made.compute_again()
    script, owner = min((person["parts"][0]["script"], rival["code"]) for person, rival in ((one, other), (other, one)))
    return made.finish(), [script, owner]


def _with_lines(made: Made, lines: list[str]) -> bytes:
    files = made.files()
    files["log.jsonl"] = "".join(f"{line}\n" for line in lines).encode()
    files["checkpoint.txt"] = checkpoint_of(lines).encode()
    return zip_of(files)


def dropped_record() -> tuple[bytes, list[str]]:
    made = Made(PLAIN)
    made.finish()
    lines = made.log.lines()
    seq = find(made.log, "mark:locked", round=1)
    return _with_lines(made, lines[:seq] + lines[seq + 1 :]), [f"log.jsonl:{seq + 1}", str(seq + 1)]


def reordered_records() -> tuple[bytes, list[str]]:
    made = Made(PLAIN)
    made.finish()
    lines = made.log.lines()
    lines[20], lines[21] = lines[21], lines[20]
    return _with_lines(made, lines), ["log.jsonl:21"]


def forged_checkpoint() -> tuple[bytes, list[str]]:
    made = Made(PLAIN)
    made.finish()
    files = made.files()
    forger = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    files["checkpoint.txt"] = checkpoint_of(made.log.lines(), forger).encode()
    return zip_of(files), ["thituyen.example/HP-2026-01"]


def one_approver_twice() -> tuple[bytes, list[str]]:
    return Made(PLAIN).finish(("council/HD1", "council/HD2", "council/HD2", "authority/TQ")), ["HD2"]


def marks_locked_after_codes_were_opened(plan: Plan = PLAIN) -> tuple[bytes, list[str]]:
    opened, mark = 0, -1
    for seed in range(500):
        made = Made(replace(plan, seed=seed))
        opened = find(made.log, "codes:opened")
        mark = opened - 1
        if made.log.entries[mark]["event"] == "mark:locked":
            break
    entry = made.log.entries[mark]
    swapped(made, mark, opened)
    for part in made.parts.values():
        for x in part["marks"]:
            x["seq"] = opened if x["seq"] == mark else x["seq"]
    return made.finish(), [str(opened), entry["subject"], entry["actor"].split("/")[1], str(mark)]


def draw_with_another_outcome(plan: Plan = PLAIN) -> tuple[bytes, list[str]]:
    made = Made(plan)
    outcome = made.log.entries[find(made.log, "draw:held")]["payload"]["outcome"]
    outcome[0], outcome[1] = outcome[1], outcome[0]
    return made.finish(), ["draw/script-codes-written", outcome[0], outcome[1]]


def deduction_left_out(plan: Plan = PLAIN) -> tuple[bytes, list[str]]:
    for seed in range(500):
        made = Made(Plan(seed=seed, kinds=("blind-pair",), posts=2, candidates=5, ties=0, closed=plan.closed))
        if any(x["event"] == "deduction:applied" for x in made.log.entries) and not any(
            x["tie"] for x in made.result["posts"]
        ):
            break
    seq = find(made.log, "deduction:applied")
    payload = made.log.entries[seq]["payload"]
    code = made.log.entries[seq]["subject"].split("/")[1]
    made.log.entries[seq] = {
        "event": "notice:published",
        "actor": "organiser/TK1",
        "subject": "competition/HP-2026-01",
        "payload": {},
    }
    made.parts[code, payload["part"]]["deduction"] = None
    made.compute_again()
    return made.finish(), [code, payload["part"], payload["percent"], str(payload["incident_seq"])]


def _tied() -> Made:
    for seed in range(500):
        made = Made(Plan(seed=seed, kinds=("blind-pair",), posts=1, candidates=4, plain=True, ties=100))
        if made.result["posts"][0]["tie"]:
            return made
    raise AssertionError("no tie in 500 competitions")


def tie_decided_by_nobody() -> tuple[bytes, list[str]]:
    made = _tied()
    seq = made.result["posts"][0]["tie"]["seq"]
    made.log.entries[seq] = {
        "event": "notice:published",
        "actor": "organiser/TK1",
        "subject": "competition/HP-2026-01",
        "payload": {},
    }
    made.result["posts"][0]["tie"] = None
    return made.finish(), ["post/P1"]


def swapped_ranks() -> tuple[bytes, list[str]]:
    made = Made(PLAIN)
    one, other = sorted((x for x in made.result["candidates"] if x["rank"]), key=lambda x: x["rank"])[:2]
    for name in ("rank", "outcome"):
        one[name], other[name] = other[name], one[name]
    return made.finish(), [min(one["code"], other["code"])]


def unwelcome_record_left_closed() -> tuple[bytes, list[str]]:
    made = Made(PLAIN)
    told = {"candidate": "C0", "part": "written", "measure": "lập biên bản", "percent": "50.00", "void": False}
    seq = made.log.record("incident:decided", "council/HD1", "sitting/S-written", told)
    made.withheld = {seq}
    return made.finish(), [str(seq), "incident:decided", "sitting/S-written", "HD1"]


FRAUDS: dict[str, tuple[Callable[[], tuple[bytes, list[str]]], str]] = {
    "a raised mark": (raised_mark, "marks"),
    "a swapped script": (swapped_script, "codes"),
    "a dropped record": (dropped_record, "records"),
    "reordered records": (reordered_records, "records"),
    "a forged checkpoint": (forged_checkpoint, "signature"),
    "one approver twice": (one_approver_twice, "approvals"),
    "a mark locked after the codes were opened": (marks_locked_after_codes_were_opened, "order"),
    "a draw with another outcome": (draw_with_another_outcome, "draws"),
    "a deduction left out": (deduction_left_out, "deductions"),
    "a tie that nobody decided": (tie_decided_by_nobody, "ties"),
    "two ranks swapped": (swapped_ranks, "ranks"),
    "an unwelcome record left closed": (unwelcome_record_left_closed, "opened"),
}


_ROOM = ("sitting:started", "sitting:closed")
_CODES = ("codes:sealed", "codes:opened")
#: Frauds over a bundle with one kind closed to the public that proves nothing of them: each is found all the same.
OVER_CLOSED: tuple[tuple[Callable[[Plan], tuple[bytes, list[str]]], str, tuple[str, ...]], ...] = (
    (raised_mark, "marks", (*_ROOM, *_CODES, "incident:decided", "mark:withdrawn", "settlement:decided")),
    (swapped_script, "codes", (*_ROOM, "codes:opened", "incident:decided", "mark:locked")),
    (marks_locked_after_codes_were_opened, "order", (*_ROOM, *_CODES, "incident:decided", "settlement:decided")),
    (draw_with_another_outcome, "draws", ("draw:committed", *_CODES)),
    (deduction_left_out, "deductions", (*_ROOM, *_CODES, "deduction:applied")),
)


def over_closed() -> Iterator[tuple[str, str, bytes]]:
    """Name, the check that must find it, and the bundle."""
    for commit, check, events in OVER_CLOSED:
        for event in events:
            yield f"{commit.__name__} over closed {event}", check, commit(replace(PLAIN, closed=(event,)))[0]


def entries_of(data: bytes) -> dict[str, bytes]:
    """The files of a bundle, to be changed and packed again."""
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def spelled(value: Any) -> bytes:
    return canonical(value).encode()


def parsed(data: bytes) -> Any:
    return json.loads(data)
