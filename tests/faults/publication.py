"""The power goes while a file is handed in, and while a result is signed and published: all of it, or nothing of it.

What was acknowledged is there; a result is never half published; every file that the database names has its bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select, text

from examsite.config import load_settings
from examsite.domain.competitions import CompetitionState
from examsite.domain.publication import ResultState
from examsite.services.checkpoints import load_signer
from examsite.services.verification import verify_log
from examsite.storage.database import open_engine, reading
from examsite.storage.models.competitions import Competition
from examsite.storage.models.dossiers import Upload
from examsite.storage.models.ranking import ResultVersion, Signature
from examsite.storage.models.records import RecordLog, RecordRow
from examsite.storage.queries.records import list_logs
from examsite.storage.uploads import stored_path
from tests.bench.installation import ROOT
from tests.factories import files
from tests.faults.day import RANKED, SIGNERS, Person
from tests.faults.disks import PowerShim
from tests.faults.exam import Server
from tests.faults.outcome import Outcome

#: How likely a sector that was written and not synced is on the disk all the same.
SURVIVE = (0.0, 0.5, 0.95)
APPLICANT = re.compile(r"^\s*(hs-\S+)", re.MULTILINE)
CHECKLIST = re.compile(r'href="(/candidate/dossier/[a-z_-]+)"')
#: Most operations on the disk that the whole of it takes; a cut that comes later than that comes at the end.
MOST_OPERATIONS = 800


@dataclass(frozen=True)
class Size:
    """How often the power goes."""

    cuts: int = 25
    seed: int = 20263


SHORT = Size(cuts=2)


@dataclass
class _Done:
    """What was acknowledged before the cut."""

    uploads: list[str] = field(default_factory=list)
    signed: int = 0
    published: bool = False


def run(size: Size = Size()) -> Outcome:
    """Cut, rebuild, look."""
    outcome = Outcome("power cuts while a result is published")
    chance = random.Random(size.seed)
    total = _Done()
    publications = nothing = 0
    with tempfile.TemporaryDirectory(prefix="examsite-publication-") as folder:
        home = Path(folder)
        _make_demonstration(home / "demonstration")
        instance = home / "instance"
        for number in range(size.cuts):
            shutil.rmtree(instance, ignore_errors=True)
            shutil.copytree(home / "demonstration", instance)
            shim = PowerShim(home, instance)
            shim.take_as_durable()
            done = _cut(Server(instance, home / "server.log"), shim, chance.randint(1, MOST_OPERATIONS))
            shim.rebuild(chance, survive=chance.choice(SURVIVE))
            outcome.broken += [f"cut {number}: {problem}" for problem in _look(instance, done)]
            total.uploads += done.uploads
            total.signed += done.signed
            publications += done.published
            nothing += not (done.uploads or done.signed)
    outcome.tell("cuts", size.cuts)
    outcome.tell("files acknowledged", len(total.uploads))
    outcome.tell("signatures acknowledged", total.signed)
    outcome.tell("publications acknowledged", publications)
    outcome.tell("cuts before anything was acknowledged", nothing)
    outcome.tell("promises broken", len(outcome.broken))
    return outcome


def _make_demonstration(instance: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "examsite", "init"],
        cwd=ROOT,
        env={**os.environ, "EXAMSITE_INSTANCE": str(instance)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr


def _cut(server: Server, shim: PowerShim, operations: int) -> _Done:
    """Everyone comes in, then the counting begins; gives what was acknowledged when the power went."""
    server.environment |= shim.environment
    server.start()
    done = _Done()
    try:
        base = f"http://127.0.0.1:{server.port}"
        shown = APPLICANT.search((server.instance / "demonstration.txt").read_text(encoding="utf-8"))
        assert shown, "the demonstration has no applicant"
        applicant = Person(base, shown[1], door="/candidate/login")
        people = [(name, "council", Person(base, name)) for name in SIGNERS]
        people.append(("thutruong", "authority", Person(base, "thutruong")))
        organiser = Person(base, "thuky")
        shim.cut_after(operations, "any")
        acting = threading.Thread(target=_act, args=(done, applicant, people, organiser), daemon=True)
        acting.start()
        while acting.is_alive() and not shim.is_cut:
            time.sleep(0.005)
        shim.cut_now()
    finally:
        server.kill()
    acting.join(40)
    return done


def _act(done: _Done, applicant: Person, people: list[tuple[str, str, Person]], organiser: Person) -> None:
    """Hand in two files, sign, publish; each is noted once the answer is there. The end of the server ends it."""
    with contextlib.suppress(OSError, AssertionError, ValueError):
        items = sorted(set(CHECKLIST.findall(applicant.get("/candidate/dossier"))))[:2]
        for number, path in enumerate(items):
            content = files.pdf(text=f"trang {number}")
            applicant.upload(path, "file", f"tep-{number}.pdf", content, of=applicant.get(path))
            done.uploads.append(hashlib.sha256(content).hexdigest())
        for _name, audience, person in people:
            done.signed += person.signs(audience)
        path = f"/organiser/{RANKED}/result/publication"
        organiser.post(path, {}, of=organiser.get(path))
        done.published = True


def _look(instance: Path, done: _Done) -> list[str]:
    """What is wrong with the folder as the disk holds it."""
    settings = load_settings(instance, environ={"EXAMSITE_INSTANCE": str(instance)})
    engine = open_engine(settings)
    problems = []
    try:
        with reading(engine) as session:
            if session.execute(text("PRAGMA integrity_check")).scalars().all() != ["ok"]:
                problems.append("integrity_check is not ok")
            signer = load_signer(settings)
            reports = [verify_log(session, log, signer) for log in list_logs(session)]
            problems += [f"{one.code} record {item.seq}: {item.code}" for one in reports for item in one.problems]
            kept = {row.sha256 for row in session.scalars(select(Upload))}
            problems += [f"file {one[:12]} was acknowledged and is lost" for one in done.uploads if one not in kept]
            for sha256 in sorted(kept):
                file = stored_path(settings.uploads_path, sha256)
                if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
                    problems.append(f"the database names file {sha256[:12]}, its bytes are not there")
            competition = session.scalars(select(Competition).where(Competition.code == RANKED)).one()
            versions = select(ResultVersion.id).where(ResultVersion.competition_id == competition.id)
            signed = select(func.count(Signature.id)).where(Signature.result_version_id.in_(versions))
            if (session.scalar(signed) or 0) < done.signed:
                problems.append("an acknowledged signature is lost")
            records = (
                select(func.count(RecordRow.id))
                .join(RecordLog, RecordLog.id == RecordRow.log_id)
                .where(RecordLog.competition_id == competition.id, RecordRow.event == "result:published")
            )
            state = ResultVersion.state == ResultState.PUBLISHED
            says = (
                competition.state is CompetitionState.PUBLISHED,
                bool(session.scalar(records)),
                bool(session.scalar(versions.where(state).limit(1))),
            )
            if len(set(says)) != 1:
                problems.append(f"half published: state, record, version are {says}")
            if done.published and not all(says):
                problems.append("an acknowledged publication is lost")
    finally:
        engine.dispose()
    return problems
