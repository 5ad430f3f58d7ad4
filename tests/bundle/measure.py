"""How long the verifier takes: `python -m tests.bundle.measure [candidates] [mutations]`."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bundle.made_bundle import LOG_VERIFIER_KEY, VERIFIER, Plan, made
from tests.bundle.test_verify import insiders_accepted, mutants_accepted

CANDIDATES = 10_000
MUTATIONS = 2_000


def main() -> int:
    """Prints the time for a large competition and how many mutants passed."""
    candidates = int(sys.argv[1]) if len(sys.argv) > 1 else CANDIDATES
    mutations = int(sys.argv[2]) if len(sys.argv) > 2 else MUTATIONS
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "bundle.zip"
        bundle.write_bytes(made(Plan(seed=11, posts=10, candidates=candidates // 10)))
        begun, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, str(VERIFIER), str(bundle), "--log-key", LOG_VERIFIER_KEY],
            capture_output=True,
            text=True,
            check=False,
        )
        seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        alone = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        size = bundle.stat().st_size
    print(done.stdout)
    told = f"{seconds:.1f} s, {alone:.1f} of one processor, exit code {done.returncode}"
    print(f"{candidates} candidates, {size / 1e6:.1f} MB: {told}")
    accepted = mutants_accepted(mutations) + insiders_accepted(mutations)
    print(f"{mutations} changes from outside and as many from inside: {len(accepted)} not refused", *accepted, sep="\n")
    return done.returncode or len(accepted)


if __name__ == "__main__":
    sys.exit(main())
