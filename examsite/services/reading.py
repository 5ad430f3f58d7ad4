"""Reading a proposal page by page, drawn from the copy without its author; nothing is downloaded.

A PDF shows its pages as they are printed. A text or a presentation shows its words, tables and pictures in order,
without its layout, and the page says so. No transaction should wait for these: they may take seconds the first time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examsite.config import Settings
from examsite.domain.dossiers import UploadKind
from examsite.domain.errors import NotFoundError
from examsite.services.uploads import StoredFile, check_whole
from examsite.storage.page_cache import cached, find_cached
from examsite.storage.uploads import stored_path

__all__ = [
    "PAGE_WIDTHS",
    "KeptFile",
    "Outline",
    "ReadPage",
    "StoredFile",
    "UnseenWords",
    "draw_page",
    "draw_picture",
    "list_unseen_words",
    "read_outline",
]

#: Widths in which a page is drawn. Unit: pixels. Source: our choice: a tablet, a tablet close up, a projector.
PAGE_WIDTHS = (900, 1400, 2000)
_OUTLINE_VERSION = 1
_UNSEEN_VERSION = 1
_OFFICE = frozenset({UploadKind.DOCX, UploadKind.PPTX})


@dataclass
class KeptFile:
    """What is needed of an upload after its session has ended."""

    sha256: str
    kind: UploadKind
    original_name: str


@dataclass(frozen=True)
class ReadPage:
    """One page, slide or part; `blocks` only where the layout is simplified. Sizes in points, 0 where unknown."""

    number: int
    width: int
    height: int
    text: str
    blocks: tuple[dict[str, Any], ...]

    @property
    def opening(self) -> str:
        """Its first line, short, for the list of pages."""
        first = next((line.strip() for line in self.text.split("\n") if line.strip()), "")
        return first if len(first) <= 60 else f"{first[:59].rstrip()}…"

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The words of the page, joined where only the width of the paper broke a line."""
        found: list[str] = []
        for line in self.text.split("\n"):
            if not line.strip():
                found.append("")
            elif found and found[-1] and found[-1][-1] not in ".:;!?" and len(found[-1].rsplit("\n", 1)[-1]) > 50:
                found[-1] += " " + line.strip()
            else:
                found.append(line.strip())
        return tuple(item for item in found if item)


@dataclass(frozen=True)
class Outline:
    """What can be read of a file: its kind, how many pages it has, the pages that are shown, parts of its pictures."""

    kind: UploadKind
    count: int
    pages: tuple[ReadPage, ...]
    pictures: tuple[str, ...]

    @property
    def is_drawn(self) -> bool:
        """Whether the pages look as they are printed."""
        return self.kind is UploadKind.PDF


def read_outline(settings: Settings, upload: StoredFile) -> Outline:
    """The pages of a file with their words.

    Raises:
        NotFoundError: `proposal_not_drawable`, or `file_changed` as `check_whole`.
    """
    data = _ask(settings, upload, f"outline-{_OUTLINE_VERSION}.json", "outline")
    if data is None:
        raise NotFoundError("proposal_not_drawable")
    found = json.loads(data)
    pages = tuple(
        ReadPage(number, page["width"], page["height"], page["text"], tuple(page.get("blocks", ())))
        for number, page in enumerate(found["pages"], start=1)
    )
    return Outline(upload.kind, int(found["count"]), pages, tuple(found["pictures"]))


@dataclass(frozen=True)
class UnseenWords:
    """Letters of one page that nobody sees on the paper: beside it, too small, or in its colour.

    `removed` are those of a text or a slide that the readers' copy leaves out; page 0 is a whole text.
    """

    page: int
    beside: int = 0
    tiny: int = 0
    faint: int = 0
    removed: int = 0


def list_unseen_words(
    settings: Settings, upload: StoredFile, original: StoredFile | None = None
) -> tuple[UnseenWords, ...] | None:
    """The pages with words that nobody sees; None where the file could not be looked at.

    Those of a PDF stay in the readers' copy `upload`; of an Office file the copy leaves them out, so the `original` is
    asked. Whoever handed it in and whoever judges it are told: nothing is cut out unseen.
    """
    if upload.kind is UploadKind.PDF:
        data = _ask(settings, upload, f"unseen-{_UNSEEN_VERSION}.json", "unseen")
    elif upload.kind in _OFFICE and original is not None:
        data = _ask(settings, original, f"removed-{_UNSEEN_VERSION}.json", "removed")
    else:
        return ()
    if data is None:
        return None
    rows = json.loads(data)["pages"]
    return tuple(
        UnseenWords(row["page"], row.get("beside", 0), row.get("tiny", 0), row.get("faint", 0), row.get("removed", 0))
        for row in rows
    )


def draw_page(settings: Settings, upload: StoredFile, number: int, *, width: int) -> bytes:
    """One page of a PDF as a WebP of one of the `PAGE_WIDTHS`.

    Raises:
        NotFoundError: `page_not_found`, also for another width or a file that has no drawn pages.
    """
    if width not in PAGE_WIDTHS or upload.kind is not UploadKind.PDF or number < 1:
        raise NotFoundError("page_not_found")
    made = _ask(settings, upload, f"page-{number}-{width}.webp", "page", str(number), str(width))
    if made is None:
        raise NotFoundError("page_not_found")
    return made


def draw_picture(settings: Settings, upload: StoredFile, number: int) -> bytes:
    """A picture inside a text or a presentation as a WebP, by its number in the outline.

    Raises:
        NotFoundError: `page_not_found`, `proposal_not_drawable`.
    """
    pictures = read_outline(settings, upload).pictures
    if not 1 <= number <= len(pictures):
        raise NotFoundError("page_not_found")
    made = _ask(settings, upload, f"picture-{number}.webp", "picture", pictures[number - 1])
    if made is None:
        raise NotFoundError("page_not_found")
    return made


def _ask(settings: Settings, upload: StoredFile, name: str, task: str, *rest: str) -> bytes | None:
    source: Path = stored_path(settings.uploads_path, upload.sha256)
    if not source.is_file():
        return None
    # Only a drawing reads the file, so only a drawing needs it whole: what is kept was drawn from these very bytes.
    kept = find_cached(settings.pages_path, upload.sha256, name=name)
    if kept is not None:
        return kept
    check_whole(settings.uploads_path, upload)
    return cached(settings.pages_path, source, upload.sha256, name=name, ask=(task, upload.kind.value, *rest))
