"""What markers see of an attempt: the essays as plain text under the names of the questions, and nothing of the person.

The system's own questions are not part of it: markers never learn of them.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from typing import Final

from examsite.domain.papers import Paper

_KEPT_CONTROLS: Final = "\n\t"
_UNREADABLE: Final = "\ufffd"


def plain_text(text: str) -> str:
    """The text as it is shown and hashed: NFC, one kind of line end, nothing that no page can show."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    known = "".join(
        char if char in _KEPT_CONTROLS else _UNREADABLE if unicodedata.category(char) in ("Cc", "Cs") else char
        for char in lines
    )
    return unicodedata.normalize("NFC", known)


def script_content(paper: Paper, answers: Mapping[str, object]) -> list[dict[str, str]]:
    """The essays of an attempt in the order of the paper; a question left empty stands there as empty text.

    Whatever else than text was stored is shown as it was stored, so that nothing a candidate left is dropped.
    """
    return [{"item": item.item, "text": plain_text(_text_of(answers.get(item.item)))} for item in paper.essays]


def _text_of(answer: object) -> str:
    if answer is None:
        return ""
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
