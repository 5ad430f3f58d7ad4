"""The whole exam day in a network namespace with the loopback alone: nothing tries to reach outside, and all passes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench.installation import ROOT
from tests.faults.compiler import make_shim
from tests.faults.day import NOBODY
from tests.faults.outcome import CannotRunError, Outcome

#: How often the day itself tries on purpose, so that the counter is known to count.
ON_PURPOSE = 2
#: An address of the internet in a line of strace.
ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
HERE = re.compile(r"^(127\.|0\.0\.0\.0$|::1$|::$)")


@dataclass(frozen=True)
class Size:
    """How many saves each of the two candidates sends."""

    saves: int = 200


SHORT = Size(saves=5)


def run(size: Size = Size()) -> Outcome:
    """Play the day and count."""
    outcome = Outcome("whole day without a way out")
    with tempfile.TemporaryDirectory(prefix="examsite-day-") as folder:
        home = Path(folder)
        calls = home / "calls"
        tracer, environment = _counter(home, calls)
        inside = [*tracer, sys.executable, "-m", "tests.faults.day", str(home), str(size.saves)]
        done = subprocess.run(
            [*_namespace(), "sh", "-c", 'ip link set lo up 2>/dev/null || ifconfig lo up; exec "$@"', "sh", *inside],
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        attempts = [line for line in calls.read_text(errors="replace").splitlines() if _is_outside(line)]
    outcome.expect(done.returncode == 0, f"the day did not pass: {done.stderr[-2000:]}")
    said = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}
    for label, figure in said.items():
        outcome.tell(label, figure)
    own = [line for line in attempts if NOBODY not in line]
    seen = len(attempts) - len(own)
    outcome.tell("counted with", "strace" if tracer else "a preloaded counter")
    outcome.tell("attempts made on purpose and seen", f"{seen} of {ON_PURPOSE}")
    outcome.tell("other attempts to reach outside", len(own))
    outcome.expect(seen == ON_PURPOSE, "the counter did not see what was tried on purpose")
    outcome.expect(not own, f"{len(own)} attempts to reach outside, such as {own[:1]}")
    outcome.expect(not said.get("pages with foreign addresses"), "a page names an address outside")
    outcome.expect(said.get("recomputed") is True, "the published result does not recompute")
    return outcome


def _namespace() -> list[str]:
    own = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") is None or subprocess.run([*own, "true"], capture_output=True, check=False).returncode:
        raise CannotRunError("needs unshare and a kernel that lets this account have a network namespace")
    return own


def _counter(home: Path, calls: Path) -> tuple[list[str], dict[str, str]]:
    """What goes before the command, and its environment; strace sees every system call, the library those of C."""
    calls.touch()
    if shutil.which("strace"):
        return [
            "strace",
            "-f",
            "-qq",
            "--seccomp-bpf",
            "-e",
            "trace=connect,sendto,sendmsg,sendmmsg",
            "-o",
            str(calls),
        ], {}
    return [], {"LD_PRELOAD": str(make_shim("calls", home)), "FAULT_CALLS": str(calls)}


def _is_outside(line: str) -> bool:
    found = ADDRESS.search(line)
    if found:
        return HERE.match(found[1] or found[2]) is None
    # The library writes a line only for what is outside.
    return line.startswith(("connect ", "sendto ", "sendmsg ", "getaddrinfo "))
