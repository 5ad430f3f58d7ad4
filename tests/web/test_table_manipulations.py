"""Whatever somebody with the database does to the rows that a published result rests on is found, the table named.

Five kinds of manipulation, of any sealed table: a value is changed, a row is deleted, copied, put in the place of
another one, or a table is cut. Every third time the log is changed with it so that both tell the same story. The world
of the site is the published result; each manipulation is taken back.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, delete, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from examsite.domain.canonical import canonical_bytes
from examsite.domain.table_problems import TableProblem
from examsite.services.account_checks import check_accounts
from examsite.services.checkpoints import load_signer
from examsite.services.context import LogSigner
from examsite.services.verification import verify_log
from examsite.storage.database import Base
from examsite.storage.queries.records import get_log, list_records
from examsite.storage.row_seals import UNSEALED, has_sealed_key, list_broken_seals, sealed_classes
from tests.services.test_log_manipulations import Insider
from tests.services.test_row_seals import other
from tests.web.test_table_checks import Stage, stand
from tests.web.world import World

__all__ = ["stand"]

#: How many manipulations are tried; all of them in a long run.
TIMES = 10_000 if "EXAMSITE_SOAK" in os.environ else 300
KINDS = ("edit", "delete", "copy", "swap", "truncate")
#: Only a changed row is found, not one that is gone or too many. On what is looked through in scripts before they get
#: their codes nothing rests later; a second row of the same paper of a dossier says nothing new; an answer that was
#: overwritten long before the hand-in is in no record; of the others no list of the log says how many there are.
UNTOLD = frozenset(
    {"script_checks", "identity_hints", "dossier_items", "cosignatures", "sitting_invigilators", "answer_versions"}
)
CLASSES = {
    str(inspect(sealed).local_table.name): sealed
    for sealed in sealed_classes(Base)
    if inspect(sealed).local_table.name not in UNTOLD
}
#: When the insider acts; nothing is signed then.
AT = datetime(2027, 1, 1, tzinfo=UTC)
#: What hangs on people of the competition, by which key; the log of the installation tells of it.
OF_PEOPLE = {"accounts": "id", "second_factors": "account_id"}
#: What else the log of the installation tells of.
OF_INSTALLATION = {*OF_PEOPLE, "bodies"}
#: By which of its keys a row belongs to a competition, the first that there is.
WAYS = (
    *("competition_id", "script_id", "paper_id", "sitting_id", "result_version_id", "mark_id", "candidacy_id"),
    *("post_id", "split_key_id", "ceremony_id", "defence_id", "attempt_id", "assignment_id"),
)


class TableInsider:
    """Somebody with the password of the database and no key of the installation."""

    def __init__(self, stage: Stage, chance: random.Random) -> None:
        self.stage, self.chance = stage, chance
        self.connection = stage.session.connection()
        self.keys = {name: self._mine(Base.metadata.tables[name]) for name in CLASSES}

    def _mine(self, table: Table) -> list[int]:
        return list(self.connection.scalars(select(table.c.id).where(self._belongs(table)).order_by(table.c.id)))

    def _belongs(self, table: Table) -> Any:
        if table.name == "competitions":
            return table.c.id == self.stage.competition.id
        if table.name == "bodies":
            return table.c.id == self.stage.competition.body_id
        if table.name in OF_PEOPLE:
            held = Base.metadata.tables["role_assignments"]
            return table.c[OF_PEOPLE[table.name]].in_(select(held.c.account_id).where(self._belongs(held)))
        way = table.c[next(name for name in WAYS if name in table.c)]
        if way.name == "competition_id":
            return way == self.stage.competition.id
        (key,) = way.foreign_keys
        return way.in_(select(key.column).where(self._belongs(key.column.table)))

    def act(self, kind: str) -> tuple[str, set[int]]:
        """Do it; the table and the keys of the rows that are not what they were.

        Raises:
            DBAPIError: the rules of the tables refuse it by themselves.
        """
        name = self.chance.choice([name for name, keys in self.keys.items() if keys])
        table, keys = Base.metadata.tables[name], self.keys[name]
        key = self.chance.choice(keys)
        if kind == "edit":
            kept = [column for column in table.columns if not column.primary_key and column.info != UNSEALED]
            columns = [column for column in kept if column.name != "row_seal"]
            column = self.chance.choice(columns)
            value = self.connection.scalar(select(column).where(table.c.id == key))
            self.connection.execute(update(table).where(table.c.id == key).values({column.name: other(column, value)}))
            return name, {key}
        if kind == "copy":
            row = dict(self.connection.execute(select(table).where(table.c.id == key)).mappings().one())
            row["id"] = 10_000_000
            self.connection.execute(insert(table).values(**row))
            return name, {key, 10_000_000}
        if kind == "swap":
            named = [one for one in keys if self._is_named(table, one)]
            key, second = self.chance.sample(named, 2) if len(named) > 1 else (0, 0)
            if not key:
                raise DBAPIError("no two rows that others name", {}, ValueError())
            for old, new in ((key, 10_000_000), (second, key), (10_000_000, second)):
                self.connection.execute(update(table).where(table.c.id == old).values(id=new))
            return name, {key, second}
        cut = {key} if kind == "delete" else set(keys[-self.chance.randint(1, len(keys)) :])
        self.connection.execute(delete(table).where(table.c.id.in_(cut)))
        return name, cut

    def _is_named(self, table: Table, key: int) -> bool:
        """Whether a row that counts says whose key this is: else it does not matter which key a row has."""
        return any(
            self.connection.scalar(select(reference.parent).where(reference.parent == key).limit(1)) is not None
            for name in CLASSES
            for reference in Base.metadata.tables[name].foreign_keys
            if reference.column.table is table
        )

    def make_log_agree(self, signer: LogSigner) -> None:
        """One mark of the log says something else, and hashes and head of the log agree with it."""
        log = get_log(self.stage.session, self.stage.competition.code)
        rows = [row for row in list_records(self.stage.session, log.id) if row.event == "mark:locked" and row.payload]
        row = self.chance.choice(rows)
        row.payload = canonical_bytes({**json.loads(row.payload or ""), "total": "99.99"}).decode()
        Insider(self.stage.session, self.chance, signer, AT, code=log.code).make_agree()


def naming(table: str) -> set[str]:
    """The sealed tables whose rows name rows of this one."""
    return {
        name
        for name in CLASSES
        for reference in Base.metadata.tables[name].foreign_keys
        if reference.column.table.name == table
    }


def problems_of(stage: Stage, kind: str, table: str) -> list[TableProblem]:
    """A changed value breaks a seal; what is gone, too many or elsewhere stands against the log.

    Where a seal covers the key, a row in the place of another one breaks it, too.
    """
    stage.session.expire_all()
    if kind == "edit" or (kind == "swap" and has_sealed_key(Base.metadata.tables[table])):
        return [
            TableProblem(one.table, one.row, "row_changed") for one in list_broken_seals(stage.session, CLASSES[table])
        ]
    return check_accounts(stage.session) if table in OF_INSTALLATION else stage.problems()


def test_every_manipulation_is_found_and_names_its_table(stand: Stage, world: World) -> None:
    session = stand.session
    signer = load_signer(world.settings)
    code = stand.competition.code
    chance = random.Random(11)
    done: Counter[str] = Counter()
    missed: Counter[tuple[str, str]] = Counter()
    for number in range(TIMES):
        kind = KINDS[number % len(KINDS)]
        with session.begin_nested() as undo:
            session.execute(text("PRAGMA defer_foreign_keys = ON"))
            session.execute(text("PRAGMA ignore_check_constraints = ON"))
            insider = TableInsider(stand, chance)
            try:
                table, keys = insider.act(kind)
                if number // len(KINDS) % 3 == 2:
                    insider.make_log_agree(signer)
                    log = get_log(session, code)
                    assert verify_log(session, log, signer).problems, "the log was changed, and nothing was found"
                if table != "competitions" or kind == "edit":
                    found = problems_of(stand, kind, table)
                    named = {problem.table for problem in found}
                    rows = {problem.row for problem in found if problem.table == table}
                    if kind == "swap":  # whether the row or what names it is at fault, nobody can tell
                        named |= {table} if named & naming(table) else set()
                    if table not in named or (kind == "edit" and not keys <= rows):
                        missed[kind, table] += 1
                    done[kind] += 1
            except DBAPIError:  # the rules of the tables refuse this by themselves
                pass
            undo.rollback()
        session.expire_all()
    assert missed == {}
    assert all(done[kind] > TIMES // 30 for kind in KINDS if kind != "copy"), done
