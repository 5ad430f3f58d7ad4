"""`python -m tests.faults NAME…`: faults injected for real, each at its full size; `--size short` takes seconds.

Without a name all of them run, one after another. All figures are printed as one table; a broken promise ends the run
with 1.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import sys
import time
from pathlib import Path

from tests.faults.outcome import CannotRunError, Outcome, table

#: In the order in which all of them run.
FAULTS = (
    "wal",
    "kill",
    "power",
    "publication",
    "proxy",
    "disk",
    "postgresql",
    "clock",
    "namespace",
    "browser",
    "histories",
    "moves",
)


def run(name: str, *, is_short: bool) -> Outcome:
    """One fault at its size."""
    module = importlib.import_module(f"tests.faults.{name}")
    try:
        outcome: Outcome = module.run(module.SHORT) if is_short else module.run()
    except CannotRunError as reason:
        return Outcome(name, skipped=str(reason))
    return outcome


def main() -> int:
    """Run what was asked for and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which of {', '.join(FAULTS)} (default: all)")
    parser.add_argument("--size", choices=("short", "full"), default="full")
    parser.add_argument("--json", type=Path, help="also write figures and broken promises to this file")
    parser.add_argument("--table", type=Path, help="also write the table to this file")
    options = parser.parse_args()
    unknown = set(options.names) - set(FAULTS)
    if unknown:
        parser.error(f"there is no fault {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
    outcomes = []
    for name in options.names or FAULTS:
        print(f"→ {name}", flush=True)
        began = time.monotonic()
        outcome = run(name, is_short=options.size == "short")
        outcome.tell("took s", time.monotonic() - began)
        print(f"  {outcome.verdict} after {time.monotonic() - began:.0f} s", flush=True)
        outcomes.append(outcome)
    text = table(outcomes)
    print(f"\n{text}")
    if options.table:
        options.table.write_text(text + "\n", encoding="utf-8")
    if options.json:
        told = [dataclasses.asdict(outcome) for outcome in outcomes]
        options.json.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return 1 if any(outcome.broken for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
