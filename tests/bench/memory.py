"""Does a text stand anywhere in a running server: in the memory of its processes, or in a file of its folder?

Python keeps a Vietnamese text with two or four bytes a letter, files and sockets with one; all three are looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

#: How much of a process is read at once. Unit: bytes.
_CHUNK = 1 << 24


def family_of(pid: int) -> list[int]:
    """A process and everything that it started and that still runs."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split() if int(child) not in found]
    return found


def places_in_memory(pid: int, text: str) -> dict[int, int]:
    """How often the text stands in the memory of each process of a family, by process id; zeros included.

    Raises:
        PermissionError: this system lets nobody look, so that nothing is proved.
    """
    return {one: sum(_count(block, text) for block in _blocks(one)) for one in family_of(pid)}


def files_with(folder: Path, text: str) -> list[Path]:
    """The files below the folder in which the text stands."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and _count(path.read_bytes(), text)]


def _count(block: bytes, text: str) -> int:
    return sum(block.count(text.encode(form)) for form in ("utf-8", "utf-16-le", "utf-32-le"))


def _blocks(pid: int) -> Iterator[bytes]:
    """Whatever a process can read of its own memory, in pieces that overlap."""
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            span, rights, *_rest = line.split()
            if rights.startswith("r") and "[v" not in line:  # [vvar], [vdso], [vsyscall] are the kernel's own
                start, end = (int(part, 16) for part in span.split("-"))
                yield from _read(memory, start, end)


def _read(memory: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    tail = b""
    for place in range(start, end, _CHUNK):
        try:
            memory.seek(place)
            block = memory.read(min(_CHUNK, end - place))
        except (OSError, ValueError, OverflowError):
            return  # given back meanwhile, or not to be read
        # A text across two pieces is found once; one within the tail would be counted twice, which harms no one.
        yield tail + block
        tail = block[-256:]
