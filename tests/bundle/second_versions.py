"""Second versions of a result: honest corrections with a supplementary defence, and what must not be one.

All is signed and approved again, as an insider could who owns database, log key and every later signature.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.bundle.forgeries import TIED, _all, _says
from tests.bundle.frauds import PLAIN
from tests.bundle.made_bundle import Made, Plan, permuted, sha, text_of

#: A total that passes, and one that does not.
PASSING, FAILING = Decimal("62.00"), Decimal("40.00")


class Corrected(Made):
    """A competition with one published version, `old`, to which a second one is added."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.old = self.finish()
        self._written, self._defence = self.ruleset["parts"][0], self.ruleset["parts"][-1]

    @property
    def failed(self) -> list[str]:
        """Who was marked and does not pass the written part, by code."""
        written = {code: part for (code, name), part in self.parts.items() if name == "written"}
        return [code for code, part in written.items() if part["settlement"] and not part["passed"]]

    def mark_anew(self, code: str, total: Decimal) -> None:
        """Two others mark the script anew; the chair decides what lies far from the settled score."""
        part = self.parts[code, "written"]
        system = sum((Decimal(mark["total"]) for mark in part["marks"] if mark["marker"] == "system"), Decimal(0))
        marks = [self._lock(self._written, code, who, which, total - system) for who, which in _AGAIN]
        appeal = {"step": "adopted", "marks": marks, "seq": None, "score": text_of(total)}
        if abs(total - Decimal(part["settlement"]["score"])) >= 5:
            said = {"part": "written", "score": text_of(total), "reason": "đối thoại"}
            appeal["seq"] = self.log.record("appeal:decided", "council/HD1", f"script/{part['script']}", said)
            appeal["step"] = "chair"
        part["appeal"] = appeal
        self._score(self._written, part)

    def draw_order(self, *codes: str, name: str = "presentation-order-2") -> None:
        self._draw(name, list(codes))()

    def hear(self, code: str) -> None:
        part = self._part(self._defence, code)
        part["absent"] = False
        self._panel(self._defence, code, part)

    def attend(self, absent: Collection[str] = (), *, session: str = "session/D2") -> None:
        said = {"part": "defence", "absent": list(absent)}
        self.log.record("attendance:recorded", "invigilator/G2", session, said)

    def publish_again(self, *, is_computed: bool = True) -> bytes:
        if is_computed:
            self.compute()
        self.previous = sha(self.old).hex()
        return self.finish()


_AGAIN = (("M04", "appeal-1"), ("M05", "appeal-2"))


def _first(plan: Plan, holds: Callable[[Corrected], Any]) -> Corrected:
    """The first competition of the plan, seed by seed, with what the story needs."""
    for seed in range(plan.seed, plan.seed + 300):
        made = Corrected(replace(plan, seed=seed))
        if holds(made):
            return made
    raise AssertionError("no such competition")


def _called() -> tuple[Corrected, str, str]:
    """Somebody passes since the script was marked anew; another one still fails."""
    made = _first(PLAIN, lambda made: len(made.failed) >= 2 and not any(post["tie"] for post in made.result["posts"]))
    passing, failing = made.failed[:2]
    made.mark_anew(passing, PASSING)
    return made, passing, failing


def _heard(*, calls_another: bool = False) -> tuple[Corrected, str]:
    """Whoever passes now is called, drawn and heard; the one who still fails may be called, too."""
    made, passing, failing = _called()
    made.draw_order(passing, *([failing] if calls_another else []))
    made.hear(passing)
    made.attend()
    return made, failing


def _ranked(made: Made) -> str:
    return next(str(person["code"]) for person in made.result["candidates"] if person["rank"])


def honest() -> tuple[bytes, bytes]:
    """Whoever passes now is called, draws, is heard."""
    made, _failing = _heard()
    return made.publish_again(), made.old


def somebody_is_called_who_does_not_pass() -> tuple[bytes, bytes]:
    made, _failing = _heard(calls_another=True)
    return made.publish_again(), made.old


def somebody_is_heard_who_does_not_pass() -> tuple[bytes, bytes]:
    made, failing = _heard(calls_another=True)
    made.hear(failing)
    return made.publish_again(), made.old


def somebody_is_heard_a_second_time() -> tuple[bytes, bytes]:
    made, _failing = _heard()
    heard = _ranked(made)
    part = made.parts[heard, "defence"]
    for mark in part["marks"]:
        made._withdraw(f"defence/{heard}", mark)
    part["marks"] = [made._lock(made._defence, heard, who, 1, Decimal(95)) for who in ("U1", "U2")]
    part["settlement"] = {"step": "mean", "seq": None, "score": "95.00"}
    return made.publish_again(), made.old


def an_absence_is_taken_back() -> tuple[bytes, bytes]:
    def absent(made: Corrected) -> list[str]:
        return [code for (code, name), part in made.parts.items() if name == "defence" and part["absent"]]

    made = _first(replace(PLAIN, plain=False, candidates=8), absent)
    (code, *_others) = absent(made)
    made.attend(session="session/D1")
    made.hear(code)
    return made.publish_again(), made.old


def a_tie_of_the_same_people_is_decided_otherwise() -> tuple[bytes, bytes]:
    made = _first(TIED, lambda made: made.result["posts"][0]["tie"])
    post = made.result["posts"][0]
    ranks = {person["code"]: person["rank"] for person in made.result["candidates"]}
    group = [code for code, rank in ranks.items() if rank == ranks[post["tie"]["selected"][0]]]
    other = next(code for code in group if code not in post["tie"]["selected"])
    chosen = sorted([*post["tie"]["selected"][1:], other])
    said = {"selected": chosen, "reason": "xét lại"}
    seq = made.log.record("tie:decided", "authority/TQ", f"post/{post['code']}", said)
    post["tie"] = {"seq": seq, "selected": chosen}
    for person in made.result["candidates"]:
        if person["code"] in group:
            person["outcome"] = "selected" if person["code"] in chosen else "passed"
    return made.publish_again(is_computed=False), made.old


def the_same_result_is_published_twice() -> tuple[bytes, bytes]:
    made = Corrected(PLAIN)
    return made.publish_again(is_computed=False), made.old


def numbers_of_the_first_draw_are_used_again() -> tuple[bytes, bytes]:
    made, _failing = _heard()
    early, late = (_all(made, event, "draw/presentation") for event in ("draw:committed", "draw:held"))
    first, second = (_says(made, seq)["document"] for seq in late)
    second["contributions"] = first["contributions"]
    _says(made, early[1])["commitments"] = _says(made, early[0])["commitments"]
    _says(made, late[1])["outcome"] = permuted(second)
    return made.publish_again(), made.old


def two_names_are_exchanged() -> tuple[bytes, bytes]:
    made = Made(PLAIN)
    first, second = made.result["candidates"][:2]
    first["name"], second["name"] = "An", "Bình"
    old = made.finish()
    first["name"], second["name"] = "Bình", "An"
    made.previous = sha(old).hex()
    return made.finish(), old


#: By name: what must not be a second version, and the checks that say so when the first one is at hand.
BROKEN: dict[str, tuple[Callable[[], tuple[bytes, bytes]], set[str]]] = {
    "somebody is called who does not pass": (somebody_is_called_who_does_not_pass, {"draws"}),
    "somebody is heard who does not pass": (somebody_is_heard_who_does_not_pass, {"lineage"}),
    "somebody is heard a second time": (somebody_is_heard_a_second_time, {"approvals"}),
    "an absence is taken back": (an_absence_is_taken_back, {"absent"}),
    "a tie of the same people is decided otherwise": (a_tie_of_the_same_people_is_decided_otherwise, {"lineage"}),
    "numbers of the first draw are used again": (numbers_of_the_first_draw_are_used_again, {"draws"}),
    "two names are exchanged": (two_names_are_exchanged, {"lineage"}),
    "the same result is published twice": (the_same_result_is_published_twice, {"approvals", "lineage"}),
}
