"""From the routes of the site to addresses of the world: which values each parameter may take, own ones and others'.

A parameter without a provider fails with its name: write a function here that gives values from the `Place` (one
competition) as this person owns them, and one that gives values that belong to somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from examsite.domain.competitions import GateEvent
from examsite.domain.permissions import Role
from tests.web.world import Person, Place, World

Values = Sequence[Any]

#: Values of each parameter that are tried per address.
MOST = 2


@dataclass(frozen=True)
class Address:
    """One path of one route, in one competition."""

    endpoint: str
    path: str
    stand: str
    is_own: bool


def _other(world: World, place: Place) -> Place:
    """A competition at another stand that has everything."""
    return world.places["ranked" if place.stand != "ranked" else "published"]


def _scripts(_world: World, place: Place, person: Person) -> Values:
    if person.role is Role.MARKER:
        queue = place.queues.get(person.account_id or 0, [])
        return [*queue[:1], *queue[-1:]]
    return [*place.scripts[:1], *place.scripts[-1:]]


def _strange_scripts(world: World, place: Place, person: Person) -> Values:
    strange = [code for code in _other(world, place).scripts if code not in place.scripts]
    if person.role is Role.MARKER:
        own = place.queues.get(person.account_id or 0, [])
        return [*[code for code in place.scripts if code not in own][:1], *strange[:1]]
    return strange[:1]


def _files(world: World, place: Place, person: Person) -> Values:
    if person.role is Role.CANDIDATE:
        return [item for files in _own_files(world, person) for item in files]
    return [place.files[code][0] for code in place.applications[:1] if place.files[code]]


def _own_files(world: World, person: Person) -> list[list[int]]:
    for place in world.places.values():
        for code, files in place.files.items():
            if code == person.login:
                return [files]
    return []


def _strange_files(world: World, place: Place, person: Person) -> Values:
    own = {item for files in _own_files(world, person) for item in files}
    if person.role is not Role.CANDIDATE:
        own = {item for files in place.files.values() for item in files}
    found = [item for other in world.places.values() for files in other.files.values() for item in files]
    same = [item for files in place.files.values() for item in files if item not in own]
    return [*same[:1], *[item for item in found if item not in own][:1]]


def _ends(values: Sequence[Any]) -> Values:
    return [*values[:1], *values[-1:]] if len(values) > 1 else list(values)


OWN: dict[str, Callable[[World, Place, Person], Values]] = {
    "post": lambda _w, place, _p: place.posts[:1],
    # The one in use is drawn, so that it may be any of them.
    "paper": lambda _w, place, _p: list(dict.fromkeys([*place.opened_papers[:1], *_ends(place.papers)])),
    "name": lambda _w, _place, _p: ["presentation-order", "script-codes"],
    "opened": lambda _w, place, _p: place.opened_papers[:1] or place.papers[:1],
    "objective": lambda _w, _place, _p: ["Q01"],
    "criterion": lambda _w, _place, _p: ["E1.a"],
    "competition_code": lambda _w, place, _p: [place.code],
    "change": lambda _w, _place, _p: [1],
    "purpose": lambda _w, _place, _p: ["codes"],
    "key": lambda _w, place, _p: place.keys[:1] or [1],
    "script": _scripts,
    "working": lambda _w, place, _p: _ends(place.looks),
    "position": lambda _w, place, _p: [*place.positions[:1], *place.positions[2:3]],
    "sitting": lambda _w, place, _p: _ends(place.sittings),
    "seat": lambda _w, place, _p: place.seats[:1],
    "application": lambda _w, place, _p: _ends(place.applications),
    "item_id": _files,
    "incident": lambda _w, place, _p: place.incidents[:1],
    "number": lambda _w, place, _p: place.numbers[:1] or [1],
    "seq": lambda _w, place, _p: _ends(place.seqs),
    "size": lambda _w, place, _p: place.sizes[:1],
    "first": lambda _w, _place, _p: [0],
    "question": lambda world, _place, _p: world.questions[:1],
    "event": lambda _w, _place, _p: [GateEvent.ANNOUNCED.value, GateEvent.WRITTEN_BEGUN.value],
    "body_code": lambda world, _place, _p: world.bodies[:1],
    "account_id": lambda world, _place, _p: world.account_ids[:1],
    "log_in_id": lambda world, _place, person: world.log_ins.get(person.account_id or 0, [1])[:1],
    "factor": lambda world, _place, person: [world.factors.get(person.account_id or 0, 1)],
    "locale": lambda _w, _place, _p: ["vi", "en"],
    "preset": lambda _w, _place, _p: ["tt22-2025", "hai-phong-pilot"],
    "item": lambda _w, _place, _p: ["curriculum-vitae"],
    "step": lambda _w, _place, _p: ["start", "scoring"],
    "public_code": lambda _w, place, _p: place.public_codes[:1],
    "withdrawal": lambda _w, _place, _p: [1],
    "form": lambda _w, _place, _p: ["csv", "pdf"],
    "kind": lambda _w, _place, _p: ["csv", "xlsx"],
    "call": lambda _w, place, _p: place.calls[:1] or [1],
    "lost_time": lambda _w, place, _p: place.lost_times[:1] or [1],
    "request_id": lambda _w, place, _p: place.requests[:1] or [1],
    "rehearsal": lambda _w, place, _p: place.rehearsals[:1] or [1],
    "standard": lambda _w, place, _p: place.standards[:1] or ["SEED1"],
    "stop": lambda _w, _place, _p: [1],
    "alarm": lambda _w, _place, _p: [1],
    "flag": lambda _w, place, _p: place.flags[:1] or [1],
    "note": lambda _w, _place, _p: [1],
    "comment": lambda _w, _place, _p: [1],
    "width": lambda _w, _place, _p: [1400],
    "account": lambda _w, place, _p: [account for account, _candidacy in place.hinted[:1]] or [1],
    "candidacy": lambda _w, place, _p: [candidacy for _account, candidacy in place.hinted[:1]] or [1],
    "marker": lambda _w, place, _p: [marker for marker, _script in place.waiting[:1]] or place.markers[:1] or ["M01"],
    "waiting": lambda _w, place, _p: [script for _marker, script in place.waiting[:1]] or ["2222"],
    "day": lambda _w, _place, _p: ["2026-05-02"],
    "file_sha256": lambda _w, _place, _p: ["0" * 64],
}

#: Values that belong to somebody else or to another competition; a parameter that names nobody's thing is not here.
STRANGE: dict[str, Callable[[World, Place, Person], Values]] = {
    "script": _strange_scripts,
    "working": lambda world, place, _p: [look for look in _other(world, place).looks if look not in place.looks][:1],
    "item_id": _strange_files,
    "application": lambda world, place, _p: _other(world, place).applications[:1],
    "incident": lambda world, place, _p: [i for i in _other(world, place).incidents if i not in place.incidents][:1],
    "log_in_id": lambda world, _place, person: [
        item for account, items in world.log_ins.items() if account != person.account_id for item in items[:1]
    ][:1],
    "factor": lambda world, _place, person: [
        factor for account, factor in world.factors.items() if account != person.account_id
    ][:1],
    "public_code": lambda world, place, _p: _other(world, place).public_codes[:1],
    "rehearsal": lambda world, place, _p: _other(world, place).rehearsals[:1],
}


def addresses(app: Flask, world: World, rule: Rule, person: Person, *, own: bool = True) -> Iterator[Address]:
    """The addresses of a route for a person: in every competition of the world, or those that name others' things."""
    names = sorted(rule.arguments - {"code"})
    missing = [name for name in names if name not in OWN]
    assert not missing, f"{rule.rule}: no provider for {missing} in tests/web/addresses.py"
    if not own and not set(names) & set(STRANGE):
        return
    stands = [stand for stand in world.places if stand != "strange"] if "code" in rule.arguments else [person.stand]
    router = app.url_map.bind("localhost")
    for stand in stands:
        place = world.places.get(stand) or world.places["receiving"]
        values = [_values(world, place, person, name, own=own) for name in names]
        for chosen in list(product(*values))[: MOST * 2]:
            named = dict(zip(names, chosen, strict=True))
            if "code" in rule.arguments:
                named["code"] = place.code
            yield Address(rule.endpoint, router.build(rule.endpoint, named), stand, own)


def _values(world: World, place: Place, person: Person, name: str, *, own: bool) -> Values:
    table = STRANGE if not own and name in STRANGE else OWN
    return table[name](world, place, person)[:MOST]
