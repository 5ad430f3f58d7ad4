"""Read one cleaned file: `outline`, `unseen` (JSON), `page` or `picture` (WebP); the answer goes to standard output.

`removed` (JSON) alone is asked of the file as it was handed in: what its readers' copy leaves out.

Decision: a process of its own, because a drawing engine has more corners than a check has rules; what crashes it or
eats memory takes only this process with it.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from examsite.storage.cleaning.office_unseen import list_removed
from examsite.storage.reading.office_outline import outline_office
from examsite.storage.reading.office_pictures import draw_picture
from examsite.storage.reading.pdf_pages import draw_page, outline_pdf
from examsite.storage.reading.pdf_unseen import list_unseen

# Source: our choice, because a page of a scan at the largest size takes a quarter of it.
CPU_SECONDS = 20
MEMORY_BYTES = 1024 * 1024 * 1024


def answer(task: str, path: Path, kind: str, rest: list[str]) -> bytes:
    """What was asked for.

    Raises:
        ValueError: the file cannot be read, or it has no such page or picture.
    """
    if task == "outline":
        found = outline_pdf(path) if kind == "pdf" else outline_office(path.read_bytes(), kind)
        return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
    if task == "removed":
        return json.dumps(list_removed(path.read_bytes(), kind), separators=(",", ":")).encode()
    if task == "unseen":
        return json.dumps(list_unseen(path), separators=(",", ":")).encode()
    if task == "page":
        return draw_page(path, int(rest[0]), width=int(rest[1]))
    return draw_picture(path.read_bytes(), rest[0])


def main(task: str, path: str, kind: str, *rest: str) -> None:
    """Answer under hard limits."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(answer(task, Path(path), kind, list(rest)))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
