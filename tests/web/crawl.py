"""One walk over all reading routes as everybody, on a copy of the world; its visits are shared by all assertions."""

from __future__ import annotations

import fcntl
import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event
from werkzeug.routing import Rule

from examsite.domain.permissions import Role
from examsite.storage.database import db
from tests.web.access_table import Line, read_table
from tests.web.addresses import Address, addresses
from tests.web.strict_client import BrokenPageError, check_page
from tests.web.world import Person, World, browser_of, close_site, open_site

CHANGING = re.compile(r"^\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER)\b", re.IGNORECASE)
GOOD, MOVED, REFUSED = range(200, 300), range(300, 400), {401, 403, 404}


@dataclass
class Visit:
    """One answer to one person."""

    person: Person
    address: Address
    is_entitled: bool
    status: int
    location: str
    headers: dict[str, str]
    body: bytes
    mimetype: str
    changes: list[str]
    fault: str = ""

    def __str__(self) -> str:
        return f"{self.person} {self.address.path} -> {self.status} {self.location}"

    @property
    def all_text(self) -> str:
        """Body and headers as one text."""
        return "\n".join(self.headers.values()) + "\n" + self.body.decode("utf-8", "replace")


@dataclass
class Walk:
    """The world and every visit of it, in both languages."""

    world: World
    visits: list[Visit] = field(default_factory=list)


@contextmanager
def changes_of(app: Flask) -> Iterator[list[str]]:
    """The changing statements that reach the database meanwhile, in order, with each commit that follows one."""
    seen: list[str] = []

    def on_statement(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if CHANGING.match(statement):
            seen.append(" ".join(statement.split())[:200])

    def on_commit(_connection: Any) -> None:
        seen.append("COMMIT")

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", on_statement)
    event.listen(engine, "commit", on_commit)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", on_statement)
        event.remove(engine, "commit", on_commit)


def only_changes(seen: list[str]) -> list[str]:
    """Without the commits; those of reading transactions mean nothing."""
    return [statement for statement in seen if statement != "COMMIT"]


def is_entitled(line: Line, person: Person, address: Address) -> bool:
    """Whether the table lets this person past the guard of this address."""
    if not line.admits(person.role):
        return False
    return not (line.roles and person.is_stranger and address.stand not in {"", "strange"})


def reading_rules(app: Flask) -> list[Rule]:
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and rule.endpoint != "static"]
    return sorted(rules, key=lambda rule: rule.endpoint)


def planned(app: Flask, world: World) -> Iterator[tuple[Person, Address, bool]]:
    """Who asks for which address: everything of their own, one of each of what is not theirs.

    A role without the right is asked once per route, in the person of its first holder; an official of a strange
    competition stands for the role's right in the wrong place, and is asked where the role has one.
    """
    table = read_table()
    first_of_role = {person.role: person for person in reversed(world.people) if not person.is_stranger}
    for rule in reading_rules(app):
        line = table.get(rule.endpoint)
        if line is None or line.who == "attempt_token":
            continue
        for person in world.people:
            if line.who == "public" and person.name not in {"nobody", "thuky", "candidate 1 of published"}:
                continue
            if not line.admits(person.role):
                if person is first_of_role.get(person.role):
                    yield from ((person, address, False) for address in islice(addresses(app, world, rule, person), 1))
                continue
            known = list(addresses(app, world, rule, person))
            entitled = [item for item in known if is_entitled(line, person, item)]
            for address in entitled:
                yield person, address, True
            if entitled:
                for address in addresses(app, world, rule, person, own=False):
                    yield person, address, False
            elif person.is_stranger:
                yield from ((person, address, False) for address in known[:1])


def walk(world: World, folder: Path) -> Walk:
    """Ask for everything planned; each page of the entitled also in English, once per route and role."""
    app = open_site(world.copy_to(folder))
    done = Walk(world)
    in_english: set[tuple[str, Role | None]] = set()
    browsers: dict[tuple[str, str], Any] = {}

    def visit(person: Person, address: Address, entitled: bool, locale: str) -> Visit:
        key = (person.name, locale)
        if key not in browsers or not entitled:  # words left over for the next page would be on a refusal
            browsers[key] = browser_of(app, person, locale=locale)
        seen.clear()
        response = browsers[key].get(address.path, headers={"Accept": "text/html"})
        made = Visit(
            person,
            address,
            entitled,
            response.status_code,
            response.headers.get("Location", ""),
            dict(response.headers),
            response.get_data(),
            response.mimetype or "",
            only_changes(seen),
        )
        kind = (locale, address.endpoint if made.status == 200 else "", person.role, address.stand, made.status)
        if made.mimetype == "text/html" and made.status not in MOVED and kind not in looked_at:
            looked_at.add(kind)
            try:
                check_page(response)
            except BrokenPageError as error:
                made.fault = str(error)
        response.close()
        if made.status in MOVED:  # words for the next page would be on whichever comes next in the list of addresses
            del browsers[key]
        return made

    looked_at: set[tuple[Any, ...]] = set()
    try:
        with changes_of(app) as seen:
            for person, address, entitled in planned(app, world):
                made = visit(person, address, entitled, "vi")
                done.visits.append(made)
                if entitled and made.status == 200 and (address.endpoint, person.role) not in in_english:
                    in_english.add((address.endpoint, person.role))
                    done.visits.append(visit(person, address, entitled, "en"))
    finally:
        close_site(app)
    return done


def shared(folder: Path, name: str, make: Callable[[], Any]) -> Any:
    """Made by the first worker that needs it, read by the others."""
    path = folder / f"{name}.pickle"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return pickle.loads(path.read_bytes())
        made = make()
        path.write_bytes(pickle.dumps(made))
        return made


def shared_folder(tmp_path_factory: Any, worker: str) -> Path:
    """The folder that all workers of this run have in common."""
    base: Path = tmp_path_factory.getbasetemp()
    return base if worker == "master" else base.parent
