"""What the format leaves open and the README of the verifier decides: one bundle for each decision that was broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.bundle.allowances import inserted
from tests.bundle.frauds import PLAIN, entries_of, find, swapped
from tests.bundle.made_bundle import Made, permuted, sha, zip_of

THREE = replace(PLAIN, kinds=("machine", "blind-pair", "panel"))


def _event(made: Made, event: str, subject: str) -> dict[str, Any]:
    """The entry of the kind whose subject begins so."""
    return next(x for x in made.log.entries if x["event"] == event and x["subject"].startswith(subject))


def weights_past_hundred() -> bytes:
    made = Made(PLAIN)
    made.ruleset["parts"][1]["weight"] = "70.00"
    made.compute_again()
    return made.finish()


def _drawn_anew(made: Made, name: str, items: list[str] | None = None) -> None:
    """Another draw under the name, well committed to and well computed; what was done with the first one stays."""
    committed = _event(made, "draw:committed", f"draw/{name}")["payload"]
    held = _event(made, "draw:held", f"draw/{name}")["payload"]
    document, outcome = held["document"], held["outcome"]
    while held["outcome"] == outcome:
        nonce = sha(bytes.fromhex(document["contributions"][0]["nonce"]))
        document["contributions"][0]["nonce"] = nonce.hex()
        committed["commitments"][0]["sha256"] = sha(nonce).hex()
        committed["items"] = document["items"] = items or document["items"]
        held["outcome"] = permuted(document)


def codes_not_as_drawn() -> bytes:
    made = Made(PLAIN)
    _drawn_anew(made, "script-codes")
    return made.finish()


def codes_drawn_after_the_sealing() -> bytes:
    made = Made(PLAIN)
    sealed = find(made.log, "codes:sealed")
    swapped(made, sealed, sealed - 1)
    _event(made, "codes:opened", "codes/")["payload"]["sealed_seq"] = sealed - 1
    return made.finish()


def nobody_drew_who_spoke() -> bytes:
    made = Made(PLAIN)
    items = _event(made, "draw:held", "draw/presentation-order")["payload"]["document"]["items"]
    assert len(items) > 2
    _drawn_anew(made, "presentation-order", items[1:])
    return made.finish()


def stranger_drawn_to_speak() -> bytes:
    made = Made(PLAIN)
    items = _event(made, "draw:held", "draw/presentation-order")["payload"]["document"]["items"]
    _drawn_anew(made, "presentation-order", [*items, "C0"])
    return made.finish()


def minutes_before_the_start() -> bytes:
    made = Made(PLAIN)
    started = find(made.log, "sitting:started")
    swapped(made, started, started + 1)
    return made.finish()


def minutes_after_the_sealing() -> bytes:
    made = Made(PLAIN)
    told = {"part": "written", "absent": []}
    entry = {"event": "attendance:recorded", "actor": "invigilator/G1", "subject": "sitting/S-written", "payload": told}
    inserted(made, "mark:locked", entry)
    return made.finish()


def _minutes_at(subject: str) -> bytes:
    made = Made(PLAIN)
    _event(made, "attendance:recorded", "sitting/")["subject"] = subject
    return made.finish()


def _incident(candidate: str, percent: str | None) -> dict[str, Any]:
    told = {"candidate": candidate, "part": "knowledge", "measure": "nhắc nhở", "percent": percent, "void": False}
    return {"event": "incident:decided", "actor": "council/HD1", "subject": "sitting/S-written", "payload": told}


def incident_after_the_own_sealing() -> bytes:
    made = Made(THREE)
    inserted(made, "paper:opened", _incident(made.candidates[0][1], None), after="codes:sealed")
    return made.finish()


def incident_of_nobody() -> bytes:
    made = Made(THREE)
    inserted(made, "codes:sealed", _incident("C0", "25.00"))
    return made.finish()


def incident_in_no_room() -> bytes:
    made = Made(THREE)
    entry = {**_incident(made.candidates[0][1], None), "subject": "sitting/nowhere"}
    inserted(made, "codes:sealed", entry)
    return made.finish()


def half_of_a_closed_kind() -> bytes:
    made = Made(replace(PLAIN, closed=("mark:locked",)))
    made.plan = PLAIN
    made.withheld = {find(made.log, "mark:locked")}
    return made.finish()


#: Name, the bundle, and the check that must find it.
BROKEN_RULES: dict[str, tuple[Callable[[], bytes], str]] = {
    "weights that sum to 110": (weights_past_hundred, "result"),
    "codes that were drawn and given otherwise": (codes_not_as_drawn, "codes"),
    "codes drawn after the sealing": (codes_drawn_after_the_sealing, "codes"),
    "a speaker whom nobody drew": (nobody_drew_who_spoke, "draws"),
    "a stranger drawn to speak": (stranger_drawn_to_speak, "draws"),
    "minutes before the start": (minutes_before_the_start, "absent"),
    "minutes after the sealing": (minutes_after_the_sealing, "codes"),
    "minutes of a room that never opened": (lambda: _minutes_at("sitting/nowhere"), "absent"),
    "minutes of a written part in a session": (lambda: _minutes_at("session/D1"), "absent"),
    "an incident after the own sealing": (incident_after_the_own_sealing, "codes"),
    "an incident of nobody": (incident_of_nobody, "deductions"),
    "an incident in no room": (incident_in_no_room, "absent"),
    "half of a closed kind": (half_of_a_closed_kind, "opened"),
}


def substitute_used() -> bytes:
    made = Made(PLAIN)
    told = _event(made, "draw:committed", "draw/script-codes")["payload"]["commitments"][0]
    told["substitute"] = told.pop("sha256")
    told["commitment"] = sha(b"what the deposit does not hold").hex()
    return made.finish()


def instructions_emptied() -> bytes:
    return zip_of({**entries_of(Made(PLAIN).finish()), "HUONG-DAN.txt": b""})


def paper_without_a_file() -> bytes:
    made = Made(PLAIN)
    _event(made, "paper:sealed", "paper/")["payload"]["age_sha256"] = None
    return made.finish()


def answers_without_a_script() -> bytes:
    """Somebody handed in, and no script was made of it; who that was, the records do not tell."""
    made = Made(PLAIN)
    like = _event(made, "answers:submitted", "sitting/")
    inserted(made, "sitting:closed", {**like, "payload": {**like["payload"], "candidate": "Z99"}})
    return made.finish()


#: Name, the bundle, the check that cannot say ✓, and what it says besides.
NEVER_SURE: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "a substitute": (substitute_used, "draws", "chair"),
    "instructions that are gone": (instructions_emptied, "report", "HUONG-DAN.txt"),
    "answers without a script": (answers_without_a_script, "codes", "có bài nộp không có số phách (sitting/"),
    "a paper without a sealed file": (paper_without_a_file, "papers", "đề không có tệp niêm phong"),
}
