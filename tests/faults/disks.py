"""A disk that loses power: what was synced is there, and of what was only written any sector may be or not."""

from __future__ import annotations

import mmap
import os
import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.faults.compiler import make_shim

#: What a disk writes whole or not at all. Unit: bytes.
SECTOR = 512
#: Kinds of operations that the shim counts, in its order.
KINDS = ("any", "database", "log", "other")
#: Layout of the shim's control block: frozen, quiet, then operations left and done of each kind.
LAYOUT = struct.Struct(f"ii{len(KINDS)}q{len(KINDS)}q")


class PowerShim:
    """The preloaded library, its shadow of the folder, and the switch that cuts the power."""

    def __init__(self, home: Path, root: Path) -> None:
        self._library = make_shim("power", home)
        self._root = root
        self._shadow = home / "shadow"
        file = home / "control"
        file.write_bytes(bytes(LAYOUT.size))
        with file.open("r+b") as handle:
            self._control = mmap.mmap(handle.fileno(), LAYOUT.size)
        self.environment = {
            "LD_PRELOAD": str(self._library),
            "FAULT_ROOT": str(root.resolve()),
            "FAULT_SHADOW": str(self._shadow),
            "FAULT_CONTROL": str(file),
        }

    def take_as_durable(self) -> None:
        """Whatever lies in the folder now is on the disk; nothing is counted yet."""
        shutil.rmtree(self._shadow, ignore_errors=True)
        for name in ("inodes", "names", "dirty"):
            (self._shadow / name).mkdir(parents=True)
        self._control[:] = LAYOUT.pack(0, 1, *[0] * (2 * len(KINDS)))
        environment = {**os.environ, **self.environment, "FAULT_BASELINE": "1"}
        subprocess.run(["/bin/true"], env=environment, check=True)

    def cut_after(self, operations: int, kind: str) -> None:
        """Begin to count; the power goes at this operation of the kind."""
        left = [operations if name == kind else 0 for name in KINDS]
        self._control[:] = LAYOUT.pack(0, 0, *left, *[0] * len(KINDS))

    @property
    def is_cut(self) -> bool:
        return bool(LAYOUT.unpack(self._control[:])[0])

    def cut_now(self) -> None:
        """The power goes now."""
        self._control[:4] = struct.pack("i", 1)

    @property
    def operations(self) -> dict[str, int]:
        """How many operations of each kind were seen since the counting began."""
        return dict(zip(KINDS, LAYOUT.unpack(self._control[:])[2 + len(KINDS) :], strict=True))

    def rebuild(self, chance: random.Random, *, survive: float) -> None:
        """Put in place of the folder what the disk holds after the cut.

        Of what was written and not synced, each sector survives with this probability, in no order.
        """
        written = self._root.with_name("written")
        shutil.rmtree(written, ignore_errors=True)
        self._root.rename(written)
        self._root.mkdir(mode=0o700)
        for folder in sorted(path for path in written.rglob("*") if path.is_dir()):
            (self._root / folder.relative_to(written)).mkdir(mode=0o700)
        for name, synced in self._synced():
            target, source = self._root / name, written / name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            real = source.read_bytes() if source.is_file() else synced
            target.write_bytes(_mix(synced, real, chance, survive))
            target.chmod(source.stat().st_mode & 0o777 if source.exists() else 0o600)

    def _synced(self) -> Iterator[tuple[str, bytes]]:
        for name in sorted((self._shadow / "names").iterdir()):
            content = self._shadow / "inodes" / name.read_text()
            yield name.name.replace("|", "/"), content.read_bytes() if content.exists() else b""


def _mix(synced: bytes, real: bytes, chance: random.Random, survive: float) -> bytes:
    """The synced content with some of the sectors that were only written."""
    if not survive or synced == real:
        return synced
    length = chance.choice((len(synced), len(real)))
    mixed = bytearray(synced[:length].ljust(length, b"\0"))
    for start in range(0, length, SECTOR):
        sector = real[start : start + SECTOR]
        if sector != synced[start : start + SECTOR] and chance.random() < survive:
            mixed[start : start + len(sector)] = sector
    return bytes(mixed[:length])
