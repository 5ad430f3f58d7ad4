"""Forgeries of an insider who owns database, log key and every later signature: all is signed and approved again.

They were thought of by somebody who had read the format and the verifier's README only, not the verifier. Each breaks
one sentence of those two texts; what it breaks is its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.bundle.frauds import PLAIN
from tests.bundle.made_bundle import CODE, Log, Made, Plan, permuted, sha, text_of

TURNS = replace(PLAIN, plain=False, candidates=10)  # withdrawals, rulings on items, incidents, appeals
MANY = replace(PLAIN, candidates=10)
DRAWN = replace(PLAIN, draws_papers=True)
TIED = Plan(seed=0, kinds=("blind-pair",), posts=1, candidates=4, plain=True, ties=100)
PANELS = Plan(seed=7, kinds=("panel",), posts=2, candidates=3, plain=True, ties=0)

Forgery = Callable[[Made], None]
_FOUND: dict[str, tuple[Plan, Forgery]] = {}


def forgery(plan: Plan = PLAIN) -> Callable[[Forgery], Forgery]:
    """Registers a forgery over competitions of a plan."""

    def register(act: Forgery) -> Forgery:
        _FOUND[act.__name__] = (plan, act)
        return act

    return register


def forgeries() -> Iterator[tuple[str, bytes]]:
    """Each with its name, over the first seed of its plan in which there is something to forge."""
    for name, (plan, act) in _FOUND.items():
        yield name, _made(plan, act)


def _made(plan: Plan, act: Forgery) -> bytes:
    for seed in range(plan.seed, plan.seed + 300):
        made = Made(replace(plan, seed=seed))
        try:
            act(made)
        except (IndexError, KeyError, StopIteration):
            continue
        return made.finish()
    raise AssertionError(f"no competition for {act.__name__}")


# --- the log ----------------------------------------------------------------------------------------------------------


def _entry(event: str, actor: str, subject: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"event": event, "actor": actor, "subject": subject, "payload": payload}


def _renumbered(value: Any, places: Callable[[int], int], key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _renumbered(inner, places, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_renumbered(inner, places) for inner in value]
    is_seq = key.endswith("seq") and isinstance(value, int)
    return places(value) if is_seq else value


def _ordered(made: Made, order: list[int]) -> None:
    """Puts the records into another order; whatever names one follows."""
    places = {old: new for new, old in enumerate(order)}
    made.log = Log([_renumbered(made.log.entries[old], lambda seq: places.get(seq, seq)) for old in order])
    made.result = _renumbered(made.result, lambda seq: places.get(seq, seq))


def _insert(made: Made, place: int, entry: dict[str, Any]) -> int:
    made.log.entries.append({"event": "", "actor": "", "subject": "", "payload": {}})
    order = list(range(len(made.log.entries)))
    order.insert(place, order.pop())
    _ordered(made, order)
    made.log.entries[place] = entry
    return place


def _move(made: Made, seq: int, place: int) -> None:
    order = list(range(len(made.log.entries)))
    order.insert(place, order.pop(seq))
    _ordered(made, order)


def _all(made: Made, event: str, subject: str = "") -> list[int]:
    return [
        seq
        for seq, entry in enumerate(made.log.entries)
        if entry["event"] == event and entry["subject"].startswith(subject)
    ]


def _says(made: Made, seq: int) -> dict[str, Any]:
    payload: dict[str, Any] = made.log.entries[seq]["payload"]
    return payload


def _blank(made: Made, seq: int) -> None:
    made.log.entries[seq] = _entry("notice:published", "organiser/TK1", f"competition/{CODE}", {})


def _again(made: Made, seq: int, place: int | None = None) -> int:
    """The same record once more."""
    return _insert(made, seq + 1 if place is None else place, deepcopy(made.log.entries[seq]))


# --- the result -------------------------------------------------------------------------------------------------------


def _parts(made: Made, *steps: str, part: str = "written") -> list[dict[str, Any]]:
    return [
        found
        for person in made.result["candidates"]
        for found in person["parts"]
        if found["part"] == part and found["settlement"] and (not steps or found["settlement"]["step"] in steps)
    ]


def _appealed(made: Made, step: str) -> dict[str, Any]:
    return next(part for part in _parts(made) if part["appeal"] and part["appeal"]["step"] == step)


def _humans(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [mark for mark in part["marks"] if mark["round"] != 0]


def _failed(made: Made) -> dict[str, Any]:
    return next(x for x in made.result["candidates"] if x["outcome"] == "failed" and len(x["parts"]) == 1)


def _changed(made: Made, mark: dict[str, Any], **members: Any) -> None:
    """A mark changed in its record and in the result alike."""
    mark.update(members)
    _says(made, mark["seq"]).update(members)


# --- marks ------------------------------------------------------------------------------------------------------------


@forgery()
def points_beside_the_step(made: Made) -> None:
    mark = _humans(_parts(made, "mean")[0])[0]
    name = next(iter(mark["points"]))
    points = {**mark["points"], name: text_of(Decimal(mark["points"][name]) - Decimal("0.30"))}
    _changed(made, mark, points=points, total=text_of(Decimal(mark["total"]) - Decimal("0.30")))


@forgery()
def criterion_that_the_rubric_does_not_have(made: Made) -> None:
    for mark in _humans(_parts(made, "mean")[0]):
        total = text_of(Decimal(mark["total"]) + 5)
        _changed(made, mark, points={**mark["points"], "Thưởng": "5.00"}, total=total)


@forgery()
def total_that_is_not_the_sum(made: Made) -> None:
    for mark in _humans(_parts(made, "mean")[0]):
        _changed(made, mark, total=text_of(Decimal(mark["total"]) + 3))


@forgery()
def mark_of_another_text(made: Made) -> None:
    _says(made, _humans(_parts(made)[0])[0]["seq"])["content"] = "00" * 32


@forgery()
def both_marks_by_one_marker(made: Made) -> None:
    one, other = _humans(_parts(made, "mean")[0])
    made.log.entries[other["seq"]]["actor"], other["marker"] = f"marker/{one['marker']}", one["marker"]


@forgery(MANY)
def third_mark_by_one_of_the_two(made: Made) -> None:
    one, _other, third = _humans(_parts(made, "third-equal")[0])
    made.log.entries[third["seq"]]["actor"], third["marker"] = f"marker/{one['marker']}", one["marker"]


@forgery()
def locked_twice(made: Made) -> None:
    _again(made, _humans(_parts(made, "mean")[0])[0]["seq"], _all(made, "codes:opened")[0])


@forgery()
def mark_on_nobodys_script(made: Made) -> None:
    entry = deepcopy(made.log.entries[_humans(_parts(made)[0])[0]["seq"]])
    _insert(made, _all(made, "codes:opened")[0], {**entry, "subject": "script/99999"})


@forgery()
def mark_before_the_codes_were_sealed(made: Made) -> None:
    _move(made, _humans(_parts(made, "mean")[0])[0]["seq"], _all(made, "codes:sealed")[0])


@forgery(MANY)
def low_member_of_the_panel_left_out(made: Made) -> None:
    part = next(
        x
        for x in _parts(made, "mean", part="defence")
        if len(x["marks"]) > 2 and len({mark["total"] for mark in x["marks"]}) > 1 and x["marks"][-1]["round"] == 1
    )
    part["marks"].remove(min(part["marks"], key=lambda mark: Decimal(mark["total"])))
    part["settlement"]["score"] = text_of(sum(Decimal(x["total"]) for x in part["marks"]) / len(part["marks"]))
    made.compute_again()


@forgery(TURNS)
def withdrawal_dropped(made: Made) -> None:
    _blank(made, _all(made, "mark:withdrawn")[0])


@forgery(TURNS)
def withdrawal_by_one_person(made: Made) -> None:
    _says(made, _all(made, "mark:withdrawn")[0])["second"] = "TB"


@forgery()
def withdrawn_and_still_counted(made: Made) -> None:
    part = _parts(made, "mean")[0]
    told = {"seq": _humans(part)[0]["seq"], "reason": "chấm nhầm", "second": "HD1"}
    _insert(made, _all(made, "codes:opened")[0], _entry("mark:withdrawn", "head/TB", f"script/{part['script']}", told))


@forgery(TURNS)
def ruling_that_no_mark_follows(made: Made) -> None:
    _move(made, _all(made, "item:decided")[0], _all(made, "codes:opened")[0] - 1)


# --- settlements and appeals ------------------------------------------------------------------------------------------


@forgery()
def decision_beside_a_mean(made: Made) -> None:
    told = {"part": "written", "step": "discussed", "score": "90.00", "reason": "x"}
    script = _parts(made, "mean")[0]["script"]
    _insert(made, _all(made, "codes:opened")[0], _entry("settlement:decided", "head/TB", f"script/{script}", told))


@forgery(MANY)
def settled_a_second_time(made: Made) -> None:
    part = _parts(made, "discussed", "collective")[0]
    script = part["script"]
    place = _again(made, part["settlement"]["seq"], _all(made, "codes:opened")[0])
    score = text_of(Decimal(part["settlement"]["score"]) + 1)
    _says(made, place)["score"] = score
    next(x for x in _parts(made) if x["script"] == script)["settlement"].update(seq=place, score=score)
    made.compute_again()


@forgery(MANY)
def settled_before_the_marks(made: Made) -> None:
    part = _parts(made, "discussed")[0]
    _move(made, part["settlement"]["seq"], _humans(part)[-1]["seq"])


@forgery(MANY)
def settled_after_the_codes_were_opened(made: Made) -> None:
    _move(made, _parts(made, "discussed", "collective")[0]["settlement"]["seq"], _all(made, "codes:opened")[0])


@forgery(replace(MANY, third="median"))
def third_rule_not_kept(made: Made) -> None:
    part = _parts(made, "collective")[0]
    score = text_of(Decimal(part["settlement"]["score"]) + 1)
    part["settlement"]["score"] = _says(made, part["settlement"]["seq"])["score"] = score
    made.compute_again()


@forgery(TURNS)
def appeal_marked_by_a_first_marker(made: Made) -> None:
    part = _appealed(made, "adopted")
    mark, marker = part["appeal"]["marks"][0], _humans(part)[0]["marker"]
    made.log.entries[mark["seq"]]["actor"], mark["marker"] = f"marker/{marker}", marker


@forgery(TURNS)
def appeal_left_out(made: Made) -> None:
    _appealed(made, "adopted")["appeal"] = None
    made.compute_again()


@forgery(TURNS)
def chair_decides_before_the_remarks(made: Made) -> None:
    appeal = _appealed(made, "chair")["appeal"]
    _move(made, appeal["seq"], appeal["marks"][0]["seq"])


@forgery()
def codes_opened_after_the_marks_were_shown(made: Made) -> None:
    _move(made, _all(made, "written:published")[0], _all(made, "codes:opened")[0])


# --- people, incidents, rules -----------------------------------------------------------------------------------------


@forgery(TURNS)
def larger_incident_not_applied(made: Made) -> None:
    seq = _says(made, _all(made, "deduction:applied")[0])["incident_seq"]
    _says(made, _again(made, seq))["percent"] = "75.00"


@forgery(TURNS)
def deduction_of_another_candidate(made: Made) -> None:
    seq = _all(made, "deduction:applied")[0]
    other = next(x for x in made.result["candidates"] if f"candidate/{x['code']}" != made.log.entries[seq]["subject"])
    made.log.entries[seq]["subject"] = f"candidate/{other['code']}"


@forgery(TURNS)
def incident_decided_after_the_sealing(made: Made) -> None:
    _move(made, _says(made, _all(made, "deduction:applied")[0])["incident_seq"], _all(made, "codes:sealed")[0])


@forgery()
def candidate_added(made: Made) -> None:
    added = {**deepcopy(made.result["candidates"][-1]), "code": "C999999"}
    made.result["candidates"] = sorted([*made.result["candidates"], added], key=lambda x: (x["post"], x["code"]))


@forgery()
def candidate_dropped(made: Made) -> None:
    made.result["candidates"].remove(_failed(made))


@forgery()
def list_fixed_again_after_the_start(made: Made) -> None:
    _again(made, _all(made, "roster:fixed")[0], _all(made, "sitting:closed")[0])


@forgery()
def absent_in_the_result_alone(made: Made) -> None:
    _failed(made)["parts"][0].update(absent=True, marks=[], settlement=None, script=None, paper=None)
    made.compute_again()


@forgery()
def pass_mark_moved(made: Made) -> None:
    made.ruleset = deepcopy(made.ruleset)
    made.ruleset["parts"][1]["pass"] = "20.00"
    made.compute_again()


@forgery()
def rule_set_frozen_twice(made: Made) -> None:
    _again(made, _all(made, "ruleset:frozen")[0])


@forgery()
def vacancy_added(made: Made) -> None:
    made.log.entries[1] = deepcopy(made.log.entries[1])
    made.posts[0]["vacancies"] += 1
    made.compute_again()


# --- papers, codes, draws ---------------------------------------------------------------------------------------------


@forgery()
def paper_sealed_after_the_start(made: Made) -> None:
    _move(made, _all(made, "paper:sealed")[0], _all(made, "sitting:started")[0])


@forgery()
def paper_opened_by_nobody(made: Made) -> None:
    _says(made, _all(made, "paper:opened")[0])["holders"] = []


@forgery(DRAWN)
def paper_opened_before_its_draw(made: Made) -> None:
    _move(made, _all(made, "paper:opened")[0], _all(made, "draw:held")[0])


@forgery()
def reserve_in_the_result(made: Made) -> None:
    _parts(made)[0]["paper"] = "written-P1-2"


@forgery()
def two_scripts_exchanged(made: Made) -> None:
    rows = _says(made, _all(made, "codes:sealed")[0])["map"]
    for name in ("candidate", "answers_seq"):
        rows[0][name], rows[1][name] = rows[1][name], rows[0][name]
    parts = {part["script"]: part for part in _parts(made)}
    for row in rows:
        person = next(x for x in made.result["candidates"] if x["code"] == row["candidate"])
        person["parts"][0] = parts[row["script"]]
    made.compute_again()


@forgery()
def codes_sealed_twice(made: Made) -> None:
    _again(made, _all(made, "codes:sealed")[0])


@forgery()
def script_of_somebody_elses_answers(made: Made) -> None:
    rows = _says(made, _all(made, "codes:sealed")[0])["map"]
    rows[0]["answers_seq"] = rows[1]["answers_seq"]


@forgery()
def draw_with_a_number_tried_out(made: Made) -> None:
    held = _says(made, _all(made, "draw:held")[0])
    held["document"]["contributions"][0]["nonce"] = "00" * 32
    held["outcome"] = permuted(held["document"])


@forgery()
def draw_of_fewer(made: Made) -> None:
    held = _says(made, _all(made, "draw:held")[-1])
    held["document"]["items"] = held["document"]["items"][1:]
    held["outcome"] = permuted(held["document"])


@forgery()
def draw_without_one_of_the_numbers(made: Made) -> None:
    held = _says(made, _all(made, "draw:held")[-1])
    held["document"]["contributions"].pop()
    held["outcome"] = permuted(held["document"])


@forgery()
def draw_committed_and_dropped(made: Made) -> None:
    entry = deepcopy(made.log.entries[_all(made, "draw:committed")[0]])
    _insert(made, _all(made, "draw:committed")[0], {**entry, "subject": "draw/script-codes-first"})


# --- ranks ------------------------------------------------------------------------------------------------------------


@forgery()
def tie_decided_where_none_is(made: Made) -> None:
    told = {"selected": [next(x["code"] for x in made.result["candidates"] if x["rank"] == 1)], "reason": "x"}
    seq = made.log.record("tie:decided", "authority/TQ", "post/P1", told)
    made.result["posts"][0]["tie"] = {"seq": seq, "selected": told["selected"]}


@forgery(TIED)
def tie_decided_twice_before_one_publication(made: Made) -> None:
    """The second word overrules the first, and no published result lies between."""
    post = next(post for post in made.result["posts"] if post["tie"])
    told = dict(_says(made, post["tie"]["seq"]))
    post["tie"]["seq"] = made.log.record("tie:decided", "authority/TQ", f"post/{post['code']}", told)


@forgery(TIED)
def tie_selects_more_than_there_are_places(made: Made) -> None:
    seq = made.result["posts"][0]["tie"]["seq"] if made.result["posts"][0]["tie"] else _all(made, "tie:decided")[0]
    group = sorted(x["code"] for x in made.result["candidates"] if x["rank"] == 1)
    made.result["posts"][0]["tie"]["selected"] = _says(made, seq)["selected"] = group
    for person in made.result["candidates"]:
        person["outcome"] = "selected" if person["code"] in group else person["outcome"]


@forgery()
def failed_and_passed(made: Made) -> None:
    _failed(made)["parts"][0]["passed"] = True


# --- what the two texts leave to a careful reader ---------------------------------------------------------------------


def _drawn_first(made: Made, name: str, other: str) -> None:
    """A draw like this one was held before it under another name; the better of the two is kept."""
    for event in ("draw:committed", "draw:held"):
        seq = next(x for x in _all(made, event) if made.log.entries[x]["subject"] == f"draw/{name}")
        entry = deepcopy(made.log.entries[seq])
        entry["subject"] = f"draw/{other}"
        if event == "draw:held":
            entry["payload"]["document"]["draw"] = other
            entry["payload"]["outcome"] = permuted(entry["payload"]["document"])
        _insert(made, seq, entry)


@forgery()
def script_codes_drawn_twice(made: Made) -> None:
    _drawn_first(made, "script-codes-written", "script-codes-first")


@forgery()
def order_of_speaking_drawn_twice(made: Made) -> None:
    _drawn_first(made, "presentation-order", "presentation-order-first")


@forgery(DRAWN)
def paper_drawn_twice(made: Made) -> None:
    _drawn_first(made, "paper-version-P1", "paper-version-P1-first")


@forgery(PANELS)
def candidate_moved_after_the_marks(made: Made) -> None:
    code = next(x["code"] for x in made.result["candidates"] if x["post"] == "P1" and x["outcome"] == "selected")
    fixed = _all(made, "roster:fixed")[0]
    for row in _says(made, _again(made, fixed, len(made.log.entries)))["candidates"]:
        row["post"] = "P2" if row["code"] == code else row["post"]
    made.candidates = sorted(("P2" if each == code else post, each) for post, each in made.candidates)
    made.post_of[code] = "P2"
    made.compute_again()


@forgery()
def two_locks_at_a_time(made: Made) -> None:
    """Locked again while the first lock stood; that one is withdrawn afterwards."""
    part = _parts(made, "mean")[0]
    script, mark = part["script"], _humans(part)[0]
    place = _again(made, mark["seq"], _all(made, "codes:opened")[0])
    told = {"seq": mark["seq"], "reason": "chấm nhầm", "second": "HD1"}
    _insert(made, place + 1, _entry("mark:withdrawn", "head/TB", f"script/{script}", told))
    part = next(x for x in _parts(made) if x["script"] == script)
    next(x for x in part["marks"] if x["seq"] == mark["seq"])["seq"] = place
    part["marks"].sort(key=lambda x: (x["round"] != 0, x["seq"]))


@forgery()
def person_called_system(made: Made) -> None:
    for entry in made.log.entries:
        if entry["event"] == "mark:locked" and entry["actor"] == "system":
            entry["actor"] = "marker/system"


@forgery(TURNS)
def second_person_spelled_with_the_role(made: Made) -> None:
    _says(made, _all(made, "mark:withdrawn")[0])["second"] = "head/TB"


@forgery()
def one_holder_spelled_twice(made: Made) -> None:
    _says(made, _all(made, "codes:opened")[0])["holders"] = ["CG1", "CG1 "]


@forgery()
def one_holder_under_a_sign_that_is_not_seen(made: Made) -> None:
    _says(made, _all(made, "codes:opened")[0])["holders"] = ["CG1", "CG1\u200b"]


@forgery(TURNS)
def ruling_about_no_paper(made: Made) -> None:
    made.log.entries[_all(made, "item:decided")[0]]["subject"] = "paper/none"


@forgery()
def one_contributor_commits_to_many_numbers(made: Made) -> None:
    early, late = (_all(made, event, "draw/presentation")[0] for event in ("draw:committed", "draw:held"))
    document = _says(made, late)["document"]
    for number in range(50):
        _says(made, early)["commitments"][0][f"n{number}"] = sha(bytes([number]) * 32).hex()
    document["contributions"][0]["nonce"] = (bytes([7]) * 32).hex()
    _says(made, late)["outcome"] = permuted(document)
