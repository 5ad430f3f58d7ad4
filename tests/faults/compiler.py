"""Makes the preloaded libraries of `shims/` with the compiler of the machine, into a folder of the run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.faults.outcome import CannotRunError

SHIMS = Path(__file__).with_name("shims")


def make_shim(name: str, folder: Path) -> Path:
    """The library made from `shims/NAME.c`.

    Raises:
        CannotRunError: there is no compiler.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise CannotRunError("needs a C compiler; on Debian: apt-get install gcc libc6-dev")
    library = folder / f"{name}.so"
    command = [
        compiler,
        "-std=gnu11",
        "-O2",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-Wno-format-truncation",
        "-shared",
        "-fPIC",
    ]
    made = subprocess.run(
        [*command, "-o", str(library), str(SHIMS / f"{name}.c"), "-ldl", "-lpthread"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return library
