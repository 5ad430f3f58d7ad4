"""`python -m tests.bench.opening`: how long it takes from the last share of a sealed paper until everybody reads it.

A thousand candidates sit before an hour that has come, with a paper that only its holders can open; each page knocks
as the waiting page does. Then the words of the holders go in: the file is decrypted, the version opened on record, the
sitting started by the server's own closer, and every candidate opens the test and fetches the paper. The time runs
from the words to the paper in the hands of the last one. A missed target or an error ends with 1.

Every question of the sealed papers bears a word that stands nowhere else. Before the words of the holders go in,
memory of all processes of the server and all its files are searched for it, and must not hold it; afterwards they must.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import select

from examsite.domain.blueprints import suggest_blueprint
from examsite.domain.competitions import CompetitionState
from examsite.domain.permissions import Role
from examsite.domain.questions import Question
from examsite.domain.scores import score
from examsite.domain.sealed_papers import manifest_bytes, read_plan
from examsite.services import papers
from examsite.services.checkpoints import load_signer
from examsite.services.context import Actor, ServiceContext, read_clock
from examsite.services.rulesets import ruleset_of
from examsite.services.sealed_papers import make_sealed_papers, open_sealed_paper, plan_of_post, seal_files
from examsite.storage.database import writing
from examsite.storage.models.accounts import RoleAssignment
from examsite.storage.models.papers import Paper
from examsite.storage.queries.competitions import get_competition
from examsite.storage.queries.papers import find_drawn_paper, list_bank
from question_bank.loader import load_bank
from tests import databases
from tests.bench import load
from tests.bench.http_client import Figures
from tests.bench.installation import CODE, BenchError, Installation, cpu_seconds, site_server
from tests.bench.memory import files_with, places_in_memory
from tests.factories.sittings import Room, add_person

#: All candidates read within so long after the last share. Unit: seconds.
READING_AT_MOST = 30.0
#: How often a page knocks whose hour has come: 1.5 s, times 0.7 to 1.7, as the waiting page does. Unit: seconds.
KNOCK_SECONDS = 1.5
#: How long the room knocks in vain before the words go in. Unit: seconds.
LEAD_SECONDS = 4
PATIENCE_SECONDS = 60
#: Stands in every question of the sealed papers and nowhere else; plain letters, whatever the others are written as.
CANARY = "zqkimtuoczq"


def seal(room: Room) -> list[str]:
    """Put sealed files in the place of the room's paper, and draw one; the words of as many sheets as open it."""
    session, competition = room.session, get_competition(room.session, CODE)
    for paper in session.scalars(select(Paper).where(Paper.competition_id == competition.id)):
        session.delete(paper)
    setter = room.ctx(add_person(room, Role.SETTER, "R01"))
    add_person(room, Role.SUPERVISOR, "S01")
    add_person(room, Role.SUPERVISOR, "S02")
    papers.load_bank(ServiceContext(session=session, now=room.now), load_bank())
    ruleset, state = ruleset_of(competition), competition.state
    maximum = ruleset.blind_pair().maximum or score(100)
    versions, multiple = ruleset.paper_versions, ruleset.bank_multiple
    blueprint = suggest_blueprint(list_bank(session), maximum=maximum, versions=versions, bank_multiple=multiple)
    competition.state = CompetitionState.DRAFT
    papers.plan_blueprint(setter, competition, room.post, blueprint)
    competition.state = state
    plan = read_plan(plan_of_post(setter, competition, room.post))
    holders = ["C01", "S01", "S02"][: ruleset.paper_holders]
    manifest, made = make_sealed_papers(plan, confidential(), holders=holders, needed=ruleset.paper_holders_needed)
    files = [(f"{item.entry.version}.age", item.age) for item in made]
    seal_files(setter, competition, room.post, manifest=manifest_bytes(manifest), files=files)
    competition.state = CompetitionState.WRITTEN
    papers.open_paper(room.ctx(Role.CHAIR), competition, room.post)
    drawn = find_drawn_paper(session, room.post)
    assert drawn is not None
    sheets = next(item.sheets for item in made if item.entry.version == drawn.code)
    return [sheet.words for sheet in sheets[: ruleset.paper_holders_needed]]


def open_now(installation: Installation, words: list[str]) -> None:
    """The chair sends the words of the holders."""
    with writing(installation.engine) as session:
        competition = get_competition(session, CODE)
        chair = session.scalars(
            select(RoleAssignment).where(
                RoleAssignment.competition_id == competition.id, RoleAssignment.role == Role.CHAIR
            )
        ).one()
        now = read_clock()
        actor = Actor(
            account_id=chair.account_id,
            role=Role.CHAIR,
            assignment_id=chair.id,
            pseudonym=chair.pseudonym,
            competition_id=competition.id,
        )
        ctx = ServiceContext(
            session=session,
            now=now,
            actor=actor,
            settings=installation.settings,
            signer=load_signer(installation.settings),
            factor_at=now,
        )
        open_sealed_paper(ctx, competition, competition.posts[0], words=words)


def confidential() -> list[Question]:
    """The bank of the setters' own machine: each question with a word that stands nowhere else."""
    return [replace(item, stem=replace(item.stem, vi=f"{item.stem.vi} {CANARY} {item.id}")) for item in load_bank()]


@dataclass
class Search:
    """Where the word of the sealed papers stood, before they were opened and afterwards."""

    installation: Installation
    pid: int
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    processes: int = 0

    def look(self) -> list[str]:
        """Every process and file in which it stands now."""
        memory = places_in_memory(self.pid, CANARY)
        self.processes = len(memory)
        found = [f"{count} in the memory of process {pid}" for pid, count in memory.items() if count]
        return found + [str(path) for path in files_with(self.installation.home, CANARY)]

    def is_clean(self) -> bool:
        """Nothing before, and something afterwards: else the search is blind."""
        return not self.before and any("memory" in place for place in self.after)


async def read_all(
    installation: Installation, users: list[load.User], words: list[str], figures: Figures, search: Search
) -> tuple[float, float]:
    """Everybody knocks until the paper is there; seconds that the opening took, and until the last one reads."""
    opened_at = asyncio.get_running_loop().create_future()

    async def read(user: load.User) -> None:
        began = time.perf_counter()
        await asyncio.sleep(random.random() * KNOCK_SECONDS)
        while True:
            answer = await user.connection.request("POST", "/api/attempts/open", headers=user.headers)
            if answer.status == 200:
                break
            if answer.status != 409 or time.perf_counter() - began > PATIENCE_SECONDS:
                raise ValueError(f"not opened: {answer.status} {answer.body[:80]!r}")
            await asyncio.sleep(KNOCK_SECONDS * (0.7 + random.random()))
        paper = await user.connection.get("/api/attempts/paper?lang=vi", headers=user.headers)
        if paper.status != 200 or len(paper.body) < 1000:
            raise ValueError(f"no paper: {paper.status}")
        figures.count(time.perf_counter() - await opened_at)

    async def open_later() -> float:
        await asyncio.sleep(LEAD_SECONDS)
        search.before = await asyncio.to_thread(search.look)
        began = time.perf_counter()
        opened_at.set_result(began)
        await asyncio.to_thread(open_now, installation, words)
        return time.perf_counter() - began

    with figures:
        took, _all = await asyncio.gather(open_later(), load.act_all(users, read, figures))
    search.after = await asyncio.to_thread(search.look)
    return took, max(figures.seconds, default=float("nan"))


def measure(url: str | None, users: int) -> bool:
    """Print the figures of one database; whether the target is met."""
    with tempfile.TemporaryDirectory(prefix="examsite-bench-") as home:
        installation = Installation(Path(home), database_url=url)
        print(f"→ {users} candidates, {installation.database_name()}", flush=True)
        words: list[str] = []
        candidates = installation.fill(users, minutes=0, prepare=lambda room: words.extend(seal(room)))
        figures = Figures("read the paper after the last share")
        search = Search(installation, 0)

        async def play(port: int, pid: int) -> tuple[float, float]:
            machines = load.seat(candidates, port)
            figures.meter = partial(cpu_seconds, pid)
            search.pid = pid
            await asyncio.to_thread(installation.start_at, datetime.now(UTC))
            done = await read_all(installation, machines, words, figures, search)
            for machine in machines:
                machine.connection.close()
            return done

        with site_server(installation) as (port, pid):
            took, last = asyncio.run(play(port, pid))
        installation.engine.dispose()
    failed = sum(figures.errors.values())
    is_met = len(figures.seconds) == users and not failed and last <= READING_AT_MOST and search.is_clean()
    said, clean = ("met" if it else "MISSED" for it in (is_met, search.is_clean()))
    print(
        f"  opened on record after {took:.2f} s; half of them read after {figures.percentile(50) / 1000:.1f} s, the "
        f"last of {len(figures.seconds)} after {last:.1f} s (≤ {READING_AT_MOST:g}: {said}); {failed} errors",
        *figures.errors,
        flush=True,
    )
    print(
        f"  text of the sealed papers before the opening: {len(search.before)} places in {search.processes} processes "
        f"and all files (0: {clean}), afterwards {len(search.after)}",
        *search.before,
        flush=True,
    )
    return is_met


def main() -> int:
    """Measure each database."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.opening", description=__doc__)
    parser.add_argument("--users", type=int, default=1000, help="candidates (default 1,000)")
    parser.add_argument("--databases", default="sqlite,postgresql", help="default sqlite,postgresql")
    options = parser.parse_args()
    met = []
    for name in options.databases.split(","):
        with databases.postgresql_server(durable=True) if name == "postgresql" else nullcontext(None) as url:
            met.append(measure(url, options.users))
    return 0 if all(met) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(f"  {error}")
